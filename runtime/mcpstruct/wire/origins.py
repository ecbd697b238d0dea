"""Which hosts a server answers for, and which pages may talk to it.

Any page in a browser can have its own name resolve to this machine, and then read what a server here says (DNS
rebinding). What gives it away are the `Host` that it asks for and the `Origin` that it comes from, so both have to be
on a list. Values are read strictly: what is not plainly a host or an origin is on no list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address

LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
"""The names that a machine has for itself."""
LOCAL_ORIGINS = tuple(f"{scheme}://{host}:*" for scheme in ("http", "https") for host in LOCAL_HOSTS)
"""Pages that this machine serves itself, from any port."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NAME = f"{_LETTERS}0123456789-._"
_ADDRESS = "0123456789abcdef:."
_SCHEME = f"{_LETTERS}0123456789+-."
_LONGEST_NAME = 253
_LONGEST_VALUE = 512
_MOST_VERDICTS = 256


def is_loopback(host: str) -> bool:
    """Whether a host of a URL, in lower case and without brackets, is this machine itself."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class AllowedHosts:
    """A server's lists of hosts and of origins.

    A host is `example.com`, `example.com:8443` or `[::1]`; without a port, or with `:*`, any port goes. An origin is
    `https://example.com` or `https://example.com:8443`; without a port it is the scheme's own, with `:*` any. In both,
    `*.` before a name stands for every name below it, and not for itself. `*` alone is whatever comes, where something
    else has checked it. Case does not matter.
    """

    __slots__ = ("_hosts", "_origins")

    def __init__(self, hosts: Iterable[str] | None = None, origins: Iterable[str] | None = None) -> None:
        """Without `hosts`, those are this machine's own names, at any port. Without `origins`, pages of this machine
        are let in where `hosts` is not given either, and else none. Raises `ValueError` for an entry that is neither.
        """
        if origins is None:
            origins = LOCAL_ORIGINS if hosts is None else ()
        self._hosts = _List("host", LOCAL_HOSTS if hosts is None else hosts)
        self._origins = _List("origin", origins)

    def host_allowed(self, value: str) -> bool:
        """Whether a request with this `Host` is for this server."""
        return self._hosts.has(value)

    def origin_allowed(self, value: str) -> bool:
        """Whether a request with this `Origin` may come in. One without the header comes from no page."""
        return self._origins.has(value)


class _List:
    """The entries of a list, and what was found of the values that came lately."""

    __slots__ = ("_anything", "_kind", "_ports", "_verdicts")

    def __init__(self, kind: str, entries: Iterable[str]) -> None:
        if isinstance(entries, str):
            raise TypeError(f"one {kind} is no list of them: write [{entries!r}]")
        self._kind = kind
        self._anything = False
        # By scheme and name, which begins with a dot where it stands for those below it; None for any port.
        self._ports: dict[tuple[str, str], set[int | None] | None] = {}
        self._verdicts: dict[str, bool] = {}
        for entry in entries:
            if entry == "*":
                self._anything = True
            elif not self._add(entry):
                raise ValueError(f"{entry!r} is no {kind}")

    def has(self, value: str) -> bool:
        """Whether a value is on the list."""
        if self._anything:
            return True
        verdict = self._verdicts.get(value)
        if verdict is None:
            if len(value) > _LONGEST_VALUE:
                return False
            if len(self._verdicts) >= _MOST_VERDICTS:  # most clients send the same; a few may send anything
                self._verdicts.clear()
            verdict = self._verdicts[value] = self._judge(value)
        return verdict

    def _add(self, entry: str) -> bool:
        """Put an entry on the list; False where it is none."""
        scheme, place = self._without_scheme(entry)
        bare = place.removesuffix(":*")
        below = bare.startswith("*.")
        host = _host(bare.removeprefix("*."))
        if host is None or (below and host[0].startswith("[")) or (bare != place and host[1] is not None):
            return False
        key = (scheme, "." * below + host[0])
        ports = self._ports_of(scheme, host[1])
        known = self._ports.get(key, set())
        self._ports[key] = None if bare != place or ports is None or known is None else known | ports
        return True

    def _ports_of(self, scheme: str, port: int | None) -> set[int | None] | None:
        """The ports that an entry stands for."""
        if self._kind == "origin":
            return {port or _DEFAULT_PORTS.get(scheme)}
        if port is None:
            return None
        # A `Host` without a port is at the default one, of a scheme that the header does not tell.
        return {port, None} if port in _DEFAULT_PORTS.values() else {port}

    def _judge(self, value: str) -> bool:
        scheme, place = self._without_scheme(value)
        host = _host(place)
        if host is None:
            return False
        name, port = host
        port = port or _DEFAULT_PORTS.get(scheme)
        for name_or_above in _and_above(name):
            ports = self._ports.get((scheme, name_or_above), ())
            if ports is None or port in ports:
                return True
        return False

    def _without_scheme(self, value: str) -> tuple[str, str]:
        """A value's scheme and host, in lower case; nothing for the host where the value cannot be right."""
        if not value.isascii():  # before letters are made small: some that are not ASCII become so
            return "", ""
        value = value.lower()
        if self._kind == "host":
            return "", value
        scheme, mark, place = value.partition("://")
        return (scheme, place) if mark and _made_of(scheme, _SCHEME) else ("", "")


def _host(text: str) -> tuple[str, int | None] | None:
    """A host's name and port; None for what is no host."""
    if text.startswith("["):
        inner, bracket, rest = text[1:].partition("]")
        name = _ipv6(inner) if bracket else None
    else:
        inner, _, _ = text.partition(":")
        rest = text[len(inner) :]
        name = inner if _is_name(inner) else None
    if name is None or not rest:
        return None if name is None else (name, None)
    digits = rest[1:]
    if rest[0] != ":" or not digits.isdigit() or len(digits) > 5 or not 0 < int(digits) < 65536:
        return None
    return name, int(digits)


def _is_name(text: str) -> bool:
    """Whether this is a name or an IPv4 address. A dot at the end makes it another one than the list has."""
    if len(text) > _LONGEST_NAME or not _made_of(text, _NAME):
        return False
    return not (text.startswith(".") or text.endswith(".") or ".." in text)


def _ipv6(text: str) -> str | None:
    """An address in brackets, in its one short form; None for what is no address, or one with a zone."""
    from ipaddress import AddressValueError, IPv6Address

    if not _made_of(text, _ADDRESS):
        return None
    try:
        return f"[{IPv6Address(text).compressed}]"
    except AddressValueError:
        return None


def _made_of(text: str, characters: str) -> bool:
    return bool(text) and not text.strip(characters)


def _and_above(name: str) -> Iterator[str]:
    """A name, and what stands for all names below each of those above it."""
    yield name
    dot = name.find(".")
    while dot >= 0:
        yield name[dot:]
        dot = name.find(".", dot + 1)
