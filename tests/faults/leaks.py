"""What a test has left behind."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import anyio

BUSY = 0.5
"""The share of a core above which something is not idle. A loop that spins takes all of one."""
WINDOW = 0.1


def children(pid: int | None = None) -> dict[int, str]:
    """The processes that a process has started, and their state; Z is one that ended and was not reaped."""
    found: dict[int, str] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                state, parent, *_ = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(parent) == (pid or os.getpid()):
                    found[int(folder.name)] = state
    return found


def descriptors() -> dict[str, str]:
    """Open descriptors of this process."""
    found: dict[str, str] = {}
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found[link.name] = str(link.readlink())
    return found


def tasks() -> set[object]:
    """Tasks of the running loop."""
    if "trio" in sys.modules:
        import trio

        with suppress(RuntimeError):
            return set(_trio_tasks(trio.lowlevel.current_root_task()))
    return {task for task in asyncio.all_tasks() if "TestRunner" not in repr(task)}


def _trio_tasks(task: object) -> Iterator[object]:
    yield task
    for nursery in getattr(task, "child_nurseries", ()):
        for child in nursery.child_tasks:
            yield from _trio_tasks(child)


def cpu_of(pid: int | None) -> float:
    """Seconds of processor time that a process has used; None is this one."""
    if pid is None:
        return time.process_time()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def idle(pid: int | None = None) -> None:
    """Make sure that a process, this one or another, has nothing to do."""
    before = cpu_of(pid)
    await anyio.sleep(WINDOW)
    assert cpu_of(pid) - before < BUSY * WINDOW


class Leftovers:
    """Remembers what there is, to tell what there is more of later."""

    def __init__(self) -> None:
        self._before = self._all()

    def _all(self) -> tuple[set[object], ...]:
        return set(children()), set(descriptors().items()), set(threading.enumerate()), tasks()

    def _more(self) -> tuple[set[object], ...]:
        more = [now - before for now, before in zip(self._all(), self._before, strict=True)]
        more[1] = {item for item in more[1] if "/proc/" not in item[1]}  # the folder just listed
        more[2] = {thread for thread in more[2] if "AnyIO" not in thread.name and "Trio" not in thread.name}
        return tuple(more)

    async def none_within(self, seconds: float) -> None:
        """Make sure that there is nothing more, soon, and that nothing is done about it either."""
        here = {self._current()}
        end = time.monotonic() + seconds
        while any(self._rest(here)) and time.monotonic() < end:
            gc.collect()
            await anyio.sleep(0.02)
        processes, files, running, jobs = self._rest(here)
        assert not processes, f"processes {children()}"
        assert not files, f"descriptors {files}"
        assert not running, f"threads {running}"
        assert not jobs, f"tasks {jobs}"
        await idle()

    def _rest(self, here: set[object]) -> tuple[set[object], ...]:
        *others, jobs = self._more()
        return *others, jobs - here

    def _current(self) -> object:
        if "trio" in sys.modules:
            import trio

            with suppress(RuntimeError):
                return trio.lowlevel.current_task()
        return asyncio.current_task()
