"""Messages, ids, results, errors and metadata, whatever the transport."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from mcpstruct.base import errors
from mcpstruct.base.errors import MethodNotFound, ProtocolViolation, RemoteError
from mcpstruct.server import Context, MCPServer
from mcpstruct.wire import eras
from mcpstruct_bindings.merged import methods
from tests.requirements.support import CAPABILITIES, REQUESTS, SERVER_INFO, VERSION, everything
from tests.session.support import MODERN, NEWEST_LEGACY, STAMP, Peer, by_hand, calls, discovered, served, stamped

pytestmark = pytest.mark.anyio
LISTED = {"tools": [], "ttlMs": 0, "cacheScope": "private"}
SCHEMA = json.loads((Path(__file__).parents[2] / "schema" / f"{MODERN}.json").read_text())


async def answered(client: Any, peer: Peer, call: Any, *results: dict[str, Any]) -> Any:
    """What a call gives, or raises, where the server answers like this."""

    async def play() -> None:
        for result in results:
            peer.answer(await peer.take(), result)

    return (await calls(play, call))[1]


# -- results ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", REQUESTS)
async def test_result_type_included(method: str) -> None:
    async with served(everything()) as peer:
        answer = await peer.ask(1, method, stamped(**REQUESTS[method]))
        assert answer["result"]["resultType"] == "complete"


async def test_result_type_included_where_input_is_asked_for() -> None:
    async with served(everything()) as peer:
        params = stamped(name="ask", _meta={CAPABILITIES: {"elicitation": {}}})
        assert (await peer.ask(1, "tools/call", params))["result"]["resultType"] == "input_required"


class Size(Struct):
    """What a method of one's own may give."""

    size: int


