"""Who is calling, header fields, limits, options, and the two protocols, without a framework."""

import asyncio
import contextlib
import os
import socket
import threading

import pytest
from support import CASES, check_fields, client, options_of, real_service, unique, url_of

from rateguard_service import AsyncRateGuard, OptionError, RateGuard, RequestView, by_address, by_api_key, limit_headers
from rateguard_service._breaker import Breaker
from rateguard_service._decision import decision_of
from rateguard_service._gate import Gate
from rateguard_service._headers import refusal_status
from rateguard_service._http_codec import HttpParser, ProtocolError
from rateguard_service._limit import parse_limit, throttle_arguments, window_seconds
from rateguard_service._notices import Notices
from rateguard_service._resp_codec import ReplyError, RespParser


class View(RequestView):
    method, path, host = "GET", "/", "a"

    def __init__(self, peer, fields):
        self.peer, self.fields = peer, fields

    def lines(self, name):
        return self.fields.get(name, [])

    def all(self):
        return {}


def test_a_caller_is_found_behind_trusted_proxies_as_the_service_finds_it():
    for case in CASES["identity"]:
        find = by_address(case["trusted_proxies"], case["ipv6_prefix"])
        found = find(View(case["peer"], {"x-forwarded-for": case["x_forwarded_for"], "forwarded": case["forwarded"]}))
        assert found == case["caller"], case


def test_an_address_with_a_zone_is_that_address_and_without_a_peer_there_is_none():
    assert by_address(ipv6_prefix=128)(View("fe80::1%eth0", {})) == "fe80::1"
    assert by_address()(View(None, {"x-forwarded-for": ["192.0.2.1"]})) is None


def test_an_api_key_is_x_api_key_or_else_the_one_bearer_token():
    key = by_api_key()
    assert key(View("", {"x-api-key": ["k"], "authorization": ["Bearer t"]})) == "k"
    assert key(View("", {"authorization": ["bearer t"]})) == "t"
    assert key(View("", {"authorization": ["Bearer t", "Bearer u"]})) is None
    assert key(View("", {"authorization": ["Basic dTpw"]})) is None


@pytest.mark.parametrize("case", CASES["headers"], ids=lambda case: case["name"])
def test_header_fields(case):
    decision = decision_of(case["decision"])
    check_fields(limit_headers(decision, case["style"], case.get("site_name", "ad_hoc"), window_seconds(case.get("limit"))), case["fields"])
    if not decision.allowed:
        assert refusal_status(decision) == case["status"]


def test_a_limit_is_read_from_its_text():
    for case in CASES["limits"]:
        assert parse_limit(case["text"]) == (case["limit"], case["window_ms"], case["burst"])


@pytest.mark.parametrize("text", CASES["wrong_limits"])
def test_a_text_that_is_no_limit_is_refused_with_the_name_of_the_option(text):
    with pytest.raises(OptionError) as raised:
        parse_limit(text)
    assert raised.value.option == "limit"


def test_the_redis_protocol_knows_limits_of_whole_seconds():
    assert throttle_arguments("100/10s burst 20") == ("20", "100", "10")
    for text in ("1/1500ms", "4294967296/s"):
        with pytest.raises(OptionError):
            throttle_arguments(text)


@pytest.mark.parametrize("case", CASES["wrong_options"], ids=str)
@pytest.mark.parametrize("kind", [RateGuard, AsyncRateGuard])
def test_a_wrong_option_is_named_when_it_is_given(case, kind):
    with pytest.raises(OptionError) as raised:
        made = client(kind, **{"url": real_service("http"), **case.get("client", {})}) if "site" in case else kind(**case["client"])
        Gate(made, **options_of(case["site"]))
    assert raised.value.option == case["names"]
    assert f"'{case['names']}'" in str(raised.value)


def test_a_misspelt_option_is_named():
    with pytest.raises(TypeError, match="deadlin"):
        RateGuard(deadlin=5)
    with pytest.raises(TypeError, match="limt"):
        Gate(client(), limt="5/m")


