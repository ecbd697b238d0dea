"""What docs/deployment.md says, tried as written: several workers behind nginx."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import pytest

from tests.support.http import free_port

from .conftest import COMMON, Raw, raw
from .processes import PROGRAM, Ended, Process, ask, call, listening, message, process

pytestmark = [pytest.mark.anyio, pytest.mark.once]
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
with_nginx = pytest.mark.skipif(NGINX is None, reason="there is no nginx here; Debian's package is called nginx")
GUIDE = (Path(__file__).parents[3] / "docs" / "deployment.md").read_text("utf-8")
HOST = "mcp.example.com"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


PLAIN, MOUNTED, WITH_KEYS = blocks("python")
(CONF,) = blocks("nginx")
BY_US, BY_UVICORN = (
    next(line for block in blocks("sh") for line in block.splitlines() if line.startswith(start) and "workers" in line)
    for start in ("mcpstruct", "uvicorn")
)


@contextmanager
def serving(folder: Path, command: str, program: str, **env: str) -> Iterator[tuple[Process, int]]:
    """Run a command of the guide where `weather.py` is, at a free port."""
    (folder / "weather.py").write_text(program, encoding="utf-8")
    port = free_port()
    words = shlex.split(command.partition("#")[0])
    with process("-m", *words, "--port", str(port), cwd=folder, env=env) as server:
        listening(port, server)
        yield server, port


@contextmanager
def nginx(folder: Path, upstream: int, *, conf: str = CONF, extra: str = "") -> Iterator[str]:
    """nginx with the guide's configuration, but for the ports; gives the base URL."""
    assert NGINX is not None
    port = free_port()
    conf = conf.replace("127.0.0.1:8000", f"127.0.0.1:{upstream}").replace("listen 80;", f"listen 127.0.0.1:{port};")
    conf = conf.replace("location /mcp {", "location /mcp {\n" + extra)
    (folder / "mcp.conf").write_text(conf, encoding="utf-8")
    kept = "\n".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "scgi", "uwsgi")
    )
    main = folder / "nginx.conf"
    main.write_text(
        f"{'user root;' if os.geteuid() == 0 else ''} daemon off; pid {folder}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; {kept} include {folder}/mcp.conf; }}\n",
        encoding="utf-8",
    )
    running = Process([NGINX, "-e", "stderr", "-p", str(folder), "-c", str(main)], {}, None)
    try:
        yield listening(port, running)
        assert running.end(signal.SIGTERM)[0] == 0
    finally:
        running.close()


@contextmanager
def behind_nginx(folder: Path, options: str, extra: str = "", text: str = PROGRAM) -> Iterator[tuple[Process, str]]:
    """A server of the tests' own, one worker unless its options say otherwise."""
    run = f"\nif __name__ == '__main__':\n    server.run('streamable-http', port=int(sys.argv[1]), {options})\n"
    (folder / "program.py").write_text(text + run, encoding="utf-8")
    port = free_port()
    with process("-W", "error", str(folder / "program.py"), str(port)) as server:
        listening(port, server)
        with nginx(folder, port, extra=extra) as base:
            yield server, base


def at(host: str) -> dict[str, str | None]:
    return {"host": host}


async def forecast(base: str) -> None:
    """Make sure that both eras are answered, each request alone, for this host and for no other."""
    arguments = {"name": "forecast", "arguments": {"city": "Bath", "days": 1}}
    async with raw(base) as client:
        answer = await client.modern("tools/call", arguments, headers=at(HOST))
        assert answer.json["result"]["structuredContent"] == {"result": ["Bath, day 1: rain"]}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": arguments}
        headers = {**at(HOST), "mcp-protocol-version": "2025-11-25"}
        assert (await client.send("POST", body, headers)).json["result"]["content"][0]["text"]
        assert (await client.modern("tools/call", arguments, headers=at("example.org"))).status == 421
        sent = {**COMMON, **headers}
        async with client.session.post(client.url, data=BytesIO(b"x" * 2_000_000), headers=sent) as large:
            assert large.status == 400  # and not 413, as nginx alone would have it


