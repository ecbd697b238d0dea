"""What users of servers write against: `Client`, and `connect` for strict sessions."""

from __future__ import annotations

from .cache import CacheMode as CacheMode
from .cache import ResponseCache as ResponseCache
from .callbacks import Callbacks as Callbacks
from .client import Client as Client
from .listening import Change as Change
from .listening import Subscription as Subscription
from .outputs import InvalidOutput as InvalidOutput
from .outputs import InvalidSchema as InvalidSchema
from .results import ToolFailed as ToolFailed
from .rounds import TooManyRounds as TooManyRounds
from .strict import connect as connect

__all__ = [
    "CacheMode",
    "Callbacks",
    "Change",
    "Client",
    "InvalidOutput",
    "InvalidSchema",
    "ResponseCache",
    "Subscription",
    "TooManyRounds",
    "ToolFailed",
    "connect",
]
