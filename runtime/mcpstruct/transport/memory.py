"""Two sessions in one process: messages cross as the objects they are, and nothing is encoded.

Structs cross as they stand, so neither side may change what it has sent or received. What users put into open fields
(arguments, structured content) crosses as plain JSON values, so that what could not be encoded fails as on a wire.
Where the two sides use types of different packages, the message crosses as bytes after all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from copy import copy
from functools import cache
from typing import Any, Protocol, get_type_hints

import msgspec
from msgspec import UNSET, Raw

from mcpstruct.base.codec import Encoded, to_json
from mcpstruct.base.envelope import ErrorObject, RequestId
from mcpstruct.base.errors import ConnectionLost
from mcpstruct.base.methods import MethodInfo

from .base import Receiver


class Knowing(Protocol):
    """What reads for a core."""

    def knows(self, method: MethodInfo[Any, Any]) -> bool:
        """Whether its own description of a method is this very one."""
        ...


class Peer(Receiver, Protocol):
    """A core, as the one next door sees it."""

    @property
    def loop(self) -> Any:
        """The event loop that it lives on."""
        ...

    @property
    def ended(self) -> bool:
        """Whether it takes nothing any more."""
        ...

    @property
    def reader(self) -> Knowing:
        """What reads the bytes that it gets."""
        ...

    def awaits(self, request_id: RequestId) -> MethodInfo[Any, Any] | None:
        """The method of one of its requests in flight."""
        ...

    def take_request(self, request_id: RequestId, method: MethodInfo[Any, Any], params: Any) -> None:
        """A request for it."""

    def take_notification(self, method: MethodInfo[Any, Any], params: Any) -> None:
        """A notification for it."""

    def take_result(self, request_id: RequestId, result: Any) -> None:
        """The answer to one of its requests."""

    def take_error(self, request_id: RequestId | None, error: ErrorObject) -> None:
        """The refusal of one of its requests."""


async def _nothing() -> None:
    pass


class MemoryLink:
    """The way from one core to the other."""

    __slots__ = ("_call_soon", "_finish", "_peer")
    as_bytes = False

    def __init__(
        self, peer: Peer, call_soon: Callable[..., object], finish: Callable[[], Awaitable[None]] = _nothing
    ) -> None:
        self._peer: Peer | None = peer
        self._call_soon = call_soon
        self._finish = finish

    @property
    def _there(self) -> Peer:
        if self._peer is None:
            raise ConnectionLost("the session was closed")
        if self._peer.ended:  # and will say so in a moment
            raise ConnectionLost("the peer closed the connection")
        return self._peer

    def request(self, request_id: RequestId, method: MethodInfo[Any, Any], params: Any) -> None:
        """See `Link`."""
        there = self._there
        if there.reader.knows(method):
            there.take_request(request_id, method, plain(params, fresh=True))
        else:
            there.received(to_json({"jsonrpc": "2.0", "id": request_id, "method": method.name, "params": params or {}}))

    def notification(self, method: MethodInfo[Any, Any], params: Any) -> None:
        """See `Link`."""
        there = self._there
        if there.reader.knows(method):
            there.take_notification(method, plain(params, fresh=True))
        else:
            there.received(to_json({"jsonrpc": "2.0", "method": method.name, "params": params or {}}))

    def result(self, request_id: RequestId, result: Any) -> None:
        """See `Link`."""
        there = self._there
        method = there.awaits(request_id)
        value = result.value if result.__class__ is Encoded else result
        if method is not None and (type(value) is method.result or type(value) in method.alternatives):
            there.take_result(request_id, plain(value))
        else:
            there.received(to_json({"jsonrpc": "2.0", "id": request_id, "result": value}))

    def error(self, request_id: RequestId | None, error: ErrorObject) -> None:
        """See `Link`."""
        if error.data is not UNSET:
            error = ErrorObject(error.code, error.message, msgspec.to_builtins(error.data, enc_hook=_encoded))
        self._there.take_error(request_id, error)

    def called_off(self, request_id: RequestId) -> None:
        """See `Link`."""

    @property
    def congested(self) -> bool:
        """See `Link`."""
        return False

    async def drain(self) -> None:
        """See `Link`."""

    def pause(self) -> None:
        """See `Link`."""

    def resume(self) -> None:
        """See `Link`."""

    async def aclose(self) -> None:
        """See `Link`."""
        if self._peer is not None:
            self._call_soon(self._peer.lost, ConnectionLost("the peer closed the connection"))
            self._peer = None
            await self._finish()


class MemoryTransport:
    """A `Transport` for a core to join another one with; it carries no bytes itself."""

    def __init__(
        self,
        accept: Callable[[MemoryLink], Peer],
        prepare: Callable[[], Awaitable[Callable[[], Awaitable[None]]]],
    ) -> None:
        """`accept` gets the way back to the core that joins, and gives the core that is joined.

        `prepare` is waited for before that, and what it gives when the connection has been closed.
        """
        self._accept = accept
        self._prepare = prepare

    async def join(self, core: Peer) -> MemoryLink:
        """Connect a core; gives its way out."""
        call_soon = core.loop.call_soon
        finish = await self._prepare()
        return MemoryLink(self._accept(MemoryLink(core, call_soon)), call_soon, finish)

    async def open(self, receiver: Receiver) -> None:
        """See `Transport`: sessions `join` instead."""
        raise TypeError("a memory transport joins two sessions; it carries no bytes")

    def send(self, data: bytes) -> None:
        """See `Transport`."""
        raise ConnectionLost("a memory transport carries no bytes")

    congested = False

    async def drain(self) -> None:
        """See `Transport`."""

    def pause(self) -> None:
        """See `Transport`."""

    def resume(self) -> None:
        """See `Transport`."""

    async def aclose(self) -> None:
        """See `Transport`."""


def plain(message: Any, *, fresh: bool = False) -> Any:
    """The params or result with its open fields as plain JSON values. Raises `TypeError` for what is no JSON.

    Params are `fresh` objects, which the session may complete; a result may be one that its author keeps.
    """
    fields = open_fields(message.__class__)
    changed = message
    for name in fields:
        value = getattr(message, name)
        if value is None or value is UNSET:
            continue
        if changed is message and not fresh:
            changed = copy(message)
        setattr(changed, name, msgspec.to_builtins(value, enc_hook=_encoded))
    return changed


def _encoded(value: Any) -> Any:
    if isinstance(value, Raw):
        return msgspec.json.decode(value)
    raise TypeError(f"objects of type {type(value).__name__} have no form in JSON")


@cache
def open_fields(tp: type[Any]) -> tuple[str, ...]:
    """The fields of a type that users fill with what they like, `_meta` aside."""
    names: tuple[str, ...] = getattr(tp, "__struct_fields__", ())
    if not names:
        return ()
    hints = get_type_hints(tp)
    return tuple(n for n in names if n != "meta" and hints[n] is not Raw and "Any" in str(hints[n]))
