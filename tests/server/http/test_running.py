"""`server.run("streamable-http")` and `mcpstruct run --transport streamable-http`: real processes, real signals."""

from __future__ import annotations

import json
import signal
import socket
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import aiohttp
import anyio
import pytest

from mcpstruct import MCPServer
from mcpstruct.server.http.running import HttpServing
from tests.faults.http.support import open_files

from .conftest import COMMON, Raw, raw
from .processes import PROGRAM, Ended, Process, ask, base_url, call, command, message, program, runs_itself


def has_ipv6() -> bool:
    """Whether this machine can be reached at `::1`."""
    with suppress(OSError), socket.create_server(("::1", 0), family=socket.AF_INET6):
        return True
    return False


pytestmark = pytest.mark.anyio
BOTH = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])


# -- as it is started --------------------------------------------------------------------------------------------------


async def test_a_program_that_serves_itself(tmp_path: Path) -> None:
    with program(tmp_path, runs_itself("path='/here'")) as server:
        assert server.wait_for("mcpstruct: mine at http://127.0.0.1:").endswith("/here")
        async with raw(base_url(server), "/here") as client:
            answer = await client.modern("tools/call", {"name": "pid", "arguments": {}})
            assert answer.json["result"]["structuredContent"]["result"] == server.process.pid
            assert "server" not in answer.headers
            assert (await client.initialize()).status == 200
        status, _ = await server.ended(signal.SIGTERM)
        assert status == 0
        assert server.said.splitlines() == ["noted: up", server.wait_for(" at http"), "noted: down"]


async def test_the_command_line(tmp_path: Path) -> None:
    with command(tmp_path, "--path", "/here", "--no-sessions", "--allowed-host", "example.com") as server:
        async with raw(base_url(server), "/here") as client:
            allowed = {"host": "example.com"}
            assert (await client.modern("server/discover", headers=allowed)).status == 200
            assert (await client.send("GET", headers=allowed)).status == 405
        assert (await server.ended(signal.SIGINT))[0] == 0


def test_wrong_usage_of_the_command_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        for options, reason in (
            (["--workers", "2"], "sessions=False"),
            (["--port", str(taken.getsockname()[1])], "in use"),
            (["--transport", "stdio"], "streamable-http only"),
        ):
            with command(tmp_path, *options) as server:
                status, _ = server.end()
                assert (status, len(server.said.splitlines())) == (2, 1), server.said
                assert reason in server.said


def test_what_does_not_go_together() -> None:
    server = MCPServer()
    for options, reason in (
        ({"host": "0.0.0.0"}, "allowed_hosts"),  # noqa: S104
        ({"host": "192.168.1.1"}, "allowed_hosts"),
        ({"uds": "/tmp/x"}, "allowed_hosts"),  # noqa: S108
        ({"fd": 3}, "allowed_hosts"),
        ({"workers": 0}, "one at least"),
        ({"workers": 2}, "sessions=False"),
        ({"workers": 2, "sessions": False, "http_sse": True}, "2024-11-05"),
        ({"workers": 2, "sessions": False}, "global of a module"),
    ):
        with pytest.raises(ValueError, match=reason):
            server.run("streamable-http", **options)
    for elsewhere in ({"host": "no.such.host.invalid"}, {"uds": "/no/such/folder/socket"}):
        with pytest.raises(OSError, match=r"can't listen at .*no.such"):
            server.run("streamable-http", **elsewhere, allowed_hosts=["x"])
    with pytest.raises(ValueError, match="http://x"):
        server.run("streamable-http", allowed_hosts=["http://x"])
    with pytest.raises(TypeError, match="colour"):
        server.run("streamable-http", colour="red")
    with pytest.raises(TypeError, match="port"):
        server.run("stdio", port=1)
    for host in ("127.0.0.1", "localhost", "::1"):
        HttpServing(server, host=host)
    HttpServing(server, host="0.0.0.0", allowed_hosts=["example.com"])  # noqa: S104


def test_without_the_extra(tmp_path: Path) -> None:
    hidden = "import sys\nsys.modules['uvicorn'] = None\n" + runs_itself("")
    with program(tmp_path, hidden) as server:
        assert server.end()[0] == 1
        assert "MissingExtra: uvicorn is not installed; serving over HTTP needs mcpstruct[http]" in server.said
    with command(tmp_path, text=hidden) as server:
        assert server.end()[0] == 2
        assert server.said == "mcpstruct: uvicorn is not installed; serving over HTTP needs mcpstruct[http]"


async def test_without_what_makes_it_fast(tmp_path: Path) -> None:
    hidden = "import sys\nsys.modules['httptools'] = sys.modules['uvloop'] = None\n" + runs_itself("")
    with program(tmp_path, hidden) as server:
        async with raw(base_url(server)) as client:
            assert (await client.modern("server/discover")).status == 200
        assert (await server.ended(signal.SIGTERM))[0] == 0


