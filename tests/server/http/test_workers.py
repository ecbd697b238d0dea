"""Several processes that serve one program at one address."""

from __future__ import annotations

import os
import signal
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcpstruct.server import MCPServer, StateSealer
from tests.faults.support import gone_within

from .conftest import Raw, raw
from .processes import PROGRAM, Ended, ask, base_url, call, command, message, program, runs_itself

pytestmark = pytest.mark.anyio
BOTH = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])


async def pid_of(client: Raw) -> int:
    """Which worker a connection leads to."""
    answer = await client.modern("tools/call", {"name": "pid", "arguments": {}})
    found: int = answer.json["result"]["structuredContent"]["result"]
    return found


async def pids(base: str, wanted: int) -> set[int]:
    """Call until so many workers have answered."""
    found: set[int] = set()
    with anyio.fail_after(20):
        while len(found) < wanted:
            async with raw(base) as client:  # another connection may come to another worker
                found.add(await pid_of(client))
    return found


async def at_worker(stack: AsyncExitStack, base: str, pid: int) -> Raw:
    """A client whose one connection leads to a certain worker."""
    with anyio.fail_after(20):
        while True:
            client = await stack.enter_async_context(raw(base))
            if await pid_of(client) == pid:
                return client


@pytest.mark.parametrize("how", ["program", "command"])
@BOTH
async def test_workers_share_the_work(tmp_path: Path, how: str, number: signal.Signals) -> None:
    text = runs_itself("workers=3, sessions=False")
    started = program(tmp_path, text) if how == "program" else command(tmp_path, "--workers", "3", "--no-sessions")
    with started as server:
        async with raw(base_url(server)) as client, anyio.create_task_group() as tasks:
            found = await pids(base_url(server), 3)
            assert server.process.pid not in found
            last = Ended()
            tasks.start_soon(ask, client, call("slow", seconds=0.5), last)
            await server.heard("begun")
            status, seconds = await server.ended(number)
        assert (status, seconds < 3) == (0, True)
        assert b"finished" in last.body
        await gone_within(5, *found)
        assert sorted(server.noted) == ["begun", "down", "down", "down", "up", "up", "up"]
        assert len(server.said.splitlines()) == 8
        assert server.said.count(" at http") == 1


async def test_a_ctrl_c_reaches_every_process_of_a_terminal(tmp_path: Path) -> None:
    """And is one signal, not two: what is in progress may finish."""
    with command(tmp_path, "--workers", "2", "--no-sessions") as server:
        async with raw(base_url(server)) as client, anyio.create_task_group() as tasks:
            last = Ended()
            tasks.start_soon(ask, client, call("slow", seconds=0.5), last)
            await server.heard("begun")
            os.killpg(server.process.pid, signal.SIGINT)
            status, seconds = await server.ended()
        assert (status, seconds < 3) == (0, True)
        assert b"finished" in last.body
        assert "Traceback" not in server.said


