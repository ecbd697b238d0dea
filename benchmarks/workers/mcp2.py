"""mcp 2.3.0, on the path that its sessions take.

Each function below does what a session does between the bytes and the typed object, in the session's order.
Whatever can be called is called, not copied; private names are safe to use because the version is pinned.
Where the code has a choice (the transports differ) the cheapest is taken, and what is no codec work is left
out: OpenTelemetry spans, dispatch, memory streams, HTTP headers, and for a modern request the routing by its
`_meta` (`classify_inbound_request`, `Connection.from_envelope`, the latter with two validations more). So the
figures are a floor of what a session pays.

Lines mirrored, in mcp and mcp-types 2.3.0:

bytes to typed, a response
  mcp/client/streamable_http.py:458         validate_json of the body (bytes: the cheapest transport)
  mcp/shared/jsonrpc_dispatcher.py:571,679  _dispatch, _resolve_pending: match the kind, look the id up
  mcp/client/session.py:587-601             send_request: floor of the ttl; validate_server_result, which
                                            validates with the revision's type and dumps the outcome, which is
                                            dropped; later revisions' fields; then the version-free type
  mcp/client/session.py:754,791             server/discover: floor of the ttl and the version-free type only

bytes to typed, a server's notification
  mcp/client/streamable_http.py:458         as above
  mcp/client/session.py:1453                _on_notify: parse_server_notification, which validates with the
                                            revision's type, then with the version-free one

bytes to typed, a client's request
  mcp/server/sse.py:272                     validate_json of the body
  mcp/server/runner.py:181,195,216          _extract_meta, validate_client_request, params_type.model_validate
  mcp/server/runner.py:423                  initialize: its params (once here; a session does it twice)

typed to bytes, a client's request
  mcp/client/session.py:560-563             send_request: model_dump, then the era's stamp (its `_meta` part)
  mcp/shared/jsonrpc_dispatcher.py:360-401  send_raw_request: copies of params and `_meta`, JSONRPCRequest
  mcp/client/stdio.py:175                   model_dump_json(by_alias, exclude_unset), encoded

typed to bytes, a result
  mcp/server/runner.py:341-394              _serialize: model_dump, validation with the revision's type, dump
                                            again, serverInfo stamp
  mcp/server/runner.py:230                  _dump_result: a copy
  mcp/shared/jsonrpc_dispatcher.py:802      _write_result: JSONRPCResponse
  mcp/server/stdio.py:203                   model_dump_json(by_alias, exclude_unset), encoded

typed to bytes, an error or a server's notification
  mcp/shared/jsonrpc_dispatcher.py:808      _write_error: JSONRPCError, then as a result
  mcp/server/session.py:134                 _notify: model_dump
  mcp/shared/jsonrpc_dispatcher.py:484      notify: JSONRPCNotification, then as a result
"""

# pyright: reportMissingImports=false, reportPrivateUsage=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mcp_types as types
from mcp.client import session as client_session
from mcp.server import runner
from mcp.server.lowlevel.server import Server
from mcp.shared.dispatcher import coerce_request_id
from mcp_types import methods
from mcp_types.jsonrpc import (
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    jsonrpc_message_adapter,
)

sys.path.append(str(Path(__file__).resolve().parents[2]))  # for when this runs as a plain script

from benchmarks.corpus import MODERN, SERVER_INFO, Case
from benchmarks.workers.loop import Prepared, serve

_STAMPED = (types.PROTOCOL_VERSION_META_KEY, types.CLIENT_INFO_META_KEY, types.CLIENT_CAPABILITIES_META_KEY)
_RESULT_TYPES: dict[str, Any] = {
    "initialize": types.InitializeResult,
    "resources/read": client_session._ReadResourceResultAdapter,
    "tools/call": client_session._CallToolResultAdapter,
    "tools/list": types.ListToolsResult,
}


async def _call_tool(context: Any, params: Any) -> Any:
    raise NotImplementedError


_SERVER: Server[Any] = Server(**SERVER_INFO, on_call_tool=_call_tool)
_RUNNER: runner.ServerRunner[Any] = runner.ServerRunner(_SERVER, None, None)  # type: ignore[arg-type]
_parse = jsonrpc_message_adapter.validate_json


def _params_type(method: str) -> Any:
    if method == "initialize":
        return types.InitializeRequestParams
    entry: Any = _SERVER.get_request_handler(method)
    return entry.params_type


