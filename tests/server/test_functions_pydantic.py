"""pydantic's models and fields in functions' annotations: read, described and written by pydantic itself."""

from __future__ import annotations

import subprocess
import sys
from typing import Annotated, Any

import jsonschema_rs
import msgspec
import pytest

from mcpstruct.base.errors import ProtocolViolation
from mcpstruct.client.results import read_structured
from mcpstruct.server.arguments import BadArguments
from mcpstruct.server.functions import PromptFunction, ToolFunction
from mcpstruct.server.results import BadResult, convert_result
from tests.server.samples import Context, named

pydantic = pytest.importorskip("pydantic")
from pydantic import AfterValidator, BaseModel, Field, RootModel, SecretStr  # noqa: E402
from pydantic.dataclasses import dataclass as pydantic_dataclass  # noqa: E402


class Address(BaseModel):
    """Where somebody lives."""

    street: str
    number: int = Field(ge=1)


class User(BaseModel):
    name: str = Field(description="Full name.", alias="fullName")
    homes: list[Address] = []
    manager: User | None = None


class Names(RootModel[list[str]]):
    pass


class Cat(BaseModel):
    name: str


class Dog(BaseModel):
    name: str
    breed: str


class Holder(msgspec.Struct):
    """A Struct with a model in it."""

    user: User
    count: int = 0


@pydantic_dataclass
class Range:
    start: int = Field(ge=0)
    stop: int = 10


def even(value: int) -> int:
    if value % 2:
        raise ValueError("not even")
    return value


Even = Annotated[int, AfterValidator(even)]
FRESH: Any = Field(default_factory=lambda: ["x"])


def taking(annotation: Any, default: Any = ...) -> ToolFunction:
    def function(value):  # type: ignore[no-untyped-def]  # pyright: ignore
        return value

    def optional(value=default):  # type: ignore[no-untyped-def]  # pyright: ignore
        return value

    chosen = function if default is ... else optional
    chosen.__annotations__["value"] = annotation
    return ToolFunction(chosen, context_type=Context, name="tool")


ADDRESS = {"street": "High Street", "number": 1}
USER = {"fullName": "Ann", "homes": [ADDRESS], "manager": {"fullName": "Bob"}}


@pytest.mark.parametrize(
    ("annotation", "plain", "value"),
    [
        (Address, ADDRESS, Address(**ADDRESS)),
        (User, USER, User.model_validate(USER)),
        (list[Address], [ADDRESS], [Address(**ADDRESS)]),
        (dict[str, User | None], {"a": USER, "b": None}, {"a": User.model_validate(USER), "b": None}),
        (Address | None, None, None),
        (Address | str, "nowhere", "nowhere"),
        (Cat | Dog, {"name": "Rex", "breed": "collie"}, Dog(name="Rex", breed="collie")),
        (Names, ["a"], Names(["a"])),
        (Annotated[int, Field(ge=1)], 5, 5),
        (Even, 4, 4),
        (Range, {"start": 1}, Range(1, 10)),
        (Holder, {"user": USER}, Holder(User.model_validate(USER))),
        (list[Holder | Address], [{"user": USER}], [Holder(User.model_validate(USER))]),
    ],
    ids=named,
)
def test_values_and_schemas(annotation: Any, plain: Any, value: Any) -> None:
    tool = taking(annotation)
    jsonschema_rs.meta.validate(tool.input_schema)
    assert jsonschema_rs.Draft202012Validator(tool.input_schema).is_valid({"value": plain})
    for arguments in ({"value": plain}, msgspec.json.encode({"value": plain})):
        found = tool.decode(arguments)["value"]
        assert found == value
        assert type(found) is type(value)


