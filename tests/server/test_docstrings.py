"""Docstrings of every style give a description and what is said of each parameter."""

from __future__ import annotations

import time

import pytest

from mcpstruct.server.docstrings import parse

GOOGLE = """Find documents.

    Looks at titles first,
    then at texts.

    Args:
        query: What to look for.
        limit (int, optional): How many to return,
            at most.
        filters (dict[str, tuple[int, ...]]): Only these: dates and such.
        *rest: Ignored.

    Returns:
        list: The documents.

    Raises:
        ValueError: For no query.
    """
NUMPY = """Find documents.

    Looks at titles first.

    Parameters
    ----------
    query : str
        What to look for.
    limit, offset : int, optional
        How many to return,
        and from where.
    plain

    Returns
    -------
    list
        The documents.
    """
SPHINX = """Find documents.

    Looks at titles first.

    :param query: What to look for.
    :param int limit: How many to return,
        at most.
    :type query: str
    :returns: The documents.
    :param last: After the returns.
    """


def test_google_style() -> None:
    found = parse(GOOGLE)
    assert found.description == "Find documents.\n\nLooks at titles first,\nthen at texts."
    assert found.parameters == {
        "query": "What to look for.",
        "limit": "How many to return, at most.",
        "filters": "Only these: dates and such.",
        "rest": "Ignored.",
    }


def test_numpy_style() -> None:
    found = parse(NUMPY)
    assert found.description == "Find documents.\n\nLooks at titles first."
    both = "How many to return, and from where."
    assert found.parameters == {"query": "What to look for.", "limit": both, "offset": both, "plain": ""}


def test_sphinx_style() -> None:
    found = parse(SPHINX)
    assert found.description == "Find documents.\n\nLooks at titles first."
    assert found.parameters == {
        "query": "What to look for.",
        "limit": "How many to return, at most.",
        "last": "After the returns.",
    }


@pytest.mark.parametrize("nothing", [None, "", "   \n  "])
def test_no_docstring(nothing: str | None) -> None:
    assert parse(nothing) == ("", {})


@pytest.mark.parametrize(
    "text",
    [
        "Just this.",
        "Takes args: none of them.",
        "A list:\n\n- one\n- two",
        "A time: 12:30\n\nNote:\n    Mind the gap.",
        "A title\n-------\n\nand text",
        ":not a field",
        ":unknown field: text",
    ],
)
def test_text_without_sections_is_all_description(text: str) -> None:
    assert parse(text) == (text, {})


def test_sections_at_the_very_start_and_end() -> None:
    assert parse("\n  Args:\n    x: The x.\n  ") == ("", {"x": "The x."})
    assert parse("Does it.\n\nArgs:") == ("Does it.", {})
    assert parse("Does it.\n\nParameters\n----------") == ("Does it.", {})
    assert parse("Does it.\n\n:param:") == ("Does it.", {})


def test_the_outcome_is_no_part_of_the_description() -> None:
    assert parse("Adds.\n\nReturns:\n    The sum.").description == "Adds."


def test_blank_lines_between_entries_and_other_indents() -> None:
    text = "Does it.\n\nArguments:\n  x (int): The x.\n\n  y: The y,\n    and more.\n\n    And more still."
    assert parse(text).parameters == {"x": "The x.", "y": "The y, and more. And more still."}


@pytest.mark.parametrize(
    "piece", ["(", ":param ", ":", " ", "Args:\n", "x (", "x: y\n    ", ":param x" + " " * 50, "-", "\n---\n", "a, "]
)
def test_time_is_linear(piece: str) -> None:
    text = "Args:\n    " + piece * 40_000
    started = time.process_time()
    parse(text)
    parse(piece * 40_000)
    assert time.process_time() - started < 2
