"""Tools behind connections of `server.run("streamable-http")`: a task begins what comes together, and that is all."""

from __future__ import annotations

import asyncio
import json
import random
from contextlib import AsyncExitStack
from contextvars import ContextVar

import anyio
import anyio.lowlevel
import pytest

from mcpstruct import MCPServer

from .http1 import Client, connected
from .processes import call

pytestmark = pytest.mark.anyio
whose: ContextVar[str] = ContextVar("whose", default="nobody")


async def at_once(text: str) -> str:
    assert whose.get() == "nobody"
    whose.set(text)
    return text


async def scope_without_a_wait(text: str) -> str:
    with anyio.CancelScope() as scope:  # noqa: ASYNC100 - that is the point
        scope.cancel()
    return text


async def scope_with_a_wait(text: str) -> str:
    with anyio.CancelScope() as scope:
        scope.cancel()
        await anyio.lowlevel.checkpoint()
    return text if scope.cancelled_caught else "was not cancelled"


async def deadline_without_a_wait(text: str) -> str:
    async with asyncio.timeout(0):  # noqa: ASYNC100 - that is the point
        return text


async def deadline_with_a_wait(text: str) -> str:
    try:
        async with asyncio.timeout(0):
            await asyncio.Event().wait()
    except TimeoutError:
        return text
    return "was not stopped"


async def children(text: str) -> str:
    done: list[int] = []

    async def child() -> None:
        await anyio.lowlevel.checkpoint()
        done.append(1)

    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(child)
    return text if len(done) == 3 else "left before its children"


async def cancelled_children(text: str) -> str:
    async with anyio.create_task_group() as group:
        group.start_soon(anyio.sleep_forever)
        group.cancel_scope.cancel()
    return text


async def cancels_itself(text: str) -> str:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    try:
        await anyio.sleep_forever()
    except asyncio.CancelledError:
        task.uncancel()
    return text


def in_a_thread(text: str) -> str:
    return text


TOOLS = [
    at_once, scope_without_a_wait, scope_with_a_wait, deadline_without_a_wait, deadline_with_a_wait, children,
    cancelled_children, cancels_itself, in_a_thread,
]  # fmt: skip


def request(tool: str, text: str) -> bytes:
    body, headers = call(tool, text=text)
    fields = {**headers, "host": "127.0.0.1", "content-length": str(len(body))}
    return b"POST /mcp HTTP/1.1\r\n%b\r\n%b" % ("".join(f"{k}: {v}\r\n" for k, v in fields.items()).encode(), body)


@pytest.mark.parametrize("seed", range(3))
async def test_each_call_gets_its_own_answer(seed: int) -> None:
    server = MCPServer("tools", version="1")
    for tool in TOOLS:
        server.add_tool(tool, structured_output=False)
    app = server.http_app()

    async def talk(client: Client, name: str, chance: random.Random) -> None:
        for turn in range(12):
            texts = [f"{name}-{turn}-{n}" for n in range(chance.choice([1, 1, 3]))]
            client.send(b"".join(request(chance.choice(TOOLS).__name__, text) for text in texts))
            for text in texts:
                _, _, body = await client.response()
                assert json.loads(body)["result"]["content"] == [{"type": "text", "text": text}]

    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(connected(app)) for _ in range(20)]
        async with asyncio.TaskGroup() as group:
            for n, client in enumerate(clients):
                chance = random.Random(100 * seed + n)  # noqa: S311 - the same each time
                group.create_task(talk(client, f"{seed}-{n}", chance))
    await app.aclose()
