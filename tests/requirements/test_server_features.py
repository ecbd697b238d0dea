"""Tools, resources, prompts, and what goes with them: discovery, caching, completion, logging, pages."""

from __future__ import annotations

import base64
import logging
from typing import Any

import pytest

from mcpstruct.base.errors import ProtocolViolation, RemoteError
from mcpstruct.server import Audio, Context, File, Image, LowLevelServer, MCPServer
from mcpstruct.types import (
    CallToolResult,
    Implementation,
    ListToolsResult,
    ReadResourceResult,
    ServerCapabilities,
    ServerCapabilitiesTools,
    TextResourceContents,
)
from mcpstruct_bindings.merged.server import ServerHandlers
from tests.requirements.support import CACHEABLE, CAPABILITIES, LOG_LEVEL, REQUESTS, everything
from tests.session.support import MODERN, NEWEST_LEGACY, by_hand, calls, served, settle, stamped

pytestmark = pytest.mark.anyio
ERAS = [NEWEST_LEGACY, MODERN]
INFO = Implementation(name="x", version="1")
LISTS = ("tools/list", "prompts/list", "resources/list", "resources/templates/list")


def params_of(revision: str, **params: Any) -> dict[str, Any]:
    return stamped(**params) if revision == MODERN else params


async def offered(peer: Any, revision: str) -> dict[str, Any]:
    """What a server says that it can do, in either era's way."""
    if revision != MODERN:
        return dict((await peer.initialize(revision))["capabilities"])
    return dict((await peer.ask("d", "server/discover", stamped()))["result"]["capabilities"])


# -- capabilities -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", ERAS)
async def test_capabilities_declared(revision: str) -> None:
    async with served(everything()) as peer:
        found = await offered(peer, revision)
        assert found.keys() >= {"tools", "prompts", "resources", "completions", "logging"}


@pytest.mark.parametrize("revision", ERAS)
async def test_capabilities_declared_and_kept(revision: str) -> None:
    """A list that is offered is given, be it empty."""
    async with served(MCPServer("empty")) as peer:
        assert (await offered(peer, revision)).keys() >= {"tools", "prompts", "resources"}
        for number, method in enumerate(LISTS):
            result = (await peer.ask(number, method, params_of(revision)))["result"]
            (items,) = (value for value in result.values() if isinstance(value, list))
            assert items == []


async def test_lists_are_the_same_for_every_connection() -> None:
    """Whoever asks, and whatever they asked before."""
    server = everything()
    async with served(server) as one, served(server) as two:
        first = [await one.ask(n, method, stamped()) for n, method in enumerate(LISTS)]
        for method, params in REQUESTS.items():
            await one.ask("x", method, stamped(**params))
        one.request("s", "subscriptions/listen", stamped(notifications={"toolsListChanged": True}))
        await one.ask("i", "tools/call", stamped(name="ask", _meta={CAPABILITIES: {"elicitation": {}}}))
        assert [await one.ask(n, method, stamped()) for n, method in enumerate(LISTS)] == first
        assert [await two.ask(n, method, stamped()) for n, method in enumerate(LISTS)] == first
        tools = [tool["name"] for tool in first[0]["result"]["tools"]]
        assert tools == ["add", "report", "ask"]  # as they were registered


# -- tools ------------------------------------------------------------------------------------------------------------


def nothing() -> int:
    """Do nothing."""
    return 1


@pytest.mark.parametrize(
    "schema", [{"type": "array"}, {"type": 5}, {"properties": {}}, {"type": "object", "properties": {"a": {"type": 5}}}]
)
async def test_tool_input_schema_is_valid(schema: dict[str, Any]) -> None:
    pytest.importorskip("jsonschema_rs")
    with pytest.raises(ValueError, match=r"object|/properties/a"):
        MCPServer("x").tool(input_schema=schema)(nothing)


