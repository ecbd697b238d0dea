"""Who may knock: what HTTP itself says of a request, checked before anything of MCP is."""

from __future__ import annotations

from mcpstruct.wire.origins import AllowedHosts

from .options import HttpOptions
from .request import HttpRequest, Refused

_JSON = "application/json"
_EVENTS = "text/event-stream"
_MOST_VERDICTS = 256
_LONGEST_NOTED = 512
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
        # What was found in order lately; most clients send the same again and again.
        self._good_hosts: set[tuple[bytes | None, ...]] = set()
        self._good_types: set[tuple[bytes | None, ...]] = set()

    def check(self, request: HttpRequest) -> list[tuple[bytes, bytes]]:
        """Check `Host` and `Origin`; gives the headers of the answer."""
        headers = request.headers
        host = headers.get(b"host", b"")
        if (host,) not in self._good_hosts:
            if not self._hosts.host_allowed(host.decode("latin-1").strip()):
                raise Refused(421, "the Host header names no host that is served here")
            _note(self._good_hosts, (host,))
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
            (b"access-control-allow-headers", b", ".join([_ASKED, *parameters[:_MOST_VERDICTS]])),
            (b"access-control-max-age", b"600"),
        ]

    def check_post(self, request: HttpRequest) -> None:
        """Check what comes, and what may come back."""
        get = request.headers.get
        said = (get(b"content-type"), get(b"accept"), get(b"content-encoding"))
        if said in self._good_types:
            return
        self.check_json(request)
        accept = get(b"accept", b"")
        if not (_accepts(accept, _JSON) and _accepts(accept, _EVENTS)):
            raise Refused(406, f"Accept has to list {_JSON} and {_EVENTS}")
        _note(self._good_types, said)

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


def _note(known: set[tuple[bytes | None, ...]], values: tuple[bytes | None, ...]) -> None:
    """Remember values; a few clients may send anything."""
    if sum(len(value or b"") for value in values) > _LONGEST_NOTED:
        return
    if len(known) >= _MOST_VERDICTS:
        known.clear()
    known.add(values)


def _accepts(accept: bytes, kind: str) -> bool:
    """Whether an `Accept` header allows a media type."""
    family, _, _ = kind.partition("/")
    allowed = {b"*/*", kind.encode(), f"{family}/*".encode()}
    for entry in accept.lower().split(b","):
        name, *parameters = (part.strip() for part in entry.split(b";"))
        if name in allowed and not any(p in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000") for p in parameters):
            return True
    return False
