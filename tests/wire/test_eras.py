"""The table of revisions: what each has, and which era it belongs to."""

from __future__ import annotations

import pytest

from mcpstruct.base.errors import INVALID_PARAMS, UnknownRevision
from mcpstruct.base.methods import MethodInfo
from mcpstruct.wire.eras import (
    FIRST_MODERN,
    LOG_LEVELS,
    PROTOCOL_VERSION,
    SEVERITY,
    declared_revision,
    legacy,
    modern,
    revision,
)
from mcpstruct.wire.revisions import bindings
from mcpstruct_bindings import REVISIONS
from mcpstruct_bindings.merged import methods

LEGACY = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")


def test_every_revision_is_of_one_era() -> None:
    assert legacy(REVISIONS) == LEGACY
    assert modern(REVISIONS) == (FIRST_MODERN,) == ("2026-07-28",)
    assert {revision(name).era for name in LEGACY} == {"legacy"}
    assert revision(FIRST_MODERN).era == "modern"


def test_names_come_newest_first_whatever_their_order() -> None:
    assert legacy(["2024-11-05", "2026-07-28", "2025-06-18"]) == ("2025-06-18", "2024-11-05")
    assert modern(["2024-11-05", "2026-07-28", "2027-01-01"]) == ("2027-01-01", "2026-07-28")
    assert legacy([]) == modern([]) == ()


@pytest.mark.parametrize("name", REVISIONS)
def test_rows_agree_with_the_generated_packages(name: str) -> None:
    row, generated = revision(name), bindings(name)
    assert row.batches is generated.batches
    assert {info.name for info in methods.METHODS.values() if row.has(info)} == set(generated.methods)
    blocks = {"text": "TextContent", "image": "ImageContent", "audio": "AudioContent", "resource_link": "ResourceLink"}
    assert row.content - {"resource"} == {kind for kind, tp in blocks.items() if hasattr(generated.types, tp)}


def test_codes_of_a_resource_that_is_not_there() -> None:
    assert {revision(name).resource_not_found for name in LEGACY} == {-32002}
    assert revision(FIRST_MODERN).resource_not_found == INVALID_PARAMS


def test_errors_without_an_id() -> None:
    assert [name for name in REVISIONS if revision(name).nameless_errors] == ["2025-11-25", "2026-07-28"]


@pytest.mark.parametrize(
    ("since", "removed", "expected"),
    [
        ("2024-11-05", None, [True, True, True]),
        ("2025-06-18", None, [False, True, True]),
        ("2025-06-18", "2026-07-28", [False, True, False]),
        ("", None, [True, True, True]),
    ],
)
def test_a_revision_has_what_came_before_it_and_was_not_taken_away(
    since: str, removed: str | None, expected: list[bool]
) -> None:
    info: MethodInfo[None, None] = MethodInfo(
        name="x", kind="request", direction="client", message=None, params=None, since=since, removed=removed
    )
    assert [revision(name).has(info) for name in ("2024-11-05", "2025-06-18", "2026-07-28")] == expected


@pytest.mark.parametrize("name", ["", "2026-07-29", "latest", "2024-11-05 "])
def test_unknown_revisions(name: str) -> None:
    with pytest.raises(UnknownRevision, match="there are"):
        revision(name)


def test_levels_of_log_messages() -> None:
    assert [SEVERITY[level] for level in LOG_LEVELS] == list(range(8))
    assert (LOG_LEVELS[0], LOG_LEVELS[-1]) == ("debug", "emergency")


def test_a_request_declares_its_revision_or_is_a_legacy_one() -> None:
    assert declared_revision(None) is None
    assert declared_revision({}) is None
    assert declared_revision({"protocolVersion": "2026-07-28"}) is None
    assert declared_revision({PROTOCOL_VERSION: "2026-07-28"}) == "2026-07-28"
