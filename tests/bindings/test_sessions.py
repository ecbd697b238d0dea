"""Every generated session method, of every revision: the frame it sends, the result it gives back, its signature."""

from __future__ import annotations

import inspect
import json
import re
import typing
from typing import Any, NamedTuple

import msgspec
import pytest
from msgspec import UNSET

from mcpstruct.base.codec import from_json, to_dict, to_json
from mcpstruct.base.errors import METHOD_NOT_FOUND, MethodNotFound, RemoteError
from mcpstruct.base.methods import MethodInfo
from tests.support.recording import (
    CLIENT_CAPABILITIES,
    FIRST_MODERN,
    PACKAGES,
    PROTOCOL_VERSION,
    RecordingSession,
    drive,
    module_of,
    specimen,
)
from tests.support.revisions import revisions

SIDES = ("client", "server")
POSITIONAL = {
    "tools/call": ["name", "arguments"],
    "prompts/get": ["name", "arguments"],
    "completion/complete": ["ref", "argument"],
}
ARMS = range(4)  # enough to see each arm of every union in a signature


class Stub(NamedTuple):
    """One generated session method."""

    package: str
    side: str
    name: str
    info: MethodInfo[Any, Any]

    @property
    def session(self) -> type[Any]:
        base = getattr(module_of(self.package, self.side), f"{self.side.capitalize()}Session")
        return type("Recorded", (RecordingSession, base), {"revision": self.revisions[-1]})

    @property
    def revisions(self) -> list[str]:
        """The revisions whose schemas the frames are held against: for merged, all that have the method."""
        if self.package != "merged":
            return [self.package[1:].replace("_", "-")]
        last = self.info.removed or "9999"
        return [r for r in revisions() if self.info.since <= r < last]

    @property
    def function(self) -> Any:
        return getattr(self.session, self.name)

    @property
    def parameters(self) -> dict[str, inspect.Parameter]:
        """All but `self` and what only the session reads."""
        found = dict(inspect.signature(self.function).parameters)
        return {k: v for k, v in found.items() if k not in ("self", "timeout", "on_progress")}

    @property
    def hints(self) -> dict[str, Any]:
        return typing.get_type_hints(self.function, include_extras=True)


def sendable(package: str, side: str) -> dict[str, MethodInfo[Any, Any]]:
    """What a side may send, by the name its session method should have."""
    methods = module_of(package, "methods")
    constants = {v: k for k, v in vars(methods).items() if isinstance(v, MethodInfo)}
    prefix = {"request": "", "notification": "notify_"}
    return {
        prefix[info.kind] + constants[info].lower(): info for info in methods.METHODS.values() if info.sent_by(side)
    }


STUBS = [
    Stub(package, side, name, info)
    for package in PACKAGES
    for side in SIDES
    for name, info in sendable(package, side).items()
    if inspect.iscoroutinefunction(getattr(getattr(module_of(package, side), f"{side.capitalize()}Session"), name, 0))
]
every_stub = pytest.mark.parametrize("stub", STUBS, ids=lambda s: f"{s.package}-{s.side}-{s.name}")
every_request = pytest.mark.parametrize(
    "stub", [s for s in STUBS if s.info.kind == "request"], ids=lambda s: f"{s.package}-{s.side}-{s.name}"
)
every_side = pytest.mark.parametrize(("package", "side"), [(p, s) for p in PACKAGES for s in SIDES])
every_package = pytest.mark.parametrize("package", PACKAGES)


# -- the vendored schemas -----------------------------------------------------------------------------------------


def faults(revision: str, definition: str, value: Any) -> list[str]:
    return [str(error) for error in revisions()[revision].validator(definition).iter_errors(value)]


def known_params(revision: str, definition: str) -> set[str]:
    """The keys that the schema names in the params of a message."""
    definitions = revisions()[revision].definitions
    found: set[str] = set()

    def collect(node: dict[str, Any]) -> None:
        if "$ref" in node:
            collect(definitions[node["$ref"].rsplit("/", 1)[-1]])
        for part in (*node.get("anyOf", ()), *node.get("allOf", ())):
            collect(part)
        found.update(node.get("properties", ()))

    collect(definitions[definition]["properties"]["params"])
    return found


# -- calling ------------------------------------------------------------------------------------------------------


def wire_name(parameter: str) -> str:
    return "_meta" if parameter == "meta" else re.sub("_([a-z])", lambda m: m[1].upper(), parameter)


def plain_arguments(stub: Stub, *, arm: int, full: bool) -> dict[str, Any]:
    given = {k: p for k, p in stub.parameters.items() if full or p.default is p.empty}
    return {k: specimen(stub.hints[k], arm=arm, full=full) for k in given}


def typed(stub: Stub, plain: dict[str, Any]) -> dict[str, Any]:
    return {k: v if k == "meta" else from_json(stub.hints[k], to_json(v)) for k, v in plain.items()}


