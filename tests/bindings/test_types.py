"""What it is like to work with the generated types: names, construction, constants, absence, numbers, open objects."""

from __future__ import annotations

import copy
import inspect
import json
import pickle
import re
from typing import Any, get_args

import msgspec
import pytest
from msgspec import UNSET

from mcpstruct.base.bag import Bag, Known
from mcpstruct.base.codec import from_json, to_dict, to_json
from mcpstruct.base.untagged import UntaggedUnion
from tests.support.recording import PACKAGES, module_of, specimen
from tests.support.revisions import revisions

every_package = pytest.mark.parametrize("package", PACKAGES)
# What the bindings deliberately leave out: JSON-RPC envelopes, root unions, wrapped results and errors, base types.
LEFT_OUT = re.compile(
    r"^JSONRPC\w+$|^(Client|Server)(Request|Notification|Result)$|\w+ResultResponse$|\w*Error$"
    r"|^(Request|Notification|PaginatedRequest|PaginatedResult|CacheableResult|TaskAugmentedRequestParams|BaseMetadata"
    r"|Icons|ResourceContents|ResourceRequestParams|InputResponseRequestParams)$"
)
SHARED = "v2025_11_25"
types = module_of(SHARED, "types")


def structs(package: str) -> list[type[Any]]:
    """The Structs that a package defines."""
    found = vars(module_of(package, "types")).values()
    return [tp for tp in found if isinstance(tp, type(msgspec.Struct)) and tp.__module__.endswith(f"{package}.types")]


def bags(package: str) -> list[type[Bag]]:
    """The open objects that a package defines."""
    found = vars(module_of(package, "types")).values()
    return [tp for tp in found if inspect.isclass(tp) and issubclass(tp, Bag) and tp is not Bag]


# -- names --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("revision", revisions())
def test_every_definition_is_there_under_its_name(revision: str) -> None:
    names = vars(module_of(f"v{revision.replace('-', '_')}", "types"))
    missing = {name for name in revisions()[revision].definitions if name not in names}
    assert {name for name in missing if not LEFT_OUT.match(name)} == set()


@every_package
def test_no_name_is_numbered(package: str) -> None:
    assert [name for name in vars(module_of(package, "types")) if re.search(r"\d$", name)] == []


@every_package
def test_merged_has_every_name_of_every_revision(package: str) -> None:
    renamed = {"ResourceReference", "ElicitRequestParamsRequestedSchema"}  # see the overrides
    public = {tp.__name__ for tp in (*structs(package), *bags(package))}
    assert public - vars(module_of("merged", "types")).keys() <= renamed


@every_package
def test_attributes_are_the_wire_names_in_snake_case(package: str) -> None:
    for tp in structs(package):
        for field in msgspec.structs.fields(tp):
            words = re.sub(r"([A-Z])", r"_\1", field.encode_name.lstrip("_$")).lower()
            assert field.name == words, f"{tp.__name__}.{field.encode_name}"


@every_package
def test_every_type_says_what_it_is(package: str) -> None:
    for tp in (*structs(package), *bags(package)):
        assert inspect.getdoc(tp), tp.__name__


# -- construction -------------------------------------------------------------------------------------------------


def test_fields_are_given_by_name() -> None:
    content = types.TextContent(text="x")
    assert (content.text, content.annotations) == ("x", None)
    for wrong in (lambda: types.TextContent("x"), types.TextContent, lambda: types.TextContent(text="x", y=1)):
        with pytest.raises(TypeError):
            wrong()


@every_package
def test_every_field_is_given_by_name(package: str) -> None:
    for tp in structs(package):
        kinds = {p.kind for p in inspect.signature(tp).parameters.values()}
        assert kinds <= {inspect.Parameter.KEYWORD_ONLY}, tp.__name__


