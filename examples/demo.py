"""What mcpstruct does, in one minute: generate, validate, be quick about it, and talk. Run by `make demo`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from mcpstruct_bindings.merged import decode, methods
from mcpstruct_codegen.outputs import differences, outputs, write

ROOT = Path(__file__).parents[1]
TRAFFIC = ROOT / "tests" / "data" / "traffic"


def heading(text: str) -> None:
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


def mcpstruct(*arguments: str) -> None:
    """Run the command line as a user would; a finding (status 1) is what the demo wants to show."""
    print(f"$ mcpstruct {' '.join(arguments)}", flush=True)
    done = subprocess.run([sys.executable, "-m", "mcpstruct", *arguments], cwd=ROOT, check=False)
    if done.returncode > 1:
        sys.exit(done.returncode)


def regenerate() -> None:
    """Make the bindings anew in a scratch folder and hold them against what is committed."""
    heading("1. The bindings, made anew from the schemas")
    started = time.perf_counter()
    files = outputs(ROOT / "schema")
    with tempfile.TemporaryDirectory() as scratch:
        write(files, Path(scratch))
        lines = sum(text.count("\n") for text in files.values())
        print(f"{len(files)} files, {lines:,} lines, in {time.perf_counter() - started:.1f} s")
        found = differences(files, ROOT / "generated")
    print("equal to what is committed, byte for byte" if not found else "\n".join(found))
    if found:
        sys.exit(1)


def validate() -> None:
    """Validate recorded traffic of every revision: as it was recorded, and with one fault a line."""
    heading("3. Recorded traffic of every revision, good and bad")
    print("(the one problem in each good file is a client that calls a method which does not exist, on purpose)")
    for recording in sorted(TRAFFIC.glob("*.jsonl")):
        mcpstruct("validate", str(recording.relative_to(ROOT)), "--revision", recording.stem)
    bad = sorted((TRAFFIC / "bad").glob("*.jsonl"))[-1]
    mcpstruct("validate", str(bad.relative_to(ROOT)), "--revision", bad.stem)


def microseconds(function: Callable[[bytes], object], data: bytes) -> float:
    """The quickest of several rounds, so that a busy machine does not count."""
    best = float("inf")
    for _ in range(50):
        started = time.perf_counter()
        for _ in range(200):
            function(data)
        best = min(best, (time.perf_counter() - started) / 200)
    return best * 1e6


def speed() -> None:
    """Bytes to validated, typed messages beside json.loads, which gives dicts and checks nothing."""
    heading("4. Decoding: typed and validated, beside json.loads (µs a message)")
    lines = [line for line in (TRAFFIC / "2026-07-28.jsonl").read_bytes().split(b"\n") if line]
    request = next(line for line in lines if b'"method":"tools/call"' in line)
    answer = next(line for line in lines if b'"result":{' in line and b'"content":[' in line)
    listed = next(line for line in lines if b'"tools":[' in line)
    calls = decode.response_decoder(methods.CALL_TOOL).decode
    lists = decode.response_decoder(methods.LIST_TOOLS).decode
    cases: list[tuple[str, bytes, Callable[[bytes], object]]] = [
        ("tools/call request", request, decode.client_message),
        ("tools/call result", answer, calls),
        ("tools/list result", listed, lists),
    ]
    for name, data, function in cases:
        ours, plain = microseconds(function, data), microseconds(json.loads, data)
        print(f"{name:20} {len(data):6} bytes   mcpstruct {ours:7.2f}   json.loads {plain:7.2f}   {plain / ours:4.1f}x")


if __name__ == "__main__":
    regenerate()
    heading("2. What there is")
    mcpstruct("revisions")
    validate()
    speed()
    heading("5. A server in a process of its own, and a client: over stdio and over HTTP, in both eras")
    subprocess.run([sys.executable, str(ROOT / "examples" / "session.py")], cwd=ROOT, check=True)
