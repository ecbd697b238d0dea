"""How a handler asks the client for input: one way a wire.

In a session with a handshake, a question is a request to the client, and the handler waits for the answer. In the
modern era a server only answers, so the round ends with an `InputRequiredResult` that holds every question asked so
far; the client sends the request again with the answers, and the handler runs once more from its start, getting at once
what was answered in earlier rounds.
"""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from functools import cached_property
from typing import Any, Protocol, TypeVar

import msgspec
from msgspec import Raw

from mcpstruct.base.codec import from_json, to_json
from mcpstruct.base.errors import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    MISSING_CAPABILITY,
    MethodNotInRevision,
    ProtocolViolation,
    RemoteError,
    RequestCancelled,
)
from mcpstruct.base.methods import MethodInfo
from mcpstruct.session.loop import Future
from mcpstruct.session.request import ServerRequest
from mcpstruct_bindings.merged import methods
from mcpstruct_bindings.merged.types import InputRequiredResult

from .errors import UnfitAnswer
from .state import Round, StateRefused, StateSealer, StateTooLarge, digest_of

R = TypeVar("R")
log = logging.getLogger("mcpstruct")


class MissingCapability(RemoteError):
    """A request needs something that the client has not declared (-32021), or that its revision does not have."""

    def __init__(self, needed: dict[str, Any]) -> None:
        super().__init__(MISSING_CAPABILITY, f"the client lacks: {', '.join(needed)}", {"requiredCapabilities": needed})


def require(method: MethodInfo[Any, Any], params: Any, request: ServerRequest) -> None:
    """Raise `MissingCapability` unless the client declared that it answers this."""
    has, row = request.client_capabilities, request.revision
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
        declared = modes is not None and (getattr(modes, mode) is not None or (bare and mode == "form"))
        if not declared or not row.has(method) or (mode == "url" and not row.elicitation_modes):
            raise MissingCapability({"elicitation": {mode: {}}})


class Asker(Protocol):
    """Asks the client on behalf of one request."""

    @property
    def replaying(self) -> bool:
        """Whether the handler is still where it was in an earlier round, so that its reports were sent before."""
        ...

    @property
    def state(self) -> Any:
        """What the handler put aside in an earlier round; None where there is nothing."""
        ...

    def keep(self, state: Any) -> None:
        """Put something aside for the next round, where there is one: any JSON."""

    async def ask(self, method: MethodInfo[Any, R], params: Any, key: str | None) -> R:
        """The client's answer."""
        ...

    def questions(self) -> InputRequiredResult | None:
        """What the round has to end with, if it is over because input is yet to come."""
        ...


def comes_back(request: ServerRequest) -> bool:
    """Whether a request has been made before, and its handler has asked for input."""
    params = request.incoming.params
    return getattr(params, "request_state", None) is not None or getattr(params, "input_responses", None) is not None


class _Keys:
    """What the questions of one run are called. A name that came twice would get the answer that it got before."""

    def __init__(self) -> None:
        self._alike: Counter[str] = Counter()
        self._named: set[str] = set()

    def of(self, method: MethodInfo[Any, Any], params: Any, key: str | None) -> str:
        """The author's own name; or what is asked, and how often it was, since tasks may run in any order."""
        if key is None:
            content = hashlib.sha256(method.name.encode() + to_json(params)).hexdigest()[:16]
            self._alike[content] += 1
            return f"{content}-{self._alike[content]}"
        if key in self._named:
            raise ValueError(f"this handler has asked a question with the key {key!r} already")
        self._named.add(key)
        return key


class DirectAsker:
    """Asks by requests of its own: the way of sessions with a handshake."""

    replaying = False
    state = None

    def __init__(self, request: ServerRequest) -> None:
        self._request = request
        self._keys = _Keys()

    def keep(self, state: Any) -> None:
        """See `Asker`: there is no next round."""
        to_json(state)

    async def ask(self, method: MethodInfo[Any, R], params: Any, key: str | None) -> R:
        """See `Asker`. Raises `MissingCapability`, `UnfitAnswer`, and what requests raise."""
        require(method, params, self._request)
        self._keys.of(method, params, key)
        try:
            # The handler has its own deadline; a person may take their time.
            return await self._request.ask(method, params, timeout=None)
        except ProtocolViolation as violation:
            raise UnfitAnswer(violation.problem) from violation

    def questions(self) -> None:
        """See `Asker`: none, as each has been a request of its own."""