@with_nginx
@pytest.mark.parametrize("how", ["mcpstruct", "uvicorn"])
async def test_four_workers_behind_nginx(tmp_path: Path, how: str) -> None:
    command, program = (BY_US, PLAIN) if how == "mcpstruct" else (BY_UVICORN, WITH_KEYS)
    assert "--workers 4" in command
    with serving(tmp_path, command, program, STATE_KEY=secrets.token_hex(32)) as (server, port):
        with nginx(tmp_path, port) as base:
            async with anyio.create_task_group() as tasks:
                for _ in range(8):
                    tasks.start_soon(forecast, base)
        status, seconds = await server.ended(signal.SIGTERM)
        assert (status, seconds < 6) == (0, True)
        assert "Traceback" not in server.said


async def test_uvicorn_workers_share_the_key_that_they_are_given(tmp_path: Path) -> None:
    """Two rounds of questions, each of which any worker may get."""
    asking = WITH_KEYS + (
        "\n@server.tool()\nasync def ask(ctx: Context) -> str:\n"
        "    schema = {'type': 'object', 'properties': {'x': {'type': 'string'}}}\n"
        "    first = await ctx.elicit('?', schema, key='a')\n"
        '    return f\'{first.data} {(await ctx.elicit("?", schema, key="b")).data}\'\n'
    )
    asking = asking.replace("import MCPServer", "import Context, MCPServer")
    meta = {"io.modelcontextprotocol/clientCapabilities": {"elicitation": {"form": {}}}}
    given = {"action": "accept", "content": {"x": "1"}}
    with serving(tmp_path, BY_UVICORN, asking, STATE_KEY=secrets.token_hex(32)) as (_, port):

        async def one_round(**more: Any) -> Any:
            async with raw(f"http://127.0.0.1:{port}") as client:
                params = {"name": "ask", "arguments": {}, **more}
                return (await client.modern("tools/call", params, meta=meta, headers=at(HOST))).json["result"]

        for _ in range(10):
            first = await one_round()
            second = await one_round(inputResponses={"a": given}, requestState=first.get("requestState"))
            third = await one_round(inputResponses={"b": given}, requestState=second["requestState"])
            assert third["content"][0]["text"] == "{'x': '1'} {'x': '1'}"


async def test_one_process_as_written(tmp_path: Path) -> None:
    line = next(line for block in blocks("sh") for line in block.splitlines() if line.startswith("mcpstruct run"))
    with serving(tmp_path, line, PLAIN) as (server, port):
        async with raw(f"http://127.0.0.1:{port}") as client:
            assert (await client.modern("server/discover")).status == 200
        assert (await server.ended(signal.SIGINT))[0] == 0


def test_mounted_as_written(tmp_path: Path) -> None:
    (tmp_path / "weather.py").write_text(PLAIN, encoding="utf-8")
    check = "\nassert [route.path for route in app.routes][-1] == '/api'\n"
    subprocess.run([sys.executable, "-c", MOUNTED + check], cwd=tmp_path, check=True)


# -- what proxies do ---------------------------------------------------------------------------------------------------


@with_nginx
async def test_events_pass_as_they_come(tmp_path: Path) -> None:
    """And a client that leaves is noticed through the proxy."""
    reporting = PROGRAM + (
        "\n@server.tool()\nasync def report(ctx: Context[Any]) -> str:\n"
        "    await ctx.report_progress(1, 2)\n    return await slow(3600)\n"
    )
    with behind_nginx(tmp_path, f"allowed_hosts=['{HOST}']", text=reporting) as (server, base):
        async with raw(base) as client, anyio.create_task_group() as tasks:
            ended, stream = Ended(), Ended()
            body, headers = message("tools/call", name="report", arguments={})
            body = body.replace(b'"_meta": {', b'"_meta": {"progressToken": 1, ')
            tasks.start_soon(ask, client, (body, {**headers, "host": HOST}), ended)
            await ended.has(b"notifications/progress")
            listen = message("subscriptions/listen", notifications={"toolsListChanged": True})
            tasks.start_soon(ask, client, (listen[0], {**listen[1], "host": HOST}), stream)
            await stream.has(b"acknowledged")
            await server.heard("begun")
            tasks.cancel_scope.cancel()
        await server.heard("stopped")


