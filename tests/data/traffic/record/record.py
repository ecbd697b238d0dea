"""Record every session again: python record.py

Run it in a directory that has the SDKs, as ../README.md sets it up. It writes REVISION.jsonl and REVISION.sides there;
compare, then copy them here.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
LEGACY = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
MODERN = "2026-07-28"
BATCHES = "2025-03-26"
SDK1, SDK2 = str(Path("sdk1/bin/python").absolute()), str(Path("sdk2/bin/python").absolute())


def session(log: Path, client: list[str], server: list[str]) -> bytes:
    """Run a client against a server behind the tee, and return what the tee wrote down."""
    subprocess.run([*client, sys.executable, str(HERE / "tee.py"), str(log), *server], check=True, timeout=120)
    return log.read_bytes()


def sessions(revision: str, log: Path) -> bytes:
    """All sessions of a revision, one after the other."""
    if revision == MODERN:
        recorded = session(log, [SDK2, str(HERE / "modern_client.py")], [SDK2, str(HERE / "modern_server.py")])
    else:
        client = [SDK1, "-W", "ignore::DeprecationWarning", str(HERE / "legacy_client.py"), revision]
        recorded = session(log, client, [SDK1, str(HERE / "legacy_server.py"), revision])
    client, server = (["node", str(HERE / f"node_{side}.mjs"), revision] for side in ("client", "server"))
    recorded += session(log, client, server)
    if revision == BATCHES:
        log.unlink()
        subprocess.run(["node", str(HERE / "batch.mjs"), str(log)], check=True, timeout=120)
        recorded += log.read_bytes()
    return recorded


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        for revision in (*LEGACY, MODERN):
            lines = sessions(revision, Path(directory, "log")).splitlines(keepends=True)
            Path(f"{revision}.jsonl").write_bytes(b"".join(line[1:] for line in lines))
            Path(f"{revision}.sides").write_bytes(b"".join(line[:1] for line in lines) + b"\n")
            print(f"{revision}: {len(lines)} messages")


if __name__ == "__main__":
    main()
