"""What a server writes to stderr, and where that goes."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.transport.support import connected, python

pytestmark = [pytest.mark.anyio, pytest.mark.skipif(os.name != "posix", reason="these servers are POSIX's")]
SAY = r'import os, sys; os.write(2, b"one\r\n\ntw\xff\n" + b"x" * 50_000 + b"\nhalf"); sys.stdin.read()'


async def test_a_callback_gets_lines_of_text(threads: bool) -> None:
    lines: list[str] = []
    async with connected(python(SAY, stderr=lines.append, threads=threads)):
        pass
    assert [*lines[:2], *lines[3:]] == ["one", "tw�", "half"]
    assert len(lines[2]) < 20_000
    assert lines[2].endswith("x …")


async def test_a_file_of_bytes_gets_every_byte(threads: bool) -> None:
    file = io.BytesIO()
    async with connected(python(SAY, stderr=file, threads=threads)):
        pass
    assert file.getvalue() == b"one\r\n\ntw\xff\n" + b"x" * 50_000 + b"\nhalf"


async def test_a_file_of_text_gets_lines(threads: bool) -> None:
    file = io.StringIO()
    async with connected(
        python('import os, sys; os.write(2, b"a\\nb"); sys.stdin.read()', stderr=file, threads=threads)
    ):
        pass
    assert file.getvalue() == "a\nb\n"


async def test_a_file_on_disk_is_the_servers_to_write(threads: bool, tmp_path: Path) -> None:
    with (tmp_path / "log").open("w+b") as file:
        async with connected(python(SAY, stderr=file, threads=threads)):
            pass
        file.seek(0)
        assert file.read().endswith(b"xxx\nhalf")


async def test_what_a_server_says_while_it_leaves_is_heard(threads: bool) -> None:
    code = 'import os, sys; sys.stdin.read(); os.write(2, b"bye")'
    lines: list[str] = []
    async with connected(python(code, stderr=lines.append, threads=threads)):
        pass
    assert lines == ["bye"]


async def test_a_callback_that_fails_hurts_nobody(threads: bool, caplog: pytest.LogCaptureFixture) -> None:
    code = 'import os, sys; os.write(2, b"a\\nb\\n"); os.write(1, b"{}\\n"); sys.stdin.read()'
    asked: list[str] = []

    def fail(line: str) -> None:
        asked.append(line)
        raise ValueError(line)

    async with connected(python(code, stderr=fail, threads=threads)) as (_, recorder):
        await recorder.count(1)
    assert asked == ["a", "b"]
    assert caplog.text.count("ValueError: ") == 2


async def test_a_server_that_closes_its_stderr_is_not_lost(threads: bool) -> None:
    code = 'import os, sys; os.close(2); [os.write(1, b"{}\\n") for _ in sys.stdin]'
    async with connected(python(code, stderr=[].append, threads=threads)) as (transport, recorder):
        for count in (1, 2):
            transport.send(b"{}")
            await recorder.count(count)
        assert recorder.losses == []


@pytest.mark.parametrize(("how", "heard"), [("'inherit'", b"to all\n"), ("None", b"")])
def test_stderr_is_shared_or_thrown_away(how: str, heard: bytes) -> None:
    code = f"""
import asyncio
from mcpstruct.transport.stdio import StdioServer
class Receiver:
    received = refused = lost = lambda self, what: None
async def main():
    code = 'import os, sys; os.write(2, b"to all\\\\n"); sys.stdin.read()'
    transport = StdioServer({sys.executable!r}, ["-IS", "-c", code], stderr={how}).transport()
    await transport.open(Receiver())
    await transport.aclose()
asyncio.run(main())
"""
    assert subprocess.run([sys.executable, "-c", code], check=True, stderr=subprocess.PIPE).stderr == heard
