"""What tools return becomes content, and structured output where the annotation promises it."""

from __future__ import annotations

import base64
import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Optional

import jsonschema_rs
import msgspec
import pytest

from mcpstruct.base.codec import to_dict
from mcpstruct.base.errors import ProtocolViolation
from mcpstruct.client.results import read_structured
from mcpstruct.server.content import Audio, File, Image
from mcpstruct.server.functions import ToolFunction
from mcpstruct.server.results import BadResult, convert_result, output_of
from mcpstruct_bindings.merged.types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    InputRequiredResult,
    ResourceContentsUnion,
    ResourceLink,
    TextContent,
    TextResourceContents,
    Tool,
)
from tests.server.samples import Cat, Colour, Context, Dog, Options, Pair, Person, Point, named


class Line(msgspec.Struct, array_like=True):
    start: int
    stop: int


class Opaque:
    pass


def content(value: Any) -> list[Any]:
    """The content of the result for a value, as on the wire."""
    plain: list[Any] = to_dict(convert_result(value))["content"]
    return plain


def structured(value: Any, annotation: Any) -> CallToolResult:
    output = output_of(annotation)
    assert output is not None
    result = convert_result(value, output)
    assert isinstance(result, CallToolResult)
    jsonschema_rs.meta.validate(output.schema)
    assert jsonschema_rs.Draft202012Validator(output.schema).is_valid(result.structured_content)
    return result


# -- content ----------------------------------------------------------------------------------------------------------


def test_finished_results_pass() -> None:
    for finished in (CallToolResult(content=[], is_error=True), InputRequiredResult(request_state="x")):
        assert convert_result(finished) is finished
        assert convert_result(finished, output_of(int)) is finished


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("hello", "hello"),
        (5, "5"),
        (None, None),
        (True, "true"),
        ({"a": [1, None]}, '{"a":[1,null]}'),
        ([], "[]"),
        (["a", "b"], '["a","b"]'),
        (Point(1), '{"x":1,"y":0}'),
        ([Person("A", datetime.date(2024, 5, 6))], '[{"name":"A","born":"2024-05-06"}]'),
        (Colour.RED, '"red"'),
        (Path("a/b"), '"a/b"'),
        ({1: "a"}, '{"1":"a"}'),
        (Tool(name="t", input_schema={}), '{"inputSchema":{},"name":"t"}'),
    ],
    ids=named,
)
def test_data_becomes_text(value: Any, text: str | None) -> None:
    assert content(value) == ([] if text is None else [{"type": "text", "text": text}])


def test_images_sounds_files_and_blocks_mix() -> None:
    link = ResourceLink(name="l", uri="x://y")
    contents = TextResourceContents(uri="x://z", text="z")
    found = convert_result(
        ["see:", Image(b"PNG", format="png"), link, {"a": 1}, None, (Audio(b"W", format="mp3"), contents)]
    )
    assert found == CallToolResult(
        content=[
            TextContent(text="see:"),
            ImageContent(data="UE5H", mime_type="image/png"),
            link,
            TextContent(text='{"a":1}'),
            AudioContent(data="Vw==", mime_type="audio/mpeg"),
            EmbeddedResource(resource=contents),
        ]
    )


def test_bytes_are_a_file_named_by_their_digest() -> None:
    (block,) = content(b"\x00\x01")
    assert block["type"] == "resource"
    assert base64.b64decode(block["resource"]["blob"]) == b"\x00\x01"
    assert block["resource"]["mimeType"] == "application/octet-stream"
    assert block["resource"]["uri"].startswith("ni:///sha-256;")
    assert content(bytearray(b"\x00\x01")) == [block]


@pytest.mark.parametrize(
    ("media", "mime_type"),
    [
        (Image(b"", format="jpg"), "image/jpeg"),
        (Image(b"", format="SVG"), "image/svg+xml"),
        (Image(b"", format="image/x-own"), "image/x-own"),
        (Audio(b"", format="wav"), "audio/wav"),
    ],
    ids=named,
)
def test_formats(media: Image | Audio, mime_type: str) -> None:
    assert media.content().mime_type == mime_type


def test_media_from_files(tmp_path: Path) -> None:
    for cls, name, mime_type in (
        (Image, "a.png", "image/png"),
        (Image, "a.JPEG", "image/jpeg"),
        (Audio, "a.wav", "audio/wav"),
    ):
        (tmp_path / name).write_bytes(b"data")
        media = cls(path=tmp_path / name)
        assert (media.mime_type, media.data) == (mime_type, b"data")
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(TypeError, match="Image needs a format"):
        Image(path=str(tmp_path / "a.txt"))
    assert Image(path=tmp_path / "a.txt", format="png").mime_type == "image/png"
    with pytest.raises(FileNotFoundError):
        Image(path=tmp_path / "b.png")


