"""The standard `logging` module, heard by the client."""

from __future__ import annotations

import logging

from mcpstruct.base.errors import McpError
from mcpstruct_bindings.merged.types import LoggingLevel

from .working import current

_LEVELS: tuple[tuple[int, LoggingLevel], ...] = (
    (logging.CRITICAL, "critical"),
    (logging.ERROR, "error"),
    (logging.WARNING, "warning"),
    (logging.INFO, "info"),
)


def _level(number: int) -> LoggingLevel:
    for least, level in _LEVELS:
        if number >= least:
            return level
    return "debug"


class ClientLogHandler(logging.Handler):
    """Forwards what is logged while a request is answered to the client that sent it, if it wants messages so slight.

    `logging.getLogger("myserver").addHandler(ClientLogHandler())`. What is logged outside of any request goes nowhere,
    and so do this library's own messages, which could be about the very message that is being sent.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record."""
        context = current.get(None)
        if context is None or record.name.partition(".")[0] == "mcpstruct":
            return
        try:
            context.log(_level(record.levelno), self.format(record), logger=record.name)
        except McpError:  # the client is gone, or no longer waits
            return
        except Exception:
            self.handleError(record)
