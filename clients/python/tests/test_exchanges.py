"""The table of cases, through each framework, against the real program and the stand-ins."""

import time

import pytest
from support import APPLICATIONS, CASES, PATIENT_MS, address, check_fields, filled_in, options_of, real_service, unique, url_of

EXCHANGES = [(exchange, transport) for exchange in CASES["exchanges"] for transport in exchange["transports"]]


def _problem(framework, answer):
    """FastAPI gives the problem as the detail of its own error."""
    return framework != "fastapi" or answer.status == 200


@pytest.mark.parametrize("framework", APPLICATIONS)
@pytest.mark.parametrize("exchange,transport", EXCHANGES, ids=[f"{exchange['name']} ({transport})" for exchange, transport in EXCHANGES])
def test_an_exchange(framework, exchange, transport):
    case = filled_in(exchange, unique())
    with APPLICATIONS[framework](options_of(case["site"]), url=real_service(transport)) as (send, guard):
        for number, request in enumerate(case["requests"], 1):
            answer = send(request["method"], request["path"], request["headers"])
            assert answer.status == request["status"], f"request {number}: {answer.body}"
            fields = {name: value for name, value in request["fields"].items() if name != "Content-Type" or _problem(framework, answer)}
            check_fields(answer.headers, fields)
            assert (answer.body == "handled") == (answer.status == 200)
            if case.get("settle"):
                time.sleep(0.05)  # given back after the answer has gone: a little later than it
        if "failure" in case:
            assert guard.stats.failures[case["failure"]] == len(case["requests"])
        else:
            assert guard.stats.failed_open + guard.stats.failed_closed == 0


@pytest.mark.parametrize("framework", APPLICATIONS)
@pytest.mark.parametrize("case", CASES["failures"], ids=lambda case: f"{case['stand_in']} ({case['transport']}), {case['on_failure']}: {case['status']}")
def test_a_failure_is_told_once_and_never_an_exception(framework, case):
    said = []
    transport, failure = case["transport"], case["failure"]
    where = f"RATEGUARD_LOCKED_{transport.upper()}" if case["stand_in"] == "LOCKED" else f"STAND_IN_{case['stand_in']}"
    options = {"url": url_of(transport, where), "deadline_ms": 20 if failure == "deadline" else PATIENT_MS, "breaker_failures": 2, "breaker_pause_ms": 60_000}
    # A blocking client that connects in the background may fail before the first question; it must not be told of.
    with APPLICATIONS[framework]({"limit": "5/m", "on_failure": case["on_failure"]}, log=said.append, **options) as (send, guard):
        for _ in range(4):
            answer = send()
            assert answer.status == case["status"]
            assert (answer.body == "handled") == (answer.status == 200)
            check_fields(answer.headers, case["fields"])
        # A service that costs time or is away is left alone after two; one that answers at once is asked again.
        paused = 2 if failure in ("unreachable", "deadline", "nonsense") else 0
        assert guard.stats.failures[failure] == 4 - paused, guard.stats.failures
        assert guard.stats.failures["paused"] == paused
        assert (guard.stats.failed_open if case["on_failure"] == "open" else guard.stats.failed_closed) == 4
        assert len(said) == 1, said
        assert address(where) in said[0]


@pytest.mark.parametrize("framework", APPLICATIONS)
@pytest.mark.parametrize("option", ["key", "plan", "cost", "skip"])
def test_a_function_of_the_options_that_raises_is_a_failure_and_no_exception(framework, option):
    def wrong(view):
        raise RuntimeError(f"no {option}")

    said = []
    site = {"rule": "users", "key": lambda view: unique(), option: wrong}
    with APPLICATIONS[framework](site, log=said.append) as (send, guard):
        assert send().status == 200
        assert guard.stats.failures["caller"] == 1
        assert len(said) == 1 and option in said[0]


@pytest.mark.parametrize("framework", APPLICATIONS)
def test_what_is_skipped_is_not_counted(framework):
    with APPLICATIONS[framework]({"limit": "1/h", "name": unique(), "skip": lambda view: view.path.startswith("/health")}) as (send, guard):
        for _ in range(3):
            assert send("GET", "/health?x=1").status == 200
        assert guard.stats.asked == 0