class ReplayAsker:
    """Asks by ending the round: the way of the modern era."""

    def __init__(self, request: ServerRequest, sealer: StateSealer) -> None:
        self._request = request
        self._sealer = sealer
        self._loop = request.connection.core.loop
        self._keys = _Keys()
        self._over = False
        """Whether the handler has been stopped so that the questions can go out."""
        self._asked: dict[str, Any] = {}
        self._parked: list[Future[None]] = []
        params = request.incoming.params
        self._round = self._opened(getattr(params, "request_state", None))
        self._kept = self._round.state
        given: dict[str, Any] = getattr(params, "input_responses", None) or {}
        self._answers: dict[str, Raw] = {
            **self._round.answers,
            **{key: Raw(to_json(answer)) for key, answer in given.items()},
        }
        self._left = set(self._answers)
        self._used: dict[str, Raw] = {}

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
        """See `Asker`."""
        return msgspec.json.decode(self._round.state) if bytes(self._round.state) else None

    def keep(self, state: Any) -> None:
        """See `Asker`."""
        self._kept = Raw(to_json(state))

    async def ask(self, method: MethodInfo[Any, R], params: Any, key: str | None) -> R:
        """See `Asker`. Raises `MissingCapability`, `UnfitAnswer`; `MethodNotInRevision` where none may be asked."""
        asking = self._request.incoming.method
        if not any(getattr(tp, "__name__", "") == InputRequiredResult.__name__ for tp in asking.alternatives):
            raise MethodNotInRevision(f"{method.name} during {asking.name}", self._request.revision.name)
        require(method, params, self._request)
        key = self._keys.of(method, params, key)
        answer = self._answers.get(key)
        if answer is None:
            never: R = await self._park(key, method.message(params=params))
            return never
        self._left.discard(key)
        self._used[key] = answer
        try:
            result: R = from_json(method.result, bytes(answer))
        except ProtocolViolation as violation:
            raise UnfitAnswer(violation.problem) from violation
        return result

    async def _park(self, key: str, question: Any) -> Any:
        """Wait for the end of the round."""
        self._left.clear()  # the handler is past whatever it was told before
        if not self._asked:
            # Two turns, so that others who ask at the same time are in the same round.
            self._loop.call_soon(self._loop.call_soon, self._end_round)
        self._asked[key] = question
        parked: Future[None] = self._loop.future()
        self._parked.append(parked)
        try:
            await parked
        finally:
            if not self._over:  # the handler has thought better of it
                del self._asked[key]

    def _end_round(self) -> None:
        if not self._request.in_progress:  # answered, while a task that was left behind went on asking
            for parked in self._parked:
                if not parked.done():
                    parked.set_exception(RequestCancelled("the request is over"))
        elif self._asked and not self._over:
            self._over = True
            self._request.incoming.stop()

    def questions(self) -> InputRequiredResult | None:
        """See `Asker`. Raises `RemoteError` where the state is too large."""
        if not self._over:
            return None
        state: str | None = None
        # What nobody asked for is not kept.
        answers = {**self._round.answers, **self._used}
        if answers or bytes(self._kept):
            payload = Round(number=self._round.number + 1, answers=answers, state=self._kept).encode()
            name = self._request.incoming.method.name
            try:
                state = self._sealer.seal(payload, principal=None, method=name, digest=self._digest)
            except StateTooLarge as error:
                log.exception("%s can't ask for input", name)
                raise RemoteError(INTERNAL_ERROR, str(error)) from error
        return InputRequiredResult(input_requests=self._asked, request_state=state)

    def _opened(self, state: str | None) -> Round:
        """What was sealed at the end of the last round. Raises `RemoteError` where that is not what came back."""
        if state is None:
            return Round(number=0)
        try:
            payload = self._sealer.open(
                state, principal=None, method=self._request.incoming.method.name, digest=self._digest
            )
            return Round.decode(payload)
        except StateRefused as error:
            raise RemoteError(INVALID_PARAMS, str(error)) from error
