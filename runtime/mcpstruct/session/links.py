"""How the messages of a core leave it: as bytes over a transport, or as objects to a core next door."""

from __future__ import annotations

from typing import Any, Literal, Protocol, runtime_checkable

import anyio
from msgspec import Struct

from mcpstruct.base.codec import Encoded, one_line, to_json, to_line
from mcpstruct.base.envelope import ErrorObject, RequestId
from mcpstruct.base.errors import RequestTimeout
from mcpstruct.base.methods import MethodInfo
from mcpstruct.transport.base import Transport


class Link(Protocol):
    """The way out. No call waits; each raises `ConnectionLost` where there is no peer any more."""

    @property
    def as_bytes(self) -> bool:
        """Whether messages leave as bytes, and not as objects."""
        ...

    def request(self, request_id: RequestId, method: MethodInfo[Any, Any], params: Any) -> None:
        """Send a request."""

    def notification(self, method: MethodInfo[Any, Any], params: Any) -> None:
        """Send a notification."""

    def result(self, request_id: RequestId, result: Any) -> None:
        """Answer a request."""

    def error(self, request_id: RequestId | None, error: ErrorObject) -> None:
        """Refuse a request; one without an id where it could not be read."""

    def called_off(self, request_id: RequestId) -> None:
        """A request of the peer was called off; it gets no answer."""

    @property
    def congested(self) -> bool:
        """Whether who can wait should `drain` before sending more."""
        ...

    async def drain(self) -> None:
        """Wait until no longer congested, or lost."""

    def pause(self) -> None:
        """Take nothing in until `resume`."""

    def resume(self) -> None:
        """Take messages in again."""

    async def aclose(self) -> None:
        """End the connection."""


async def drained(link: Link, method: MethodInfo[Any, Any], seconds: float | None) -> None:
    """Wait until a link that a message has been given to is no longer congested. Raises `RequestTimeout`."""
    if not link.congested:
        return
    with anyio.move_on_after(seconds) as scope:
        await link.drain()
    if scope.cancelled_caught:
        raise RequestTimeout(f"{method.name} could not be sent within {seconds:g} s")


@runtime_checkable
class Joining(Protocol):
    """A transport that makes a way out of its own for a core, since it carries more than bytes."""

    async def join(self, core: Any) -> Link:
        """Connect a core; gives its way out. Raises `ConnectFailed`."""
        ...


class _Request(Struct):
    jsonrpc: Literal["2.0"]
    id: RequestId
    method: str
    params: Any


class _Notification(Struct):
    jsonrpc: Literal["2.0"]
    method: str
    params: Any


class _Result(Struct):
    jsonrpc: Literal["2.0"]
    id: RequestId
    result: Any


class _Error(Struct, omit_defaults=True):
    jsonrpc: Literal["2.0"]
    error: ErrorObject
    id: RequestId | None = None


def encoded_request(request_id: RequestId, method: MethodInfo[Any, Any], params: Any) -> bytes:
    """A request, without a line break."""
    data = to_json(_Request("2.0", request_id, method.name, {} if params is None else params))
    return one_line(data) if 10 in data or 13 in data else data  # `to_line`, and a call less


def encoded_notification(method: MethodInfo[Any, Any], params: Any) -> bytes:
    """A notification, without a line break."""
    return to_line(_Notification("2.0", method.name, {} if params is None else params))


def encoded_result(request_id: RequestId, result: Any) -> bytes:
    """The answer to a request, without a line break."""
    data = to_json(_Result("2.0", request_id, result.raw if result.__class__ is Encoded else result))
    return one_line(data) if 10 in data or 13 in data else data


def encoded_error(request_id: RequestId | None, error: ErrorObject) -> bytes:
    """The refusal of a request, without a line break."""
    return to_line(_Error("2.0", error, request_id))


class ByteLink:
    """Messages as bytes, one `send` of the transport each."""

    __slots__ = ("_send", "_transport", "congested")
    as_bytes = True

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._send = transport.send
        self.congested = False
        """See `Link`: as of the latest message, since each is asked before the next, and a property in front of the
        transport's takes 0.1 µs."""

    def request(self, request_id: RequestId, method: MethodInfo[Any, Any], params: Any) -> None:
        """See `Link`."""
        self._send(encoded_request(request_id, method, params))
        self.congested = self._transport.congested

    def notification(self, method: MethodInfo[Any, Any], params: Any) -> None:
        """See `Link`."""
        self._send(encoded_notification(method, params))
        self.congested = self._transport.congested

    def result(self, request_id: RequestId, result: Any) -> None:
        """See `Link`."""
        self._send(encoded_result(request_id, result))
        self.congested = self._transport.congested

    def error(self, request_id: RequestId | None, error: ErrorObject) -> None:
        """See `Link`."""
        self._send(encoded_error(request_id, error))
        self.congested = self._transport.congested

    def called_off(self, request_id: RequestId) -> None:
        """See `Link`."""

    async def drain(self) -> None:
        """See `Link`."""
        await self._transport.drain()
        self.congested = self._transport.congested

    def pause(self) -> None:
        """See `Link`."""
        self._transport.pause()

    def resume(self) -> None:
        """See `Link`."""
        self._transport.resume()

    async def aclose(self) -> None:
        """See `Link`."""
        await self._transport.aclose()
