"""Conversations in files, replayed: what one side says is sent, and the other has to say what stands in the file.

A file of `tests/transcripts` opens with what it pins, and goes on in lines:

    @ server {...}     what is replayed: the server below or a client, with these options
    C> {...}           a message of the client, S> one of the server
    C! junk\\xff        bytes that are no JSON, with escapes
    !> tools/call {...}    what the client under test is told to call
    !< {...}           what the call gives, or the error that it raises

Lines of the side that is played are inputs. Those that stand together are sent together; what the side under test then
says, until it has nothing left to do, has to follow. `MCPSTRUCT_UPDATE_TRANSCRIPTS=1` writes it there instead.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from itertools import groupby
from pathlib import Path
from typing import Any

import anyio
import pytest

from mcpstruct.base.codec import from_json, to_dict
from mcpstruct.base.errors import McpError
from mcpstruct.client import Client
from mcpstruct.server import Context, MCPServer
from mcpstruct.session.loop import current_loop
from mcpstruct.transport.pair import transport_pair
from mcpstruct_bindings.merged.methods import METHODS
from tests.session.support import SOON, calculator, settle

HERE = Path(__file__).parents[1] / "transcripts"
FILES = sorted(HERE.glob("*.txt"))
UPDATE = os.environ.get("MCPSTRUCT_UPDATE_TRANSCRIPTS") == "1"
STATE = "<requestState>"
pytestmark = pytest.mark.anyio


class Conversation:
    """One side's end of a byte pair: says what it is told to, and writes down what it hears."""

    def __init__(self, transport: Any, label: str) -> None:
        self.log: list[str] = []
        self._transport = transport
        self._label = label
        self._state = ""

    def received(self, data: bytes) -> None:
        self.note(self._label, json.loads(data))

    def refused(self, violation: Exception) -> None:
        raise AssertionError(violation)

    def lost(self, error: Exception | None) -> None:
        self.log.append(f"{self._label} end")

    def note(self, label: str, value: Any) -> None:
        result = value.get("result", value) if isinstance(value, dict) else None
        if isinstance(result, dict) and "requestState" in result:  # sealed anew each time
            self._state, result["requestState"] = result["requestState"], STATE
        self.log.append(f"{label} {json.dumps(value, ensure_ascii=False)}")

    def say(self, line: str) -> None:
        text = line[3:]
        if line[1] == "!":
            self._transport.send(text.encode().decode("unicode_escape").encode("latin-1"))
        else:
            self._transport.send(text.replace(STATE, self._state).encode())

    def heard(self) -> list[str]:
        """What there is since last asked: messages in their order, and then what calls gave."""
        log, self.log = self.log, []
        return sorted(log, key=lambda line: line.startswith("!<"))


def served_with(**options: Any) -> MCPServer:
    """The server of every transcript."""
    server = calculator(**options)

    @server.tool()
    async def work(ctx: Context[Any]) -> str:
        for step in (1, 2):
            await ctx.report_progress(step, 2, f"step {step}")
            await ctx.debug("working")
            await ctx.error({"step": step}, logger="work")
        return "done"

    @server.tool()
    async def ask(ctx: Context[Any]) -> str:
        form = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
        first = await ctx.elicit("Who are you?", form, key="who")
        roots = await ctx.list_roots(key="where")
        return f"{(first.data or {}).get('name', first.action)} at {roots[0].uri}"

    @server.tool()
    async def wait() -> str:
        await anyio.sleep_forever()
        return "never"

    @server.tool()
    async def touch() -> str:
        with suppress(KeyError):
            server.tools.remove("add")
        server.resource_updated("data://pi")
        server.resource_updated("data://e")
        return "touched"

    return server


class Script:
    """A transcript, read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = path.read_text().splitlines()
        setup = next(line for line in self.lines if line.startswith("@ "))
        _, self.side, options = setup.split(" ", 2)
        self.options: dict[str, Any] = json.loads(options)
        self._inputs = ("C>", "C!") if self.side == "server" else ("S>", "S!", "!>")

    def write(self, lines: list[str]) -> None:
        self.path.write_text("\n".join(lines) + "\n")

    def _kind(self, line: str) -> str:
        if line.startswith(self._inputs):
            return "input"
        return "output" if line.startswith(("C>", "S>", "!<")) else "text"

    def steps(self) -> Iterator[tuple[str, list[str]]]:
        """Lines of the same kind that stand together."""
        for kind, lines in groupby(self.lines, self._kind):
            yield kind, list(lines)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
async def test_transcript(path: Path) -> None:
    script = Script(path)
    replayed: list[str] = []
    with anyio.fail_after(SOON):
        if script.side == "server":
            await replay_server(script, replayed)
        else:
            await replay_client(script, replayed)
    if UPDATE:
        script.write(replayed)
    else:
        assert [readable(line) for line in replayed] == [readable(line) for line in script.lines]


def readable(line: str) -> Any:
    """A line by what it means, for comparing."""
    label, _, text = line.partition(" ")
    try:
        return label, json.loads(text)
    except ValueError:
        return line


async def play(
    script: Script, conversation: Conversation, perform: Callable[[str], Awaitable[None]], replayed: list[str]
) -> None:
    for kind, lines in script.steps():
        if kind == "output":
            continue
        replayed += lines
        if kind == "input":
            for line in lines:
                await perform(line)
            await quiet(conversation)
            replayed += conversation.heard()


async def quiet(conversation: Conversation) -> None:
    """Wait until the side under test has nothing left to do: no thread and no timer is part of any transcript."""
    before = -1
    while before != len(conversation.log):
        before = len(conversation.log)
        await settle(30)


async def replay_server(script: Script, replayed: list[str]) -> None:
    near, far = transport_pair()
    conversation = Conversation(near, "S>")
    await near.open(conversation)

    async def say(line: str) -> None:
        conversation.say(line)

    async with anyio.create_task_group() as group:
        group.start_soon(served_with(**script.options).serve, far)
        await play(script, conversation, say, replayed)
        await near.aclose()


async def replay_client(script: Script, replayed: list[str]) -> None:
    near, far = transport_pair()
    conversation = Conversation(far, "C>")
    await far.open(conversation)
    callbacks: dict[str, Any] = {
        "on_elicitation": lambda params: {"name": "Ada"},
        "roots": ["file:///data/ada"],
        "on_violation": lambda violation: conversation.log.append(f"!< told of {violation}"),
    }
    client = Client(near, name="transcript", **{**callbacks, **script.options})

    async def attempt(function: Callable[[], Awaitable[Any]]) -> None:
        try:
            conversation.note("!<", to_dict(await function()))
        except McpError as error:
            conversation.log.append(f"!< {type(error).__name__}: {error}")

    async def perform(line: str) -> None:
        if not line.startswith("!>"):
            conversation.say(line)
            return
        _, name, text = line.split(" ", 2)
        current_loop().spawn(attempt, lambda: called(client, name, text))

    await play(script, conversation, perform, replayed)
    await client.aclose()


async def called(client: Client, name: str, text: str) -> Any:
    """What a call of the client gives."""
    if name == "connect":
        await client.connect()
        return {"protocolVersion": client.protocol_version}
    if name == "tools/call":
        return await client.call_tool(**json.loads(text))
    method = METHODS[name]
    return await client.send_request(method, from_json(method.params, text.encode()))


def test_there_are_transcripts() -> None:
    assert len(FILES) > 20
    assert all(path.read_text().startswith("# ") for path in FILES)