async def test_a_state_opens_in_any_worker(tmp_path: Path) -> None:
    """Two questions, each round of which may be another worker's: the key that seals their state is one."""
    rounds: list[tuple[dict[str, Any], str | None]] = []
    meta = {"io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}}}
    with command(tmp_path, "--workers", "3", "--no-sessions") as server:
        base = base_url(server)

        async def one_round(**more: Any) -> Any:
            async with raw(base) as client:
                answer = await client.modern("tools/call", {"name": "ask", "arguments": {}, **more}, meta=meta)
                return answer.json["result"]

        await pids(base, 3)
        for _ in range(12):
            first = await one_round()
            given = {"who": {"action": "accept", "content": {"name": "Ann"}}}
            second = await one_round(inputResponses=given, requestState=first.get("requestState"))
            rounds.append((given, second["requestState"]))
            aged = {"age": {"action": "accept", "content": {"age": "7"}}}
            third = await one_round(inputResponses=aged, requestState=second["requestState"])
            assert "Ann" in third["content"][0]["text"]


def test_a_key_that_is_shared_takes_the_place_of_none_but_a_random_one() -> None:
    own, shared = b"o" * 32, b"s" * 32
    bound: dict[str, Any] = {"principal": None, "method": "tools/call", "digest": b""}
    for keys, opens in ((None, shared), ([own], own)):
        server = MCPServer(state_keys=keys)
        server.share_key(shared)
        server.share_key(b"x" * 32)
        state = server._sealer.seal(b"payload", **bound)
        assert StateSealer([opens]).open(state, **bound) == b"payload"


async def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    with command(tmp_path, "--workers", "2", "--no-sessions") as server:
        async with raw(base_url(server)) as client:
            victim, other = await pids(base_url(server), 2)
            os.kill(victim, signal.SIGKILL)
            await server.heard("exit status -9; another takes its place")
            await server.heard("noted: up", 3)
            await client.session.close()
        async with raw(base_url(server)) as client:
            assert victim not in await pids(base_url(server), 2)
        assert (await server.ended(signal.SIGTERM))[0] == 0
        await gone_within(5, other)


async def test_workers_do_not_outlive_their_parent(tmp_path: Path) -> None:
    with command(tmp_path, "--workers", "2", "--no-sessions") as server:
        found = await pids(base_url(server), 2)
        server.process.kill()
        await gone_within(5, *found)


async def test_a_second_signal_does_not_wait_for_workers(tmp_path: Path) -> None:
    with program(tmp_path, runs_itself("workers=2, sessions=False, drain=60")) as server:
        base = base_url(server)
        async with AsyncExitStack() as stack, anyio.create_task_group() as tasks:
            found = await pids(base, 2)
            first, second = [await at_worker(stack, base, min(found)) for _ in range(2)]
            ended, stream = Ended(), Ended()
            tasks.start_soon(ask, first, call("slow", seconds=3600), ended)
            await server.heard("begun")
            tasks.start_soon(ask, second, message("subscriptions/listen", notifications={}), stream)
            await stream.opened.wait()
            server.process.send_signal(signal.SIGINT)
            await stream.has(b'"complete"')  # the worker has heard
            assert (ended.status, server.process.poll()) == (None, None)
            status, seconds = await server.ended(signal.SIGINT)
        assert (status, seconds < 1.5) == (0, True)
        await gone_within(5, *found)


def test_a_program_whose_workers_would_start_workers(tmp_path: Path) -> None:
    with program(tmp_path, PROGRAM + "\nserver.run('streamable-http', port=0, workers=2, sessions=False)\n") as server:
        assert server.end()[0] == 1
        assert "put it under `if __name__ == '__main__':`" in server.said
        assert "worker" in server.said.splitlines()[-1]


def test_a_server_that_workers_would_not_find(tmp_path: Path) -> None:
    text = PROGRAM + "\nif __name__ == '__main__':\n    MCPServer().run('streamable-http', workers=2, sessions=False)\n"
    with program(tmp_path, text) as server:
        assert server.end()[0] == 1
        assert "the server has to be a global of a module in a file" in server.said.splitlines()[-1]


def test_workers_that_fail_to_start(tmp_path: Path) -> None:
    failing = runs_itself("workers=2, sessions=False").replace('note("up")', 'raise OSError("no database")')
    started = time.monotonic()
    with program(tmp_path, failing) as server:
        assert server.end()[0] == 1
        assert "OSError: no database" in server.said
        assert "could not start (exit status 1)" in server.said.splitlines()[-1]
    assert time.monotonic() - started < 15


async def test_a_server_that_is_a_global_of_another_module(tmp_path: Path) -> None:
    (tmp_path / "tools.py").write_text(PROGRAM, encoding="utf-8")
    text = (
        "import tools\n\nif __name__ == '__main__':\n"
        "    tools.server.run('streamable-http', port=0, workers=2, sessions=False)\n"
    )
    with program(tmp_path, text) as server:
        assert len(await pids(base_url(server), 2)) == 2
        assert (await server.ended(signal.SIGTERM))[0] == 0