async def test_tool_input_schema_is_valid_where_none_was_written() -> None:
    """A tool without parameters takes an object all the same."""
    server = MCPServer("x")
    server.tool()(nothing)
    async with served(server) as peer:
        (tool,) = (await peer.ask(1, "tools/list", stamped()))["result"]["tools"]
        assert tool["inputSchema"]["type"] == "object"


@pytest.mark.parametrize("schema", [None, [], "x", 5])
async def test_tool_input_schema_none_is_refused(schema: Any) -> None:
    """By the client, when it is looked at; a list whose schemas nobody looks at is passed on as it came."""
    async with by_hand(revision=MODERN) as (client, peer):

        async def play() -> None:
            result = {"tools": [{"name": "t", "inputSchema": schema}], "ttlMs": 0, "cacheScope": "private"}
            peer.answer(await peer.take(), {**result, "resultType": "complete"})

        async def look() -> Any:
            with pytest.raises(ProtocolViolation):
                assert (await client.list_tools()).tools[0].input_schema
            return "refused"

        assert (await calls(play, look))[1] == "refused"


def test_schema_dialect_unsupported_is_refused() -> None:
    pytest.importorskip("jsonschema_rs")
    for option in ("input_schema", "output_schema"):
        schema: Any = {option: {"$schema": "urn:of-ones-own", "type": "object"}}
        with pytest.raises(ValueError, match="dialect"):
            MCPServer("x").tool(**schema)(nothing)


@pytest.mark.parametrize("name", ["", "a b", "a\r\nb", "é", 5])
async def test_tool_header_annotations_are_valid(name: Any) -> None:
    """A server's own tool is held to the rules that clients hold it to."""
    schema = {"type": "object", "properties": {"a": {"type": "string", "x-mcp-header": name}}}
    with pytest.raises(ValueError, match="token"):
        MCPServer("x").tool(input_schema=schema)(nothing)


@pytest.mark.parametrize("revision", ERAS)
async def test_tool_unknown_is_invalid_params(revision: str) -> None:
    async with served(everything()) as peer:
        await offered(peer, revision)
        answer = await peer.ask(1, "tools/call", params_of(revision, name="no such"))
        assert answer["error"]["code"] == -32602


@pytest.mark.parametrize("revision", ERAS)
async def test_tool_inputs_are_validated(revision: str) -> None:
    """What does not fit is for the model to read; the tool does not run."""
    server, ran = MCPServer("x"), list[Any]()

    @server.tool()
    async def strict(a: int) -> str:
        ran.append(a)
        return ""

    async with served(server) as peer:
        await offered(peer, revision)
        for arguments in ({}, {"a": "one"}, {"a": 1, "b": 2}, {"a": None}, {"a": [1]}):
            answer = await peer.ask(1, "tools/call", params_of(revision, name="strict", arguments=arguments))
            assert answer["result"]["isError"] is True, arguments
        for arguments in ([], 5, "a"):
            answer = await peer.ask(1, "tools/call", params_of(revision, name="strict", arguments=arguments))
            assert answer["error"]["code"] == -32602
    assert ran == []


@pytest.mark.parametrize("revision", ERAS)
async def test_tool_structured_content_as_text_too(revision: str) -> None:
    async with served(everything()) as peer:
        await offered(peer, revision)
        params = params_of(revision, name="add", arguments={"a": 1, "b": 2})
        result = (await peer.ask(1, "tools/call", params))["result"]
        assert result["structuredContent"] == {"result": 3}
        assert [block["type"] for block in result["content"]] == ["text"]


# -- resources --------------------------------------------------------------------------------------------------------


def own() -> str:
    """Something."""
    return ""


@pytest.mark.parametrize("uri", ["no scheme", "1x://a", "data://a b", "a/b", "", "://x", "sch eme:x", "data:\n"])
def test_resource_uri_scheme(uri: str) -> None:
    with pytest.raises(ValueError, match="URI"):
        MCPServer("x").resource(uri)(own)