def test_a_lifespan_that_fails_is_the_end(tmp_path: Path) -> None:
    failing = PROGRAM.replace('note("up")', 'raise OSError("no database")')
    with command(tmp_path, text=failing) as server:
        status, _ = server.end()
        assert status == 2
        assert server.said == "mcpstruct: no database"
    with program(tmp_path, runs_itself("").replace('note("up")', 'raise KeyError("no database")')) as server:
        assert server.end()[0] == 1
        assert server.said.splitlines()[-1] == "KeyError: 'no database'"


# -- where it listens --------------------------------------------------------------------------------------------------


async def test_a_unix_socket(tmp_path: Path) -> None:
    place = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as left_over:  # nobody listens at it
        left_over.bind(str(place))
    with command(tmp_path, "--uds", str(place), "--allowed-host", "inside") as server:
        assert server.wait_for(" at ").endswith(f"mine at unix:{place}/mcp")
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(place))) as session:
            assert (await Raw(session, "http://inside/mcp").modern("server/discover")).status == 200
        with pytest.raises(OSError, match="in use"):
            MCPServer().run("streamable-http", uds=str(place), allowed_hosts=["x"])
        assert (await server.ended(signal.SIGTERM))[0] == 0
        assert not place.exists()


async def test_a_socket_that_is_bound_already(tmp_path: Path) -> None:
    text = PROGRAM + (
        "\nimport socket\nbound = socket.socket()\nbound.bind(('127.0.0.1', 0))\n"
        "server.run('streamable-http', fd=bound.detach(), allowed_hosts=['127.0.0.1'])\n"
    )
    with program(tmp_path, text) as server:
        async with raw(base_url(server)) as client:
            assert (await client.modern("server/discover")).status == 200
        assert (await server.ended(signal.SIGTERM))[0] == 0


@pytest.mark.skipif(not has_ipv6(), reason="there is no IPv6 here")
async def test_ipv6_and_a_name_with_several_addresses(tmp_path: Path) -> None:
    for host, shown in (("::1", "[::1]"), ("localhost", "1")):
        with command(tmp_path, "--host", host) as server:
            async with raw(base_url(server)) as client:
                assert shown in client.url
                assert (await client.modern("server/discover")).status == 200


# -- as it ends --------------------------------------------------------------------------------------------------------


@BOTH
async def test_a_hundred_open_streams(tmp_path: Path, number: signal.Signals) -> None:
    """All of them end in good order, and the call in progress is answered."""
    listen = message("subscriptions/listen", notifications={"toolsListChanged": True})
    with command(tmp_path) as server:
        async with raw(base_url(server)) as client, anyio.create_task_group() as tasks:
            client.session.connector._limit = 0  # type: ignore[union-attr]
            streams, gets, last = [Ended() for _ in range(60)], [Ended() for _ in range(40)], Ended()
            for one in streams:
                tasks.start_soon(ask, client, listen, one)
            for one in gets:
                await client.initialize()
                headers = {**client.session_headers, "accept": "text/event-stream"}
                tasks.start_soon(ask, client, (b"", headers), one, "GET")
            tasks.start_soon(ask, client, call("slow", seconds=0.7), last)
            with anyio.fail_after(20):
                for one in [*streams, *gets]:
                    await one.opened.wait()
                await server.heard("begun")
            status, seconds = await server.ended(number)
        assert (status, seconds < 3) == (0, True)
    for one in streams:
        assert one.status == 200
        events = [json.loads(line[6:]) for line in one.body.splitlines() if line.startswith(b"data: ")]
        assert [event.get("method") or event["result"]["resultType"] for event in events] == [
            "notifications/subscriptions/acknowledged",
            "complete",
        ]
    assert {(one.status, one.body) for one in gets} <= {(200, b""), (200, gets[0].body)}
    assert b"finished" in last.body
    assert server.noted == ["up", "begun", "down"]
    assert len(server.said.splitlines()) == 4  # and the line that says where it is


@BOTH
@pytest.mark.parametrize("era", ["modern", "legacy"])
async def test_a_call_that_does_not_end_is_not_waited_for(tmp_path: Path, number: signal.Signals, era: str) -> None:
    with command(tmp_path) as server:
        async with raw(base_url(server)) as client, anyio.create_task_group() as tasks:
            ended, stuck = Ended(), Ended()
            body, headers = call("slow", seconds=3600)
            if era == "legacy":
                await client.initialize()
                headers = {**COMMON, **client.session_headers}
            tasks.start_soon(ask, client, (body, headers), ended)
            tasks.start_soon(ask, client, call("stuck"), stuck)
            await server.heard("begun", 2)
            status, seconds = await server.ended(number)
        assert (status, seconds < 3) == (0, True)
        assert (ended.status, stuck.status) == (503, 503)
        assert sorted(server.noted) == ["begun", "begun", "down", "stopped", "up"]
        assert "Traceback" not in server.said


