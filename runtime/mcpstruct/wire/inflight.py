"""Requests in progress, by id: those that this side sent, and those that it is to answer."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from itertools import count
from typing import Generic, TypeVar

from mcpstruct.base.envelope import RequestId

E = TypeVar("E")


class Sent(Generic[E]):
    """Requests of this side that await their answers. Ids count up from 1 and are never used twice."""

    __slots__ = ("entries", "next_id")

    def __init__(self) -> None:
        self.entries: dict[RequestId, E] = {}
        self.next_id: Callable[[], int] = count(1).__next__
        """Gives an id that no request of this connection had."""

    def take_all(self) -> list[E]:
        """Every request in progress, which none is any more."""
        entries = list(self.entries.values())
        self.entries.clear()
        return entries


class DuplicateId(ValueError):
    """The peer gave a request the id of another one that is still in progress."""


class Received(Generic[E]):
    """Requests of the peer that are being answered."""

    __slots__ = ("entries",)

    def __init__(self) -> None:
        self.entries: dict[Hashable, E] = {}

    def open(self, request_id: Hashable, entry: E) -> None:
        """Note a request. Raises `DuplicateId`."""
        if request_id in self.entries:
            raise DuplicateId(request_id)
        self.entries[request_id] = entry
