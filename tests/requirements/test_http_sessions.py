"""Servers over HTTP whose clients opened a session: streams, what goes out on which, and what may be taken up again."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

from mcpstruct.server import Context, MCPServer
from tests.requirements.support import everything
from tests.server.http.conftest import COMMON, Raw, raw
from tests.support.http import serving

pytestmark = pytest.mark.anyio
LEGACY = "2025-11-25"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def client(server: MCPServer | None = None, **options: Any) -> AsyncIterator[Raw]:
    with anyio.fail_after(20):
        async with serving(server or everything(), **options) as base, raw(base) as one:
            yield one


async def events(response: Any) -> AsyncIterator[tuple[str, Any]]:
    """The events of a stream, as they come: id and message, None where there is none."""
    event: dict[str, str] = {}
    async for line in response.content:
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            event[name.rstrip(":")] = value
        elif event:
            yield event.get("id", ""), json.loads(event["data"]) if event.get("data") else None
            event = {}


async def until(stream: AsyncIterator[tuple[str, Any]], method: str) -> list[tuple[str, Any]]:
    """The events up to the first of a method, which is the last of them."""
    found: list[tuple[str, Any]] = []
    async for one in stream:
        found.append(one)
        if one[1] is not None and one[1].get("method", "result") == method:
            break
    return found


def request(one: Raw, request_id: Any, name: str, **meta: Any) -> dict[str, Any]:
    """What `aiohttp` is told in order to post the call of a tool."""
    params = {"name": name, "arguments": {}, "_meta": meta}
    body = {"jsonrpc": "2.0", "id": request_id, "method": "tools/call", "params": params}
    return {"data": json.dumps(body).encode(), "headers": {**COMMON, **one.session_headers}}


def listening(one: Raw, last: str | None = None) -> dict[str, Any]:
    headers = {**one.session_headers, "accept": "text/event-stream"}
    return {"headers": headers if last is None else {**headers, "last-event-id": last}}


def talking() -> tuple[MCPServer, anyio.Event]:
    """A server with a tool that reports, changes a list, and goes on when it is let."""
    server, go_on = everything(), anyio.Event()

    @server.tool()
    async def talk(ctx: Context[Any]) -> str:
        await ctx.report_progress(1)
        server.tool(name=f"new {len(server.tools)}")(lambda: "")
        await go_on.wait()
        await ctx.report_progress(2)
        return "done"

    return server, go_on


@pytest.mark.parametrize(
    "message",
    [
        {"method": "notifications/cancelled", "params": {"requestId": {}}},
        {"method": "notifications/cancelled", "params": 5},
        {"method": 7},
        {"id": 1, "result": {}, "error": {"code": 1, "message": "x"}},
        {"id": 1, "error": 5},
    ],
)
async def test_session_notifications_refused(message: dict[str, Any]) -> None:
    async with client() as one:
        await one.initialize()
        answer = await one.send("POST", {"jsonrpc": "2.0", **message}, one.session_headers)
        assert answer.status >= 400
        assert answer.json.get("id") is None


async def test_session_answers_are_json_or_a_stream() -> None:
    async with client() as one:
        opened = await one.initialize()
        assert opened.headers["content-type"] == "application/json"
        for method in ("ping", "tools/list", "resources/list", "no/such"):
            answer = await one.legacy(method)
            assert answer.headers["content-type"] == "application/json"
            assert answer.json["id"] == 1
        streamed = await one.legacy("tools/call", {"name": "report", "_meta": {"progressToken": 1}})
        assert streamed.headers["content-type"] == "text/event-stream"


async def test_session_messages_on_one_stream_alone() -> None:
    """Of a request's stream, the stream of another request, and the session's own: no message comes twice."""
    server, go_on = talking()
    async with client(server) as one:
        await one.initialize()
        found: dict[str, list[Any]] = {}

        async def call(name: str) -> None:
            async with one.session.post(one.url, **request(one, name, "talk", progressToken=name)) as response:
                found[name] = await until(events(response), "result")

        async with one.session.get(one.url, **listening(one)) as response:
            own = events(response)
            async with anyio.create_task_group() as group:
                group.start_soon(call, "a")
                group.start_soon(call, "b")
                await until(own, "notifications/tools/list_changed")
                await until(own, "notifications/tools/list_changed")
                go_on.set()
            server.prompts.remove("greet")
            rest = await until(own, "notifications/prompts/list_changed")
        assert [message["method"] for _, message in rest if message] == ["notifications/prompts/list_changed"]
        for name in ("a", "b"):
            told = [message for _, message in found[name] if message]
            assert [message.get("method", "result") for message in told] == ["notifications/progress"] * 2 + ["result"]
            assert [m["params"]["progressToken"] for m in told[:2]] == [name] * 2
            assert told[2]["id"] == name


async def test_session_second_own_stream_takes_over() -> None:
    """Two streams of the session at once would not get the same message: the later one gets it."""
    server = everything()
    async with client(server) as one:
        await one.initialize()
        async with one.session.get(one.url, **listening(one)) as first:
            before = events(first)
            async with one.session.get(one.url, **listening(one)) as second:
                server.prompts.remove("greet")
                after = await until(events(second), "notifications/prompts/list_changed")
                assert len([message for _, message in after if message]) == 1
                assert [message async for _, message in before if message] == []  # to its end


async def test_session_own_stream_has_no_answers() -> None:
    server, go_on = talking()
    async with client(server) as one:
        await one.initialize()
        go_on.set()
        async with one.session.get(one.url, **listening(one)) as response:
            await one.legacy("tools/call", {"name": "talk", "_meta": {"progressToken": 1}})
            await one.legacy("tools/list")
            server.prompts.remove("greet")
            told = await until(events(response), "notifications/prompts/list_changed")
        assert all("method" in message for _, message in told if message)


async def test_session_event_ids_are_unique() -> None:
    server, go_on = talking()
    async with client(server) as one:
        await one.initialize()
        go_on.set()
        ids: list[str] = []
        async with one.session.get(one.url, **listening(one)) as response:
            for number in range(3):
                async with one.session.post(one.url, **request(one, number, "talk", progressToken=number)) as called:
                    ids += [found for found, message in await until(events(called), "result") if message]
            own = events(response)
            for _ in range(3):
                told = await until(own, "notifications/tools/list_changed")
                ids += [found for found, message in told if message]
        assert len(ids) == 12
        assert all(ids)
        assert len(set(ids)) == len(ids)


async def test_session_replay_of_one_stream_alone() -> None:
    server, go_on = talking()
    async with client(server) as one:
        await one.initialize()
        last: dict[str, str] = {}
        for name in ("a", "b"):
            async with one.session.post(one.url, **request(one, name, "talk", progressToken=name)) as response:
                last[name] = (await until(events(response), "notifications/progress"))[-1][0]
        go_on.set()
        for name in ("a", "b"):
            async with one.session.get(one.url, **listening(one, last[name])) as response:
                told = [message for _, message in await until(events(response), "result") if message]
            assert [message.get("method", "result") for message in told] == ["notifications/progress", "result"]
            assert told[0]["params"] == {"progressToken": name, "progress": 2}
            assert told[1]["id"] == name


async def test_session_id_is_not_to_be_guessed() -> None:
    async with client() as one:
        ids = set()
        for _ in range(20):
            await one.initialize()
            assert one.sid is not None
            assert len(one.sid) >= 32
            assert all(0x21 <= ord(character) <= 0x7E for character in one.sid)
            ids.add(one.sid)
        assert len(ids) == 20


async def test_session_terminated_is_not_found() -> None:
    """Whatever is asked of it."""
    async with client() as one:
        await one.initialize()
        assert (await one.send("DELETE", headers=one.session_headers)).status in (200, 204)
        assert (await one.legacy("ping")).status == 404
        assert (await one.legacy_notify("notifications/initialized")).status == 404
        for options in (listening(one), listening(one, "0-0")):
            async with one.session.get(one.url, **options) as response:
                assert response.status == 404


async def test_session_version_header() -> None:
    async with client() as one:
        await one.initialize()
        for version, status in ((LEGACY, 200), ("1999-01-01", 400), ("x", 400), ("", 400), (None, 200)):
            body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
            headers = {**one.session_headers, "mcp-protocol-version": version}
            assert (await one.send("POST", body, headers)).status == status, version
            if status == 400:
                for verb in ("GET", "DELETE"):
                    refused = await one.send(verb, None, {**headers, "accept": "text/event-stream"})
                    assert refused.status == 400, (verb, version)


async def test_session_version_header_missing() -> None:
    """Where nothing else tells, the revision is the last one without the header."""
    server = MCPServer("x")

    @server.tool()
    async def which(ctx: Context[Any]) -> str:
        return ctx.protocol_version

    async with client(server, sessions=False) as one:
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "which"}}
        answer = await one.send("POST", body)
        assert answer.json["result"]["content"][0]["text"] == "2025-03-26"


async def test_session_only_initialize_opens() -> None:
    async with client() as one:
        for method in ("tools/list", "ping", "notifications/initialized"):
            body: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
            if not method.startswith("notifications"):
                body["id"] = 1
            answer = await one.send("POST", body, {"mcp-protocol-version": LEGACY})
            assert answer.status == 400
            assert "mcp-session-id" not in answer.headers
