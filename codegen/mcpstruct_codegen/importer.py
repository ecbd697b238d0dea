"""Import: one upstream schema comes in, its prose stripped, its keys in a stable order, its provenance noted."""

from __future__ import annotations

import http.client
import json
import re
import tomllib
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from .schemas import GeneratorError, definitions_of, digest, is_array, is_node
from .wellformed import check_definitions

PROSE = ("description", "$comment", "title", "examples")
NAME_MAPS = ("$defs", "definitions", "properties", "patternProperties")
REVISION = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
SIZE_LIMIT = 16 * 1024 * 1024
FETCH_SECONDS = 30
INDEX = "revisions.toml"
HEADER = "# Where each vendored schema came from. Written by `make bump`; the oldest revision first.\n"
Index = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Import:
    """One schema on its way into `schema/`: nothing is written yet."""

    revision: str
    document: dict[str, Any]
    row: dict[str, Any]
    index: Index

    def files(self, *, draft: bool) -> dict[str, str]:
        """What the import writes under `schema/`: file name → text."""
        row = {**self.row, **({"draft": True} if draft else {})}
        index = {**self.index, self.revision: row}
        return {f"{self.revision}.json": render(self.document), INDEX: render_index(index)}

    @property
    def draft(self) -> bool:
        """Whether the revision is vendored already, and marked as a draft."""
        return bool(self.index.get(self.revision, {}).get("draft"))


def incoming(directory: Path, revision: str, source: str, provenance: str = "", *, force: bool = False) -> Import:
    """Read a schema from a path or URL; refused unless it can become a revision of `directory`.

    `provenance` says where it was published, as `URL@COMMIT`. `force` replaces a revision vendored from other bytes.
    """
    if not REVISION.match(revision):
        raise GeneratorError(f"{revision!r} is no revision: those are dates such as 2025-11-25")
    data = read_source(source)
    document = parse(data, source)
    index = read_index(directory)
    known = index.get(revision, {})
    sha256 = digest(data)
    if known and known["sha256"] != sha256 and not force:
        raise GeneratorError(
            f"{revision} is vendored already, from another schema (sha256 {known['sha256'][:12]}…, this one "
            f"{sha256[:12]}…); say FORCE=1 to replace it"
        )
    url, _, commit = provenance.rpartition("@") if "@" in provenance else (provenance, "", "")
    row = {
        "era": era_of(document),
        "source": url or known.get("source") or (source if "://" in source else "a local file"),
        "commit": commit or known.get("commit", ""),
        "sha256": sha256,
    }
    return Import(revision, document, row, index)


def read_source(source: str) -> bytes:
    """The bytes of a schema, from a path or an http(s) URL; at most 16 MiB, within 30 s."""
    try:
        data = fetch(source) if "://" in source else Path(source).read_bytes()
    except urllib.error.HTTPError as error:
        raise GeneratorError(f"{source}: the server answered {error.code}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "strerror", None) or getattr(error, "reason", None) or error
        raise GeneratorError(f"{source}: {reason}") from None
    if len(data) > SIZE_LIMIT:
        raise GeneratorError(f"{source}: larger than {SIZE_LIMIT} bytes")
    return data


def fetch(url: str) -> bytes:
    """What stands at an http(s) URL, up to just beyond the size limit."""
    if not url.startswith(("https://", "http://")):
        raise ValueError("only http and https URLs are fetched")
    with urllib.request.urlopen(url, timeout=FETCH_SECONDS) as answer:  # noqa: S310 - the scheme is checked above
        return cast("bytes", answer.read(SIZE_LIMIT + 1))


def parse(data: bytes, name: str) -> dict[str, Any]:
    """The stripped document; refused unless it is a JSON object with definitions that can be read."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise GeneratorError(f"{name}: not JSON ({error})") from None
    try:
        definitions_of(document)
        stripped = cast("dict[str, Any]", strip_prose(document))
        check_definitions(definitions_of(stripped))
    except GeneratorError as error:
        raise GeneratorError(f"{name}: {error}") from None
    except RecursionError:
        raise GeneratorError(f"{name}: nested too deeply") from None
    return stripped


def strip_prose(node: Any) -> Any:
    """The schema without its sentences. Under `properties` and its like the keys are names and stay."""
    if is_array(node):
        return [strip_prose(x) for x in node]
    if not is_node(node):
        return node
    out: dict[str, Any] = {}
    for key, value in node.items():
        if key in NAME_MAPS and is_node(value):
            out[key] = {name: strip_prose(child) for name, child in value.items()}
        elif key in ("const", "enum", "default"):
            out[key] = value
        elif not (key in PROSE and isinstance(value, (str, list))):
            out[key] = strip_prose(value)
    return out


def era_of(document: dict[str, Any]) -> str:
    """`legacy` where a connection opens with a handshake, `modern` where every request stands alone."""
    return "legacy" if "InitializeRequest" in definitions_of(document) else "modern"


def render(document: dict[str, Any]) -> str:
    """The vendored text: one byte sequence for one schema."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def read_index(directory: Path) -> Index:
    """`revisions.toml` as it is; empty before the first import."""
    path = directory / INDEX
    return tomllib.loads(path.read_text("utf-8")) if path.exists() else {}


def render_index(index: Index) -> str:
    """`revisions.toml`."""
    tables = [HEADER]
    for revision, row in sorted(index.items()):
        lines = [f'["{revision}"]']
        lines += [f"{k} = {'true' if v is True else json.dumps(v, ensure_ascii=False)}" for k, v in row.items()]
        tables.append("\n".join(lines) + "\n")
    return "\n".join(tables)
