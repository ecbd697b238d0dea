"""Lines out of a stream: the same ones however the stream is cut, in bounded memory, in linear time."""

from __future__ import annotations

import re
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpstruct.base.errors import PARSE_ERROR, LimitExceeded, ProtocolViolation
from mcpstruct.wire.frames import HEAD, Line, LineSplitter, stray

LIMIT = 12
STREAMS = st.lists(
    st.one_of(
        st.sampled_from([b"\n", b"\r\n", b"\r", b" ", b"{}", b"\n\n", b"\xff", b"\xef\xbb\xbf", b"x" * 11, b"x" * 30]),
        st.binary(max_size=4),
    ),
    max_size=20,
).map(b"".join)


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    """The stream in pieces, cut at these places."""
    edges = [0, *sorted(min(place, len(stream)) for place in places), len(stream)]
    return [stream[a:b] for a, b in pairwise(edges)]


def told(lines: list[Line]) -> list[bytes | str]:
    """Lines as they are, violations by name."""
    return [line if isinstance(line, bytes) else type(line).__name__ for line in lines]


def feed(splitter: LineSplitter, *chunks: bytes) -> list[bytes | str]:
    return told([line for chunk in chunks for line in splitter.feed(chunk)])


def lines_of(stream: bytes, limit: int) -> list[bytes | str]:
    """What a splitter ought to say, in the plainest words: the whole stream at once."""
    bare = [line.removesuffix(b"\r") for line in stream.split(b"\n")[:-1]]
    return [line if len(line) <= limit else "LimitExceeded" for line in bare if len(line) > limit or line.strip()]


@given(STREAMS, st.lists(st.integers(0, 120), max_size=12))
def test_any_cut_of_a_stream_gives_the_same_lines(stream: bytes, places: list[int]) -> None:
    stream += b"\n"
    blank_but_long = re.compile(rb"(?<![^\n])[ \t\r\x0b\x0c]{%d,}\n" % LIMIT)
    stream = blank_but_long.sub(b"\n", stream)  # whether these are skipped or too long depends on the cut
    splitter = LineSplitter(LIMIT)
    assert feed(splitter, *cut(stream, places)) == lines_of(stream, LIMIT)
    assert splitter.eof() is None


@given(STREAMS)
def test_byte_by_byte_is_no_exception(stream: bytes) -> None:
    whole, crumbs = LineSplitter(), LineSplitter()
    assert feed(whole, stream) == feed(crumbs, *(stream[i : i + 1] for i in range(len(stream))))
    assert str(whole.eof()) == str(crumbs.eof())


@pytest.mark.parametrize("chunks", [(b"{}\r\n",), (b"{}\r", b"\n"), (b"{}", b"\r\n"), (b"{", b"}\r\n"), (b"{}\n",)])
def test_a_carriage_return_belongs_to_the_line_break(chunks: tuple[bytes, ...]) -> None:
    assert feed(LineSplitter(2), *chunks) == [b"{}"]


def test_blank_lines_are_skipped() -> None:
    assert feed(LineSplitter(), b"\n \n\t\r\n\r\n{}\n  ", b" \n", b"\r", b"\n") == [b"{}"]


def test_only_the_bytes_between_line_breaks_are_the_line() -> None:
    odd = b"\xef\xbb\xbf{} \x85\xe2\x80\xa8\x0c\xff"
    assert feed(LineSplitter(), odd + b"\n") == [odd]


@pytest.mark.parametrize("size", [1, 3, 7, 64])
def test_a_line_that_is_too_long_is_told_once_and_skipped(size: int) -> None:
    stream = b'{"a":1}\n' + b"x" * 50 + b'\n{"b":2}\n'
    chunks = [stream[i : i + size] for i in range(0, len(stream), size)]
    assert feed(LineSplitter(10), *chunks) == [b'{"a":1}', "LimitExceeded", b'{"b":2}']


