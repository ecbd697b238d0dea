"""The client that the conformance suite tests: `client.py [--any] URL`, with the scenario's name in the environment.

`MCP_CONFORMANCE_SCENARIO` is the scenario, `MCP_CONFORMANCE_PROTOCOL_VERSION` the revision to speak, and
`MCP_CONFORMANCE_CONTEXT`, where there is any, JSON with what the scenario gives the client to work with. With `--any`,
the client negotiates the revision instead.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import aiohttp

from mcpstruct import Client
from mcpstruct import types as t
from mcpstruct.base.errors import AccessDenied
from mcpstruct.client.auth import ClientCredentials, EnterpriseManaged, OAuth, SigningKey, WorkloadIdentity
from mcpstruct.transport.http import HttpAuth

Scenario: TypeAlias = Callable[[str, dict[str, Any]], Awaitable[None]]
SCENARIOS: dict[str, Scenario] = {}
REVISION = None if "--any" in sys.argv else os.environ.get("MCP_CONFORMANCE_PROTOCOL_VERSION")
PATIENCE = 20.0
"""Seconds for the whole."""


def scenario(*names: str) -> Callable[[Scenario], Scenario]:
    """What to do in the scenarios of these names."""

    def decorate(function: Scenario) -> Scenario:
        SCENARIOS.update(dict.fromkeys(names, function))
        return function

    return decorate


def defaults(form: t.ElicitRequestFormParams) -> dict[str, Any]:
    """The form as it is filled in already."""
    fields = form.requested_schema.properties.items()
    return {name: field.default for name, field in fields if field.default is not None}


def talk(asked: t.CreateMessageRequestParams) -> t.CreateMessageResult:
    """A model of few words."""
    return t.CreateMessageResult(role="assistant", content=t.TextContent(text="Yes."), model="mute")


def client(url: str, **options: Any) -> Client:
    """A client that can do everything."""
    abilities: dict[str, Any] = {"on_sampling": talk, "on_elicitation": defaults, "roots": ["file:///tmp"]}
    about = {"name": "mcpstruct-conformance", "version": "1.0", "revisions": REVISION}
    return Client(url, **{**about, **abilities, **options})


@scenario("initialize", "json-schema-ref-no-deref")
async def look(url: str, given: dict[str, Any]) -> None:
    """Connect, and look at the tools."""
    async with client(url) as session:
        print([tool.name async for tool in session.tools()])


@scenario("tools_call", "elicitation-sep1034-client-defaults", "sse-retry", "request-metadata")
async def call_every_tool(url: str, given: dict[str, Any]) -> None:
    """Call every tool, with numbers for arguments if there are any."""
    async with client(url) as session:
        async for tool in session.tools():
            arguments = dict.fromkeys(tool.input_schema.get("properties", ()), 2)
            print(tool.name, await session.call_tool(tool.name, arguments))


@scenario("http-invalid-tool-headers")
async def call_every_tool_with_text(url: str, given: dict[str, Any]) -> None:
    """Call every tool that is fit to be called, with text for arguments."""
    async with client(url) as session:
        async for tool in session.tools():
            arguments = dict.fromkeys(tool.input_schema.get("properties", ()), "text")
            print(tool.name, await session.call_tool(tool.name, arguments))


@scenario("json-schema-2020-12-preservation")
async def echo_a_schema(url: str, given: dict[str, Any]) -> None:
    """Send a schema back as it came."""
    async with client(url) as session:
        schemas = {tool.name: tool.input_schema async for tool in session.tools()}
        print(await session.call_tool("json_schema_echo", {"schema": schemas["json_schema_2020_12_tool"]}))


@scenario("http-standard-headers")
async def use_everything(url: str, given: dict[str, Any]) -> None:
    """Send a request of every kind."""
    async with client(url) as session:
        async for tool in session.tools():
            print(await session.call_tool(tool.name))
        async for resource in session.resources():
            print(await session.read_resource(resource.uri))
        async for prompt in session.prompts():
            arguments = {argument.name: "text" for argument in prompt.arguments or ()}
            print(await session.get_prompt(prompt.name, arguments))


@scenario("http-custom-headers")
async def call_as_told(url: str, given: dict[str, Any]) -> None:
    """Call tools as the context says."""
    async with client(url) as session:
        print([tool.name async for tool in session.tools()])
        for call in given["toolCalls"]:
            print(await session.call_tool(call["name"], call["arguments"]))


@scenario("sep-2322-client-request-state")
async def go_round(url: str, given: dict[str, Any]) -> None:
    """Call tools that ask for input, and another one while the first ask."""

    async def confirm(form: t.ElicitRequestFormParams) -> dict[str, Any]:
        print(await session.call_tool("test_mrtr_unrelated"))
        return {"confirmed": True}

    async with client(url, on_elicitation=confirm) as session:
        print([tool.name async for tool in session.tools()])
        for name in ("test_mrtr_echo_state", "test_mrtr_no_state", "test_mrtr_no_result_type"):
            print(name, await session.call_tool(name))


# -- authorization -----------------------------------------------------------------------------------------------------

REDIRECT = "http://localhost:3000/callback"
REFUSED = (
    "auth/scope-retry-limit",
    "auth/resource-mismatch",
    "auth/iss-supported-missing",
    "auth/iss-wrong-issuer",
    "auth/iss-unexpected",
    "auth/iss-normalized",
    "auth/metadata-issuer-mismatch",
)
"""In these, not to get in is right."""


class User:
    """Says yes to everything, and comes back at once."""

    def __init__(self) -> None:
        self.came_to = ""

    async def show(self, url: str) -> None:
        """Go where the client is sent by the authorization server, and no further."""
        async with aiohttp.ClientSession() as browser, browser.get(url, allow_redirects=False) as response:
            self.came_to = response.headers["Location"]

    async def receive(self) -> str:
        """Where that was."""
        return self.came_to


def on_behalf(**options: Any) -> OAuth:
    """A client's right to call on behalf of a user."""
    user = User()
    metadata = "https://conformance-test.local/client-metadata.json"
    about: dict[str, Any] = {"redirect_uri": REDIRECT, "client_metadata_url": metadata}
    return OAuth(open_url=user.show, receive=user.receive, **{**about, **options})


