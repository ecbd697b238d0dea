"""Unions: constants that become tags, decision lists where there are none, and what cannot be told apart."""

from __future__ import annotations

import typing
from pathlib import Path
from typing import ClassVar, Literal

import pytest

from mcpstruct.base.codec import to_dict
from tests.codegen.support import (
    FREE,
    INTEGER,
    NULL,
    TEXT,
    Node,
    array,
    bindings,
    const,
    decoded,
    fault,
    model,
    obj,
    one_of,
    ref,
    refused,
    round_trip,
)

TEXT_BLOCK = obj({"type": const("text"), "text": TEXT})
LINK_BLOCK = obj({"type": const("link"), "uri": TEXT})
BLOCKS: Node = {"TextBlock": TEXT_BLOCK, "LinkBlock": LINK_BLOCK, "Block": one_of("TextBlock", "LinkBlock")}


def rules(definitions: Node, union: str) -> list[Node]:
    """The decision list that is derived for a union."""
    return list(model(definitions).definition(union).rules)


# -- tagged unions ----------------------------------------------------------------------------------------------------


def test_a_constant_tells_the_members_of_a_union_apart(tmp_path: Path) -> None:
    made = bindings(tmp_path, {**BLOCKS, "Page": obj({"top": ref("Block")}, rest=array(ref("Block")))})
    whole = {"top": {"type": "link", "uri": "u"}, "rest": [{"type": "text", "text": "t"}]}
    page = decoded(made.types.Page, whole)
    assert (type(page.top), type(page.rest[0])) == (made.types.LinkBlock, made.types.TextBlock)
    assert to_dict(page) == whole
    assert fault(made.types.Page, {"top": {"type": "song"}}).expected == "'link' or 'text'"
    assert fault(made.types.Page, {"top": {"uri": "u"}}).pointer == "/top/type"


def test_constants_are_readable_and_typed_on_class_and_instance(tmp_path: Path) -> None:
    made = bindings(tmp_path, BLOCKS)
    block = made.types.TextBlock(text="t")
    assert block.type == made.types.TextBlock.type == "text"
    hints = typing.get_type_hints(made.types.TextBlock)
    assert hints["type"] == ClassVar[Literal["text"]]
    assert repr(block) == "TextBlock(text='t')"
    match block:
        case made.types.LinkBlock():
            pytest.fail("a text block is no link")
        case made.types.TextBlock(text=text):
            assert text == "t"
    with pytest.raises(TypeError, match="type"):
        made.types.TextBlock(text="t", type="link")


def test_a_constant_is_insisted_on_outside_of_unions_too(tmp_path: Path) -> None:
    made = bindings(tmp_path, {"TextBlock": TEXT_BLOCK, "Page": obj({"top": ref("TextBlock")})})
    assert fault(made.types.TextBlock, {"type": "song", "text": "t"}).pointer == "/type"
    assert fault(made.types.TextBlock, {"text": "t"}).pointer == "/type"
    assert fault(made.types.Page, {"top": {"type": "song", "text": "t"}}).pointer == "/top/type"


def test_a_constant_under_a_name_of_two_words(tmp_path: Path) -> None:
    made = bindings(
        tmp_path, {"A": obj({"kindOf": const("a")}), "B": obj({"kindOf": const("b")}), "U": one_of("A", "B")}
    )
    assert made.types.A().kind_of == "a"
    assert round_trip(made.types.U, {"kindOf": "b"}) == {"kindOf": "b"}


def test_an_optional_constant_is_a_field_that_may_hold_nothing_else(tmp_path: Path) -> None:
    made = bindings(tmp_path, {"A": obj({"a": TEXT}, unit=const("ms"))})
    assert decoded(made.types.A, {"a": "x"}).unit is None
    assert decoded(made.types.A, {"a": "x", "unit": "ms"}).unit == "ms"
    assert fault(made.types.A, {"a": "x", "unit": "s"}).expected == "'ms'"


