"""A server's process over its standard streams: messages both ways, and whatever goes wrong in between."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import anyio
import pytest

from mcpstruct.base.errors import ConnectFailed, ConnectionLost, LimitExceeded
from mcpstruct.base.limits import MIB, Limits
from mcpstruct.transport.base import Target, Transport
from mcpstruct.transport.stdio import INHERITED, StdioServer
from tests.transport.support import Recorder, connected, echo, python

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(os.name != "posix", reason="these servers are POSIX's")]
AT_ONCE = 1.0


# -- messages ---------------------------------------------------------------------------------------------------------


async def test_messages_go_there_and_back_in_order(threads: bool) -> None:
    messages = [b'{"n":%d,"text":"%s"}' % (n, b"x" * (n % 700)) for n in range(2000)]
    async with connected(echo(threads=threads)) as (transport, recorder):
        for message in messages:
            transport.send(message)
        assert await recorder.count(2000) == messages
        transport.send(b"[1]")
        assert (await recorder.count(2001))[-1] == b"[1]"
    assert recorder.losses == []
    assert recorder.violations == []


async def test_what_is_sent_from_within_a_delivery_goes_out_too(threads: bool) -> None:
    async with connected(echo(threads=threads)) as (transport, recorder):
        recorder.on_message = lambda data: transport.send(data[:-1] + b" }") if len(data) < 300 else None
        transport.send(b"{ }")
        assert len((await recorder.count(298))[-1]) == 300


async def test_large_and_small_messages_keep_their_order(threads: bool) -> None:
    sizes = [10, 70_000, 10, 10, 3_000_000, 65_535, 65_536, 10, 200_000, 200_000, 10]
    messages = [b"{%s}" % (b"%d" % n * size)[:size] for n, size in enumerate(sizes)]
    async with connected(echo(threads=threads)) as (transport, recorder):
        for message in messages:
            transport.send(message)
        assert await recorder.count(len(messages)) == messages


async def test_the_largest_message_passes_and_a_larger_one_is_skipped(threads: bool) -> None:
    code = """
import os, sys
for size in 64 << 20, 65 << 20:
    print("{" + "x" * (size - 2) + "}")
for line in sys.stdin:
    print(len(line), line.strip() if len(line) < 99 else "", file=sys.stderr)
    print("{}", flush=True)
"""
    lines: list[str] = []
    async with connected(python(code, threads=threads, stderr=lines.append)) as (transport, recorder):
        transport.send(b'{"a":' + b" " * (64 * MIB) + b"1}")
        transport.send(b"{}")
        largest, *_ = await recorder.count(3, 20)
        assert len(largest) == 64 * MIB
        (violation,) = recorder.violations
        assert isinstance(violation, LimitExceeded)
        assert violation.data.startswith(b"{xxx")
        await recorder.until(lambda: len(lines) == 2)
    assert lines == [f"{64 * MIB + 8} ", "3 {}"]


async def test_the_limit_is_the_targets(threads: bool) -> None:
    async with connected(echo(threads=threads, limits=Limits(max_bytes=10))) as (transport, recorder):
        for message in (b'{"a":"1"}', b'{"a":"123456"}', b"{}"):
            transport.send(message)
        assert await recorder.count(2) == [b'{"a":"1"}', b"{}"]
        assert [type(violation) for violation in recorder.violations] == [LimitExceeded]


async def test_a_banner_is_skipped_and_told(threads: bool) -> None:
    code = 'print("Server 1.0\\n\\n  listening...\\n{}\\nbye\\n  [1]", flush=True); input()'
    async with connected(python(code, threads=threads)) as (_, recorder):
        assert await recorder.count(2) == [b"{}", b"  [1]"]
        assert [violation.data for violation in recorder.violations] == [b"Server 1.0", b"  listening...", b"bye"]


async def test_bytes_that_are_no_text_are_the_decoders_affair(threads: bool) -> None:
    code = r'import os; os.write(1, b"{\xff\xfe\x00}\r\n"); input()'
    async with connected(python(code, threads=threads)) as (_, recorder):
        assert await recorder.count(1) == [b"{\xff\xfe\x00}"]
        assert recorder.violations == []


async def test_pausing_holds_messages_back(threads: bool) -> None:
    code = """
