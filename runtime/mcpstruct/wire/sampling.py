"""What the messages for a model have to be like where it uses tools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mcpstruct.base.check import is_array


def fault_of(messages: Sequence[Any]) -> str | None:
    """What is wrong with the messages of a sampling request; None where nothing is.

    Whatever tools the model uses in one message, the next one gives the results of, all of them and nothing else.
    """
    used: list[str] = []
    for message in messages:
        blocks = message.content if is_array(message.content) else [message.content]
        given = [block.tool_use_id for block in blocks if block.type == "tool_result"]
        if given and (len(given) < len(blocks) or message.role != "user"):
            return "tool results mixed with other content, or in a message that is not the user's"
        if sorted(given) != sorted(used):
            return "tool result missing, or of no use of a tool in the message before"
        used = [block.id for block in blocks if block.type == "tool_use"]
    return "tool result missing" if used else None
