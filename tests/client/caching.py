"""A server by hand whose results may be kept, and a clock by hand."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio

from mcpstruct.client import Client
from tests.session.support import MODERN, SOON, Peer, by_hand

ITEMS = {
    "list_tools": ("tools", {"name": "a", "inputSchema": {"type": "object"}}),
    "list_prompts": ("prompts", {"name": "a"}),
    "list_resources": ("resources", {"name": "a", "uri": "a:1"}),
    "list_resource_templates": ("resourceTemplates", {"name": "a", "uriTemplate": "a:{b}"}),
}


class Clock:
    """Seconds, in a test's own hands."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def hints(ttl_ms: Any = 60_000, scope: str | None = "private") -> dict[str, Any]:
    return {"resultType": "complete", "ttlMs": ttl_ms, **({"cacheScope": scope} if scope else {})}


class Answers:
    """A server by hand that answers everything, and counts; `ttl_ms` and `scope` are what it says of its results."""

    def __init__(self, **result: Any) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.ttl_ms: Any = 60_000
        self.scope: str | None = "private"
        self.more: dict[str, Any] = result
        self.peers: list[Peer] = []

    def take(self, peer: Peer) -> Callable[[Any], None]:
        def answer(message: Any) -> None:
            if "id" not in message or message["method"] in ("initialize", "server/discover"):
                return
            method, params = message["method"], message.get("params", {})
            self.asked.append((method, params.get("cursor") or params.get("uri")))
            peer.answer(message, self.result(method, params))

        self.peers.append(peer)
        return answer

    def result(self, method: str, params: Any) -> Any:
        said = hints(self.ttl_ms, self.scope)
        number = len(self.asked)
        if method == "resources/read":
            return {"contents": [{"uri": params["uri"], "text": str(number)}], **said, **self.more}
        field, item = next(found for name, found in ITEMS.items() if methods_of(name) == method)
        return {field: [{**item, "description": str(number)}], **said, **self.more}


def methods_of(name: str) -> str:
    return {
        "list_tools": "tools/list",
        "list_prompts": "prompts/list",
        "list_resources": "resources/list",
        "list_resource_templates": "resources/templates/list",
    }[name]


@asynccontextmanager
async def answering(answers: Answers, *, revision: str = MODERN, **options: Any) -> AsyncGenerator[tuple[Client, Peer]]:
    async with by_hand(revision=revision, **options) as (client, peer):
        peer.on_message = answers.take(peer)
        with anyio.fail_after(SOON):
            yield client, peer


def said(result: Any) -> str:
    """Which answer of the server a result is."""
    fields = ("contents", "tools", "prompts", "resources", "resource_templates")
    (item,) = next(getattr(result, field) for field in fields if hasattr(result, field))
    return str(item.text if hasattr(item, "text") else item.description)
