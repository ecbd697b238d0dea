"""Refusals that tell a client what to do about them: `WWW-Authenticate`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, TypeAlias

from mcpstruct.server.http.request import Refused

Scheme: TypeAlias = Literal["Bearer", "DPoP"]
_UNFIT = re.compile(r"[^ !#-\[\]-~]")
"""What a description may not hold (RFC 6750, 3)."""
_LONGEST = 300


def challenge(
    status: int,
    message: str,
    *,
    scheme: Scheme,
    metadata_url: str,
    scopes: Iterable[str] = (),
    error: str | None = None,
    algorithms: Iterable[str] = (),
    nonce: str | None = None,
) -> Refused:
    """A refusal with a challenge. Its texts are this server's own, or its verifier's: these may hold anything."""
    message = message[:_LONGEST]
    parts = {"error": error, "error_description": _UNFIT.sub(" ", message) if error else None}
    parts |= {"resource_metadata": metadata_url, "scope": " ".join(scopes) or None}
    parts["algs"] = " ".join(sorted(algorithms)) or None
    said = ", ".join(f'{name}="{value}"' for name, value in parts.items() if value is not None)
    headers = [(b"www-authenticate", f"{scheme} {said}".encode())]
    if nonce is not None:
        headers.append((b"dpop-nonce", nonce.encode()))
    return Refused(status, message, headers)
