"""Message types of MCP 2025-03-26.

Schema 2025-03-26, sha256 e720669548c8100a4282c49e580efd6ddf7f28899ea786fc8db251dbdb356131.
Made by `make gen`; never edited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from msgspec import Meta

from mcpstruct.base.bag import Bag, Known
from mcpstruct.base.structs import LazyStruct, MessageBase, StructBase, WatchedStruct, lazy
from mcpstruct.base.untagged import Rule, untagged


class BlobResourceContents(StructBase, kw_only=True):
    """Contents of a resource as binary data.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    blob: str
    """The resource's bytes, in base64."""
    uri: str
    """Identifies the resource; the URI scheme is the server's choice."""
    mime_type: str | None = None
    """Format of the resource's contents as a MIME type, where known."""


class ClientCapabilitiesRoots(StructBase, kw_only=True):
    """Details of the client's roots capability.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    list_changed: bool | None = None
    """True when the client announces changes to its roots."""


class ClientCapabilities(StructBase, kw_only=True):
    """What the client can do beyond the protocol's core; unknown keys are allowed.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    experimental: dict[str, dict[str, Any]] | None = None
    """Capabilities outside the specification: details by name."""
    roots: ClientCapabilitiesRoots | None = None
    """Set when the client answers `roots/list`."""
    sampling: dict[str, Any] | None = None
    """Set when the client lets the server use its model."""


class CompleteRequestParamsArgument(StructBase, kw_only=True):
    """The argument to complete, with what has been typed so far.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    name: str
    """Which argument to complete."""
    value: str
    """What has been typed so far."""


class CompleteResultCompletion(StructBase, kw_only=True):
    """The suggested values, and whether there are more.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    values: list[str]
    """Suggested values, at most 100."""
    has_more: bool | None = None
    """True when there are more suggestions than were returned."""
    total: int | None = None
    """How many suggestions there are in all, returned or not."""


class CompleteResult(StructBase, kw_only=True):
    """Suggestions for an argument's value.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    completion: CompleteResultCompletion
    """The suggestions."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


Cursor: TypeAlias = str
"""Opaque position in a paged listing, meaningful only to the side that issued it.

https://modelcontextprotocol.io/specification/2025-03-26
"""


class Implementation(StructBase, kw_only=True):
    """Identifies client or server software by name and version.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    name: str
    """Name for programs to use, and for people where there is no `title`."""
    version: str


class InitializedNotificationParams(StructBase, kw_only=True):
    """Carries metadata only.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class InitializedNotification(MessageBase, kw_only=True, tag_field="method", tag="notifications/initialized"):
    """Ends the handshake: the client is ready for normal traffic.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    method: ClassVar[Literal["notifications/initialized"]] = "notifications/initialized"
    jsonrpc: Literal["2.0"]
    params: InitializedNotificationParams | None = None


LoggingLevel: TypeAlias = Literal["alert", "critical", "debug", "emergency", "error", "info", "notice", "warning"]
"""How severe a log message is, on the syslog scale (RFC 5424) from `debug` to `emergency`.

https://modelcontextprotocol.io/specification/2025-03-26
"""


class LoggingMessageNotificationParams(StructBase, kw_only=True):
    """One log message: severity, logger and data.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    data: Any
    """What was logged: a string or any other JSON value."""
    level: LoggingLevel
    """How severe the message is."""
    logger: str | None = None
    """Which logger wrote the message, by name."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class LoggingMessageNotification(MessageBase, kw_only=True, tag_field="method", tag="notifications/message"):
    """Carries one log message to the client.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    method: ClassVar[Literal["notifications/message"]] = "notifications/message"
    jsonrpc: Literal["2.0"]
    params: LoggingMessageNotificationParams


class ModelHint(StructBase, kw_only=True):
    """A wish for a particular model or family of models; unknown keys are allowed.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    name: str | None = None
    """Part of a model's name; the client may map it to a comparable model."""