@pytest.mark.parametrize("uri", ["urn:a:b", "data://x", "x-own+1.0://y/z?q#f", "mailto:me@example.com", "x:"])
def test_resource_uri_scheme_of_ones_own(uri: str) -> None:
    server = MCPServer("x")
    server.resource(uri)(own)
    assert server.resources.get(uri) is not None


@pytest.mark.parametrize("uri", ["no:such", "", "not a uri", "data://PI", "data://pi/", "notes://", "data://pi?x"])
@pytest.mark.parametrize(("revision", "code"), [(NEWEST_LEGACY, -32002), (MODERN, -32602)])
async def test_resource_not_found(revision: str, code: int, uri: str) -> None:
    async with served(everything()) as peer:
        await offered(peer, revision)
        answer = await peer.ask(1, "resources/read", params_of(revision, uri=uri))
        assert "result" not in answer  # not even one without contents
        assert (answer["error"]["code"], answer["error"]["data"]) == (code, {"uri": uri})


async def test_resource_internal_error(caplog: pytest.LogCaptureFixture) -> None:
    server = MCPServer("x")

    @server.resource("data://broken")
    def broken() -> str:
        raise KeyError("hunter2")

    async with served(server) as peer:
        error = (await peer.ask(1, "resources/read", stamped(uri="data://broken")))["error"]
        assert error == {"code": -32603, "message": "internal error"}


async def test_resource_not_found_of_older_servers() -> None:
    """The code of before is still there to be seen, and tells no more than that."""
    async with by_hand(revision=MODERN) as (client, peer):

        async def play() -> None:
            peer.refuse(await peer.take(), -32002, "Resource not found", uri="a:b")

        outcome = (await calls(play, lambda: client.read_resource("a:b")))[1]
        assert isinstance(outcome, RemoteError)
        assert (outcome.code, outcome.data) == (-32002, {"uri": "a:b"})
        assert client.connected


@pytest.mark.parametrize("revision", ERAS)
async def test_resource_uris_are_validated(revision: str) -> None:
    """What is asked for is the very URI of a resource, or fits a template with values that lead nowhere else."""
    server, read = MCPServer("x"), list[str]()

    @server.resource("file:///data/{name}")
    def file(name: str) -> str:
        read.append(name)
        return name

    @server.resource("tree:///{+path}")
    def tree(path: str) -> str:
        read.append(path)
        return path

    async with served(server) as peer:
        await offered(peer, revision)
        for uri in (
            "file:///data/..",
            "file:///data/../etc/passwd",
            "file:///data/..%2Fetc%2Fpasswd",
            "file:///data/%2e%2e",
            "file:///data/%2E%2E%5Cx",
            "file:///data/a/b",
            "file:///data/a%00b",
            "file:///etc/passwd",
            "FILE:///data/a",
            "tree:///a/../b",
            "tree:///a/%2e%2e/b",
            "tree:///..",
        ):
            answer = await peer.ask(1, "resources/read", params_of(revision, uri=uri))
            assert "error" in answer, uri
        assert read == []
        for uri in ("file:///data/a.txt", "tree:///a/b.txt"):
            assert "result" in await peer.ask(1, "resources/read", params_of(revision, uri=uri))
    assert read == ["a.txt", "a/b.txt"]


@pytest.mark.parametrize("revision", ERAS)
async def test_resource_binary_is_base64(revision: str) -> None:
    server, data = MCPServer("x"), bytes(range(256))

    @server.resource("data://bytes", mime_type="image/png")
    def raw() -> bytes:
        return data

    async with served(server) as peer:
        await offered(peer, revision)
        result = (await peer.ask(1, "resources/read", params_of(revision, uri="data://bytes")))["result"]
        (contents,) = result["contents"]
        assert base64.b64decode(contents["blob"], validate=True) == data
        assert (contents["mimeType"], contents["uri"]) == ("image/png", "data://bytes")


