"""`LowLevelServer`: generated handlers that somebody filled in, neutral or of one revision, served as they stand."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from mcpstruct.base.handlers import BaseHandlers
from mcpstruct.wire.eras import Revision
from mcpstruct.wire.revisions import home
from mcpstruct_bindings.merged.types import (
    Implementation,
    ServerCapabilities,
    ServerCapabilitiesPrompts,
    ServerCapabilitiesResources,
    ServerCapabilitiesTools,
)

from .base import Server
from .state import StateSealer
from .working import working


class LowLevelServer(Server):
    """Serves a `ServerHandlers`: `LowLevelServer(MyHandlers(), info=Implementation(name="mine", version="1"))`.

    What is offered follows from the methods that are overridden, and log messages are, since any handler may send them;
    pass `capabilities` to say something else. Handlers of a strict package get and give that revision's own types, and
    only that revision is spoken. Options are those of `Server`.
    """

    def __init__(
        self,
        handlers: BaseHandlers[Any],
        *,
        info: Implementation,
        capabilities: ServerCapabilities | None = None,
        sealer: StateSealer | None = None,
        **options: Any,
    ) -> None:
        package, revision = home(type(handlers))
        if revision is not None:
            options.setdefault("revisions", revision)
        super().__init__(info, **options)
        self.decoder = import_module(f"{package}.decode").client_decoder
        self._offered = capabilities or offered(handlers.handled())
        self._sealer = sealer or StateSealer()
        for name in handlers.handled():
            attribute, _ = handlers.dispatch[name]
            self.handlers[name] = working(getattr(handlers, attribute), self, self._sealer, by_hand=True)

    def capabilities(self, row: Revision) -> ServerCapabilities:
        """See `Server`."""
        return self._offered


def offered(methods: frozenset[str]) -> ServerCapabilities:
    """What a server that answers these methods offers."""
    return ServerCapabilities(
        tools=ServerCapabilitiesTools() if {"tools/list", "tools/call"} & methods else None,
        prompts=ServerCapabilitiesPrompts() if {"prompts/list", "prompts/get"} & methods else None,
        resources=ServerCapabilitiesResources(subscribe="resources/subscribe" in methods or None)
        if {"resources/list", "resources/read", "resources/templates/list"} & methods
        else None,
        completions={} if "completion/complete" in methods else None,
        logging={},
    )
