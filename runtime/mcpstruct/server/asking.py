"""How a handler asks the client for input: one way a wire.

In a session with a handshake, a question is a request to the client, and the handler waits for the answer. In the
modern era a server only answers, so the round ends with an `InputRequiredResult` that holds every question asked so
far; the client sends the request again with the answers, and the handler runs once more from its start, getting at once
what was answered in earlier rounds.
"""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import Any, Protocol, TypeVar

import msgspec
from msgspec import Raw

from mcpstruct.base.codec import from_json, to_json
from mcpstruct.base.errors import INVALID_PARAMS, MISSING_CAPABILITY, RemoteError
from mcpstruct.base.methods import MethodInfo
from mcpstruct.session.loop import Future
from mcpstruct.session.request import ServerRequest
from mcpstruct_bindings.merged import methods
from mcpstruct_bindings.merged.types import ClientCapabilities, InputRequiredResult

from .state import Round, StateRefused, StateSealer, digest_of

R = TypeVar("R")


class MissingCapability(RemoteError):
    """A request needs something that the client has not declared (-32021)."""

    def __init__(self, needed: dict[str, Any]) -> None:
        super().__init__(MISSING_CAPABILITY, f"the client lacks: {', '.join(needed)}", {"requiredCapabilities": needed})


def require(method: MethodInfo[Any, Any], params: Any, has: ClientCapabilities) -> None:
    """Raise `MissingCapability` unless the client declared that it answers this."""
    if method is methods.CREATE_MESSAGE:
        if has.sampling is None:
            raise MissingCapability({"sampling": {}})
        if params.tools is not None and has.sampling.tools is None:
            raise MissingCapability({"sampling": {"tools": {}}})
    elif method is methods.LIST_ROOTS:
        if has.roots is None:
            raise MissingCapability({"roots": {}})
    elif method is methods.ELICIT:
        mode = "url" if getattr(params, "mode", None) == "url" else "form"
        modes = has.elicitation
        # Before there were modes, a client that could be asked at all could be asked by form.
        bare = modes is not None and modes.form is None and modes.url is None
        if modes is None or (getattr(modes, mode) is None and not (bare and mode == "form")):
            raise MissingCapability({"elicitation": {mode: {}}})


class Asker(Protocol):
    """Asks the client on behalf of one request."""

    @property
    def replaying(self) -> bool:
        """Whether the handler is still where it was in an earlier round, so that its reports were sent before."""
        ...

    async def ask(self, method: MethodInfo[Any, R], params: Any, key: str | None) -> R:
        """The client's answer."""
        ...

    def questions(self) -> InputRequiredResult | None:
        """What the round has to end with, if it asked for input that is yet to come."""
        ...


def comes_back(request: ServerRequest) -> bool:
    """Whether a request has been made before, and its handler has asked for input."""
    params = request.incoming.params
    return getattr(params, "request_state", None) is not None or getattr(params, "input_responses", None) is not None


class DirectAsker:
    """Asks by requests of its own: the way of sessions with a handshake."""

    replaying = False

    def __init__(self, request: ServerRequest) -> None:
        self._request = request

    async def ask(self, method: MethodInfo[Any, R], params: Any, key: str | None) -> R:
        """See `Asker`. Raises `MissingCapability`, and what requests raise."""
        require(method, params, self._request.client_capabilities)
        # The handler has its own deadline; a person may take their time.
        return await self._request.connection.core.request(method, params, timeout=None)

    def questions(self) -> None:
        """See `Asker`: none, as each has been a request of its own."""


class ReplayAsker:
    """Asks by ending the round: the way of the modern era."""

    def __init__(self, request: ServerRequest, sealer: StateSealer) -> None:
        self._request = request
        self._sealer = sealer
        self._ordinal = 0
        self._asked: dict[str, Any] = {}
        self._parked: list[Future[Any]] = []
        params = request.incoming.params
        self._round = self._opened(getattr(params, "request_state", None))
        given: dict[str, Any] = getattr(params, "input_responses", None) or {}
        self._answers: dict[str, Raw] = {
            **self._round.answers,
            **{key: Raw(to_json(answer)) for key, answer in given.items()},
        }
        self._left = set(self._answers)

    @cached_property
    def _digest(self) -> bytes:
        incoming = self._request.incoming
        return digest_of(incoming.method.name, incoming.params)

    @property
    def replaying(self) -> bool:
        """See `Asker`."""
        return bool(self._left)

    @property
    def state(self) -> Any:
        """What the handler put aside in an earlier round; None where there is nothing."""
        return msgspec.json.decode(self._round.state) if bytes(self._round.state) else None

    def keep(self, state: Any) -> None:
        """Put something aside for the next round: any JSON."""
        self._round.state = Raw(to_json(state))

    async def ask(self, method: MethodInfo[Any, R], params: Any, key: str | None) -> R:
        """See `Asker`. Raises `MissingCapability`."""
        require(method, params, self._request.client_capabilities)
        self._ordinal += 1
        if key is None:
            content = hashlib.sha256(method.name.encode() + to_json(params)).hexdigest()[:12]
            key = f"{self._ordinal}-{content}"
        answer = self._answers.get(key)
        if answer is not None:
            self._left.discard(key)
            result: R = from_json(method.result, bytes(answer))
            return result
        self._left.clear()  # the handler is past whatever it was told before
        if not self._asked:
            # Two turns, so that others who ask at the same time are in the same round.
            loop = self._request.connection.core.loop
            loop.call_soon(loop.call_soon, self._request.incoming.stop)
        self._asked[key] = method.message(params=params)
        parked = self._request.connection.core.loop.future()
        self._parked.append(parked)
        never: R = await parked
        return never

    def questions(self) -> InputRequiredResult | None:
        """See `Asker`."""
        if not self._asked:
            return None
        state: str | None = None
        if self._answers or bytes(self._round.state):
            self._round.answers = self._answers
            self._round.number += 1
            state = self._sealer.seal(
                self._round.encode(),
                principal=None,
                method=self._request.incoming.method.name,
                digest=self._digest,
            )
        return InputRequiredResult(input_requests=self._asked, request_state=state)

    def _opened(self, state: str | None) -> Round:
        """What was sealed at the end of the last round. Raises `RemoteError` where that is not what came back."""
        if state is None:
            return Round()
        try:
            payload = self._sealer.open(
                state, principal=None, method=self._request.incoming.method.name, digest=self._digest
            )
            return Round.decode(payload)
        except StateRefused as error:
            raise RemoteError(INVALID_PARAMS, str(error)) from error