@BOTH
async def test_a_second_signal_does_not_wait(tmp_path: Path, number: signal.Signals) -> None:
    with program(tmp_path, runs_itself("drain=60")) as server:
        async with raw(base_url(server)) as client, anyio.create_task_group() as tasks:
            ended, stream = Ended(), Ended()
            tasks.start_soon(ask, client, message("subscriptions/listen", notifications={}), stream)
            tasks.start_soon(ask, client, call("slow", seconds=3600), ended)
            await server.heard("begun")
            await stream.opened.wait()
            server.process.send_signal(number)
            await stream.has(b'"complete"')  # the first has been heard
            assert ended.status is None
            status, seconds = await server.ended(number)
        assert (status, seconds < 1) == (0, True)
        assert server.noted == ["up", "begun", "stopped", "down"]


async def test_a_third_signal_is_heard_even_where_nothing_else_is(tmp_path: Path) -> None:
    text = (
        PROGRAM
        + "\n@server.tool()\nasync def block() -> str:\n    note('begun')\n    time.sleep(3600)\n    return ''\n"
    )
    with command(tmp_path, text=text) as server:
        async with raw(base_url(server)) as client, anyio.create_task_group() as tasks:
            tasks.start_soon(ask, client, call("block"), Ended())
            await server.heard("begun")
            with anyio.fail_after(5):
                while server.process.poll() is None:  # signals that come at once are one
                    server.process.send_signal(signal.SIGTERM)
                    await anyio.sleep(0.05)
            assert (await server.ended())[0] == -signal.SIGTERM


async def test_a_client_that_reads_nothing_does_not_keep_it(tmp_path: Path) -> None:
    text = PROGRAM + "\n@server.tool()\nasync def large() -> str:\n    note('begun')\n    return 'x' * 30_000_000\n"
    body, headers = call("large")
    with command(tmp_path, text=text) as server:
        host, port = base_url(server).removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            fields = {**headers, "host": host, "content-length": str(len(body))}
            head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
            client.sendall(f"POST /mcp HTTP/1.1\r\n{head}\r\n".encode() + body)
            await server.heard("begun")
            assert client.recv(12) == b"HTTP/1.1 200"
            status, seconds = await server.ended(signal.SIGTERM)
        assert (status, seconds < 3) == (0, True)
        assert "Traceback" not in server.said


# -- clients that mean no good -----------------------------------------------------------------------------------------


def connected(server: Process) -> socket.socket:
    host, port = base_url(server).removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), 10)


def test_who_never_finishes_a_request_is_cut_off(tmp_path: Path) -> None:
    """Nothing at all, half a head, half of a second head, half a body: none is waited for long."""
    body, headers = call("pid")
    fields = "".join(f"{name}: {value}\r\n" for name, value in {**headers, "host": "localhost"}.items())
    head = f"POST /mcp HTTP/1.1\r\n{fields}content-length: {len(body)}\r\n\r\n".encode()
    with program(tmp_path, runs_itself("body_deadline=1.0")) as server, ExitStack() as stack:
        several = [stack.enter_context(connected(server)) for _ in range(4)]
        several[1].sendall(head[:20])
        several[2].sendall(head + body)
        assert several[2].recv(12) == b"HTTP/1.1 200"
        several[2].sendall(head[:20])
        several[3].sendall(head + body[:10])
        assert several[3].recv(12) == b"HTTP/1.1 408"
        for one in several:
            with suppress(ConnectionResetError):
                while one.recv(65536):
                    pass
        assert server.end(signal.SIGTERM)[0] == 0
        assert "Traceback" not in server.said


def test_a_connection_without_requests_is_closed(tmp_path: Path) -> None:
    """But not one that waits for an answer."""
    text = "import mcpstruct.server.http.serving\nmcpstruct.server.http.serving._IDLE = 0.5\n" + runs_itself()
    with program(tmp_path, text) as server, ExitStack() as stack:
        idle, busy = (stack.enter_context(connected(server)) for _ in range(2))
        for one, (body, headers) in ((idle, call("pid")), (busy, call("slow", seconds=4))):
            fields = {**headers, "host": "localhost", "content-length": str(len(body))}
            lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
            one.sendall(f"POST /mcp HTTP/1.1\r\n{lines}\r\n".encode() + body)
        assert idle.recv(65536).startswith(b"HTTP/1.1 200")
        assert idle.recv(65536) == b""
        assert busy.recv(65536).startswith(b"HTTP/1.1 200")
        assert server.end(signal.SIGTERM)[0] == 0