import os, sys
sys.stdin.readline()
for n in range(40): os.write(1, b'{"n":%d,"x":"' % n + b"x" * 65536 + b'"}\\n')
print("written", file=sys.stderr, flush=True)
sys.stdin.readline()
"""
    told: list[str] = []
    async with connected(python(code, threads=threads, stderr=told.append)) as (transport, recorder):
        recorder.on_message = lambda data: transport.pause()
        transport.send(b"{}")
        await recorder.count(1)
        before = len(recorder.messages)
        transport.send(b"{}")
        await anyio.sleep(0.1)
        assert len(recorder.messages) == before < 40
        recorder.on_message = lambda data: None
        transport.resume()
        await recorder.count(40)
        assert [int(data[5 : data.index(b",")]) for data in recorder.messages] == list(range(40))


# -- a peer that doesn't read -----------------------------------------------------------------------------------------

LAZY = """
import os, sys, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
os.write(1, b"{%d}\\n" % os.getpid())
signal.sigwait({signal.SIGUSR1})
got = 0
while data := os.read(0, 1 << 20): got += len(data); data.endswith(b"!}\\n") and os.write(1, b"[%d]\\n" % got)
"""


async def test_who_does_not_read_makes_the_transport_congested(threads: bool) -> None:
    message = b"{%s}" % (b"x" * 100_000)
    async with connected(python(LAZY, threads=threads)) as (transport, recorder):
        pid = int((await recorder.count(1))[0][1:-1])
        sent = 0
        while not transport.congested:
            transport.send(message)
            sent += 1
        assert 10 < sent < 15  # 1 MiB, and what the pipe holds
        drained = anyio.Event()

        async def drain() -> None:
            await transport.drain()
            drained.set()

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(drain)
            await anyio.wait_all_tasks_blocked()
            assert not drained.is_set()
            os.kill(pid, signal.SIGUSR1)
            with anyio.fail_after(5):
                await drained.wait()
        assert not transport.congested
        transport.send(b"{!}")
        assert (await recorder.count(2))[1] == b"[%d]" % (sent * 100_003 + 4)


async def test_a_peer_that_does_not_read_is_closed_in_time(threads: bool) -> None:
    transport, recorder = python(LAZY, threads=threads, shutdown_grace=0.2).transport(), Recorder()
    await transport.open(recorder)
    await recorder.count(1)
    transport.send(b"x" * 5_000_000)
    assert transport.congested
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(transport.drain)
            await transport.aclose()
    assert not transport.congested
    assert recorder.losses == []


async def test_draining_ends_when_the_peer_does(threads: bool) -> None:
    async with connected(python(LAZY, threads=threads)) as (transport, recorder):
        pid = int((await recorder.count(1))[0][1:-1])
        transport.send(b"x" * 5_000_000)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(transport.drain)
            await anyio.wait_all_tasks_blocked()
            os.kill(pid, signal.SIGKILL)
            assert isinstance(await recorder.loss(AT_ONCE), ConnectionLost)


# -- no connection, and its loss --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "cause", "words"),
    [
        (StdioServer("no-such-command-anywhere"), FileNotFoundError, "No such file"),
        (StdioServer(__file__), PermissionError, "Permission denied"),
        (StdioServer(sys.executable, cwd="/no/such/folder"), FileNotFoundError, "'/no/such/folder'"),
    ],
)
async def test_what_cannot_be_started_is_told_with_its_reason(
    target: StdioServer, cause: type[OSError], words: str, threads: bool
) -> None:
    transport, recorder = target.transport(), Recorder()
    with pytest.raises(ConnectFailed) as caught:
        await transport.open(recorder)
    assert repr(target.command) in str(caught.value)
    assert words in str(caught.value)
    assert isinstance(caught.value.__cause__, cause)
    await transport.aclose()
    assert recorder.losses == []


async def test_a_server_that_exits_at_start_tells_why(threads: bool) -> None:
    code = 'import sys; sys.exit("There is no database")'
    lines: list[str] = []
    async with connected(python(code, threads=threads, stderr=lines.append)) as (transport, recorder):
        error = await recorder.loss(AT_ONCE)
        assert isinstance(error, ConnectionLost)
        assert (
            str(error) == f"{sys.executable!r} ended with exit status 1; its last words on stderr: There is no database"
        )
        with pytest.raises(ConnectionLost, match="exit status 1"):
            transport.send(b"{}")
        await transport.drain()
    assert lines == ["There is no database"]
    assert len(recorder.losses) == 1


async def test_messages_before_the_end_are_delivered(threads: bool) -> None:
    code = 'import os; [os.write(1, b"{%d}\\n" % n) for n in range(5000)]'
    async with connected(python(code, threads=threads)) as (_, recorder):
        error = await recorder.loss()
        assert str(error) == f"{sys.executable!r} ended with exit status 0"
        assert len(recorder.messages) == 5000


async def test_messages_before_the_end_are_delivered_to_who_paused(threads: bool) -> None:
    code = 'import os; os.write(1, b"{}\\n"); input(); os.write(1, b"{1}\\n{2}\\n")'
    async with connected(python(code, threads=threads)) as (transport, recorder):
        await recorder.count(1)
        transport.pause()
        transport.send(b"{}")
        await recorder.loss()
        assert recorder.messages[1:] == [b"{1}", b"{2}"]


async def test_a_peer_killed_in_the_middle_of_a_message(threads: bool) -> None:
    code = 'import os; os.write(1, b"{}\\n{half"); os.kill(os.getpid(), 9)'
    async with connected(python(code, threads=threads)) as (_, recorder):
        error = await recorder.loss(AT_ONCE)
        assert str(error) == f"{sys.executable!r} was killed by SIGKILL"
        assert recorder.messages == [b"{}"]
        assert [violation.data for violation in recorder.violations] == [b"{half"]


async def test_a_peer_that_closes_its_output_and_lives_on(threads: bool) -> None:
    code = 'import os, sys; os.write(1, b"{}\\n{"); os.close(1); sys.stdin.read()'
    async with connected(python(code, threads=threads)) as (_, recorder):
        error = await recorder.loss(AT_ONCE)
        assert str(error) == f"{sys.executable!r} closed its output"
        assert recorder.messages == [b"{}"]
        assert [violation.data for violation in recorder.violations] == [b"{"]


async def test_a_peer_that_closes_its_input_and_lives_on(threads: bool) -> None:
    code = 'import os, signal; os.close(0); os.write(1, b"{}\\n"); signal.pause()'
    async with connected(python(code, threads=threads)) as (transport, recorder):
        await recorder.count(1)
        transport.send(b"{}")
        error = await recorder.loss(AT_ONCE)
        assert str(error) == f"{sys.executable!r} no longer reads its input"


async def test_a_process_that_ended_is_gone_even_if_its_child_holds_the_pipes(threads: bool) -> None:
    code = """