def invoke(stub: Stub, plain: dict[str, Any], result: Any = None, **options: Any) -> tuple[Any, Any]:
    """Call the stub; its frame, decoded, and what it returned."""
    session = stub.session()
    if stub.info.kind == "request":
        session.answer(to_json(specimen(stub.info.result) if result is None else result))
    outcome = drive(getattr(session, stub.name)(**typed(stub, plain), **options))
    (sent,) = session.sent
    assert sent.method is stub.info
    return json.loads(sent.frame), outcome


def expected_frame(stub: Stub, plain: dict[str, Any]) -> dict[str, Any]:
    params = plain["params"] if "params" in plain else {wire_name(k): v for k, v in plain.items()}
    newest = stub.revisions[-1]
    if newest >= FIRST_MODERN and stub.info.kind == "request":
        stamp = {PROTOCOL_VERSION: newest, CLIENT_CAPABILITIES: {}}
        params = {**params, "_meta": {**params.get("_meta", {}), **stamp}}
    head = {"jsonrpc": "2.0", "method": stub.info.name, "params": params}
    return {**head, "id": 1} if stub.info.kind == "request" else head


@pytest.mark.parametrize("full", [True, False], ids=["all-parameters", "only-required"])
@every_stub
def test_sends_exactly_the_frame_of_its_method(stub: Stub, full: bool) -> None:
    for arm in ARMS:
        plain = plain_arguments(stub, arm=arm, full=full)
        frame, _ = invoke(stub, plain)
        assert frame == expected_frame(stub, plain)
        definition = stub.info.message.__name__
        assert [] in [faults(revision, definition, frame) for revision in stub.revisions]
        known = set[str]().union(*(known_params(revision, definition) for revision in stub.revisions))
        assert frame["params"].keys() <= known | {"_meta"}


@every_request
def test_returns_the_result_as_its_exact_type(stub: Stub) -> None:
    for tp in (stub.info.result, *stub.info.alternatives):
        for arm in ARMS:
            for full in (True, False):
                result = specimen(tp, arm=arm, full=full)
                assert stub.package == "merged" or faults(stub.revisions[0], tp.__name__, result) == []
                _, outcome = invoke(stub, plain_arguments(stub, arm=0, full=False), result)
                assert type(outcome) is tp
                assert to_dict(outcome) == result


@every_request
def test_return_type_names_the_result_and_every_alternative(stub: Stub) -> None:
    returned = stub.hints["return"]
    arms = typing.get_args(returned) or (returned,)
    assert set(arms) == {stub.info.result, *stub.info.alternatives}


@every_request
def test_passes_timeout_and_progress_callback_on(stub: Stub) -> None:
    def report(progress: float, total: float | None, message: str | None) -> None: ...

    session = stub.session()
    arguments = typed(stub, plain_arguments(stub, arm=0, full=False))
    for options, wanted in (({}, (UNSET, None)), ({"timeout": 2.5, "on_progress": report}, (2.5, report))):
        session.answer(to_json(specimen(stub.info.result)))
        drive(getattr(session, stub.name)(**arguments, **options))
        assert session.sent[-1][2:] == wanted


@every_side
def test_every_request_has_room_for_its_progress_token(package: str, side: str) -> None:
    roomless: list[str] = []
    for stub in STUBS:
        if (stub.package, stub.side, stub.info.kind) == (package, side, "request"):
            frame, _ = invoke(stub, plain_arguments(stub, arm=0, full=False), on_progress=lambda *_: None)
            if frame["params"].get("_meta", {}).get("progressToken") != 1:
                roomless.append(stub.name)
    assert roomless == []


@every_request
def test_leaves_its_arguments_as_they_were(stub: Stub) -> None:
    session = stub.session()
    session.answer(to_json(specimen(stub.info.result)))
    arguments = typed(stub, plain_arguments(stub, arm=0, full=True))
    before = to_json(arguments)
    drive(getattr(session, stub.name)(**arguments, on_progress=lambda *_: None))
    assert to_json(arguments) == before


@every_request
def test_an_error_of_the_peer_is_raised(stub: Stub) -> None:
    session = stub.session()
    session.refuse(b'{"code":-32000,"message":"no","data":[1]}')
    with pytest.raises(RemoteError) as caught:
        drive(getattr(session, stub.name)(**typed(stub, plain_arguments(stub, arm=0, full=False))))
    assert (caught.value.code, caught.value.message, caught.value.data) == (-32000, "no", [1])


# -- signatures ---------------------------------------------------------------------------------------------------


@every_side
def test_every_method_has_exactly_one_stub(package: str, side: str) -> None:
    session = getattr(module_of(package, side), f"{side.capitalize()}Session")
    stubs = {name for name, value in vars(session).items() if inspect.iscoroutinefunction(value)}
    assert stubs == sendable(package, side).keys()


