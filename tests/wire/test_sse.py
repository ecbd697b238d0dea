"""Events out of a stream: the same ones however the stream is cut, in bounded memory, in linear time; and into one."""

from __future__ import annotations

import re
import time
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpstruct.base.errors import LimitExceeded
from mcpstruct.wire.frames import HEAD
from mcpstruct.wire.sse import KEEP_ALIVE, Parsed, SseEvent, SseParser, encode_event

LIMIT = 40
LINE_ENDINGS = ["\n", "\r", "\r\n"]


# -- a second reader, in the words of the HTML standard, for whole streams alone ---------------------------------------


def read(stream: bytes, limit: int) -> tuple[list[SseEvent | str], str | None, int | None]:
    """The events of a stream, the last event id, and the time to wait: slow, and as the standard puts it."""
    text = stream.decode("utf-8", "surrogateescape")
    text = text.removeprefix("\ufeff")
    lines = re.split("\r\n|\n|\r", text)
    rest = lines.pop()  # not ended: read only to see whether it is too long already
    found: list[SseEvent | str] = []
    buffers = {"data": "", "event": "", "id": ""}
    last_id, reconnection, own_retry, size = "", None, None, 0
    for line in [*lines, None]:
        if line == "":
            last_id = buffers["id"]
            data = buffers["data"].removesuffix("\n")
            if data:
                raw = data.encode("utf-8", "surrogateescape")
                found.append(SseEvent(raw, shown(buffers["event"]) or "message", shown(last_id) or None, own_retry))
            buffers |= {"data": "", "event": ""}
            size, own_retry = 0, None
            continue
        part = rest if line is None else line
        if part.startswith(":") or size > limit:
            continue
        size += len(part.encode("utf-8", "surrogateescape"))
        if size > limit:
            found.append("too long")
            buffers["data"] = ""
            continue
        if line is None:
            continue
        name, _, value = line.partition(":")
        value = value[1:] if value[:1] == " " else value
        if name == "data":
            buffers["data"] += value + "\n"
        elif name == "event" or (name == "id" and "\0" not in value):
            buffers[name] = value
        elif name == "retry" and re.fullmatch("[0-9]{1,15}", value):
            reconnection = own_retry = int(value)
    return found, shown(last_id) or None, reconnection