@pytest.mark.parametrize("make", [Image, lambda: Image(b"", path="x.png"), lambda: Image(b""), File])
def test_media_made_wrongly(make: Any) -> None:
    with pytest.raises(TypeError, match=r"takes either data or path|needs a format"):
        make()


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "my report.csv"
    path.write_text("a,b\n")
    assert File(path=path).contents() == TextResourceContents(
        uri="file:///my%20report.csv", mime_type="text/csv", text="a,b\n"
    )
    assert File(b"\xff", name="x.txt").contents() == BlobResourceContents(
        uri="file:///x.txt", mime_type="text/plain", blob="/w=="
    )
    assert File("{}", mime_type="application/json", uri="x://y").contents() == TextResourceContents(
        uri="x://y", mime_type="application/json", text="{}"
    )
    assert File(b"%PDF", name="../etc/x.pdf").contents().uri == "file:///..%2Fetc%2Fx.pdf"
    assert File("é").contents().mime_type == "text/plain"


@pytest.mark.parametrize("value", [Opaque(), [Opaque()], {"a": object()}, {"a": "\ud800"}, {(1, 2): 3}])
def test_what_json_cannot_hold(value: Any) -> None:
    with pytest.raises(BadResult, match="no form in JSON"):
        convert_result(value)


def test_circles_are_refused() -> None:
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(BadResult):
        convert_result(circle)


# -- structured output ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "value", "data", "text"),
    [
        (Point, Point(1), {"x": 1, "y": 0}, '{"x":1,"y":0}'),
        (Person, Person("A"), {"name": "A", "born": None}, '{"name":"A","born":null}'),
        (Options, {"deep": True}, {"deep": True}, '{"deep":true}'),
        (dict[str, int], {"a": 1}, {"a": 1}, '{"a":1}'),
        (dict, {"a": 1}, {"a": 1}, '{"a":1}'),
        (int, 5, {"result": 5}, "5"),
        (float, 5, {"result": 5}, "5"),
        (bool, False, {"result": False}, "false"),
        (Colour, Colour.RED, {"result": "red"}, "red"),
        (Literal["a"], "a", {"result": "a"}, "a"),
        (list[str], ["a"], {"result": ["a"]}, '["a"]'),
        (list[Point], [Point(1)], {"result": [{"x": 1, "y": 0}]}, '[{"x":1,"y":0}]'),
        (tuple[int, str], (1, "a"), {"result": [1, "a"]}, '[1,"a"]'),
        (Pair, Pair(1, "a"), {"result": [1, "a"]}, '[1,"a"]'),
        (Line, Line(1, 2), {"result": [1, 2]}, "[1,2]"),
        (int | None, None, {"result": None}, "null"),
        (Point | None, Point(1), {"result": {"x": 1, "y": 0}}, '{"x":1,"y":0}'),
        (str | int, "a", {"result": "a"}, "a"),
        (Cat | Dog, Dog("a", "b"), {"result": {"name": "a", "breed": "b"}}, '{"name":"a","breed":"b"}'),
        (datetime.date, datetime.date(2024, 5, 6), {"result": "2024-05-06"}, "2024-05-06"),
        (Annotated[int, msgspec.Meta(ge=1)], 1, {"result": 1}, "1"),
        (Point | CallToolResult | InputRequiredResult, Point(1), {"x": 1, "y": 0}, '{"x":1,"y":0}'),
        (Tool, Tool(name="t", input_schema={}), {"name": "t", "inputSchema": {}}, '{"inputSchema":{},"name":"t"}'),
    ],
    ids=named,
)
def test_structured_output(annotation: Any, value: Any, data: Any, text: str) -> None:
    result = structured(value, annotation)
    assert result.structured_content == data
    assert result.content == [TextContent(text=text)]
    assert json.loads(msgspec.json.encode(result.structured_content)) == data
    into = Point if annotation == Point | CallToolResult | InputRequiredResult else annotation
    assert read_structured(data, into) == value


@pytest.mark.parametrize(
    "annotation",
    [
        str, bytes, None, type(None), Any, object, Image, Audio, File, TextContent, ContentBlock, CallToolResult,
        InputRequiredResult, ResourceContentsUnion, TextResourceContents, str | None, Optional[str],  # noqa: UP045
        Annotated[str, "x"], list[Image], list[ContentBlock], Sequence[str | Image], tuple[str, Image],
        list[Image | str] | str, Image | Point, CallToolResult | str, CallToolResult | InputRequiredResult, Opaque,
        list[Opaque],
    ],
    ids=named,
)  # fmt: skip
def test_annotations_that_promise_no_data(annotation: Any) -> None:
    assert output_of(annotation) is None


