"""The storage of `limits`, and slowapi and Flask-Limiter on it."""

import asyncio
import time

import pytest
from support import address, client, unique, url_of

limits = pytest.importorskip("limits")

from limits import parse, strategies  # noqa: E402
from limits.storage import storage_from_string  # noqa: E402

from rateguard_service import AsyncRateGuard, OptionError  # noqa: E402
from rateguard_service.limits_storage import AsyncRateGuardStorage, RateGuardStorage  # noqa: E402


def uri():
    return f"rateguard://{address('RATEGUARD_HTTP')}"


def storage(**options):
    return storage_from_string(uri(), **{"prefix": unique(), "deadline_ms": 5000, "log": lambda message: None, **options})


def test_a_fixed_window_admits_up_to_its_limit():
    limiter, item = strategies.FixedWindowRateLimiter(storage()), parse("3/minute")
    assert [limiter.hit(item, "me") for _ in range(4)] == [True, True, True, False]
    assert not limiter.test(item, "me")
    reset, remaining = limiter.get_window_stats(item, "me")
    assert remaining == 0 and abs(reset - time.time() - 60) < 10
    assert limiter.hit(item, "you")
    limiter.clear(item, "me")
    assert limiter.hit(item, "me")


def test_a_window_of_hours_is_read_with_its_own_length():
    limiter, item = strategies.FixedWindowRateLimiter(storage()), parse("5 per 2 hours")
    limiter.hit(item, "me", cost=2)
    reset, remaining = limiter.get_window_stats(item, "me")
    assert remaining == 3 and abs(reset - time.time() - 7200) < 10


def test_two_storages_of_one_prefix_count_together():
    prefix, item = unique(), parse("2/minute")
    for _ in range(2):
        assert strategies.FixedWindowRateLimiter(storage(prefix=prefix)).hit(item, "me")
    assert not strategies.FixedWindowRateLimiter(storage(prefix=prefix)).hit(item, "me")


def test_the_async_storage_counts_as_the_other_does():
    async def hits():
        from limits.aio.strategies import FixedWindowRateLimiter

        made = storage_from_string(f"async+{uri()}", prefix=unique(), deadline_ms=5000)
        limiter, item = FixedWindowRateLimiter(made), parse("2/minute")
        found = [await limiter.hit(item, "me") for _ in range(3)]
        await limiter.clear(item, "me")
        return found, await limiter.hit(item, "me"), await made.check()

    assert asyncio.run(hits()) == ([True, True, False], True, True)


@pytest.mark.parametrize("on_failure,admitted", [("open", True), ("closed", False)])
def test_while_the_service_is_away_the_option_decides_and_nothing_is_raised(on_failure, admitted):
    said = []
    away = client(url=url_of("http", "STAND_IN_AWAY"), on_failure=on_failure, log=said.append)
    limiter, item = strategies.FixedWindowRateLimiter(RateGuardStorage(client=away)), parse("2/minute")
    assert [limiter.hit(item, "me") for _ in range(4)] == [admitted] * 4
    assert limiter.test(item, "me") == admitted
    limiter.clear(item, "me")
    assert not limiter.storage.check()
    assert len(said) == 1


def test_a_wrong_option_is_named():
    with pytest.raises(OptionError, match="prefix"):
        RateGuardStorage(uri(), prefix=7)
    with pytest.raises(OptionError, match="client"):
        RateGuardStorage(client=client(AsyncRateGuard))
    with pytest.raises(OptionError, match="limit"):
        RateGuardStorage(client=client(url=url_of("resp", "RATEGUARD_RESP")))
    with pytest.raises(OptionError, match="on_failure"):
        AsyncRateGuardStorage(f"async+{uri()}", on_failure="maybe")


def test_slowapi_refuses_by_it():
    slowapi = pytest.importorskip("slowapi")
    from fastapi import FastAPI, Request
    from fastapi.testclient import TestClient
    from slowapi.errors import RateLimitExceeded
    from slowapi.util import get_remote_address

    limiter = slowapi.Limiter(key_func=get_remote_address, storage_uri=uri(), storage_options={"prefix": unique(), "deadline_ms": 5000}, headers_enabled=False)
    app = FastAPI()
    app.state.limiter = limiter
    app.add_exception_handler(RateLimitExceeded, slowapi._rate_limit_exceeded_handler)

    @app.get("/")
    @limiter.limit("2/minute")
    def handle(request: Request):
        return "handled"

    asking = TestClient(app)
    assert [asking.get("/").status_code for _ in range(3)] == [200, 200, 429]


def test_flask_limiter_refuses_by_it():
    flask_limiter = pytest.importorskip("flask_limiter")
    from flask import Flask

    app = Flask("app")
    options = {"prefix": unique(), "deadline_ms": 5000}
    flask_limiter.Limiter(lambda: "me", app=app, default_limits=["2/minute"], storage_uri=uri(), storage_options=options, headers_enabled=True)
    app.route("/")(lambda: "handled")
    asking = app.test_client()
    answers = [asking.get("/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[1].headers["X-RateLimit-Remaining"] == "0"
