"""`bump`: one upstream schema comes in, its prose stripped, its keys in a stable order, its provenance noted."""

from __future__ import annotations

import json
import tomllib
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from .schemas import GeneratorError, Schema, definitions_of, digest, load_all

PROSE = ("description", "$comment", "title", "examples")
NAME_MAPS = ("$defs", "definitions", "properties", "patternProperties")
SIZE_LIMIT = 16 * 1024 * 1024
FETCH_SECONDS = 30
UPSTREAM = "https://github.com/modelcontextprotocol/modelcontextprotocol"
HEADER = "# Where each vendored schema came from. Written by `make bump`; the oldest revision first.\n"


def strip_prose(node: Any) -> Any:
    """The schema without its sentences. Under `properties` and its like the keys are names and stay."""
    if isinstance(node, list):
        return [strip_prose(x) for x in node]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(node, dict):
        return node
    out: dict[str, Any] = {}
    for key, value in node.items():  # pyright: ignore[reportUnknownVariableType]
        if key in NAME_MAPS and isinstance(value, dict):
            out[key] = {name: strip_prose(child) for name, child in value.items()}  # pyright: ignore
        elif key not in ("const", "enum", "default") and key in PROSE and isinstance(value, (str, list)):
            continue
        else:
            out[str(key)] = strip_prose(value)  # pyright: ignore[reportUnknownArgumentType]
    return out


def read_source(source: str) -> bytes:
    """The bytes of a schema, from a path or an http(s) URL; at most 16 MiB, within 30 s."""
    if "://" not in source:
        try:
            return Path(source).read_bytes()
        except OSError as error:
            raise GeneratorError(f"{source}: {error.strerror}") from None
    if not source.startswith(("https://", "http://")):
        raise GeneratorError(f"{source}: only http and https URLs are fetched")
    try:
        with urllib.request.urlopen(source, timeout=FETCH_SECONDS) as answer:  # noqa: S310 - the scheme is checked above
            data: bytes = answer.read(SIZE_LIMIT + 1)
    except (urllib.error.URLError, TimeoutError, OSError, ValueError) as error:
        raise GeneratorError(f"{source}: {getattr(error, 'reason', error)}") from None
    if len(data) > SIZE_LIMIT:
        raise GeneratorError(f"{source}: larger than {SIZE_LIMIT} bytes")
    return data


def parse(data: bytes, name: str) -> dict[str, Any]:
    """The stripped document; refused unless it is a JSON object with definitions."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise GeneratorError(f"{name}: not JSON ({error})") from None
    try:
        definitions_of(document)
    except GeneratorError as error:
        raise GeneratorError(f"{name}: {error}") from None
    return strip_prose(document)


def era_of(document: dict[str, Any]) -> str:
    """`legacy` where a connection opens with a handshake, `modern` where every request stands alone."""
    return "legacy" if "InitializeRequest" in definitions_of(document) else "modern"


def render(document: dict[str, Any]) -> str:
    """The vendored text: one byte sequence for one schema."""
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def imported(directory: Path, revision: str, source: str, provenance: str, force: bool) -> dict[Path, str]:
    """The files of `schema/` as they are after the import; nothing is written here."""
    data = read_source(source)
    document = parse(data, source)
    sha256 = digest(data)
    index_path = directory / "revisions.toml"
    index: dict[str, dict[str, Any]] = tomllib.loads(index_path.read_text("utf-8")) if index_path.exists() else {}
    known = index.get(revision)
    if known is not None and known["sha256"] != sha256 and not force:
        raise GeneratorError(
            f"{revision} is vendored already, from another schema (sha256 {known['sha256'][:12]}…, this one "
            f"{sha256[:12]}…); say FORCE=1 to replace it"
        )
    url, _, commit = provenance.rpartition("@") if "@" in provenance else (provenance, "", "")
    row: dict[str, Any] = {
        "era": era_of(document),
        "source": url or (known or {}).get("source") or (source if "://" in source else "a local file"),
        "commit": commit or (known or {}).get("commit", ""),
        "sha256": sha256,
    }
    if known.get("draft") if known else index:
        row["draft"] = True
    index[revision] = row
    return {directory / f"{revision}.json": render(document), index_path: render_index(index)}


def render_index(index: dict[str, dict[str, Any]]) -> str:
    """`revisions.toml`."""
    tables = [HEADER]
    for revision, row in sorted(index.items()):
        lines = [f'["{revision}"]']
        lines += [f"{k} = {'true' if v is True else json.dumps(v)}" for k, v in row.items()]
        tables.append("\n".join(lines) + "\n")
    return "\n".join(tables)


def previous(directory: Path, revision: str) -> Schema | None:
    """The newest vendored revision older than this one."""
    older = [s for s in load_all(directory) if s.revision < revision]
    return older[-1] if older else None
