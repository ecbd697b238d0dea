"""Programs with a server in them, run as processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import msgspec

from mcpstruct import StdioServer

HEAD = """
from mcpstruct import Context, MCPServer
import os, sys, time
server = MCPServer("mine")
"""
PLAIN = (
    HEAD
    + """
@server.tool()
def add(a: int, b: int) -> int:
    return a + b
"""
)


def written(folder: Path, program: str, name: str = "program.py") -> Path:
    file = folder / name
    file.write_text(dedent(program), encoding="utf-8")
    return file


def served(program: Path | str, **options: Any) -> StdioServer:
    command = ["-W", "error", "-m", "mcpstruct", "run", str(program)]
    return StdioServer(sys.executable, command, **options)


class Running:
    """A server process, spoken to line by line, so that everything on its standard output is seen."""

    def __init__(self, program: Path | str, *options: str) -> None:
        command = [sys.executable, "-W", "error", "-m", "mcpstruct", "run", str(program), *options]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.id = 0

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *args: object) -> None:
        self.process.kill()
        self.process.communicate()

    def send(self, method: str, **params: Any) -> int:
        self.id += 1
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "x", "version": "1"},
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        message = {"jsonrpc": "2.0", "id": self.id, "method": method, "params": {**params, "_meta": meta}}
        assert self.process.stdin is not None
        self.process.stdin.write(msgspec.json.encode(message) + b"\n")
        self.process.stdin.flush()
        return self.id

    def call(self, name: str, **arguments: Any) -> int:
        return self.send("tools/call", name=name, arguments=arguments)

    def line(self) -> Any:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.endswith(b"\n"), line
        return msgspec.json.decode(line)

    def leave(self) -> None:
        """End its input."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.stdin = None

    def end(self, seconds: float = 3.0) -> tuple[int, bytes, str]:
        """Exit status, and what else there was on standard output and standard error."""
        self.process.wait(seconds)  # with its input open, lest that be what ends it
        out, err = self.process.communicate()
        return self.process.returncode, out, err.decode()
