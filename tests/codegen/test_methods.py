"""Method tables and the session stubs made of them: who may send what, with which parameters, and what comes back."""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from mcpstruct.base.errors import METHOD_NOT_FOUND, MethodNotFound, ProtocolViolation
from mcpstruct.base.methods import MethodInfo
from mcpstruct.base.session import BaseSession
from mcpstruct_codegen.methods import pascal, snake
from tests.codegen.support import (
    FREE,
    INTEGER,
    NULL,
    TEXT,
    Bindings,
    Node,
    array,
    bindings,
    const,
    decoded,
    message,
    obj,
    one_of,
    ref,
    refused,
    row,
    table,
)

EMPTY: Node = {"EmptyResult": FREE}
TOLD: Node = {"ToldNotification": message("told", notification=True)}
TALK: Node = {
    **EMPTY,
    **TOLD,
    "CallRequest": message("thing/call", obj({"name": TEXT}, force={"type": "boolean"}, _meta=FREE)),
    "CallResult": obj({"said": TEXT}),
    "MoveRequest": message("thing/move", obj({"from": TEXT, "to": TEXT})),
    "ListRequest": message("thing/list", obj(cursor=TEXT, limit=one_of(INTEGER, NULL)), optional=True),
    "PingRequest": message("ping"),
    "AskRequest": message("thing/ask", ref("AskRequestParams")),
    "AskRequestParams": obj({"question": TEXT}),
    "HearNotification": message("hear", obj({"word": TEXT}), notification=True),
    "ClientRequest": one_of("CallRequest", "MoveRequest", "ListRequest", "PingRequest"),
    "ServerRequest": one_of("AskRequest", "PingRequest"),
    "ClientNotification": one_of("HearNotification"),
    "ServerNotification": one_of("ToldNotification"),
}


def request(params: Node) -> Node:
    """A schema of one request with these params."""
    return {**EMPTY, **TOLD, "CallRequest": message("call", params)}


def parameters(function: Any) -> list[str]:
    """The parameters of a stub as it spells them, without `self` and the options that every request has."""
    signature = inspect.signature(function)
    keep = [p for name, p in signature.parameters.items() if name not in ("self", "timeout", "on_progress")]
    return [
        str(p.replace(annotation=inspect.Parameter.empty)) + ("/kw" if p.kind is p.KEYWORD_ONLY else "") for p in keep
    ]


def sent(made: Bindings, function: str, *args: Any, **options: Any) -> tuple[MethodInfo[Any, Any], Any, Any]:
    """What a stub of the client hands to its session: method, params, options."""
    calls: list[tuple[Any, Any, Any]] = []

    class Session(made.client.ClientSession):
        async def send_request(self, method: Any, params: Any, **given: Any) -> str:
            calls.append((method, params, given))
            return "answer"

        async def send_notification(self, method: Any, params: Any) -> None:
            calls.append((method, params, {}))

    answer = asyncio.run(getattr(Session(), function)(*args, **options))
    assert answer == ("answer" if calls[0][0].kind == "request" else None)
    return calls[0]


# -- who sends what ---------------------------------------------------------------------------------------------------


def test_the_root_unions_tell_who_sends_what(tmp_path: Path) -> None:
    made = bindings(tmp_path, TALK)
    assert {name: (info.kind, info.direction) for name, info in made.methods.METHODS.items()} == {
        "thing/call": ("request", "client"),
        "thing/move": ("request", "client"),
        "thing/list": ("request", "client"),
        "ping": ("request", "both"),
        "thing/ask": ("request", "server"),
        "hear": ("notification", "client"),
        "told": ("notification", "server"),
    }


def test_each_session_has_the_methods_of_its_side(tmp_path: Path) -> None:
    made = bindings(tmp_path, TALK)
    own = {
        cls: {n for n in vars(cls) if not n.startswith("__")}
        for cls in (made.client.ClientSession, made.server.ServerSession)
    }
    assert own[made.client.ClientSession] - {"_abc_impl"} == {"call", "move", "list", "ping", "notify_hear"}
    assert own[made.server.ServerSession] - {"_abc_impl"} == {"ask", "ping", "notify_told"}
    assert all(issubclass(cls, BaseSession) for cls in own)