def test_values_are_mutable_comparable_and_copied() -> None:
    content = types.TextContent(text="x", annotations=types.Annotations(priority=1))
    twin = copy.deepcopy(content)
    assert twin == content
    twin.annotations.priority = 0
    assert twin != content
    assert msgspec.structs.replace(content, text="y").text == "y"
    assert "text='x'" in repr(content)
    assert content != types.ImageContent(data="x", mime_type="y")


@every_package
def test_every_type_survives_copies_and_pickles(package: str) -> None:
    for tp in (*structs(package), *bags(package)):
        plain = specimen(tp)
        value = from_json(tp, to_json(plain))
        assert type(value) is tp
        for twin in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):  # noqa: S301
            assert type(twin) is tp
            assert twin == value
            assert to_dict(twin) == plain
        assert repr(value).startswith(tp.__name__)


# -- constants ----------------------------------------------------------------------------------------------------


@every_package
def test_constants_are_attributes_of_the_type_and_of_every_value(package: str) -> None:
    for tp in structs(package):
        config = tp.__struct_config__
        if config.tag_field is None:
            continue
        (attribute,) = (k for k, v in vars(tp).items() if v == config.tag and not k.startswith("__"))
        value = from_json(tp, to_json(specimen(tp, full=False)))
        assert getattr(value, attribute) == config.tag
        assert to_dict(value)[config.tag_field] == config.tag
        with pytest.raises(AttributeError):
            setattr(value, attribute, "other")
        with pytest.raises(TypeError):
            msgspec.structs.replace(value, **{attribute: config.tag})


def test_constants_tell_the_members_of_a_union_apart() -> None:
    blocks = [specimen(tp) for tp in get_args(types.ContentBlock)]
    decoded = from_json(list[types.ContentBlock], to_json(blocks))
    assert [block.type for block in decoded] == ["text", "image", "audio", "resource_link", "resource"]
    match decoded[0]:
        case types.TextContent(text=text):
            assert text == blocks[0]["text"]
        case _:
            pytest.fail("a text block matches its own class")


# -- absence ------------------------------------------------------------------------------------------------------


@every_package
def test_what_is_absent_is_not_sent(package: str) -> None:
    for tp in structs(package):
        plain = specimen(tp, full=False)
        value = from_json(tp, to_json(plain))
        assert json.loads(to_json(value)) == plain, tp.__name__
        for field in msgspec.structs.fields(tp):
            if not field.required:
                assert getattr(value, field.name) in (None, UNSET), f"{tp.__name__}.{field.name}"


def test_falsy_is_not_absent() -> None:
    assert to_dict(types.CallToolResult(content=[], is_error=False)) == {"content": [], "isError": False}
    assert to_dict(types.TextContent(text=""))["text"] == ""
    assert to_dict(types.ProgressNotificationParams(progress=0, progress_token=0, total=0)) == {
        "progress": 0,
        "progressToken": 0,
        "total": 0,
    }


def test_setting_to_none_takes_away() -> None:
    content = types.TextContent(text="x", annotations=types.Annotations(priority=1))
    content.annotations = None
    assert to_dict(content) == {"type": "text", "text": "x"}


# -- numbers and ids ----------------------------------------------------------------------------------------------


@every_package
@pytest.mark.parametrize("request_id", [7, -7, 0, 2**53, 2**70, "7", "", "ä", "1.0"])
def test_ids_keep_their_type(package: str, request_id: int | str) -> None:
    tp = module_of(package, "types").CancelledNotificationParams
    value = from_json(tp, to_json({"requestId": request_id}))
    assert (type(value.request_id), value.request_id) == (type(request_id), request_id)
    assert to_dict(value) == {"requestId": request_id}


@every_package
@pytest.mark.parametrize("number", [b"3", b"3.0", b"-1", b"0.5", b"100000000000000000000", b"1e300"])
def test_numbers_keep_their_type(package: str, number: bytes) -> None:
    tp = module_of(package, "types").ProgressNotificationParams
    value = from_json(tp, b'{"progress":%b,"progressToken":1}' % number)
    assert type(value.progress) is type(json.loads(number))
    assert to_json(value.progress) == number
    assert to_json(value).count(number) == 1


