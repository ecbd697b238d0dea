"""URI templates: what they make of values, what they find in a URI, and what nobody gets past them."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpstruct.server.templates import TemplateError, UriTemplate
from tests.support.profile import effort

VALUES: dict[str, Any] = {
    "x": "a b/ü",
    "y": "50%",
    "n": 1.5,
    "empty": "",
    "list": ["r&d", "é"],
    "none": None,
    "nothing": [],
    "a.b": "dot",
}

# -- expanding ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "uri"),
    [
        ("db://t/{x}", "db://t/a%20b%2F%C3%BC"),
        ("db://t/{+x}", "db://t/a%20b/%C3%BC"),
        ("{+y}", "50%25"),
        ("{x,n}", "a%20b%2F%C3%BC,1.5"),
        ("{list}", "r%26d,%C3%A9"),
        ("p{#x,n}", "p#a%20b/%C3%BC,1.5"),
        ("p{.n,list}", "p.1.5.r%26d,%C3%A9"),
        ("p{/n,y}", "p/1.5/50%25"),
        ("p{/list}", "p/r%26d,%C3%A9"),
        ("p{/list*}", "p/r%26d/%C3%A9"),
        ("p{/list*,n}", "p/r%26d/%C3%A9/1.5"),
        ("p{;n,empty}", "p;n=1.5;empty"),
        ("p{?n,empty}", "p?n=1.5&empty="),
        ("p{?list}", "p?list=r%26d,%C3%A9"),
        ("p{?list*}", "p?list=r%26d&list=%C3%A9"),
        ("p?a=1{&n}", "p?a=1&n=1.5"),
        ("p?a={n}&b=2", "p?a=1.5&b=2"),
        ("{x:3}", "a%20b"),
        ("{y:2}/{x:5}", "50/a%20b%2F%C3%BC"),
        ("{a.b}", "dot"),
        ("p{/none}{?missing,nothing}{#absent}", "p"),
        ("p{/nothing*}/{empty}", "p/"),
        ("café <{n}>", "caf%C3%A9%20%3C1.5%3E"),
        ("", ""),
    ],
)
def test_values_stand_where_the_rfc_wants_them(template: str, uri: str) -> None:
    assert UriTemplate(template).expand(VALUES) == uri


@pytest.mark.parametrize("value", [True, b"x", {"k": "v"}, [1], object()])
def test_a_value_of_another_type_is_refused_by_name(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^who must be"):
        UriTemplate("{who}").expand({"who": value})


def test_a_lone_surrogate_has_no_encoding() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        UriTemplate("{x}").expand({"x": "\ud800"})


# -- templates that are none -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "position", "reason"),
    [
        ("a{b", 1, "lone"),
        ("a}b", 1, "lone"),
        ("a{b{c}", 1, "lone"),
        ("{}", 1, "no variable"),
        ("{a,}", 3, "no variable"),
        ("{a b}", 1, "no variable"),
        ("{=a}", 1, "no variable"),
        ("{a:0}", 1, "no variable"),
        ("{a:3*}", 1, "no variable"),
        ("{a*}", 1, "for variables of a path or a query"),
        ("100%/{a}", 3, "hexadecimal"),
        ("{a}{b}", 4, "nothing tells where 'b' begins"),
        ("{+a}{/b*}", 6, "nothing tells where 'b' begins"),
        ("{/a*,b*}", 5, "nothing tells where 'b' begins"),
        ("{/a*}{b}", 6, "nothing tells where 'b' begins"),
        ("{a}/{a}", 5, "stands twice"),
        ("{a}?q={a}", 7, "stands twice"),
        ("p?q=1{&q}", 5, "stands twice"),
        ("p{&q}", 1, "can't stand here"),
        ("p#{?q}", 2, "can't stand here"),
        ("p#a{#q}", 3, "can't stand here"),
        ("p{?q}/x", 1, "a query is"),
        ("p{?q}{&r}", 1, "a query is"),
        ("p?q={a}-{b}", 4, "a query is"),
        ("p?{a}", 2, "a query is"),
        ("p?q={+a}", 5, "one variable"),
        ("p?q={a,b}", 5, "one variable"),
    ],
)
def test_what_is_no_template_is_refused_where_it_goes_wrong(template: str, position: int, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)) as caught:
        UriTemplate(template)
    assert isinstance(caught.value, TemplateError)
    assert caught.value.position == position
    assert str(caught.value).endswith(f"at position {position}")


def test_a_template_shows_itself() -> None:
    template = UriTemplate("db://{table}{/row,col}{?limit}")
    assert template.names == ("table", "row", "col", "limit")
    assert repr(template) == "UriTemplate('db://{table}{/row,col}{?limit}')"
    assert template.text == "db://{table}{/row,col}{?limit}"


# -- matching ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "uri", "values"),
    [
        ("time://now", "time://now", {}),
        ("users/{id}", "users/42", {"id": "42"}),
        ("users/{id}", "users/a%20b", {"id": "a b"}),
        ("users/{id}", "users/Zoë@home", {"id": "Zoë@home"}),
        ("café/{id}", "café/1", {"id": "1"}),
        ("café/{id}", "caf%C3%A9/1", {"id": "1"}),
        ("users/{id}/posts/{post}", "users/1/posts/2", {"id": "1", "post": "2"}),
        ("{name}.{ext}", "a.tar.gz", {"name": "a", "ext": "tar.gz"}),
        ("{name}.md", "x.md.md", {"name": "x.md"}),
        ("{a}-{b}", "--x", {"a": "-", "b": "x"}),
        ("{x,y}", "1,2", {"x": "1", "y": "2"}),
        ("{code:3}", "abc", {"code": "abc"}),
        ("file://{+path}", "file:///etc/hosts", {"path": "/etc/hosts"}),
        ("{+path}.{ext}", "docs/v1.2/readme.md", {"path": "docs/v1.2/readme", "ext": "md"}),
        ("{+path}/{name}", "a/b/c", {"path": "a/b", "name": "c"}),
        ("{a}/{+path}/{b}", "1/2/3/4", {"a": "1", "path": "2/3", "b": "4"}),
        ("{+a}//{+b}", "1/2//3//4", {"a": "1/2", "b": "3//4"}),
        ("x{/a,b}", "x/1/2", {"a": "1", "b": "2"}),
        ("x{/path*}", "x/1/2", {"path": ["1", "2"]}),
        ("x{/path*}", "x", {"path": []}),
        ("{x}{/path*}", "x", {"x": "x", "path": []}),
        ("{x}{/path*}", "x/y/z", {"x": "x", "path": ["y", "z"]}),
        ("{x}{/path*}.z", "x/y.z", {"x": "x", "path": ["y"]}),
        ("x{/path*,name}", "x/1/2/3", {"path": ["1", "2"], "name": "3"}),
        ("{/a*}/-{/b*}", "/1/2/-/3", {"a": ["1", "2"], "b": ["3"]}),
        ("x{.a,b}", "x.1.2", {"a": "1", "b": "2"}),
        ("x{;a,b}/y", "x;a=1;b=2/y", {"a": "1", "b": "2"}),
        ("x{#part}", "x#a/b", {"part": "a/b"}),
        ("x#{part}", "x#a", {"part": "a"}),
        ("x{?q,r}#top", "x?r=1#top", {"r": "1"}),
        ("x{?q,r}", "x", {}),
        ("x{?q,r}", "x?", {}),
        ("x{?q,r}", "x?r=2&q=a%26b", {"q": "a&b", "r": "2"}),
        ("x{?q}", "x?q=and/or", {"q": "and/or"}),
        ("x{?q}", "x?q=a=b", {"q": "a=b"}),
        ("x{?q}", "x?q", {"q": ""}),
        ("x{?q*}", "x?q=1&q=2", {"q": ["1", "2"]}),
        ("x?v=1&q={query}{&r}", "x?r=3&q=2&v=1", {"query": "2", "r": "3"}),
        ("x?flag", "x?flag", {}),
        ("x?", "x", {}),
    ],
)
def test_values_are_found_in_a_uri(template: str, uri: str, values: dict[str, Any]) -> None:
    assert UriTemplate(template).match(uri) == values


@pytest.mark.parametrize(
    ("template", "uri"),
    [
        ("time://now", "time://now/"),
        ("time://now", "TIME://now"),
        ("time://now", "time://now?x=1"),
        ("time://now", "time://now#"),
        ("users/{id}", "users/"),
        ("users/{id}", "users/1/2"),
        ("users/{id}", "users/1?x=2"),
        ("users/{id}", "users/1#x"),
        ("users/{id}", "users/%F"),
        ("users/{id}", "users/%FF"),
        ("users/{id}", "users/\ud800"),
        ("ab{x}bc", "abc"),
        ("{code:3}", "abcd"),
        ("{a}-{b}", "-x"),
        ("x{/path*}", "xy"),
        ("x{/path*}", "x/"),
        ("x{/path*}", "x/1//2"),
        ("x{;a,b}", "x;b=2;a=1"),
        ("x{?q}", "x?q=1&q=2"),
        ("x{?q}", "x?q=1&debug=1"),
        ("x{?q}", "x?q=1&"),
        ("x{?q}", "x?q=%"),
        ("x?v=1&q={q}", "x?q=2"),
        ("x?v=1&q={q}", "x?v=2&q=2"),
        ("x?v=1&q={q}", "x?v=1&v=1&q=2"),
        ("x{#part}", "x"),
        ("x{#part}", "x#"),
    ],
)
def test_another_uri_has_no_values(template: str, uri: str) -> None:
    assert UriTemplate(template).match(uri) is None


def test_a_uri_is_no_longer_than_the_limit() -> None:
    assert UriTemplate("x/{a}").match("x/" + "a" * 8190) is not None
    assert UriTemplate("x/{a}").match("x/" + "a" * 8191) is None
    assert UriTemplate("x/{a}", max_length=4).match("x/abc") is None


# -- traversal ---------------------------------------------------------------------------------------------------------

DOTS = ["..", ".", "%2e%2E", ".%2e", "%2E"]
OUTSIDE = [
    *(("file:///data/{x}", f"file:///data/{dots}") for dots in DOTS),
    *(("file:///data/{x}", f"file:///data/a{slash}b") for slash in ["/", "%2F", "%2f", "\\", "%5C", "%5c"]),
    *(("file:///data/{+x}", f"file:///data/{dots}{slash}b") for dots in DOTS for slash in ["/", "%2F", "\\", "%5c"]),
    *(("file:///data/{+x}", f"file:///data/a{slash}{dots}") for dots in DOTS for slash in ["/", "%2F", "\\", "%5c"]),
    *(("file:///data{/x*}", f"file:///data/a/{dots}/b") for dots in DOTS),
    *(("file:///data{/x*}", f"file:///data/a/b{slash}c") for slash in ["%2F", "\\", "%5C"]),
    ("file:///data{/x*}", "file:///data/%2Fetc"),
    *(("x{/x}", f"x/{dots}") for dots in DOTS),
    *(("x{?x}", f"x?x=a/{dots}/b") for dots in DOTS),
    *(("x?y={x}", f"x?y={dots}") for dots in DOTS),
    *(("x{#x}", f"x#{dots}/a") for dots in DOTS),
    *((template, template.replace("{" + "+x}", "a%00").replace("{x}", "%00")) for template in ["x/{+x}", "x/{x}"]),
]


@pytest.mark.parametrize(("template", "uri"), OUTSIDE)
def test_no_value_leads_out_of_its_place(template: str, uri: str) -> None:
    assert UriTemplate(template).match(uri) is None


@pytest.mark.parametrize("value", ["...", ".hidden", "a..b", "..a", "%252e%252e", "%252F"])
def test_dots_that_lead_nowhere_are_values(value: str) -> None:
    found = UriTemplate("x/{x}").match(f"x/{value}")
    assert found == {"x": value.replace("%25", "%")}


@pytest.mark.parametrize(
    ("template", "uri", "value"),
    [
        ("x/{x}", "x/%2e%2e", ".."),
        ("x/{x}", "x/a%2Fb", "a/b"),
        ("x/{+x}", "x/../b", "../b"),
        ("x{/x*}", "x/../%2Fb", ["..", "/b"]),
    ],
)
def test_traversal_may_be_allowed(template: str, uri: str, value: Any) -> None:
    assert UriTemplate(template).match(uri) is None
    assert UriTemplate(template, allow_traversal=True).match(uri) == {"x": value}


def test_a_raw_slash_and_nul_are_never_allowed_in_a_plain_variable() -> None:
    template = UriTemplate("x/{x}", allow_traversal=True)
    assert template.match("x/a/b") is None
    assert template.match("x/%00") is None


# -- properties --------------------------------------------------------------------------------------------------------


def dotted(text: str) -> bool:
    return not {".", ".."}.isdisjoint(re.split(r"[/\\]", text))


def texts(without: str, **options: Any) -> st.SearchStrategy[str]:
    characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0" + without)
    odd = st.sampled_from([c for c in "%/\\.,;?&=#+- é~:" if c not in without])
    return st.text(odd | characters, **options).filter(lambda text: not dotted(text))


plain = texts("/\\", min_size=1)
# Reserved characters, which plain values never hold unencoded: so a value never holds the literal that ends it.
separators = st.sampled_from(["/", "!", ":", "/x/", "@y/", "//", "(z)"])


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A template and values that a URI of it gives back; at most one of its variables goes past slashes."""
    values: dict[str, Any] = {}
    template = ["s:"]

    def name(strategy: st.SearchStrategy[Any]) -> str:
        made = f"v{len(values)}"
        values[made] = draw(strategy)
        return made

    def some() -> str:
        shape = draw(st.sampled_from(["%s{%s}", "%s{%s,%s}", "%s{/%s}", "%s{;%s}", "%s{;%s,%s}", "%s{/%s,%s}"]))
        return shape % (draw(separators), *(name(plain) for _ in range(shape.count("%s") - 1)))

    template += [some() for _ in range(draw(st.integers(0, 3)))]
    wide = draw(st.sampled_from(["", "+", "*"]))
    if wide == "+":
        template.append(f"{draw(separators)}{{+{name(texts('?#%', min_size=1))}}}")
    elif wide:
        template.append(f"{{/{name(st.lists(plain))}*}}")
    template += [some() for _ in range(draw(st.integers(0, 2)))]
    anything = texts("")
    query = draw(st.sampled_from(["", "{?%s}", "{?%s,%s*}", "?k=v{&%s,%s*}"]))
    kinds = (anything, st.lists(anything, min_size=1))
    template.append(query % tuple(name(kind) for kind in kinds[: query.count("%s")]))
    if draw(st.booleans()):
        template.append(f"{{#{name(texts('%', min_size=1))}}}")
    return "".join(template), values