def test_a_connection_on_which_an_answer_is_still_leaving_is_not_idle(tmp_path: Path) -> None:
    text = "import mcpstruct.server.http.serving\nmcpstruct.server.http.serving._IDLE = 0.5\n" + runs_itself()
    large = "\n\n@server.tool()\nasync def large() -> str:\n    return 'x' * 20_000_000\n\n\nif __name__"
    body, headers = call("large")
    fields = {**headers, "host": "localhost", "content-length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    with program(tmp_path, text.replace("\nif __name__", large)) as server, connected(server) as one:
        one.sendall(f"POST /mcp HTTP/1.1\r\n{lines}\r\n".encode() + body)
        came = 0
        while came < 20_000_000 and (piece := one.recv(65536)):
            came += len(piece)
            time.sleep(0.01)  # about 5 MB a second
        assert came >= 20_000_000
        assert server.end(signal.SIGTERM)[0] == 0


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors are counted in /proc")
def test_a_client_that_reads_nothing_of_its_answers_is_cut_off(tmp_path: Path) -> None:
    """Nor are more of them made than there is room for."""
    text = "import mcpstruct.server.http.serving\nmcpstruct.server.http.serving._IDLE = 0.5\n" + runs_itself()
    tool = "@server.tool()\nasync def large() -> str:\n    note('begun')\n    return 'x' * 20_000_000\n"
    body, headers = call("large")
    fields = {**headers, "host": "localhost", "content-length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    with program(tmp_path, text.replace("\nif __name__", f"\n\n{tool}\n\nif __name__")) as server, ExitStack() as stack:
        one = stack.enter_context(connected(server))
        one.sendall((f"POST /mcp HTTP/1.1\r\n{lines}\r\n".encode() + body) * 20)
        assert one.recv(12) == b"HTTP/1.1 200"
        before = open_files(server)
        end = time.monotonic() + 15
        while open_files(server) >= before:
            assert time.monotonic() < end
            time.sleep(0.1)
        assert server.end(signal.SIGTERM)[0] == 0
        assert server.said.count("begun") < 4


def test_an_answer_has_the_time_to_leave(tmp_path: Path) -> None:
    """All that `drain` gives, though it has been written before."""
    large = "\n\n@server.tool()\nasync def large() -> str:\n    return 'x' * 20_000_000\n\n\nif __name__"
    text = runs_itself("drain=20.0").replace("\nif __name__", large)
    body, headers = call("large")
    fields = {**headers, "host": "localhost", "content-length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    with program(tmp_path, text) as server, connected(server) as one:
        one.sendall(f"POST /mcp HTTP/1.1\r\n{lines}\r\n".encode() + body)
        came = len(one.recv(65536))
        server.process.send_signal(signal.SIGTERM)
        while came < 20_000_000 and (piece := one.recv(65536)):
            came += len(piece)
            time.sleep(0.003)  # about 20 MB a second
        assert came >= 20_000_000
        assert server.process.wait(5) == 0


def test_a_head_without_end_is_refused(tmp_path: Path) -> None:
    with program(tmp_path, runs_itself()) as server, ExitStack() as stack:
        for start in (b"POST /mcp HTTP/1.1\r\nhost: localhost\r\n", b"POST /mcp HTTP/1.1\r\nx: ", b"POST /"):
            one = stack.enter_context(connected(server))
            with suppress(OSError):
                one.sendall(start)
                for _ in range(400):  # 4 MB, in headers of 10 KB, or in one
                    one.sendall(b"a: " + b"x" * 10_000 + b"\r\n" if start.endswith(b"\r\n") else b"x" * 10_000)
                pytest.fail("it took them all")
        assert server.end(signal.SIGTERM)[0] == 0
        assert "Traceback" not in server.said


def test_headers_behind_a_body_are_no_headers(tmp_path: Path) -> None:
    """Whoever else reads the request on the way may not have looked at them; and they may have no end."""
    body, headers = call("pid")
    fields = "".join(f"{name}: {value}\r\n" for name, value in {**headers, "host": "localhost"}.items())
    start = f"POST /mcp HTTP/1.1\r\n{fields}transfer-encoding: chunked\r\n\r\n{len(body):x}\r\n".encode() + body
    with program(tmp_path, runs_itself()) as server, ExitStack() as stack:
        one = stack.enter_context(connected(server))
        one.sendall(start + b"\r\n0\r\norigin: https://evil.example\r\n\r\n")
        assert one.recv(12) == b"HTTP/1.1 200"
        two = stack.enter_context(connected(server))
        with suppress(OSError):
            two.sendall(start + b"\r\n0\r\n")
            for _ in range(4_000):
                two.sendall(b"a: " + b"x" * 10_000 + b"\r\n")
            pytest.fail("it took them all")
        assert server.end(signal.SIGTERM)[0] == 0
        assert "Traceback" not in server.said
