"""How a handler asks the client for input: one way a wire.

In a session with a handshake, a question is a request to the client, and the handler waits for the answer. In the
modern era a server only answers, so the round ends with an `InputRequiredResult` that holds every question asked so
far; the client sends the request again with the answers, and the handler runs once more from its start, getting at once
what was answered in earlier rounds.

A handler may end its round itself, too, with an `InputRequiredResult` that it made. In a session with a handshake, its
questions are asked by requests, and the handler runs once more just the same.
"""

from __future__ import annotations

import hashlib
import logging
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable
from copy import copy
from functools import cached_property
from secrets import token_urlsafe
from typing import Any, TypeVar

import msgspec
from msgspec import Raw, structs

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
from mcpstruct.wire.sampling import fault_of
from mcpstruct_bindings.merged import methods
from mcpstruct_bindings.merged.types import InputRequiredResult, InputResponse

from .errors import UnfitAnswer
from .state import Round, StateRefused, StateSealer, StateTooLarge, digest_of, listed_keys, unsealed

R = TypeVar("R")
log = logging.getLogger("mcpstruct")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+")


class MissingCapability(RemoteError):
    """A request needs something that the client has not declared (-32021), or that its revision does not have."""

    def __init__(self, needed: dict[str, Any]) -> None:
        super().__init__(MISSING_CAPABILITY, f"the client lacks: {', '.join(needed)}", {"requiredCapabilities": needed})


def require(method: MethodInfo[Any, Any], params: Any, request: ServerRequest) -> None:
    """Raise `MissingCapability` unless the client declared that it answers this, `ValueError` where nobody could."""
    has, row = request.client_capabilities, request.revision
    if method is methods.CREATE_MESSAGE:
        if has.sampling is None:
            raise MissingCapability({"sampling": {}})
        if (params.tools is not None or params.tool_choice is not None) and has.sampling.tools is None:
            raise MissingCapability({"sampling": {"tools": {}}})
        if (fault := fault_of(params.messages)) is not None:
            raise ValueError(fault)
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
        if mode == "url" and _URL.fullmatch(params.url) is None:
            raise ValueError("the URL that a user is to visit is none")


def allow_round(request: ServerRequest, wanted: str) -> None:
    """Raise `MethodNotInRevision` unless the answer to a request may be that input is needed first."""
    asking = request.incoming.method
    if not any(getattr(tp, "__name__", "") == InputRequiredResult.__name__ for tp in asking.alternatives):
        raise MethodNotInRevision(f"{wanted} during {asking.name}", request.revision.name)


def check_round(result: InputRequiredResult, request: ServerRequest) -> None:
    """Raise unless a handler may end its round like this: `MethodNotInRevision`, `MissingCapability`, `ValueError`."""
    allow_round(request, result.result_type)
    if not result.input_requests and result.request_state is None:
        raise ValueError(f"the handler of {request.incoming.method.name} asks for nothing, and keeps nothing")
    for question in (result.input_requests or {}).values():
        require(methods.METHODS[question.method], question.params, request)


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


class Asker(ABC):
    """Asks the client on behalf of one request."""

    def __init__(self, request: ServerRequest, kept: Raw, past: Iterable[str]) -> None:
        self._request = request
        self._keys = _Keys()
        self._kept = kept
        self._left = set(past)
        """What was asked in earlier rounds, and has not been in this one."""
        self.responses: dict[str, InputResponse] | None = None
        """The answers to what the handler asked by ending its last round."""

    @property
    def replaying(self) -> bool:
        """Whether the handler is still where it was in an earlier round, so that its reports were sent before."""
        return bool(self._left)

    @property
    def state(self) -> Any:
        """What the handler keeps from one round to the next: any JSON; None where there is nothing."""
        return msgspec.json.decode(self._kept) if bytes(self._kept) else None

    @state.setter
    def state(self, state: Any) -> None:
        self._kept = Raw() if state is None else Raw(to_json(state))

    def _note(self, key: str) -> None:
        """A question is asked: for the first time, if the handler is past all that it did in earlier rounds."""
        if key in self._left:
            self._left.remove(key)
        else:
            self._left.clear()

    @abstractmethod
    async def ask(self, method: MethodInfo[Any, R], params: Any, key: str | None) -> R:
        """The client's answer. Raises `MissingCapability`, `UnfitAnswer`."""

    def questions(self) -> InputRequiredResult | None:
        """What the round has to end with, if it is over because input is yet to come."""
        return None

    @abstractmethod
    async def end(self, result: InputRequiredResult) -> InputRequiredResult | Asker:
        """End the round as the handler would have it: gives what the client gets, or, where it can't be told to come
        again, who asks when the handler runs once more.

        Raises `MethodNotInRevision`, `MissingCapability`, `ValueError` where no round may end like this.
        """