def test_the_message_of_a_wrong_token_does_not_tell_it():
    with pytest.raises(OptionError) as raised:
        RateGuard(token="se cret")
    assert "cret" not in str(raised.value)


def test_what_is_no_decision_is_not_taken_for_one():
    good = CASES["headers"][0]["decision"]
    assert decision_of(good)
    without = {name: value for name, value in good.items() if name != "limit"}
    wrongs = [{"allowed": 1}, {"limit": -1}, {"limit": 1.5}, {"retry_after_ms": "1"}, {"rule": 7}, {"reset_after_ms": None}, {"remaining": True}]
    for wrong in [None, [], "yes", {}, without, *({**good, **change} for change in wrongs)]:
        assert decision_of(wrong) is None, wrong


def test_replies_are_read_however_they_are_cut():
    data = b"+PONG\r\n:-7\r\n$2\r\nhi\r\n$-1\r\n-ERR no\r\n*3\r\n:1\r\n*1\r\n$1\r\nx\r\n*-1\r\n*0\r\n"
    for size in range(1, len(data) + 1):
        parser = RespParser()
        replies = [reply for at in range(0, len(data), size) for reply in parser.feed(data[at : at + size])]
        assert replies == ["PONG", -7, "hi", None, ReplyError("ERR no"), [1, ["x"], None], []]


def test_responses_are_read_however_they_are_cut():
    data = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nA: b\r\n\r\n{}HTTP/1.1 429 Too Many Requests\r\ncontent-length: 0\r\n\r\n"
    for size in range(1, len(data) + 1):
        parser = HttpParser()
        found = [response for at in range(0, len(data), size) for response in parser.feed(data[at : at + size])]
        assert [(response.status, response.body) for response in found] == [(200, b"{}"), (429, b"")]


def test_what_is_not_the_protocol_is_found_out():
    for data in (b"HTTP/1.1 400 Bad Request\r\n", b"hello", b"+" + b"x" * 5000, b":1.5\r\n", b"$99999999\r\n", b"*1000\r\n", b"*1\r\n" * 6 + b":1\r\n", b"$-2\r\n"):
        with pytest.raises(ProtocolError):
            RespParser().feed(data)
    for data in (b"hello", b"+PONG\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n", b"HTTP/1.1 OK\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"x" * 20_000):
        with pytest.raises(ProtocolError):
            HttpParser().feed(data)


def test_the_breaker_lets_one_question_try_after_each_pause():
    breaker = Breaker(2, 100)
    breaker.failed(0)
    assert breaker.admits(0)
    breaker.failed(0)
    assert not breaker.admits(99)
    assert breaker.admits(100)
    assert not breaker.admits(100), "one is trying"
    breaker.failed(100)
    assert not breaker.admits(199)
    assert breaker.admits(200)
    breaker.succeeded()
    assert breaker.admits(200) and breaker.admits(200)


def test_outages_within_a_minute_are_told_of_once():
    said = []
    notices = Notices(said.append, "x")
    for now in (0, 1, 59.9):
        notices.failed("deadline", "late", "pass", now)
        notices.failed("paused", "", "pass", now)
        notices.answered()
    assert len(said) == 2, said
    notices.failed("deadline", "late", "pass", 60)
    assert len(said) == 3


def test_a_log_that_fails_does_not_fail_the_request():
    def broken(message):
        raise OSError("disk full")

    assert client(url=url_of("http", "STAND_IN_AWAY"), log=broken).check("a", limit="5/m").allowed


@pytest.mark.parametrize("transport", ["http", "resp"])
def test_many_threads_are_answered_each_for_itself(transport):
    guard, run, admitted = client(url=real_service(transport)), unique(), []

    def ask(number):
        for index in range(50):
            admitted.append(guard.check(f"{run}-{(number + index) % 10}", limit="30/h").allowed)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(admitted), sum(admitted)) == (400, 300)
    assert guard.stats.failed_open == 0


