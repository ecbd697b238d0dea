"""Results kept for as long as the server says that they are fresh: lists, what resources hold, what a server offers.

Entries are bytes, and each use decodes them anew: what one caller does to a result, no other sees.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Generator, Hashable
from contextlib import contextmanager
from threading import Lock
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import msgspec

from mcpstruct.base.codec import from_json, to_json
from mcpstruct.base.errors import INVALID_PARAMS, ProtocolViolation, RemoteError
from mcpstruct.base.limits import MIB
from mcpstruct.base.methods import MethodInfo
from mcpstruct.session.calling import ClientConnection
from mcpstruct_bindings.merged import methods

CacheMode: TypeAlias = Literal["use", "refresh", "bypass"]
"""Take a fresh result from the cache, if it has one; or fetch it anew, and keep that; or leave the cache alone."""

CACHEABLE: Final = frozenset(
    method.name
    for method in (
        methods.DISCOVER,
        methods.LIST_TOOLS,
        methods.LIST_PROMPTS,
        methods.LIST_RESOURCES,
        methods.LIST_RESOURCE_TEMPLATES,
        methods.READ_RESOURCE,
    )
)
"""The methods whose results may be kept."""
_STALE: Final = {
    methods.TOOL_LIST_CHANGED.name: (methods.LIST_TOOLS.name,),
    methods.PROMPT_LIST_CHANGED.name: (methods.LIST_PROMPTS.name,),
    methods.RESOURCE_LIST_CHANGED.name: (methods.LIST_RESOURCES.name, methods.LIST_RESOURCE_TEMPLATES.name),
    methods.RESOURCE_UPDATED.name: (methods.READ_RESOURCE.name,),
}
CHANGES: Final = frozenset(_STALE)
"""The notifications that tell of changes."""
_LONGEST_MS = 365 * 24 * 60 * 60 * 1000
_EVERYBODY: Final = object()
_UNENCODABLE = (TypeError, ValueError, RecursionError, OverflowError, msgspec.MsgspecError)


class Key(NamedTuple):
    """What a result is the answer to."""

    server: Hashable
    method: str
    params: bytes
    variant: Hashable
    """What else may make a difference: the revision, what the client says it can do, the type of the result."""
    uri: str | None = None
    """Of the resource that was read."""


class _Entry(NamedTuple):
    data: bytes
    tp: Any
    fresh_until: float


class _Fetch:
    """A request whose result may be kept, unless what it is about changes before it is there."""

    __slots__ = ("key", "outdated")

    def __init__(self, key: Key) -> None:
        self.key = key
        self.outdated = False


class ResponseCache:
    """Keeps what servers allow to be kept; the least recently used goes first.

    `Client(cache=...)` takes one. Clients that are given the same share what servers call public, and what they call
    private with clients of the same `cache_context`. It may be used from several threads. `clock` gives seconds.
    """

    def __init__(
        self,
        *,
        max_entries: int = 1024,
        max_bytes: int = 16 * MIB,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if max_entries < 1 or max_bytes < 1:
            raise ValueError("a cache holds one entry, and one byte, at least")
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._clock = clock
        self._lock = Lock()
        self._entries: dict[tuple[Key, Any], _Entry] = {}
        self._groups: dict[tuple[Hashable, str], dict[tuple[Key, Any], None]] = {}
        self._fetches: dict[_Fetch, None] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries, self._groups, self._bytes = {}, {}, 0
            for fetch in self._fetches:
                fetch.outdated = True

    # -- used by clients ----------------------------------------------------------------------------------------------

    def get(self, key: Key, context: Hashable) -> Any:
        """A fresh result; None if there is none. `context` is on whose behalf it was fetched, or is now."""
        with self._lock:
            entry = self._take((key, context)) or self._take((key, _EVERYBODY))
        if entry is None:
            return None
        try:
            return from_json(entry.tp, entry.data)
        except ProtocolViolation:  # nobody checks objects that cross within a process; or a stack is smaller here
            return None

    @contextmanager
    def fetching(self, key: Key) -> Generator[_Fetch]:
        """While a request is on its way."""
        fetch = _Fetch(key)
        with self._lock:
            self._fetches[fetch] = None
        try:
            yield fetch
        finally:
            with self._lock:
                del self._fetches[fetch]

    def put(self, fetch: _Fetch, context: Hashable, result: Any) -> None:
        """Keep the result of a request, if the server says so."""
        entry = self._entry(result)
        whose = _EVERYBODY if getattr(result, "cache_scope", None) == "public" else context
        with self._lock:
            if fetch.outdated:
                return
            for before in (context, _EVERYBODY):
                self._drop((fetch.key, before))
            if entry is not None:
                self._store((fetch.key, whose), entry)

    def _entry(self, result: Any) -> _Entry | None:
        ttl_ms = getattr(result, "ttl_ms", None) or 0
        if ttl_ms <= 0 or result.result_type not in (None, "complete"):
            return None
        try:
            data = to_json(result)
        except _UNENCODABLE:  # objects that cross within a process may hold anything
            return None
        return _Entry(data, type(result), self._clock() + min(ttl_ms, _LONGEST_MS) / 1000)

    def invalidate(self, server: Hashable, method: str | None = None, uri: str | None = None) -> None:
        """Forget results of a server: of one method, or of all; with a URI, only of resources that it is a part of."""
        with self._lock:
            for group in [(server, method)] if method else [g for g in self._groups if g[0] == server]:
                for place in [p for p in self._groups.get(group, ()) if _concerns(p[0], uri)]:
                    self._drop(place)
            for fetch in self._fetches:
                if fetch.key.server == server and method in (None, fetch.key.method):
                    fetch.outdated |= _concerns(fetch.key, uri)

    # -- while it is locked -------------------------------------------------------------------------------------------

    def _take(self, place: tuple[Key, Any]) -> _Entry | None:
        entry = self._entries.pop(place, None)
        if entry is None:
            return None
        self._entries[place] = entry  # last: the most recently used
        if self._clock() < entry.fresh_until:
            return entry
        self._drop(place)
        return None

    def _store(self, place: tuple[Key, Any], entry: _Entry) -> None:
        if len(entry.data) > self._max_bytes:
            return
        self._entries[place] = entry
        self._groups.setdefault(place[0][:2], {})[place] = None
        self._bytes += len(entry.data)
        while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))

    def _drop(self, place: tuple[Key, Any]) -> None:
        entry = self._entries.pop(place, None)
        if entry is not None:
            self._bytes -= len(entry.data)
            group = self._groups[place[0][:2]]
            del group[place]
            if not group:
                del self._groups[place[0][:2]]


def _concerns(key: Key, uri: str | None) -> bool:
    """Whether news of a URI are news of what was read: of that resource, or of one that it is a part of."""
    return uri is None or key.uri is None or is_part(uri, key.uri)


def is_part(uri: str, whole: str) -> bool:
    """Whether a resource is another one, or a part of it by its URI."""
    return uri == whole or uri.startswith((whole.rstrip("/") + "/", f"{whole}#", f"{whole}?"))


class _Same:
    """Stands for an object in a key: equal to what stands for that very object."""

    __slots__ = ("_of",)

    def __init__(self, of: object) -> None:
        self._of = of

    def __hash__(self) -> int:
        return id(self._of)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._of is other._of


class CachedCalls:
    """One client's use of a cache, or of none. `context` is its authorization context; None for one of its own."""

    def __init__(self, cache: ResponseCache | None, target: Any, context: Hashable | None = None) -> None:
        self._cache = cache
        self._server: Hashable = getattr(target, "url", None) or getattr(target, "key", None) or _Same(target)
        self._context: Hashable = _Same(self) if context is None else context

    def over(self, connection: ClientConnection, mode: CacheMode) -> Callable[..., Awaitable[Any]]:
        """`ClientConnection.call`, with the cache in front of it."""
        cache = self._cache
        if cache is None or mode == "bypass":
            return connection.call

        async def call(method: MethodInfo[Any, Any], params: Any, **options: Any) -> Any:
            key = self._key(connection, method, params)
            if key is None:
                return await connection.call(method, params, **options)
            found = cache.get(key, self._context) if mode == "use" else None
            if found is None:
                return await self._fetch(cache, key, connection, method, params, options)
            if method.name == methods.LIST_TOOLS.name:
                connection.listed(found)
            return found

        return call

    def renewing(self, connection: ClientConnection) -> Callable[..., Awaitable[Any]]:
        """`ClientConnection.call` for lists of tools: what is remembered of them is out of date."""
        if self._cache is not None:
            self._cache.invalidate(self._server, methods.LIST_TOOLS.name)
        return self.over(connection, "refresh")

    def _key(self, connection: ClientConnection, method: MethodInfo[Any, Any], params: Any) -> Key | None:
        """What the result will be the answer to; None where it may not be kept."""
        row = connection.revision
        if row is None or row.era != "modern":
            return None
        if any(getattr(params, name, None) is not None for name in ("input_responses", "request_state")):
            return None
        variant = (row.name, to_json(connection.part.capabilities), method.result)
        return Key(self._server, method.name, to_json(params), variant, getattr(params, "uri", None))

    async def _fetch(
        self,
        cache: ResponseCache,
        key: Key,
        connection: ClientConnection,
        method: MethodInfo[Any, Any],
        params: Any,
        options: dict[str, Any],
    ) -> Any:
        with cache.fetching(key) as fetch:
            try:
                result = await connection.call(method, params, **options)
            except RemoteError as error:
                if error.code == INVALID_PARAMS and getattr(params, "cursor", None) is not None:
                    cache.invalidate(self._server, method.name)  # the list is no longer what its cursor was for
                raise
            cache.put(fetch, self._context, result)
            return result

    def notified(self, method: MethodInfo[Any, Any], params: Any) -> None:
        """The server tells of a change."""
        if self._cache is not None:
            for changed in _STALE[method.name]:
                self._cache.invalidate(self._server, changed, getattr(params, "uri", None))

    def forget(self) -> None:
        """Forget what is known of the server."""
        if self._cache is not None:
            self._cache.invalidate(self._server)
