"""Servers in processes of their own, and the load on them; CPU times are those that the system counts."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.environments import ROOT
from benchmarks.http.contestants import Server
from benchmarks.http.workers.token import BEARER
from benchmarks.processes import WorkerError

__all__ = ["Served", "clients", "served"]

_TICK = os.sysconf("SC_CLK_TCK")
_ENVELOPE = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "load", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
_ID = "4711"
# Ids count up: in a session, two requests in progress may not have the same.
_COUNTING = "id=0 request=function() id=id+1 return wrk.format(nil, nil, nil, head .. id .. tail) end"
_COMMON = {"content-type": "application/json", "accept": "application/json, text/event-stream"}


@dataclass(slots=True)
class Served:
    """A server that answers at a URL."""

    server: Server
    process: subprocess.Popen[bytes]
    url: str

    def cpu_seconds(self) -> float:
        """CPU time that it has used, user and system."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    def rss_kib(self) -> int:
        """Memory that it holds."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))

    def load(self, kind: str, seconds: int, connections: int = 16) -> dict[str, float]:
        """Echo calls for so long, of the modern kind or in a session: µs of its CPU a call, and calls a second."""
        body, headers = self.call(kind, "echo", {"text": "The quick brown fox jumps over it"})
        before = self.cpu_seconds()
        calls, rate = _wrk(self.url, body, headers, seconds, connections)
        return {"cpu_us": (self.cpu_seconds() - before) / calls * 1e6, "rate": rate}

    def call(self, kind: str, tool: str, arguments: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
        """The body and the headers of a call."""
        params: dict[str, Any] = {"name": tool, "arguments": arguments}
        headers = dict(_COMMON)
        if "auth" in self.server.options:
            headers["authorization"] = f"Bearer {BEARER}"
        if kind == "modern":
            params["_meta"] = _ENVELOPE
            headers |= {"mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": tool}
        else:
            headers |= {"mcp-protocol-version": "2025-11-25", "mcp-session-id": self.session()}
        request = {"jsonrpc": "2.0", "id": int(_ID), "method": "tools/call", "params": params}
        return json.dumps(request, separators=(",", ":")).encode(), headers

    def session(self) -> str:
        """Open a session; its id."""
        about = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "load", "version": "1"}}
        _, headers = self.post({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": about}, _COMMON)
        session_id = str(headers["mcp-session-id"])
        opened = {**_COMMON, "mcp-session-id": session_id, "mcp-protocol-version": "2025-11-25"}
        self.post({"jsonrpc": "2.0", "method": "notifications/initialized"}, opened)
        return session_id

    def post(self, body: Any, headers: dict[str, str]) -> tuple[bytes, Any]:
        """One POST."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url, data=data, headers=headers, method="POST")  # noqa: S310 - our own
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            return answer.read(), answer.headers


def _wrk(url: str, body: bytes, headers: dict[str, str], seconds: int, connections: int) -> tuple[int, float]:
    head, _, tail = body.decode().partition(_ID)
    lines = ['wrk.method="POST"', f"head={json.dumps(head)}", f"tail={json.dumps(tail)}", _COUNTING]
    lines += [f"wrk.headers[{json.dumps(name)}]={json.dumps(value)}" for name, value in headers.items()]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write("\n".join(lines))
        script.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script.name, url]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    counted, rate = re.search(r"(\d+) requests in", said), re.search(r"Requests/sec:\s+([\d.]+)", said)
    if counted is None or rate is None or "Non-2xx" in said or "Socket errors" in said:
        raise WorkerError(f"{url}: {said}")
    return int(counted[1]), float(rate[1])


@contextmanager
def served(server: Server) -> Generator[Served]:
    """A server's process, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [server.python(), "-m", server.module, str(port), *server.options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 60
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except ConnectionRefusedError:
                    if process.poll() is not None or time.monotonic() > deadline:
                        raise WorkerError(f"{server.title} does not serve: {' '.join(command)}") from None
                    time.sleep(0.05)
            yield Served(server, process, f"http://127.0.0.1:{port}/mcp")
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def clients(who: str, python: str, url: str, revision: str, calls: int, *options: str) -> dict[str, float]:
    """A client's process that calls 64 at a time: µs of its CPU a call, and calls a second."""
    command = [python, "-m", "benchmarks.http.workers.clients", who, url, revision, str(calls), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise WorkerError(done.stderr)
    found = json.loads(done.stdout)
    return {"cpu_us": found["cpu"] / found["calls"] * 1e6, "rate": found["calls"] / found["wall"]}