def test_a_second_constant_is_a_field(tmp_path: Path) -> None:
    made = bindings(tmp_path, {"A": obj({"type": const("a"), "version": const("1")})})
    whole = {"type": "a", "version": "1"}
    assert round_trip(made.types.A, whole) == whole
    assert fault(made.types.A, {"type": "a", "version": "2"}).pointer == "/version"


def test_the_constant_that_differs_is_the_tag(tmp_path: Path) -> None:
    arms = {n: obj({"kind": const("same"), "mode": const(n.lower())}) for n in ("A", "B")}
    made = bindings(tmp_path, {**arms, "U": one_of("A", "B")})
    assert type(decoded(made.types.U, {"kind": "same", "mode": "b"})) is made.types.B
    assert fault(made.types.U, {"kind": "other", "mode": "b"}).pointer == "/kind"


def test_unions_of_unions_are_opened(tmp_path: Path) -> None:
    made = bindings(
        tmp_path, {**BLOCKS, "Sound": obj({"type": const("sound")}), "More": one_of("Block", "Sound", NULL)}
    )
    assert type(decoded(made.types.More, {"type": "sound"})) is made.types.Sound
    assert type(decoded(made.types.More, {"type": "text", "text": "t"})) is made.types.TextBlock
    assert decoded(made.types.More, None) is None


def test_members_go_by_any_number_of_names(tmp_path: Path) -> None:
    aliases = {"Words": ref("Text"), "Text": ref("TextBlock"), "Blocks": ref("Block"), "All": one_of("Blocks", NULL)}
    made = bindings(
        tmp_path, {**BLOCKS, **aliases, "Page": obj({"top": one_of("Words", "LinkBlock"), "all": ref("All")})}
    )
    page = decoded(made.types.Page, {"top": {"type": "text", "text": "t"}, "all": {"type": "link", "uri": "u"}})
    assert (type(page.top), type(page.all)) == (made.types.TextBlock, made.types.LinkBlock)


def test_untagged_members_go_by_any_number_of_names(tmp_path: Path) -> None:
    aliases = {"Alias": ref("Second"), "Second": ref("One"), "Both": one_of("Alias", "Two")}
    made = bindings(tmp_path, {"One": obj({"a": TEXT}), "Two": obj({"b": TEXT}), **aliases})
    assert type(decoded(made.types.Both, {"a": "x"})) is made.types.One
    assert type(decoded(made.types.Both, {"b": "x"})) is made.types.Two


def test_inline_members_are_named_by_their_constant(tmp_path: Path) -> None:
    arms = one_of(obj({"kind": const("a-b"), "x": TEXT}), obj({"kind": const("c")}))
    made = bindings(tmp_path, {"Home": obj({"door": arms})})
    assert type(decoded(made.types.Home, {"door": {"kind": "a-b", "x": "q"}}).door) is made.types.HomeDoorAB
    assert type(decoded(made.types.Home, {"door": {"kind": "c"}}).door) is made.types.HomeDoorC


def test_tagged_members_stand_beside_scalars_and_lists(tmp_path: Path) -> None:
    made = bindings(tmp_path, {**BLOCKS, "Page": obj({"top": one_of("Block", TEXT, array(ref("Block")), NULL)})})
    for top in ("plain", None, {"type": "text", "text": "t"}, [{"type": "link", "uri": "u"}]):
        assert round_trip(made.types.Page, {"top": top}) == {"top": top}


# -- decision lists ---------------------------------------------------------------------------------------------------


def test_a_required_key_that_no_other_member_knows(tmp_path: Path) -> None:
    contents = {"Text": obj({"uri": TEXT, "text": TEXT}), "Blob": obj({"uri": TEXT, "blob": TEXT})}
    definitions = {**contents, "Contents": one_of("Text", "Blob")}
    assert rules(definitions, "Contents") == [{"member": "Text", "key": "text"}, {"member": "Blob"}]
    made = bindings(tmp_path, definitions)
    assert type(decoded(made.types.Contents, {"uri": "u", "text": "t"})) is made.types.Text
    assert type(decoded(made.types.Contents, {"uri": "u", "blob": "b"})) is made.types.Blob
    assert fault(made.types.Contents, {"uri": "u"}).expected == "string"
    assert fault(made.types.Contents, ["u"]).expected == "object"


