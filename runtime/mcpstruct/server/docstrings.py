"""Docstrings in the styles of Google, NumPy and Sphinx: the description, and what is said of each parameter."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

_PARAMETERS = frozenset(
    {
        "args",
        "arguments",
        "parameters",
        "params",
        "keyword args",
        "keyword arguments",
        "other parameters",
    }
)
_OUTCOMES = frozenset({"returns", "return", "yields", "yield", "raises", "raise", "warns"})
_SECTIONS = _PARAMETERS | _OUTCOMES
_FIELD = re.compile(r":(\w+)(?: ([^:]*))?:")
_PARAMETER_FIELDS = frozenset({"param", "parameter", "arg", "argument", "key", "keyword"})
_FIELDS = _PARAMETER_FIELDS | {"type", "returns", "return", "rtype", "raises", "raise", "yields", "except", "exception"}
_NAME = re.compile(r"\*{0,2}(\w+) *")
_Reader: TypeAlias = Callable[[list[str]], dict[str, str]]
_Opening: TypeAlias = Callable[[str], tuple[list[str], str] | None]


class Docstring(NamedTuple):
    """What a docstring says: of the whole, up to where the parameters or the outcome are told of, and of each name."""

    description: str
    parameters: dict[str, str]


def parse(docstring: str | None) -> Docstring:
    """Read a docstring of any of the three styles, or of none."""
    if not docstring:
        return Docstring("", {})
    lines = inspect.cleandoc(docstring).splitlines()
    parameters: dict[str, str] = {}
    description_ends: int | None = None
    at = 0
    while at < len(lines):
        opened = _section(lines, at)
        if opened is None:
            at += 1
            continue
        if description_ends is None:
            description_ends = at
        start, end, read = opened
        for name, text in read(lines[start:end]).items():
            parameters.setdefault(name, text)
        at = end
    return Docstring("\n".join(lines[:description_ends]).strip(), parameters)


def _section(lines: list[str], at: int) -> tuple[int, int, _Reader] | None:
    """The section that opens with a line: where its body starts and ends, and how to read it."""
    line = lines[at]
    if not line or line[0].isspace():
        return None
    title = line.rstrip()
    if line[0] == ":":
        field = _FIELD.match(line)
        if field and field.group(1) in _FIELDS:
            return at, _end_of_field(lines, at), _sphinx
        return None
    if title.endswith(":") and title[:-1].lower() in _SECTIONS:
        return at + 1, _end_of_indented(lines, at + 1), _google if title[:-1].lower() in _PARAMETERS else _nothing
    if title.lower() in _SECTIONS and _underlines(lines, at + 1):
        return at + 2, _end_of_numpy(lines, at + 2), _numpy if title.lower() in _PARAMETERS else _nothing
    return None


def _underlines(lines: list[str], at: int) -> bool:
    return at < len(lines) and len(lines[at].rstrip()) >= 3 and not lines[at].rstrip().strip("-")


def _end_of_field(lines: list[str], at: int) -> int:
    at += 1
    while at < len(lines) and lines[at].strip() and not lines[at].startswith(":"):
        at += 1
    return at


def _end_of_indented(lines: list[str], at: int) -> int:
    while at < len(lines) and (not lines[at].strip() or lines[at][0].isspace()):
        at += 1
    return at


def _end_of_numpy(lines: list[str], at: int) -> int:
    while at < len(lines) and not (lines[at].strip() and _underlines(lines, at + 1)):
        at += 1
    return at


def _nothing(body: list[str]) -> dict[str, str]:
    return {}


def _sphinx(body: list[str]) -> dict[str, str]:
    """`:param int limit: how many`, and lines that go on with it."""
    field = _FIELD.match(body[0])
    if field is None or field.group(1) not in _PARAMETER_FIELDS:
        return {}
    words = (field.group(2) or "").split()  # the type, perhaps, and the name
    return {words[-1].lstrip("*"): _joined([body[0][field.end() :], *body[1:]])} if words else {}


def _google(body: list[str]) -> dict[str, str]:
    """`limit (int): how many`, one entry a line, with deeper lines that go on with it."""
    return _entries(body, _google_entry)


def _numpy(body: list[str]) -> dict[str, str]:
    """`limit : int`, with the text on deeper lines; several names may share one entry."""
    return _entries(body, _numpy_entry)


def _entries(body: list[str], opening: _Opening) -> dict[str, str]:
    texts: dict[str, list[str]] = {}
    names: list[str] = []
    margin: int | None = None
    for line in body:
        text = line.strip()
        if not text:
            continue
        indent = len(line) - len(line.lstrip())
        margin = indent if margin is None else margin
        opened = opening(text) if indent <= margin else None
        if opened is None:
            for name in names:
                texts[name].append(text)
        else:
            names, first = opened
            texts.update({name: [first] for name in names})
    return {name: _joined(lines) for name, lines in texts.items()}


def _google_entry(text: str) -> tuple[list[str], str] | None:
    name = _NAME.match(text)
    if name is None:
        return None
    rest = text[name.end() :]
    if rest.startswith("("):
        rest = rest[_closing(rest) + 1 :].lstrip()
    return ([name.group(1)], rest[1:]) if rest.startswith(":") else None


def _numpy_entry(text: str) -> tuple[list[str], str] | None:
    names = [name.strip().lstrip("*") for name in text.partition(":")[0].split(",")]
    return (names, "") if all(name.isidentifier() for name in names) else None


def _closing(text: str) -> int:
    """Where the bracket closes that a text opens with; its end if nowhere."""
    depth = 0
    for at, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return at
    return len(text)


def _joined(lines: list[str]) -> str:
    return " ".join(text for line in lines if (text := line.strip()))
