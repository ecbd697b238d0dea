"""Servers with something of everything, and requests of every kind to try them with, in either era."""

from __future__ import annotations

from typing import Any

from mcpstruct.server import Context, MCPServer
from tests.session.support import MODERN, NEWEST_LEGACY, stamped

ERAS = [NEWEST_LEGACY, MODERN]
VERSION = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
CLIENT_INFO = "io.modelcontextprotocol/clientInfo"
SERVER_INFO = "io.modelcontextprotocol/serverInfo"
LOG_LEVEL = "io.modelcontextprotocol/logLevel"
SUBSCRIPTION_ID = "io.modelcontextprotocol/subscriptionId"
ACKNOWLEDGED = "notifications/subscriptions/acknowledged"
FORM = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}

REQUESTS: dict[str, dict[str, Any]] = {
    "server/discover": {},
    "tools/list": {},
    "tools/call": {"name": "add", "arguments": {"a": 1, "b": 2}},
    "prompts/list": {},
    "prompts/get": {"name": "greet", "arguments": {"name": "Ann"}},
    "resources/list": {},
    "resources/templates/list": {},
    "resources/read": {"uri": "data://pi"},
    "completion/complete": {"ref": {"type": "ref/prompt", "name": "greet"}, "argument": {"name": "name", "value": "A"}},
}
"""A request of each kind that the server below answers with a result, in the modern era."""
LISTS = ("tools/list", "prompts/list", "resources/list", "resources/templates/list")
CACHEABLE = (
    "server/discover",
    "tools/list",
    "prompts/list",
    "resources/list",
    "resources/templates/list",
    "resources/read",
)


def everything(**options: Any) -> MCPServer:
    """A server that has an answer to each of those, and tools that report and ask."""
    server = MCPServer("everything", "1.0", **options)

    @server.tool(inline=True)
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    @server.tool()
    async def report(ctx: Context[Any]) -> str:
        await ctx.report_progress(1, 2)
        await ctx.info("half")
        await ctx.report_progress(2, 2)
        return "done"

    @server.tool()
    async def ask(ctx: Context[Any]) -> str:
        answer = await ctx.elicit("Who?", FORM, key="who")
        return f"{answer.action} {answer.data}"

    @server.prompt(inline=True)
    def greet(name: str) -> str:
        """Greet somebody."""
        return f"Hello, {name}!"

    server.completion("greet", "name")(lambda typed, others: [typed + "nn"])

    @server.resource("data://pi", inline=True)
    def pi() -> str:
        """A number."""
        return "3.14159"

    @server.resource("notes://{day}", inline=True)
    def notes(day: str) -> str:
        """What was written on a day."""
        return day

    return server


def params_of(revision: str, **params: Any) -> dict[str, Any]:
    return stamped(**params) if revision == MODERN else params


async def offered(peer: Any, revision: str) -> dict[str, Any]:
    """What a server says that it can do, in either era's way."""
    if revision != MODERN:
        return dict((await peer.initialize(revision))["capabilities"])
    return dict((await peer.ask("d", "server/discover", stamped()))["result"]["capabilities"])
