"""Python functions as tools, prompts and resources: what clients are told of them, and values both ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from msgspec import Raw

from mcpstruct_bindings.merged.types import (
    GetPromptResult,
    InputRequiredResult,
    PromptArgument,
    ReadResourceResult,
)

from .arguments import Arguments, TextArguments
from .prompt_results import convert_prompt_result
from .resource_results import convert_resource
from .results import output_of
from .signatures import signature_of
from .wanted import JsonSchema


class Function:
    """A function that requests are answered with.

    `function` may be sync or async, a bound method, a `functools.partial` or an object with `__call__`. `context_type`
    is the class by whose annotation the parameter for the context is found, which callers do not see. `name` and
    `description` are the function's own unless they are given; `namespace` is where names in annotations are looked up
    for a function within a function: the locals of the outer one.

    Raises `TypeError` for a function that no client could call: with `*args`, parameters without a name, or types that
    have no form in JSON.
    """

    arguments_type: ClassVar[type[Arguments]] = TextArguments

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        context_type: type[Any],
        name: str | None = None,
        description: str | None = None,
        namespace: Mapping[str, Any] | None = None,
    ) -> None:
        found = signature_of(function, context_type=context_type, namespace=namespace)
        if name is None and found.name == "<lambda>":
            raise TypeError("a lambda has no name: pass name=")
        self.function = function
        self.name = found.name if name is None else name
        self.description: str | None = (found.description if description is None else description) or None
        self.is_async = found.is_async
        """Whether a call gives an awaitable for sure; what a decorated function gives may be one all the same."""
        self.context_parameter = found.context
        """The keyword argument that takes the context, if there is one."""
        self.returns = found.returns
        try:
            self.arguments = self.arguments_type(found.parameters)
        except TypeError as error:
            raise TypeError(f"{self.name}: {error}") from error

    def decode(self, arguments: Mapping[str, Any] | bytes | Raw | None) -> dict[str, Any]:
        """The keyword arguments for a call, but for the context. Raises `BadArguments`."""
        return self.arguments.decode(arguments)


class ToolFunction(Function):
    """A function as a tool. `structured_output` forces structured output, or forbids it; by default the return
    annotation decides.
    """

    arguments_type = Arguments

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        context_type: type[Any],
        name: str | None = None,
        description: str | None = None,
        structured_output: bool | None = None,
        namespace: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(function, context_type=context_type, name=name, description=description, namespace=namespace)
        try:
            self.output = output_of(self.returns, structured_output)
        except TypeError as error:
            raise TypeError(f"{self.name}: {error}") from error

    @property
    def input_schema(self) -> JsonSchema:
        """The JSON Schema of the arguments."""
        return self.arguments.schema

    @property
    def output_schema(self) -> JsonSchema | None:
        """The JSON Schema of the structured output, where there is any."""
        return None if self.output is None else self.output.schema


class PromptFunction(Function):
    """A function as a prompt: its arguments are strings on the wire, whatever they are in Python."""

    @property
    def prompt_arguments(self) -> list[PromptArgument]:
        """The arguments, as clients are told of them."""
        return [
            PromptArgument(name=p.name, description=p.description or None, required=p.required)
            for p in self.arguments.parameters.values()
        ]

    def convert(self, value: Any) -> GetPromptResult | InputRequiredResult:
        """The result for what a call returned. Raises `BadResult`."""
        return convert_prompt_result(value, self.description)


class ResourceFunction(Function):
    """A function as a resource: its arguments, if it takes any, are the strings found in a URI."""

    def convert(self, value: Any, uri: str, mime_type: str | None = None) -> ReadResourceResult | InputRequiredResult:
        """The result for what a call returned. Raises `BadResult`."""
        return convert_resource(value, uri, mime_type)