class ModelPreferences(StructBase, kw_only=True):
    """What the server values in a model; the client has the last word.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    cost_priority: Annotated[int, Meta(ge=0, le=1)] | Annotated[float, Meta(ge=0, le=1)] | None = None
    """Weight of a low price, from 0 (none) to 1 (decisive)."""
    hints: list[ModelHint] | None = None
    """Wishes for particular models, tried in order before the weights count."""
    intelligence_priority: Annotated[int, Meta(ge=0, le=1)] | Annotated[float, Meta(ge=0, le=1)] | None = None
    """Weight of a capable model, from 0 (none) to 1 (decisive)."""
    speed_priority: Annotated[int, Meta(ge=0, le=1)] | Annotated[float, Meta(ge=0, le=1)] | None = None
    """Weight of a fast reply, from 0 (none) to 1 (decisive)."""


ProgressToken: TypeAlias = str | int
"""Progress token: ties progress notifications to the request that asked for them.

https://modelcontextprotocol.io/specification/2025-03-26
"""


class PromptArgument(StructBase, kw_only=True):
    """One argument that a prompt takes.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    name: str
    """Name for programs to use, and for people where there is no `title`."""
    description: str | None = None
    """Explanation in prose, for a person or the model."""
    required: bool | None = None
    """True when the prompt cannot do without this argument."""


class PromptListChangedNotificationParams(StructBase, kw_only=True):
    """Carries metadata only.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class PromptListChangedNotification(
    MessageBase, kw_only=True, tag_field="method", tag="notifications/prompts/list_changed"
):
    """Tells the client that its copy of the list of prompts is out of date.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    method: ClassVar[Literal["notifications/prompts/list_changed"]] = "notifications/prompts/list_changed"
    jsonrpc: Literal["2.0"]
    params: PromptListChangedNotificationParams | None = None


class PromptReference(StructBase, kw_only=True, tag_field="type", tag="ref/prompt"):
    """Points a completion request at a prompt.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    type: ClassVar[Literal["ref/prompt"]] = "ref/prompt"
    """Fixed tag that tells this kind of object from others."""
    name: str
    """Which prompt is meant."""


RequestId: TypeAlias = str | int
"""Pairs a request with its response: a string or an integer.

https://modelcontextprotocol.io/specification/2025-03-26
"""


class ResourceListChangedNotificationParams(StructBase, kw_only=True):
    """Carries metadata only.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class ResourceListChangedNotification(
    MessageBase, kw_only=True, tag_field="method", tag="notifications/resources/list_changed"
):
    """Tells the client that its copy of the list of resources is out of date.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    method: ClassVar[Literal["notifications/resources/list_changed"]] = "notifications/resources/list_changed"
    jsonrpc: Literal["2.0"]
    params: ResourceListChangedNotificationParams | None = None


class ResourceReference(StructBase, kw_only=True, tag_field="type", tag="ref/resource"):
    """Points a completion request at a resource or a resource template.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    type: ClassVar[Literal["ref/resource"]] = "ref/resource"
    """Fixed tag that tells this kind of object from others."""
    uri: str
    """URI or URI template (RFC 6570) being completed."""


class ResourceUpdatedNotificationParams(StructBase, kw_only=True):
    """Names the resource that has new contents.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    uri: str
    """Which resource changed, as a URI; it may be a part of the one being watched."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class ResourceUpdatedNotification(MessageBase, kw_only=True, tag_field="method", tag="notifications/resources/updated"):
    """Tells the client that a resource it watches has new contents.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    method: ClassVar[Literal["notifications/resources/updated"]] = "notifications/resources/updated"
    jsonrpc: Literal["2.0"]
    params: ResourceUpdatedNotificationParams


class Result(Bag):
    """The least that any result holds; methods add their own fields.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    __slots__ = ()

    meta: Known[dict[str, Any] | None] = Known("_meta")
    """Open map of metadata; the protocol reserves some of its keys."""


Role: TypeAlias = Literal["assistant", "user"]
"""Who speaks or is addressed: the user or the assistant.

https://modelcontextprotocol.io/specification/2025-03-26
"""


