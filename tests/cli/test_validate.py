"""`mcpstruct validate`: recordings of real peers, and recordings with faults."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from mcpstruct import REVISIONS
from tests.cli.support import TRAFFIC, mcpstruct, refused

MIB = 1024 * 1024
# A kind of fault whose pointer may be that of the object where we point at the very key that it lacks.
LACKING = {"missing-key", "missing-jsonrpc", "result-mismatch"}
# A peer that does not run tools as tasks takes no notice of `task` and gives the plain result: no fault by itself.
EXCUSED = {("2025-11-25", 14)}


def validate(recording: Path | str, revision: str, stdin: bytes = b"") -> tuple[int, dict[str, Any]]:
    done = mcpstruct("validate", recording, "--revision", revision, "--json", stdin=stdin)
    assert done.stderr == b""
    return done.returncode, json.loads(done.stdout)


def lines(*messages: Any) -> bytes:
    return b"".join(json.dumps(message, separators=(",", ":")).encode() + b"\n" for message in messages)


def request(method: str, request_id: Any = 1, **params: Any) -> Any:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, **({"params": params} if params else {})}


def result(request_id: Any = 1, **values: Any) -> Any:
    return {"jsonrpc": "2.0", "id": request_id, "result": values}


# -- recordings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", REVISIONS)
def test_recordings_of_real_peers(revision: str) -> None:
    recording = TRAFFIC / f"{revision}.jsonl"
    sent = recording.read_bytes().split(b"\n")[:-1]
    # The one thing in them that no schema knows: a method made up to provoke an error.
    unknown = [number for number, line in enumerate(sent, 1) if b'"method":"tools/explode"' in line]
    status, found = validate(recording, revision)
    assert [(p["line"], p["pointer"]) for p in found["problems"]] == [(number, "/method") for number in unknown]
    assert status == bool(unknown)
    assert found["lines"] == len(sent)
    assert found["messages"] == found["requests"] + found["notifications"] + found["responses"]
    assert found["unanswered"] <= 3


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_fault_is_found_where_it_is(revision: str) -> None:
    recording = TRAFFIC / "bad" / f"{revision}.jsonl"
    expected = json.loads(recording.with_suffix(".expected.json").read_text())
    status, found = validate(recording, revision)
    assert status == 1
    pointers: dict[int, list[str]] = defaultdict(list)
    for problem in found["problems"]:
        pointers[problem["line"]].append(problem["pointer"])
    for fault in expected:
        if (revision, fault["line"]) not in EXCUSED:
            where = pointers.pop(fault["line"], [])
            near = [pointer.rpartition("/")[0] for pointer in where] if fault["kind"] in LACKING else []
            assert fault["pointer"] in (*where, *near), fault
    assert pointers == {}
    assert found["invalid_lines"] == len(expected) - len([r for r, _ in EXCUSED if r == revision])


def test_the_same_for_people() -> None:
    done = mcpstruct("validate", TRAFFIC / "bad" / "2024-11-05.jsonl", "--revision", "2024-11-05")
    assert done.returncode == 1
    *problems, summary = done.stdout.decode().splitlines()
    assert any(
        line.endswith("bad/2024-11-05.jsonl:10: /params/name: expected string, got integer") for line in problems
    )
    assert summary.endswith(f"{len(problems)} problems in {len(problems)} lines")


# -- what a line may be -----------------------------------------------------------------------------------------------


def test_all_valid() -> None:
    data = b"\r\n\n" + lines(request("ping"), result()).replace(b"\n", b"\r\n") + b"   \n" + lines(request("ping"))[:-1]
    done = mcpstruct("validate", "-", "--revision", "2025-11-25", stdin=data)
    assert done.returncode == 0
    assert done.stdout.decode() == (
        "-: 3 messages (2 requests, 0 notifications, 1 response, 1 unanswered): all valid\n"
    )
    assert validate("-", "2025-11-25", data)[1]["lines"] == 3


def test_nothing_at_all() -> None:
    assert validate("-", "2025-11-25")[1] == {
        "file": "-",
        "revision": "2025-11-25",
        "problems": [],
        "lines": 0,
        "invalid_lines": 0,
        "messages": 0,
        "requests": 0,
        "notifications": 0,
        "responses": 0,
        "batches": 0,
        "unanswered": 0,
    }


def test_line_numbers_count_blank_lines() -> None:
    _, found = validate("-", "2025-11-25", b"\n\n" + lines(request("nothing/known")))
    assert [problem["line"] for problem in found["problems"]] == [3]


@pytest.mark.timeout(120)
def test_a_line_beyond_the_limit_is_refused_and_skipped() -> None:
    endless = b'{"a":"' + b"x" * (66 * MIB) + b'"}\n'
    _, found = validate("-", "2025-11-25", endless + lines(request("ping")))
    assert [(p["line"], p["expected"]) for p in found["problems"]] == [(1, f"at most {64 * MIB} bytes")]
    assert found["requests"] == 1


# -- usage ------------------------------------------------------------------------------------------------------------


def test_unreadable(tmp_path: Path) -> None:
    assert "nowhere.jsonl: No such file" in refused(
        mcpstruct("validate", tmp_path / "nowhere.jsonl", "--revision", "2025-11-25")
    )
    assert "Is a directory" in refused(mcpstruct("validate", tmp_path, "--revision", "2025-11-25"))


def test_unknown_revision() -> None:
    assert "there are 2024-11-05" in refused(mcpstruct("validate", "-", "--revision", "1999-01-01"))
    assert mcpstruct("validate", "-").returncode == 2


# -- size and progress ------------------------------------------------------------------------------------------------

MEASURED = """
import re, sys
from mcpstruct.cli import main
status = main(sys.argv[1:])
sys.stderr.write(re.search(r"VmHWM:\\s*(\\d+) kB", open("/proc/self/status").read())[1])
sys.exit(status)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.timeout(120)
def test_memory_does_not_grow_with_the_recording(tmp_path: Path) -> None:
    large = result(content=[{"type": "text", "text": "x y z " * 3000}])
    exchange = lines(request("tools/call", name="a"), large, request("ping", 2), result(2))
    used: list[int] = []
    for size in (MIB, 50 * MIB):
        recording = tmp_path / f"{size}.jsonl"
        recording.write_bytes(exchange * (size // len(exchange)))
        command = [sys.executable, "-c", MEASURED, "validate", str(recording), "--revision", "2025-11-25"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        used.append(int(done.stderr))
    assert used[1] - used[0] < 4 * 1024  # KiB


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_a_bar_on_a_terminal(tmp_path: Path) -> None:
    pytest.importorskip("rich")
    recording = tmp_path / "r.jsonl"
    recording.write_bytes(lines(request("ping"), result(), request("nothing/known")) * 8_000)
    terminal, end = os.openpty()
    command = [sys.executable, "-m", "mcpstruct", "validate", str(recording), "--revision", "2025-11-25", "--json"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=end, env=environment) as process:
        os.close(end)
        assert process.stdout is not None
        found = json.loads(process.stdout.read())  # untouched by what goes to the terminal
        shown = b""
        while True:
            try:
                shown += os.read(terminal, 65536)
            except OSError:  # how Linux says that nobody holds the other end any more
                break
            if not shown:
                break
    os.close(terminal)
    assert found["lines"] == 24_000
    assert "━".encode() in shown
    assert b"MB" in shown
