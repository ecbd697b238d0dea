"""The requirements of the specification, as rows: what each says in our own words, and the test that shows it kept.

`tests/requirements/<revision>/*.toml` has the rows of one page each. `words` is how often the page says MUST, SHALL or
REQUIRED: where that number has changed, somebody has to read the page again. A row names a test, or several; or it
does not apply, for a reason. The same id in two revisions, or on two pages, is the same requirement.
"""

from __future__ import annotations

import ast
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MODERN = "2026-07-28"
LEGACY = "2025-11-25"
PAGES = {
    MODERN: {
        "basic/index",
        "basic/versioning",
        "basic/transports/index",
        "basic/transports/stdio",
        "basic/transports/streamable-http",
        "basic/authorization/index",
        "basic/authorization/authorization-server-discovery",
        "basic/authorization/client-registration",
        "basic/authorization/security-considerations",
        "basic/patterns/index",
        "basic/patterns/mrtr",
        "basic/patterns/progress",
        "basic/patterns/cancellation",
        "basic/patterns/subscriptions",
        "server/discover",
        "server/tools",
        "server/resources",
        "server/prompts",
        "server/utilities/caching",
        "server/utilities/completion",
        "server/utilities/logging",
        "server/utilities/pagination",
        "client/elicitation",
        "client/roots",
        "client/sampling",
        "tutorials/security/security_best_practices",
    },
    LEGACY: {
        "basic/index",
        "basic/authorization",
        "basic/lifecycle",
        "basic/transports",
        "basic/utilities/cancellation",
        "basic/utilities/ping",
        "basic/utilities/progress",
        "server/tools",
        "server/resources",
        "server/prompts",
        "server/utilities/completion",
        "server/utilities/logging",
        "server/utilities/pagination",
        "client/elicitation",
        "client/roots",
        "client/sampling",
        "tutorials/security/security_best_practices",
    },
}
"""The pages whose requirements are kept here; those of tasks are not. The one under `tutorials/` is beside the
specification, which refers to it."""
_KEYS = {"id", "binds", "says", "should", "test", "applies", "reason"}


@cache
def pages(revision: str) -> dict[str, Any]:
    return {file.name: tomllib.loads(file.read_text()) for file in sorted((HERE / revision).glob("*.toml"))}


def rows(revision: str) -> list[tuple[str, dict[str, Any]]]:
    return [(name, row) for name, page in pages(revision).items() for row in page["requirement"]]


def named_by(row: dict[str, Any]) -> list[str]:
    named = row.get("test", [])
    return [named] if isinstance(named, str) else list(named)


@cache
def functions(path: str) -> frozenset[str]:
    """The functions at the top of a module."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text())
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@pytest.mark.parametrize("revision", PAGES)
def test_every_page_has_rows(revision: str) -> None:
    found = [page["page"] for page in pages(revision).values()]
    assert Counter(found) == Counter(PAGES[revision])
    for name, page in pages(revision).items():
        assert page.keys() == {"page", "words", "requirement"}, name
        assert type(page["words"]) is int
        assert page["words"] > 0
        assert page["requirement"]


@pytest.mark.parametrize("revision", PAGES)
def test_every_row_is_shown_or_does_not_apply(revision: str) -> None:
    for name, row in rows(revision):
        where = f"{name}: {row.get('id')}"
        assert row.keys() <= _KEYS, where
        assert row["binds"] in ("client", "server", "both"), where
        assert row["says"].endswith("."), where
        assert len(row["says"]) > 15, where
        assert row.get("should", True) is True, where
        if "applies" in row:
            assert row["applies"] is False, where
            assert row["reason"].endswith("."), where
            assert "test" not in row, where
        else:
            assert named_by(row), where
            assert "reason" not in row, where


@pytest.mark.parametrize("revision", PAGES)
def test_ids_are_unique(revision: str) -> None:
    """On a page; elsewhere, the same id stands for the same requirement, shown by the same tests."""
    for name, page in pages(revision).items():
        counted = Counter(row["id"] for row in page["requirement"])
        assert not [one for one, number in counted.items() if number > 1], name
        assert all(set(one) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for one in counted), name
    shown: dict[str, list[str]] = {}
    for _, row in rows(MODERN) + rows(LEGACY):
        assert shown.setdefault(row["id"], named_by(row)) == named_by(row), row["id"]


@pytest.mark.parametrize("revision", PAGES)
def test_every_test_exists(revision: str) -> None:
    for name, row in rows(revision):
        for test in named_by(row):
            path, _, function = test.partition("::")
            assert function in functions(path), f"{name}: {row['id']} names {test}"


def test_every_test_of_this_folder_is_named_after_a_requirement() -> None:
    ids = {row["id"].replace("-", "_") for revision in PAGES for _, row in rows(revision)}
    named = {test for revision in PAGES for _, row in rows(revision) for test in named_by(row)}
    for file in HERE.glob("test_*.py"):
        path = file.relative_to(ROOT).as_posix()
        if file.name == Path(__file__).name:
            continue
        for function in functions(path):
            if function.startswith("test_"):
                assert f"{path}::{function}" in named, f"no row names {function}"
                assert any(function.startswith(f"test_{one}") for one in ids), f"{function} is no requirement's"