def shown(text: str) -> str:
    """What the standard's decoder makes of bytes that are not UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def told(parsed: list[Parsed]) -> list[SseEvent | str]:
    return [one if isinstance(one, SseEvent) else "too long" for one in parsed]


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    """The stream in pieces, cut at these places."""
    edges = [0, *sorted(min(place, len(stream)) for place in places), len(stream)]
    return [stream[a:b] for a, b in pairwise(edges)]


def parse(*chunks: bytes, limit: int = LIMIT) -> tuple[list[SseEvent | str], str | None, int | None]:
    parser = SseParser(limit)
    events = [one for chunk in chunks for one in told(parser.feed(chunk))]
    return events, parser.last_event_id, parser.retry


LINES = st.one_of(
    st.sampled_from([
        "", "", "data: {}", "data:x", "data:", "data", "data: ", "data:  two", "data: é\u2028\x85", "id: 7", "id",
        "id:", "id: a\0b", "id: é", "event: ping", "event", "event:", "retry: 500", "retry: -1", "retry: 5s",
        "retry: ٥", "retry: " + "9" * 20, "retry:", ":", ": data: no", ":" + "c" * 60, "dato: x", " data: x", "Data: x",
        "\ufeffdata: x", "data: " + "y" * 35, "unknown: " + "z" * 30, "data\0: x",
    ]),
    st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), max_size=8),
)  # fmt: skip
STREAMS = st.tuples(
    st.sampled_from([b"", b"", b"\xef\xbb\xbf", b"\xef\xbb", b"\xef\xbb\xbf\xef\xbb\xbf"]),
    st.lists(
        st.one_of(
            st.tuples(LINES, st.sampled_from(LINE_ENDINGS)).map(lambda line: "".join(line).encode()),
            st.sampled_from([b"data: {}\n\n", b"data: {}\r\n\r\n", b"data: 1\r\r", b"\xff", b"data: \xc3", KEEP_ALIVE]),
            st.binary(max_size=4),
        ),
        max_size=25,
    ).map(b"".join),
).map(b"".join)


@given(STREAMS, st.lists(st.integers(0, 200), max_size=12))
def test_any_cut_of_a_stream_gives_what_the_standard_says(stream: bytes, places: list[int]) -> None:
    assert parse(*cut(stream, places)) == read(stream, LIMIT)


@given(STREAMS)
def test_byte_by_byte_is_no_exception(stream: bytes) -> None:
    assert parse(*(stream[i : i + 1] for i in range(len(stream)))) == read(stream, LIMIT)


@given(STREAMS, st.lists(st.integers(0, 200), max_size=12))
def test_without_a_limit_in_sight_no_event_is_reported(stream: bytes, places: list[int]) -> None:
    events, last_id, retry = parse(*cut(stream, places), limit=1_000_000)
    assert (events, last_id, retry) == read(stream, 1_000_000)
    assert "too long" not in events


TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
FIELDS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), min_size=1, max_size=10)


@given(
    st.lists(
        st.tuples(
            TEXT | st.sampled_from(['{"a": 1}', "a\r\nb", "a\rb", "\n\n", "data: x", ":", " x"]),
            st.none() | FIELDS,
            st.none() | FIELDS,
            st.none() | st.integers(0, 10**9),
        ),
        max_size=6,
    ),
    st.lists(st.integers(0, 400), max_size=8),
)
def test_what_is_written_is_read(
    written: list[tuple[str, str | None, str | None, int | None]], places: list[int]
) -> None:
    stream = KEEP_ALIVE.join(
        encode_event(data.encode(), id=event_id, event=event, retry=retry) for data, event_id, event, retry in written
    )
    expected: list[SseEvent] = []
    last_id: str | None = None
    for data, event_id, event, retry in written:
        last_id = last_id if event_id is None else event_id
        if data:
            seen = data.replace("\r\n", "\n").replace("\r", "\n").encode()
            expected.append(SseEvent(seen, event or "message", last_id, retry))
    events, seen_id, _ = parse(*cut(stream, places), limit=10_000)
    assert events == expected
    assert seen_id == last_id


# -- fields -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", LINE_ENDINGS)
def test_every_line_ending_will_do(ending: str) -> None:
    stream = "event: endpoint|id: 4|data: /messages|data: ?a=1||data: {}||".replace("|", ending).encode()
    expected = [SseEvent(b"/messages\n?a=1", "endpoint", "4"), SseEvent(b"{}", "message", "4")]
    assert parse(stream, limit=100)[0] == expected
    assert parse(*(stream[i : i + 1] for i in range(len(stream))), limit=100)[0] == expected


def test_an_event_is_there_with_the_cr_that_ends_it() -> None:
    parser = SseParser()
    assert parser.feed(b"data: 1\r\n\r") == [SseEvent(b"1")]
    assert parser.feed(b"\ndata: 2\r\n\r\n") == [SseEvent(b"2")]


def test_only_one_space_goes_and_data_is_not_decoded() -> None:
    assert parse(b"data:  \xff\xfe \n\n")[0] == [SseEvent(b" \xff\xfe ")]


def test_a_character_may_come_in_two_pieces() -> None:
    assert parse(b"data: \xc3", b"\xa9\n\n")[0] == [SseEvent("é".encode())]


def test_a_byte_order_mark_is_skipped_once_and_only_at_the_start() -> None:
    assert parse(b"\xef", b"\xbb", b"\xbfdata: 1\n\n\xef\xbb\xbfdata: 2\n\n")[0] == [SseEvent(b"1")]


def test_an_event_without_data_moves_what_to_come_back_with() -> None:
    parser = SseParser()
    assert parser.feed(encode_event(b"", id="s-1", retry=500)) == []
    assert (parser.last_event_id, parser.retry) == ("s-1", 500)
    assert parser.feed(b"id: s-2\n\n") == []
    assert parser.last_event_id == "s-2"
    assert parser.feed(b"data: {}\n\n") == [SseEvent(b"{}", "message", "s-2")]


def test_an_id_counts_only_once_its_event_has_ended() -> None:
    parser = SseParser()
    parser.feed(b"id: 1\ndata: a\n\nid: 2\ndata: lost")
    assert parser.last_event_id == "1"
    parser.feed(b"\n\n")
    assert parser.last_event_id == "2"


def test_an_empty_id_takes_the_last_one_back() -> None:
    events, last_id, _ = parse(b"id: 1\ndata: a\n\nid\ndata: b\n\n")
    assert events == [SseEvent(b"a", "message", "1"), SseEvent(b"b")]
    assert last_id is None


def test_where_the_last_connection_stopped_is_not_forgotten() -> None:
    parser = SseParser(last_event_id="9")
    assert parser.feed(b"data: a\n\n") == [SseEvent(b"a", "message", "9")]
    assert parser.last_event_id == "9"
    assert parser.feed(b"event: ping\ndata: a\n\n") == [SseEvent(b"a", "ping", "9")]


def test_half_an_event_at_the_end_is_none() -> None:
    assert parse(b"data: {}\n")[0] == []


# -- bounds -----------------------------------------------------------------------------------------------------------


def test_an_event_that_is_too_long_is_reported_at_once_and_the_stream_goes_on() -> None:
    parser = SseParser(100)
    assert parser.feed(b"id: 1\ndata: " + b"a" * 80) == []
    (fault,) = parser.feed(b"b" * 80)
    assert isinstance(fault, LimitExceeded)
    assert fault.expected == "an event of at most 100 bytes"
    assert fault.data.startswith(b"aaaa")
    assert parser.feed(b"c" * 1000 + b"\ndata: more\nid: 2\n\ndata: next\n\n") == [SseEvent(b"next", "message", "1")]


def test_a_report_shows_the_beginning() -> None:
    (fault,) = SseParser(5000).feed(b'data: {"id": 5,' + b"x" * 9000 + b"\n\n")
    assert isinstance(fault, LimitExceeded)
    assert len(fault.data) == HEAD
    assert fault.data.startswith(b'{"id": 5,')


@pytest.mark.parametrize("line", [b"data: x\n", b"data\n", b"id: 1\n", b"retry: 1\n", b"nonsense\n"])
def test_no_number_of_short_lines_makes_an_event_of_any_size(line: bytes) -> None:
    parser = SseParser(1000)
    reports = [one for _ in range(1000) for one in parser.feed(line)]
    assert told(reports) == ["too long"]


def test_comments_may_go_on_for_ever() -> None:
    parser = SseParser(20)
    parser.feed(b"data: 1\n")
    for _ in range(1000):
        assert parser.feed(b":\r\n: " + b"c" * 100) == []
        assert parser.feed(b"c\n") == []
    assert parser.feed(b"\n") == [SseEvent(b"1")]


@pytest.mark.parametrize("start", [b"data: ", b": ", b"nonsense", b"data: x\ndata: "])
def test_what_is_not_wanted_is_not_kept(start: bytes) -> None:
    parser = SseParser(64 * 1024)
    parser.feed(start)
    crumb = b"x" * 4096
    tracemalloc.start()
    try:
        for _ in range(2500):
            parser.feed(crumb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def test_many_short_lines_take_no_more_room_than_they_are_long() -> None:
    parser = SseParser(1_000_000)
    lines = b"data:xx\n" * 1000  # kept apart, each would take 48 bytes
    tracemalloc.start()
    try:
        for _ in range(50):
            parser.feed(lines)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 400_000


def test_the_work_is_linear() -> None:
    def seconds_a_megabyte(megabytes: int, chunk: int) -> float:
        stream = b"data: " + b"x" * (megabytes << 20) + b"\n\n"
        pieces = [stream[i : i + chunk] for i in range(0, len(stream), chunk)]
        best = float("inf")
        for _ in range(3):
            parser = SseParser()
            began = time.process_time()
            events = [event for piece in pieces for event in parser.feed(piece)]
            best = min(best, time.process_time() - began)
            assert len(events) == 1
        return best / megabytes

    for chunk in (1024, 65536):
        assert seconds_a_megabyte(16, chunk) < 8 * max(seconds_a_megabyte(2, chunk), 0.001)


# -- writing ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (encode_event(b"{}"), b"data: {}\n\n"),
        (encode_event(b"a\nb\r\nc\rd"), b"data: a\ndata: b\ndata: c\ndata: d\n\n"),
        (encode_event(b"{}", id="5", event="message"), b"event: message\nid: 5\ndata: {}\n\n"),
        (encode_event(b"", id="0", retry=500), b"id: 0\nretry: 500\ndata: \n\n"),
    ],
)
def test_events_look_like_this(event: bytes, expected: bytes) -> None:
    assert event == expected


@pytest.mark.parametrize("text", ["a\nb", "a\rb", "a\0b"])
def test_nothing_can_be_smuggled_into_a_field(text: str) -> None:
    with pytest.raises(ValueError, match="id may hold neither"):
        encode_event(b"{}", id=text)
    with pytest.raises(ValueError, match="event may hold neither"):
        encode_event(b"{}", event=text)


def test_nobody_waits_for_less_than_nothing() -> None:
    with pytest.raises(ValueError, match="milliseconds"):
        encode_event(b"", retry=-1)
