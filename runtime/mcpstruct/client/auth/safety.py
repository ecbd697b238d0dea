"""Which URLs that a server names are gone to: a server is not to have this machine call its neighbours."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Literal, TypeAlias
from urllib.parse import SplitResult, urlsplit

from anyio import getaddrinfo

from mcpstruct.base.errors import AuthUnavailable, UnsafeUrl

Kind: TypeAlias = Literal["public", "private", "loopback", "link-local"]
_PORTS = {"http": 80, "https": 443}
_REACH: dict[Kind, tuple[Kind, ...]] = {
    "public": ("public",),
    "private": ("public", "private"),
    "loopback": ("public", "private", "loopback"),
    "link-local": ("public", "link-local"),
}
"""Where a server may send this client, by where the server itself is."""
_PUBLIC: Kind = "public"
_UNICAST = IPv6Network("2000::/3")
_NAT64 = int(IPv6Address("64:ff9b::")) >> 32


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlRules:
    """What is allowed of the URLs that servers name, and of that of the MCP server itself.

    Without `http`, only https is spoken, but for this machine's own addresses. Without `private`, addresses of private
    networks, of this machine and of its link are gone to only where the MCP server's own address is of that sort: one
    on this machine may name private ones, too. With `http` alone, whoever has a name's address changed between this
    check and the connection gets by: only TLS tells whom it talks to.
    """

    http: bool = False
    private: bool = False


DEFAULT_RULES = UrlRules()


def split(url: str) -> SplitResult:
    """The parts of a URL of HTTP, with a host and a port that can be read. Raises `UnsafeUrl`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UnsafeUrl(401, "a URL that cannot be read") from None
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise UnsafeUrl(401, "a URL that is none of http or https")
    if parts.username is not None or parts.password is not None:
        raise UnsafeUrl(401, f"a URL with a user's name in it, at {parts.hostname}")
    if not url.isascii() or any(char <= " " or char in '\\"<>^`{|}' for char in url):
        raise UnsafeUrl(401, f"a URL with characters that must be quoted, at {parts.hostname}")
    return parts


def origin(url: str) -> str:
    """Scheme, host and port of a URL, without the port where that is the usual one. Raises `UnsafeUrl`."""
    parts = split(url)
    host = parts.hostname or ""
    where = f"[{host}]" if ":" in host else host
    usual = parts.port is None or parts.port == _PORTS[parts.scheme]
    return f"{parts.scheme}://{where}" if usual else f"{parts.scheme}://{where}:{parts.port}"


def is_own_name(host: str) -> bool:
    """Whether a host's name, or its address as text, is one of this machine alone."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return kind_of(host) == "loopback"
    except ValueError:
        return False


def comes_home(redirect_uri: str) -> bool:
    """Whether codes may be sent to a URL: over https, or within this machine."""
    try:
        parts = split(redirect_uri)
    except UnsafeUrl:
        return False
    return parts.scheme == "https" or is_own_name(parts.hostname or "")


def kind_of(address: str) -> Kind:
    """The sort of an IP address. Raises `ValueError` for what is none."""
    ip = _embedded(ip_address(address.partition("%")[0]))
    if ip.is_loopback or ip.is_unspecified:
        return "loopback"
    if ip.is_link_local:
        return "link-local"
    # Python takes for global what no RFC calls otherwise, such as site-local addresses and IPv4 ones in a row of zeros.
    fine = ip in _UNICAST if isinstance(ip, IPv6Address) else not ip.is_multicast
    return "public" if ip.is_global and fine else "private"


def _embedded(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address leads to, where it does."""
    if isinstance(ip, IPv4Address):
        return ip
    if int(ip) >> 32 == _NAT64:
        return IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host. Raises `AuthUnavailable`."""
    try:
        found = await getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise AuthUnavailable(503, f"there is no address of {host}") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Guard:
    """Judges the URLs that one MCP server names, and those that are named there."""

    def __init__(self, server: str, rules: UrlRules) -> None:
        self._server = server
        self._rules = rules
        self._reach: tuple[Kind, ...] | None = None

    def check(self, url: str) -> SplitResult:
        """Judge a URL by what it says. Raises `UnsafeUrl`."""
        parts = split(url)
        host = parts.hostname or ""
        if parts.scheme == "http" and not self._rules.http and not is_own_name(host):
            raise UnsafeUrl(401, f"http, not https, at {host}: UrlRules(http=True) allows it")
        return parts

    async def resolved(self, url: str) -> None:
        """Judge a URL by where it leads, too. Raises `UnsafeUrl`, and `AuthUnavailable` where that is nowhere."""
        parts = self.check(url)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        if self._rules.private:
            return
        reach = await self._allowed()
        for address in await resolve(host, port):
            kind = kind_of(address)
            if kind not in reach:
                raise UnsafeUrl(401, f"{host} is a {kind} address, where this MCP server may not lead")

    def by_proxy(self, url: str) -> None:
        """Judge a URL whose host a proxy resolves: names are taken as they are. Raises `UnsafeUrl`."""
        parts = self.check(url)
        host = parts.hostname or ""
        mine = split(self._server).hostname or ""
        if not self._rules.private and _kind_by_name(host) not in _REACH[_kind_by_name(mine)]:
            raise UnsafeUrl(401, f"{host} is no public address, and the MCP server's is")

    async def _allowed(self) -> tuple[Kind, ...]:
        if self._reach is None:
            parts = split(self._server)
            found = await resolve(parts.hostname or "", parts.port or _PORTS[parts.scheme])
            kinds: set[Kind] = {kind_of(address) for address in found}
            # Whoever has a public address among others is taken for public: its other ones may be made up.
            self._reach = _REACH[kinds.pop() if len(kinds) == 1 else _PUBLIC]
        return self._reach


def _kind_by_name(host: str) -> Kind:
    """The sort of a host by what it is called, as whoever resolves names reads it."""
    host = host.rstrip(".")
    if is_own_name(host):
        return "loopback"
    with suppress(OSError):  # 127.1, 0x7f000001
        host = socket.inet_ntoa(socket.inet_aton(host))
    with suppress(ValueError):
        return kind_of(host)
    return "public"
