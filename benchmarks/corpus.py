"""The messages that are measured: the same bytes in every run, on every machine, for every contestant.

Standard library only, so that each contestant's process can import it. Everything is spelled out or derived
from counters; nothing is random. A message is what a peer puts on the wire: compact JSON, UTF-8, no newline.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from benchmarks import catalogue

__all__ = ["CASES", "LEGACY", "MODERN", "SERVER_INFO", "SMALL_LIMIT", "Case", "case"]

LEGACY = "2025-11-25"
MODERN = "2026-07-28"
SMALL_LIMIT = 2048
"""A message of fewer bytes than this counts as small."""

CLIENT_INFO = {
    "name": "atlas-desktop",
    "title": "Atlas Desktop",
    "version": "4.12.1",
    "websiteUrl": "https://atlas.example",
}
SERVER_INFO = {"name": "field-station", "title": "Field Station", "version": "2.7.0"}
_CLIENT_CAPABILITIES: dict[str, Any] = {
    "elicitation": {"form": {}, "url": {}},
    "sampling": {"tools": {}},
    "roots": {},
}
_SERVER_CAPABILITIES: dict[str, Any] = {
    "completions": {},
    "logging": {},
    "prompts": {"listChanged": True},
    "resources": {"listChanged": True, "subscribe": True},
    "tools": {"listChanged": True},
}
_INSTRUCTIONS = (
    "Look a station up with search_station before you read from it. Readings are in SI units and carry "
    "the time of measuring, not of asking. Ask the person before you change an alarm: alarms ring at the hut."
)
_KEY = "io.modelcontextprotocol/"
_REQUEST_META: dict[str, Any] = {
    _KEY + "protocolVersion": MODERN,
    _KEY + "clientInfo": CLIENT_INFO,
    _KEY + "clientCapabilities": _CLIENT_CAPABILITIES,
    _KEY + "logLevel": "info",
    "progressToken": "c7f0-41",
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
}
_RESULT_META: dict[str, Any] = {_KEY + "serverInfo": SERVER_INFO}
_ARGUMENTS: dict[str, Any] = {
    "station": "Säntis-3",
    "window": {"from": "2026-03-01T00:00:00Z", "to": "2026-03-02T00:00:00Z", "step_minutes": 10},
    "quantities": ["air_temperature", "wind_speed", "relative_humidity"],
    "aggregate": "mean",
    "include_raw": False,
    "limit": 144,
    "threshold": 2.5,
}


@dataclass(frozen=True, slots=True)
class Case:
    """One message.

    `direction` is who sends it; `method` is its own method or, for a response, that of the request it
    answers; `revision` is the one that both sides had agreed on."""

    name: str
    direction: Literal["client", "server"]
    kind: Literal["request", "notification", "result", "error"]
    method: str
    revision: str
    wire: bytes

    @property
    def small(self) -> bool:
        """Whether the small-message targets are about it."""
        return len(self.wire) < SMALL_LIMIT

    @property
    def operations(self) -> tuple[str, ...]:
        """What is measured of it; see the README for what each operation means."""
        return ("decode", "encode", "encode_untouched") if self.name == "tools_50" else ("decode", "encode")


def _wire(body: dict[str, Any]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", **body}, separators=(",", ":"), ensure_ascii=False).encode()


def _request(name: str, method: str, revision: str, params: dict[str, Any]) -> Case:
    return Case(name, "client", "request", method, revision, _wire({"id": 41, "method": method, "params": params}))


def _notification(name: str, method: str, revision: str, params: dict[str, Any]) -> Case:
    return Case(name, "server", "notification", method, revision, _wire({"method": method, "params": params}))


def _result(name: str, method: str, revision: str, result: dict[str, Any]) -> Case:
    if revision == MODERN:
        result = {"_meta": _RESULT_META, "resultType": "complete", **result}
    return Case(name, "server", "result", method, revision, _wire({"id": 41, "result": result}))


def _lines(size: int, line: str) -> str:
    """Numbered lines, cut to exactly `size` characters: 60 to 100 characters a line, a few escapes in
    each."""
    text = "".join(
        line.format(n, n * 7919 % 1000, hashlib.sha256(b"%d" % n).hexdigest()[:8]) for n in range(size // 50)
    )
    return text[:size]


_LOG_LINE = '2026-03-01T04:12:07.{1:03d}Z worker-{0} INFO request "{2}" took {1} ms\tstatus=200 bytes={0}\n'
_PROSE_LINE = "§ {0} — “{2}”: the warden read {1} °C, so the alarm at Säntis stayed quiet.\n"


def _blob(size: int) -> str:
    """Base64 text of exactly `size` characters over bytes that do not repeat."""
    raw = b"".join(hashlib.sha256(n.to_bytes(4, "big")).digest() for n in range(size * 3 // 4 // 32))
    return base64.b64encode(raw).decode("ascii")


def _text_result(name: str, text: str) -> Case:
    return _result(name, "tools/call", MODERN, {"content": [{"type": "text", "text": text}], "isError": False})


def _small_requests() -> list[Case]:
    initialize = {"protocolVersion": LEGACY, "capabilities": _CLIENT_CAPABILITIES, "clientInfo": CLIENT_INFO}
    call = {"name": "read_station", "arguments": _ARGUMENTS}
    return [
        _request("call_request", "tools/call", MODERN, {"_meta": _REQUEST_META, **call}),
        _request("call_request_legacy", "tools/call", LEGACY, {"_meta": {"progressToken": 41}, **call}),
        _request("initialize_request", "initialize", LEGACY, initialize),
        _request("discover_request", "server/discover", MODERN, {"_meta": _REQUEST_META}),
    ]


def _small_responses() -> list[Case]:
    initialize = {
        "protocolVersion": LEGACY,
        "capabilities": _SERVER_CAPABILITIES,
        "serverInfo": SERVER_INFO,
        "instructions": _INSTRUCTIONS,
    }
    discover = {
        "supportedVersions": [MODERN],
        "capabilities": _SERVER_CAPABILITIES,
        "instructions": _INSTRUCTIONS,
        "ttlMs": 3_600_000,
        "cacheScope": "public",
    }
    error = {
        "code": -32602,
        "message": "Invalid params: window.step_minutes must be one of 1, 10, 60",
        "data": {"pointer": "/arguments/window/step_minutes", "got": 7, "allowed": [1, 10, 60]},
    }
    weather = "Säntis-3, 1 March 2026\nMean air temperature: -4.2 °C\nMean wind: 11.8 m/s from WNW\nHumidity: 87 %"
    return [
        _text_result("text_result", weather),
        Case("error", "server", "error", "tools/call", MODERN, _wire({"id": 41, "error": error})),
        _result("initialize_response", "initialize", LEGACY, initialize),
        _result("discover_response", "server/discover", MODERN, discover),
    ]


def _notifications() -> list[Case]:
    progress = {
        "progressToken": "c7f0-41",
        "progress": 96,
        "total": 144,
        "message": "Read 96 of 144 intervals",
    }
    log = {
        "level": "warning",
        "logger": "field-station.link",
        "data": {
            "event": "link_lost",
            "station": "Säntis-3",
            "attempts": 3,
            "next_try_seconds": 12.5,
            "path": ["lte", "vhf"],
        },
    }
    return [
        _notification("progress", "notifications/progress", MODERN, progress),
        _notification("log", "notifications/message", LEGACY, log),
    ]


def _large() -> list[Case]:
    contents = {
        "uri": "station://saentis-3/camera/latest.png",
        "mimeType": "image/png",
        "blob": _blob(1 << 20),
    }
    return [
        _result(
            "tools_50",
            "tools/list",
            MODERN,
            {"tools": catalogue.tools(), "ttlMs": 300_000, "cacheScope": "private"},
        ),
        _text_result("text_100k", _lines(100_000, _LOG_LINE)),
        _text_result("text_100k_unicode", _lines(100_000, _PROSE_LINE)),
        _result(
            "blob_1m",
            "resources/read",
            MODERN,
            {"contents": [contents], "ttlMs": 60_000, "cacheScope": "private"},
        ),
    ]


CASES: tuple[Case, ...] = (*_small_requests(), *_small_responses(), *_notifications(), *_large())
"""Every case, small ones first."""


@cache
def case(name: str) -> Case:
    """The case of that name; `KeyError` if there is none."""
    return {each.name: each for each in CASES}[name]