class Root(StructBase, kw_only=True):
    """A place for the server to work in: a directory or a file.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    uri: str
    """Where the root is; always a `file://` URI."""
    name: str | None = None
    """Label for the root, for people to read."""


class RootsListChangedNotificationParams(StructBase, kw_only=True):
    """Carries metadata only.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class RootsListChangedNotification(
    MessageBase, kw_only=True, tag_field="method", tag="notifications/roots/list_changed"
):
    """Tells the server that the client's roots are no longer the same.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    method: ClassVar[Literal["notifications/roots/list_changed"]] = "notifications/roots/list_changed"
    jsonrpc: Literal["2.0"]
    params: RootsListChangedNotificationParams | None = None


class ServerCapabilitiesPrompts(StructBase, kw_only=True):
    """Details of the server's prompts capability.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    list_changed: bool | None = None
    """True when the server announces changes to its list of prompts."""


class ServerCapabilitiesResources(StructBase, kw_only=True):
    """Details of the server's resources capability.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    list_changed: bool | None = None
    """True when the server announces changes to its list of resources."""
    subscribe: bool | None = None
    """True when the client can ask to be told of changes to single resources."""


class ServerCapabilitiesTools(StructBase, kw_only=True):
    """Details of the server's tools capability.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    list_changed: bool | None = None
    """True when the server announces changes to its list of tools."""


class ServerCapabilities(StructBase, kw_only=True):
    """What the server can do beyond the protocol's core; unknown keys are allowed.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    completions: dict[str, Any] | None = None
    """Set when the server answers `completion/complete`."""
    experimental: dict[str, dict[str, Any]] | None = None
    """Capabilities outside the specification: details by name."""
    logging: dict[str, Any] | None = None
    """Set when the server can send log messages."""
    prompts: ServerCapabilitiesPrompts | None = None
    """Set when the server has prompts."""
    resources: ServerCapabilitiesResources | None = None
    """Set when the server has resources."""
    tools: ServerCapabilitiesTools | None = None
    """Set when the server has tools."""


class TextResourceContents(StructBase, kw_only=True):
    """Contents of a resource as text.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    text: str
    uri: str
    """Identifies the resource; the URI scheme is the server's choice."""
    mime_type: str | None = None
    """Format of the resource's contents as a MIME type, where known."""


class ToolAnnotations(StructBase, kw_only=True):
    """Hints on what a tool does; claims by the server, not guarantees.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    destructive_hint: bool | None = None
    """True when the tool may delete or overwrite; default true; no meaning for read-only tools."""
    idempotent_hint: bool | None = None
    """True when repeating a call changes nothing more; default false; no meaning for read-only tools."""
    open_world_hint: bool | None = None
    """True when the tool reaches into an open-ended outside world, such as the web; default true."""
    read_only_hint: bool | None = None
    """True when the tool changes nothing; default false."""
    title: str | None = None
    """Label for people to read."""


class ToolListChangedNotificationParams(StructBase, kw_only=True):
    """Carries metadata only.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class ToolListChangedNotification(
    MessageBase, kw_only=True, tag_field="method", tag="notifications/tools/list_changed"
):
    """Tells the client that its copy of the list of tools is out of date.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    method: ClassVar[Literal["notifications/tools/list_changed"]] = "notifications/tools/list_changed"
    jsonrpc: Literal["2.0"]
    params: ToolListChangedNotificationParams | None = None


if TYPE_CHECKING:
    ResourceContentsUnion: TypeAlias = TextResourceContents | BlobResourceContents
else:
    ResourceContentsUnion = untagged(
        "ResourceContentsUnion",
        __name__,
        Rule("TextResourceContents", key="text"),
        Rule("BlobResourceContents"),
    )
"""Text or binary contents of a resource."""


class Annotations(StructBase, kw_only=True):
    """Hints on whom a piece of content is for and how much it matters.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    audience: list[Role] | None = None
    """Whom the content is for: the user, the assistant or both."""
    priority: Annotated[int, Meta(ge=0, le=1)] | Annotated[float, Meta(ge=0, le=1)] | None = None
    """How much the content matters, from 0 (can be left out) to 1 (indispensable)."""


