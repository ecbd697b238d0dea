"""Closing: the server ends, in time, whatever it does about it, and nothing stays behind."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import re
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import anyio
import pytest

from mcpstruct.base.errors import ConnectFailed
from mcpstruct.transport.stdio import StdioServer
from tests.transport.support import Recorder, alive, connected, echo, end, gone, python

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(os.name != "posix", reason="these servers are POSIX's")]
STUBBORN = """
import os, signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.write(1, b"{%d}\\n" % os.getpid())
while True: signal.pause()
"""
FAMILY = """
import os, signal
child = os.fork()
if not child:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.write(1, b"{%d}\\n" % os.getpid())
    os.close(0), os.close(1), os.close(2)
    while True: signal.pause()
os.read(0, 1)
"""


async def pid_of(recorder: Recorder) -> int:
    """The process that a server told of in its first message."""
    return int((await recorder.count(1))[0][1:-1])


async def test_a_server_that_leaves_is_not_pushed(threads: bool, tmp_path: Path) -> None:
    code = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: print("pushed", file=said, flush=True))
said = open(sys.argv[1], "w")
print("{}", flush=True)
while line := sys.stdin.readline(): print(line, file=said, end="")
print("end of input", file=said, flush=True)
"""
    path = tmp_path / "said"
    transport, recorder = python(code, str(path), threads=threads).transport(), Recorder()
    await transport.open(recorder)
    await recorder.count(1)
    transport.send(b"last words")
    with anyio.fail_after(1.5):
        await transport.aclose()
    assert path.read_text() == "last words\nend of input\n"


async def test_what_is_waiting_goes_out_before_the_input_ends(threads: bool, tmp_path: Path) -> None:
    code = """
import os, sys, time
os.write(1, b"{}\\n")
got = 0
while data := os.read(0, 1 << 20): got += len(data); time.sleep(0.001)
open(sys.argv[1], "w").write(str(got))
"""
    path = tmp_path / "got"
    async with connected(python(code, str(path), threads=threads)) as (transport, recorder):
        await recorder.count(1)
        transport.send(b"x" * 2_000_000)
        assert transport.congested
    assert path.read_text() == "2000001"


async def test_a_server_that_ignores_everything_is_gone_in_time(driver: str, threads: bool) -> None:
    grace = 2.0 if driver == "asyncio" else 0.1  # the default, for which to wait once is enough
    transport, recorder = python(STUBBORN, threads=threads, shutdown_grace=grace).transport(), Recorder()
    await transport.open(recorder)
    pid = await pid_of(recorder)
    started = time.monotonic()
    await transport.aclose()
    assert grace + 1 < time.monotonic() - started < grace + 3
    assert not alive(pid)
    assert recorder.losses == []


async def test_a_server_in_the_middle_of_a_write_can_leave(threads: bool) -> None:
    code = 'import os, sys; os.write(1, b"{}\\n"); sys.stdin.read(); os.write(1, b"x" * 5_000_000)'
    transport, recorder = python(code, threads=threads).transport(), Recorder()
    await transport.open(recorder)
    await recorder.count(1)
    transport.pause()
    with anyio.fail_after(1.5):
        await transport.aclose()
    assert recorder.messages == [b"{}"]
    assert recorder.violations == []


async def test_children_of_a_server_end_with_it(threads: bool) -> None:
    transport, recorder = python(FAMILY, threads=threads).transport(), Recorder()
    await transport.open(recorder)
    grandchild = await pid_of(recorder)
    assert alive(grandchild)
    with anyio.fail_after(3):
        await transport.aclose()
    gone(grandchild)


async def test_children_of_a_server_end_though_it_has_gone_before(threads: bool) -> None:
    async with connected(python(FAMILY, threads=threads)) as (transport, recorder):
        grandchild = await pid_of(recorder)
        transport.send(b"leave")
        await recorder.loss()
        assert alive(grandchild)
    gone(grandchild)


async def test_closing_twice_and_by_many(threads: bool) -> None:
    transport, recorder = echo(threads=threads).transport(), Recorder()
    await transport.aclose()  # there is nothing to close yet
    await transport.open(recorder)
    with anyio.fail_after(3):
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(transport.aclose)
        await transport.aclose()
    assert recorder.losses == []


async def test_closing_goes_on_if_who_asked_is_cancelled(threads: bool) -> None:
    transport, recorder = python(STUBBORN, threads=threads, shutdown_grace=0.1).transport(), Recorder()
    await transport.open(recorder)
    pid = await pid_of(recorder)
    with anyio.CancelScope() as scope:
        scope.cancel()
        await transport.aclose()
    assert scope.cancelled_caught
    assert alive(pid)
    with anyio.fail_after(4):
        await transport.aclose()
    assert not alive(pid)


def children() -> list[str]:
    """The processes that the main thread has started, zombies too."""
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text("utf-8").split()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts what Linux shows")
async def test_nothing_stays_behind(threads: bool) -> None:
    def count() -> tuple[int, int, int]:
        gc.collect()
        # Threads of a pool of tools, which other tests may have left idle, come and go as they like.
        threads = [thread for thread in threading.enumerate() if not thread.name.startswith("mcpstruct-tool")]
        return len(os.listdir("/proc/self/fd")), len(threads), len(children())  # noqa: PTH208 - its own too

    async def round_trip() -> None:
        target = echo(threads=threads, stderr=[].append)
        async with connected(target) as (transport, recorder):
            transport.send(b"{}")
            await recorder.count(1)

    await round_trip()
    before = count()
    for _ in range(20):
        await round_trip()
    after = count()  # trio's own idle threads may have gone meanwhile
    assert all(now <= then for now, then in zip(after, before, strict=True)), (before, after)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts what Linux shows")
