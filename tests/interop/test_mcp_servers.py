"""Our client with servers written with the official SDK: its second generation in both eras, and its first."""

from __future__ import annotations

import base64

import anyio
import pytest
from msgspec import Struct

from mcpstruct.base.errors import MethodNotInRevision, RemoteError, RequestTimeout
from mcpstruct.client import Change, Client
from mcpstruct_bindings.merged import types as t
from tests.interop.support import LEGACY, MODERN, Heard, program, text_of

pytestmark = pytest.mark.anyio
SERVERS = {
    "mcp 2.3.0, auto": ("mcp2", "mcp2_server.py", None, MODERN),
    "mcp 2.3.0, modern": ("mcp2", "mcp2_server.py", MODERN, MODERN),
    "mcp 2.3.0, legacy": ("mcp2", "mcp2_server.py", LEGACY, LEGACY),
    "mcp 2.3.0, oldest": ("mcp2", "mcp2_server.py", "2024-11-05", "2024-11-05"),
    "mcp 1.30.0, auto": ("mcp1", "mcp1_server.py", None, LEGACY),
    "mcp 1.30.0, oldest": ("mcp1", "mcp1_server.py", "2024-11-05", "2024-11-05"),
}


class Sum(Struct):
    total: int
    terms: list[int]


@pytest.mark.parametrize("server", SERVERS.values(), ids=SERVERS)
async def test_everything_that_a_server_offers(server: tuple[str, str, str | None, str]) -> None:
    peer, file, revisions, spoken = server
    heard = Heard()
    target = program(peer, file, stderr=heard.on_stderr)
    with anyio.fail_after(30):
        async with heard.client(target, revisions=revisions, verdicts={}) as client:
            assert client.protocol_version == spoken
            assert client.server_info is not None
            assert client.server_info.name == "peer"
            assert client.instructions == "Ask away."
            names = {tool.name async for tool in client.tools()}
            assert names == {"add", "count", "ask", "think", "where", "fail", "hang", "text", "change"}

            async def told() -> None:
                result = await client.call_tool("count", {"to": 3}, on_progress=heard.on_progress)
                assert text_of(result) == "counted to 3"
                assert heard.progress == [(1, 3, "at 1"), (2, 3, "at 2"), (3, 3, "at 3")]
                assert [log.data for log in heard.logs if "counted" in str(log.data)] == [
                    "counted 1",
                    "counted 2",
                    "counted 3",
                ]

            async def asked() -> None:
                assert text_of(await client.call_tool("think")) == "oracle says because"
                assert heard.samplings[-1].max_tokens == 7
                assert heard.samplings[-1].system_prompt == "Be brief."
                where = await client.call_tool("where")
                assert "file:///data/ada" in text_of(where)
                if spoken >= "2025-06-18":
                    assert text_of(await client.call_tool("ask")) == "large, spicy"
                    assert heard.forms[-1].message == "What would you like?"

            async def given() -> None:
                if spoken >= "2025-06-18":
                    assert await client.call_tool("add", {"terms": [1, 2, 3]}, into=Sum) == Sum(6, [1, 2, 3])
                failed = await client.call_tool("fail")
                assert failed.is_error
                assert "out of cheese" in text_of(failed)
                wrong = await client.call_tool("add", {"terms": "many"})
                assert wrong.is_error
                assert text_of(await client.call_tool("text", {"size": 2_000_000})) == "é" * 2_000_000

            for part in (told, asked, given):
                await part()
            await offered(client)
            await interrupted(client, heard)
    assert heard.violations == []


async def offered(client: Client) -> None:
    """Resources, templates, prompts and completions."""
    assert {resource.uri async for resource in client.resources()} == {"peer://motd", "peer://bytes"}
    assert [template.uri_template async for template in client.resource_templates()] == ["peer://greeting/{name}"]
    (content,) = (await client.read_resource("peer://motd")).contents
    assert isinstance(content, t.TextResourceContents)
    assert (content.text, content.mime_type) == ("hello", "text/plain")
    (content,) = (await client.read_resource("peer://bytes")).contents
    assert isinstance(content, t.BlobResourceContents)
    assert base64.b64decode(content.blob) == bytes(range(256))
    (content,) = (await client.read_resource("peer://greeting/Ada%20L")).contents
    assert isinstance(content, t.TextResourceContents)
    assert content.text.startswith("hello, Ada")
    with pytest.raises(RemoteError):
        await client.read_resource("peer://nothing")
    (prompt,) = [prompt async for prompt in client.prompts()]
    assert [(argument.name, argument.required) for argument in prompt.arguments or ()] == [
        ("item", True),
        ("price", False),
    ]
    messages = (await client.get_prompt("haggle", {"item": "gourd"})).messages
    assert [(message.role, message.content) for message in messages] == [
        ("user", t.TextContent(text="5 for the gourd?")),
        ("assistant", t.TextContent(text="Never!")),
    ]
    reference = t.ResourceTemplateReference(uri="peer://greeting/{name}")
    completed = await client.complete(reference, t.CompleteRequestParamsArgument(name="name", value="a"))
    assert completed.completion.values == ["ada", "alan"]


async def interrupted(client: Client, heard: Heard) -> None:
    """A call that is cancelled stops at the other end, and so does one that times out."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(client.call_tool, "hang")
        await heard.until(lambda: "hanging" in heard.stderr)
        tasks.cancel_scope.cancel()
    await heard.until(lambda: heard.stderr.count("stopped") == 1)
    with pytest.raises(RequestTimeout):
        await client.call_tool("hang", timeout=0.5)
    await heard.until(lambda: heard.stderr.count("stopped") == 2)
    if client.protocol_version < MODERN:
        await client.ping()
        await client.call_tool("change")
        await heard.until(lambda: "notifications/tools/list_changed" in dict(heard.notifications))
    else:
        with pytest.raises(MethodNotInRevision):
            await client.ping()
        async with client.listen(tools=True, uris=["peer://motd"]) as changes:
            await client.call_tool("change")
            seen = {await anext(changes), await anext(changes)}
        assert seen == {
            Change("notifications/tools/list_changed", None),
            Change("notifications/resources/updated", "peer://motd"),
        }