class AudioContent(StructBase, kw_only=True, tag_field="type", tag="audio"):
    """Content that is a sound recording.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    type: ClassVar[Literal["audio"]] = "audio"
    """Fixed tag that tells this kind of object from others."""
    data: str
    """The sound, in base64."""
    mime_type: str
    """Sound format, as a MIME type such as `audio/wav`."""
    annotations: Annotations | None = None
    """Hints on whom this is for and how much it matters."""


class RequestMetaObject(Bag):
    """Metadata of a request, with the keys that the protocol itself defines.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    __slots__ = ()

    progress_token: Known[ProgressToken | None] = Known("progressToken")
    """Asks for progress notifications with this progress token; the receiver need not send any."""


class CancelledNotificationParams(StructBase, kw_only=True):
    """Names the request being called off and, optionally, why.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    request_id: RequestId
    """Id of the request being called off, as its sender chose it."""
    reason: str | None = None
    """Why the request is called off, for logs or the user."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class CancelledNotification(MessageBase, kw_only=True, tag_field="method", tag="notifications/cancelled"):
    """Calls off a request that may still be in progress.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    method: ClassVar[Literal["notifications/cancelled"]] = "notifications/cancelled"
    jsonrpc: Literal["2.0"]
    params: CancelledNotificationParams


@lazy(meta=RequestMetaObject)
class CompleteRequestParams(WatchedStruct, kw_only=True):
    """Says which argument of which prompt or resource template to complete.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    argument: CompleteRequestParamsArgument
    """The argument to complete."""
    ref: PromptReference | ResourceReference
    """The prompt or resource template that the argument belongs to."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class CompleteRequest(MessageBase, kw_only=True, tag_field="method", tag="completion/complete"):
    """Asks the server to suggest values for an argument as it is being typed.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    method: ClassVar[Literal["completion/complete"]] = "completion/complete"
    jsonrpc: Literal["2.0"]
    id: str | int
    params: CompleteRequestParams


class EmbeddedResource(StructBase, kw_only=True, tag_field="type", tag="resource"):
    """Content that is a resource, with its contents included.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    type: ClassVar[Literal["resource"]] = "resource"
    """Fixed tag that tells this kind of object from others."""
    resource: ResourceContentsUnion
    """The resource's contents, text or binary."""
    annotations: Annotations | None = None
    """Hints on whom this is for and how much it matters."""


EmptyResult: TypeAlias = Result
"""Success, with nothing to report.

https://modelcontextprotocol.io/specification/2025-03-26
"""


@lazy(meta=RequestMetaObject)
class GetPromptRequestParams(WatchedStruct, kw_only=True):
    """Names the prompt and the values to fill it in with.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    name: str
    """Which prompt to get."""
    arguments: dict[str, str] | None = None
    """Values for the prompt's arguments, by name; all are strings."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class GetPromptRequest(MessageBase, kw_only=True, tag_field="method", tag="prompts/get"):
    """Asks the server for a prompt's messages.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    method: ClassVar[Literal["prompts/get"]] = "prompts/get"
    jsonrpc: Literal["2.0"]
    id: str | int
    params: GetPromptRequestParams


class ImageContent(StructBase, kw_only=True, tag_field="type", tag="image"):
    """Content that is an image.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    type: ClassVar[Literal["image"]] = "image"
    """Fixed tag that tells this kind of object from others."""
    data: str
    """The image, in base64."""
    mime_type: str
    """Image format, as a MIME type such as `image/png`."""
    annotations: Annotations | None = None
    """Hints on whom this is for and how much it matters."""


@lazy(meta=RequestMetaObject)
class InitializeRequestParams(WatchedStruct, kw_only=True):
    """The revision the client proposes, its capabilities and its identity.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    capabilities: ClientCapabilities
    """What the client can do."""
    client_info: Implementation
    """Name and version of the client software."""
    protocol_version: str
    """Revision the client proposes, as `YYYY-MM-DD`: the newest it speaks."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class InitializeRequest(MessageBase, kw_only=True, tag_field="method", tag="initialize"):
    """Opens the handshake: proposes a revision and declares the client's capabilities.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    method: ClassVar[Literal["initialize"]] = "initialize"
    jsonrpc: Literal["2.0"]
    id: str | int
    params: InitializeRequestParams


class InitializeResult(StructBase, kw_only=True):
    """The revision the server settled on, its capabilities and its identity.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    capabilities: ServerCapabilities
    """What the server can do."""
    protocol_version: str
    """Revision the server settled on, as `YYYY-MM-DD`; a client that lacks it disconnects."""
    server_info: Implementation
    """Name and version of the server software."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    instructions: str | None = None
    """Advice on using the server, fit for a model's system prompt."""