# -- prompts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", ERAS)
async def test_prompt_errors(revision: str) -> None:
    async with served(everything()) as peer:
        await offered(peer, revision)
        for params in (
            {"name": "no such"},
            {"name": "greet"},
            {"name": "greet", "arguments": {}},
            {"name": "greet", "arguments": {"nome": "x"}},
            {"name": "greet", "arguments": {"name": 5}},
            {"name": "greet", "arguments": {"name": None}},
        ):
            assert (await peer.ask(1, "prompts/get", params_of(revision, **params)))["error"]["code"] == -32602, params


@pytest.mark.parametrize("revision", ERAS)
async def test_prompt_media(revision: str) -> None:
    server, data = MCPServer("x"), bytes(range(256))

    @server.prompt()
    def show() -> list[Any]:
        """Show what there is."""
        return [Image(data=data, format="png"), Audio(data=data, format="wav")]

    async with served(server) as peer:
        await offered(peer, revision)
        answer = await peer.ask(1, "prompts/get", params_of(revision, name="show"))
        blocks = [message["content"] for message in answer["result"]["messages"]]
        assert [(block["type"], block["mimeType"]) for block in blocks] == [
            ("image", "image/png"),
            ("audio", "audio/wav"),
        ]
        assert [base64.b64decode(block["data"], validate=True) for block in blocks] == [data, data]


@pytest.mark.parametrize("revision", ERAS)
async def test_prompt_embedded_resources(revision: str) -> None:
    server, data = MCPServer("x"), bytes(range(256))

    @server.prompt()
    def show() -> list[Any]:
        """Show what there is."""
        return [File("a,b", name="a.csv"), File(data, name="b.bin"), File(data)]

    async with served(server) as peer:
        await offered(peer, revision)
        answer = await peer.ask(1, "prompts/get", params_of(revision, name="show"))
        text, *others = [message["content"]["resource"] for message in answer["result"]["messages"]]
        assert (text["text"], text["mimeType"]) == ("a,b", "text/csv")
        assert ":" in text["uri"]
        for resource in others:
            assert base64.b64decode(resource["blob"], validate=True) == data
            assert resource["mimeType"] == "application/octet-stream"
            assert ":" in resource["uri"]


# -- discovery --------------------------------------------------------------------------------------------------------


async def test_discover_implemented() -> None:
    """By every server, of whatever kind, before anything else, and whatever it offers."""
    for server in (everything(), MCPServer("bare"), LowLevelServer(ServerHandlers(), info=INFO)):
        async with served(server) as peer:
            result = (await peer.ask(1, "server/discover", stamped()))["result"]
            assert MODERN in result["supportedVersions"]
            assert isinstance(result["capabilities"], dict)


# -- caching ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", CACHEABLE)
@pytest.mark.parametrize("options", [{}, {"ttl": 60, "cache_scope": "public"}])
async def test_caching_hints(method: str, options: Any) -> None:
    async with served(everything(**options)) as peer:
        result = (await peer.ask(1, method, stamped(**REQUESTS[method])))["result"]
        wanted = (60_000, "public") if options else (0, "private")
        assert (result["ttlMs"], result["cacheScope"]) == wanted


class Forgetful(ServerHandlers):
    """Says nothing of how long its results are fresh, or says what cannot be."""

    async def list_tools(self, params: Any, ctx: Any) -> ListToolsResult:
        return ListToolsResult(tools=[])

    async def read_resource(self, params: Any, ctx: Any) -> ReadResourceResult:
        return ReadResourceResult(contents=[TextResourceContents(uri=params.uri, text="")], ttl_ms=-5)


async def test_caching_hints_of_handlers_by_hand() -> None:
    async with served(LowLevelServer(Forgetful(), info=INFO)) as peer:
        for method, params in (("tools/list", {}), ("resources/read", {"uri": "a:b"})):
            result = (await peer.ask(1, method, stamped(**params)))["result"]
            assert (result["ttlMs"], result["cacheScope"]) == (0, "private")


def test_caching_ttl_is_not_negative() -> None:
    for ttl in (-1, -0.001, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="ttl"):
            MCPServer("x", ttl=ttl)
        with pytest.raises(ValueError, match="ttl"):
            MCPServer("x").resource("a:b", ttl=ttl)


