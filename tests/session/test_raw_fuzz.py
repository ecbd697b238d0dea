"""Whatever bytes come into either end of a raw connection, it goes on."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpstruct import RawServer
from mcpstruct.base.errors import McpError
from tests.session.support import LEGACY, MODERN, SOON, served, stamped
from tests.session.test_fuzz import BACKENDS, frames, run
from tests.session.test_raw import INFO, raw_client
from tests.support.profile import effort


@pytest.mark.parametrize("backend", BACKENDS)
@effort(100)
@given(data=frames("c"), session=st.sampled_from([None, *LEGACY]))
def test_a_raw_server_goes_on(backend: str, data: list[bytes], session: str | None) -> None:
    async def test() -> None:
        async with served(RawServer(lambda method, params, client: params, info=INFO)) as peer:
            if session is not None:
                await peer.initialize(session)
            for frame in data:
                peer.send(frame)
            assert (await peer.ask("the end", "tools/list", stamped()))["result"] == stamped()

    run(backend, test)


@pytest.mark.parametrize("backend", BACKENDS)
@effort(100)
@given(data=frames("s"), revision=st.sampled_from([LEGACY[-1], MODERN]), answered=st.booleans())
def test_a_raw_client_goes_on(backend: str, data: list[bytes], revision: str, answered: bool) -> None:
    async def test() -> None:
        options: dict[str, Any] = {"on_request": lambda method, params: params, "on_notification": lambda *_: None}
        async with raw_client(revision, **options) as (client, peer):

            def attack(message: Any) -> None:
                if message.get("method") == "example/first":
                    for frame in data:
                        peer.send(frame.replace(b'"id":1,', b'"id":%d,' % message["id"]) if answered else frame)
                    peer.answer(message, {})
                elif message.get("method") == "example/last":
                    peer.answer(message, {"the": "end"})

            peer.on_message = attack
            with anyio.fail_after(SOON):
                with suppress(McpError):  # of whatever kind the frames made it
                    await client.request("example/first")
                assert bytes(await client.request("example/last")) == b'{"the": "end"}'

    run(backend, test)
