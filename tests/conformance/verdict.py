"""What to make of a run: stricter than the suite, for which a warning or a skipped check is as good as a success."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conformance.suite import Record, Run

BESIDE = frozenset({"wire-schema-valid"})
"""Checks that are made in every scenario: a scenario that succeeds in nothing else tests nothing."""
_CLIENT_FAILED = re.compile(r"^Client (?:exited with code|timed out after) .*$", re.MULTILINE)


@dataclass
class Skip:
    """Checks that may be skipped, by id or name, and why; with `hollow`, the scenario need not succeed in any."""

    side: str
    scenario: str
    revisions: list[str]
    reason: str
    checks: list[str] = field(default_factory=list)
    hollow: bool = False
    used: set[tuple[str, str]] = field(default_factory=set)
    """The revisions and checks that it was needed for."""

    def of(self, run: Run) -> bool:
        """Whether it is about this scenario."""
        return (self.side, self.scenario) == (run.side, run.scenario) and run.revision in self.revisions

    @property
    def idle(self) -> list[str]:
        """What it allows for, and nobody needed."""
        wanted = {(revision, check) for revision in self.revisions for check in self.checks}
        if self.hollow:
            wanted |= {(revision, "hollow") for revision in self.revisions}
        return [f"{check} at {revision}" for revision, check in sorted(wanted - self.used)]


def read_skips(file: Path) -> list[Skip]:
    """The list of checks that may be skipped. Raises `ValueError` for a row without a reason."""
    rows = tomllib.loads(file.read_text(encoding="utf-8")).get("skip", [])
    skips = [Skip(**row) for row in rows]
    for skip in skips:
        if not skip.reason.strip() or not (skip.checks or skip.hollow):
            raise ValueError(f"{file.name}: {skip.scenario} skips nothing, or says not why")
    return skips


def problems(record: Record, skips: Iterable[Skip]) -> list[str]:
    """Everything that keeps a run from counting as passed."""
    found: list[str] = []
    if record.status is None:
        found.append("the suite did not end in time")
    elif record.status != 0:
        found.append(f"the suite exited with status {record.status}")
    found += [f"{said}: {record.last_words}" for said in _CLIENT_FAILED.findall(record.output)]
    if record.checks is None:
        return [*found, "the suite recorded no checks"]
    allowed = [skip for skip in skips if skip.of(record.run)]
    for check in record.checks:
        status = check["status"]
        if status in ("FAILURE", "WARNING") or (status == "SKIPPED" and not _may(check, allowed, record)):
            said = check.get("errorMessage") or check["description"]
            found.append(f"{status} {check['id']} {check['name']}: {said}")
    succeeded = any(check["status"] == "SUCCESS" and check["id"] not in BESIDE for check in record.checks)
    if not succeeded and not _may({"id": "hollow", "name": ""}, allowed, record):
        found.append("hollow: no check succeeded")
    return found


def _may(check: dict[str, Any], allowed: list[Skip], record: Record) -> bool:
    """Whether a check may be skipped."""
    for skip in allowed:
        names = [*skip.checks, "hollow"] if skip.hollow else skip.checks
        for name in (check["id"], check["name"]):
            if name in names:
                skip.used.add((record.run.revision, name))
                return True
    return False