async def test_caching_no_hints_where_input_is_asked_for() -> None:
    async with served(everything(ttl=60)) as peer:
        answer = await peer.ask(1, "tools/call", stamped(name="ask", _meta={CAPABILITIES: {"elicitation": {}}}))
        assert not {"ttlMs", "cacheScope"} & answer["result"].keys()


@pytest.mark.parametrize("ttl", [-1, -(2**40)])
async def test_caching_negative_ttl_is_zero(ttl: int) -> None:
    async with by_hand(revision=MODERN) as (client, peer):

        async def play() -> None:
            for _ in range(2):
                hints = {"ttlMs": ttl, "cacheScope": "private", "resultType": "complete"}
                peer.answer(await peer.take(), {"tools": [], **hints})

        async def twice() -> list[Any]:
            return [(await client.list_tools()).ttl_ms for _ in range(2)]

        assert (await calls(play, twice))[1] == [0, 0]


@pytest.mark.parametrize("scope", ["private", "public"])
async def test_caching_scope_of_all_pages(scope: Any) -> None:
    async with served(everything(page_size=1, ttl=5, cache_scope=scope)) as peer:
        cursor: dict[str, Any] = {}
        scopes = []
        while True:
            result = (await peer.ask(1, "tools/list", stamped(**cursor)))["result"]
            scopes.append(result["cacheScope"])
            if "nextCursor" not in result:
                break
            cursor = {"cursor": result["nextCursor"]}
        assert scopes == [scope] * 3


# -- completion -------------------------------------------------------------------------------------------------------

ARGUMENT = {"argument": {"name": "name", "value": ""}}


@pytest.mark.parametrize("revision", ERAS)
async def test_completion_errors(revision: str) -> None:
    async with served(everything()) as peer:
        await offered(peer, revision)
        for params in (
            {"ref": {"type": "ref/prompt", "name": "no such"}, **ARGUMENT},
            {"ref": {"type": "ref/prompt", "name": "greet"}},
            {"ref": {"type": "ref/prompt", "name": "greet"}, "argument": {"name": "name"}},
            {"ref": {"type": "ref/other", "name": "greet"}, **ARGUMENT},
            {"ref": {"type": "ref/prompt"}, **ARGUMENT},
            ARGUMENT,
        ):
            answer = await peer.ask(1, "completion/complete", params_of(revision, **params))
            assert answer["error"]["code"] == -32602, params


@pytest.mark.parametrize("revision", ERAS)
async def test_completion_not_offered(revision: str) -> None:
    async with served(MCPServer("x")) as peer:
        assert "completions" not in await offered(peer, revision)
        params = params_of(revision, ref={"type": "ref/prompt", "name": "greet"}, **ARGUMENT)
        assert (await peer.ask(1, "completion/complete", params))["error"]["code"] == -32601


# -- logging ----------------------------------------------------------------------------------------------------------


class Logging(ServerHandlers):
    """Logs, whatever it was asked for."""

    async def call_tool(self, params: Any, ctx: Context[Any]) -> CallToolResult:
        await ctx.log("emergency", "now")
        await ctx.session.notify_logging_message(level="emergency", data="again")
        return CallToolResult(content=[])


@pytest.mark.parametrize("revision", ERAS)
async def test_logging_declared_by_who_logs(revision: str) -> None:
    async with served(LowLevelServer(Logging(), info=INFO)) as peer:
        assert "logging" in await offered(peer, revision)
        params = params_of(revision, name="x", _meta={LOG_LEVEL: "debug"})
        assert "result" in await peer.ask(1, "tools/call", params)
        assert [message["params"]["data"] for message in peer.left] == ["now", "again"]