def test_definitions_of_models_are_shared_and_stay_apart_from_others_of_the_same_name() -> None:
    other = msgspec.defstruct("Address", [("zip", int)])

    def function(a: Any, b: Any, c: Any, d: Any) -> None: ...

    function.__annotations__.update(a=other, b=list[Address], c=dict[str, Address], d=list[User])
    schema = ToolFunction(function, context_type=Context).input_schema
    jsonschema_rs.meta.validate(schema)
    assert sorted(schema["$defs"]) == ["Address", "Address_2", "User"]
    references = [schema["properties"][name] for name in "abc"]
    assert references == [
        {"$ref": "#/$defs/Address"},
        {"type": "array", "items": {"$ref": "#/$defs/Address_2"}},
        {"type": "object", "additionalProperties": {"$ref": "#/$defs/Address_2"}},
    ]
    assert schema["$defs"]["User"]["properties"]["homes"]["items"] == {"$ref": "#/$defs/Address_2"}


def test_fields_as_defaults_and_in_annotations() -> None:
    def function(
        a: int = Field(3, ge=1, description="The a."),
        b: list[str] = FRESH,
        c: int = Field(description="The c."),
        d: Annotated[int, Field(default=7)] = ...,  # type: ignore[assignment]
        e: Annotated[int, Field(le=9)] = 8,
    ) -> None:
        """Does it.

        Args:
            a: Not read.
            b: The b.
        """

    function.__annotations__.update(
        a=int, b=list[str], c=int, d=Annotated[int, Field(default=7)], e=Annotated[int, Field(le=9)]
    )
    function.__defaults__ = (*(function.__defaults__ or ())[:3], 7, 8)
    tool = ToolFunction(function, context_type=Context)
    assert tool.input_schema["required"] == ["c"]
    assert tool.input_schema["properties"] == {
        "a": {"type": "integer", "minimum": 1, "description": "The a.", "default": 3},
        "b": {"type": "array", "items": {"type": "string"}, "description": "The b."},
        "c": {"type": "integer", "description": "The c."},
        "d": {"type": "integer", "default": 7},
        "e": {"type": "integer", "maximum": 9, "default": 8},
    }
    first = tool.decode({"c": 1})
    assert first == {"a": 3, "b": ["x"], "c": 1, "d": 7, "e": 8}
    first["b"].append("y")
    assert tool.decode({"c": 1})["b"] == ["x"]
    with pytest.raises(BadArguments, match="at /a: expected greater than or equal to 1, got integer"):
        tool.decode({"a": 0, "c": 1})


def test_a_default_within_the_annotation() -> None:
    assert taking(Annotated[int, Field(default=7)]).decode({}) == {"value": 7}


def test_a_model_as_default_is_copied() -> None:
    tool = taking(Address, Address(**ADDRESS))
    first = tool.decode({})["value"]
    first.number = 9
    assert tool.decode({})["value"] == Address(**ADDRESS)
    assert tool.input_schema["properties"]["value"]["default"] == ADDRESS


def test_an_alias_of_a_parameter_is_refused() -> None:
    with pytest.raises(TypeError, match="parameter 'value' has an alias"):
        taking(Annotated[int, Field(alias="other")])


@pytest.mark.parametrize(
    ("annotation", "sent", "line"),
    [
        (Address, {"street": 5, "number": 1}, "at /value/street: expected a valid string, got integer"),
        (list[Address], [ADDRESS, {"number": 1}], "at /value/1/street: expected string, got nothing"),
        (Holder, {"user": {"fullName": 5}}, "at /value/user/fullName: expected a valid string, got integer"),
        (Even, 3, "at /value: expected Value error, not even, got integer"),
        (Address, "secret", "at /value: expected an object, got string"),
    ],
    ids=named,
)
def test_faults_have_pointers_and_no_values(annotation: Any, sent: Any, line: str) -> None:
    with pytest.raises(BadArguments) as caught:
        taking(annotation).decode({"value": sent})
    assert [str(problem) for problem in caught.value.problems] == [line]
    assert "secret" not in str(caught.value)


