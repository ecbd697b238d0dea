"""Notifications of clients, and what their handlers get to know of who sent them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcpstruct.base.methods import MethodInfo
from mcpstruct.session.incoming import Incoming
from mcpstruct.session.links import Link
from mcpstruct.session.request import ServerRequest
from mcpstruct.wire.eras import Revision, declared_revision, revision

if TYPE_CHECKING:
    from mcpstruct.session.serving import Connection


class Notice(ServerRequest):
    """A notification, as a request that is never answered: what is sent on account of it goes to who sent it."""

    @property
    def in_progress(self) -> bool:
        """Whether there is anybody to send anything to."""
        return not self.connection.core.ended

    @property
    def id(self) -> int | str:
        """A notification has none: raises `LookupError`."""
        raise LookupError("a notification has no id")


def notice(connection: Connection, link: Link, method: MethodInfo[Any, Any], params: Any) -> Notice:
    """A notification that a client sent. Raises `ProtocolViolation` where its `_meta` is none."""
    meta = connection.meta(params)[0]
    incoming = Incoming(connection.core, "", method, params, link, "")
    incoming.principal = connection.principal  # now: the connection may be somebody else's when its handler runs
    return Notice(connection=connection, incoming=incoming, revision=_row(connection, meta), meta=meta)


def _row(connection: Connection, meta: Any) -> Revision:
    """The revision that a notification says it follows, or that of its session; else the newest that is spoken."""
    spoken = connection.service.revisions
    declared = declared_revision(meta)
    if declared in spoken:
        return revision(declared)
    return connection.session or revision(spoken[0])
