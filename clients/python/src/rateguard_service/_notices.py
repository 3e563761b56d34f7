"""What is said to the log: an outage once when it begins and once when it ends, a mistake once."""

from __future__ import annotations

import threading
from typing import Callable, Set

_OUTAGES = ("unreachable", "deadline", "nonsense", "unavailable")
# Between two outages that are told of, so that a service that comes and goes does not fill the log.
_QUIET_S = 60.0
# Different mistakes that are told of.
_MISTAKES_MAX = 32


class Notices:
    def __init__(self, log: Callable[[str], object], service: str) -> None:
        self._log, self._service = log, service
        self._mistakes: Set[str] = set()
        self._outage = self._told = False
        self._told_at = float("-inf")
        self._undecided = 0
        self._lock = threading.Lock()

    def failed(self, failure: str, detail: str, outcome: str, now_s: float) -> None:
        with self._lock:
            text = self._of_failure(failure, detail, outcome, now_s)
        self._say(text)

    def answered(self) -> None:
        if not self._outage:
            return
        with self._lock:
            text = f"answers again; {self._undecided} requests were decided without it" if self._told else ""
            self._outage = self._told = False
            self._undecided = 0
        self._say(text)

    def _of_failure(self, failure: str, detail: str, outcome: str, now_s: float) -> str:
        if failure in _OUTAGES:
            self._undecided += 1
            begins = not self._outage
            self._outage = True
            if not begins or now_s - self._told_at < _QUIET_S:
                return ""
            self._told, self._told_at = True, now_s
            return f"{detail}; until it answers, {outcome}"
        if failure == "paused":
            self._undecided += 1
            return ""
        text = f"{detail}; {outcome}"
        if text in self._mistakes or len(self._mistakes) >= _MISTAKES_MAX:
            return ""
        self._mistakes.add(text)
        return text

    def _say(self, text: str) -> None:
        if not text:
            return
        try:
            self._log(f"rateguard: {self._service}: {text}")
        except Exception:  # a log that fails must not fail the request
            pass