import os, signal
if os.fork(): os.write(1, b"{%d}\\n" % os.getpid()); os._exit(3)
os.write(1, b"[%d]\\n" % os.getpid())
signal.pause()
"""
    async with connected(python(code, threads=threads)) as (_, recorder):
        error = await recorder.loss(AT_ONCE)
        assert str(error) == f"{sys.executable!r} ended with exit status 3"
        assert len(recorder.messages) == 2


# -- what a server is given -------------------------------------------------------------------------------------------


async def environment_of(target: Target) -> dict[str, str]:
    async with connected(target) as (_, recorder):
        (line,) = await recorder.count(1)
    return dict(eval(line))  # noqa: S307 - our own server's repr


async def test_a_server_gets_no_more_of_the_environment_than_it_needs(
    threads: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "secret")
    monkeypatch.setenv("LC_TIME", "C")
    monkeypatch.setenv("TERM", "() { :; }")
    code = "import os; print(dict(os.environ)); input()"
    given = await environment_of(python(code, env={"FOR_IT": "1", "USER": "other"}, threads=threads))
    assert given.items() >= {"FOR_IT": "1", "USER": "other", "LC_TIME": "C", "PATH": os.environ["PATH"]}.items()
    assert {name for name in given if not name.startswith("LC_")} <= {*INHERITED, "FOR_IT"} - {"TERM"}
    assert await environment_of(python(code, inherit_env=["SOME_*"], threads=threads)) | {"LC_CTYPE": ""} == {
        "SOME_TOKEN": "secret",
        "LC_CTYPE": "",  # which Python itself sets
    }
    assert (await environment_of(python(code, inherit_env=["*"]))).keys() >= os.environ.keys() - {"TERM", "_"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path.resolve()


async def test_a_server_starts_where_it_should(threads: bool, folder: Path) -> None:
    code = 'import os; print("{" + os.getcwd() + "}"); input()'
    async with connected(python(code, cwd=folder, threads=threads)) as (_, recorder):
        assert await recorder.count(1) == [b"{%s}" % os.fsencode(folder)]


def test_one_string_is_no_list_of_arguments() -> None:
    with pytest.raises(TypeError):
        StdioServer("server", "--all")
    with pytest.raises(TypeError):
        StdioServer("server", inherit_env="PATH")


async def test_a_target_gives_a_fresh_process_each_time() -> None:
    target = echo()
    assert isinstance(target.transport(), Transport)
    async with connected(target) as (first, one), connected(target) as (second, two):
        first.send(b"{1}")
        second.send(b"{2}")
        assert await one.count(1) == [b"{1}"]
        assert await two.count(1) == [b"{2}"]
        with pytest.raises(RuntimeError):
            await first.open(one)


async def test_nothing_is_sent_before_opening_or_after_closing(threads: bool) -> None:
    transport = echo(threads=threads).transport()
    with pytest.raises(ConnectionLost, match="not opened"):
        transport.send(b"{}")
    assert not transport.congested
    await transport.drain()
    await transport.open(Recorder())
    await transport.aclose()
    with pytest.raises(ConnectionLost, match="closed"):
        transport.send(b"{}")
    transport.pause()
    transport.resume()
    await transport.drain()


async def test_a_program_that_is_no_python(threads: bool) -> None:
    async with connected(StdioServer("cat", threads=threads)) as (transport, recorder):
        transport.send(b"{}")
        assert await recorder.count(1) == [b"{}"]
