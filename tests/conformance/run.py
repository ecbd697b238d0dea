"""`make conformance`: the official conformance suite, one scenario at a time, against `server.py` and `client.py` here.

Fails on any failure, warning, time-out, non-zero exit or scenario without a success, on any check that is skipped for
no reason in `skips.toml`, and on anything amiss with the server itself.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.conformance.suite import PEER, Record, Run, Side, execute, scenarios
from tests.conformance.verdict import Skip, problems, read_skips

HERE = Path(__file__).parent
README = HERE.parents[1] / "README.md"
RESULTS = PEER.home / "results"
REVISIONS = ("2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28")
PUBLISHED = {"2025-03-26": "1/1", "2025-06-18": "27/27", "2025-11-25": "33/33", "2026-07-28": "40/40"}
"""The server of mcp 2.3.0, as its project publishes it."""
SERVER = [sys.executable, str(HERE / "server.py"), "--port"]
CLIENT = shlex.join([sys.executable, str(HERE / "client.py")])


@dataclass(frozen=True)
class Judged:
    """A run and what is wrong with it."""

    record: Record
    problems: list[str]


class ServerAmiss(Exception):
    """The server did not start, did not end in good order, or wrote a traceback."""


@contextmanager
def serving(log: Path) -> Iterator[str]:
    """The URL of a server of our own, in a process of its own. Raises `ServerAmiss`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen([*SERVER, str(port)], stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        try:
            if not _listens(process, port):
                raise ServerAmiss(f"the server did not start: see {log}")
            yield f"http://127.0.0.1:{port}/mcp"
            process.send_signal(signal.SIGTERM)
            status = process.wait(10)
        except subprocess.TimeoutExpired:
            raise ServerAmiss("the server did not end within 10 s of SIGTERM") from None
        finally:
            process.kill()
            process.wait()
    if status not in (0, -signal.SIGTERM):
        raise ServerAmiss(f"the server ended with status {status}: see {log}")
    if b"Traceback" in log.read_bytes():
        raise ServerAmiss(f"the server wrote a traceback: see {log}")


def _listens(process: subprocess.Popen[bytes], port: int) -> bool:
    """Wait for a server to listen; whether it does in time."""
    patience = time.monotonic() + 15
    while process.poll() is None and time.monotonic() < patience:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return True
    return False


def leg(runs: list[Run], url: str | None) -> list[Record]:
    """All server scenarios of a revision, one after the other, against one server. Raises `ServerAmiss`."""
    if url is not None:
        return [execute(run, url, _folder(run)) for run in runs]
    with serving(RESULTS / "server" / runs[0].revision / "server.txt") as ours:
        return [execute(run, ours, _folder(run)) for run in runs]


def calls(run: Run, command: str | None) -> list[Record]:
    """One client scenario."""
    ours = f"{CLIENT} --any" if run.negotiated else CLIENT
    return [execute(run, command or ours, _folder(run))]


def _folder(run: Run) -> Path:
    return RESULTS / f"{run.side}{'-negotiated' if run.negotiated else ''}" / run.revision / run.scenario


def wanted(options: argparse.Namespace) -> list[Run]:
    """The runs that are asked for."""
    sides: list[Side] = [options.side] if options.side else ["server", "client"]
    runs = [
        run
        for side in sides
        for run in scenarios(side)
        if (not options.revision or run.revision in options.revision)
        and (not options.scenario or run.scenario in options.scenario)
    ]
    return runs + [replace(run, negotiated=True) for run in runs if run.side == "client" and not options.command]


def run_all(runs: list[Run], options: argparse.Namespace, skips: list[Skip]) -> tuple[list[Judged], list[str]]:
    """Everything, several revisions and clients side by side; what is wrong beyond single runs comes second."""
    judged: list[Judged] = []
    amiss: list[str] = []
    with ThreadPoolExecutor(options.jobs) as pool:
        futures: dict[Future[list[Record]], str] = {}
        for revision in reversed(REVISIONS):  # the longest first
            legs = [run for run in runs if (run.side, run.revision) == ("server", revision)]
            if legs:
                futures[pool.submit(leg, legs, options.url)] = f"server {revision}"
        for run in runs:
            if run.side == "client":
                futures[pool.submit(calls, run, options.command)] = str(run)
        for future in as_completed(futures):
            try:
                records = future.result()
            except ServerAmiss as error:
                amiss.append(f"{futures[future]}: {error}")
                continue
            judged += (done := [Judged(record, problems(record, skips)) for record in records])
            print(f"{futures[future]}: {sum(not j.problems for j in done)}/{len(done)}", flush=True)
    return judged, amiss


def table(judged: list[Judged]) -> str:
    """How many scenarios passed, by side and revision, beside what the incumbent publishes."""

    def cells(side: Side, *, negotiated: bool = False) -> list[str]:
        mine = [j for j in judged if (j.record.run.side, j.record.run.negotiated) == (side, negotiated)]
        groups = [[j for j in mine if j.record.run.revision == revision] for revision in REVISIONS]
        return [f"{sum(not j.problems for j in group)}/{len(group)}" if group else "–" for group in groups]

    rows = [
        ["", *REVISIONS],
        ["---"] * (len(REVISIONS) + 1),
        ["server: mcpstruct", *cells("server")],
        ["server: mcp 2.3.0", *(PUBLISHED[revision] for revision in REVISIONS)],
        ["client that speaks this revision alone: mcpstruct", *cells("client")],
        ["client that negotiates: mcpstruct", *cells("client", negotiated=True)],
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def report(judged: list[Judged], amiss: list[str]) -> bool:
    """Print what there is to say; whether all is well."""
    for one in sorted(judged, key=lambda j: str(j.record.run)):
        for problem in one.problems:
            print(f"{one.record.run}: {problem}")
    for problem in amiss:
        print(problem)
    counts = Counter(check["status"] for j in judged for check in j.record.checks or ())
    kinds = ("SUCCESS", "FAILURE", "WARNING", "SKIPPED")
    print(f"\n{table(judged)}\n\n{len(judged)} runs; checks: " + ", ".join(f"{counts[k]} {k.lower()}" for k in kinds))
    return bool(judged) and not amiss and not any(j.problems for j in judged)


def main() -> int:
    """Run what is asked for; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", choices=("server", "client"))
    parser.add_argument("--revision", action="append", choices=REVISIONS)
    parser.add_argument("--scenario", action="append")
    parser.add_argument("--url", help="a server that is running already, in place of ours")
    parser.add_argument("--command", help="another client than ours")
    parser.add_argument("--jobs", type=int, default=max(2, min(6, os.cpu_count() or 2)))
    options = parser.parse_args()
    PEER.make()
    shutil.rmtree(RESULTS, ignore_errors=True)
    skips = read_skips(HERE / "skips.toml")
    began = time.monotonic()
    judged, amiss = run_all(wanted(options), options, skips)
    if not (options.side or options.revision or options.scenario):
        amiss += [
            f"skips.toml: {skip.side} {skip.scenario}: no need for {idle}" for skip in skips for idle in skip.idle
        ]
    good = report(judged, amiss)
    print(f"{time.monotonic() - began:.0f} s; everything the suite wrote is in {RESULTS}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
