"""URLs that a server's author writes, and those that an authorization server names."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit

from mcpstruct.wire.origins import is_loopback

_PORTS = {"http": 80, "https": 443}


def checked(url: str, what: str, *, http: bool) -> SplitResult:
    """The parts of a URL. Raises `ValueError` unless it is of https, or of http at this machine, or `http` is fine."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError(f"{what} is no URL: {url!r}") from None
    plain = url.isascii() and not any(char <= " " or char in '"\\<>' for char in url)
    if not plain or parts.scheme not in _PORTS or not parts.hostname or "#" in url or parts.username is not None:
        raise ValueError(f"{what} is a URL of https, with a host and without a fragment: {url!r} is none")
    if parts.scheme == "http" and not http and not is_loopback(parts.hostname):
        raise ValueError(f"{what} is of http, beyond this machine: {url!r}; http=True allows it")
    return parts


def origin(url: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def normal(url: str) -> str | None:
    """A URL as others are compared with: without query and fragment; None for what is no URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    where = f"[{host}]" if ":" in host else host
    if port is not None and port != _PORTS.get(scheme):
        where += f":{port}"
    return f"{scheme}://{where}{parts.path or '/'}"