def test_decoders_know_the_messages_of_each_side(tmp_path: Path) -> None:
    made = bindings(tmp_path, TALK)
    hear = b'{"jsonrpc":"2.0","method":"hear","params":{"word":"w"}}'
    assert made.decode.client_message(hear).message.params.word == "w"
    told = b'{"jsonrpc":"2.0","method":"told"}'
    assert type(made.decode.server_message(told).message) is made.types.ToldNotification


def test_a_union_of_one_member_that_comes_inlined_is_recognised(tmp_path: Path) -> None:
    made = bindings(
        tmp_path,
        {**TALK, "ClientNotification": TALK["HearNotification"], "ServerNotification": ref("ToldNotification")},
    )
    assert made.methods.HEAR.direction == "client"
    assert made.methods.TOLD.direction == "server"


def test_a_request_inside_results_is_no_message_and_nobody_sends_it(tmp_path: Path) -> None:
    inner = {k: v for k, v in TALK.items() if k != "ServerRequest"}
    inner["AskRequest"] = obj({"method": const("thing/ask"), "params": ref("AskRequestParams")})
    made = bindings(tmp_path, {**inner, "InputRequest": one_of("AskRequest")})
    assert made.methods.ASK.direction == "input"
    assert not hasattr(made.server.ServerSession, "ask")
    assert made.types.AskRequest.__struct_fields__ == ("params",)


def test_without_root_unions_requests_are_the_clients_and_notifications_the_servers(tmp_path: Path) -> None:
    made = bindings(tmp_path, {**EMPTY, **TOLD, "PingRequest": message("ping")})
    assert made.methods.PING.direction == "client"
    assert made.methods.TOLD.direction == "server"


@pytest.mark.parametrize(
    "said",
    [{}, {"PingRequest": message("ping")}, TOLD],
    ids=["nothing", "only-requests", "only-notifications"],
)
def test_a_side_may_have_nothing_to_say(tmp_path: Path, said: Node) -> None:
    made = bindings(tmp_path, {**EMPTY, "Thing": obj({"a": TEXT}), **said}, speaking=False)
    assert decoded(made.types.Thing, {"a": "x"}).a == "x"
    assert len(made.methods.METHODS) == len(said)
    for decode in (made.decode.client_message, made.decode.server_message):
        with pytest.raises(ProtocolViolation) as caught:
            decode(b'{"jsonrpc":"2.0","id":1,"method":"nowhere"}')
        assert caught.value.code == METHOD_NOT_FOUND


def test_a_request_and_a_notification_of_one_name_keep_apart(tmp_path: Path) -> None:
    made = bindings(
        tmp_path, {**EMPTY, "CallRequest": message("call"), "CallNotification": message("called", notification=True)}
    )
    assert made.methods.CALL.name == "call"
    assert made.methods.CALL_NOTIFICATION.name == "called"


@pytest.mark.parametrize(
    ("definitions", "name", "reason"),
    [
        ({**TALK, "LostRequest": message("lost")}, "LostRequest", "a message of no root union"),
        ({**EMPTY, **TOLD, "ARequest": message("x"), "BRequest": message("x")}, "BRequest", "the same method"),
        ({**TOLD, "PingRequest": message("ping")}, "PingRequest", "neither PingResult nor EmptyResult"),
    ],
    ids=["no-root-union", "twice", "no-result"],
)
def test_messages_without_a_place_are_refused(definitions: Node, name: str, reason: str) -> None:
    refused(definitions, name, reason)


# -- results ----------------------------------------------------------------------------------------------------------


def test_results_go_by_name_and_else_are_empty(tmp_path: Path) -> None:
    made = bindings(tmp_path, TALK)
    assert made.methods.CALL.result is made.types.CallResult
    assert made.methods.MOVE.result is made.types.EmptyResult
    assert made.methods.HEAR.result is None


def test_a_response_definition_names_the_result_and_its_alternatives(tmp_path: Path) -> None:
    response = obj({"id": TEXT, "result": one_of("Later", "CallResult")})
    made = bindings(
        tmp_path,
        {
            **request(obj()),
            "Later": obj({"when": TEXT}),
            "CallResult": obj({"x": TEXT}),
            "CallResultResponse": response,
        },
    )
    assert made.methods.CALL.result is made.types.CallResult
    assert made.methods.CALL.alternatives == (made.types.Later,)
    assert inspect.signature(made.client.ClientSession.call).return_annotation == "CallResult | Later"
    assert inspect.signature(made.server.ServerHandlers.call).return_annotation == "CallResult | Later"


