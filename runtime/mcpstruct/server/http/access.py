"""The seam between HTTP and authorization: who is let in, and what for."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from mcpstruct.base.errors import ProtocolViolation
from mcpstruct.session.core import Core
from mcpstruct.session.principal import Principal
from mcpstruct.session.reading import Arrived

from .request import HttpRequest, Refused

if TYPE_CHECKING:
    from mcpstruct.server.base import Server


class Access(Protocol):
    """What one token opens."""

    @property
    def principal(self) -> Principal:
        """Whose it is."""
        ...

    @property
    def ends(self) -> float:
        """When it is of no use any more, in Unix time; infinity for one that is always."""
        ...

    def demand(self, request: HttpRequest, scopes: Iterable[str]) -> None:
        """Raise `Refused` unless the token is good for all of these."""


class Door(Protocol):
    """Lets requests in. What it finds out is in their `principal` and `access`."""

    @property
    def places(self) -> tuple[str, ...]:
        """The paths at which it tells who has the keys."""
        ...

    @property
    def metadata(self) -> bytes:
        """What it tells there."""
        ...

    def recognizes(self, request: HttpRequest) -> bool:
        """Whether a request comes with what was found good a while ago; no more has to be asked then."""
        ...

    async def admit(self, request: HttpRequest) -> list[tuple[bytes, bytes]]:
        """Let a request in; gives headers for its answer. Raises `Refused`."""
        ...


def demand(server: Server, request: HttpRequest, arrived: object) -> None:
    """Raise `Refused` where a message asks for something that this request has not the scopes for."""
    if isinstance(arrived, Arrived) and (scopes := server.scopes(arrived.method, arrived.params)):
        if request.access is None:
            raise Refused(403, "this takes scopes, and the server has no authorization")
        request.access.demand(request, scopes)


def demand_each(server: Server, request: HttpRequest, core: Core, body: bytes) -> None:
    """The same for whatever a body holds, which is yet to be read."""
    parts = [body]
    with suppress(ProtocolViolation):  # which is told when it is read for good
        parts = core.reader.split(body) if core.batches and body.lstrip()[:1] == b"[" else parts
    for part in parts:
        with suppress(ProtocolViolation):
            demand(server, request, core.reader.read(part))


def principal_of(request: HttpRequest) -> Principal | None:
    """On whose behalf a request is made."""
    return None if request.access is None else request.access.principal
