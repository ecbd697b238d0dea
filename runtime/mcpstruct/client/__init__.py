"""What users of servers write against: `Client`, and `connect` for strict sessions."""

from __future__ import annotations

from .callbacks import Callbacks as Callbacks
from .client import Client as Client
from .client import ToolFailed as ToolFailed
from .listening import Change as Change
from .listening import Subscription as Subscription
from .rounds import TooManyRounds as TooManyRounds
from .strict import connect as connect

__all__ = ["Callbacks", "Change", "Client", "Subscription", "TooManyRounds", "ToolFailed", "connect"]
