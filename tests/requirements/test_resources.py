"""Resources and prompts."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from mcpstruct.base.errors import RemoteError
from mcpstruct.server import Audio, File, Image, MCPServer
from tests.requirements.support import (
    ERAS,
    everything,
    offered,
    params_of,
)
from tests.session.support import MODERN, NEWEST_LEGACY, by_hand, calls, served, stamped

pytestmark = pytest.mark.anyio


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