@lazy(meta=RequestMetaObject)
class ListPromptsRequestParams(WatchedStruct, kw_only=True):
    """Says which page of prompts to list.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    cursor: str | None = None
    """Where the page starts: the last result's `nextCursor`; absent for the first page."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class ListPromptsRequest(MessageBase, kw_only=True, tag_field="method", tag="prompts/list"):
    """Asks the server for its prompts, a page at a time.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    method: ClassVar[Literal["prompts/list"]] = "prompts/list"
    jsonrpc: Literal["2.0"]
    id: str | int
    params: ListPromptsRequestParams | None = None


@lazy(meta=RequestMetaObject)
class ListResourceTemplatesRequestParams(WatchedStruct, kw_only=True):
    """Says which page of resource templates to list.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    cursor: str | None = None
    """Where the page starts: the last result's `nextCursor`; absent for the first page."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class ListResourceTemplatesRequest(MessageBase, kw_only=True, tag_field="method", tag="resources/templates/list"):
    """Asks the server for its resource templates, a page at a time.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    method: ClassVar[Literal["resources/templates/list"]] = "resources/templates/list"
    jsonrpc: Literal["2.0"]
    id: str | int
    params: ListResourceTemplatesRequestParams | None = None


@lazy(meta=RequestMetaObject)
class ListResourcesRequestParams(WatchedStruct, kw_only=True):
    """Says which page of resources to list.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    cursor: str | None = None
    """Where the page starts: the last result's `nextCursor`; absent for the first page."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class ListResourcesRequest(MessageBase, kw_only=True, tag_field="method", tag="resources/list"):
    """Asks the server for its resources, a page at a time.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    method: ClassVar[Literal["resources/list"]] = "resources/list"
    jsonrpc: Literal["2.0"]
    id: str | int
    params: ListResourcesRequestParams | None = None


@lazy(meta=RequestMetaObject)
class ListRootsRequestParams(WatchedStruct, kw_only=True):
    """Carries metadata only.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class ListRootsRequest(MessageBase, kw_only=True, tag_field="method", tag="roots/list"):
    """Asks the client which directories and files the server may work on.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    method: ClassVar[Literal["roots/list"]] = "roots/list"
    jsonrpc: Literal["2.0"]
    id: str | int
    params: ListRootsRequestParams | None = None


class ListRootsResult(StructBase, kw_only=True):
    """All of the client's roots.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    roots: list[Root]
    """The client's roots."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


@lazy(meta=RequestMetaObject)
class ListToolsRequestParams(WatchedStruct, kw_only=True):
    """Says which page of tools to list.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    cursor: str | None = None
    """Where the page starts: the last result's `nextCursor`; absent for the first page."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class ListToolsRequest(MessageBase, kw_only=True, tag_field="method", tag="tools/list"):
    """Asks the server for its tools, a page at a time.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    method: ClassVar[Literal["tools/list"]] = "tools/list"
    jsonrpc: Literal["2.0"]
    id: str | int
    params: ListToolsRequestParams | None = None


@lazy(meta=RequestMetaObject)
class PingRequestParams(WatchedStruct, kw_only=True):
    """Carries metadata only.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class PingRequest(MessageBase, kw_only=True, tag_field="method", tag="ping"):
    """Checks that the other side still answers.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    method: ClassVar[Literal["ping"]] = "ping"
    jsonrpc: Literal["2.0"]
    id: str | int
    params: PingRequestParams | None = None


