"""What servers are written with: `MCPServer` and `Context`, or generated handlers in a `LowLevelServer`."""

from __future__ import annotations

from .asking import MissingCapability as MissingCapability
from .base import Server as Server
from .caching import Caching as Caching
from .content import Audio as Audio
from .content import File as File
from .content import Image as Image
from .context import Context as Context
from .elicitation import Elicitation as Elicitation
from .errors import HandlerError as HandlerError
from .errors import PromptError as PromptError
from .errors import ResourceError as ResourceError
from .errors import ResourceNotFound as ResourceNotFound
from .errors import ToolError as ToolError
from .errors import UnfitAnswer as UnfitAnswer
from .logs import ClientLogHandler as ClientLogHandler
from .lowlevel import LowLevelServer as LowLevelServer
from .prompt_results import AssistantMessage as AssistantMessage
from .prompt_results import UserMessage as UserMessage
from .server import MCPServer as MCPServer
from .state import StateSealer as StateSealer

__all__ = [
    "AssistantMessage",
    "Audio",
    "Caching",
    "ClientLogHandler",
    "Context",
    "Elicitation",
    "File",
    "HandlerError",
    "Image",
    "LowLevelServer",
    "MCPServer",
    "MissingCapability",
    "PromptError",
    "ResourceError",
    "ResourceNotFound",
    "Server",
    "StateSealer",
    "ToolError",
    "UnfitAnswer",
    "UserMessage",
]
