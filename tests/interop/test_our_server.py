"""Our server with clients that others wrote: the official SDK's two generations, and the inspector."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.interop.peers import PEERS
from tests.interop.support import LEGACY, MODERN, PROGRAMS

SERVER = [sys.executable, "-m", "mcpstruct", "run", str(PROGRAMS / "our_server.py")]
TOOLS = [
    *("add", "count", "work", "ask", "think", "where", "interview"),
    *("fail", "crash", "hang", "text", "picture", "change"),
]
CLIENTS = {
    "mcp 2.3.0, auto": (["mcp2", "mcp2_client.py", "auto"], MODERN, "ours"),
    "mcp 2.3.0, modern": (["mcp2", "mcp2_client.py", MODERN], MODERN, None),
    "mcp 2.3.0, legacy": (["mcp2", "mcp2_client.py", "legacy"], LEGACY, "ours"),
    "mcp 1.30.0": (["mcp1", "mcp1_client.py"], LEGACY, "ours"),
}


def seen_by(peer: str, program: str, *args: str) -> list[tuple[str, Any]]:
    """What a client saw, in order."""
    command = [PEERS[peer].python, str(PROGRAMS / program), *args, *SERVER]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
    return [item for line in done.stdout.splitlines() for item in json.loads(line).items()]


def expected(revision: str, name: str | None) -> list[tuple[str, Any]]:
    """What a client should see."""
    modern = revision == MODERN
    order = ("elicitation", ["What would you like?", ["size"]])
    updates = [f"notifications/{what}" for what in ("resources/updated", "tools/list_changed")]
    return [
        ("server", [revision, name, "Ask away." if name else None]),
        ("tools", [4, TOOLS]),
        ("resources", [1, ["motd", "some_bytes"]]),
        ("resource_templates", [1, ["greeting"]]),
        ("prompts", [1, ["haggle"]]),
        ("add", {"total": 6, "terms": [1, 2, 3]}),
        ("wrong", True),
        ("count", "counted to 3"),
        ("work", "worked"),
        ("sampling", [7, "Be brief."]),
        ("think", "oracle says because"),
        ("where", '["file:///data/ada"]'),
        order,
        ("ask", "large, spicy"),
        order,
        ("elicitation", ["large, really?", ["size"]]),
        ("interview", "accept, accept, 1 roots"),
        ("fail", [True, "out of cheese"]),
        ("crash", [True, "crash failed"]),
        ("text", 2_000_000),
        ("picture", ["image", "image/png"]),
        ("no tool", -32602),
        ("cancelled", True),
        ("ours://motd", "hello"),
        ("ours://greeting/Ada", "hello, Ada"),
        ("ours://bytes", 344),
        ("no resource", -32602 if modern else -32002),
        ("haggle", [["user", "5 for the gourd?"], ["assistant", "Never!"]]),
        ("no argument", -32602),
        ("completion", ["ada", "alan"]),
        ("completion", ["ada", "alan"]),
        ("changes", ["ResourceUpdated", "ToolsListChanged"] if modern else updates),
        ("closed", True),
    ]


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
def test_a_client_of_the_official_sdk(client: tuple[list[str], str, str | None]) -> None:
    command, revision, name = client
    seen = seen_by(*command)
    # Callbacks of different kinds may overtake one another there.
    assert [value for what, value in seen if what == "log"] == [["info", f"counted {number}"] for number in (1, 2, 3)]
    steps = [[number, 3, f"at {number}"] for number in (1, 2, 3)] + [[1, 2, None], [2, 2, None]]
    assert [value for what, value in seen if what == "progress"] == steps
    assert [item for item in seen if item[0] not in {"log", "progress"}] == expected(revision, name)


def inspected(folder: Path, era: str, *args: str) -> dict[str, Any]:
    """The result that the inspector prints."""
    node = PEERS["node"]
    launcher = node.script("@modelcontextprotocol/inspector/clients/launcher/build/index.js")
    options = ["--cli", "--format", "json", "--quiet", "--protocol-era", era, *args]
    command = [node.node, launcher, *options, "--", *SERVER]
    environment = {**os.environ, "HOME": str(folder), "MCP_CATALOG_PATH": str(folder / "catalogue.json")}
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout)["result"]
    assert isinstance(result, dict)
    return result


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_the_inspector(era: str, tmp_path: Path) -> None:
    tools = inspected(tmp_path, era, "--method", "tools/list", "--strict")["tools"]
    assert [tool["name"] for tool in tools] == TOOLS
    arguments = ["--tool-name", "add", "--tool-args-json", '{"terms": [1, 2]}']
    added = inspected(tmp_path, era, "--method", "tools/call", *arguments)
    assert added["structuredContent"] == {"total": 3, "terms": [1, 2]}
    resources = inspected(tmp_path, era, "--method", "resources/list")["resources"]
    assert [resource["uri"] for resource in resources] == ["ours://motd", "ours://bytes"]
    templates = inspected(tmp_path, era, "--method", "resources/templates/list")["resourceTemplates"]
    assert [template["uriTemplate"] for template in templates] == ["ours://greeting/{name}"]
    (content,) = inspected(tmp_path, era, "--method", "resources/read", "--uri", "ours://motd")["contents"]
    assert content["text"] == "hello"
    (prompt,) = inspected(tmp_path, era, "--method", "prompts/list")["prompts"]
    assert prompt["name"] == "haggle"
    arguments = ["--prompt-name", "haggle", "--prompt-args", "item=gourd"]
    said = inspected(tmp_path, era, "--method", "prompts/get", *arguments)
    assert [message["role"] for message in said["messages"]] == ["user", "assistant"]


def test_the_inspector_loads_a_tool(tmp_path: Path) -> None:
    load = ["--load", "--load-requests", "500", "--load-concurrency", "50"]
    arguments = ["--tool-name", "add", "--tool-args-json", '{"terms": [1, 2]}']
    summary = inspected(tmp_path, "legacy", "--method", "tools/call", *arguments, *load)
    assert (summary["requests"], summary["ok"]) == (500, 500)
