"""Functions of every kind become tools: their parameters, their context, and what is refused at registration."""

from __future__ import annotations

import functools
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, Generic, Optional, TypeVar

import msgspec
import pytest

from mcpstruct.server.functions import PromptFunction, ResourceFunction, ToolFunction
from mcpstruct_bindings.merged.types import PromptArgument

if TYPE_CHECKING:
    from nowhere import Unheard  # pyright: ignore[reportMissingImports]

T = TypeVar("T")


class Context(Generic[T]):
    """Stands for the context that servers pass."""


class Narrower(Context[int]):
    pass


def tool(function: Callable[..., Any], **options: Any) -> ToolFunction:
    return ToolFunction(function, context_type=Context, **options)


def parameters(function: Callable[..., Any], **options: Any) -> list[str]:
    return list(tool(function, **options).input_schema["properties"])


# -- callables --------------------------------------------------------------------------------------------------------


def plain(query: str, limit: int = 10) -> str:
    """Find things."""
    return query * limit


async def awaited(query: str) -> str:
    """Find things, slowly."""
    return query


class Finder:
    def find(self, query: str) -> str:
        """Find things."""
        return query

    @classmethod
    async def of_class(cls, query: str) -> str:
        return query

    @staticmethod
    def static(query: str) -> str:
        return query

    async def __call__(self, query: str, deep: bool = False) -> str:
        """Find things here."""
        return query


def passing_on(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


@passing_on
def decorated(query: str, ctx: Context[int]) -> str:
    """Find things, with ceremony."""
    return query


def test_a_plain_function() -> None:
    found = tool(plain)
    assert (found.name, found.description, found.is_async, found.context_parameter) == (
        "plain",
        "Find things.",
        False,
        None,
    )
    assert plain(**found.decode({"query": "a", "limit": 2})) == "aa"
    assert found.decode({"query": "a"}) == {"query": "a", "limit": 10}


@pytest.mark.parametrize(
    ("function", "name", "names", "is_async"),
    [
        (awaited, "awaited", ["query"], True),
        (Finder().find, "find", ["query"], False),
        (Finder.of_class, "of_class", ["query"], True),
        (Finder.static, "static", ["query"], False),
        (Finder(), "Finder", ["query", "deep"], True),
        (decorated, "decorated", ["query"], False),
        (functools.partial(plain, "x"), "plain", ["limit"], False),
        (functools.partial(plain, limit=3), "plain", ["query"], False),
        (functools.partial(functools.partial(awaited), "x"), "awaited", [], True),
        (functools.partial(Finder(), deep=True), "Finder", ["query"], True),
        (sorted_by_length := lambda words: sorted(words, key=len), "by_length", ["words"], False),
    ],
)
def test_callables(function: Callable[..., Any], name: str, names: list[str], is_async: bool) -> None:
    found = tool(function, name="by_length" if name == "by_length" else None)
    assert found.name == name
    assert parameters(function, name=name) == names
    assert found.is_async is is_async


def test_docstrings_of_partials_and_callables_are_those_of_what_is_called() -> None:
    assert tool(functools.partial(plain, "x")).description == "Find things."
    assert tool(Finder()).description == "Find things here."
    assert tool(decorated).description == "Find things, with ceremony."


def test_what_a_partial_gives_by_name_is_out_of_a_callers_reach() -> None:
    found = tool(functools.partial(plain, limit=3))
    assert "3" not in str(found.input_schema)
    with pytest.raises(Exception, match="no such argument"):
        found.decode({"query": "x", "limit": 4})


def test_name_and_description_can_be_given() -> None:
    found = tool(plain, name="other", description="Something else.")
    assert (found.name, found.description) == ("other", "Something else.")
    assert tool(plain, description="").description is None
    with pytest.raises(TypeError, match="name="):
        tool(lambda: None)


# -- the context ------------------------------------------------------------------------------------------------------


def by_class(ctx: Context[Any], x: int) -> None: ...
def by_union(x: int, ctx: Context[str] | None = None) -> None: ...
def by_optional(x: int, *, context: Optional[Context[str]] = None) -> None: ...  # noqa: UP045
def by_subclass(x: int, c: Narrower) -> None: ...
def by_annotated(x: int, c: Annotated[Context[int], "the context"]) -> None: ...
def by_string(x: int, c: "Context[int] | None") -> None: ...  # noqa: UP037
def without(x: int) -> None: ...


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (by_class, "ctx"),
        (by_union, "ctx"),
        (by_optional, "context"),
        (by_subclass, "c"),
        (by_annotated, "c"),
        (by_string, "c"),
        (without, None),
    ],
)
def test_the_context_is_found_by_annotation_and_hidden(function: Callable[..., Any], name: str | None) -> None:
    found = tool(function)
    assert found.context_parameter == name
    assert list(found.input_schema["properties"]) == ["x"]
    assert found.decode({"x": 1}) == {"x": 1}


def test_the_context_may_be_imported_for_type_checkers_alone() -> None:
    source = "from __future__ import annotations\ndef late(x: int, ctx: Context[int] | None = None) -> None: ..."
    module: dict[str, Any] = {"__name__": "elsewhere"}
    exec(source, module)  # noqa: S102  # a module that does not know the class
    assert tool(module["late"]).context_parameter == "ctx"


