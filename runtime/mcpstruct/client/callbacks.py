"""What a client answers when a server asks: sampling, elicitation and roots, on either era's wire."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from msgspec import Struct

from mcpstruct.base.check import is_object
from mcpstruct.base.errors import INVALID_PARAMS, METHOD_NOT_FOUND, RemoteError
from mcpstruct.wire.sampling import fault_of
from mcpstruct_bindings.merged import methods
from mcpstruct_bindings.merged.types import (
    ClientCapabilities,
    ClientCapabilitiesElicitation,
    ClientCapabilitiesRoots,
    ClientCapabilitiesSampling,
    CreateMessageRequest,
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitRequestURLParams,
    ElicitResult,
    InputRequest,
    InputResponse,
    ListRootsResult,
    Root,
)

T = TypeVar("T")
MaybeAsync: TypeAlias = T | Awaitable[T]
Answer: TypeAlias = ElicitResult | Mapping[str, Any] | bool | None
"""To a form: a result, the form's content (accepts it), or None (declines). To a URL: True accepts as well."""

OnSampling: TypeAlias = Callable[[CreateMessageRequestParams], MaybeAsync[CreateMessageResult]]
OnElicitation: TypeAlias = Callable[[ElicitRequestFormParams], MaybeAsync[Answer]]
OnElicitationUrl: TypeAlias = Callable[[ElicitRequestURLParams], MaybeAsync[Answer]]
Roots: TypeAlias = Sequence[Root | str] | Callable[[], MaybeAsync[Sequence[Root | str]]]
"""The `file://` URIs of the folders that a server may work in, or who tells them."""


class Callbacks(Struct, frozen=True, eq=False):
    """Who answers; what is None is neither declared nor answered. Raises `ValueError` for roots that can be none."""

    sampling: OnSampling | None = None
    sampling_tools: bool = False
    """Whether `sampling` knows what to do with tools."""
    elicitation: OnElicitation | None = None
    elicitation_url: OnElicitationUrl | None = None
    roots: Roots | None = None

    def __post_init__(self) -> None:
        if self.roots is not None and not callable(self.roots):
            _as_roots(self.roots)

    def capabilities(self) -> ClientCapabilities:
        """What a client with these callbacks can do."""
        elicits = self.elicitation is not None or self.elicitation_url is not None
        return ClientCapabilities(
            sampling=None
            if self.sampling is None
            else ClientCapabilitiesSampling(tools={} if self.sampling_tools else None),
            roots=None if self.roots is None else ClientCapabilitiesRoots(list_changed=True),
            elicitation=ClientCapabilitiesElicitation(
                form=None if self.elicitation is None else {}, url=None if self.elicitation_url is None else {}
            )
            if elicits
            else None,
        )

    def handlers(self) -> dict[str, Callable[[Any], Awaitable[Any]]]:
        """Who answers a request of a server, by the method's name on the wire."""
        handlers: dict[str, Callable[[Any], Awaitable[Any]]] = {}
        if self.sampling is not None:
            handlers[methods.CREATE_MESSAGE.name] = self.sample
        if self.elicitation is not None or self.elicitation_url is not None:
            handlers[methods.ELICIT.name] = self.elicit
        if self.roots is not None:
            handlers[methods.LIST_ROOTS.name] = self.list_roots
        return handlers

    async def answer(self, request: InputRequest) -> InputResponse:
        """Answer one request of an input-required result. Raises `RemoteError` where nobody can."""
        if isinstance(request, ElicitRequest):
            return await self.elicit(request.params)
        if isinstance(request, CreateMessageRequest):
            return await self.sample(request.params)
        return await self.list_roots(request.params)

    async def sample(self, params: CreateMessageRequestParams) -> CreateMessageResult:
        """Let the model speak."""
        if self.sampling is None:
            raise _nobody(methods.CREATE_MESSAGE.name)
        if not self.sampling_tools and (params.tools is not None or params.tool_choice is not None):
            raise _nobody("sampling with tools", INVALID_PARAMS)
        if (fault := fault_of(params.messages)) is not None:
            raise RemoteError(INVALID_PARAMS, fault)
        return await _awaited(self.sampling(params))

    async def elicit(self, params: ElicitRequestFormParams | ElicitRequestURLParams) -> ElicitResult:
        """Ask the user."""
        if isinstance(params, ElicitRequestURLParams):
            if self.elicitation_url is None:
                raise _nobody("elicitation at a URL", INVALID_PARAMS)
            return _elicited(await _awaited(self.elicitation_url(params)))
        if self.elicitation is None:
            raise _nobody("elicitation by form", INVALID_PARAMS)
        return _elicited(await _awaited(self.elicitation(params)))

    async def list_roots(self, params: object = None) -> ListRootsResult:
        """Name the folders that the server may work in."""
        if self.roots is None:
            raise _nobody(methods.LIST_ROOTS.name)
        roots = await _awaited(self.roots()) if callable(self.roots) else self.roots
        return ListRootsResult(roots=_as_roots(roots))


def _elicited(answer: Answer) -> ElicitResult:
    if isinstance(answer, ElicitResult):
        return answer
    if answer is None or answer is False:
        return ElicitResult(action="decline")
    return ElicitResult(action="accept", content=dict(answer) if is_object(answer) else None)


async def _awaited(value: MaybeAsync[T]) -> T:
    if inspect.isawaitable(value):
        result: T = await value
        return result
    return value


def _as_roots(roots: Sequence[Root | str]) -> list[Root]:
    from urllib.parse import unquote  # which takes 8 % of importing the client

    found = [Root(uri=root) if isinstance(root, str) else root for root in roots]
    for root in found:
        if not root.uri.startswith("file://") or ".." in unquote(root.uri).split("/"):
            raise ValueError(f"{root.uri!r} can't be a root: it is no file:// URI, or leads elsewhere by `..`")
    return found


def _nobody(what: str, code: int = METHOD_NOT_FOUND) -> RemoteError:
    return RemoteError(code, f"this client does not do {what}")
