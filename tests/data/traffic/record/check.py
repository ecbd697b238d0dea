"""Check recordings against the protocol's JSON Schemas: python check.py SCHEMA_DIRECTORY RECORDING.jsonl...

Needs `pip install jsonschema`. SCHEMA_DIRECTORY holds REVISION/schema.json or REVISION.json. A request, a notification
and a result are checked as what the schema names for their method; a result's method is that of the request with its
id from the other side, as the recording's .sides tells. A method that the schema lacks is reported, and only its
envelope is checked.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import validators

Definitions = dict[str, Any]
RESULTS = {  # where the name does not follow from that of the request
    "ping": "EmptyResult",
    "logging/setLevel": "EmptyResult",
    "resources/subscribe": "EmptyResult",
    "resources/unsubscribe": "EmptyResult",
}


class Schema:
    """One revision's schema."""

    def __init__(self, path: Path) -> None:
        document = json.loads(path.read_bytes())
        self.key = "$defs" if "$defs" in document else "definitions"
        self.definitions: Definitions = document[self.key]
        self.validator = validators.validator_for(document)
        self.methods = dict(self._methods())

    def _methods(self) -> Iterator[tuple[str, str]]:
        for name, definition in self.definitions.items():
            method = definition.get("properties", {}).get("method", {}).get("const")
            if method is not None:
                yield method, name

    def errors(self, name: str, value: Any) -> list[str]:
        """What is wrong with `value` as the definition `name`."""
        schema = {"$ref": f"#/{self.key}/{name}", self.key: self.definitions}
        found = self.validator(schema).iter_errors(value)
        return [f"/{'/'.join(map(str, error.absolute_path))} {error.message[:300]}" for error in found]

    def result(self, request: dict[str, Any], result: Any) -> str:
        """The definition that a result of `request` has to satisfy."""
        method, params = request["method"], request.get("params", {})
        if "task" in params:
            return "CreateTaskResult"
        if isinstance(result, dict) and result.get("resultType") == "input_required":
            return "InputRequiredResult"
        return RESULTS.get(method) or self.methods[method].removesuffix("Request") + "Result"

    def envelope(self, kind: str) -> str:
        """The definition of a message of `kind`, whose name changed over the revisions."""
        newer = {"JSONRPCError": "JSONRPCErrorResponse", "JSONRPCResponse": "JSONRPCResultResponse"}.get(kind)
        return newer if newer in self.definitions else kind


class Recording:
    """The state while one recording is read: its schema and the requests not yet answered."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.pending: dict[tuple[str, Any], dict[str, Any]] = {}

    def check(self, side: str, message: Any) -> list[str]:
        """What is wrong with a message from `side`."""
        if isinstance(message, list):
            return [error for item in message for error in self.check(side, item)]
        if "method" in message:
            return self._check_call(side, message)
        request = self.pending.pop(({"c": "s", "s": "c"}[side], message["id"]), None)
        if request is None:
            return [f"answers no request: id {message['id']!r}"]
        if "error" in message:
            return self.schema.errors(self.schema.envelope("JSONRPCError"), message)
        errors = self.schema.errors(self.schema.envelope("JSONRPCResponse"), message)
        return errors + self.schema.errors(self.schema.result(request, message["result"]), message["result"])

    def _check_call(self, side: str, message: dict[str, Any]) -> list[str]:
        kind = "JSONRPCRequest" if "id" in message else "JSONRPCNotification"
        if "id" in message:
            self.pending[side, message["id"]] = message
        errors = self.schema.errors(kind, message)
        name = self.schema.methods.get(message["method"])
        if name is None:
            return [*errors, f"note: unknown method {message['method']}"]
        return errors + self.schema.errors(name, message)


def main() -> int:
    directory, *recordings = map(Path, sys.argv[1:])
    failed = False
    for path in recordings:
        nested = directory / path.stem / "schema.json"
        recording = Recording(Schema(nested if nested.exists() else directory / f"{path.stem}.json"))
        sides = path.with_suffix(".sides").read_text().strip()
        lines = path.read_bytes().split(b"\n")[:-1]
        for number, (side, line) in enumerate(zip(sides, lines, strict=True), 1):
            for error in recording.check(side, json.loads(line)):
                failed |= not error.startswith("note:")
                print(f"{path.name}:{number}: {error}")
        print(f"{path.name}: {len(lines)} lines, {len(recording.pending)} requests never answered")
    return failed


if __name__ == "__main__":
    sys.exit(main())
