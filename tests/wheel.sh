#!/usr/bin/env bash
# Build the wheel and use it as a stranger would: a fresh environment, no checkout in sight.
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

.venv/bin/python -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir "$scratch" .
"$(readlink -f .venv/bin/python)" -m venv "$scratch/env"
"$scratch/env/bin/python" -m pip install --quiet --disable-pip-version-check "$scratch"/mcpstruct-*.whl
cd "$scratch"
env/bin/python - <<'PYTHON'
import mcpstruct
from mcpstruct.types import TextContent

assert mcpstruct.to_json(TextContent(text="hi")) == b'{"type":"text","text":"hi"}'
assert mcpstruct.from_json(TextContent, b'{"type":"text","text":"hi"}').text == "hi"
PYTHON
cat > adder.py <<'PYTHON'
from mcpstruct import MCPServer

server = MCPServer("adder")


@server.tool()
def add(a: int, b: int) -> int:
    return a + b
PYTHON
env/bin/python - <<'PYTHON'
import asyncio

from mcpstruct import Client, StdioServer


async def main():
    async with Client(StdioServer("env/bin/mcpstruct", ["run", "adder.py"])) as client:
        assert await client.call_tool("add", {"a": 1, "b": 2}, into=int) == 3


asyncio.run(main())
PYTHON
printf '%s\n' '{"jsonrpc":"2.0","id":1,"method":"ping"}' '{"jsonrpc":"2.0","id":1,"result":{}}' > good.jsonl
printf '%s\n' '{"jsonrpc":"2.0","id":1,"method":"ping","params":[]}' > bad.jsonl
env/bin/mcpstruct validate good.jsonl --revision 2025-11-25
if env/bin/mcpstruct validate bad.jsonl --revision 2025-11-25; then exit 1; fi
env/bin/mcpstruct revisions
# The generator is an extra: without it, one line says what to install.
if env/bin/mcpstruct gen --schema nowhere.json --out here 2> refused; then exit 1; fi
grep -q 'mcpstruct\[codegen\]' refused
env/bin/python -m pip install --quiet --disable-pip-version-check "$(echo "$scratch"/mcpstruct-*.whl)[codegen]"
env/bin/mcpstruct diff 2025-11-25 2026-07-28 --json > diff.json
env/bin/python -c 'import json; assert json.load(open("diff.json"))'
echo "the wheel works"
