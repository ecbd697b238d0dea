"""How servers' certificates are checked, unless the user has it otherwise."""

from __future__ import annotations

import ssl
from functools import cache


@cache
def usual_checks() -> ssl.SSLContext:
    """By the authorities that the system trusts. Made once: to load them takes 20 ms."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context