def test_a_response_definition_may_name_any_result(tmp_path: Path) -> None:
    later = obj({"id": TEXT, "result": ref("Later")})
    made = bindings(tmp_path, {**request(obj()), "Later": obj({"when": TEXT}), "CallResultResponse": later})
    assert made.methods.CALL.result is made.types.Later


@pytest.mark.parametrize(
    "response", [obj({"id": TEXT, "result": obj({"x": TEXT})}), obj({"id": TEXT})], ids=["inline", "missing"]
)
def test_a_response_definition_without_a_named_result_is_refused(response: Node) -> None:
    refused({**request(obj()), "CallResultResponse": response}, "CallRe", "result")


def test_the_table_of_overrides_adds_alternatives(tmp_path: Path) -> None:
    rows = table(tmp_path, row("alternative", methods=["call"], result="Later"))
    made = bindings(tmp_path, {**request(obj()), "Later": obj({"when": TEXT})}, overrides=rows)
    assert made.methods.CALL.alternatives == (made.types.Later,)
    assert rows.unused() == []


@pytest.mark.parametrize("method", ["nowhere", "told"])
def test_alternatives_are_only_for_requests_there_are(tmp_path: Path, method: str) -> None:
    rows = table(tmp_path, row("alternative", methods=[method], result="EmptyResult"))
    refused(request(obj()), method, "no such request", overrides=rows)


def test_an_alternative_that_is_there_already_is_refused(tmp_path: Path) -> None:
    rows = table(tmp_path, row("alternative", methods=["call"], result="Later") * 2)
    refused({**request(obj()), "Later": obj({"a": TEXT})}, "call", "has the alternative already", overrides=rows)


def test_an_alternative_that_becomes_no_type_is_refused(tmp_path: Path) -> None:
    rows = table(tmp_path, row("alternative", methods=["call"], result="Nowhere"))
    refused(request(obj()), "CallRequest", "needs Nowhere, which became no type", overrides=rows)


# -- stubs ------------------------------------------------------------------------------------------------------------


def test_one_required_parameter_is_positional_and_meta_comes_last(tmp_path: Path) -> None:
    made = bindings(tmp_path, TALK)
    assert parameters(made.client.ClientSession.call) == ["name", "force=None/kw", "meta=None/kw"]
    assert parameters(made.client.ClientSession.move) == ["from_/kw", "to/kw"]
    assert parameters(made.client.ClientSession.list) == ["cursor=None/kw", "limit=UNSET/kw"]
    assert parameters(made.client.ClientSession.ping) == []
    assert parameters(made.client.ClientSession.notify_hear) == ["word"]


def test_every_request_takes_a_timeout_and_a_progress_callback(tmp_path: Path) -> None:
    made = bindings(tmp_path, TALK)
    for cls, name in (
        (made.client.ClientSession, "call"),
        (made.client.ClientSession, "ping"),
        (made.server.ServerSession, "ask"),
    ):
        options = inspect.signature(getattr(cls, name)).parameters
        assert options["timeout"].default is UNSET
        assert options["on_progress"].default is None
    assert "timeout" not in inspect.signature(made.client.ClientSession.notify_hear).parameters


def test_stubs_hand_over_the_method_and_its_params(tmp_path: Path) -> None:
    made = bindings(tmp_path, TALK)
    method, params, options = sent(made, "call", "n", force=True, meta={"k": 1}, timeout=3.0)
    assert method is made.methods.CALL
    assert params == made.types.CallRequestParams(name="n", force=True, meta={"k": 1})
    assert options == {"timeout": 3.0, "on_progress": None}
    assert sent(made, "move", from_="a", to="b")[1] == made.types.MoveRequestParams(from_="a", to="b")
    assert sent(made, "ping")[1] is None
    assert sent(made, "notify_hear", "w")[1] == made.types.HearNotificationParams(word="w")


def test_the_table_of_overrides_says_what_is_positional(tmp_path: Path) -> None:
    made = bindings(
        tmp_path, TALK, overrides=table(tmp_path, row("signature", method="thing/move", positional=["to", "from_"]))
    )
    assert parameters(made.client.ClientSession.move) == ["to", "from_"]
    assert sent(made, "move", "there", "here")[1] == made.types.MoveRequestParams(to="there", from_="here")


