"""Checks of options: a wrong one fails when the client, middleware or storage is made, and the message names it."""

from __future__ import annotations

import re
from typing import Any, Optional, Sequence

_TOKEN = re.compile(r"[\x21-\x7e]+")


class OptionError(ValueError):
    """An option is wrong. `option` is its name; the message has its value and what was expected."""

    def __init__(self, option: str, value: object, expected: str) -> None:
        shown = repr(value)
        super().__init__(f"rateguard: option '{option}': expected {expected}, not {shown if len(shown) <= 80 else shown[:77] + '...'}")
        self.option = option


def positive(name: str, value: Any, maximum: float = 2**31 - 1) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= maximum:
        raise OptionError(name, value, f"a number above 0, at most {maximum}")
    return float(value)


def whole(name: str, value: Any, minimum: int, maximum: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
        raise OptionError(name, value, f"a whole number from {minimum} to {maximum}")
    return int(value)


def one_of(name: str, value: Any, choices: Sequence[str]) -> str:
    if value not in choices:
        raise OptionError(name, value, " or ".join(f"'{choice}'" for choice in choices))
    return str(value)


def optional_callable(name: str, value: Any) -> None:
    if value is not None and not callable(value):
        raise OptionError(name, value, "a callable")


def token(value: Optional[str]) -> None:
    if value is not None and (not isinstance(value, str) or not _TOKEN.fullmatch(value)):
        raise OptionError("token", "...", "visible ASCII characters")