class ProgressNotificationParams(StructBase, kw_only=True):
    """How far a request has come, and which request it is.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    progress: int | float
    """How far the work has come, in the unit of `total`; grows as it goes on."""
    progress_token: ProgressToken
    """Progress token of the request this is about."""
    message: str | None = None
    """What is being done right now, for people to read."""
    total: int | float | None = None
    """Value of `progress` at which the work is done, if known."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class ProgressNotification(MessageBase, kw_only=True, tag_field="method", tag="notifications/progress"):
    """Reports how far a long-running request has come.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    method: ClassVar[Literal["notifications/progress"]] = "notifications/progress"
    jsonrpc: Literal["2.0"]
    params: ProgressNotificationParams


class Prompt(StructBase, kw_only=True):
    """A prompt the server offers, possibly with arguments to fill in.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    name: str
    """Name for programs to use, and for people where there is no `title`."""
    arguments: list[PromptArgument] | None = None
    """Arguments the prompt takes."""
    description: str | None = None
    """Explanation in prose, for a person or the model."""


@lazy(meta=RequestMetaObject)
class ReadResourceRequestParams(WatchedStruct, kw_only=True):
    """Says which resource to read.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    uri: str
    """Which resource to read, as a URI of any scheme the server knows."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class ReadResourceRequest(MessageBase, kw_only=True, tag_field="method", tag="resources/read"):
    """Asks the server what a resource contains.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    method: ClassVar[Literal["resources/read"]] = "resources/read"
    jsonrpc: Literal["2.0"]
    id: str | int
    params: ReadResourceRequestParams


class ReadResourceResult(StructBase, kw_only=True):
    """The contents found at a resource's URI.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    contents: list[ResourceContentsUnion]
    """What was read: one entry, or several where the URI covers several items."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class Resource(StructBase, kw_only=True):
    """Data that the server can be asked to read.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    name: str
    """Name for programs to use, and for people where there is no `title`."""
    uri: str
    """Identifies the resource; the URI scheme is the server's choice."""
    annotations: Annotations | None = None
    """Hints on whom this is for and how much it matters."""
    description: str | None = None
    """Explanation in prose, for a person or the model."""
    mime_type: str | None = None
    """Format of the resource's contents as a MIME type, where known."""
    size: int | None = None
    """Size of the contents in bytes, before any encoding, if known."""


class ResourceTemplate(StructBase, kw_only=True):
    """A URI template that stands for a family of resources.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    name: str
    """Name for programs to use, and for people where there is no `title`."""
    uri_template: str
    """The template, in the syntax of RFC 6570."""
    annotations: Annotations | None = None
    """Hints on whom this is for and how much it matters."""
    description: str | None = None
    """Explanation in prose, for a person or the model."""
    mime_type: str | None = None
    """MIME type of every resource the template stands for; absent if they differ."""


@lazy(meta=RequestMetaObject)
class SetLevelRequestParams(WatchedStruct, kw_only=True):
    """Says from which severity on to send log messages.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    level: LoggingLevel
    """Least severe log messages to send; more severe ones are sent too."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class SetLevelRequest(MessageBase, kw_only=True, tag_field="method", tag="logging/setLevel"):
    """Sets how severe a log message must be for the server to send it.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    method: ClassVar[Literal["logging/setLevel"]] = "logging/setLevel"
    jsonrpc: Literal["2.0"]
    id: str | int
    params: SetLevelRequestParams


@lazy(meta=RequestMetaObject)
class SubscribeRequestParams(WatchedStruct, kw_only=True):
    """Names the resource to watch.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    uri: str
    """Which resource to watch, as a URI of any scheme the server knows."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class SubscribeRequest(MessageBase, kw_only=True, tag_field="method", tag="resources/subscribe"):
    """Asks the server to tell of every change to one resource.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    method: ClassVar[Literal["resources/subscribe"]] = "resources/subscribe"
    jsonrpc: Literal["2.0"]
    id: str | int
    params: SubscribeRequestParams


class TextContent(StructBase, kw_only=True, tag_field="type", tag="text"):
    """Content that is text.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    type: ClassVar[Literal["text"]] = "text"
    """Fixed tag that tells this kind of object from others."""
    text: str
    annotations: Annotations | None = None
    """Hints on whom this is for and how much it matters."""


