"""What the functions of prompts and resources return becomes messages and contents."""

from __future__ import annotations

import enum
from typing import Any

import msgspec
import pytest

from mcpstruct.server.content import Audio, File, Image
from mcpstruct.server.prompt_results import AssistantMessage, UserMessage, convert_prompt_result
from mcpstruct.server.resource_results import convert_resource
from mcpstruct.server.results import BadResult
from mcpstruct_bindings.merged.types import (
    BlobResourceContents,
    EmbeddedResource,
    GetPromptResult,
    ImageContent,
    InputRequiredResult,
    PromptMessage,
    ReadResourceResult,
    TextContent,
    TextResourceContents,
)
from tests.server.samples import named

URI = "thing://one"


class Colour(enum.Enum):
    RED = "red"


class Point(msgspec.Struct):
    x: int


def user(text: str) -> PromptMessage:
    return PromptMessage(role="user", content=TextContent(text=text))


def assistant(text: str) -> PromptMessage:
    return PromptMessage(role="assistant", content=TextContent(text=text))


# -- prompts ----------------------------------------------------------------------------------------------------------

PICTURE = ImageContent(data="UE5H", mime_type="image/png")


@pytest.mark.parametrize(
    ("value", "messages"),
    [
        ("hello", [user("hello")]),
        (user("a"), [user("a")]),
        (UserMessage("a"), [user("a")]),
        (AssistantMessage("a"), [assistant("a")]),
        (TextContent(text="a"), [user("a")]),
        (Image(b"PNG", format="png"), [PromptMessage(role="user", content=PICTURE)]),
        (AssistantMessage(Image(b"PNG", format="png")), [PromptMessage(role="assistant", content=PICTURE)]),
        (["a", AssistantMessage("b"), user("c")], [user("a"), assistant("b"), user("c")]),
        (("a", ["b"]), [user("a"), user("b")]),
        ({"role": "assistant", "content": "a"}, [assistant("a")]),
        ({"role": "user", "content": {"type": "text", "text": "a"}}, [user("a")]),
        (
            {"role": "user", "content": ["a", Image(b"PNG", format="png")]},
            [user("a"), PromptMessage(role="user", content=PICTURE)],
        ),
        ([], []),
    ],
    ids=named,
)
def test_messages(value: Any, messages: list[PromptMessage]) -> None:
    assert convert_prompt_result(value, "What for.") == GetPromptResult(messages=messages, description="What for.")


def test_a_resource_in_a_message() -> None:
    contents = TextResourceContents(uri=URI, text="a")
    (message,) = convert_prompt_result(UserMessage(contents)).messages  # type: ignore[union-attr]
    assert message.content == EmbeddedResource(resource=contents)


@pytest.mark.parametrize("finished", [GetPromptResult(messages=[]), InputRequiredResult(request_state="x")])
def test_finished_prompts_pass(finished: Any) -> None:
    assert convert_prompt_result(finished, "ignored") is finished


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        [5],
        Point(1),
        {"content": "a"},
        {"role": "system", "content": "a"},
        {"role": "user", "content": {"type": "secret"}},
        {"role": "user", "content": None},
        {"role": "user", "content": "a", "more": 1},
    ],
    ids=named,
)
def test_what_is_no_message(value: Any) -> None:
    with pytest.raises(BadResult):
        convert_prompt_result(value)


# -- resources --------------------------------------------------------------------------------------------------------


def text(value: str, mime_type: str = "text/plain", uri: str = URI) -> TextResourceContents:
    return TextResourceContents(uri=uri, mime_type=mime_type, text=value)


def blob(value: str, mime_type: str = "application/octet-stream", uri: str = URI) -> BlobResourceContents:
    return BlobResourceContents(uri=uri, mime_type=mime_type, blob=value)


@pytest.mark.parametrize(
    ("value", "mime_type", "contents"),
    [
        ("hello", None, [text("hello")]),
        ("<p>", "text/html", [text("<p>", "text/html")]),
        (b"\x00", None, [blob("AA==")]),
        (bytearray(b"\x00"), "image/png", [blob("AA==", "image/png")]),
        ({"a": 1}, None, [text('{"a":1}', "application/json")]),
        ([1, 2], None, [text("[1,2]", "application/json")]),
        ([], None, [text("[]", "application/json")]),
        (Point(1), "application/x-point+json", [text('{"x":1}', "application/x-point+json")]),
        (File("a,b", name="x.csv"), None, [text("a,b", "text/csv")]),
        (File(b"\x00", name="x.bin"), None, [blob("AA==")]),
        (Image(b"\x00", format="png"), None, [blob("AA==", "image/png")]),
        (Audio(b"\x00", format="wav"), None, [blob("AA==", "audio/wav")]),
        (text("a", uri="thing://two"), None, [text("a", uri="thing://two")]),
        ([text("a"), blob("AA==")], None, [text("a"), blob("AA==")]),
        (
            [File("a", name="a.txt"), "b", File("c", uri="thing://c")],
            None,
            [text("a", uri="file:///a.txt"), text("b"), text("c", uri="thing://c")],
        ),
    ],
    ids=named,
)
def test_contents(value: Any, mime_type: str | None, contents: Any) -> None:
    assert convert_resource(value, URI, mime_type) == ReadResourceResult(contents=contents)


@pytest.mark.parametrize("finished", [ReadResourceResult(contents=[]), InputRequiredResult(request_state="x")])
def test_finished_resources_pass(finished: Any) -> None:
    assert convert_resource(finished, URI) is finished


@pytest.mark.parametrize("value", [None, object(), [object()]])
def test_what_is_no_contents(value: Any) -> None:
    with pytest.raises(BadResult):
        convert_resource(value, URI)
