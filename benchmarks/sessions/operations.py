"""What is measured: one row an operation, read by the harness and by the contestants' processes alike."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["GROUPS", "OPERATION", "OPERATIONS", "SMALL_TEXT", "Operation"]

SMALL_TEXT = "The quick brown fox jumps over it"
"""What the small echoes carry; a request with it is about 150 bytes long."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that sessions do.

    Operations of one group share a process of each contestant, and take turns within a round, so that they can be
    compared with each other. `units` is what one repetition is divided by: its calls, its KB, its notifications.
    """

    name: str
    group: str
    words: str
    unit: str = "call"
    units: int = 1
    heavy: bool = False
    """One repetition is a turn, and one turn a round; nobody has time for more."""
    gauge: bool = False
    """Not timed: what it reads off is its figures."""


OPERATIONS: tuple[Operation, ...] = (
    Operation("memory_lowlevel", "memory", "echo in memory, handler of a low-level server"),
    Operation("memory_server", "memory", "echo in memory, decorated tool that answers with text"),
    Operation("memory_structured", "memory", "the same with structured content and its schema checked"),
    Operation("memory_lowlevel_1mb", "memory", "echo of 1 MB in memory, handler of a low-level server"),
    Operation("memory_server_1mb", "memory", "echo of 1 MB in memory, decorated tool"),
    Operation("in_flight_1", "in_flight", "one call in flight in memory"),
    Operation(
        "in_flight_10000", "in_flight", "10,000 in flight, none answered before all are there", "call", 10_000, True
    ),
    Operation("log_flood", "features", "a call in memory that logs 1,000 times", "log", 1_000),
    Operation("log_flood_stdio", "features", "the same over stdio, both ends", "log", 1_000),
    Operation("elicitation", "features", "a call in memory that asks the client one form"),
    Operation("elicitation_stdio", "features", "the same over stdio, both ends"),
    Operation("subscribers_1000", "features", "a change told to 1,000 sessions in memory", "session", 1_000, True),
    Operation("stdio_sequential", "stdio", "echo over stdio, one after the other, both ends"),
    Operation("stdio_64", "stdio", "echo over stdio, 64 at a time, both ends", "call", 64),
    Operation("stdio_100kb", "sizes", "a result of 100 KB over stdio, both ends", "KB", 100),
    Operation("stdio_1mb", "sizes", "a result of 1 MB over stdio, both ends", "KB", 1_000),
    Operation("stdio_10mb", "sizes", "a result of 10 MB over stdio, both ends", "KB", 10_000, True),
    Operation("memory_held", "held", "what an idle session in memory holds", "session", 100, True, True),
    Operation("stdio_idle", "held", "a stdio server after its first call", "start", 1, True, True),
)
OPERATION: dict[str, Operation] = {each.name: each for each in OPERATIONS}
GROUPS: tuple[str, ...] = tuple(dict.fromkeys(each.group for each in OPERATIONS))
