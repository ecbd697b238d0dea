"""Our client with the reference server on npm: every tool, resource, template and prompt that it offers."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Awaitable, Callable

import anyio
import pytest
from msgspec import Struct

from mcpstruct.base.errors import RemoteError, RequestTimeout
from mcpstruct.client import Client
from mcpstruct_bindings.merged import types as t
from tests.interop.support import LEGACY, Heard, script, text_of

pytestmark = pytest.mark.anyio
Check = Callable[[Client, Heard], Awaitable[None]]
TOOLS: dict[str, Check] = {}


def calls(name: str) -> Callable[[Check], Check]:
    """What is to hold of a tool."""

    def register(check: Check) -> Check:
        TOOLS[name] = check
        return check

    return register


@calls("echo")
async def echo(client: Client, heard: Heard) -> None:
    for message in ("hello", "", 'é\u2028\U0001f600 \\ " \n', "x" * 1_000_000):
        assert text_of(await client.call_tool("echo", {"message": message})) == f"Echo: {message}"
    wrong = await client.call_tool("echo", {"massage": 1})
    assert wrong.is_error
    assert "message" in text_of(wrong)


@calls("get-annotated-message")
async def annotated(client: Client, heard: Heard) -> None:
    arguments = {"messageType": "error", "includeImage": True}
    text, image = (await client.call_tool("get-annotated-message", arguments)).content
    assert text == t.TextContent(
        text="Error: Operation failed", annotations=t.Annotations(priority=1, audience=["user", "assistant"])
    )
    assert isinstance(image, t.ImageContent)
    assert image.annotations == t.Annotations(priority=0.5, audience=["user"])


@calls("get-env")
async def env(client: Client, heard: Heard) -> None:
    given = json.loads(text_of(await client.call_tool("get-env")))
    assert "PATH" in given
    assert "PYTEST_CURRENT_TEST" not in given


@calls("get-resource-links")
async def links(client: Client, heard: Heard) -> None:
    _, *found = (await client.call_tool("get-resource-links", {"count": 4})).content
    uris = [link.uri for link in found if isinstance(link, t.ResourceLink)]
    assert len(uris) == 4
    for uri in uris:
        (content,) = (await client.read_resource(uri)).contents
        assert content.uri == uri


@calls("get-resource-reference")
async def reference(client: Client, heard: Heard) -> None:
    arguments = {"resourceType": "Blob", "resourceId": 7}
    _, embedded, _ = (await client.call_tool("get-resource-reference", arguments)).content
    assert isinstance(embedded, t.EmbeddedResource)
    assert isinstance(embedded.resource, t.BlobResourceContents)
    assert base64.b64decode(embedded.resource.blob).startswith(b"Resource 7")


class Weather(Struct):
    temperature: float
    conditions: str
    humidity: float


@calls("get-structured-content")
async def structured(client: Client, heard: Heard) -> None:
    weather = await client.call_tool("get-structured-content", {"location": "Chicago"}, into=Weather)
    assert weather.conditions
    wrong = await client.call_tool("get-structured-content", {"location": "Atlantis"})
    assert wrong.is_error


@calls("get-sum")
async def addition(client: Client, heard: Heard) -> None:
    assert "is 3.5" in text_of(await client.call_tool("get-sum", {"a": 1, "b": 2.5}))


@calls("get-tiny-image")
async def image(client: Client, heard: Heard) -> None:
    _, image, _ = (await client.call_tool("get-tiny-image")).content
    assert isinstance(image, t.ImageContent)
    assert base64.b64decode(image.data).startswith(b"\x89PNG")


@calls("gzip-file-as-resource")
async def gzipped(client: Client, heard: Heard) -> None:
    data = f"data:text/plain;base64,{base64.b64encode(b'some text').decode()}"
    arguments = {"name": "text.gz", "data": data}
    (link,) = (await client.call_tool("gzip-file-as-resource", arguments)).content
    assert isinstance(link, t.ResourceLink)
    await heard.until(lambda: "notifications/resources/list_changed" in dict(heard.notifications))
    assert link.uri in [resource.uri async for resource in client.resources()]
    (content,) = (await client.read_resource(link.uri)).contents
    assert isinstance(content, t.BlobResourceContents)
    assert gzip.decompress(base64.b64decode(content.blob)) == b"some text"
    (embedded,) = (await client.call_tool("gzip-file-as-resource", {**arguments, "outputType": "resource"})).content
    assert isinstance(embedded, t.EmbeddedResource)


@calls("toggle-simulated-logging")
async def logging(client: Client, heard: Heard) -> None:
    before = len(heard.logs)
    assert "Started" in text_of(await client.call_tool("toggle-simulated-logging"))
    await client.set_level("debug")
    await heard.until(lambda: len(heard.logs) > before)
    assert "Stopped" in text_of(await client.call_tool("toggle-simulated-logging"))


@calls("toggle-subscriber-updates")
async def updates(client: Client, heard: Heard) -> None:
    uri = "demo://resource/dynamic/text/3"
    async with client.listen(uris=[uri]) as changes:
        await client.call_tool("toggle-subscriber-updates")
        with anyio.fail_after(10):
            assert (await anext(changes)).uri == uri
    await client.call_tool("toggle-subscriber-updates")


@calls("trigger-long-running-operation")
async def long(client: Client, heard: Heard) -> None:
    heard.progress.clear()
    arguments = {"duration": 0.5, "steps": 5}
    result = await client.call_tool("trigger-long-running-operation", arguments, on_progress=heard.on_progress)
    assert "completed" in text_of(result)
    assert heard.progress == [(step, 5, None) for step in (1, 2, 3, 4, 5)]
    endless = {"duration": 60, "steps": 1}
    with pytest.raises(RequestTimeout):
        await client.call_tool("trigger-long-running-operation", endless, timeout=0.2)
    with anyio.move_on_after(0.2):
        await client.call_tool("trigger-long-running-operation", endless)
    await client.ping()


@calls("get-roots-list")
async def roots(client: Client, heard: Heard) -> None:
    listed = text_of(await client.call_tool("get-roots-list"))
    assert "2 total" in listed
    assert "file:///data/ada" in listed
    await client.notify_roots_list_changed()
    await heard.until(lambda: any("Roots updated: 2" in str(log.data) for log in heard.logs))


@calls("trigger-elicitation-request")
async def form(client: Client, heard: Heard) -> None:
    heard.form = lambda params: {"name": "Ada", "integer": 7, "number": 1.5, "untitledMultipleSelectEnum": ["Tuna"]}
    said = text_of(await client.call_tool("trigger-elicitation-request"))
    assert "Ada" in said
    asked = heard.forms[-1].requested_schema.properties
    assert {"name", "check", "email", "integer", "number", "untitledSingleSelectEnum", "titledMultipleSelectEnum"} <= {
        *asked
    }
    assert isinstance(asked["integer"], t.NumberSchema)
    assert asked["integer"].default == 42
    heard.form = lambda params: None
    assert "declined" in text_of(await client.call_tool("trigger-elicitation-request"))
    heard.form = lambda params: t.ElicitResult(action="cancel")
    assert "cancelled" in text_of(await client.call_tool("trigger-elicitation-request"))


@calls("trigger-url-elicitation")
async def url(client: Client, heard: Heard) -> None:
    arguments = {"url": "https://example.com/form", "errorPath": True}
    with pytest.raises(RemoteError) as caught:
        await client.call_tool("trigger-url-elicitation", arguments)
    assert caught.value.code == -32042
    assert caught.value.data["elicitations"][0]["mode"] == "url"
    assert "completed" in text_of(await client.call_tool("trigger-url-elicitation", arguments))
    assert heard.urls == ["https://example.com/form"]


@calls("trigger-sampling-request")
async def sampling(client: Client, heard: Heard) -> None:
    said = text_of(await client.call_tool("trigger-sampling-request", {"prompt": "Why?", "maxTokens": 9}))
    assert '"model": "oracle"' in said
    assert heard.samplings[-1].max_tokens == 9
    assert heard.samplings[-1].temperature == 0.7


@calls("simulate-research-query")
async def task(client: Client, heard: Heard) -> None:
    heard.form = lambda params: {"interpretation": "snake"}
    arguments = {"topic": "python", "ambiguous": True}
    created = await client.call_tool("simulate-research-query", arguments, task=t.TaskMetadata(ttl=60_000))
    assert isinstance(created, t.CreateTaskResult)
    task_id = created.task.task_id
    assert (await client.get_task(task_id)).status == "working"
    assert task_id in [task.task_id for task in (await client.list_tasks()).tasks]
    payload = await client.get_task_payload(task_id)
    assert "snake" in json.dumps(dict(payload))
    assert (await client.get_task(task_id)).status == "completed"
    again = await client.call_tool("simulate-research-query", arguments, task=t.TaskMetadata())
    assert isinstance(again, t.CreateTaskResult)
    assert (await client.cancel_task(again.task.task_id)).status == "cancelled"


async def offers(client: Client) -> None:
    """Resources, templates and prompts."""
    documents = [r async for r in client.resources() if r.uri.startswith("demo://resource/static/")]
    assert len(documents) == 7
    for document in documents:
        (content,) = (await client.read_resource(document.uri)).contents
        assert isinstance(content, t.TextResourceContents)
        assert content.text
    templates = [template.uri_template async for template in client.resource_templates()]
    assert templates == [f"demo://resource/dynamic/{kind}/{{resourceId}}" for kind in ("text", "blob")]
    for template in templates:
        assert (await client.read_resource(template.replace("{resourceId}", "12"))).contents
        reference = t.ResourceTemplateReference(uri=template)
        argument = t.CompleteRequestParamsArgument(name="resourceId", value="12")
        assert (await client.complete(reference, argument)).completion.values == ["12"]
        with pytest.raises(RemoteError):
            await client.read_resource(template.replace("{resourceId}", "zero"))


PROMPTS: dict[str, dict[str, str] | None] = {
    "simple-prompt": None,
    "args-prompt": {"city": "Paris"},
    "completable-prompt": {"department": "Sales", "name": "Eve"},
    "resource-prompt": {"resourceType": "Text", "resourceId": "3"},
}


async def prompts(client: Client) -> None:
    """Every prompt, and their completions."""
    assert [prompt.name async for prompt in client.prompts()] == [*PROMPTS]
    for name, arguments in PROMPTS.items():
        assert (await client.get_prompt(name, arguments)).messages
    embedded = (await client.get_prompt("resource-prompt", PROMPTS["resource-prompt"])).messages[1].content
    assert isinstance(embedded, t.EmbeddedResource)
    with pytest.raises(RemoteError):
        await client.get_prompt("args-prompt", {})
    reference = t.PromptReference(name="completable-prompt")
    argument = t.CompleteRequestParamsArgument(name="name", value="")
    context = t.CompleteRequestParamsContext(arguments={"department": "Sales"})
    completed = await client.complete(reference, argument, context=context)
    assert completed.completion.values == ["David", "Eve", "Frank"]


async def test_everything() -> None:
    heard = Heard()
    target = script("@modelcontextprotocol/server-everything/dist/index.js", "stdio", stderr=heard.on_stderr)
    with anyio.fail_after(45):
        async with heard.client(target) as client:
            assert client.protocol_version == LEGACY
            assert client.server_info is not None
            assert client.server_info.title == "Everything Reference Server"
            assert client.instructions
            assert {tool.name async for tool in client.tools()} == {*TOOLS}
            await offers(client)
            await prompts(client)
            for check in TOOLS.values():
                await check(client, heard)
    assert heard.violations == []


@pytest.mark.parametrize("revision", ["2024-11-05", "2025-03-26", "2025-06-18"])
async def test_older_revisions(revision: str) -> None:
    target = script("@modelcontextprotocol/server-everything/dist/index.js", "stdio", stderr=None)
    with anyio.fail_after(20):
        async with Heard().client(target, revisions=revision) as client:
            assert client.protocol_version == revision
            assert text_of(await client.call_tool("echo", {"message": "hello"})) == "Echo: hello"


async def test_many_calls_at_once() -> None:
    target = script("@modelcontextprotocol/server-everything/dist/index.js", "stdio", stderr=None)
    answers: dict[int, str] = {}

    async def ask(number: int) -> None:
        answers[number] = text_of(await client.call_tool("get-sum", {"a": number, "b": 0}))

    with anyio.fail_after(20):
        async with Client(target) as client, anyio.create_task_group() as tasks:
            for number in range(1000):
                tasks.start_soon(ask, number)
    assert all(answers[number].endswith(f" is {number}.") for number in range(1000))
