"""Bodies that come compressed, though nobody asked for that."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from mcpstruct.base.errors import ConnectionLost

_PIECE = 1024 * 1024
"""Bytes that a piece becomes at most before somebody reads them."""


def is_encoded(headers: Mapping[str, str]) -> bool:
    """Whether a body is compressed, by its headers."""
    return "content-encoding" in headers and headers["content-encoding"].strip().lower() not in ("", "identity")


class Decoder:
    """Decompresses a body, whose `content-encoding` is given. Raises `ConnectionLost` for one that nobody knows."""

    __slots__ = ("_inflate",)

    def __init__(self, encoding: str) -> None:
        encoding = encoding.strip().lower()
        if encoding not in ("gzip", "x-gzip", "deflate"):
            raise ConnectionLost(f"the answer is encoded in a way that nobody asked for: {encoding!r:.40}")
        self._inflate: Any = zlib.decompressobj(zlib.MAX_WBITS | 32)

    def decoded(self, piece: bytes) -> tuple[bytes, bytes]:
        """A piece decompressed, and what of it waits since it would become too much. Raises `ConnectionLost`."""
        try:
            data: bytes = self._inflate.decompress(piece, _PIECE)
        except zlib.error as error:
            raise ConnectionLost(f"the answer is not encoded as it says: {error}") from error
        return data, self._inflate.unconsumed_tail
