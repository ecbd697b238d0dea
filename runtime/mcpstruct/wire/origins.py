"""Which hosts a server answers for, and which pages may talk to it.

A page of anywhere can have its own name resolve to this machine, and then read what a server here says (DNS
rebinding). What gives it away are the `Host` that it asked for and the `Origin` that it comes from, so both have to be
on a list. Values are read strictly: what is not plainly a host or an origin is on no list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from msgspec import Struct

LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")
"""The names that a machine has for itself."""
LOCAL_ORIGINS = tuple(f"{scheme}://{host}:*" for scheme in ("http", "https") for host in LOCAL_HOSTS)
"""Pages that this machine serves itself, from any port."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LONGEST = 512  # a name has 253 characters at most
_MOST_VERDICTS = 256
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NAME = frozenset(f"{_LETTERS}0123456789-._")
_ADDRESS = frozenset("0123456789abcdef:.")
_SCHEME = frozenset(f"{_LETTERS}0123456789+-.")


class _Place(Struct, frozen=True):
    """A host, or with a scheme, an origin."""

    scheme: str
    name: str
    port: int | None
    """None where none is given."""


class AllowedHosts:
    """A server's lists. Everything is compared without regard to case, and exactly otherwise.

    A host is `example.com`, `example.com:8443` or `[::1]`; without a port, or with `:*`, any port goes. An origin is
    `https://example.com` or `https://example.com:8443`; without a port it is the scheme's own, `:*` is any. In both,
    `*.example.com` is every name below that one. `*` alone is whatever comes, where something else has checked it.
    """

    __slots__ = ("_hosts", "_origins")

    def __init__(self, hosts: Iterable[str] | None = None, origins: Iterable[str] | None = None) -> None:
        """Without `hosts`, those are this machine's own names, at any port. Without `origins`, pages of this machine
        are let in where `hosts` are its own names, and else none. Raises `ValueError` for what is neither.
        """
        if origins is None:
            origins = LOCAL_ORIGINS if hosts is None else ()
        self._hosts = _List("host", _host, LOCAL_HOSTS if hosts is None else hosts)
        self._origins = _List("origin", _origin, origins)

    def host_allowed(self, value: str) -> bool:
        """Whether a request with this `Host` is for this server."""
        return self._hosts.has(value)

    def origin_allowed(self, value: str) -> bool:
        """Whether a request with this `Origin` may come from there; for one without the header, do not ask."""
        return self._origins.has(value)


class _List:
    """Entries, and what was found of the values that came lately."""

    __slots__ = ("_any_port", "_anything", "_below", "_exact", "_read", "_verdicts")

    def __init__(self, kind: str, read: Callable[[str], _Place | None], entries: Iterable[str]) -> None:
        if isinstance(entries, str):
            raise ValueError(f"a list of {kind}s is no string: write [{entries!r}]")
        self._read = read
        self._anything = False
        self._exact: set[_Place] = set()
        self._any_port: set[tuple[str, str]] = set()
        self._below: list[tuple[str, str, int | None]] = []
        self._verdicts: dict[str, bool] = {}
        for entry in entries:
            if entry == "*":
                self._anything = True
            elif not self._added(entry):
                raise ValueError(f"{entry!r} is no {kind}")

    def _added(self, entry: str) -> bool:
        """Add an entry to the list; False where it is none."""
        any_port = entry.endswith(":*")
        scheme, star, name = entry.rpartition("*.") if "*." in entry else ("", "", entry)
        place = self._read(scheme + name.removesuffix(":*"))
        if place is None or scheme not in ("", f"{place.scheme}://"[-len(scheme) :]):
            return False
        if any_port and place.port is not None and place.port != _DEFAULT_PORTS.get(place.scheme):
            return False
        return True
