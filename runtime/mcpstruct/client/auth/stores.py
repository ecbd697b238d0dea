"""Where tokens outlive the program: files of the user alone, or the keyring of the system."""

from __future__ import annotations

import errno
import os
import secrets
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from mcpstruct.base.errors import MissingExtra

_OFTEN = 0.05
"""Seconds between looks at a lock that another process has."""
_MOST_BYTES = 1 << 20


class FileTokenStore:
    """Keeps tokens in files in a `folder`, which nobody but the user may read (modes 0700 and 0600).

    Processes that use the same folder take turns to renew the same tokens. Methods raise `OSError`, and
    `PermissionError` where others may write in the folder.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._folder = Path(folder).expanduser()

    def __repr__(self) -> str:
        return f"<FileTokenStore {self._folder}>"

    async def load(self, name: str) -> bytes | None:
        """See `TokenStore`."""
        return await anyio.to_thread.run_sync(_read, self._path(name))

    async def save(self, name: str, data: bytes | None) -> None:
        """See `TokenStore`. A file is there as a whole, or not at all."""
        if data is None:
            await anyio.to_thread.run_sync(_remove, self._path(name))
        else:
            await anyio.to_thread.run_sync(_write, self._path(name), data)

    @asynccontextmanager
    async def lock(self, name: str) -> AsyncGenerator[None]:
        """See `TokenStore`: among all processes. It ends with the process, if not before."""
        file = await anyio.to_thread.run_sync(_open_lock, self._path(name).with_suffix(".lock"))
        try:
            await _locked(file)
            yield
        finally:
            os.close(file)

    def _path(self, name: str) -> Path:
        return self._folder / f"{sha256(name.encode()).hexdigest()[:40]}.json"


class KeyringTokenStore:
    """Keeps tokens in the keyring of the system, under the name of a `service`; its locks are files in `locks`.

    Raises `MissingExtra` without keyring. Methods raise the errors of that library.
    """

    def __init__(self, service: str = "mcpstruct", *, locks: str | os.PathLike[str] = "~/.cache/mcpstruct") -> None:
        try:
            self._keyring: Any = import_module("keyring")
        except ModuleNotFoundError as error:
            raise MissingExtra(f"{error.name} is not installed; keyrings need mcpstruct[keyring]") from error
        self._service = service
        self._files = FileTokenStore(locks)

    def __repr__(self) -> str:
        return f"<KeyringTokenStore {self._service}>"

    async def load(self, name: str) -> bytes | None:
        """See `TokenStore`."""
        found: str | None = await anyio.to_thread.run_sync(self._keyring.get_password, self._service, name)
        return None if found is None else found.encode()

    async def save(self, name: str, data: bytes | None) -> None:
        """See `TokenStore`."""
        if data is not None:
            await anyio.to_thread.run_sync(self._keyring.set_password, self._service, name, data.decode())
        elif await self.load(name) is not None:
            await anyio.to_thread.run_sync(self._keyring.delete_password, self._service, name)

    def lock(self, name: str) -> Any:
        """See `TokenStore`: among all processes that use the same folder of locks."""
        return self._files.lock(f"{self._service} {name}")


async def _locked(file: int) -> None:
    """Wait for a lock; a thread that does so could not be called off."""
    while True:
        if _try_lock(file):
            return
        await anyio.sleep(_OFTEN)


def _read(path: Path) -> bytes | None:
    try:
        _check_folder(path.parent)
        with path.open("rb") as file:
            return file.read(_MOST_BYTES)
    except FileNotFoundError:
        return None


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    _make_folder(path.parent)
    draft = path.with_suffix(f".{secrets.token_hex(8)}.new")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        with os.fdopen(file, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise


def _open_lock(path: Path) -> int:
    _make_folder(path.parent)
    return os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _check_folder(folder)


def _check_folder(folder: Path) -> None:
    """Raise `PermissionError` where others could put files of their own in the place of the user's."""
    if sys.platform != "win32":
        found = folder.stat()
        if found.st_uid not in (0, os.geteuid()) or found.st_mode & 0o022:
            raise PermissionError(errno.EPERM, "others may write in this folder of tokens", str(folder))


if sys.platform == "win32":

    def _try_lock(file: int) -> bool:
        import msvcrt

        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def _try_lock(file: int) -> bool:
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