@pytest.mark.parametrize("annotation", [Any, None, Image, list[TextContent], CallToolResult, Opaque])
def test_structured_output_that_cannot_be_had(annotation: Any) -> None:
    with pytest.raises(TypeError):
        output_of(annotation, True)


def test_structured_output_forced_and_forbidden() -> None:
    text = output_of(str, True)
    assert text is not None
    assert convert_result("a", text) == CallToolResult(
        content=[TextContent(text="a")], structured_content={"result": "a"}
    )
    assert output_of(Point, False) is None
    assert convert_result(Point(1)) == CallToolResult(content=[TextContent(text='{"x":1,"y":0}')])


def test_dicts_may_stand_for_classes() -> None:
    assert structured({"x": 1}, Point).structured_content == {"x": 1}
    assert structured({"name": "A"}, Person).structured_content == {"name": "A"}


@pytest.mark.parametrize(
    ("annotation", "value", "message"),
    [
        (Options, {"deep": "secret"}, "at /deep: expected boolean, got string"),
        (dict[str, int], {"a": "secret"}, r"at /\*: expected integer, got string"),
        (list[int], ["secret"], "at /0: expected integer, got string"),
        (int, "secret", "expected integer, got string"),
        (Point, None, "expected object, got null"),
        (Point, Person("secret"), "at /x: expected a value, got nothing"),
        (Colour, "secret", "expected one of the values allowed"),
        (Cat | Dog, 5, "expected object, got integer"),
        (list[int], Opaque(), "no form in JSON"),
        (int, Image(b"", format="png"), "no form in JSON"),
    ],
    ids=named,
)
def test_results_that_do_not_fit_are_the_servers_fault(annotation: Any, value: Any, message: str) -> None:
    with pytest.raises(BadResult, match=message) as caught:
        convert_result(value, output_of(annotation))
    assert "secret" not in str(caught.value)


def test_a_tool_knows_its_output() -> None:
    def locate(name: str) -> Point:
        return Point(1)

    def say(name: str) -> str:
        return name

    tool = ToolFunction(locate, context_type=Context)
    assert tool.output_schema is not None
    result = convert_result(locate("x"), tool.output)
    assert isinstance(result, CallToolResult)
    assert result.structured_content == {"x": 1, "y": 0}
    assert ToolFunction(locate, context_type=Context, structured_output=False).output_schema is None
    assert ToolFunction(say, context_type=Context).output_schema is None
    assert ToolFunction(say, context_type=Context, structured_output=True).output_schema == {
        "type": "object",
        "properties": {"result": {"type": "string"}},
        "required": ["result"],
    }


# -- the client's side ------------------------------------------------------------------------------------------------


class Result(msgspec.Struct):
    result: int


def test_an_object_with_a_result_of_its_own_is_itself() -> None:
    assert read_structured({"result": 1}, Result) == Result(1)
    assert read_structured({"result": 1}, dict[str, int]) == {"result": 1}
    assert read_structured({"result": 1}, int) == 1
    assert read_structured({"result": 1}, Result | None) == Result(1)
    assert read_structured({"result": None}, Result | None) is None
    assert read_structured({"result": 1, "more": 2}, dict) == {"result": 1, "more": 2}
    assert read_structured([1], list[int]) == [1]  # a server that wraps nothing


@pytest.mark.parametrize(
    ("structured_content", "into", "pointer", "expected", "got"),
    [
        ({"x": "secret"}, Point, "/result/structuredContent/x", "integer", "string"),
        ({"result": "secret"}, int, "/result/structuredContent/result", "integer", "string"),
        ({"result": [1, None]}, list[int], "/result/structuredContent/result/1", "integer", "null"),
        (None, Point, "/result/structuredContent", "object", "null"),
        ({"a": 1}, int, "/result/structuredContent", "integer", "object"),
        ({"name": 5}, Cat | Dog, "/result/structuredContent/name", "string", "integer"),
    ],
)
def test_what_does_not_fit_is_a_violation_with_its_place(
    structured_content: Any, into: Any, pointer: str, expected: str, got: str
) -> None:
    with pytest.raises(ProtocolViolation) as caught:
        read_structured(structured_content, into)
    problem = caught.value.problem
    assert (problem.pointer, problem.expected, problem.got) == (pointer, expected, got)


def test_types_that_json_has_no_form_for_are_the_callers_error() -> None:
    for into in (Opaque, list[Opaque], complex):
        with pytest.raises(TypeError):
            read_structured({"result": [1]}, into)
