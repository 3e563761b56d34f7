"""Who is calling: the client's address behind trusted proxies, as docs/identity.md of RateGuard describes it."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import Any, Callable, Iterable, List, Optional, Sequence, Union

from ._options import OptionError

Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]

# Hops that are looked at: a bound against headers made to be slow.
_HOPS_MAX = 64
# The proxies next to us wrote the end of a line. What is further left than this is not looked at.
_LIST_CHARACTERS_MAX = 128 * (_HOPS_MAX + 1)
_ELEMENT_CHARACTERS_MAX = 128
_FORWARDED_CHARACTERS_MAX = 8192
# NAT64's well-known prefix (RFC 6052): the address inside is the caller's.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_PORT = re.compile(r":([0-9]{1,5}|_[A-Za-z0-9._-]+)")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LOOSE_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z:\[\]-]+")
_QUOTED = re.compile(r'"([^"\\]*)"')
_EMPTY = object()


@lru_cache(maxsize=1024)
def parse_address(text: str) -> Optional[Address]:
    """An address without port or zone; IPv4 written as IPv6 is that IPv4 address. None for what is none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        return None if "%" in text else address.ipv4_mapped or address
    return address


def _parse_hop(text: str) -> Optional[Address]:
    """"192.0.2.1", "192.0.2.1:80", "[2001:db8::1]:80", and IPv6 without brackets. None: it names no address."""
    if not text.startswith("[") and text.count(":") > 1:
        return parse_address(text)
    if text.startswith("["):
        host, closing, port = text[1:].partition("]")
        if not closing or ":" not in host:
            return None
    else:
        host, colon, rest = text.partition(":")
        port = colon + rest
    if port and not _PORT.fullmatch(port):
        return None
    return parse_address(host)


@lru_cache(maxsize=1024)
def counted_by(address: Address, ipv6_prefix: int) -> str:
    """The text by which an address is counted: IPv4 whole, IPv6 cut to `ipv6_prefix` bits."""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address in _NAT64:
        return str(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    drop = 128 - ipv6_prefix
    return str(ipaddress.IPv6Address(int(address) >> drop << drop))


def _network(text: Any, option: str) -> Any:
    expected = 'an address or a network such as "10.0.0.0/8", without bits behind its prefix'
    if not isinstance(text, str):
        raise OptionError(option, text, expected)
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise OptionError(option, text, expected) from None


class TrustedProxies:
    def __init__(self, networks: Iterable[str], option: str = "trusted_proxies") -> None:
        if isinstance(networks, str):
            raise OptionError(option, networks, 'a list of networks such as ["10.0.0.0/8"]')
        self._networks = [_network(text, option) for text in networks]
        everything = any(network == ipaddress.ip_network("::/0") for network in self._networks)
        if everything:
            self._networks.append(ipaddress.ip_network("0.0.0.0/0"))

    def contains(self, address: Address) -> bool:
        return any(address in network for network in self._networks)

    def caller(self, peer: Address, x_forwarded_for: Sequence[str], forwarded: Sequence[str]) -> Address:
        """`peer` itself unless it is trusted; else the first from the right of the forwarded addresses that is not.

        What is unreadable ends the walk at the last good address, and fields that contradict each other leave it at the
        peer. The two are all lines of those fields, in order.
        """
        if not self.contains(peer):
            return peer
        plain = self._walk(peer, x_forwarded_for, _list_hops)
        standard = self._walk(peer, forwarded, _forwarded_hops)
        if plain is not None and standard is not None and plain != standard:
            return peer
        return plain or standard or peer

    def _walk(self, peer: Address, lines: Sequence[str], hops_of: Callable[[str], List[Any]]) -> Optional[Address]:
        if not any(line.strip(", \t") for line in lines):
            return None
        caller: Address = peer
        looked = 0
        for line in reversed(lines):
            for hop in reversed(hops_of(line)):
                looked += 1
                if hop is None or looked > _HOPS_MAX:
                    return caller
                if hop is _EMPTY:
                    continue
                caller = hop
                if not self.contains(caller):
                    return caller
        return caller


def _list_hops(line: str) -> List[Any]:
    hops: List[Any] = []
    for element in line[-_LIST_CHARACTERS_MAX:].split(",")[-_HOPS_MAX - 1 :]:
        text = element.strip(" \t")
        hops.append(None if len(element) >= _ELEMENT_CHARACTERS_MAX else _parse_hop(text) if text else _EMPTY)
    return hops


def _forwarded_hops(line: str) -> List[Any]:
    elements = _split(line, ",") if len(line) <= _FORWARDED_CHARACTERS_MAX else None
    if elements is None:
        return [None]
    return [_forwarded_hop(element) for element in elements if element]


def _split(text: str, separator: str) -> Optional[List[str]]:
    """The parts between separators outside of quotes, trimmed; None where a quoted string does not close."""
    parts, start, quoted, at = [], 0, False, 0
    while at < len(text):
        if quoted and text[at] == "\\":
            at += 1
        elif text[at] == '"':
            quoted = not quoted
        elif text[at] == separator and not quoted:
            parts.append(text[start:at].strip(" \t"))
            start = at + 1
        at += 1
    return None if quoted else [*parts, text[start:].strip(" \t")]


def _forwarded_hop(element: str) -> Optional[Address]:
    """The node of the one `for=` in an element of Forwarded (RFC 7239) that is well formed."""
    node: Optional[str] = None
    for pair in _split(element, ";") or ["malformed"]:
        if not pair:
            continue
        name, equals, raw = pair.partition("=")
        if not equals or not _TOKEN.fullmatch(name):
            return None
        quoted = _QUOTED.fullmatch(raw)
        value = quoted[1] if quoted else raw if _LOOSE_TOKEN.fullmatch(raw) else None
        if name.lower() == "for":
            if node is not None or value is None:
                return None
            node = value
        elif value is None and not raw.startswith('"'):
            return None
    return None if node is None else _parse_hop(node)
