"""The inspector's page in a real browser, with our server over HTTP: what a person would click on, and then read."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.interop.browser import CHROMIUM, Page, browsing
from tests.interop.peers import PEERS
from tests.interop.support import LEGACY, MODERN
from tests.interop.test_our_http_server import served
from tests.interop.test_our_server import TOOLS
from tests.support.http import free_port

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here; Debian's package `chromium` has one"),
]


@pytest.fixture
def anyio_backend() -> str:
    """The browser is driven on asyncio; which loop does that says nothing of the server."""
    return "asyncio"


@contextmanager
def inspector(folder: Path, url: str, era: str) -> Iterator[str]:
    """The URL of the inspector's page, which is to connect to a server."""
    node = PEERS["node"]
    launcher = node.script("@modelcontextprotocol/inspector/clients/launcher/build/index.js")
    command = [node.node, launcher, "--web", "--transport", "http", "--protocol-era", era, "--server-url", url]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("MCP_")},
        "HOME": str(folder),
        "CLIENT_PORT": str(free_port()),
        "MCP_SANDBOX_PORT": "0",
        "MCP_AUTO_OPEN_ENABLED": "false",
        "MCP_INSPECTOR_SECRET_STORE": "memory",
    }
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        said = ""
        try:
            for line in process.stdout:
                said += line
                if "API_TOKEN=" in line:
                    yield line.strip()
                    break
            else:
                pytest.fail(said)
        finally:
            process.kill()


async def everything(page: Page, revision: str, url: str) -> None:
    """Connect, list the tools, call one, and read a resource."""
    await page.reads(url)
    await page.click(".mantine-Switch-track")
    await page.reads(f"Connected[^~]*MCP {revision}")
    await page.click("label", "^Tools$")
    for name in TOOLS:
        await page.reads(f"\n{name}\n")
    await page.click("button", "^count$")
    await page.reads("Count, and tell.")
    await page.click("input[inputmode=decimal]")
    await page.type("3")
    await page.click("button", "^Execute Tool$")
    await page.reads("\ncounted to 3\n")
    await page.reads(r"Tool progress\s+at 3 \W 3 / 3 \(100%\)")
    await page.click("label", "^Resources$")
    await page.click("button", "^motd$")
    await page.reads("\nhello\n")


@pytest.mark.parametrize(("era", "revision"), [("legacy", LEGACY), ("modern", MODERN)])
async def test_what_a_person_does(era: str, revision: str, tmp_path: Path) -> None:
    with served(tmp_path / "stderr") as url, inspector(tmp_path, url, era) as place:
        async with browsing(tmp_path / "browser") as page:
            await page.open(place)
            try:
                await everything(page, revision, url)
            except TimeoutError:
                pytest.fail(f"not to be seen: {await page.text}")
            finally:
                await page.screenshot(tmp_path / "inspector.png")
            assert page.errors == []
    assert (tmp_path / "inspector.png").stat().st_size > 10_000
