"""A server that knows nothing of mcpstruct, and misbehaves as its first argument says: `raw.py FAULT`.

It speaks 2025-11-25. Tools, whatever the fault: `echo` answers with its arguments, `hang` never answers.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from typing import Any

out = 1


def write(data: bytes) -> None:
    """Write all of it."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(out, rest) :]


def send(message: dict[str, Any]) -> None:
    """Send a message."""
    write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")


def say(request: dict[str, Any], text: str) -> None:
    """Answer a call with a text."""
    send({"id": request["id"], "result": {"content": [{"type": "text", "text": text}]}})


def exactly(request: dict[str, Any], size: int) -> bytes:
    """An answer that is a line of so many bytes."""
    head = b'{"jsonrpc":"2.0","id":%d,"result":{"content":[{"type":"text","text":"' % request["id"]
    tail = b'"}]}}'
    return head + b"x" * (size - len(head) - len(tail)) + tail + b"\n"


# -- tools ------------------------------------------------------------------------------------------------------------


def hang(request: dict[str, Any], arguments: dict[str, Any]) -> None:
    pass


def killed(request: dict[str, Any], arguments: dict[str, Any]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def leave(request: dict[str, Any], arguments: dict[str, Any]) -> None:
    print("out of memory", file=sys.stderr, flush=True)
    os._exit(arguments["status"])


def half(request: dict[str, Any], arguments: dict[str, Any]) -> None:
    write(exactly(request, 200)[:100])
    os._exit(0)


def close(request: dict[str, Any], arguments: dict[str, Any]) -> None:
    os.close(out)
    signal.pause()


def size(request: dict[str, Any], arguments: dict[str, Any]) -> None:
    write(exactly(request, arguments["size"]))


def invalid(request: dict[str, Any], arguments: dict[str, Any]) -> None:
    write(b'{"jsonrpc":"2.0","id":%d,"result":{"content":[{"type":"text","text":"\xff"}]}}\n' % request["id"])


def wrong(request: dict[str, Any], arguments: dict[str, Any]) -> None:
    send({"id": request["id"], "result": {"content": "not a list"}})


def both(request: dict[str, Any], arguments: dict[str, Any]) -> None:
    send({"id": request["id"], "result": {"content": []}, "error": {"code": 1, "message": "and this"}})


def twice(request: dict[str, Any], arguments: dict[str, Any]) -> None:
    say(request, "once")
    say(request, "twice")


def junk(request: dict[str, Any], arguments: dict[str, Any]) -> None:
    sys.path.append(__file__.rpartition("/")[0])  # which an isolated interpreter does not look into
    from junk import JUNK

    for line in JUNK:
        write(line + b"\n")
    say(request, "after the junk")


def flood(request: dict[str, Any], arguments: dict[str, Any]) -> None:
    line = b'{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":%d}}\n'
    write(b"".join(line % number for number in range(arguments["count"])))
    say(request, "flooded")


def sleep(request: dict[str, Any], arguments: dict[str, Any]) -> None:
    time.sleep(arguments["seconds"])
    say(request, "slept")


def echo(request: dict[str, Any], arguments: dict[str, Any]) -> None:
    say(request, json.dumps(arguments))


def pid(request: dict[str, Any], arguments: dict[str, Any]) -> None:
    say(request, str(os.getpid()))


_ALL = (pid, hang, killed, half, close, size, invalid, wrong, both, twice, junk, flood, sleep, echo)
TOOLS = {"exit": leave, **{tool.__name__: tool for tool in _ALL}}


# -- serving ----------------------------------------------------------------------------------------------------------


def answer(fault: str, message: dict[str, Any]) -> None:
    """Answer anything."""
    method = message.get("method")
    if method == "initialize":
        info = {"name": "raw", "version": "0"}
        capabilities: dict[str, Any] = {"tools": {}, "logging": {}}
        result = {"protocolVersion": "2025-11-25", "capabilities": capabilities, "serverInfo": info}
        send({"id": message["id"], "result": result})
    elif method == "notifications/initialized" and fault == "deaf":
        time.sleep(1)
    elif method == "notifications/initialized" and fault == "frozen":
        wait_for_ever(stubborn=False)
    elif method == "logging/setLevel":
        send({"id": message["id"], "result": {}})
    elif method == "tools/call":
        TOOLS[message["params"]["name"]](message, message["params"].get("arguments", {}))
    elif method is not None and "id" in message:
        send({"id": message["id"], "error": {"code": -32601, "message": f"no {method}"}})


def wait_for_ever(*, stubborn: bool) -> None:
    """Wait to be killed."""
    if stubborn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        signal.pause()


def main(fault: str) -> None:
    """Serve."""
    if fault == "exit" or (fault == "once" and not os.access("started", os.F_OK)):
        if fault == "once":
            os.close(os.open("started", os.O_CREAT))
        sys.exit("There is no database")
    if fault in {"silent", "stubborn"}:
        print("started", os.getpid(), file=sys.stderr, flush=True)
        wait_for_ever(stubborn=fault == "stubborn")
    if fault == "ignorant":  # reads, and never answers
        while os.read(0, 65536):
            pass
    if fault == "banner":
        write(b"Server 1.0\n\n  listening on nothing at all...\n")
    for line in sys.stdin.buffer:
        answer(fault, json.loads(line))
    if fault == "undying":  # the end of its input means nothing to it
        wait_for_ever(stubborn=True)


main(sys.argv[1])