@lazy("input_schema")
class Tool(LazyStruct, kw_only=True):
    """A tool the server offers: its name, purpose and input schema.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    input_schema: dict[str, Any]
    """JSON Schema of the arguments; its top level has the type `object`."""
    name: str
    """Name for programs to use, and for people where there is no `title`."""
    annotations: ToolAnnotations | None = None
    """Hints on what the tool does."""
    description: str | None = None
    """Explanation in prose, for a person or the model."""


@lazy(meta=RequestMetaObject)
class UnsubscribeRequestParams(WatchedStruct, kw_only=True):
    """Names the resource to stop watching.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    uri: str
    """Which resource to stop watching, as a URI."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class UnsubscribeRequest(MessageBase, kw_only=True, tag_field="method", tag="resources/unsubscribe"):
    """Ends a subscription made with `resources/subscribe`.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    method: ClassVar[Literal["resources/unsubscribe"]] = "resources/unsubscribe"
    jsonrpc: Literal["2.0"]
    id: str | int
    params: UnsubscribeRequestParams


@lazy(meta=RequestMetaObject)
class CallToolRequestParams(WatchedStruct, kw_only=True):
    """Names the tool to run and the arguments to run it with.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    name: str
    """Which tool to run."""
    arguments: dict[str, Any] | None = None
    """Arguments by name, to match the tool's `inputSchema`."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class CallToolRequest(MessageBase, kw_only=True, tag_field="method", tag="tools/call"):
    """Asks the server to run one of its tools.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    method: ClassVar[Literal["tools/call"]] = "tools/call"
    jsonrpc: Literal["2.0"]
    id: str | int
    params: CallToolRequestParams


class CallToolResult(StructBase, kw_only=True):
    """What a tool gave back: content for the model and, optionally, structured data.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    content: list[TextContent | ImageContent | AudioContent | EmbeddedResource]
    """The tool's output as content for the model."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    is_error: bool | None = None
    """True when the tool itself failed; the content then says why."""


class CreateMessageResult(StructBase, kw_only=True):
    """The message that the client's model wrote.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    content: TextContent | ImageContent | AudioContent
    """What the model wrote."""
    model: str
    """Which model the client used, by name."""
    role: Role
    """Who speaks: the user or the assistant."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    stop_reason: str | None = None
    """Why the model stopped: `endTurn`, `stopSequence`, `maxTokens` or another reason."""


class ListPromptsResult(StructBase, kw_only=True):
    """One page of the server's prompts.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    prompts: list[Prompt]
    """The prompts on this page."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    next_cursor: str | None = None
    """Where the next page starts; absent on the last page."""


class ListResourceTemplatesResult(StructBase, kw_only=True):
    """One page of the server's resource templates.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    resource_templates: list[ResourceTemplate]
    """The resource templates on this page."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    next_cursor: str | None = None
    """Where the next page starts; absent on the last page."""


class ListResourcesResult(StructBase, kw_only=True):
    """One page of the server's resources.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    resources: list[Resource]
    """The resources on this page."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    next_cursor: str | None = None
    """Where the next page starts; absent on the last page."""


class ListToolsResult(StructBase, kw_only=True):
    """One page of the server's tools.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    tools: list[Tool]
    """The tools on this page."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    next_cursor: str | None = None
    """Where the next page starts; absent on the last page."""


class PromptMessage(StructBase, kw_only=True):
    """One message of a prompt.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    content: TextContent | ImageContent | AudioContent | EmbeddedResource
    """What the message says, as one content block."""
    role: Role
    """Who speaks: the user or the assistant."""


