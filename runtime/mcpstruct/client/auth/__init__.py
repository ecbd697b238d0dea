"""Who calls: `Client(url, auth=…)`."""

from __future__ import annotations

from .credentials import SigningKey as SigningKey
from .fetching import Wire as Wire
from .oauth import OAuth as OAuth
from .safety import UrlRules as UrlRules
from .tokens import MemoryTokenStore as MemoryTokenStore
from .tokens import TokenStore as TokenStore

__all__ = ["MemoryTokenStore", "OAuth", "SigningKey", "TokenStore", "UrlRules", "Wire"]
