"""Servers that send what they should not."""

from __future__ import annotations

import pytest

from mcpstruct.base.errors import LimitExceeded, ProtocolViolation, RemoteError
from mcpstruct.base.limits import MIB
from mcpstruct.client import Client
from tests.faults.support import LEGACY, MODERN, Clock, connected, ours, raw, text_of

pytestmark = pytest.mark.anyio


async def works(client: Client) -> None:
    """The session goes on."""
    assert text_of(await client.call_tool("echo", {"value": "still"})).strip() in {'{"value": "still"}', "still"}


async def test_64_mib_pass_and_65_do_not(threads: bool) -> None:
    violations: list[ProtocolViolation] = []
    async with connected(raw(threads=threads), on_violation=violations.append) as client:
        with Clock() as clock:
            largest = text_of(await client.call_tool("size", {"size": 64 * MIB}))
        assert clock.seconds < 10
        assert len(largest) > 64 * MIB - 100
        del largest
        with pytest.raises(LimitExceeded):
            await client.call_tool("size", {"size": 65 * MIB})
        assert [type(violation) for violation in violations] == [LimitExceeded]
        await works(client)


async def test_64_mib_pass_to_a_server_and_65_do_not(threads: bool) -> None:
    async with connected(ours(threads=threads)) as client:
        size = 64 * MIB - 200  # with what is around it
        assert text_of(await client.call_tool("length", {"value": "x" * size})) == str(size)
        with pytest.raises(RemoteError, match="67108864 bytes"):
            await client.call_tool("echo", {"value": "x" * (65 * MIB)})
        await works(client)


@pytest.mark.parametrize(
    ("tool", "error", "words"),
    [
        ("invalid", ProtocolViolation, "UTF-8"),
        ("wrong", ProtocolViolation, "/result/content: expected array, got string"),
        ("both", ProtocolViolation, "error"),
    ],
)
async def test_an_answer_that_is_none(tool: str, error: type[Exception], words: str, threads: bool) -> None:
    async with connected(raw(threads=threads)) as client:
        with pytest.raises(error, match=words):
            await client.call_tool(tool, timeout=3)
        await works(client)


async def test_two_answers_to_one_call(threads: bool) -> None:
    async with connected(raw(threads=threads)) as client:
        assert text_of(await client.call_tool("twice")) == "once"
        await works(client)


async def test_junk_between_messages(threads: bool) -> None:
    violations: list[ProtocolViolation] = []
    async with connected(raw(threads=threads), on_violation=violations.append) as client:
        for _ in range(3):
            assert text_of(await client.call_tool("junk")) == "after the junk"
        await works(client)
    assert len(violations) > 50
    assert max(len(violation.data) for violation in violations) <= 1_000_000


@pytest.mark.parametrize("revision", [LEGACY, MODERN])
async def test_handlers_that_fail(revision: str, threads: bool) -> None:
    stderr: list[str] = []
    async with connected(ours(threads=threads, stderr=stderr.append), revision) as client:
        for tool in ("crash", "unsendable", "group"):
            result = await client.call_tool(tool)
            assert result.is_error
            assert "secret" not in text_of(result)
        with pytest.raises(RemoteError):
            await client.call_tool("nothing")
        await works(client)
    assert any("a secret" in line for line in stderr)
