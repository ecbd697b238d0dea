"""Type checkers read `tests/typing` as its comments say: what is right passes, what is wrong is an error."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "tests" / "typing").glob("*.py"))
SOURCES = [str(ROOT / name) for name in ("codegen", "generated", "runtime")]


def run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.timeout(300)
def test_pyright_strict(tmp_path: Path) -> None:
    settings = {
        "include": [os.path.relpath(file, tmp_path) for file in FILES],
        "extraPaths": SOURCES,
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        # So that an expected error which does not come is an error, whatever is ignored for the other checker.
        "enableTypeIgnoreComments": False,
        "reportUnnecessaryTypeIgnoreComment": True,
    }
    project = tmp_path / "pyrightconfig.json"
    project.write_text(json.dumps(settings))
    done = run("pyright", "--project", str(project), "--pythonpath", sys.executable, "--outputjson")
    report = json.loads(done.stdout)
    found = [
        f"{Path(d['file']).name}:{d['range']['start']['line'] + 1}: {d['message']}"
        for d in report["generalDiagnostics"]
    ]
    assert found == []
    assert report["summary"]["filesAnalyzed"] == len(FILES)


@pytest.mark.timeout(300)
def test_mypy_strict() -> None:
    done = run("mypy", "--strict", *map(str, FILES))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"in {len(FILES)} source files" in done.stdout
