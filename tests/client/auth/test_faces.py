"""Whatever takes a URL takes `auth=`, and its errors are where all others are."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import json

import mcpstruct
from mcpstruct import (
    AccessDenied,
    AuthError,
    Client,
    McpError,
    MCPServer,
    RawClient,
    StdioServer,
    TokenRefused,
    connect,
)
from mcpstruct.base import errors
from mcpstruct.client.auth import Bearer
from mcpstruct_bindings import v2026_07_28
from tests.client.auth.support import Realm, User, oauth
from tests.transport.http.support import BRISK, text_of

pytestmark = pytest.mark.anyio
KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, AuthError)]


async def test_a_strict_session(realm: Realm) -> None:
    user = User()
    session = v2026_07_28.ClientSession
    async with connect(realm.url, session=session, auth=oauth(user), verdicts={}, deadlines=BRISK) as strict:
        result: Any = await strict.call_tool("echo", {"a": 1})
    assert text_of(result) == '{"a": 1}'
    assert len(user.urls) == 2


async def test_a_raw_client(realm: Realm) -> None:
    user = User()
    async with RawClient(realm.url, auth=oauth(user), deadlines=BRISK) as raw:
        result = json.decode(await raw.request("tools/call", {"name": "echo", "arguments": {"a": 1}}))
    assert result["content"] == [{"type": "text", "text": '{"a": 1}'}]
    assert len(user.urls) == 2


@pytest.mark.parametrize("target", [StdioServer("true"), MCPServer("next door")])
async def test_where_nobody_asks_who_calls(target: Any) -> None:
    with pytest.raises(TypeError, match="auth="):
        Client(target, auth=Bearer("x"))
    with pytest.raises(TypeError, match="auth="):
        RawClient(target, auth=Bearer("x"))
    with pytest.raises(TypeError, match="auth="):
        async with connect(target, session=v2026_07_28.ClientSession, auth=Bearer("x")):
            pass


async def test_errors_are_of_the_tree(realm: Realm) -> None:
    with pytest.raises(TokenRefused):
        await RawClient(realm.url, auth=Bearer(""), deadlines=BRISK).connect()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
async def test_errors_are_where_all_others_are(kind: type[AuthError]) -> None:
    assert getattr(mcpstruct, kind.__name__) is kind
    assert kind.__name__ in mcpstruct.__all__
    assert issubclass(kind, AccessDenied)
    assert issubclass(kind, McpError)
