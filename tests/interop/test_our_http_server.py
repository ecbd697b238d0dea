"""Our server over HTTP with clients that others wrote."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.interop.peers import PEERS
from tests.interop.support import LEGACY, PROGRAMS
from tests.interop.test_our_server import CLIENTS, TOOLS, expected

RUN = ("-m", "mcpstruct", "run", str(PROGRAMS / "our_server.py"), "--transport", "streamable-http", "--port")


@contextmanager
def served(stderr: Path, start: Sequence[str] = RUN) -> Iterator[str]:
    """The URL of our server, in a process of its own; `start` is what its port goes behind."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, *start, str(port)]
    with stderr.open("w") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            deadline = time.monotonic() + 10
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except ConnectionRefusedError:
                    assert process.poll() is None, stderr.read_text()
                    assert time.monotonic() < deadline
                    time.sleep(0.02)
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            process.terminate()
            assert process.wait(5) == 0, stderr.read_text()


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
def test_a_client_of_the_official_sdk(client: tuple[list[str], str, str | None], tmp_path: Path) -> None:
    (peer, program, *args), revision, name = client
    stderr = tmp_path / "stderr"
    with served(stderr) as url:
        seen = seen_by([PEERS[peer].python, str(PROGRAMS / program), *args, url, str(stderr)])
    assert seen == expected(revision, name)


def seen_by(command: Sequence[str], **options: Any) -> list[tuple[str, Any]]:
    """What a client saw, in order, but for messages of the log and progress, which are as they should be."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False, **options)
    assert done.returncode == 0, done.stderr
    seen = [item for line in done.stdout.splitlines() for item in json.loads(line).items()]
    assert [value for what, value in seen if what == "log"] == [["info", f"counted {number}"] for number in (1, 2, 3)]
    return [item for item in seen if item[0] not in {"log", "progress"}]


def test_a_client_of_the_transport_of_2024(tmp_path: Path) -> None:
    stderr = tmp_path / "stderr"
    with served(stderr, [str(PROGRAMS / "our_http_sse_server.py")]) as url:
        program = str(PROGRAMS / "mcp1_client.py")
        seen = seen_by([PEERS["mcp1"].python, program, url.replace("/mcp", "/sse"), str(stderr)])
    assert seen == expected(LEGACY, "ours")


def inspected(folder: Path, url: str, era: str, *args: str) -> dict[str, Any]:
    """The result that the inspector's command line prints."""
    node = PEERS["node"]
    launcher = node.script("@modelcontextprotocol/inspector/clients/launcher/build/index.js")
    options = ["--cli", "--format", "json", "--quiet", "--protocol-era", era, *args]
    command = [node.node, launcher, *options, url, "--transport", "http"]
    environment = {**os.environ, "HOME": str(folder), "MCP_CATALOG_PATH": str(folder / "catalogue.json")}
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    result = json.loads(done.stdout)["result"]
    assert isinstance(result, dict)
    return result


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_the_inspector(era: str, tmp_path: Path) -> None:
    with served(tmp_path / "stderr") as url:
        tools = inspected(tmp_path, url, era, "--method", "tools/list", "--strict")["tools"]
        assert [tool["name"] for tool in tools] == TOOLS
        arguments = ["--tool-name", "add", "--tool-args-json", '{"terms": [1, 2]}']
        added = inspected(tmp_path, url, era, "--method", "tools/call", *arguments)
        assert added["structuredContent"] == {"total": 3, "terms": [1, 2]}
        (content,) = inspected(tmp_path, url, era, "--method", "resources/read", "--uri", "ours://motd")["contents"]
        assert content["text"] == "hello"
