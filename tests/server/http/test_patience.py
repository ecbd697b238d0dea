"""An answer that takes its time becomes a stream, so that nobody on the way takes silence for the end."""

from __future__ import annotations

import anyio
import pytest

from mcpstruct.server import MCPServer
from tests.support.http import serving

from .conftest import raw

pytestmark = pytest.mark.anyio
KEEP_ALIVE = 0.15


def make_server() -> MCPServer:
    server = MCPServer("patient")

    @server.tool()
    async def wait(seconds: float) -> str:
        await anyio.sleep(seconds)
        return "done"

    @server.resource("slow://failing")
    async def failing() -> str:
        await anyio.sleep(2 * KEEP_ALIVE)
        raise LookupError

    return server


@pytest.mark.parametrize("era", ["modern", "legacy", "without sessions"])
async def test_a_slow_answer_is_a_stream(era: str) -> None:
    arguments = {"name": "wait", "arguments": {"seconds": 4.5 * KEEP_ALIVE}}
    async with serving(make_server(), keep_alive=KEEP_ALIVE, sessions=era == "legacy") as base, raw(base) as client:
        if era == "modern":
            answer = await client.modern("tools/call", arguments)
        else:
            await client.initialize("2025-06-18")
            body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": arguments}
            headers = client.session_headers if era == "legacy" else {"mcp-protocol-version": "2025-06-18"}
            answer = await client.send("POST", body, headers)
        assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream")
        comments = [line for line in answer.body.splitlines() if line.startswith(b":")]
        assert 2 <= len(comments) <= 4
        (message,) = answer.messages
        assert message["result"]["content"][0]["text"] == "done"


async def test_a_quick_one_is_not() -> None:
    async with serving(make_server(), keep_alive=KEEP_ALIVE) as base, raw(base) as client:
        answer = await client.modern("tools/call", {"name": "wait", "arguments": {"seconds": KEEP_ALIVE / 3}})
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
        assert answer.json["result"]["content"][0]["text"] == "done"


async def test_a_slow_error_is_told_on_the_stream() -> None:
    async with serving(make_server(), keep_alive=KEEP_ALIVE) as base, raw(base) as client:
        answer = await client.modern("resources/read", {"uri": "slow://failing"})
        assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream")
        assert answer.messages[0]["error"]["code"] == -32603