def test_a_line_that_is_too_long_is_told_of_before_it_ends() -> None:
    splitter = LineSplitter(10)
    (violation,) = splitter.feed(b"x" * 12)
    assert isinstance(violation, LimitExceeded)
    assert violation.expected == "a line of at most 10 bytes"
    assert violation.data == b"x" * 12
    assert splitter.feed(b"x" * 100) == []
    assert splitter.eof() is None
    assert "data" not in str(violation)


def test_a_violation_shows_the_head_of_the_line() -> None:
    for chunks in ([b"x" * 5000 + b"\n"], [b"x" * 2500, b"x" * 2500], [b"x" * 999, b"x" * 4001]):
        splitter = LineSplitter(2000)
        (violation,) = [line for chunk in chunks for line in splitter.feed(chunk)]
        assert isinstance(violation, ProtocolViolation)
        assert violation.data == b"x" * HEAD


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("size", [1, 4, 100])
def test_the_limit_itself_is_allowed(end: bytes, size: int) -> None:
    for length, fits in ((10, True), (11, False)):
        stream = b"x" * length + end
        chunks = [stream[i : i + size] for i in range(0, len(stream), size)]
        assert feed(LineSplitter(10), *chunks) == ([b"x" * 10] if fits else ["LimitExceeded"])


def test_half_a_line_at_the_end_is_a_violation() -> None:
    splitter = LineSplitter()
    assert feed(splitter, b'{}\n{"a":', b"1}") == [b"{}"]
    violation = splitter.eof()
    assert violation is not None
    assert (violation.code, violation.data) == (PARSE_ERROR, b'{"a":1}')
    assert splitter.eof() is None


def test_white_space_at_the_end_is_nothing() -> None:
    splitter = LineSplitter()
    assert feed(splitter, b"{}\n \r") == [b"{}"]
    assert splitter.eof() is None


@pytest.mark.parametrize("line", [b"{}", b" \t[1]", b"{nonsense"])
def test_what_may_be_a_message_is_not_judged_here(line: bytes) -> None:
    assert stray(line) is None


@pytest.mark.parametrize("line", [b"Listening on stdio", b"\xef\xbb\xbf{}", b"1", b'"{}"'])
def test_a_banner_is_no_message(line: bytes) -> None:
    violation = stray(line)
    assert violation is not None
    assert (violation.code, violation.data) == (PARSE_ERROR, line)


def test_what_is_skipped_is_not_kept() -> None:
    splitter = LineSplitter(1 << 20)
    chunk = b"x" * (1 << 16)
    tracemalloc.start()
    try:
        violations = sum(len(splitter.feed(chunk)) for _ in range(512))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert violations == 1
    assert peak < 3 << 20


def test_crumbs_of_a_line_cost_no_more_memory_than_the_line() -> None:
    splitter = LineSplitter(1 << 18)
    tracemalloc.start()
    try:
        assert [line for _ in range(1 << 17) for line in splitter.feed(b"xy")] == []
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 << 18
    assert splitter.feed(b"\n") == [b"xy" * (1 << 17)]


class Counted(bytes):
    """Bytes that count how many of them are searched for a line break."""

    searched = 0

    def partition(self, sep: bytes, /) -> tuple[bytes, bytes, bytes]:  # type: ignore[override]
        before, found, after = super().partition(sep)
        Counted.searched += len(before) + len(found)
        return before, found, Counted(after)

    def split(self, sep: bytes | None = None, maxsplit: int = -1) -> list[bytes]:  # type: ignore[override]
        Counted.searched += len(self)
        return super().split(sep, maxsplit)


@pytest.mark.parametrize("size", [1, 100, 4096])
def test_every_byte_is_searched_once(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Counted, "searched", 0)
    stream = (b"x" * 50_000 + b"\n" + b"y" * 30 + b"\n") * 3 + b"z" * 10_000
    splitter = LineSplitter(20_000)
    for start in range(0, len(stream), size):
        splitter.feed(Counted(stream[start : start + size]))
    assert Counted.searched == len(stream)