@pytest.mark.parametrize("value", [{"size": 1}, Size(1), None, [1], "text"])
async def test_result_type_included_by_methods_of_ones_own(value: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever stands for an object there; what does not is no result at all."""
    server = MCPServer("x")

    @server.request("example/size")
    async def size(params: Any, ctx: Context[Any]) -> Any:
        return value

    async with served(server) as peer:
        answer = await peer.ask(1, "example/size", stamped())
        if isinstance(value, list | str):
            assert answer["error"]["code"] == -32603
        else:
            assert answer["result"].pop("_meta").keys() == {SERVER_INFO}
            assert answer["result"] == {"resultType": "complete", **({"size": 1} if value is not None else {})}


@pytest.mark.parametrize("kind", ["postponed", "", "Complete", "input_required"])
async def test_result_type_unknown_is_invalid(kind: str) -> None:
    """A list is never asked for in rounds, so that it cannot say that it wants input."""
    async with by_hand(revision=MODERN) as (client, peer):
        outcome = await answered(client, peer, client.list_tools, {**LISTED, "resultType": kind})
        assert isinstance(outcome, ProtocolViolation)
        assert outcome.pointer == "/result/resultType"


async def test_result_type_unknown_is_invalid_for_a_call() -> None:
    async with by_hand(revision=MODERN) as (client, peer):
        result = {"content": [], "resultType": "task"}
        outcome = await answered(client, peer, lambda: client.call_tool("x"), result)
        assert isinstance(outcome, ProtocolViolation)
        assert (outcome.method, outcome.pointer) == ("tools/call", "/result/resultType")


async def test_result_type_absent_is_complete() -> None:
    async with by_hand(revision=MODERN) as (client, peer):
        assert (await answered(client, peer, client.list_tools, LISTED)).tools == []
        assert (await answered(client, peer, lambda: client.call_tool("x"), {"content": []})).content == []


# -- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", [NEWEST_LEGACY, MODERN])
async def test_error_response_shape(revision: str) -> None:
    """An error has the id of its request, an integer for a code, and a message."""
    async with served(everything()) as peer:
        if revision != MODERN:
            await peer.initialize(revision)
        meta = {"_meta": STAMP} if revision == MODERN else {}
        for number, (method, params) in enumerate(
            [("no/such", {}), ("tools/call", {}), ("tools/call", {"name": "none"}), ("resources/read", {"uri": "x:y"})]
        ):
            for request_id in (number, f"text {number}"):
                answer = await peer.ask(request_id, method, {**params, **meta})
                assert answer["id"] == request_id
                assert type(answer["error"]["code"]) is int
                assert isinstance(answer["error"]["message"], str)
                assert "result" not in answer


def _reserved(schema: Any) -> set[int]:
    """The codes of the range that the specification keeps to itself, as far as a schema has them."""
    found = {int(code) for code in re.findall(r'"const": (-320[2-9]\d)', json.dumps(schema))}
    return {code for code in found if -32099 <= code <= -32020}


def test_error_codes_defined() -> None:
    """Of the two ranges within -32000 to -32099, no code but those that the specification defines."""
    known = {value for name, value in vars(errors).items() if name.isupper() and isinstance(value, int)}
    assert _reserved(SCHEMA) == {errors.HEADER_MISMATCH, errors.MISSING_CAPABILITY, errors.UNSUPPORTED_VERSION}
    assert {code for code in known if -32099 <= code <= -32000} == _reserved(SCHEMA)


async def test_error_codes_withdrawn() -> None:
    """A resource that is not there has the code for bad params, and a URL that is to be visited is no error."""
    server = everything()

    @server.tool()
    async def visit(ctx: Context[Any]) -> str:
        return str(await ctx.elicit_url("Sign in", "https://example.com/in"))

    async with served(server) as peer:
        assert (await peer.ask(1, "resources/read", stamped(uri="no:such")))["error"]["code"] == -32602
        params = stamped(name="visit", _meta={CAPABILITIES: {"elicitation": {"url": {}}}})
        assert (await peer.ask(2, "tools/call", params))["result"]["resultType"] == "input_required"


@pytest.mark.parametrize("code", [-32000, -32001, -32003, -32010, -32019])
@pytest.mark.parametrize("revision", [NEWEST_LEGACY, MODERN])
async def test_error_codes_legacy_mean_nothing(code: int, revision: str) -> None:
    async with by_hand(revision=revision) as (client, peer):

        async def play() -> None:
            peer.refuse(await peer.take(), code, "whatever", supported=[], requiredCapabilities={})

        outcome = (await calls(play, client.list_tools))[1]
        assert type(outcome) is RemoteError
        assert not isinstance(outcome, MethodNotFound)
        assert outcome.code == code
        assert client.connected


# -- what each request says of itself ---------------------------------------------------------------------------------


async def test_request_meta_required() -> None:
    """Each request of a client names the revision and what the client can do, retries and subscriptions too."""
    async with by_hand(revision=MODERN, roots=["file:///r"]) as (client, peer):
        complete = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}
        results: list[tuple[Any, list[dict[str, Any]]]] = [
            (client.discover, [discovered()]),
            (client.list_tools, [{"tools": [], **complete}]),
            (lambda: client.list_tools(meta={"example.com/a": 1}), [{"tools": [], **complete}]),
            (client.list_prompts, [{"prompts": [], **complete}]),
            (client.list_resources, [{"resources": [], **complete}]),
            (client.list_resource_templates, [{"resourceTemplates": [], **complete}]),
            (lambda: client.read_resource("a:b"), [{"contents": [], **complete}]),
            (lambda: client.get_prompt("p"), [{"messages": [], **complete}]),
            (
                lambda: client.call_tool("t"),
                [
                    {"resultType": "input_required", "inputRequests": {"r": {"method": "roots/list"}}},
                    {"content": [], **complete},
                ],
            ),
        ]
        for call, answers in results:
            outcome = await answered(client, peer, call, *answers)
            assert not isinstance(outcome, Exception), outcome
        requests = [message for message in peer.heard if "id" in message]
        assert len(requests) == 1 + sum(len(answers) for _, answers in results)
        for request in requests:
            meta = request["params"]["_meta"]
            assert meta[VERSION] == MODERN
            assert meta[CAPABILITIES] == {"roots": {}}


@pytest.mark.parametrize("revisions", [None, MODERN])
@pytest.mark.parametrize("missing", [VERSION, CAPABILITIES])
async def test_request_meta_missing_is_refused(revisions: Any, missing: str) -> None:
    async with served(everything(revisions=revisions)) as peer:
        meta = {key: value for key, value in STAMP.items() if key != missing}
        assert (await peer.ask(1, "tools/list", {"_meta": meta}))["error"]["code"] == -32602


async def test_request_meta_none_is_refused() -> None:
    async with served(everything(revisions=MODERN)) as peer:
        assert (await peer.ask(1, "tools/list"))["error"]["code"] == -32602
        assert (await peer.ask(2, "tools/list", {"_meta": {}}))["error"]["code"] == -32602


async def test_capabilities_of_this_request_alone() -> None:
    """What a client declared before, on the same connection, is not taken for what it can do now."""
    server, known = everything(), []

    @server.tool()
    async def who(ctx: Context[Any]) -> str:
        known.append((ctx.client_info, ctx.client_capabilities.elicitation))
        return ""

    async with served(server) as peer:
        able = {CAPABILITIES: {"elicitation": {}}}
        assert "result" in await peer.ask(1, "tools/call", stamped(name="ask", _meta=able))
        error = (await peer.ask(2, "tools/call", stamped(name="ask")))["error"]
        assert (error["code"], error["data"]) == (-32021, {"requiredCapabilities": {"elicitation": {"form": {}}}})
        await peer.ask(3, "tools/call", stamped(name="who", _meta=able))
        bare = {key: value for key, value in STAMP.items() if key in (VERSION, CAPABILITIES)}
        await peer.ask(4, "tools/call", {"name": "who", "_meta": bare})
    assert known[0][0] is not None
    assert known[0][1] is not None
    assert known[1] == (None, None)


async def test_capabilities_of_this_request_alone_and_of_no_handshake() -> None:
    async with served(everything()) as peer:
        await peer.initialize(elicitation={})
        assert (await peer.ask(1, "tools/call", stamped(name="ask")))["error"]["code"] == -32021


@pytest.mark.parametrize("method", REQUESTS)
async def test_server_info_in_results(method: str) -> None:
    async with served(everything()) as peer:
        result = (await peer.ask(1, method, stamped(**REQUESTS[method])))["result"]
        assert result["_meta"][SERVER_INFO] == {"name": "everything", "version": "1.0"}


# -- `_meta` ----------------------------------------------------------------------------------------------------------

_LABEL = r"[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?"
_KEY = re.compile(rf"({_LABEL}(\.{_LABEL})*/)?([A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)?")


def test_meta_keys_are_well_formed() -> None:
    keys = [eras.PROTOCOL_VERSION, eras.CLIENT_INFO, eras.CLIENT_CAPABILITIES, eras.LOG_LEVEL]
    keys += [eras.SUBSCRIPTION_ID, eras.SERVER_INFO, eras.PROGRESS_TOKEN]
    for key in keys:
        assert _KEY.fullmatch(key), key


@pytest.mark.parametrize("revision", [NEWEST_LEGACY, MODERN])
@pytest.mark.parametrize("value", [None, 0, "x", [1, {"a": None}], {"deep": {"er": []}}])
async def test_meta_of_reserved_names_may_be_anything(revision: str, value: Any) -> None:
    """Names that are set aside, but that no revision here defines: whatever stands there is passed on as it is."""
    server, seen = MCPServer("x"), list[Any]()
    keys = ("io.modelcontextprotocol/related-task", "dev.mcp/x", "org.modelcontextprotocol.api/y", "traceparent")

    @server.tool()
    async def look(ctx: Context[Any]) -> str:
        seen.append({key: ctx.meta.get(key, "absent") for key in keys})
        return ""

    async with served(server) as peer:
        if revision != MODERN:
            await peer.initialize(revision)
        own = dict.fromkeys(keys, value)
        params = stamped(name="look", _meta=own) if revision == MODERN else {"name": "look", "_meta": own}
        assert "result" in await peer.ask(1, "tools/call", params)
    assert seen == [dict.fromkeys(keys, value)]


async def test_meta_of_reserved_names_may_be_anything_in_results() -> None:
    async with by_hand(revision=MODERN) as (client, peer):
        meta = {"io.modelcontextprotocol/unheard-of": [None, 1], "dev.mcp/x": None}
        result = await answered(client, peer, client.list_tools, {**LISTED, "_meta": meta, "resultType": "complete"})
        assert dict(result.meta) == meta


async def test_utf8() -> None:
    """Both ways."""
    text = "Grüße, 世界 🌍 \u2028"
    async with served(everything()) as peer:
        peer.send(
            f'{{"jsonrpc":"2.0","id":1,"method":"prompts/get","params":{{"name":"greet",'
            f'"arguments":{{"name":"{text}"}},"_meta":{json.dumps(STAMP)}}}}}'.encode()
        )
        answer = await peer.take()
        assert answer["result"]["messages"][0]["content"]["text"] == f"Hello, {text}!"
        assert json.loads(peer.raw[-1].decode("utf-8")) == answer
    assert methods.GET_PROMPT.name == "prompts/get"
