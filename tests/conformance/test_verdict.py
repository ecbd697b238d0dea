"""Runs of the conformance suite are judged more strictly than by the suite itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conformance.run import HERE, Judged, table
from tests.conformance.suite import Record, Run
from tests.conformance.verdict import Skip, problems, read_skips

RUN = Run("client", "2026-07-28", "http-standard-headers")
SKIP = {"side": "client", "scenario": RUN.scenario, "revisions": [RUN.revision], "reason": "There is none."}


def check(status: str, name: str = "a", **more: Any) -> dict[str, Any]:
    return {"id": f"id-{name}", "name": name, "description": "Something holds", "status": status, **more}


def record(*checks: dict[str, Any], status: int | None = 0, output: str = "") -> Record:
    return Record(RUN, list(checks), status, output, "ValueError: no")


GOOD = check("SUCCESS")


def test_a_run_with_a_success_passes() -> None:
    assert problems(record(GOOD, check("INFO")), []) == []


@pytest.mark.parametrize("status", ["FAILURE", "WARNING", "SKIPPED"])
def test_whatever_is_no_success_is_a_problem(status: str) -> None:
    (problem,) = problems(record(GOOD, check(status, "b", errorMessage="it does not")), [])
    assert problem == f"{status} id-b b: it does not"


def test_the_suite_has_to_end_well() -> None:
    assert problems(record(GOOD, status=1), []) == ["the suite exited with status 1"]
    assert problems(record(GOOD, status=None), []) == ["the suite did not end in time"]
    assert problems(Record(RUN, None, 0, ""), []) == ["the suite recorded no checks"]


@pytest.mark.parametrize("said", ["Client exited with code 1", "Client timed out after 30000ms"])
def test_a_client_has_to_end_well_even_where_the_suite_does_not_mind(said: str) -> None:
    assert problems(record(GOOD, output=f"Starting\n{said}\nbye"), []) == [f"{said}: ValueError: no"]


@pytest.mark.parametrize("checks", [(), (check("INFO"),), ({**GOOD, "id": "wire-schema-valid"},)])
def test_a_run_in_which_nothing_succeeded_is_hollow(checks: tuple[dict[str, Any], ...]) -> None:
    assert problems(record(*checks), []) == ["hollow: no check succeeded"]


@pytest.mark.parametrize("name", ["id-b", "b"])
def test_a_check_may_be_skipped_for_a_reason(name: str) -> None:
    skip = Skip(**SKIP, checks=[name])
    assert problems(record(GOOD, check("SKIPPED", "b")), [skip]) == []
    assert problems(record(GOOD, check("SKIPPED", "c")), [skip])
    assert problems(record(GOOD, check("FAILURE", "b")), [skip])
    assert skip.idle == []


def test_a_reason_is_good_for_one_scenario_at_its_revisions() -> None:
    for other in ({"side": "server"}, {"scenario": "other"}, {"revisions": ["2025-11-25"]}):
        assert problems(record(GOOD, check("SKIPPED")), [Skip(**{**SKIP, **other}, checks=["a"])])


def test_a_scenario_may_be_hollow_for_a_reason() -> None:
    skip = Skip(**SKIP, hollow=True)
    assert problems(record(check("INFO")), [skip]) == []
    assert skip.idle == []


def test_a_row_that_nobody_needs_says_so() -> None:
    skip = Skip(**SKIP, checks=["a", "b"])
    problems(record(GOOD, check("SKIPPED", "b")), [skip])
    assert skip.idle == ["a at 2026-07-28"]


def test_every_row_of_the_list_has_a_reason(tmp_path: Path) -> None:
    read_skips(HERE / "skips.toml")
    bad = tmp_path / "skips.toml"
    bad.write_text('[[skip]]\nside="client"\nscenario="x"\nrevisions=[]\nreason=" "\nchecks=["a"]\n', encoding="utf-8")
    with pytest.raises(ValueError, match="says not why"):
        read_skips(bad)


def test_the_table_counts_what_passed() -> None:
    judged = [Judged(record(GOOD), []), Judged(record(GOOD), ["bad"])]
    assert table(judged).splitlines()[-2].endswith(": mcpstruct | – | – | – | 1/2 |")
