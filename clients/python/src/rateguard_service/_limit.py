"""Limits that come with the question: the text "100/10s burst 20", or the parameters of POST /check."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import Any, Dict, Mapping, NamedTuple, Optional, Tuple, Union

from ._options import OptionError

#: "100/10s burst 20", or the parameters of POST /check: {"algorithm": "fixed_window", "limit": 5, "window": "1m"}.
Limit = Union[str, Mapping[str, Any]]

_UNITS_MS = {
    1: ("ms",),
    1000: ("s", "sec", "second", "seconds"),
    60_000: ("m", "min", "minute", "minutes"),
    3_600_000: ("h", "hour", "hours"),
    86_400_000: ("d", "day", "days"),
    604_800_000: ("w", "week", "weeks"),
}
_MS_OF = {word: ms for ms, words in _UNITS_MS.items() for word in words}
_WINDOW_MS_MAX = 366 * 86_400_000
_UNITS_MAX = 2**53 - 1
_TEXT = re.compile(r"\s*([0-9]{1,16})\s*/\s*([0-9]{1,10}(?:\.[0-9]{1,3})?)?\s*([a-z]+)(?:\s+burst\s+([0-9]{1,16}))?\s*")
_EXPECTED = 'a limit such as "100/m", "5/10s" or "100/10s burst 20"'


class SimpleLimit(NamedTuple):
    """`limit` units per `window_ms`, at most `burst` at once (GCRA): both transports know it."""

    limit: int
    window_ms: int
    burst: int


@lru_cache(maxsize=256)
def parse_limit(text: str) -> SimpleLimit:
    """Reads "100/10s burst 20": 100 per 10 seconds, at most 20 at once; without a burst, the whole limit at once."""
    found = _TEXT.fullmatch(text)
    unit = _MS_OF.get(found[3]) if found else None
    if not found or unit is None:
        raise OptionError("limit", text, _EXPECTED)
    limit, window = int(found[1]), Fraction(found[2] or 1) * unit
    burst = limit if found[4] is None else int(found[4])
    bounded = 1 <= limit <= _UNITS_MAX and 1 <= burst <= _UNITS_MAX and 1 <= window <= _WINDOW_MS_MAX
    if not bounded or window.denominator != 1:
        raise OptionError("limit", text, _EXPECTED)
    return SimpleLimit(limit, int(window), burst)


def limit_parameters(limit: Any) -> Dict[str, Any]:
    """The parameters of POST /check for a text or for themselves."""
    if isinstance(limit, str):
        simple = parse_limit(limit)
        return {"algorithm": "gcra", "limit": simple.limit, "window": f"{simple.window_ms}ms", "burst": simple.burst}
    if not isinstance(limit, Mapping) or not isinstance(limit.get("algorithm"), str):
        raise OptionError("limit", limit, f"{_EXPECTED}, or a mapping with 'algorithm'")
    return dict(limit)


def throttle_arguments(limit: Any) -> Tuple[str, str, str]:
    """The same limit as burst, count and seconds of the command THROTTLE, which knows GCRA in whole seconds."""
    if not isinstance(limit, str):
        raise OptionError("limit", limit, f"{_EXPECTED} with transport 'resp'; a mapping needs transport 'http'")
    count, window_ms, burst = parse_limit(limit)
    if window_ms % 1000 or count > 0xFFFFFFFF or burst > 0xFFFFFFFF:
        raise OptionError("limit", limit, "whole seconds and at most 4294967295 units with transport 'resp'")
    return str(burst), str(count), str(window_ms // 1000)


def window_seconds(limit: Any) -> Optional[int]:
    """Seconds in which the limit renews itself, for RateLimit-Policy; None where it is not in the text."""
    if not isinstance(limit, str):
        return None
    count, window_ms, burst = parse_limit(limit)
    return max(1, -(-burst * window_ms // (count * 1000)))
