"""After several failures in a row the service is not asked for a while, so that requests do not wait for it in vain."""

from __future__ import annotations

import threading


class Breaker:
    """With `failures` 0 it never opens. Any thread."""

    def __init__(self, failures: int, pause_s: float) -> None:
        self._failures, self._pause_s = failures, pause_s
        self._in_a_row, self._until, self._trying = 0, 0.0, False
        self._lock = threading.Lock()

    def admits(self, now_s: float) -> bool:
        """Whether a question may be asked now. While open, one may try after each pause."""
        if self._failures == 0 or self._in_a_row < self._failures:
            return True
        with self._lock:
            if self._trying or now_s < self._until:
                return False
            self._trying = True
            return True

    def succeeded(self) -> None:
        if self._in_a_row:
            with self._lock:
                self._in_a_row, self._trying = 0, False

    def failed(self, now_s: float) -> None:
        with self._lock:
            self._in_a_row += 1
            self._trying = False
            self._until = now_s + self._pause_s
