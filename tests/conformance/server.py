"""The server that the conformance suite tests: `server.py --port N` over HTTP at `/mcp`, or `--stdio`.

The names of tools, prompts and resources are the suite's, and so is what each of them has to do.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from base64 import b64decode
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from mcpstruct import Context, MCPServer, ToolError
from mcpstruct import types as t
from mcpstruct.server import Audio, File, Image, MissingCapability, UserMessage

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII="
WAV = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQIAAACAgA=="
PIXEL = Image(data=b64decode(PNG), format="png")
SILENCE = Audio(data=b64decode(WAV), format="wav")
SCHEMAS: dict[str, Any] = json.loads(Path(__file__).with_name("schemas.json").read_text(encoding="utf-8"))
STEP = 0.05
"""Seconds between the steps of tools that report on their way."""

server = MCPServer("mcpstruct-conformance", "1.0", instructions="Everything that the conformance suite looks at.")


# -- results of every kind --------------------------------------------------------------------------------------------


@server.tool()
async def test_simple_text() -> str:
    """Gives text."""
    return "This is a simple text response for testing."


@server.tool()
async def test_image_content() -> Image:
    """Gives an image."""
    return PIXEL


@server.tool()
async def test_audio_content() -> Audio:
    """Gives a sound."""
    return SILENCE


@server.tool()
async def test_embedded_resource() -> File:
    """Gives a resource with its text."""
    return File(data="This is an embedded resource.", uri="test://embedded-resource")


@server.tool()
async def test_multiple_content_types() -> list[str | Image | File]:
    """Gives text, an image and a resource at once."""
    numbers = File(data='{"numbers":[1,2,3]}', uri="test://mixed-content-resource", mime_type="application/json")
    return ["Several kinds of content:", PIXEL, numbers]


@server.tool()
async def test_error_handling() -> str:
    """Always fails."""
    raise ToolError("This tool fails on purpose.")


# -- reports ----------------------------------------------------------------------------------------------------------


@server.tool()
async def test_tool_with_logging(ctx: Context) -> str:
    """Logs while it works."""
    for step in ("started", "working", "finished"):
        await ctx.info(f"Tool execution: {step}")
        await asyncio.sleep(STEP)
    return "logged"


@server.tool()
async def test_logging_tool(ctx: Context) -> str:
    """Logs, if the client asks for that."""
    await ctx.info("Somebody listens.")
    return "logged"


@server.tool()
async def test_tool_with_progress(ctx: Context) -> str:
    """Reports its progress."""
    for percent in (0, 50, 100):
        await ctx.report_progress(percent, 100, f"{percent} of 100")
        await asyncio.sleep(STEP)
    return "done"


@server.tool()
async def test_reconnection(ctx: Context) -> str:
    """Lets the client go in the middle of a call, and has the result for it when it is back."""
    ctx.close_stream(retry=0.1)
    await asyncio.sleep(0.2)
    return "The client is back."


# -- questions in the middle of a call --------------------------------------------------------------------------------


class User(Struct):
    """Who somebody is."""

    username: Annotated[str, Meta(description="What to call you")]
    email: Annotated[str, Meta(description="Where to write to you")]


class Profile(Struct):
    """A form that is filled in already."""

    name: str = "John Doe"
    age: int = 30
    score: float = 95.5
    status: Literal["active", "inactive", "pending"] = "active"
    verified: bool = True


@server.tool()
async def test_sampling(prompt: str, ctx: Context) -> str:
    """Has the client's model answer."""
    answer = await ctx.sample(prompt, max_tokens=100)
    return f"The model says: {text_of(answer)}"


@server.tool()
async def test_elicitation(message: str, ctx: Context) -> str:
    """Asks the user who they are."""
    answer = await ctx.elicit(message, User)
    return f"The user's answer: {answer.action}, {answer.data}"


@server.tool()
async def test_elicitation_sep1034_defaults(ctx: Context) -> str:
    """Asks for what has defaults."""
    answer = await ctx.elicit("Is this right?", Profile)
    return f"The user's answer: {answer.action}, {answer.data}"


