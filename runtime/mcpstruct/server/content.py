"""Content made from what handlers return: text, images, sounds and files."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from mcpstruct_bindings.merged.types import (
    AudioContent,
    BlobResourceContents,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
)

OCTETS = "application/octet-stream"
_FORMATS = {"jpg": "jpeg", "svg": "svg+xml", "ico": "x-icon", "mp3": "mpeg", "m4a": "mp4"}
_TEXTUAL = frozenset(
    {"application/json", "application/xml", "application/yaml", "application/toml", "application/javascript"}
)


class _Media:
    """Bytes with a MIME type, given as they are or read from a file at once."""

    __slots__ = ("data", "mime_type")
    kind: ClassVar[str]
    example: ClassVar[str]

    def __init__(
        self,
        data: bytes | None = None,
        *,
        path: str | Path | None = None,
        format: str | None = None,  # noqa: A002
    ) -> None:
        """Either `data` with its `format` ("png", or a whole MIME type), or `path`, whose suffix tells the format.

        Raises `OSError` for a file that cannot be read.
        """
        if (data is None) == (path is None):
            raise TypeError(f"{type(self).__name__} takes either data or path")
        self.mime_type: str = self._named(format) if format is not None else self._guessed(path)
        self.data: bytes = Path(path).read_bytes() if path is not None else bytes(data or b"")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.mime_type}, {len(self.data)} bytes>"

    def _named(self, format: str) -> str:  # noqa: A002
        return format if "/" in format else f"{self.kind}/{_FORMATS.get(format.lower(), format.lower())}"

    def _guessed(self, path: str | Path | None) -> str:
        guessed = guessed_mime_type(str(path)) if path is not None else None
        if guessed is None or not guessed.startswith(f"{self.kind}/"):
            raise TypeError(f"{type(self).__name__} needs a format here, such as format={self.example!r}")
        return guessed


class Image(_Media):
    """An image to return from a tool or a prompt: `Image(data=…, format="png")` or `Image(path="plot.png")`."""

    __slots__ = ()
    kind = "image"
    example = "png"

    def content(self) -> ImageContent:
        """The image as content of a message."""
        return ImageContent(data=base64_of(self.data), mime_type=self.mime_type)


class Audio(_Media):
    """A sound to return from a tool or a prompt: `Audio(data=…, format="wav")` or `Audio(path="bell.wav")`."""

    __slots__ = ()
    kind = "audio"
    example = "wav"

    def content(self) -> AudioContent:
        """The sound as content of a message."""
        return AudioContent(data=base64_of(self.data), mime_type=self.mime_type)


class File:
    """A file to return from a tool, a prompt or a resource: `File(path="report.pdf")` or `File(data=…, name="a.csv")`.

    It travels as a resource: as text where its MIME type says that it is text, and else in base64. Unless `uri` is
    given, the resource is named by `name` or the file's own name, without its folders; without any name, by its digest.
    """

    __slots__ = ("data", "mime_type", "uri")

    def __init__(
        self,
        data: bytes | str | None = None,
        *,
        path: str | Path | None = None,
        name: str | None = None,
        mime_type: str | None = None,
        uri: str | None = None,
    ) -> None:
        """Either `data` or `path`. Raises `OSError` for a file that cannot be read."""
        if (data is None) == (path is None):
            raise TypeError("File takes either data or path")
        if path is not None:
            path = Path(path)
            name = path.name if name is None else name
            data = path.read_bytes()
        guessed = guessed_mime_type(name) if name is not None else None
        self.data: bytes = data.encode() if isinstance(data, str) else bytes(data or b"")
        self.mime_type = mime_type or guessed or ("text/plain" if isinstance(data, str) else OCTETS)
        self.uri: str = uri or _uri_of(name, self.data)

    def __repr__(self) -> str:
        return f"<File {self.uri} {self.mime_type}, {len(self.data)} bytes>"

    def contents(
        self, uri: str | None = None, mime_type: str | None = None
    ) -> TextResourceContents | BlobResourceContents:
        """The file as the contents of a resource, of that URI and MIME type where they are given."""
        mime_type = mime_type or self.mime_type
        if is_textual(mime_type):
            try:
                return TextResourceContents(uri=uri or self.uri, mime_type=mime_type, text=self.data.decode())
            except UnicodeDecodeError:
                pass
        return BlobResourceContents(uri=uri or self.uri, mime_type=mime_type, blob=base64_of(self.data))

    def content(self) -> EmbeddedResource:
        """The file as content of a message."""
        return EmbeddedResource(resource=self.contents())


BLOCKS = (TextContent, ImageContent, AudioContent, ResourceLink, EmbeddedResource)
CONTENTS = (TextResourceContents, BlobResourceContents)
MEDIA = (Image, Audio, File)
Content: TypeAlias = ContentBlock | TextResourceContents | BlobResourceContents | Image | Audio | File
"""What is content in itself, whatever else it stands among."""


def block_of(value: Any) -> ContentBlock | None:
    """The content that a value is; None for a value that is data."""
    if isinstance(value, BLOCKS):
        return value
    if isinstance(value, MEDIA):
        return value.content()
    return EmbeddedResource(resource=value) if isinstance(value, CONTENTS) else None


def base64_of(data: bytes) -> str:
    """Bytes in base64, as messages carry them."""
    return b64encode(data).decode("ascii")


def is_textual(mime_type: str) -> bool:
    """Whether contents of a MIME type are text."""
    essence = mime_type.partition(";")[0].strip().lower()
    return essence.startswith("text/") or essence.endswith(("+json", "+xml")) or essence in _TEXTUAL


def guessed_mime_type(name: str) -> str | None:
    """The MIME type that the suffix of a file's name stands for."""
    import mimetypes  # 3 ms, and most servers send text alone

    guessed = mimetypes.guess_type(name, strict=False)[0]
    return "audio/wav" if guessed == "audio/x-wav" else guessed


def _uri_of(name: str | None, data: bytes) -> str:
    if name is not None:
        from urllib.parse import quote

        return f"file:///{quote(name, safe='')}"
    from base64 import urlsafe_b64encode
    from hashlib import sha256

    digest = urlsafe_b64encode(sha256(data).digest()).decode("ascii")
    return f"ni:///sha-256;{digest.rstrip('=')}"  # RFC 6920