@every_stub
def test_one_required_parameter_is_positional_and_the_rest_are_named(stub: Stub) -> None:
    parameters = stub.parameters
    required = [k for k, p in parameters.items() if p.default is p.empty]
    positional = [k for k, p in parameters.items() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert positional == POSITIONAL.get(stub.info.name, required if len(required) == 1 else [])
    assert all(p.kind is p.KEYWORD_ONLY for k, p in parameters.items() if k not in positional)
    assert all(p.default is None for k, p in parameters.items() if k not in required)


@every_stub
def test_requests_alone_take_a_timeout_and_a_progress_callback(stub: Stub) -> None:
    found = inspect.signature(stub.function).parameters
    if stub.info.kind == "request":
        assert found["timeout"].default is UNSET
        assert found["on_progress"].default is None
        assert list(found)[-2:] == ["timeout", "on_progress"]
    else:
        assert not {"timeout", "on_progress"} & found.keys()


@every_stub
def test_parameters_are_the_params_of_the_method(stub: Stub) -> None:
    if list(stub.parameters) == ["params"]:  # a union of several params, given whole
        assert stub.hints["params"] is stub.info.params
        return
    fields = {f.name: f for f in msgspec.structs.fields(stub.info.params)}
    assert stub.parameters.keys() == fields.keys()
    required = {k for k, p in stub.parameters.items() if p.default is p.empty}
    assert required == {k for k, f in fields.items() if f.required} - {"meta"}


@every_stub
def test_every_stub_says_what_it_does(stub: Stub) -> None:
    assert inspect.getdoc(stub.function)


@every_package
def test_calls_known_by_heart(package: str) -> None:
    client = module_of(package, "client").ClientSession
    defaults = {k: p.default for k, p in inspect.signature(client.call_tool).parameters.items()}
    assert list(defaults)[:3] == ["self", "name", "arguments"]
    assert defaults["arguments"] is None
    assert list(inspect.signature(client.get_prompt).parameters)[:3] == ["self", "name", "arguments"]
    assert list(inspect.signature(client.complete).parameters)[:3] == ["self", "ref", "argument"]


@every_package
def test_a_call_by_position_sends_the_same_frame_as_one_by_name(package: str) -> None:
    session = Stub(package, "client", "call_tool", module_of(package, "methods").CALL_TOOL).session()
    answer = to_json(specimen(module_of(package, "types").CallToolResult))
    session.answer(answer)
    session.answer(answer)
    drive(session.call_tool("add", {"a": 1}))
    drive(session.call_tool(name="add", arguments={"a": 1}))
    first, second = (json.loads(sent.frame)["params"] for sent in session.sent)
    assert first == second
    assert (first["name"], first["arguments"]) == ("add", {"a": 1})


# -- what a server answers ----------------------------------------------------------------------------------------


@every_package
def test_dispatch_has_every_client_request(package: str) -> None:
    handlers = module_of(package, "server").ServerHandlers
    wanted = {i.name: (k, i) for k, i in sendable(package, "client").items() if i.kind == "request"}
    assert handlers.dispatch == wanted


@every_package
def test_every_handler_refuses_until_overridden(package: str) -> None:
    handlers = module_of(package, "server").ServerHandlers
    for name, (attribute, _) in handlers.dispatch.items():
        with pytest.raises(MethodNotFound) as caught:
            drive(getattr(handlers(), attribute)(None, None))
        assert (caught.value.code, caught.value.method) == (METHOD_NOT_FOUND, name)
        assert name in str(caught.value)


@every_package
def test_handlers_are_typed_by_their_method(package: str) -> None:
    handlers = module_of(package, "server").ServerHandlers
    for attribute, info in handlers.dispatch.values():
        function = getattr(handlers, attribute)
        hints = typing.get_type_hints(function)
        assert list(inspect.signature(function).parameters) == ["self", "params", "ctx"]
        assert hints["params"] is info.params
        assert set(typing.get_args(hints["return"]) or (hints["return"],)) == {info.result, *info.alternatives}


@every_package
def test_handled_follows_what_is_overridden(package: str) -> None:
    base = module_of(package, "server").ServerHandlers

    class Tools(base):  # type: ignore[misc, valid-type]
        async def list_tools(self, params: Any, ctx: Any) -> Any: ...

    class ToolsAndPrompts(Tools):
        async def get_prompt(self, params: Any, ctx: Any) -> Any: ...

    class Delegating(base):  # type: ignore[misc, valid-type]
        list_tools = Tools.list_tools

    assert base.handled() == frozenset()
    assert Tools.handled() == {"tools/list"}
    assert ToolsAndPrompts.handled() == {"tools/list", "prompts/get"}
    assert Delegating.handled() == {"tools/list"}
    with pytest.raises(MethodNotFound):
        drive(ToolsAndPrompts().complete(None, None))