async def call_as(auth: HttpAuth, url: str) -> None:
    """List the tools, and call each."""
    async with client(url, auth=auth) as session:
        async for tool in session.tools(cache="refresh"):
            print(tool.name, await session.call_tool(tool.name, {}))


async def authorized(url: str, given: dict[str, Any]) -> None:
    """Call on behalf of a user."""
    await call_as(on_behalf(), url)


@scenario(*REFUSED)
async def refused(url: str, given: dict[str, Any]) -> None:
    """Try to, and be refused."""
    try:
        await call_as(on_behalf(), url)
    except AccessDenied as error:
        print("refused:", type(error).__name__, error)
    else:
        sys.exit("not refused")


@scenario("auth/pre-registration")
async def registered_before(url: str, given: dict[str, Any]) -> None:
    """Call as a client that is known already."""
    names = ("client_id", "client_secret", "issuer")
    await call_as(on_behalf(**{name: given[name] for name in names}, client_metadata_url=None), url)


@scenario("auth/dpop", "auth/dpop-nonce")
async def in_possession(url: str, given: dict[str, Any]) -> None:
    """Call with tokens that are bound to a key."""
    await call_as(on_behalf(dpop=True), url)


@scenario("auth/client-credentials-basic")
async def by_secret(url: str, given: dict[str, Any]) -> None:
    """Call as a client that has a secret."""
    await call_as(ClientCredentials(given["client_id"], client_secret=given["client_secret"]), url)


@scenario("auth/client-credentials-jwt")
async def by_key(url: str, given: dict[str, Any]) -> None:
    """Call as a client that signs."""
    key = SigningKey(given["private_key_pem"], given["signing_algorithm"])
    await call_as(ClientCredentials(given["client_id"], key=key), url)


@scenario("auth/enterprise-managed-authorization")
async def of_an_organization(url: str, given: dict[str, Any]) -> None:
    """Call on behalf of somebody whose organization has the say."""
    auth = EnterpriseManaged(
        given["client_id"],
        client_secret=given["client_secret"],
        assertion=given["idp_id_token"],
        idp_token_endpoint=given["idp_token_endpoint"],
        idp_client_id=given["idp_client_id"],
        idp_issuer=given["idp_issuer"],
    )
    await call_as(auth, url)


@scenario("auth/wif-jwt-bearer")
async def as_a_workload(url: str, given: dict[str, Any]) -> None:
    """Call as a workload."""
    part = given["valid_jwt"].split(".")[1]
    issuer = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))["aud"]
    await call_as(WorkloadIdentity(given["client_id"], assertion=given["valid_jwt"], issuer=issuer), url)


async def main(url: str) -> None:
    """Do what the scenario wants. Raises `SystemExit` for one that is unknown."""
    name = os.environ.get("MCP_CONFORMANCE_SCENARIO", "")
    given = json.loads(os.environ.get("MCP_CONFORMANCE_CONTEXT", "{}"))
    usual = authorized if name.startswith("auth/") else None
    do = SCENARIOS.get(name, usual)
    if do is None:
        sys.exit(f"unknown scenario: {name!r}")
    async with asyncio.timeout(PATIENCE):
        await do(url, given)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[-1]))
