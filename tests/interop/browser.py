"""A headless Chromium, driven over its DevTools protocol as a person would: by what can be read on the page."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import os
import re
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp
import anyio

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE = 15.0
"""Seconds that something may take to appear."""
_FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--window-size=1400,1000"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # no fonts from elsewhere
    "--remote-debugging-port=0",
)
_FIND = """
(selector, wanted) => {
    const shown = (element) => element.getClientRects().length > 0 && !element.disabled;
    const says = (element) => [element.innerText, element.getAttribute('aria-label'), element.placeholder]
        .some((text) => (text ?? '').replace(/\\s+/g, ' ').trim().match(new RegExp(wanted)));
    const found = [...document.querySelectorAll(selector)].filter((element) => shown(element) && says(element));
    const innermost = found.filter((element) => !found.some((other) => other !== element && element.contains(other)));
    return innermost[0];
}
"""


class Page:
    """One page. What is looked for is a CSS selector, and a pattern for what the element says to its reader."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self.errors: list[str] = []
        """What the page complained of."""

    async def send(self, method: str, **params: Any) -> Any:
        """A command of the protocol, and its result."""
        number = next(self._ids)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        async for frame in self._socket:
            message = json.loads(frame.data)
            if message.get("method") == "Runtime.exceptionThrown":
                self.errors.append(message["params"]["exceptionDetails"]["text"])
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]
        raise ConnectionError("the browser is gone")

    async def evaluate(self, expression: str) -> Any:
        """What a JavaScript expression comes to."""
        result = await self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def open(self, url: str) -> None:
        """Go to a URL."""
        await self.send("Runtime.enable")
        await self.send("Page.enable")
        await self.send("Page.navigate", url=url)

    @property
    async def text(self) -> str:
        """All that can be read on the page."""
        return str(await self.evaluate("document.body?.innerText ?? ''"))

    async def reads(self, pattern: str) -> str:
        """Wait until the page says something; gives what it says."""
        async with asyncio.timeout(PATIENCE):
            while not (found := re.search(pattern, await self.text)):
                await self._turn()
        return found.group()

    async def click(self, selector: str, wanted: str = "") -> None:
        """Click on an element, once it is there."""
        where = f"({_FIND})({json.dumps(selector)}, {json.dumps(wanted)})"
        script = f"(() => {{ const e = {where}; e?.scrollIntoView({{block: 'center'}}); return e !== undefined; }})()"
        async with asyncio.timeout(PATIENCE):
            while not await self.evaluate(script):
                await self._turn()
        await self._turn()
        box = await self.evaluate(f"(() => {{ const b = {where}.getBoundingClientRect(); return b.toJSON(); }})()")
        spot = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            await self.send("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **spot)

    async def type(self, text: str) -> None:
        """Type into the element that has been clicked on."""
        await self.send("Input.insertText", text=text)

    async def screenshot(self, file: Path) -> None:
        """Keep what the page looks like."""
        picture = await self.send("Page.captureScreenshot", format="png")
        await anyio.Path(file).write_bytes(base64.b64decode(picture["data"]))

    async def _turn(self) -> None:
        """Let the page draw itself."""
        with suppress(AssertionError):  # it is being replaced by another
            await self.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 20)))")


@asynccontextmanager
async def browsing(folder: Path) -> AsyncIterator[Page]:
    """A browser with one page; what it keeps is kept in a folder."""
    assert CHROMIUM is not None
    process = await asyncio.create_subprocess_exec(
        *(CHROMIUM, *_FLAGS, f"--user-data-dir={folder}", "about:blank"),
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        env={**os.environ, "HOME": str(folder)},
    )
    pump = None
    try:
        address = await _address(process)
        pump = asyncio.create_task(_drain(process))
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://{address}/json/list") as answer:
                (target,) = [one for one in await answer.json() if one["type"] == "page"]
            async with session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=0) as socket:
                yield Page(socket)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        if pump is not None:
            await pump


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    said = b""
    async with asyncio.timeout(PATIENCE):
        async for line in process.stderr:
            said += line
            if b"DevTools listening on ws://" in line:
                return line.decode().partition("ws://")[2].partition("/")[0]
    raise ConnectionError(said.decode())


async def _drain(process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None
    while await process.stderr.read(65536):
        pass
