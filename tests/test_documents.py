"""What the README shows runs as it stands; what it shows of authorization, in `tests/interop/test_documents.py`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.documents import ROOT, shown

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = re.findall(r"```python\n(.*?)```", DOCUMENTS[0].read_text("utf-8"), re.DOTALL)
ELSEWHERE = shown("README.md", "Authorization")


def test_there_are_examples() -> None:
    assert len(EXAMPLES) - len(ELSEWHERE) >= 2


@pytest.mark.parametrize("code", [code for code in EXAMPLES if code not in ELSEWHERE])
def test_an_example_runs(code: str, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target, heading in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)", document.read_text("utf-8")):
        found = (document.parent / target).resolve() if target else document
        assert found.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.*)$", found.read_text("utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}
            assert heading in anchors, f"{target}#{heading}"
