"""Why a token is not good, or cannot be told to be."""

from __future__ import annotations


class InvalidToken(Exception):
    """Raised by a verifier for a token that is not good. The message is told to the client: no word of the token."""


class VerifierUnavailable(Exception):
    """Raised by a verifier that cannot tell now, since it needs somebody who does not answer. Clients get a 503."""