@server.tool()
async def test_elicitation_sep1330_enums(ctx: Context) -> str:
    """Asks for choices of every kind."""
    answer = await ctx.elicit("Choose.", SCHEMAS["choices"])
    return f"The user's answer: {answer.action}, {answer.data}"


@server.tool()
async def test_missing_capability(ctx: Context) -> str:
    """Is of no use to a client without a model."""
    if ctx.client_capabilities.sampling is None:
        raise MissingCapability({"sampling": {}})
    return "The client has a model."


@server.tool()
async def test_streaming_elicitation(ctx: Context) -> str:
    """Asks the user, if it can."""
    await ctx.report_progress(50, 100)
    if ctx.client_capabilities.elicitation is None:
        return "There is nobody to ask."
    answer = await ctx.elicit("Go on?", Confirmation)
    return f"The user's answer: {answer.action}"


# -- the same, in rounds ----------------------------------------------------------------------------------------------


class Name(Struct):
    """Who somebody is, in a word."""

    name: str


class Color(Struct):
    """What somebody likes."""

    color: str


class Confirmation(Struct):
    """A yes or no."""

    ok: bool


@server.tool()
async def test_input_required_result_elicitation(ctx: Context) -> str:
    """Asks for the user's name."""
    answer = await ctx.elicit("What is your name?", Name, key="user_name")
    return f"Hello, {answer.data.name}!" if answer.data else "Hello, whoever you are!"


@server.tool()
async def test_input_required_result_sampling(ctx: Context) -> str:
    """Asks the client's model."""
    answer = await ctx.sample("What is the capital of France?", max_tokens=100, key="capital_question")
    return text_of(answer)


@server.tool()
async def test_input_required_result_list_roots(ctx: Context) -> str:
    """Asks where it may work."""
    roots = await ctx.list_roots(key="client_roots")
    return f"Roots: {', '.join(root.uri for root in roots)}"


@server.tool()
async def test_input_required_result_request_state(ctx: Context) -> str:
    """Keeps something until the user has answered."""
    ctx.request_state = {"seen": True}
    await ctx.elicit("Please confirm", Confirmation, key="confirm")
    return "state-ok"


@server.tool()
async def test_input_required_result_tampered_state(ctx: Context) -> str:
    """Keeps something that nobody may alter."""
    ctx.request_state = {"amount": 10}
    await ctx.elicit("Please confirm", Confirmation, key="confirm")
    return "integrity-ok"


@server.tool()
async def test_input_required_result_multiple_inputs(ctx: Context) -> str:
    """Asks for three things at once."""
    ctx.request_state = {"asked": 3}
    answer, greeting, roots = await asyncio.gather(
        ctx.elicit("What is your name?", Name, key="user_name"),
        ctx.sample("Write a greeting.", max_tokens=50, key="greeting"),
        ctx.list_roots(key="client_roots"),
    )
    return f"{text_of(greeting)} {answer.data}, {len(roots)} roots"


@server.tool()
async def test_input_required_result_multi_round(ctx: Context) -> str:
    """Asks for one thing after the other."""
    ctx.request_state = {"step": 1}
    name = await ctx.elicit("Step 1: What is your name?", Name, key="step1")
    ctx.request_state = {"step": 2}
    color = await ctx.elicit("Step 2: What is your favorite color?", Color, key="step2")
    return f"{name.data} likes {color.data}"


@server.tool()
async def test_input_required_result_capabilities(ctx: Context) -> str:
    """Asks for no more than the client can do."""
    said: list[str] = []
    if ctx.client_capabilities.elicitation is not None:
        said.append(str((await ctx.elicit("What is your name?", Name, key="elicit_input")).data))
    if ctx.client_capabilities.sampling is not None:
        said.append(text_of(await ctx.sample("Say something.", max_tokens=50, key="sample_input")))
    return "; ".join(said) or "This client can be asked for nothing."


