"""What a client is told that does not read: no more than it can make use of once it does."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Any

from mcpstruct.base.errors import ConnectionLost

from .core import Core
from .links import Link

log = logging.getLogger("mcpstruct")


class _Behind:
    """What waits for a way out that is congested."""

    __slots__ = ("dropped", "latest", "size")

    def __init__(self) -> None:
        self.latest: dict[Hashable, tuple[Callable[..., object], tuple[Any, ...]]] = {}
        self.size = 0
        """Bytes of reports that have been sent nevertheless."""
        self.dropped = 0

    def send_next(self) -> None:
        send, args = self.latest.pop(next(iter(self.latest)))
        _sent(send, args)


class Backlog:
    """The notifications of one connection, which may have several ways out."""

    __slots__ = ("_core", "behind")

    def __init__(self, core: Core) -> None:
        self._core = core
        self.behind: dict[Link, _Behind] = {}
        """The ways out that are congested, or were a moment ago."""

    def tell(self, link: Link, key: Hashable, send: Callable[..., object], *args: Any) -> None:
        """Send a notification: at once, or, if it is still the latest with this key, when there is room."""
        behind = self.behind.get(link) or self._falls_behind(link)
        if behind is None:
            _sent(send, args)
        else:
            behind.latest.pop(key, None)
            behind.latest[key] = send, args

    def report(self, link: Link, key: Hashable, size: int, send: Callable[..., object], *args: Any) -> None:
        """Send a notification of about so many bytes, though no more than `Limits.max_bytes` to a client that does not
        read. Beyond it, the latest with this key is kept; without a key, none.
        """
        behind = self.behind.get(link) or self._falls_behind(link)
        if behind is None:
            _sent(send, args)
        elif behind.size + size <= self._core.limits.max_bytes:
            behind.size += size
            _sent(send, args)
        elif key is not None:
            self.tell(link, key, send, *args)
        else:
            behind.dropped += 1

    def flush(self, link: Link) -> None:
        """Send what was kept after all: an answer is next, which nothing may follow."""
        if behind := self.behind.get(link):
            while behind.latest:
                behind.send_next()

    def _falls_behind(self, link: Link) -> _Behind | None:
        if not link.congested:
            return None
        behind = self.behind[link] = _Behind()
        self._core.loop.spawn(self._catch_up, link, behind)
        return behind

    async def _catch_up(self, link: Link, behind: _Behind) -> None:
        try:
            await link.drain()
            while behind.latest:
                behind.send_next()
                await link.drain()
        finally:
            del self.behind[link]
            if behind.dropped:
                log.debug("%d log messages dropped: a client does not read", behind.dropped)


def _sent(send: Callable[..., object], args: tuple[Any, ...]) -> None:
    with suppress(ConnectionLost):
        send(*args)