@pytest.mark.parametrize("part", ["guard.Guard.__init__", "process.Process.watch", "lines.LineTransport._write"])
async def test_nothing_stays_behind_where_half_of_it_starts(
    threads: bool, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - its own too
    monkeypatch.setattr(f"mcpstruct.transport.{part}", fail)
    transport = echo(threads=threads).transport()
    with pytest.raises(ConnectFailed, match="Too many open files") as caught:
        await transport.open(Recorder())
    assert isinstance(caught.value.__cause__, OSError)
    await transport.aclose()
    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
    assert children() == []


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts what Linux shows")
async def test_nothing_stays_behind_where_nothing_starts(threads: bool) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - its own too
    for _ in range(5):
        transport = StdioServer("no-such-command-anywhere", threads=threads).transport()
        with pytest.raises(Exception, match="no-such-command"):
            await transport.open(Recorder())
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="counts what Linux shows")
async def test_idling_wakes_nobody(driver: str, threads: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[None] = []
    async with connected(echo(threads=threads, stderr=turns.append)) as (transport, recorder):
        transport.send(b"{}")
        await recorder.count(1)
        await anyio.sleep(0.1)
        if driver.startswith("asyncio"):
            selector = asyncio.get_running_loop()._selector  # type: ignore[attr-defined]
            select = selector.select
            monkeypatch.setattr(selector, "select", lambda timeout=None: (turns.append(None), select(timeout))[1])
        before = waits_of_threads()
        assert len(before) == (0 if driver == "asyncio" else 4)
        await anyio.sleep(0.5)
        assert waits_of_threads() == before
        assert len(turns) <= 3


def waits_of_threads() -> dict[int | None, list[str]]:
    """How often each thread of a transport has begun to wait, as Linux tells."""
    return {
        thread.native_id: re.findall("ctxt.*", Path(f"/proc/self/task/{thread.native_id}/status").read_text("utf-8"))
        for thread in threading.enumerate()
        if thread.name.startswith("mcpstruct") and not thread.name.startswith("mcpstruct-tool")
    }


# -- when the event loop or the process ends first --------------------------------------------------------------------

HOST = """
import {backend}, os, signal, sys, time
from mcpstruct.base.errors import ConnectFailed
from mcpstruct.transport.stdio import StdioServer
class Receiver:
    refused = lost = lambda self, what: None
    def received(self, data): os.write(1, data[1:-1] + b"\\n")
async def main():
    target = StdioServer(sys.executable, ["-IS", "-c", STUBBORN], {options})
    transport = target.transport()
    await transport.open(Receiver())
    await {backend}.sleep(0.2)
{then}
STUBBORN = {stubborn!r}
{backend}.run(main{call})
"""


def host(driver: str, then: str, **options: object) -> subprocess.Popen[bytes]:
    """A process that starts a server which ignores everything, prints its process id, and then does something."""
    backend = driver.removesuffix(" with threads")
    options["threads"] = driver.endswith("threads")
    code = HOST.format(
        backend=backend,
        call="()" if backend == "asyncio" else "",
        options=", ".join(f"{name}={value!r}" for name, value in options.items()),
        stubborn=STUBBORN,
        then=textwrap.indent(then, "    "),
    )
    env = os.environ | {"PYTHONWARNINGS": "default"}
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)


def server_of(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


@pytest.mark.parametrize(
    "then",
    [
        "tasks = [asyncio.create_task(transport.aclose())]; await asyncio.sleep(0.1)",
        "await asyncio.wait_for(transport.aclose(), 0.1)",
        "asyncio.get_running_loop().call_later(0.1, asyncio.current_task().cancel); await transport.aclose()",
    ],
)
def test_an_event_loop_that_ends_takes_the_server_with_it(driver: str, then: str) -> None:
    if driver == "trio":
        then = "with trio.move_on_after(0.1): await transport.aclose()\nraise TimeoutError"
    started = time.monotonic()
    with host(driver, then) as process:
        pid = server_of(process)
        _, stderr = process.communicate(timeout=5)
    assert not alive(pid)
    assert time.monotonic() - started < 2.5
    assert b"never" not in stderr
    assert b"Warning" not in stderr


def test_a_transport_that_is_forgotten_ends_its_server_and_says_so() -> None:
    with host("asyncio", "pass") as process:
        pid = server_of(process)
        _, stderr = process.communicate(timeout=5)
    assert not alive(pid)
    assert b"was not closed" in stderr


@pytest.mark.parametrize("driver", ["asyncio with threads", "trio"])
def test_threads_do_not_keep_a_process_from_ending(driver: str) -> None:
    with host(driver, "sys.exit(0)") as process:
        pid = server_of(process)
        process.wait(2)
    gone(pid)


def test_a_host_that_is_killed_takes_the_server_with_it() -> None:
    with host("asyncio", "os.kill(os.getpid(), signal.SIGKILL)") as process:
        pid = server_of(process)
        process.wait(5)
    gone(pid, 5)


def test_without_a_guard_a_server_may_stay() -> None:
    with host("asyncio", "os.kill(os.getpid(), signal.SIGKILL)", guard=False) as process:
        pid = server_of(process)
        try:
            process.wait(5)
            assert alive(pid)
        finally:
            end(pid)