def test_two_contexts_are_one_too_many() -> None:
    def greedy(a: Context[int], b: Context[int]) -> None: ...

    with pytest.raises(TypeError, match="greedy takes the context more than once: a, b"):
        tool(greedy)


# -- annotations ------------------------------------------------------------------------------------------------------


def test_classes_of_an_outer_function() -> None:
    class Point(msgspec.Struct):
        x: int

    def place(at: Point, near: list[Point] | None = None) -> Point:
        return at

    assert tool(place, namespace=locals()).decode({"at": {"x": 1}})["at"] == Point(1)


def test_classes_that_a_closure_knows() -> None:
    class Point(msgspec.Struct):
        x: int

    def place(at: Point) -> int:
        return Point(at.x).x

    assert tool(place).decode({"at": {"x": 1}}) == {"at": Point(1)}


def test_locals_do_not_hide_the_globals_of_a_function_from_elsewhere() -> None:
    assert tool(plain, namespace={"str": int}).decode({"query": "a"})["query"] == "a"


def test_no_annotation_takes_anything() -> None:
    def anything(x, y=None):  # type: ignore[no-untyped-def]  # pyright: ignore
        return x, y

    found = tool(anything)
    assert found.input_schema["properties"] == {"x": {}, "y": {"default": None}}
    assert found.decode({"x": [1, {"a": None}]}) == {"x": [1, {"a": None}], "y": None}


def test_no_parameters() -> None:
    def ping() -> str:
        return "pong"

    found = tool(ping)
    assert found.input_schema == {"type": "object", "properties": {}, "additionalProperties": False}
    for nothing in (None, {}, b"{}", msgspec.Raw(b" {} ")):
        assert found.decode(nothing) == {}


def test_a_result_that_only_type_checkers_know_is_no_obstacle() -> None:
    def reticent(x: int) -> Unheard: ...

    assert tool(reticent).output_schema is None
    with pytest.raises(TypeError, match="reticent: structured output needs a return annotation"):
        tool(reticent, structured_output=True)


def test_an_awaitable_result_is_what_it_gives() -> None:
    def soon() -> Awaitable[int]: ...

    assert tool(soon).output_schema == {
        "type": "object",
        "properties": {"result": {"type": "integer"}},
        "required": ["result"],
    }


# -- refusals ---------------------------------------------------------------------------------------------------------


class Opaque:
    pass


def starred(*values: int) -> None: ...
def double_starred(**values: int) -> None: ...
def by_position(value: int, /) -> None: ...
def unresolved(value: Unheard) -> None: ...
def opaque(value: int, thing: list[Opaque]) -> None: ...


class Unbound:
    def method(self, value: int) -> None: ...


def generator() -> Iterator[int]:
    yield 1


async def async_generator() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (starred, r"starred takes \*values"),
        (double_starred, r"double_starred takes \*\*values"),
        (by_position, "by_position takes 'value' by position only"),
        (unresolved, "parameter 'value' of unresolved: .*'Unheard' is not defined"),
        (opaque, "opaque: parameter 'thing': .*Opaque has no form in JSON"),
        (generator, "generator is a generator"),
        (async_generator, "async_generator is a generator"),
        (Unbound.method, "method is a method without its object"),
        (range, "range does not tell its parameters"),
        (5, "5 cannot be called"),
    ],
)
def test_what_no_client_could_call_is_refused(function: Callable[..., Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        tool(function)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="needs the `type` statement")
def test_aliases_made_by_type_statements() -> None:
    module: dict[str, Any] = {"__name__": "elsewhere"}
    exec(  # noqa: S102  # no syntax of 3.11
        "type Numbers = list[int | str]\ntype Loop = int | list[Loop]\n"
        "def known(value: Numbers) -> None: ...\ndef endless(value: Loop) -> None: ...",
        module,
    )
    assert tool(module["known"]).decode({"value": [1, "a"]}) == {"value": [1, "a"]}
    with pytest.raises(TypeError, match="parameter 'value': an alias that refers to itself"):
        tool(module["endless"])


# -- prompts and resources --------------------------------------------------------------------------------------------


def test_a_prompt_and_its_arguments() -> None:
    def review(code: str, ctx: Context[int], depth: Annotated[int, "How deep."] = 1) -> str:
        """Review code.

        Args:
            code: The code.
        """
        return code * depth

    prompt = PromptFunction(review, context_type=Context)
    assert (prompt.name, prompt.description, prompt.context_parameter) == ("review", "Review code.", "ctx")
    assert prompt.prompt_arguments == [
        PromptArgument(name="code", description="The code.", required=True),
        PromptArgument(name="depth", description="How deep.", required=False),
    ]
    assert prompt.decode({"code": "x", "depth": "3"}) == {"code": "x", "depth": 3}


def test_a_resource_takes_strings_and_lists_of_them() -> None:
    def user(user_id: int, fields: list[str], tags: list[int] | None = None) -> str:
        return str(user_id)

    resource = ResourceFunction(user, context_type=Context)
    decoded = resource.decode({"user_id": "7", "fields": ["a", "b"], "tags": ["1", "2"]})
    assert decoded == {"user_id": 7, "fields": ["a", "b"], "tags": [1, 2]}
