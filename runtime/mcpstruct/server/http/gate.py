"""Who may knock: what HTTP itself says of a request, checked before anything of MCP is."""

from __future__ import annotations

from typing import TypeAlias

from mcpstruct.wire.origins import AllowedHosts

from .options import HttpOptions
from .request import HttpRequest, Refused

_Said: TypeAlias = tuple[bytes | None, ...]
_JSON = "application/json"
_EVENTS = "text/event-stream"
_MOST_NOTED = 256
_LONGEST_NOTED = 512
_MOST_PARAMETERS = 256
_EXPOSED = b"mcp-session-id, mcp-protocol-version, www-authenticate, dpop-nonce"
_ASKED = (
    b"content-type, accept, authorization, dpop, last-event-id, mcp-protocol-version, mcp-session-id, mcp-method, "
    b"mcp-name"
)


class Gate:
    """Checks headers. Every method raises `Refused` for a request that is not let in."""

    def __init__(self, options: HttpOptions) -> None:
        self._hosts = AllowedHosts(options.allowed_hosts, options.allowed_origins)
        self._cors = options.cors
        self._passed: dict[_Said, list[tuple[bytes, bytes]]] = {}
        """What POSTs that passed all checks said lately, and the headers of their answers: most clients send the same
        again and again."""

    def passed(self, request: HttpRequest) -> tuple[_Said, list[tuple[bytes, bytes]] | None]:
        """What a POST says, and the headers of its answer if one that passed all checks said the same before."""
        get = request.headers.get
        said = get(b"host"), get(b"origin"), get(b"content-type"), get(b"accept"), get(b"content-encoding")
        return said, self._passed.get(said)

    def check(self, request: HttpRequest) -> list[tuple[bytes, bytes]]:
        """Check `Host` and `Origin`; gives the headers of the answer."""
        headers = request.headers
        if not self._hosts.host_allowed(request.header(b"host") or ""):
            raise Refused(421, "the Host header names no host that is served here")
        if b"origin" not in headers:
            return [(b"vary", b"origin")] if self._cors else []
        if not self._hosts.origin_allowed(request.header(b"origin") or ""):
            raise Refused(403, "the Origin header names no origin that is let in")
        if not self._cors:
            return []
        return [
            (b"vary", b"origin"),
            (b"access-control-allow-origin", headers[b"origin"]),
            (b"access-control-expose-headers", _EXPOSED),
        ]

    def preflight(self, request: HttpRequest) -> list[tuple[bytes, bytes]]:
        """The headers that tell a browser what its page may send."""
        asked = request.headers.get(b"access-control-request-headers", b"")
        parameters = [n.strip() for n in asked.lower().split(b",") if n.strip().startswith(b"mcp-param-")]
        if not self._cors:
            raise Refused(405, "no such method")
        return [
            (b"access-control-allow-methods", b"GET, POST, DELETE"),
            (b"access-control-allow-headers", b", ".join([_ASKED, *parameters[:_MOST_PARAMETERS]])),
            (b"access-control-max-age", b"600"),
        ]

    def check_post(self, request: HttpRequest, said: _Said, answer: list[tuple[bytes, bytes]]) -> None:
        """Check what comes, and what may come back; `said` and `answer` are what `passed` and `check` gave for it."""
        self.check_json(request)
        accept = request.headers.get(b"accept", b"")
        if not (_accepts(accept, _JSON) and _accepts(accept, _EVENTS)):
            raise Refused(406, f"Accept has to list {_JSON} and {_EVENTS}")
        if sum(len(value or b"") for value in said) <= _LONGEST_NOTED:  # a few clients may send anything
            if len(self._passed) >= _MOST_NOTED:
                self._passed.clear()
            self._passed[said] = answer

    def check_json(self, request: HttpRequest) -> None:
        """Check what comes."""
        headers = request.headers
        if headers.get(b"content-type", b"").split(b";")[0].strip().lower() != _JSON.encode():
            raise Refused(415, f"Content-Type has to be {_JSON}")
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise Refused(415, "requests may not be compressed", [(b"accept-encoding", b"identity")])

    def check_get(self, request: HttpRequest) -> None:
        """Check what may come back."""
        if not _accepts(request.headers.get(b"accept", b""), _EVENTS):
            raise Refused(406, f"Accept has to list {_EVENTS}")


def _accepts(accept: bytes, kind: str) -> bool:
    """Whether an `Accept` header allows a media type."""
    family, _, _ = kind.partition("/")
    allowed = {b"*/*", kind.encode(), f"{family}/*".encode()}
    for entry in accept.lower().split(b","):
        name, *parameters = (part.strip() for part in entry.split(b";"))
        if name in allowed and not any(p in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000") for p in parameters):
            return True
    return False
