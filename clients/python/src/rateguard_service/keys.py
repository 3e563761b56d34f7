"""Key functions: whom a call site counts by. Each takes a RequestView."""

from __future__ import annotations

import re
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Union

from ._address import Address, TrustedProxies, counted_by, parse_address
from ._options import OptionError, whole

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BEARER = re.compile(r"bearer +(\S+)\s*", re.IGNORECASE)


class RequestView:
    """What the middleware knows of a request, whatever framework it came through."""

    #: The framework's own request: an ASGI scope, a WSGI environ, a Django or Starlette request.
    request: Any
    method: str
    #: With the query.
    path: str
    host: Optional[str]
    #: The address of the other end of the connection; None where the server does not say it.
    peer: Optional[str]

    def lines(self, name: str) -> List[str]:
        """All lines of a header field, in order; `name` in lower case."""
        raise NotImplementedError

    def all(self) -> Dict[str, str]:
        """Every field once, by its name in lower case; several lines are joined."""
        raise NotImplementedError


#: Whom a request counts for: text, a list of texts for a rule by several things, or None where the request lacks it.
Key = Optional[Union[str, Sequence[str]]]
KeyFunction = Callable[[RequestView], Key]


class AddressFinder:
    def __init__(self, trusted_proxies: Iterable[str] = (), ipv6_prefix: int = 64) -> None:
        self._proxies = TrustedProxies(trusted_proxies)
        self.ipv6_prefix = whole("ipv6_prefix", ipv6_prefix, 1, 128)

    def find(self, view: RequestView) -> Optional[Address]:
        peer = parse_address(view.peer.partition("%")[0]) if view.peer else None
        if peer is None or not self._proxies.contains(peer):
            return peer
        return self._proxies.caller(peer, view.lines("x-forwarded-for"), view.lines("forwarded"))


def by_address(trusted_proxies: Iterable[str] = (), ipv6_prefix: int = 64) -> KeyFunction:
    """By the caller's address: IPv4 whole, IPv6 by its /64, behind trusted proxies."""
    finder = AddressFinder(trusted_proxies, ipv6_prefix)

    def key(view: RequestView) -> Optional[str]:
        address = finder.find(view)
        return None if address is None else counted_by(address, finder.ipv6_prefix)

    return key


def by_header(name: str) -> KeyFunction:
    """By the first field of that name. Whoever may send any value has as many limits as it can think of names."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise OptionError("by_header", name, "the name of a header field")
    lower = name.lower()

    def key(view: RequestView) -> Optional[str]:
        lines = view.lines(lower)
        return lines[0].strip() if lines else None

    return key


def by_api_key() -> KeyFunction:
    """By X-API-Key, or else the one `Authorization: Bearer`."""

    def key(view: RequestView) -> Optional[str]:
        lines = view.lines("x-api-key")
        if lines and lines[0].strip():
            return lines[0].strip()
        lines = view.lines("authorization")
        found = _BEARER.fullmatch(lines[0]) if len(lines) == 1 else None
        return found[1] if found else None

    return key
