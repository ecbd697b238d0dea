"""Users who answer questions, and remember them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import anyio

from mcpstruct import Client
from mcpstruct.base.codec import to_dict
from mcpstruct.types import (
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequestFormParams,
    ElicitRequestURLParams,
    TextContent,
)
from tests.server.framework.support import SOON, text


@dataclass
class Account:
    """A form to fill in."""

    user: str
    admin: bool = False


class User:
    """Somebody at the client, who remembers what they were asked."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.forms: list[Any] = []

    def form(self, params: ElicitRequestFormParams) -> Any:
        self.asked.append(params.message)
        self.forms.append(to_dict(params.requested_schema))
        answer = self.answers.pop(0)
        return answer(params) if callable(answer) else answer

    def url(self, params: ElicitRequestURLParams) -> bool:
        self.asked.append(params.url)
        return bool(self.answers.pop(0))

    def model(self, params: CreateMessageRequestParams) -> CreateMessageResult:
        block: Any = params.messages[-1].content
        self.asked.append(block.text)
        content = TextContent(text=self.answers.pop(0))
        return CreateMessageResult(role="assistant", content=content, model="m")


async def call(client: Client, name: str, **arguments: Any) -> str:
    with anyio.fail_after(SOON):
        return text(await client.call_tool(name, arguments))
