"""What the service decided, or what was decided in its place."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

#: Why the service did not decide; the README says when each of them is.
FAILURES = ("unreachable", "deadline", "nonsense", "unauthorized", "misconfigured", "unavailable", "paused", "question", "caller")


class Decision(NamedTuple):
    """`allowed` is the answer. `limit` and `remaining` are those of the deciding limit, None where none applies."""

    allowed: bool
    limit: Optional[int] = None
    remaining: Optional[int] = None
    #: Milliseconds: 0 when admitted; None when waiting does not help.
    retry_after_ms: Optional[int] = None
    #: Milliseconds until the counter is as if never used.
    reset_after_ms: int = 0
    #: The deciding rule; None for a limit of the question's own.
    rule: Optional[str] = None
    #: The service decided without its store.
    degraded: bool = False
    #: The service could not reach its counters, and the rule says `on_store_failure: deny`.
    undecided: bool = False
    #: Leaky bucket: how long the request waits for its turn, in milliseconds.
    delay_ms: Optional[int] = None
    #: Concurrency: what to give to `release()`.
    hold: Optional[str] = None
    #: Refused since the request lacks what the rule counts by ("missing_identity"), or has an unknown plan.
    reason: Optional[str] = None
    missing: Optional[str] = None
    #: The service did not decide, and why: `allowed` is what `on_failure` says.
    failure: Optional[str] = None
    #: RateLimit-Policy and RateLimit as the service sent them (transport `http`).
    rate_limit_policy: Optional[str] = None
    rate_limit: Optional[str] = None


class Answer(NamedTuple):
    """What a transport brings back: a decision, or why there is none, with a detail for the log."""

    decision: Optional[Decision]
    failure: str = ""
    detail: str = ""


NONSENSE = Answer(None, "nonsense", "its answer is not that of a RateGuard; is it the right address?")
RELEASED = Answer(Decision(True, retry_after_ms=0))


def _count(value: Any) -> bool:
    return type(value) is int and value >= 0


def decision_of(body: Any) -> Optional[Decision]:
    """A decision from the members of an answer of /check; None where they are not those of a decision."""
    if not isinstance(body, dict):
        return None
    get = body.get
    allowed, limit, remaining, retry, rule = get("allowed"), get("limit"), get("remaining"), get("retry_after_ms"), get("rule")
    reset: Any = get("reset_after_ms")
    if type(allowed) is not bool or not (rule is None or isinstance(rule, str)) or not _count(reset):
        return None
    if not all(name in body and (body[name] is None or _count(body[name])) for name in ("limit", "remaining", "retry_after_ms")):
        return None
    delay, hold, reason, missing = get("delay_ms"), get("hold"), get("reason"), get("missing")
    return Decision(
        allowed, limit, remaining, retry, reset, rule, get("degraded") is True,
        delay_ms=delay if _count(delay) else None, hold=hold if isinstance(hold, str) else None,
        reason=reason if isinstance(reason, str) else None, missing=missing if isinstance(missing, str) else None,
    )  # fmt: skip


def failed(failure: str, allowed: bool) -> Decision:
    """The decision where the service made none."""
    return Decision(allowed, retry_after_ms=0 if allowed else None, degraded=True, failure=failure)


def missing_identity(missing: str) -> Decision:
    """The refusal of a request that lacks what the call site counts by."""
    return Decision(False, reason="missing_identity", missing=missing)