@pytest.mark.parametrize("transport", ["http", "resp"])
def test_a_thousand_questions_at_once_are_answered_each_for_itself(transport):
    async def ask():
        guard, run = client(AsyncRateGuard, url=real_service(transport)), unique()
        decisions = await asyncio.gather(*(guard.check(f"{run}-{index % 10}", limit="60/h") for index in range(1000)))
        await guard.close()
        return sum(decision.allowed for decision in decisions)

    assert asyncio.run(ask()) == 600


def test_an_async_client_serves_one_event_loop_after_another():
    guard = client(AsyncRateGuard)
    for _ in range(2):
        assert asyncio.run(guard.check(unique(), limit="5/m")).failure is None


@pytest.mark.parametrize("transport", ["http", "resp"])
def test_a_cancelled_question_does_not_shift_the_answers_of_others(transport):
    async def ask():
        guard, key = client(AsyncRateGuard, url=real_service(transport)), unique()
        assert await guard.ready(5)
        cancelled = asyncio.ensure_future(guard.check(key, limit="9/h"))
        await asyncio.sleep(0)
        cancelled.cancel()
        decision = await guard.check(unique(), limit="3/h")
        await guard.close()
        return decision.limit

    assert asyncio.run(ask()) == 3


@pytest.mark.parametrize("transport", ["http", "resp"])
def test_plans_holds_costs_and_tokens(transport):
    guard, key = client(url=real_service(transport)), unique()
    assert guard.check(key, rule="plans", plan="free").limit == 1
    assert guard.check(key, rule="plans", plan="pro").limit is None
    held = guard.check(key, rule="slots")
    assert not guard.check(key, rule="slots").allowed
    assert guard.release(held.hold)
    assert guard.check(key, rule="slots").allowed
    guard.check(key, rule="users", cost=3)
    assert guard.check(key, rule="users", cost=0).remaining == 0
    assert guard.check(key, rule="users", cost=-1).remaining == 1
    locked = url_of(transport, f"RATEGUARD_LOCKED_{transport.upper()}")
    assert client(url=locked, token="let-me-in").check(key, limit="5/m").failure is None
    said = []
    assert client(url=locked, token="guess", log=said.append).check(key, limit="5/m").failure == "unauthorized"
    assert "token" in said[0] and "guess" not in said[0]


def test_a_question_that_the_service_calls_wrong_is_refused_whatever_on_failure_says():
    decision = client(on_failure="open").check("a", limit={"algorithm": "gcra", "limit": 0, "window": 1})
    assert (decision.failure, decision.allowed) == ("question", False)
    headers = {f"x-{number}": "a" for number in range(101)}
    assert not client().check(facts={"path": "/users/1", "headers": headers}).allowed


@pytest.mark.parametrize("transport", ["http", "resp"])
def test_a_connection_that_the_service_closed_while_idle_is_not_used_again(transport):
    with _relay("RATEGUARD_HTTP" if transport == "http" else "RATEGUARD_RESP") as (port, cut):
        guard = client(url=f"{transport}://127.0.0.1:{port}")
        assert guard.check(unique(), limit="5/m").failure is None
        cut()
        assert guard.check(unique(), limit="5/m").failure is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_has_connections_of_its_own():
    guard, key = client(), unique()
    assert guard.check(key, limit="100/h").remaining == 99
    child = os.fork()
    if child == 0:
        os._exit(0 if all(guard.check(key, limit="100/h").failure is None for _ in range(20)) else 1)
    mine = [guard.check(key, limit="100/h").failure for _ in range(20)]
    assert os.waitpid(child, 0)[1] == 0
    assert mine == [None] * 20


@contextlib.contextmanager
def _relay(name):
    """A relay to a service: its port, and what cuts the connections that are there."""
    host, _, port = os.environ[name].partition(":")
    listener = socket.create_server(("127.0.0.1", 0))
    ends = []

    def copy(source, target):
        with contextlib.suppress(OSError):
            while True:
                data = source.recv(65_536)
                if not data:
                    break
                target.sendall(data)

    def accept():
        with contextlib.suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection((host, int(port)))
                ends.extend([near, far])
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=copy, args=(source, target), daemon=True).start()

    def cut():
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        ends.clear()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1], cut
    finally:
        listener.close()
        cut()