def test_a_required_key_within_a_required_key(tmp_path: Path) -> None:
    arms = {"One": obj({"s": obj({"a": TEXT})}), "Two": obj({"s": obj({"b": TEXT})})}
    definitions = {**arms, "Both": one_of("One", "Two")}
    assert rules(definitions, "Both") == [{"member": "One", "key": "s", "inner": "a"}, {"member": "Two"}]
    made = bindings(tmp_path, definitions)
    assert type(decoded(made.types.Both, {"s": {"a": "x"}})) is made.types.One
    assert type(decoded(made.types.Both, {"s": {"b": "x"}})) is made.types.Two
    assert fault(made.types.Both, {"s": 1}).pointer == "/s"


def test_values_that_exclude_each_other(tmp_path: Path) -> None:
    number = {"type": "string", "enum": ["number", "integer"]}
    arms = {"Num": obj({"type": number}, least=INTEGER), "Str": obj({"type": const("string")}, size=INTEGER)}
    definitions = {**arms, "Field": one_of("Num", "Str")}
    first, last = rules(definitions, "Field")
    assert first == {"member": "Num", "key": "type", "values": ("integer", "number")}
    assert last == {"member": "Str"}
    made = bindings(tmp_path, definitions)
    for kind, member in (("integer", "Num"), ("number", "Num"), ("string", "Str")):
        field = decoded(made.types.Field, {"type": kind})
        assert type(field) is getattr(made.types, member)
        assert field.type == kind
    assert fault(made.types.Field, {"type": "date"}).pointer == "/type"
    assert fault(made.types.Field, {"type": ["integer"]}).pointer == "/type"


TWINS: Node = {
    "Plain": obj({"type": const("string"), "enum": array(TEXT)}),
    "Titled": obj({"type": const("string"), "enum": array(TEXT)}, enumNames=array(TEXT)),
    "Choice": one_of("Plain", "Titled"),
}


def test_a_twin_with_one_more_optional_key(tmp_path: Path) -> None:
    assert rules(TWINS, "Choice") == [{"member": "Titled", "key": "enumNames"}, {"member": "Plain"}]
    made = bindings(tmp_path, TWINS)
    plain = {"type": "string", "enum": ["a"]}
    assert type(decoded(made.types.Choice, plain)) is made.types.Plain
    assert type(decoded(made.types.Choice, {**plain, "enumNames": ["A"]})) is made.types.Titled
    assert fault(made.types.Choice, {"enum": ["a"]}).pointer == "/type"


def test_an_object_that_is_not_what_a_key_promises_may_be_another_member(tmp_path: Path) -> None:
    made = bindings(tmp_path, TWINS)
    odd = {"type": "string", "enum": ["a"], "enumNames": 1}  # a key that `Plain` does not know, and may carry
    assert type(decoded(made.types.Choice, odd)) is made.types.Plain


def test_several_rules_in_a_row(tmp_path: Path) -> None:
    made = bindings(
        tmp_path,
        {
            **TWINS,
            "Number": obj({"type": {"type": "string", "enum": ["number", "integer"]}}),
            "Listed": obj({"type": const("array"), "items": FREE}),
            "Entry": one_of("Choice", "Number", "Listed"),
        },
    )
    samples = {
        "Plain": {"type": "string", "enum": ["a"]},
        "Titled": {"type": "string", "enum": ["a"], "enumNames": ["A"]},
        "Number": {"type": "integer"},
        "Listed": {"type": "array", "items": {"x": 1}},
    }
    for member, sample in samples.items():
        entry = decoded(made.types.Entry, sample)
        assert type(entry) is getattr(made.types, member)
        assert isinstance(entry, made.types.Entry)
        assert to_dict(entry) == sample
    assert not isinstance("text", made.types.Entry)