def test_an_optional_parameter_may_be_positional(tmp_path: Path) -> None:
    made = bindings(
        tmp_path, TALK, overrides=table(tmp_path, row("signature", method="thing/list", positional=["cursor"]))
    )
    assert parameters(made.client.ClientSession.list) == ["cursor=None", "limit=UNSET/kw"]


def test_a_positional_parameter_that_the_method_lacks_is_refused(tmp_path: Path) -> None:
    rows = table(tmp_path, row("signature", method="thing/move", positional=["whither"]))
    refused(TALK, "", "whither", overrides=rows)


@pytest.mark.parametrize(
    ("params", "value"),
    [
        (one_of("Near", "Far"), {"how": "far"}),
        (FREE, {"anything": 1}),
        ({**FREE, "additionalProperties": INTEGER}, {"n": 1}),
        ({}, {"anything": 1}),
    ],
    ids=["union", "free", "map", "any"],
)
def test_params_that_are_no_object_of_their_own_are_one_parameter(tmp_path: Path, params: Node, value: Any) -> None:
    far = {"Near": obj({"how": const("near")}), "Far": obj({"how": const("far")})}
    made = bindings(tmp_path, {**request(params), **far})
    typed = decoded(made.types.CallRequest, {"jsonrpc": "2.0", "id": "1", "method": "call", "params": value}).params
    assert parameters(made.client.ClientSession.call) == ["params"]
    assert sent(made, "call", typed)[1] == typed


@pytest.mark.parametrize("named", [one_of("Near", "Far"), FREE], ids=["union", "free"])
def test_named_params_that_are_no_struct_are_one_parameter(tmp_path: Path, named: Node) -> None:
    far = {"Near": obj({"how": const("near")}), "Far": obj({"how": const("far")})}
    made = bindings(tmp_path, {**request(ref("Params")), **far, "Params": named})
    assert parameters(made.client.ClientSession.call) == ["params"]


@pytest.mark.parametrize("name", ["self", "timeout", "on_progress", "onProgress", "methods", "meta", "list", "dict"])
def test_a_parameter_may_have_any_name(tmp_path: Path, name: str) -> None:
    made = bindings(tmp_path, request(obj({name: TEXT, "other": array(TEXT)})))
    (field,) = (f for f in made.types.CallRequestParams.__struct_fields__ if f != "other")
    values = {p: ["o"] if p == "other" else "v" for p in parameters_to_give(made.client.ClientSession.call)}
    assert getattr(sent(made, "call", **values)[1], field) == "v"


def parameters_to_give(function: Any) -> list[str]:
    """The parameters of a stub that have no default."""
    given = inspect.signature(function).parameters.values()
    return [p.name for p in given if p.name != "self" and p.default is p.empty]


# -- handlers ---------------------------------------------------------------------------------------------------------


def test_handlers_answer_method_not_found_until_they_are_overridden(tmp_path: Path) -> None:
    made = bindings(tmp_path, TALK)

    class Handlers(made.server.ServerHandlers):
        async def call(self, params: Any, ctx: Any) -> Any:
            return made.types.CallResult(said=params.name)

    with pytest.raises(MethodNotFound, match="thing/move"):
        asyncio.run(Handlers().move(None, None))
    assert Handlers.handled() == {"thing/call"}
    assert made.server.ServerHandlers.handled() == set()
    assert {name: info.name for name, (_, info) in Handlers.dispatch.items()} == {
        name: name for name in ("thing/call", "thing/move", "thing/list", "ping")
    }


# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wire", "python"),
    [
        ("mimeType", "mime_type"),
        ("_meta", "meta"),
        ("$schema", "schema"),
        ("vendor.example/clientInfo", "client_info"),
        ("URLElicitation", "url_elicitation"),
        ("costPerURL", "cost_per_url"),
        ("ttlMs", "ttl_ms"),
        ("x-y.z", "x_y_z"),
        ("sha256Sum", "sha256_sum"),
    ],
)
def test_snake(wire: str, python: str) -> None:
    assert snake(wire) == python


def test_pascal() -> None:
    assert [pascal(n) for n in ("requestedSchema", "_meta", "a-b", "x/yZ")] == ["RequestedSchema", "Meta", "AB", "XYZ"]
