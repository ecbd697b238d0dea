"""What can be set about a server over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from mcpstruct.base.limits import MIB

from .events import EventStore

if TYPE_CHECKING:
    from mcpstruct.server.auth import ResourceServer


class HttpOptions(Struct, frozen=True, kw_only=True):
    """How a server is reached over HTTP, and what it puts up with."""

    path: str = "/mcp"
    """Where the one endpoint is, below wherever the application is mounted."""
    allowed_hosts: Sequence[str] | None = None
    """What the `Host` header may say: `example.com`, `example.com:8443`, `[::1]`; without a port, any port goes. None
    for the names of this machine alone; `*` for whatever it says, where a proxy in front has checked it."""
    allowed_origins: Sequence[str] | None = None
    """What the `Origin` header of a browser may say: `https://example.com`. None for pages of this machine alone, where
    `allowed_hosts` is None too, and else for none."""
    cors: bool = False
    """Whether pages of the allowed origins may read the answers."""
    auth: ResourceServer | None = None
    """Lets in only who has an access token; None for everybody whom `Host` and `Origin` let in."""
    max_body: int = 4 * MIB
    """Largest request, in bytes."""
    body_deadline: float = 30.0
    """Seconds that a client may take to send a request."""
    keep_alive: float = 15.0
    """Seconds of silence after which a comment goes out on a stream, so that nobody on the way takes it for dead. An
    answer that takes longer becomes a stream."""
    always_stream: bool = False
    """Whether every answer is a stream of events, also where nothing comes before the result."""
    sessions: bool = True
    """Whether clients of revisions with a handshake get sessions. Without, each of their requests stands alone too, and
    the server can ask them for nothing."""
    session_idle: float = 1800.0
    """Seconds after which a session that nobody uses is over."""
    max_sessions: int = 10_000
    """Most sessions at once; one more makes the one that was idle longest give way."""
    max_listeners: int = 10_000
    """Most streams of subscriptions (`subscriptions/listen`) at once, which count for no other limit; one more is
    refused."""
    events: EventStore | None = None
    """Keeps what was sent on the streams of sessions, for clients whose connection broke; None for one in memory."""
    retry: int = 1000
    """Milliseconds that a client should wait before it takes up a stream again."""
    http_sse: bool = False
    """Whether the transport of 2024-11-05 is offered as well, at `/sse`."""
