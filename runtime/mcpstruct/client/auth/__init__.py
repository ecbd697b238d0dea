"""Who calls: `Client(url, auth=…)`."""

from __future__ import annotations

from mcpstruct.transport.http.base import HttpAuth as HttpAuth
from mcpstruct.transport.http.base import HttpRequest as HttpRequest

from .bearer import Bearer as Bearer
from .credentials import SigningKey as SigningKey
from .fetching import Wire as Wire
from .grants import ClientCredentials as ClientCredentials
from .grants import EnterpriseManaged as EnterpriseManaged
from .grants import WorkloadIdentity as WorkloadIdentity
from .oauth import OAuth as OAuth
from .safety import UrlRules as UrlRules
from .stores import FileTokenStore as FileTokenStore
from .stores import KeyringTokenStore as KeyringTokenStore
from .tokens import MemoryTokenStore as MemoryTokenStore
from .tokens import TokenStore as TokenStore

__all__ = [
    "Bearer",
    "ClientCredentials",
    "EnterpriseManaged",
    "FileTokenStore",
    "HttpAuth",
    "HttpRequest",
    "KeyringTokenStore",
    "MemoryTokenStore",
    "OAuth",
    "SigningKey",
    "TokenStore",
    "UrlRules",
    "Wire",
    "WorkloadIdentity",
]