@pytest.mark.parametrize("number", [b"0", b"1", b"0.25", b"1.0"])
def test_bounded_numbers_keep_their_type(number: bytes) -> None:
    value = from_json(types.Annotations, b'{"priority":%b}' % number)
    assert to_json(value) == b'{"priority":%b}' % number


# -- open objects -------------------------------------------------------------------------------------------------


@every_package
def test_bags_are_dicts_that_keep_every_key(package: str) -> None:
    for tp in bags(package):
        plain = {"example.com/first": None, **specimen(tp), "example.com/last": {"deep": [1, 2.0, "x", None]}}
        bag = from_json(tp, to_json(plain))
        assert isinstance(bag, dict)
        assert bag == plain
        assert list(bag) == list(plain)
        assert to_json(bag) == to_json(plain)


@every_package
def test_known_keys_read_and_write_as_attributes(package: str) -> None:
    for tp in bags(package):
        full = from_json(tp, to_json(specimen(tp)))
        empty = tp()
        for name, known in vars(tp).items():
            if isinstance(known, Known):
                assert getattr(empty, name) is None
                setattr(empty, name, getattr(full, name))
                assert to_dict(empty)[known.key] == to_dict(full)[known.key]
                setattr(empty, name, None)
                assert known.key not in empty
                assert getattr(tp, name) is known


def test_a_known_key_reads_as_its_type() -> None:
    modern = module_of("v2026_07_28", "types")
    meta = modern.RequestMetaObject({"io.modelcontextprotocol/clientInfo": {"name": "n", "version": "1"}, "x": 1})
    assert meta.client_info == modern.Implementation(name="n", version="1")
    meta.client_info = modern.Implementation(name="m", version="2")
    assert to_dict(meta) == {"io.modelcontextprotocol/clientInfo": {"name": "m", "version": "2"}, "x": 1}
    assert meta.client_info.name == "m"


def test_a_bag_has_no_other_attributes() -> None:
    with pytest.raises(AttributeError):
        types.RequestMetaObject().progres_token = 1


def test_open_maps_keep_every_key() -> None:
    capabilities = {"experimental": {"vendor": {"a": [None]}}, "logging": {"b": 1}}
    assert to_dict(from_json(types.ServerCapabilities, to_json(capabilities))) == capabilities
    call = {"name": "x", "arguments": {"a": {"b": [1, 2.5, None, True, "x"]}}}
    assert to_dict(from_json(types.CallToolRequestParams, to_json(call))) == call
    result = {"content": [], "structuredContent": {"a": {"b": [1, 2.5, None]}}}
    assert to_dict(from_json(types.CallToolResult, to_json(result))) == result


# -- untagged unions ----------------------------------------------------------------------------------------------


@every_package
def test_untagged_unions_know_their_members(package: str) -> None:
    namespace = vars(module_of(package, "types"))
    unions = [tp for tp in namespace.values() if isinstance(tp, UntaggedUnion)]
    assert len(unions) >= 1
    for union in unions:
        for member in union.__members__():
            value = from_json(union, to_json(specimen(member)))
            assert type(value) is member
            assert isinstance(value, union)
            assert to_dict(value) == specimen(member)
        for other in (None, {}, "x", types.Annotations()):
            assert not isinstance(other, union)


def test_an_untagged_union_reads_its_most_telling_key() -> None:
    union = types.ResourceContentsUnion
    assert type(from_json(union, b'{"uri":"x","text":"a"}')) is types.TextResourceContents
    assert type(from_json(union, b'{"uri":"x","blob":"a"}')) is types.BlobResourceContents
    assert type(from_json(union, b'{"uri":"x","blob":"a","text":5}')) is types.BlobResourceContents
