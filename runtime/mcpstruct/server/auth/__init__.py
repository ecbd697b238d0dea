"""Who may call a server over HTTP: `server.http_app(auth=ResourceServer(…))`."""

from __future__ import annotations

from mcpstruct.session.principal import Principal as Principal

from .dpop import DPoP as DPoP
from .errors import InvalidToken as InvalidToken
from .errors import VerifierUnavailable as VerifierUnavailable
from .resource import ResourceServer as ResourceServer
from .verifiers import IntrospectionVerifier as IntrospectionVerifier
from .verifiers import JwtVerifier as JwtVerifier
from .verifiers import Verifier as Verifier
from .verifiers import Verify as Verify

__all__ = [
    "DPoP",
    "IntrospectionVerifier",
    "InvalidToken",
    "JwtVerifier",
    "Principal",
    "ResourceServer",
    "Verifier",
    "VerifierUnavailable",
    "Verify",
]