@with_nginx
async def test_a_proxy_that_cuts_what_is_silent(tmp_path: Path) -> None:
    """With comments in between, neither a call that says nothing nor a subscription is cut."""
    with behind_nginx(tmp_path, "keep_alive=0.5, allowed_hosts=['*']", "proxy_read_timeout 2s;") as (server, base):
        async with raw(base) as client, anyio.create_task_group() as tasks:
            stream, ended = Ended(), Ended()
            tasks.start_soon(ask, client, message("subscriptions/listen", notifications={}), stream)
            await stream.has(b"acknowledged")
            started = time.monotonic()
            await ask(client, call("slow", seconds=4.0), ended)
            assert time.monotonic() - started > 3.9
            assert (ended.status, b"finished" in ended.body) == (200, True)
            server.process.send_signal(signal.SIGTERM)
            await stream.has(b'"complete"')


@with_nginx
async def test_without_comments_it_does_cut(tmp_path: Path) -> None:
    with behind_nginx(tmp_path, "allowed_hosts=['*']", "proxy_read_timeout 1s;") as (server, base):
        async with raw(base) as client:
            ended = Ended()
            await ask(client, call("slow", seconds=3600), ended)
            assert ended.status == 504
        await server.heard("stopped")


@with_nginx
async def test_a_proxy_that_holds_everything_back(tmp_path: Path) -> None:
    """Events come late then, and all of them."""
    extra = "proxy_ignore_headers X-Accel-Buffering; proxy_buffers 8 64k; proxy_buffer_size 64k;"
    with behind_nginx(tmp_path, "allowed_hosts=['*']", extra) as (_, base), anyio.fail_after(10):
        async with raw(base) as client:
            for _ in range(3):
                answer = await client.modern(
                    "tools/call", {"name": "steps", "arguments": {}}, meta={"progressToken": 1}
                )
                assert [m.get("method", "result") for m in answer.messages][-1] == "result"
                assert len(answer.messages) == 3


@with_nginx
async def test_sessions_through_a_proxy(tmp_path: Path) -> None:
    with behind_nginx(tmp_path, "allowed_hosts=['*']") as (_, base):
        async with raw(base) as client, anyio.create_task_group() as tasks:
            await client.initialize()
            stream = Ended()
            headers = {**client.session_headers, "accept": "text/event-stream"}
            tasks.start_soon(ask, client, (b"", headers), stream, "GET")
            with anyio.fail_after(10):
                await stream.opened.wait()
            answer = await client.legacy(
                "tools/call", {"name": "steps", "arguments": {}, "_meta": {"progressToken": 1}}
            )
            assert len(answer.messages) == 3
            assert (await client.send("DELETE", headers=client.session_headers)).status == 204


@with_nginx
async def test_a_server_that_goes_away_and_comes_back(tmp_path: Path) -> None:
    """While it is away, the proxy says so; then all is as before."""
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    port = free_port()
    start = ("-m", "mcpstruct", "run", str(program), "--transport", "streamable-http", "--port", str(port))
    options = ("--allowed-host", HOST)
    with process(*start, *options) as server, nginx(tmp_path, listening(port, server) and port) as base:
        async with raw(base) as client:
            assert (await client.modern("server/discover", headers=at(HOST))).status == 200
            assert (await server.ended(signal.SIGTERM))[0] == 0
            assert (await client.modern("server/discover", headers=at(HOST))).status == 502
            with process(*start, *options) as again:
                listening(port, again)
                assert (await client.modern("server/discover", headers=at(HOST))).status == 200


@pytest.mark.slow
async def test_connections_outlive_those_that_clients_keep(tmp_path: Path) -> None:
    """One that is idle for longer than other servers would keep it can still be used."""
    with serving(tmp_path, "mcpstruct run weather.py --transport streamable-http", PLAIN) as (_, port):
        async with aiohttp.ClientSession() as session:
            client = Raw(session, f"http://127.0.0.1:{port}/mcp")
            assert (await client.modern("server/discover")).status == 200
            (connections,) = session.connector._conns.values()  # type: ignore[union-attr]
            (first,) = [entry[0].transport.get_extra_info("sockname") for entry in connections]
            await anyio.sleep(6)
            assert (await client.modern("server/discover")).status == 200
            (connections,) = session.connector._conns.values()  # type: ignore[union-attr]
            assert [entry[0].transport.get_extra_info("sockname") for entry in connections] == [first]
