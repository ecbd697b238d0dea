"""What is kept in memory for clients that come back: within bounds, and a fair share for each stream."""

from __future__ import annotations

import tracemalloc

import pytest

from mcpstruct.base.limits import MIB
from mcpstruct.server.http import MemoryEvents

pytestmark = pytest.mark.anyio


async def kept(store: MemoryEvents, stream: str, last: int) -> int:
    """How many of the latest events of a stream there are."""
    number = last
    while number and await store.after(stream, number - 1):
        number -= 1
    return last - number


async def test_what_is_kept_comes_back_in_order() -> None:
    store = MemoryEvents()
    for number in range(1, 4):
        store.append("a", number, b"%d" % number)
    store.append("b", 1, b"other")
    assert await store.after("a", 0) == [(1, b"1"), (2, b"2"), (3, b"3")]
    assert await store.after("a", 2) == [(3, b"3")]
    assert await store.after("a", 3) == []
    store.drop("a")
    store.drop("a")
    assert await store.after("a", 2) is None
    assert await store.after("b", 0) == [(1, b"other")]


@pytest.mark.parametrize("size", [0, 100, 20_000])
@pytest.mark.parametrize("streams", [1, 5_000])
async def test_no_more_memory_is_taken_than_is_allowed(size: int, streams: int) -> None:
    """Small events, and streams with hardly any, cost more than the bytes in them."""
    tracemalloc.start()
    try:
        store = MemoryEvents(max_bytes=2 * MIB, max_stream_bytes=2 * MIB)
        before, _ = tracemalloc.get_traced_memory()
        for number in range(20_000):
            store.append(f"{'x' * 32}/{number % streams}", number // streams + 1, bytes(size))
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 1 * MIB < after - before < 2.2 * MIB


async def test_a_stream_is_kept_within_its_own_bound() -> None:
    store = MemoryEvents(max_stream_bytes=10_000)
    for number in range(1, 101):
        store.append("a", number, bytes(1000))
    assert 5 <= await kept(store, "a", 100) <= 9
    assert await store.after("a", 1) is None
    store.append("a", 101, bytes(20_000))
    assert await store.after("a", 100) is None
    assert await store.after("a", 101) == []


async def test_a_busy_stream_does_not_push_out_quiet_ones() -> None:
    store = MemoryEvents(max_bytes=MIB, max_stream_bytes=MIB)
    for stream in range(20):
        for number in range(1, 6):
            store.append(f"quiet {stream}", number, bytes(2_000))
    for number in range(1, 5_001):
        store.append("busy", number, bytes(2_000))
    for stream in range(20):
        assert await kept(store, f"quiet {stream}", 5) == 5
    assert 100 < await kept(store, "busy", 5_000) < 500


async def test_streams_that_are_old_and_in_use_are_no_worse_off_than_new_ones() -> None:
    store = MemoryEvents(max_bytes=MIB)
    for number in range(1, 1_001):
        store.append("standalone", number, bytes(100))
        store.append(f"request {number}", 1, bytes(10_000))
    assert await kept(store, "standalone", 1_000) > 10
    assert await kept(store, "request 1000", 1) == 1
