"""Warnings about a peer, so few that a flood of junk from it fills no log."""

from __future__ import annotations

import logging
from time import monotonic

log = logging.getLogger("mcpstruct")
FIRST = 5
"""How many complaints about a connection are logged one by one."""
EVERY = 60.0
"""Seconds after which another one is, with the number of those that were not."""


class Complaints:
    """The log's warnings about one peer. What is not logged is counted, and told in the end."""

    __slots__ = ("_next", "_who", "number", "untold")

    def __init__(self, who: str) -> None:
        self._who = who
        self._next = 0.0
        self.number = 0
        """Complaints so far."""
        self.untold = 0
        """Those of them that the log does not know of yet."""

    def add(self, what: str, *args: object) -> None:
        """Say what the peer did, `%`-formatted, or just count it if there was much to say of late."""
        self.number += 1
        if self.number > FIRST and monotonic() < self._next:
            self.untold += 1
            return
        if self.untold:
            self.end()
        self._next = monotonic() + EVERY
        log.warning(f"{self._who} {what}", *args)

    def end(self) -> None:
        """Tell of those that have only been counted."""
        if self.untold:
            log.warning("%s: %d more such warnings were not logged; %d in all", self._who, self.untold, self.number)
            self.untold = 0