@pytest.mark.parametrize("revision", ERAS)
async def test_logging_declared_by_who_logs_or_not_sent(revision: str) -> None:
    capabilities = ServerCapabilities(tools=ServerCapabilitiesTools())
    server = LowLevelServer(Logging(), info=INFO, capabilities=capabilities)
    async with served(server) as peer:
        assert "logging" not in await offered(peer, revision)
        params = params_of(revision, name="x", _meta={LOG_LEVEL: "debug"})
        assert "result" in await peer.ask(1, "tools/call", params)
        await settle()
        assert peer.left == []


async def test_logging_for_who_asks_alone() -> None:
    """Each request for itself; and by whatever way a message comes about."""
    server = everything()
    log = logging.getLogger("requirements")

    @server.tool()
    async def chatter(ctx: Context[Any]) -> str:
        await ctx.log("emergency", "straight")
        await ctx.session.notify_logging_message(level="emergency", data="by hand")
        log.critical("by the standard library")
        return ""

    async with served(server) as peer:
        await peer.ask(1, "tools/call", stamped(name="chatter", _meta={LOG_LEVEL: "debug"}))
        assert len(peer.left) == 2
        peer.heard.clear()
        assert "result" in await peer.ask(2, "tools/call", stamped(name="chatter"))
        await settle()
        assert peer.heard == []


@pytest.mark.parametrize("level", ["loud", "", "INFO", 5, None, {}])
async def test_logging_level_unknown_is_refused(level: Any) -> None:
    async with served(everything()) as peer:
        answer = await peer.ask(1, "tools/list", stamped(_meta={LOG_LEVEL: level}))
        if level is not None:  # which stands for none
            assert answer["error"]["code"] == -32602
    async with served(everything()) as peer:
        await peer.initialize()
        assert (await peer.ask(2, "logging/setLevel", {"level": level}))["error"]["code"] == -32602


# -- pages ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", ERAS)
async def test_pagination_page_size_is_the_servers(revision: str) -> None:
    """Pages of any size, empty ones too, are followed to the end, and an empty cursor is one."""
    pages: list[dict[str, Any]] = [
        {"tools": _tools("a", "b", "c"), "nextCursor": ""},
        {"tools": [], "nextCursor": "\u0000 {not: json"},
        {"tools": _tools("d"), "nextCursor": "MA=="},
        {"tools": _tools("e", "f")},
    ]
    async with by_hand(revision=revision) as (client, peer):

        async def play() -> list[Any]:
            cursors = []
            for page in pages:
                request = await peer.take("tools/list")
                cursors.append(request.get("params", {}).get("cursor"))
                peer.answer(request, {**page, "ttlMs": 0, "cacheScope": "private", "resultType": "complete"})
            return cursors

        async def names() -> list[str]:
            return [tool.name async for tool in client.tools()]

        cursors, found = await calls(play, names)
        assert found == ["a", "b", "c", "d", "e", "f"]
        assert cursors == [None, "", "\u0000 {not: json", "MA=="]


def _tools(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "inputSchema": {"type": "object"}} for name in names]


@pytest.mark.parametrize("revision", ERAS)
@pytest.mark.parametrize("method", LISTS)
async def test_pagination_invalid_cursor(revision: str, method: str) -> None:
    async with served(everything()) as peer:
        await offered(peer, revision)
        for cursor in ("", "x", "MA==", 5, {}, "\u0000"):
            answer = await peer.ask(1, method, params_of(revision, cursor=cursor))
            assert answer["error"]["code"] == -32602, cursor


@pytest.mark.parametrize("revision", ERAS)
async def test_pagination_cursors_are_stable(revision: str) -> None:
    """A cursor means the same again, and to whoever else sends it; not even what is added meanwhile changes that."""
    server = everything(page_size=1)
    async with served(server) as one, served(server) as two:
        await offered(one, revision)
        await offered(two, revision)
        cursor = (await one.ask(1, "tools/list", params_of(revision)))["result"]["nextCursor"]
        server.tool(name="later")(nothing)
        for peer in (one, two, one):
            page = (await peer.ask(1, "tools/list", params_of(revision, cursor=cursor)))["result"]
            assert [tool["name"] for tool in page["tools"]] == ["report"]