@effort(300)
@given(cases())
def test_what_was_put_in_comes_out(case: tuple[str, dict[str, Any]]) -> None:
    template = UriTemplate(case[0], max_length=10**6)
    uri = template.expand(case[1])
    assert re.fullmatch(r"(?:[!#$&-;=?@A-Z\[\]_a-z~]|%[0-9A-F]{2})*", uri)
    assert template.match(uri) == case[1]
    assert set(template.names) == set(case[1])


TEMPLATES = [
    "{a}",
    "{a}/{b}",
    "{+a}",
    "a{/b*}",
    "{a}{/b*}.{c}",
    "{+a}/{b}",
    "{a}-{b}-{c}-{d}",
    "{+a}-{+b}-{+c}",
    "{/a*}-{b}-{+c}",
    "{a}{?b,c*}",
    "a?b={b}{&c*}",
    "{a}{;b,c}{#d}",
    "{a:3}{.b,c}",
]
adversarial = st.text(st.sampled_from("ab/-.%2FfEe5Cc0?#&=;,{}\\\0é\ud800"))


@pytest.mark.parametrize("traversal", [False, True])
@effort(100)
@given(uri=adversarial | st.text(st.characters()))
def test_no_uri_breaks_a_template(traversal: bool, uri: str) -> None:
    for text in TEMPLATES:
        template = UriTemplate(text, allow_traversal=traversal)
        values = template.match(uri)
        if values is not None:
            assert set(values) <= set(template.names)
            found = [v for value in values.values() for v in ([value] if isinstance(value, str) else value)]
            assert not any("\0" in value for value in found)
            assert traversal or not any(map(dotted, found))


@effort(100)
@given(adversarial)
def test_any_text_is_a_template_or_refused(text: str) -> None:
    with suppress(ValueError):
        UriTemplate(text).match(text)


# A scan that tried things twice would take minutes over these: they almost match at every step.
REPEATED = [
    "a",
    "/",
    "-",
    ".",
    "a-",
    "-/",
    "a/",
    "%2F",
    "%",
    "%41",
    "%C3%A9",
    "%C3",
    "é",
    "\\",
    ";b=",
    "&c=1",
    "?",
    "#",
]


@pytest.mark.parametrize("repeated", REPEATED)
def test_work_grows_with_the_length_alone(repeated: str) -> None:
    for text in TEMPLATES:
        template = UriTemplate(text, max_length=10**6)
        for head, tail in [("", ""), ("a", "-"), ("a?b=", "\0"), ("a?c=1", ""), ("a;b=", "#d"), ("-" * 500, "/")]:
            template.match(head + repeated * (100_000 // len(repeated)) + tail)
