"""A storage for `limits`, hence for slowapi and Flask-Limiter: "rateguard://127.0.0.1:8080", or "async+rateguard://..." for limits.aio.

Importing this module makes the schemes known. Fixed windows alone, which begin with their first hit; moving windows and sliding
window counters are RateGuard's own to decide, by a rule or a limit.
"""

from __future__ import annotations

import re
import time
from typing import Any, Dict, Optional, Tuple, Type, Union

import limits.aio.storage
import limits.storage
from limits.limits import GRANULARITIES

from ._client import AsyncRateGuard, RateGuard
from ._decision import Decision
from ._options import OptionError
from ._question import Question

# A window that never refuses: what is used of it is the number of hits.
_CAPACITY = 2**53 - 1
_WINDOW_S_MAX = 366 * 86_400
# How the keys of limits end: amount, multiples and granularity.
_END_OF_KEY = re.compile(r"/[0-9]+/([0-9]+)/([a-z]+)")
_MINUTE_S = 60


def _window_s(key: str) -> int:
    """The window of a key of `limits`, which get(), get_expiry() and clear() are not told."""
    found = None
    for found in _END_OF_KEY.finditer(key):
        pass
    granularity = GRANULARITIES.get(found[2]) if found is not None and found.end() == len(key) else None
    return int(found[1]) * granularity.GRANULARITY.seconds if found is not None and granularity is not None else _MINUTE_S


class _Counter:
    """What both storages share: questions and what their answers mean."""

    prefix: str
    _client: Any

    def _open(self, uri: Optional[str], kind: Type[Any], options: Dict[str, Any]) -> None:
        self.prefix = options.pop("prefix", "limits:")
        if not isinstance(self.prefix, str):
            raise OptionError("prefix", self.prefix, "text")
        client = options.pop("client", None)
        if client is None:
            scheme, _, rest = (uri or "rateguard://127.0.0.1:8080").partition("://")
            client = kind(("https://" if scheme.endswith("rateguards") else "http://") + rest, **options)
        elif not isinstance(client, kind):
            raise OptionError("client", client, f"a {kind.__name__}")
        self._client = client
        client.validate(Question(limit={"algorithm": "fixed_window", "limit": 1, "window": 1}))

    def _question(self, key: str, expiry: float, cost: int) -> Question:
        window = f"{min(int(expiry), _WINDOW_S_MAX)}s"
        return Question(self.prefix + key, limit={"algorithm": "fixed_window", "limit": _CAPACITY, "window": window, "anchor": "first_request"}, cost=cost)

    def _hits(self, decision: Decision, amount: int) -> int:
        if decision.failure is None and decision.remaining is not None:
            return _CAPACITY - decision.remaining
        return amount if decision.allowed else _CAPACITY

    @staticmethod
    def _expiry(decision: Decision) -> float:
        return time.time() + decision.reset_after_ms / 1000

    @property
    def base_exceptions(self) -> Union[Type[Exception], Tuple[Type[Exception], ...]]:
        return ()  # it raises none: `on_failure` decides


class RateGuardStorage(_Counter, limits.storage.Storage):
    """Options beside the URI: prefix ("limits:") of its keys, and those of RateGuard, or a `client`."""

    STORAGE_SCHEME = ["rateguard", "rateguards"]

    def __init__(self, uri: Optional[str] = None, wrap_exceptions: bool = False, **options: Any) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._open(uri, RateGuard, options)

    def incr(self, key: str, expiry: int, *_older: Any, amount: int = 1, **_older_named: Any) -> int:
        return self._hits(self._client.ask(self._question(key, expiry, amount)), amount)

    def get(self, key: str) -> int:
        return self._hits(self._client.ask(self._question(key, _window_s(key), 0)), 0)

    def get_expiry(self, key: str) -> float:
        return self._expiry(self._client.ask(self._question(key, _window_s(key), 0)))

    def check(self) -> bool:
        return bool(self._client.ready())

    def reset(self) -> Optional[int]:
        raise NotImplementedError("a RateGuard serves others too; clear() resets one key")

    def clear(self, key: str) -> None:
        self._client.ask(self._question(key, _window_s(key), -_CAPACITY))


class AsyncRateGuardStorage(_Counter, limits.aio.storage.Storage):
    """The same for limits.aio, with an AsyncRateGuard."""

    STORAGE_SCHEME = ["async+rateguard", "async+rateguards"]

    def __init__(self, uri: Optional[str] = None, wrap_exceptions: bool = False, **options: Any) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._open(uri, AsyncRateGuard, options)

    async def incr(self, key: str, expiry: int, *_older: Any, amount: int = 1, **_older_named: Any) -> int:
        return self._hits(await self._client.ask(self._question(key, expiry, amount)), amount)

    async def get(self, key: str) -> int:
        return self._hits(await self._client.ask(self._question(key, _window_s(key), 0)), 0)

    async def get_expiry(self, key: str) -> float:
        return self._expiry(await self._client.ask(self._question(key, _window_s(key), 0)))

    async def check(self) -> bool:
        return bool(await self._client.ready())

    async def reset(self) -> Optional[int]:
        raise NotImplementedError("a RateGuard serves others too; clear() resets one key")

    async def clear(self, key: str) -> None:
        await self._client.ask(self._question(key, _window_s(key), -_CAPACITY))
