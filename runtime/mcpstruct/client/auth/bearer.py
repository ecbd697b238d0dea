"""`Bearer`: a token that the program has from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import anyio

from mcpstruct.base.errors import TokenRefused
from mcpstruct.transport.http.base import HttpRequest

from .challenges import challenge_of
from .credentials import SigningKey
from .dpop import Proofs
from .grants import Secret, fetched
from .safety import DEFAULT_RULES, Guard, UrlRules
from .tokens import fit_for_header


class Bearer:
    """Calls with a token, or with what fetches one: once, and again when the server refuses the last.

    `key` is what the token is bound to (DPoP), where it is. The token is sent over https alone, but to this machine's
    own addresses; `rules` may allow http. Calls raise `UnsafeUrl`, and `TokenRefused` for what is no token.
    """

    def __init__(self, token: Secret, *, key: SigningKey | None = None, rules: UrlRules = DEFAULT_RULES) -> None:
        self._secret = token
        self._token: str | None = None
        self._lock = anyio.Lock()
        self._rules = rules
        self._proofs = Proofs(cast("dict[str, Any]", key.key), key.algorithm) if key is not None else None

    def __repr__(self) -> str:
        return "<Bearer>"

    async def authorize(self, request: HttpRequest) -> None:
        """See `HttpAuth`."""
        Guard(request.server, self._rules).check(request.url)
        token = self._token or await self._other_than(None)
        if self._proofs is None:
            request.headers["authorization"] = f"Bearer {token}"
        else:
            self._proofs.show(request, token)

    async def refused(self, request: HttpRequest, status: int, headers: Mapping[str, str]) -> bool:
        """See `HttpAuth`."""
        challenge = challenge_of(headers.get("www-authenticate"), ("dpop", "bearer"))
        if status != 401 or challenge is None:
            return False
        if self._proofs is not None and challenge.error == "use_dpop_nonce":
            return self._proofs.may_go_again(request, headers)
        sent = request.headers["authorization"].partition(" ")[2]
        if sent != self._token:
            return True  # another one was fetched in the meantime
        if request.notes.get("fetched"):
            return False
        request.notes["fetched"] = True
        return await self._other_than(sent) != sent

    async def _other_than(self, refused: str | None) -> str:
        """The token, fetched anew if it is the one that was refused: once for all that ask. Raises `TokenRefused`."""
        async with self._lock:
            if self._token is None or self._token == refused:
                token = await fetched(self._secret)
                if not fit_for_header(token):
                    raise TokenRefused(401, "what is to be sent as a token is none: empty, or with foreign characters")
                self._token = token
            return self._token