def text_of(answer: t.CreateMessageResult) -> str:
    """What a model said, where it is text."""
    content = answer.content if isinstance(answer.content, list) else [answer.content]
    return " ".join(block.text for block in content if block.type == "text")


# -- arguments --------------------------------------------------------------------------------------------------------


@server.tool(input_schema=SCHEMAS["contact"])
async def json_schema_2020_12_tool(
    name: str = "",
    address: dict[str, str] | None = None,
    contactMethod: Literal["phone", "email"] = "email",  # noqa: N803
    phone: str = "",
    email: str = "",
) -> str:
    """Has a schema that no signature tells."""
    return f"{name}, {address}: {phone if contactMethod == 'phone' else email}"


Region = Annotated[str, Meta(description="Where", extra_json_schema={"x-mcp-header": "Region"})]


@server.tool("test_x_mcp_header")
async def in_header(region: Region = "") -> str:
    """Has an argument that clients repeat in a header."""
    return f"region: {region}"


# -- lists that change ------------------------------------------------------------------------------------------------


async def passing() -> str:
    """Is gone again at once."""
    return ""


@server.tool()
async def test_trigger_tool_change() -> str:
    """Adds a tool, and removes it."""
    server.add_tool(passing)
    server.tools.remove("passing")
    return "The tools have changed."


@server.tool()
async def test_trigger_prompt_change() -> str:
    """Adds a prompt, and removes it."""
    server.prompt()(passing)
    server.prompts.remove("passing")
    return "The prompts have changed."


# -- prompts ----------------------------------------------------------------------------------------------------------


@server.prompt()
async def test_simple_prompt() -> str:
    """Is always the same."""
    return "This is a simple prompt for testing."


@server.prompt()
async def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
    """Holds what it was given."""
    return f"Prompt with arguments: arg1={arg1!r}, arg2={arg2!r}"


@server.prompt()
async def test_prompt_with_embedded_resource(resourceUri: str) -> list[UserMessage]:  # noqa: N803
    """Holds a resource."""
    return [UserMessage(File(data="This is it.", uri=resourceUri)), UserMessage("Look at the resource above.")]


@server.prompt()
async def test_prompt_with_image() -> list[UserMessage]:
    """Holds an image."""
    return [UserMessage(PIXEL), UserMessage("Look at the image above.")]


@server.prompt()
async def test_input_required_result_prompt(ctx: Context) -> str:
    """Asks before it says anything."""
    answer = await ctx.elicit("What should the prompt be about?", SCHEMAS["background"], key="user_context")
    return f"Tell me about {answer.data}."


@server.completion("test_prompt_with_arguments", "arg1")
def complete(value: str, known: Any) -> list[str]:
    """What begins with what has been typed."""
    return [word for word in ("paris", "park", "testing") if word.startswith(value)]


# -- resources --------------------------------------------------------------------------------------------------------


@server.resource("test://static-text", mime_type="text/plain")
async def static_text() -> str:
    """Is text."""
    return "This is the content of the static text resource."


@server.resource("test://static-binary", mime_type="image/png")
async def static_binary() -> bytes:
    """Is binary."""
    return PIXEL.data


@server.resource("test://watched-resource", mime_type="text/plain")
async def watched_resource() -> str:
    """Can be subscribed to."""
    return "Watched resource content"


@server.resource("test://template/{id}/data", mime_type="application/json")
async def template(id: str) -> str:  # noqa: A002
    """Is made for whatever is asked for."""
    return json.dumps({"id": id, "data": f"Data for {id}"})


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    way = parser.add_mutually_exclusive_group(required=True)
    way.add_argument("--port", type=int, help="serve over HTTP, on 127.0.0.1 at /mcp")
    way.add_argument("--stdio", action="store_true", help="serve over stdin and stdout")
    options = parser.parse_args()
    if options.stdio:
        server.run()
    else:
        server.run("streamable-http", host="127.0.0.1", port=options.port)


if __name__ == "__main__":
    main()
