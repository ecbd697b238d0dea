"""The server's side of standard streams, in a process of its own, over everything that streams can be."""

from __future__ import annotations

import os
import pty
import select
import socket
import subprocess
import sys
import tempfile
import tty
from typing import Any

import pytest

from mcpstruct.transport.stdio import StdioServer
from tests.transport.support import HERE, connected

SERVING = str(HERE / "serving.py")
LEFT = "lost [None] True True\n"


@pytest.fixture
def command(driver: str) -> list[str]:
    return [sys.executable, SERVING, *driver.replace(" with ", " ").split()]


def start(command: list[str], **streams: Any) -> subprocess.Popen[bytes]:
    """The server, with pipes unless told otherwise."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.Popen(command, env=env, **(pipes | streams))


def converse(command: list[str], said: bytes, **streams: Any) -> tuple[bytes, str]:
    """What the server writes to its two outputs when it is told all this, and then nothing more."""
    with start(command, **streams) as server:
        answer, errors = server.communicate(said, timeout=10)
    return answer, errors.decode()


# -- messages ---------------------------------------------------------------------------------------------------------


def test_messages_are_answered_in_order_until_the_input_ends(command: list[str]) -> None:
    lines = b"".join(b'{"n":%d}\n' % n for n in range(1000))
    with start(command) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        for _ in range(3):
            server.stdin.write(lines)
            server.stdin.flush()
            assert b"".join(server.stdout.readline() for _ in range(1000)) == lines
        answer, errors = server.communicate(timeout=10)
        assert answer == b"after\n"
        assert errors.decode() == LEFT


@pytest.mark.anyio
async def test_both_sides_of_the_same_make(command: list[str], threads: bool) -> None:
    server = StdioServer(command[0], command[1:], inherit_env=["*"], threads=threads)
    async with connected(server) as (transport, recorder):
        for n in range(500):
            transport.send(b'{"n":%d}' % n)
        transport.send(b"{%s}" % (b"x" * 3_000_000))
        messages = await recorder.count(501)
        assert messages[:500] == [b'{"n":%d}' % n for n in range(500)]
        assert len(messages[500]) == 3_000_002


def test_what_is_no_message_is_the_sessions_to_answer(command: list[str]) -> None:
    answer, errors = converse(command, b"nonsense\n\n\xff\n{half")
    assert answer.startswith(b"nonsense\n\xff\n")
    assert errors == LEFT


def test_half_a_message_at_the_end_is_told(command: list[str]) -> None:
    with start(command) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(b"{}\n{half")
        server.stdin.flush()
        assert server.stdout.readline() == b"{}\n"
        answer, _ = server.communicate(timeout=10)
    assert answer == b"refused {half\nafter\n"


def test_nothing_but_messages_gets_into_the_stream(command: list[str]) -> None:
    with start(command) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(b'"chatter"\n{}\n')
        server.stdin.flush()
        assert [server.stdout.readline() for _ in range(2)] == [b'"done"\n', b"{}\n"]
        answer, errors = server.communicate(timeout=10)
    assert answer == b"after\n"
    assert errors.decode() == f"printed\nwritten\nraw\nby a child\nto the first stdout\n{LEFT}"


# -- ends -------------------------------------------------------------------------------------------------------------


def test_a_client_that_no_longer_reads_is_lost(command: list[str]) -> None:
    with start(command) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(b"{}\n")
        server.stdin.flush()
        server.stdout.readline()
        server.stdout.close()
        server.stdin.write(b"{}\n")
        server.stdin.flush()
        assert server.wait(5) == 0
        assert server.stderr is not None
        assert "ConnectionLost('The client no longer reads: Broken pipe')" in server.stderr.read().decode()


def test_a_server_may_leave_by_itself(command: list[str]) -> None:
    with start(command) as server:
        assert server.stdin is not None
        server.stdin.write(b'{}\n"leave"\n')
        server.stdin.flush()
        assert server.wait(5) == 0
        assert server.stdout is not None
        assert server.stderr is not None
        assert server.stdout.read() == b"{}\nafter\n"
        assert server.stderr.read() == b"lost [] True True\n"


def test_what_is_waiting_goes_out_before_leaving(command: list[str]) -> None:
    answer, _ = converse(command, b'"big"\n"leave"\n')
    assert len(answer) == 5_000_001 + len(b"after\n")


def test_a_client_that_does_not_read_keeps_no_server(command: list[str]) -> None:
    with start(command) as server:
        assert server.stdin is not None
        server.stdin.write(b'"big"\n"leave"\n')
        server.stdin.flush()
        assert server.stderr is not None
        assert select.select([server.stderr], [], [], 5)[0]
        server.kill()


# -- everything that streams can be -----------------------------------------------------------------------------------


def test_sockets(command: list[str]) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, start(command, stdin=theirs, stdout=theirs) as server:
        theirs.close()
        ours.settimeout(5)
        ours.sendall(b'{"n":1}\n')
        assert ours.recv(100) == b'{"n":1}\n'
        ours.shutdown(socket.SHUT_WR)
        assert server.wait(5) == 0
        assert ours.recv(100) == b"after\n"


def test_files(command: list[str]) -> None:
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as answer:
        said.write(b'{"n":1}\n{"n":2}\n')
        said.seek(0)
        _, errors = converse(command, b"", stdin=said, stdout=answer)
        answer.seek(0)
        assert answer.read() == b'{"n":1}\n{"n":2}\nafter\n'
    assert errors == LEFT


def test_nothing_at_all(command: list[str]) -> None:
    answer, errors = converse(command, b"", stdin=subprocess.DEVNULL)
    assert (answer, errors) == (b"after\n", LEFT)


def test_a_terminal(command: list[str]) -> None:
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    try:
        with start(command, stdin=theirs, stdout=theirs) as server:
            os.write(ours, b'{"n":1}\n')
            assert os.read(ours, 100) == b'{"n":1}\n'
            assert os.get_blocking(theirs)
            os.write(ours, b'"leave"\n')
            assert server.wait(5) == 0
            assert server.stderr is not None
            assert server.stderr.read() == b"lost [] True True\n"
    finally:
        os.close(ours)
        os.close(theirs)


def test_no_stderr(command: list[str]) -> None:
    shell = ["sh", "-c", 'exec "$@" 2>&-', "sh", *command]
    answer, _ = converse(shell, b'"chatter"\n{}\n')
    assert answer == b'"done"\n{}\nafter\n'


@pytest.mark.parametrize("closed", ["<&-", ">&-"])
def test_no_streams(command: list[str], closed: str) -> None:
    shell = ["sh", "-c", f'exec "$@" {closed}', "sh", *command]
    _, errors = converse(shell, b"")
    assert "ConnectFailed: Standard input and output are not there: Bad file descriptor" in errors
