"""What a session asks of the thing that carries its messages, and what it is told in return.

A transport knows nothing of MCP: it carries whole messages, in order, both ways. To write one, implement `Transport`;
docs/transports.md shows one over a Unix socket.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from mcpstruct.base.errors import ProtocolViolation


class Receiver(Protocol):
    """Where a transport delivers. Every call returns at once, and all come from the event loop's thread."""

    def received(self, data: bytes) -> None:
        """One whole message, as it came."""

    def refused(self, violation: ProtocolViolation) -> None:
        """A piece of the stream that was skipped: too long to be a message, or something else entirely."""

    def lost(self, error: Exception | None) -> None:
        """The peer is gone, and nothing follows. None where it left of its own accord: it may still read what it has
        asked for, and if it turns out not to, this is called again with the error.
        """


@runtime_checkable
class Transport(Protocol):
    """Carries messages between one session and its peer. Used once: opened, and then closed."""

    async def open(self, receiver: Receiver) -> None:
        """Connect, and deliver to `receiver` from now on. Raises `ConnectFailed`."""

    def send(self, data: bytes) -> None:
        """Send one message, which has no line break in it; what can't go out at once is kept.

        Raises `ConnectionLost` where the peer is gone.
        """

    @property
    def congested(self) -> bool:
        """Whether so much is waiting to go out that whoever can wait should `drain`."""
        ...

    async def drain(self) -> None:
        """Wait until no longer congested, or lost."""

    def pause(self) -> None:
        """Stop delivering, until `resume`; a few messages may still come."""

    def resume(self) -> None:
        """Deliver again."""

    async def aclose(self) -> None:
        """Send what is waiting if that takes no longer than a moment, and end the connection.

        May be called twice, and at any time. `lost` is not called for it.
        """


@runtime_checkable
class Target(Protocol):
    """Something that a client can connect to, once or again and again."""

    def transport(self) -> Transport:
        """A fresh transport to it."""
        ...
