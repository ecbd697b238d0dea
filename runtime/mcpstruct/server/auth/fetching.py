"""What an authorization server is asked: bounded in size and time, redirected nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import anyio
import msgspec

from mcpstruct import __version__
from mcpstruct.base.check import is_object
from mcpstruct.base.errors import ConnectFailed, ConnectionLost
from mcpstruct.session.loop import current_loop
from mcpstruct.transport.http.clients import default_client
from mcpstruct.transport.http.target import HttpServer

from .errors import VerifierUnavailable

MOST_BYTES = 1 << 20
PATIENCE = 10.0
"""Seconds for one answer."""
_HEAD = {"accept": "application/json", "user-agent": f"mcpstruct/{__version__}"}
_FORM = {**_HEAD, "content-type": "application/x-www-form-urlencoded"}
_OAUTH = "/.well-known/oauth-authorization-server"
_OPENID = "/.well-known/openid-configuration"


async def fetch(
    url: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> tuple[int, dict[str, Any]]:
    """The status and the JSON object that a GET, or a POST of a form, is answered with; an empty one in the place of
    anything else. Raises `VerifierUnavailable`.
    """
    client = default_client(current_loop(), HttpServer(url))
    method, head = ("GET", _HEAD) if form is None else ("POST", _FORM)
    content = None if form is None else urlencode(form).encode()
    body: bytes | None = None
    status = 0
    try:
        with anyio.move_on_after(PATIENCE):
            response = await client.request(method, url, {**head, **(headers or {})}, content)
            body = await response.read(MOST_BYTES)
            status = response.status
            await response.aclose()
    except (ConnectFailed, ConnectionLost) as error:
        raise VerifierUnavailable(f"{_plain(url)} does not answer: {error}") from error
    finally:
        with anyio.CancelScope(shield=True):
            await client.aclose()
    if body is None:
        raise VerifierUnavailable(f"{_plain(url)} answers too late, or with more than {MOST_BYTES} bytes")
    return status, _object(body)


async def server_metadata(issuer: str) -> dict[str, Any]:
    """The metadata of an authorization server. Raises `VerifierUnavailable`."""
    parts = urlsplit(issuer)
    root, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    places = [f"{root}{_OAUTH}{path}", f"{root}{_OPENID}{path}"] + ([f"{root}{path}{_OPENID}"] if path else [])
    for url in places:
        status, found = await fetch(url)
        if status == 200 and found.get("issuer") == issuer:
            return found
    raise VerifierUnavailable(f"there is no metadata of {issuer}")


def _object(body: bytes) -> dict[str, Any]:
    try:
        found: Any = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return {}
    return found if is_object(found) else {}


def _plain(url: str) -> str:
    return url.partition("?")[0]