def _decode_request(case: Case) -> Callable[[bytes], Any]:
    version = case.revision
    params_types = {case.method: _params_type(case.method)}

    def decode(data: bytes) -> Any:
        message: Any = _parse(data, by_name=False)
        params = message.params
        meta = runner._extract_meta(params)
        methods.validate_client_request(message.method, version, params)
        return meta, params_types[message.method].model_validate({} if params is None else params, by_name=False)

    return decode


def _decode_notification(case: Case) -> Callable[[bytes], Any]:
    version = case.revision

    def decode(data: bytes) -> Any:
        message: Any = _parse(data, by_name=False)
        return methods.parse_server_notification(message.method, version, message.params)

    return decode


def _decode_response(case: Case) -> Callable[[bytes], Any]:
    version = case.revision
    pending: dict[Any, tuple[str, Any]] = {41: (case.method, _RESULT_TYPES.get(case.method))}

    def decode(data: bytes) -> Any:
        message = _parse(data, by_name=False)
        method, result_type = pending[coerce_request_id(message.id)]
        if isinstance(message, JSONRPCError):
            return message.error
        raw = message.result
        client_session._clamp_inbound_ttl(raw)
        if method == "server/discover":
            return types.DiscoverResult.model_validate(raw)
        methods.validate_server_result(method, version, raw)
        if not (foreign := client_session._later_revision_fields(method, version)).isdisjoint(raw):
            raw = {key: value for key, value in raw.items() if key not in foreign}
        if isinstance(result_type, client_session.TypeAdapter):
            return result_type.validate_python(raw, by_name=False)
        return result_type.model_validate(raw, by_name=False)

    return decode


def _encode_request(case: Case) -> Prepared:
    body = json.loads(case.wire)
    stamp: dict[str, Any] = {}
    if case.revision == MODERN and case.method != "server/discover":  # a session writes discover's own out in full
        stamp = {key: body["params"]["_meta"].pop(key) for key in _STAMPED}
    request = methods.MONOLITH_REQUESTS[case.method].model_validate(
        methods._body(case.method, body["params"]), by_name=False
    )

    def encode(request: Any) -> bytes:
        data = request.model_dump(by_alias=True, mode="json", exclude_none=True)
        if stamp:
            data.setdefault("params", {}).setdefault("_meta", {}).update(stamp)
        params = dict(data.get("params") or {})
        if meta := dict(params.get("_meta") or {}):
            params["_meta"] = meta
        message = JSONRPCRequest(jsonrpc="2.0", id=41, method=data["method"], params=params)
        return message.model_dump_json(by_alias=True, exclude_unset=True).encode()

    return encode, request


def _encode_notification(case: Case) -> Prepared:
    def encode(notification: Any) -> bytes:
        data = notification.model_dump(by_alias=True, mode="json", exclude_none=True)
        message = JSONRPCNotification(jsonrpc="2.0", method=data["method"], params=dict(data["params"]))
        return message.model_dump_json(by_alias=True, exclude_unset=True).encode()

    return encode, _decode_notification(case)(case.wire)


def _encode_error(case: Case) -> Prepared:
    def encode(error: Any) -> bytes:
        return (
            JSONRPCError(jsonrpc="2.0", id=41, error=error).model_dump_json(by_alias=True, exclude_unset=True).encode()
        )

    return encode, _decode_response(case)(case.wire)


def _encode_result(case: Case, *, untouched: bool) -> Prepared:
    method, version = case.method, case.revision
    serialize = _RUNNER._serialize

    def encode(result: Any) -> bytes:
        dumped = runner._dump_result(serialize(method, version, result))
        message = JSONRPCResponse(jsonrpc="2.0", id=41, result=dumped)
        return message.model_dump_json(by_alias=True, exclude_unset=True).encode()

    result = _decode_response(case)(case.wire)
    if not untouched and version == MODERN:
        result.meta = None  # a handler leaves the serverInfo stamp to the session
    return encode, result


_DECODERS: dict[str, Callable[[Case], Callable[[bytes], Any]]] = {
    "request": _decode_request,
    "notification": _decode_notification,
    "result": _decode_response,
    "error": _decode_response,
}


def prepare(case: Case, operation: str) -> Prepared:
    """The session's own steps, from and to bytes."""
    if operation == "decode":
        return _DECODERS[case.kind](case), case.wire
    if case.kind == "request":
        return _encode_request(case)
    if case.kind == "notification":
        return _encode_notification(case)
    if case.kind == "error":
        return _encode_error(case)
    return _encode_result(case, untouched=operation == "encode_untouched")


if __name__ == "__main__":
    serve(prepare, "mcp", "mcp-types", "pydantic", "pydantic-core")