def test_all_faults_of_a_model_are_told() -> None:
    with pytest.raises(BadArguments) as caught:
        taking(Address).decode({"value": {"street": 5, "number": 0}})
    assert [problem.pointer for problem in caught.value.problems] == ["/value/street", "/value/number"]


def test_json_in_a_string_will_do() -> None:
    assert taking(Address).decode({"value": msgspec.json.encode(ADDRESS).decode()})["value"] == Address(**ADDRESS)


def test_a_type_that_pydantic_refuses_too_is_refused_at_registration() -> None:
    class Opaque:
        pass

    with pytest.raises(TypeError, match="parameter 'value'"):
        taking(dict[str, Opaque | Address])


def test_prompts_take_models_as_json() -> None:
    def prompt(where: Any) -> str:
        return str(where)

    prompt.__annotations__["where"] = Address
    found = PromptFunction(prompt, context_type=Context)
    assert found.decode({"where": msgspec.json.encode(ADDRESS).decode()}) == {"where": Address(**ADDRESS)}


# -- results ----------------------------------------------------------------------------------------------------------


def returning(annotation: Any) -> ToolFunction:
    def function() -> None: ...

    function.__annotations__["return"] = annotation
    return ToolFunction(function, context_type=Context, name="tool")


@pytest.mark.parametrize(
    ("annotation", "value", "structured"),
    [
        (User, User.model_validate(USER), {**USER, "manager": {"fullName": "Bob", "homes": [], "manager": None}}),
        (Address, ADDRESS, ADDRESS),
        (list[Address], [Address(**ADDRESS)], {"result": [ADDRESS]}),
        (Names, Names(["a"]), {"result": ["a"]}),
        (dict[str, Address], {"a": Address(**ADDRESS)}, {"a": ADDRESS}),
        (Range, Range(1), {"start": 1, "stop": 10}),
        (Holder, Holder(User(fullName="Ann")), {"user": {"fullName": "Ann", "homes": [], "manager": None}, "count": 0}),
        (Address | None, None, {"result": None}),
    ],
    ids=named,
)
def test_models_as_structured_output(annotation: Any, value: Any, structured: Any) -> None:
    tool = returning(annotation)
    result: Any = convert_result(value, tool.output)
    assert result.structured_content == structured
    assert tool.output_schema is not None
    jsonschema_rs.meta.validate(tool.output_schema)
    assert jsonschema_rs.Draft202012Validator(tool.output_schema).is_valid(structured)
    expected = Address(**ADDRESS) if annotation is Address else value
    assert read_structured(structured, annotation) == expected


def test_a_model_without_annotation_is_json_text() -> None:
    result: Any = convert_result([Address(**ADDRESS)], returning(Any).output)
    assert result.content[0].text == '[{"street":"High Street","number":1}]'


def test_a_result_that_does_not_fit_the_model() -> None:
    with pytest.raises(BadResult, match="at /number: expected greater than or equal to 1, got integer"):
        convert_result({"street": "x", "number": 0}, returning(Address).output)


def test_reading_what_does_not_fit() -> None:
    with pytest.raises(ProtocolViolation) as caught:
        read_structured({"result": [{"street": "x"}]}, list[Address])
    assert caught.value.pointer == "/result/structuredContent/result/0/number"


def test_secrets_stay_secret() -> None:
    result: Any = convert_result({"key": SecretStr("hush")}, returning(dict[str, SecretStr]).output)
    assert "hush" not in str(result)


def test_pydantic_is_never_imported_by_us() -> None:
    code = (
        "import sys, mcpstruct.server.functions as f, mcpstruct.server.results as r\n"
        "class C: pass\n"
        "def t(x: int, y: list[str] = []) -> dict[str, int]: return {}\n"
        "tool = f.ToolFunction(t, context_type=C)\n"
        "tool.decode({'x': 1}); r.convert_result({'a': 1}, tool.output)\n"
        "assert 'pydantic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
