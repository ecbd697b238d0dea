"""What the documents show, to be run."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def shown(document: str, chapter: str, language: str = "python") -> list[str]:
    """The code below a heading of a document, as far as the next heading of that or a higher level."""
    text = (ROOT / document).read_text("utf-8")
    marks = re.search(rf"^(#+) {re.escape(chapter)}$", text, re.MULTILINE)
    assert marks is not None, chapter
    fences = re.sub(r"^```.*?^```$", lambda code: "~" * len(code[0]), text, flags=re.MULTILINE | re.DOTALL)
    end = re.compile(rf"^#{{1,{len(marks[1])}}} ", re.MULTILINE).search(fences, marks.end())
    part = text[marks.end() : end.start() if end else len(text)]
    return re.findall(rf"^```{language}\n(.*?)^```$", part, re.DOTALL | re.MULTILINE)


async def run(code: str, names: dict[str, Any], **instead: str) -> dict[str, Any]:
    """Run an example, which may wait for things, with these names; `instead` says what stands where of its text."""
    for before, after in instead.items():
        assert before in code
        code = code.replace(before, after)
    compiled = compile(code, "<example>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    result = eval(compiled, names)  # noqa: S307 - our own documents
    if inspect.isawaitable(result):
        await result
    return names
