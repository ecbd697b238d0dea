"""`mcpstruct diff`: in all its forms, on the revisions there are."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.cli.support import mcpstruct, refused


def report(old: str, new: str) -> dict[str, Any]:
    done = mcpstruct("diff", old, new, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def names(changes: list[dict[str, Any]], verb: str) -> set[str]:
    return {change["name"] for change in changes if change["change"] == verb}


def test_what_the_modern_era_changed() -> None:
    found = report("2025-11-25", "2026-07-28")
    assert names(found["methods"], "added") == {
        "notifications/subscriptions/acknowledged",
        "server/discover",
        "subscriptions/listen",
    }
    assert {"initialize", "ping", "tasks/get", "notifications/initialized"} <= names(found["methods"], "removed")
    by_name = {change["name"]: change for group in ("methods", "fields") for change in found[group]}
    assert (by_name["initialize"]["since"], by_name["initialize"]["removed"]) == ("2024-11-05", "2026-07-28")
    assert by_name["tools/call"]["before"]["results"] == ["CallToolResult", "CreateTaskResult"]
    assert by_name["tools/call"]["after"]["results"] == ["CallToolResult", "InputRequiredResult"]
    assert by_name["elicitation/create"]["after"]["direction"] == "input"
    execution = by_name["Tool.execution"]
    assert (execution["change"], execution["since"], execution["removed"]) == ("removed", "2025-11-25", "2026-07-28")
    assert by_name["CallToolRequestParams._meta"]["before"] == {"type": "RequestMetaObject", "required": False}
    assert by_name["CallToolRequestParams._meta"]["after"] == {"type": "RequestMetaObject", "required": True}


def test_a_small_step_is_a_short_report() -> None:
    found = report("2024-11-05", "2025-03-26")
    assert [change["name"] for change in found["methods"]] == ["notifications/progress"]
    assert names(found["definitions"], "added") == {
        "AudioContent",
        "JSONRPCBatchRequest",
        "JSONRPCBatchResponse",
        "ToolAnnotations",
    }
    assert "Tool.annotations" in names(found["fields"], "added")


def test_it_works_backwards_and_on_the_spot() -> None:
    forth, back = report("2024-11-05", "2025-03-26"), report("2025-03-26", "2024-11-05")
    for group in ("methods", "definitions", "fields"):
        assert names(forth[group], "added") == names(back[group], "removed")
        assert names(forth[group], "changed") == names(back[group], "changed")
    assert report("2025-03-26", "2025-03-26")["definitions"] == []


def test_the_table_for_people() -> None:
    text = mcpstruct("diff", "2025-06-18", "2025-11-25").stdout.decode()
    lines = text.splitlines()
    assert lines[0] == "2025-06-18 → 2025-11-25"
    assert any(line.split()[:4] == ["+", "tasks/get", "2025-11-25", "2026-07-28"] for line in lines)
    assert any(line.split()[:3] == ["~", "Tool", "2024-11-05"] and "+execution" in line for line in lines)
    assert "Task.ttl" not in text  # told in the row of Task
    assert any("Task " in line and "ttl" in line for line in lines)


def test_markdown() -> None:
    text = mcpstruct("diff", "2025-06-18", "2025-11-25", "--markdown").stdout.decode()
    assert text.startswith("# 2025-06-18 → 2025-11-25\n\n## Methods: ")
    rows = [line for line in text.splitlines() if line.startswith("|") and not line.startswith("|---")]
    assert all(line.replace("\\|", "").count("|") == 6 for line in rows)
    assert any(line.startswith("| + | `tasks/get` | 2025-11-25 | 2026-07-28 | ") for line in rows)


def test_an_unknown_revision_is_refused() -> None:
    assert "there are 2024-11-05, 2025-03-26" in refused(mcpstruct("diff", "2024-11-05", "tomorrow"))


def test_one_form_at_a_time() -> None:
    assert mcpstruct("diff", "2024-11-05", "2025-03-26", "--json", "--markdown").returncode == 2


@pytest.mark.parametrize("missing", ["jinja2", "datamodel_code_generator", "rich"])
def test_it_needs_no_extra(missing: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None; from mcpstruct.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "diff", "2024-11-05", "2025-03-26"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
