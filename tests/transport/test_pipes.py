"""The two drivers alone: what one end writes, the other reads, whatever the sizes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpstruct.session.loop import current_loop
from mcpstruct.transport import pipes
from mcpstruct.transport.pipes import LoopReader, LoopWriter, can_wait
from mcpstruct.transport.threads import ThreadReader, ThreadWriter
from mcpstruct.transport.waiting import Changes
from tests.support.profile import effort

pytestmark = pytest.mark.skipif(os.name != "posix", reason="other systems have other pipes")


class Ends:
    """Both ends of a pipe in this process, one of them driven by us."""

    def __init__(self, driver: str) -> None:
        self.loop = current_loop()
        self.threads = driver != "asyncio"
        self.incoming, self.outgoing = os.pipe()
        self.changes = Changes(self.loop)
        self.data = bytearray()
        self.ends: list[OSError | None] = []
        self.failures: list[OSError] = []
        self.eased = 0

    def reader(self) -> LoopReader | ThreadReader:
        os.set_blocking(self.incoming, False)
        if self.threads:
            return ThreadReader(self.loop, self.incoming, self.chunk, self.ended)
        return LoopReader(self.incoming, self.chunk, self.ended)

    def writer(self) -> LoopWriter | ThreadWriter:
        os.set_blocking(self.outgoing, False)
        if self.threads:
            return ThreadWriter(self.loop, self.outgoing, self.ease, self.failed)
        return LoopWriter(self.outgoing, self.ease, self.failed)

    def chunk(self, data: bytes) -> None:
        self.data += data
        self.changes.announce()

    def ended(self, error: OSError | None) -> None:
        self.ends.append(error)
        self.changes.announce()

    def ease(self) -> None:
        self.eased += 1
        self.changes.announce()

    def failed(self, error: OSError) -> None:
        self.failures.append(error)
        self.changes.announce()


@pytest.mark.anyio
async def test_every_byte_arrives_in_order(driver: str) -> None:
    ends = Ends(driver)
    reader, writer = ends.reader(), ends.writer()
    messages = [bytes([65 + n % 26]) * (n * n * 37 % 150_000) for n in range(60)]
    for n, message in enumerate(messages):
        writer.write(message)
        if n % 7 == 0:
            await anyio.lowlevel.checkpoint()
    writer.finish()
    assert await ends.changes.until(lambda: writer.idle, 5)
    writer.close()
    assert await ends.changes.until(lambda: bool(ends.ends), 5)
    reader.close()
    assert ends.data == b"".join(message + b"\n" for message in messages)
    assert ends.ends == [None]
    assert ends.failures == []


@pytest.mark.anyio
async def test_relief_comes_at_the_low_water_mark(driver: str) -> None:
    ends = Ends(driver)
    writer = ends.writer()
    while not writer.congested:
        writer.write(b"x" * 9_999)
    assert ends.eased == 0
    taken = 0
    while writer.congested:
        taken += len(os.read(ends.incoming, 65536))
        await ends.changes.until(lambda: not writer.congested, 0.01)
    relief = pipes.HIGH_WATER - pipes.LOW_WATER
    assert relief - 2 * 65536 < taken < relief + 2 * 65536  # give or take what the pipe holds
    assert await ends.changes.until(lambda: ends.eased == 1, 5)
    assert not writer.idle
    writer.close()
    os.close(ends.incoming)


@pytest.mark.anyio
async def test_a_reader_that_has_gone_is_told_once(driver: str) -> None:
    ends = Ends(driver)
    writer = ends.writer()
    os.close(ends.incoming)
    for _ in range(3):
        writer.write(b"{}")
    assert await ends.changes.until(lambda: bool(ends.failures), 5)
    writer.write(b"x" * 2_000_000)
    assert writer.idle
    assert not writer.congested
    writer.close()
    writer.close()
    assert [type(error) for error in ends.failures] == [BrokenPipeError]


@pytest.mark.anyio
async def test_a_reader_can_be_closed_at_any_time(driver: str) -> None:
    ends = Ends(driver)
    reader = ends.reader()
    os.write(ends.outgoing, b"some")
    assert await ends.changes.until(lambda: ends.data == b"some", 5)
    reader.pause()
    os.write(ends.outgoing, b"more")
    reader.close()
    reader.close()
    reader.resume()
    with pytest.raises(BrokenPipeError):
        os.write(ends.outgoing, b"x")
    await anyio.lowlevel.checkpoint()
    os.close(ends.outgoing)
    assert ends.data == b"some"
    assert ends.ends == []


def _uvloop() -> asyncio.AbstractEventLoop:
    loop: asyncio.AbstractEventLoop = pytest.importorskip("uvloop").new_event_loop()
    return loop


def is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


async def busy() -> tuple[Ends, LoopReader, LoopWriter]:
    """A reader that reads, and a writer that has to wait for room."""
    ends = Ends("asyncio")
    writer = LoopWriter(ends.outgoing, ends.ease, ends.failed)
    os.set_blocking(ends.outgoing, False)
    writer.write(b"x" * 1_000_000)
    reader = LoopReader(ends.incoming, ends.chunk, ends.ended)
    return ends, reader, writer


class Refusing(asyncio.SelectorEventLoop):
    """A loop that takes nothing once it is closed, as some do."""

    def remove_reader(self, fd: Any) -> bool:
        if self.is_closed():
            raise RuntimeError("Event loop is closed")
        return super().remove_reader(fd)

    def remove_writer(self, fd: Any) -> bool:
        if self.is_closed():
            raise RuntimeError("Event loop is closed")
        return super().remove_writer(fd)


@pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, Refusing, _uvloop])
def test_descriptors_are_closed_after_their_loop(new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    loop = new_loop()
    ends, reader, writer = loop.run_until_complete(busy())
    loop.close()
    reader.close()
    writer.close()
    assert not is_open(ends.incoming)
    assert not is_open(ends.outgoing)


def test_closing_goes_on_where_somebody_else_closed_a_descriptor() -> None:
    async def close() -> Ends:
        ends, reader, writer = await busy()
        os.close(ends.incoming)
        os.close(ends.outgoing)
        for end in (reader, writer, reader, writer):
            end.close()
        return ends

    assert asyncio.run(close()).ends == []


@effort(100)
@given(st.lists(st.integers(0, 40), max_size=30))
def test_pieces_are_the_lines(sizes: list[int]) -> None:
    messages = [bytes([97 + n % 26]) * size for n, size in enumerate(sizes)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipes, "JOINED", 16)
        found = pipes.pieces(messages, sum(sizes) + len(sizes))
    assert b"".join(found) == b"".join(message + b"\n" for message in messages)
    assert len(found) <= 1 + 2 * sum(size >= 16 for size in sizes) + sum(sizes) // 16


def test_large_messages_are_not_copied() -> None:
    small, large = b"s" * 10, b"l" * pipes.JOINED
    found = pipes.pieces([small, large, small], 20 + pipes.JOINED + 3)
    assert found == [small + b"\n", large, b"\n" + small + b"\n"]
    assert found[1] is large


def test_what_an_event_loop_can_watch() -> None:
    incoming, outgoing = os.pipe()
    assert can_wait(incoming)
    assert can_wait(outgoing)
    os.close(incoming)
    os.close(outgoing)
    for path in (__file__, os.devnull):
        with Path(path).open("rb") as file:
            assert not can_wait(file.fileno())
