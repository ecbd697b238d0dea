"""Feeds deep nesting to everything that reads bytes, on a thread with a stack of the given size; run as a program.

    python -m tests.support.nesting STACK_BYTES [reset]

One line a case, written before and after it, so that a crash shows which one it was. STACK_BYTES 0 means the main
thread. With `reset` the process-wide setting is taken back while the thread runs, as careful programs do.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from mcpstruct.base.codec import from_json, parse
from mcpstruct.base.errors import LimitExceeded, ProtocolViolation
from mcpstruct_bindings.v2025_03_26.decode import client_decoder
from mcpstruct_bindings.v2025_11_25 import decode, methods, types

DEEP = 100_000
SHALLOW = 100
SHAPES: dict[str, Callable[[int], bytes]] = {
    "arrays": lambda n: b"[" * n + b"]" * n,
    "objects": lambda n: b'{"a":' * n + b"1" + b"}" * n,
    "mixed": lambda n: b'[{"a":' * (n // 2) + b"1" + b"}]" * (n // 2),
    "unclosed arrays": lambda n: b"[" * n,
    "unclosed objects": lambda n: b'{"a":' * n,
    "closed too often": lambda n: b"[" * n + b"]" * (n + 1),
}
REQUEST = b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":%b}'
RESPONSE = b'{"jsonrpc":"2.0","id":7,"result":%b}'
PLACES: dict[str, Callable[[bytes], Any]] = {
    "message": decode.client_message,
    "batch": client_decoder.split,
    "arguments": lambda x: decode.client_message(REQUEST % b'{"name":"x","arguments":{"a":%b}}' % x),
    "metadata": lambda x: decode.client_message(REQUEST % b'{"name":"x","_meta":{"a":%b}}' % x).message.params.meta,
    "unknown param": lambda x: decode.client_message(REQUEST % b'{"name":"x","b":{"a":%b}}' % x),
    "faulty arguments": lambda x: decode.client_message(REQUEST % b'{"name":5,"arguments":{"a":%b}}' % x),
    "faulty method": lambda x: decode.client_message((REQUEST % b'{"a":%b}' % x).replace(b"tools/call", b"tools/fly")),
    "undecoded result": lambda x: decode.server_message(RESPONSE % b'{"a":%b}' % x),
    "schema": lambda x: tool_of(x).input_schema,
    "structured content": lambda x: decode.response(
        methods.CALL_TOOL, RESPONSE % b'{"content":[],"structuredContent":{"a":%b}}' % x
    ),
    "untagged union": lambda x: decode.response(
        methods.READ_RESOURCE, RESPONSE % b'{"contents":[{"uri":"x","text":"x","_meta":{"a":%b}}]}' % x
    ),
    "open result": lambda x: decode.response(methods.PING, RESPONSE % b'{"a":%b}' % x),
    "type": lambda x: from_json(types.Tool, x),
    "any JSON": parse,
}


def tool_of(schema: bytes) -> types.Tool:
    data = RESPONSE % b'{"tools":[{"name":"x","inputSchema":{"a":%b}}]}' % schema
    result = decode.response(methods.LIST_TOOLS, data).message.result
    assert isinstance(result, types.ListToolsResult)
    return result.tools[0]


def outcome(place: str, data: bytes) -> str:
    try:
        PLACES[place](data)
    except LimitExceeded:
        return "limit"
    except ProtocolViolation as violation:
        return f"violation {violation.code}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"
    return "decoded"


def cases() -> Iterator[tuple[str, str, bytes]]:
    for place in PLACES:
        for shape, build in SHAPES.items():
            yield f"{place} | deep {shape}", place, build(DEEP)
        yield f"{place} | shallow", place, SHAPES["mixed"](SHALLOW)
        yield f"{place} | in a string", place, b'"%b"' % (b'[{\\"' * DEEP)


def run() -> None:
    for name, place, data in cases():
        print(name, end="\t", flush=True)
        print(outcome(place, data), flush=True)
    print("end", flush=True)


if __name__ == "__main__":
    stack = int(sys.argv[1])
    if stack:
        threading.stack_size(stack)
        started, reset = threading.Event(), threading.Event()
        thread = threading.Thread(target=lambda: (started.set(), reset.wait(), run()))
        thread.start()
        started.wait()
        if sys.argv[2:] == ["reset"]:
            threading.stack_size(0)
        reset.set()
        thread.join()
        if sys.argv[2:] != ["reset"]:
            print("setting", threading.stack_size(), sep="\t")
    else:
        run()