class SamplingMessage(StructBase, kw_only=True):
    """One message of a conversation with a model.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    content: TextContent | ImageContent | AudioContent
    """What the message says."""
    role: Role
    """Who speaks: the user or the assistant."""


@lazy(meta=RequestMetaObject)
class CreateMessageRequestParams(WatchedStruct, kw_only=True):
    """The conversation to continue, and how the model should go about it.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    max_tokens: int
    """Most tokens the model may write; the client may stop it sooner."""
    messages: list[SamplingMessage]
    """The conversation so far, oldest message first."""
    include_context: Literal["allServers", "none", "thisServer"] | None = None
    """Advice on which servers' context to add: `none`, `thisServer` or `allServers`."""
    metadata: dict[str, Any] | None = None
    """Extra data for the model's provider, in whatever format it expects."""
    model_preferences: ModelPreferences | None = None
    """Advice on choosing the model."""
    stop_sequences: list[str] | None = None
    """Strings at which the model stops writing."""
    system_prompt: str | None = None
    """System prompt the server would like; the client may change or drop it."""
    temperature: int | float | None = None
    """Sampling temperature, on the model's own scale."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class CreateMessageRequest(MessageBase, kw_only=True, tag_field="method", tag="sampling/createMessage"):
    """Asks the client to have its model continue a conversation (sampling).

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    method: ClassVar[Literal["sampling/createMessage"]] = "sampling/createMessage"
    jsonrpc: Literal["2.0"]
    id: str | int
    params: CreateMessageRequestParams


class GetPromptResult(StructBase, kw_only=True):
    """A prompt with its arguments filled in, ready for the model.

    https://modelcontextprotocol.io/specification/2025-03-26
    """

    messages: list[PromptMessage]
    """The prompt's messages, in order."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    description: str | None = None
    """Explanation in prose, for a person or the model."""


__all__ = [
    "Annotations",
    "AudioContent",
    "BlobResourceContents",
    "CallToolRequest",
    "CallToolRequestParams",
    "CallToolResult",
    "CancelledNotification",
    "CancelledNotificationParams",
    "ClientCapabilities",
    "ClientCapabilitiesRoots",
    "CompleteRequest",
    "CompleteRequestParams",
    "CompleteRequestParamsArgument",
    "CompleteResult",
    "CompleteResultCompletion",
    "CreateMessageRequest",
    "CreateMessageRequestParams",
    "CreateMessageResult",
    "Cursor",
    "EmbeddedResource",
    "EmptyResult",
    "GetPromptRequest",
    "GetPromptRequestParams",
    "GetPromptResult",
    "ImageContent",
    "Implementation",
    "InitializeRequest",
    "InitializeRequestParams",
    "InitializeResult",
    "InitializedNotification",
    "InitializedNotificationParams",
    "ListPromptsRequest",
    "ListPromptsRequestParams",
    "ListPromptsResult",
    "ListResourceTemplatesRequest",
    "ListResourceTemplatesRequestParams",
    "ListResourceTemplatesResult",
    "ListResourcesRequest",
    "ListResourcesRequestParams",
    "ListResourcesResult",
    "ListRootsRequest",
    "ListRootsRequestParams",
    "ListRootsResult",
    "ListToolsRequest",
    "ListToolsRequestParams",
    "ListToolsResult",
    "LoggingLevel",
    "LoggingMessageNotification",
    "LoggingMessageNotificationParams",
    "ModelHint",
    "ModelPreferences",
    "PingRequest",
    "PingRequestParams",
    "ProgressNotification",
    "ProgressNotificationParams",
    "ProgressToken",
    "Prompt",
    "PromptArgument",
    "PromptListChangedNotification",
    "PromptListChangedNotificationParams",
    "PromptMessage",
    "PromptReference",
    "ReadResourceRequest",
    "ReadResourceRequestParams",
    "ReadResourceResult",
    "RequestId",
    "RequestMetaObject",
    "Resource",
    "ResourceContentsUnion",
    "ResourceListChangedNotification",
    "ResourceListChangedNotificationParams",
    "ResourceReference",
    "ResourceTemplate",
    "ResourceUpdatedNotification",
    "ResourceUpdatedNotificationParams",
    "Result",
    "Role",
    "Root",
    "RootsListChangedNotification",
    "RootsListChangedNotificationParams",
    "SamplingMessage",
    "ServerCapabilities",
    "ServerCapabilitiesPrompts",
    "ServerCapabilitiesResources",
    "ServerCapabilitiesTools",
    "SetLevelRequest",
    "SetLevelRequestParams",
    "SubscribeRequest",
    "SubscribeRequestParams",
    "TextContent",
    "TextResourceContents",
    "Tool",
    "ToolAnnotations",
    "ToolListChangedNotification",
    "ToolListChangedNotificationParams",
    "UnsubscribeRequest",
    "UnsubscribeRequestParams",
]
