"""What a server lists: in the order of registration, a page at a time, and kept encoded until it changes."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import copy
from typing import Any, Generic, TypeVar

from mcpstruct.base.check import is_array
from mcpstruct.base.codec import Encoded
from mcpstruct.base.errors import INVALID_PARAMS, RemoteError
from mcpstruct.session.freshness import STALE, Freshness
from mcpstruct.session.request import ServerRequest
from mcpstruct.session.stamping import stamp

E = TypeVar("E")


class Catalogue(Generic[E]):
    """The tools, prompts, resources or templates of a server, by name or URI."""

    def __init__(
        self, what: str, changed: Callable[[], None], *, page_size: int | None = None, fresh: Freshness = STALE
    ) -> None:
        if page_size is not None and page_size < 1:
            raise ValueError("page_size is a number of items from 1")
        self._what = what
        self._changed = changed
        self._page_size = page_size
        self._fresh = fresh
        self._entries: dict[str, E] = {}
        self.get: Callable[[str], E | None] = self._entries.get
        """The entry of a name."""
        self._pages: dict[tuple[str, str | None], Encoded] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[E]:
        return iter(tuple(self._entries.values()))  # which other threads may add to

    def add(self, name: str, entry: E) -> None:
        """Add an entry at the end. Raises `ValueError` where there is one of that name."""
        if name in self._entries:
            raise ValueError(f"there is a {self._what} {name!r} already")
        self._entries[name] = entry
        self._has_changed()

    def remove(self, name: str) -> None:
        """Remove an entry. Raises `KeyError` where there is none of that name."""
        del self._entries[name]
        self._has_changed()

    def _has_changed(self) -> None:
        self._pages = {}  # another one: a page that is being made in another thread must not get into it
        self._changed()

    def page(self, cursor: str | None, request: ServerRequest, make: Callable[[list[E], str | None], Any]) -> Encoded:
        """One page, as `make` makes it of entries and the next cursor, with what the client's revision wants on it.

        Raises `RemoteError` for a cursor that this server did not give.
        """
        key = (request.revision.name, cursor)
        pages = self._pages
        page = pages.get(key)
        if page is None:
            entries = dict(self._entries)
            names = list(entries)
            start = 0 if cursor is None else self._after(cursor, names)
            stop = len(names) if self._page_size is None else start + self._page_size
            following = self._cursor(names[stop - 1]) if stop < len(names) else None
            result = self._fresh.onto(make([entries[name] for name in names[start:stop]], following), request.revision)
            page = Encoded(stamp(result, request.revision, request.connection.service.info))
            if start % (self._page_size or 1) == 0:  # where the list has changed, clients may go on from anywhere
                pages[key] = page
        return page

    def _after(self, cursor: str, names: list[str]) -> int:
        """Where the page after a cursor begins: it holds the name of the last entry before, so that every process that
        lists the same can go on, whatever is added or removed elsewhere.
        """
        with suppress(ValueError):  # no base64, no UTF-8, or a name that is gone
            name = urlsafe_b64decode(cursor.encode()).decode().removeprefix(f"{self._what}:")
            if self._page_size is not None and self._cursor(name) == cursor:  # decoders skip what they don't know
                return names.index(name) + 1
        raise RemoteError(INVALID_PARAMS, "this cursor is not valid (any more)")

    def _cursor(self, name: str) -> str:
        return urlsafe_b64encode(f"{self._what}:{name}".encode()).decode()


def as_new(page: Encoded) -> Any:
    """A page for somebody who may change it."""
    result = copy(page.value)
    for name in result.__struct_fields__:
        value = getattr(result, name)
        if is_array(value):
            setattr(result, name, list(value))
    return result
