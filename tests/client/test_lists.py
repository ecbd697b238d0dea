"""Lists: every page of them, and lists with something odd in them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from mcpstruct.base.errors import ProtocolViolation
from mcpstruct.base.methods import MethodInfo
from mcpstruct.server import MCPServer
from mcpstruct.testing import connected
from tests.session.support import MODERN, NEWEST_LEGACY, Peer, by_hand, calls

pytestmark = pytest.mark.anyio
PAGES = {
    "tools": ("tools/list", "tools", {"inputSchema": {"type": "object"}}),
    "prompts": ("prompts/list", "prompts", {}),
    "resources": ("resources/list", "resources", {"uri": "a:1"}),
    "resource_templates": ("resources/templates/list", "resourceTemplates", {"uriTemplate": "a:{b}"}),
}
COMPLETE = {"resultType": "complete", "ttlMs": 0, "cacheScope": "private"}


def many(page_size: int | None) -> MCPServer:
    """A server with 25 of everything."""
    server = MCPServer("many", page_size=page_size)
    for number in range(25):
        server.add_tool(lambda: "x", name=f"tool{number}")
        server.prompt(f"prompt{number}")(lambda: "x")
        server.resource(f"a:{number}", name=f"resource{number}")(lambda: "x")
        server.resource(f"a:{number}/{{x}}", name=f"template{number}")(lambda x: x)
    return server


@pytest.mark.parametrize("revision", [NEWEST_LEGACY, MODERN])
@pytest.mark.parametrize("page_size", [None, 1, 10, 25, 100])
async def test_every_page_is_followed(page_size: int | None, revision: str, as_bytes: bool) -> None:
    async with connected(many(page_size), as_bytes=as_bytes, revisions=revision) as client:
        assert [tool.name async for tool in client.tools()] == [f"tool{n}" for n in range(25)]
        assert [prompt.name async for prompt in client.prompts()] == [f"prompt{n}" for n in range(25)]
        assert [resource.name async for resource in client.resources()] == [f"resource{n}" for n in range(25)]
        assert [item.name async for item in client.resource_templates()] == [f"template{n}" for n in range(25)]


async def test_pages_are_asked_for_one_at_a_time(as_bytes: bool) -> None:
    asked: list[str] = []

    async def count(call: Any, method: Any, params: Any) -> Any:
        asked.append(method.name)
        return await call(method, params)

    async with connected(many(10), as_bytes=as_bytes, middleware=[count]) as client:
        async for _ in client.tools():
            break
    assert asked == ["tools/list"]


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("revision", [NEWEST_LEGACY, MODERN])
async def test_cursors_are_passed_back_as_they_came(kind: str, revision: str) -> None:
    method, field, more = PAGES[kind]
    cursors = ["eyJ", "", " \u2028\n", "end"]
    async with by_hand(revision=revision) as (client, peer):

        async def play() -> None:
            for number, cursor in enumerate([None, *cursors]):
                request = await peer.take()
                assert request["method"] == method
                assert request.get("params", {}).get("cursor") == cursor
                following = {"nextCursor": cursors[number]} if number < len(cursors) else {}
                peer.answer(request, {field: [{"name": str(number), **more}], **following, **COMPLETE})

        async def iterate() -> list[str]:
            return [item.name async for item in getattr(client, kind)()]

        assert await calls(play, iterate) == [None, ["0", "1", "2", "3", "4"]]


@pytest.mark.parametrize("cursors", [["a", "a", "a"], ["a", "b", "a", "b"]])
async def test_cursors_that_go_round_in_circles_end(cursors: list[str]) -> None:
    async with by_hand() as (client, peer):

        async def play() -> None:
            for cursor in cursors:
                peer.answer(await peer.take("tools/list"), {"tools": [], "nextCursor": cursor})

        async def iterate() -> list[str]:
            return [tool.name async for tool in client.tools()]

        assert await calls(play, iterate) == [None, []]
        assert peer.left == []


# -- strict, tolerant, raw --------------------------------------------------------------------------------------------

GOOD = {"name": "good", "inputSchema": {"type": "object"}}
ODD = {"name": "odd"}
WORSE = {"name": 5, "inputSchema": {"type": "object"}}


async def answer_tools(peer: Peer, *tools: Any) -> None:
    peer.answer(await peer.take("tools/list"), {"tools": list(tools)})


async def test_a_strict_client_refuses_a_list_with_an_odd_item_and_says_where() -> None:
    async with by_hand() as (client, peer):
        refusal = (await calls(client.list_tools, lambda: answer_tools(peer, GOOD, ODD)))[0]
        assert isinstance(refusal, ProtocolViolation)
        assert refusal.pointer == "/result/tools/1/inputSchema"
        assert not isinstance((await calls(client.list_tools, lambda: answer_tools(peer, GOOD)))[0], Exception)


async def test_a_tolerant_client_leaves_odd_items_out_and_tells_of_them() -> None:
    odd: list[ProtocolViolation] = []
    async with by_hand(tolerant=True, on_violation=odd.append) as (client, peer):
        result = (await calls(client.list_tools, lambda: answer_tools(peer, ODD, GOOD, WORSE, GOOD)))[0]
        assert [tool.name for tool in result.tools] == ["good", "good"]
        assert [violation.pointer for violation in odd] == ["/result/tools/0/inputSchema", "/result/tools/2/name"]
        assert all(violation.method == "tools/list" for violation in odd)


@pytest.mark.parametrize("result", [{}, {"tools": 5}, {"tools": [GOOD], "nextCursor": 5}, {"tools": [ODD], "_meta": 1}])
async def test_a_tolerant_client_refuses_what_is_no_list(result: Any) -> None:
    async with by_hand(tolerant=True) as (client, peer):

        async def play() -> None:
            peer.answer(await peer.take("tools/list"), result)

        assert isinstance((await calls(client.list_tools, play))[0], ProtocolViolation)


RAW: MethodInfo[Any, Any] = MethodInfo(
    name="tools/list", kind="request", direction="client", message=None, params=dict, result=msgspec.Raw, since=""
)


@pytest.mark.parametrize("revision", [NEWEST_LEGACY, MODERN])
async def test_a_raw_call_gives_the_bytes_of_a_result_as_they_came(revision: str) -> None:
    """Nothing is looked into, and nothing is lost: for proxies, and for peers that are past help."""
    text = '{ "tools":[{"name":5, "unknown": [1.0, 1e2]}] ,"x":null}'
    async with by_hand(revision=revision) as (client, peer):

        async def play() -> None:
            request = await peer.take()
            assert request["params"].get("cursor") == "c"
            peer.send(f'{{"jsonrpc":"2.0","id":{request["id"]},"result":{text}}}'.encode())

        outcome = (await calls(lambda: client.send_request(RAW, {"cursor": "c"}), play))[0]
        assert bytes(outcome) == text.encode()