class DirectAsker(Asker):
    """Asks by requests of its own: the way of sessions with a handshake."""

    def __init__(self, request: ServerRequest) -> None:
        super().__init__(request, Raw(), ())
        self._answers: dict[str, Any] = {}

    async def ask(self, method: MethodInfo[Any, R], params: Any, key: str | None) -> R:
        """See `Asker`. Raises what requests raise, as well."""
        require(method, params, self._request)
        key = self._keys.of(method, params, key)
        self._note(key)
        if key not in self._answers:
            if getattr(params, "mode", None) == "url" and params.elicitation_id is None:
                params = structs.replace(params, elicitation_id=token_urlsafe(16))  # which sessions can't do without
            try:
                # The handler has its own deadline; a person may take their time.
                self._answers[key] = await self._request.ask(method, params, timeout=None)
            except ProtocolViolation as violation:
                raise UnfitAnswer(violation.problem) from violation
        answer: R = self._answers[key]
        return answer

    async def end(self, result: InputRequiredResult) -> Asker:
        """See `Asker`: asks one question after the other. Raises what `ask` raises."""
        check_round(result, self._request)
        asker, following = DirectAsker(self._request), DirectAsker(self._request)
        for key, question in (result.input_requests or {}).items():
            await asker.ask(methods.METHODS[question.method], question.params, key)
        following.responses = asker._answers or None
        following._answers, following._left = self._answers, set(self._answers)
        following.state = self.state if result.request_state is None else result.request_state
        return following


class ReplayAsker(Asker):
    """Asks by ending the round: the way of the modern era."""

    def __init__(self, request: ServerRequest, sealer: StateSealer) -> None:
        self._request = request
        self._sealer = sealer
        self._loop = request.connection.core.loop
        self._over = False
        """Whether the handler has been stopped so that the questions can go out."""
        self._asked: dict[str, Any] = {}
        self._parked: list[Future[None]] = []
        params = request.incoming.params
        self._round = self._opened(getattr(params, "request_state", None))
        super().__init__(request, self._round.state, (*self._round.answers, *self._round.asked))
        self.responses = getattr(params, "input_responses", None)
        given = self.responses or {}
        self._answers: dict[str, Raw] = {
            **self._round.answers,
            **{key: Raw(to_json(answer)) for key, answer in given.items()},
        }
        self._used: dict[str, Raw] = {}

    @property
    def _principal(self) -> str | None:
        principal = self._request.principal
        return None if principal is None else principal.key

    @cached_property
    def _digest(self) -> bytes:
        incoming = self._request.incoming
        return digest_of(incoming.method.name, incoming.params)

    async def ask(self, method: MethodInfo[Any, R], params: Any, key: str | None) -> R:
        """See `Asker`. Raises `MethodNotInRevision` where none may be asked."""
        allow_round(self._request, method.name)
        require(method, params, self._request)
        key = self._keys.of(method, params, key)
        self._note(key)
        answer = self._answers.get(key)
        if answer is None:
            never: R = await self._park(key, method.message(params=params))
            return never
        self._used[key] = answer
        try:
            result: R = from_json(method.result, bytes(answer))
        except ProtocolViolation as violation:
            raise UnfitAnswer(violation.problem) from violation
        return result

    async def _park(self, key: str, question: Any) -> Any:
        """Wait for the end of the round."""
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
        return InputRequiredResult(input_requests=self._asked, request_state=self._state(list(self._asked)))

    async def end(self, result: InputRequiredResult) -> InputRequiredResult:
        """See `Asker`: the same result with its state sealed. Raises `RemoteError` where that is too large."""
        check_round(result, self._request)
        if result.request_state is not None:
            self.state = result.request_state
        result = copy(result)
        result.request_state = self._state([])
        return result

    def _state(self, asked: list[str]) -> str | None:
        """What the client is to give back; what nobody asked for is not kept."""
        answers = {**self._round.answers, **self._used}
        if not answers and not bytes(self._kept):
            return unsealed(asked) if asked else None
        number = self._round.number + 1
        payload = Round(number=number, asked=asked, answers=answers, state=self._kept).encode()
        name = self._request.incoming.method.name
        try:
            return self._sealer.seal(payload, principal=self._principal, method=name, digest=self._digest)
        except StateTooLarge as error:
            log.exception("%s can't ask for input", name)
            raise RemoteError(INTERNAL_ERROR, str(error)) from error

    def _opened(self, state: str | None) -> Round:
        """What was told at the end of the last round. Raises `RemoteError` where that is not what came back."""
        if state is None:
            return Round(number=0)
        try:
            asked = listed_keys(state)
            if asked is not None:
                return Round(asked=asked)
            payload = self._sealer.open(
                state, principal=self._principal, method=self._request.incoming.method.name, digest=self._digest
            )
            return Round.decode(payload)
        except StateRefused as error:
            raise RemoteError(INVALID_PARAMS, str(error)) from error
