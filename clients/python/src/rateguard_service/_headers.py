"""The header fields that tell a client its limits, and the answer to a refused request."""

from __future__ import annotations

import json
import re
from typing import Any, Dict, List, Optional, Tuple

from ._decision import Decision

#: "ietf": RateLimit and RateLimit-Policy as the service sends them, else as draft-ietf-httpapi-ratelimit-headers-10 has them;
#: "legacy": X-RateLimit-Limit, -Remaining and -Reset, the reset in seconds from now; "both"; "off". Refusals have Retry-After
#: and X-Should-Retry in any case.
HEADER_STYLES = ("ietf", "legacy", "both", "off")

# JavaScript clients set a timer for Retry-After, and beyond 2^31 ms a timer ends at once.
_RETRY_AFTER_MS_END = 24 * 86_400_000
# Clients that retry by themselves sleep for as long as they are told; above this they should not.
_WORTH_WAITING_MS = 60_000
# Structured fields have integers of at most 15 digits (RFC 9651).
_INTEGER_MAX = 999_999_999_999_999
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")

Fields = List[Tuple[str, str]]


def _seconds(ms: int) -> int:
    return -(-ms // 1000)


def _quoted(name: str) -> str:
    return '"' + _UNPRINTABLE.sub("?", name).replace("\\", "\\\\").replace('"', '\\"') + '"'


def limit_headers(decision: Decision, style: str, name: str = "ad_hoc", window_seconds: Optional[int] = None) -> Fields:
    """The fields for a decision. `name` and `window_seconds` are those of a limit of the call site's own."""
    fields: Fields = []
    if style in ("ietf", "both"):
        fields += _ietf(decision, name, window_seconds)
    if style in ("legacy", "both") and decision.limit is not None and decision.remaining is not None:
        fields += [
            ("X-RateLimit-Limit", str(decision.limit)),
            ("X-RateLimit-Remaining", str(decision.remaining)),
            ("X-RateLimit-Reset", str(_renewal(decision))),
        ]
    return fields if decision.allowed else fields + _refusal(decision)


def _renewal(decision: Decision) -> int:
    """Seconds until there is more: the wait of a refusal, the full reset of an admission."""
    wait = decision.retry_after_ms
    return _seconds(decision.reset_after_ms if decision.allowed or wait is None else wait)


def _ietf(decision: Decision, name: str, window_seconds: Optional[int]) -> Fields:
    policy, limit = decision.rate_limit_policy, decision.rate_limit
    if policy is not None and limit is not None:
        if decision.rule is None and name != "ad_hoc":
            policy, limit = (text.replace('"ad_hoc"', _quoted(name), 1) for text in (policy, limit))
        return [("RateLimit-Policy", policy), ("RateLimit", limit)]
    if decision.limit is None or decision.remaining is None:
        return []
    quoted = _quoted(decision.rule if decision.rule is not None else name)
    window = f";w={window_seconds}" if decision.rule is None and window_seconds is not None else ""
    return [
        ("RateLimit-Policy", f"{quoted};q={min(decision.limit, _INTEGER_MAX)}{window}"),
        ("RateLimit", f"{quoted};r={min(decision.remaining, _INTEGER_MAX)};t={_renewal(decision)}"),
    ]


def _refusal(decision: Decision) -> Fields:
    if decision.failure is not None:
        return [] if decision.failure == "question" else [("Retry-After", "1")]
    wait = decision.retry_after_ms
    fields: Fields = []
    if wait is not None and wait < _RETRY_AFTER_MS_END:
        fields.append(("Retry-After", str(max(1, _seconds(wait)))))
    if wait is None or wait > _WORTH_WAITING_MS:
        fields.append(("X-Should-Retry", "false"))
    return fields


def refusal_status(decision: Decision) -> int:
    """429; 403 where the request lacks what is counted by; 503 where nothing could be decided; 400."""
    if decision.failure == "question":
        return 400
    if decision.failure is not None or decision.undecided:
        return 503
    return 429 if decision.reason is None else 403


_TITLES = {
    400: "Bad Request",
    403: "Forbidden",
    429: "Request cannot be satisfied as assigned quota has been exceeded",
    503: "Service Unavailable",
}
_PROBLEMS = "https://iana.org/assignments/http-problem-types#"


def problem(decision: Decision, status: int, name: str = "ad_hoc") -> Dict[str, Any]:
    """The problem document (RFC 9457) of a refusal."""
    document: Dict[str, Any] = {"type": "about:blank", "title": _TITLES[status], "status": status}
    if status == 429:
        wait = decision.retry_after_ms
        document["type"] = _PROBLEMS + "quota-exceeded"
        document["detail"] = (
            "waiting does not help: the request asks for more than the limit holds" if wait is None else f"try again in {max(1, _seconds(wait))} s"
        )
        document["violated-policies"] = [decision.rule if decision.rule is not None else name]
    elif status == 503:
        document["type"] = _PROBLEMS + "temporary-reduced-capacity"
    elif status == 403:
        document["detail"] = f"the request lacks {decision.missing or 'what limits count by'}"
    return document


def problem_body(decision: Decision, status: int, name: str = "ad_hoc") -> bytes:
    return json.dumps(problem(decision, status, name), separators=(",", ":")).encode()