def test_an_untagged_union_in_a_field_gets_the_words_its_members_share(tmp_path: Path) -> None:
    definitions = {
        "TextThing": obj({"text": TEXT}),
        "BlobThing": obj({"blob": TEXT}),
        "A": obj({"a": one_of("TextThing", "BlobThing"), "n": one_of("BlobThing", "TextThing", NULL)}),
        "B": obj({"b": array(one_of("BlobThing", "TextThing"))}),
    }
    assert {rule["member"] for rule in rules(definitions, "ThingUnion")} == {"TextThing", "BlobThing"}
    made = bindings(tmp_path, definitions)
    a = decoded(made.types.A, {"a": {"blob": "b"}, "n": None})
    assert (type(a.a), a.n) == (made.types.BlobThing, None)
    assert type(decoded(made.types.A, {"a": {"blob": "b"}, "n": {"text": "t"}}).n) is made.types.TextThing
    assert type(decoded(made.types.B, {"b": [{"text": "t"}]}).b[0]) is made.types.TextThing


def test_a_named_untagged_union_serves_its_inline_copies(tmp_path: Path) -> None:
    arms = {"One": obj({"a": TEXT}), "Two": obj({"b": TEXT}), "Both": one_of("One", "Two")}
    made = bindings(tmp_path, {**arms, "Home": obj({"it": one_of("Two", "One"), "them": array(ref("Both"))})})
    home = decoded(made.types.Home, {"it": {"b": "x"}, "them": [{"a": "y"}]})
    assert (type(home.it), type(home.them[0])) == (made.types.Two, made.types.One)


# -- refusals ---------------------------------------------------------------------------------------------------------

ONE, TWO = obj({"a": TEXT}), obj({"b": TEXT})


@pytest.mark.parametrize(
    ("definitions", "name", "reason"),
    [
        ({"A": obj({"k": TEXT}), "B": obj({"k": INTEGER}), "U": one_of("A", "B")}, "U", "nothing tells A from B"),
        (
            {"R": {**obj(_meta=FREE), "additionalProperties": {}}, "A": ONE, "U": one_of("R", "A")},
            "U",
            "a union with R, which is open to every key",
        ),
        ({"A": ONE, "B": TWO, "U": one_of("A", "B", TEXT)}, "U", "an untagged union beside other types"),
        ({"A": ONE, "B": TWO, "U": one_of("A", "B", NULL)}, "U", "an untagged union beside other types"),
        (
            {"OneThing": ONE, "TwoThing": TWO, "H": obj({"u": one_of("OneThing", "TwoThing", TEXT)})},
            "H",
            "an untagged union beside other types",
        ),
        ({"A": ONE, "B": TWO, "H": obj({"u": one_of("A", "B")})}, "H", "A, B, whose names have nothing in common"),
        (
            {"OneThing": ONE, "TwoThing": TWO, "ThingUnion": TEXT, "H": obj({"u": one_of("OneThing", "TwoThing")})},
            "H",
            "a union would take the name of ThingUnion",
        ),
    ],
    ids=["indistinct", "bag", "named-beside-text", "named-beside-null", "beside-text", "nameless", "name-taken"],
)
def test_unions_without_a_rule_are_refused(definitions: Node, name: str, reason: str) -> None:
    refused(definitions, name, reason)


@pytest.mark.parametrize(
    "arms",
    [
        one_of("A", FREE),
        one_of(FREE, {**FREE, "additionalProperties": TEXT}),
        one_of(array(TEXT), array(INTEGER)),
        one_of("A", "Alias"),
        one_of("A", "Error"),
        one_of(FREE, "Fault"),
    ],
    ids=["struct-and-dict", "two-dicts", "two-lists", "struct-and-alias", "struct-and-error", "dict-and-error"],
)
def test_unions_that_no_decoder_can_be_built_for_are_refused(arms: Node) -> None:
    named = {"Alias": ref("Map"), "Map": {**FREE, "additionalProperties": TEXT}, "Fault": ref("Error")}
    error = obj({"code": INTEGER, "message": TEXT})
    refused({"A": ONE, **named, "Error": error, "H": obj({"u": arms})}, "H", "no rule for a union of")
