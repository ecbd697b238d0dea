"""Message types of MCP 2025-11-25.

Schema 2025-11-25, sha256 268a5f82ba70fd7e4b6dc4aa1e64f116f74b4d0edcb69dc046829c79dd4e97e7.
Made by `make gen`; never edited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from msgspec import Meta, field

from mcpstruct.base.bag import Bag, Known
from mcpstruct.base.structs import MessageBase, StructBase, WatchedStruct, lazy
from mcpstruct.base.untagged import Rule, untagged


class BlobResourceContents(StructBase, kw_only=True):
    """Contents of a resource as binary data.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#blobresourcecontents
    """

    blob: str
    """The resource's bytes, in base64."""
    uri: str
    """Identifies the resource; the URI scheme is the server's choice."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    mime_type: str | None = None
    """Format of the resource's contents as a MIME type, where known."""


class BooleanSchema(StructBase, kw_only=True, tag_field="type", tag="boolean"):
    """A form field answered with yes or no.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#booleanschema
    """

    type: ClassVar[Literal["boolean"]] = "boolean"
    """JSON type of the answer; always `boolean`."""
    default: bool | None = None
    """Value the field has until the user changes it."""
    description: str | None = None
    """Explanation in prose, for a person or the model."""
    title: str | None = None
    """Label for people to read."""


class ClientCapabilitiesElicitation(StructBase, kw_only=True):
    """Details of the client's elicitation capability: the modes it can handle.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#clientcapabilities
    """

    form: dict[str, Any] | None = None
    """Set when the client can show a form."""
    url: dict[str, Any] | None = None
    """Set when the client can send the user to a URL."""


class ClientCapabilitiesRoots(StructBase, kw_only=True):
    """Details of the client's roots capability.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#clientcapabilities
    """

    list_changed: bool | None = None
    """True when the client announces changes to its roots."""


class ClientCapabilitiesSampling(StructBase, kw_only=True):
    """Details of the client's sampling capability.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#clientcapabilities
    """

    context: dict[str, Any] | None = None
    """Set when the client supports `includeContext` values other than `none`."""
    tools: dict[str, Any] | None = None
    """Set when the client accepts `tools` and `toolChoice` in sampling requests."""


class ClientCapabilitiesTasksRequestsElicitation(StructBase, kw_only=True):
    """Elicitation requests the client can run as tasks.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#clientcapabilities
    """

    create: dict[str, Any] | None = None
    """Set when `elicitation/create` can run as a task."""


class ClientCapabilitiesTasksRequestsSampling(StructBase, kw_only=True):
    """Sampling requests the client can run as tasks.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#clientcapabilities
    """

    create_message: dict[str, Any] | None = None
    """Set when `sampling/createMessage` can run as a task."""


class CompleteRequestParamsArgument(StructBase, kw_only=True):
    """The argument to complete, with what has been typed so far.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#completerequestparams
    """

    name: str
    """Which argument to complete."""
    value: str
    """What has been typed so far."""


class CompleteRequestParamsContext(StructBase, kw_only=True):
    """What is already known about the other arguments.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#completerequestparams
    """

    arguments: dict[str, str] | None = None
    """Values already chosen for other arguments, by name."""


class CompleteResultCompletion(StructBase, kw_only=True):
    """The suggested values, and whether there are more.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#completeresult
    """

    values: list[str]
    """Suggested values, at most 100."""
    has_more: bool | None = None
    """True when there are more suggestions than were returned."""
    total: int | None = None
    """How many suggestions there are in all, returned or not."""


class CompleteResult(StructBase, kw_only=True):
    """Suggestions for an argument's value.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#completeresult
    """

    completion: CompleteResultCompletion
    """The suggestions."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


Cursor: TypeAlias = str
"""Opaque position in a paged listing, meaningful only to the side that issued it.

https://modelcontextprotocol.io/specification/2025-11-25/schema#cursor
"""


class ElicitResult(StructBase, kw_only=True):
    """What the user decided and, for an accepted form, what was filled in.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#elicitresult
    """

    action: Literal["accept", "cancel", "decline"]
    """What the user did: `accept`, `decline` (said no) or `cancel` (closed it undecided)."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    content: dict[str, list[str] | str | int | float | bool] | None = None
    """The answers by field name; only for an accepted form."""


class ElicitationCompleteNotificationParams(StructBase, kw_only=True):
    """Names the elicitation that is over.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#elicitationcompletenotification
    """

    elicitation_id: str
    """Opaque id of the elicitation, unique within its server; the notification of its end repeats it."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class ElicitationCompleteNotification(
    MessageBase, kw_only=True, tag_field="method", tag="notifications/elicitation/complete"
):
    """Tells the client that an elicitation at a URL is over.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#elicitationcompletenotification
    """

    method: ClassVar[Literal["notifications/elicitation/complete"]] = "notifications/elicitation/complete"
    jsonrpc: Literal["2.0"]
    params: ElicitationCompleteNotificationParams


class GetTaskPayloadResult(Bag):
    """The result of the request behind a task, in the shape that request's method prescribes.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#gettaskpayloadresult
    """

    __slots__ = ()

    meta: Known[dict[str, Any] | None] = Known("_meta")
    """Open map of metadata; the protocol reserves some of its keys."""


class Icon(StructBase, kw_only=True):
    """One image that a user interface can show for an item.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#icon
    """

    src: str
    """Where to get the image: an HTTP(S) address, or a `data:` URI that is the image in base64."""
    mime_type: str | None = None
    """MIME type to go by when `src` yields none or too vague a one."""
    sizes: list[str] | None = None
    """Sizes it suits, as width and height (`48x48`) or `any`; absent means all sizes."""
    theme: Literal["dark", "light"] | None = None
    """Background it is made for, `light` or `dark`; absent means either."""


class Implementation(StructBase, kw_only=True):
    """Identifies client or server software by name and version.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#implementation
    """

    name: str
    """Name for programs to use, and for people where there is no `title`."""
    version: str
    description: str | None = None
    """Explanation in prose, for a person or the model."""
    icons: list[Icon] | None = None
    """Images to show for this, in one or more sizes and formats."""
    title: str | None = None
    """Label for people to read."""
    website_url: str | None = None
    """Web page about the software."""


class LegacyTitledEnumSchema(StructBase, kw_only=True, tag_field="type", tag="string"):
    """A choice of one option with labels in a second list; prefer TitledSingleSelectEnumSchema.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#legacytitledenumschema
    """

    type: ClassVar[Literal["string"]] = "string"
    """JSON type of the answer; always `string`."""
    enum: list[str]
    """The values on offer."""
    default: str | None = None
    """Value the field has until the user changes it."""
    description: str | None = None
    """Explanation in prose, for a person or the model."""
    enum_names: list[str] | None = None
    """Labels for the values in `enum`, in the same order."""
    title: str | None = None
    """Label for people to read."""


LoggingLevel: TypeAlias = Literal["alert", "critical", "debug", "emergency", "error", "info", "notice", "warning"]
"""How severe a log message is, on the syslog scale (RFC 5424) from `debug` to `emergency`.

https://modelcontextprotocol.io/specification/2025-11-25/schema#logginglevel
"""


class LoggingMessageNotificationParams(StructBase, kw_only=True):
    """One log message: severity, logger and data.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#loggingmessagenotificationparams
    """

    data: Any
    """What was logged: a string or any other JSON value."""
    level: LoggingLevel
    """How severe the message is."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    logger: str | None = None
    """Which logger wrote the message, by name."""


class ModelHint(StructBase, kw_only=True):
    """A wish for a particular model or family of models; unknown keys are allowed.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#modelhint
    """

    name: str | None = None
    """Part of a model's name; the client may map it to a comparable model."""


class ModelPreferences(StructBase, kw_only=True):
    """What the server values in a model; the client has the last word.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#modelpreferences
    """

    cost_priority: Annotated[int, Meta(ge=0, le=1)] | Annotated[float, Meta(ge=0, le=1)] | None = None
    """Weight of a low price, from 0 (none) to 1 (decisive)."""
    hints: list[ModelHint] | None = None
    """Wishes for particular models, tried in order before the weights count."""
    intelligence_priority: Annotated[int, Meta(ge=0, le=1)] | Annotated[float, Meta(ge=0, le=1)] | None = None
    """Weight of a capable model, from 0 (none) to 1 (decisive)."""
    speed_priority: Annotated[int, Meta(ge=0, le=1)] | Annotated[float, Meta(ge=0, le=1)] | None = None
    """Weight of a fast reply, from 0 (none) to 1 (decisive)."""


class NotificationParams(StructBase, kw_only=True):
    """Bare params of a notification: metadata and nothing more.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#notificationparams
    """

    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class NumberSchema(StructBase, kw_only=True):
    """A form field answered with a number.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#numberschema
    """

    type: Literal["integer", "number"]
    """JSON type of the answer: `integer` or `number`."""
    default: int | float | None = None
    """Value the field has until the user changes it."""
    description: str | None = None
    """Explanation in prose, for a person or the model."""
    maximum: int | float | None = None
    """Largest number allowed, inclusive."""
    minimum: int | float | None = None
    """Smallest number allowed, inclusive."""
    title: str | None = None
    """Label for people to read."""


ProgressToken: TypeAlias = str | int
"""Progress token: ties progress notifications to the request that asked for them.

https://modelcontextprotocol.io/specification/2025-11-25/schema#progresstoken
"""


class PromptArgument(StructBase, kw_only=True):
    """One argument that a prompt takes.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#promptargument
    """

    name: str
    """Name for programs to use, and for people where there is no `title`."""
    description: str | None = None
    """Explanation in prose, for a person or the model."""
    required: bool | None = None
    """True when the prompt cannot do without this argument."""
    title: str | None = None
    """Label for people to read."""


class PromptListChangedNotification(
    MessageBase, kw_only=True, tag_field="method", tag="notifications/prompts/list_changed"
):
    """Tells the client that its copy of the list of prompts is out of date.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#promptlistchangednotification
    """

    method: ClassVar[Literal["notifications/prompts/list_changed"]] = "notifications/prompts/list_changed"
    jsonrpc: Literal["2.0"]
    params: NotificationParams | None = None


class PromptReference(StructBase, kw_only=True, tag_field="type", tag="ref/prompt"):
    """Points a completion request at a prompt.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#promptreference
    """

    type: ClassVar[Literal["ref/prompt"]] = "ref/prompt"
    """Fixed tag that tells this kind of object from others."""
    name: str
    """Which prompt is meant."""
    title: str | None = None
    """Label for people to read."""


class RelatedTaskMetadata(StructBase, kw_only=True):
    """Says which task a message belongs to; sits under the related-task key of `_meta`.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#relatedtaskmetadata
    """

    task_id: str
    """Id of the task."""


RequestId: TypeAlias = str | int
"""Pairs a request with its response: a string or an integer.

https://modelcontextprotocol.io/specification/2025-11-25/schema#requestid
"""


class ResourceListChangedNotification(
    MessageBase, kw_only=True, tag_field="method", tag="notifications/resources/list_changed"
):
    """Tells the client that its copy of the list of resources is out of date.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#resourcelistchangednotification
    """

    method: ClassVar[Literal["notifications/resources/list_changed"]] = "notifications/resources/list_changed"
    jsonrpc: Literal["2.0"]
    params: NotificationParams | None = None


class ResourceTemplateReference(StructBase, kw_only=True, tag_field="type", tag="ref/resource"):
    """Points a completion request at a resource or a resource template.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#resourcetemplatereference
    """

    type: ClassVar[Literal["ref/resource"]] = "ref/resource"
    """Fixed tag that tells this kind of object from others."""
    uri: str
    """URI or URI template (RFC 6570) being completed."""


class ResourceUpdatedNotificationParams(StructBase, kw_only=True):
    """Names the resource that has new contents.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#resourceupdatednotificationparams
    """

    uri: str
    """Which resource changed, as a URI; it may be a part of the one being watched."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class Result(Bag):
    """The least that any result holds; methods add their own fields.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#result
    """

    __slots__ = ()

    meta: Known[dict[str, Any] | None] = Known("_meta")
    """Open map of metadata; the protocol reserves some of its keys."""


Role: TypeAlias = Literal["assistant", "user"]
"""Who speaks or is addressed: the user or the assistant.

https://modelcontextprotocol.io/specification/2025-11-25/schema#role
"""


class Root(StructBase, kw_only=True):
    """A place for the server to work in: a directory or a file.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#root
    """

    uri: str
    """Where the root is; always a `file://` URI."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    name: str | None = None
    """Label for the root, for people to read."""


class RootsListChangedNotification(
    MessageBase, kw_only=True, tag_field="method", tag="notifications/roots/list_changed"
):
    """Tells the server that the client's roots are no longer the same.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#rootslistchangednotification
    """

    method: ClassVar[Literal["notifications/roots/list_changed"]] = "notifications/roots/list_changed"
    jsonrpc: Literal["2.0"]
    params: NotificationParams | None = None


class ServerCapabilitiesPrompts(StructBase, kw_only=True):
    """Details of the server's prompts capability.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#servercapabilities
    """

    list_changed: bool | None = None
    """True when the server announces changes to its list of prompts."""


class ServerCapabilitiesResources(StructBase, kw_only=True):
    """Details of the server's resources capability.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#servercapabilities
    """

    list_changed: bool | None = None
    """True when the server announces changes to its list of resources."""
    subscribe: bool | None = None
    """True when the client can ask to be told of changes to single resources."""


class ServerCapabilitiesTasksRequestsTools(StructBase, kw_only=True):
    """Tool requests the server can run as tasks.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#servercapabilities
    """

    call: dict[str, Any] | None = None
    """Set when `tools/call` can run as a task."""


class ServerCapabilitiesTools(StructBase, kw_only=True):
    """Details of the server's tools capability.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#servercapabilities
    """

    list_changed: bool | None = None
    """True when the server announces changes to its list of tools."""


class StringSchema(StructBase, kw_only=True, tag_field="type", tag="string"):
    """A form field answered with text.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#stringschema
    """

    type: ClassVar[Literal["string"]] = "string"
    """JSON type of the answer; always `string`."""
    default: str | None = None
    """Value the field has until the user changes it."""
    description: str | None = None
    """Explanation in prose, for a person or the model."""
    format: Literal["date", "date-time", "email", "uri"] | None = None
    """Kind of text wanted: `date`, `date-time`, `email` or `uri`."""
    max_length: int | None = None
    """Largest number of characters allowed."""
    min_length: int | None = None
    """Smallest number of characters allowed."""
    title: str | None = None
    """Label for people to read."""


class TaskMetadata(StructBase, kw_only=True):
    """Turns a request into a task, and says how long to keep it.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#taskmetadata
    """

    ttl: int | None = None
    """How long to keep the task, in milliseconds from its creation; the receiver may decide otherwise."""


TaskStatus: TypeAlias = Literal["cancelled", "completed", "failed", "input_required", "working"]
"""Stage of a task: `working`, `input_required`, `completed`, `failed` or `cancelled`.

https://modelcontextprotocol.io/specification/2025-11-25/schema#taskstatus
"""


class TaskStatusNotificationParams(StructBase, kw_only=True):
    """State of the task after the change.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#taskstatusnotificationparams
    """

    created_at: str
    """Creation time of the task, as an ISO 8601 timestamp."""
    last_updated_at: str
    """Time of the task's latest change, as an ISO 8601 timestamp."""
    status: TaskStatus
    """Stage the task has reached."""
    task_id: str
    """Id of the task."""
    ttl: int | None
    """How long the task is kept, in milliseconds from its creation; null means without limit."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    poll_interval: int | None = None
    """Suggested pause between two `tasks/get` requests, in milliseconds."""
    status_message: str | None = None
    """More about the stage in words, such as why the task failed."""


class TextResourceContents(StructBase, kw_only=True):
    """Contents of a resource as text.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#textresourcecontents
    """

    text: str
    uri: str
    """Identifies the resource; the URI scheme is the server's choice."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    mime_type: str | None = None
    """Format of the resource's contents as a MIME type, where known."""


class TitledMultiSelectEnumSchemaItemsAnyOfItem(StructBase, kw_only=True):
    """One option: its value and its label.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#titledmultiselectenumschema
    """

    const: str
    """Value sent back when this option is chosen."""
    title: str
    """Label for people to read."""


class TitledSingleSelectEnumSchemaOneOfItem(StructBase, kw_only=True):
    """One option: its value and its label.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#titledsingleselectenumschema
    """

    const: str
    """Value sent back when this option is chosen."""
    title: str
    """Label for people to read."""


class TitledSingleSelectEnumSchema(StructBase, kw_only=True, tag_field="type", tag="string"):
    """A choice of one option; each option has a label.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#titledsingleselectenumschema
    """

    type: ClassVar[Literal["string"]] = "string"
    """JSON type of the answer; always `string`."""
    one_of: list[TitledSingleSelectEnumSchemaOneOfItem]
    """The options, each with its value and label."""
    default: str | None = None
    """Value the field has until the user changes it."""
    description: str | None = None
    """Explanation in prose, for a person or the model."""
    title: str | None = None
    """Label for people to read."""


class ToolAnnotations(StructBase, kw_only=True):
    """Hints on what a tool does; claims by the server, not guarantees.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#toolannotations
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


class ToolChoice(StructBase, kw_only=True):
    """Whether the model may, must or must not use tools.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#toolchoice
    """

    mode: Literal["auto", "none", "required"] | None = None
    """Whether the model decides (`auto`, the default), must use a tool (`required`) or must not (`none`)."""


class ToolExecution(StructBase, kw_only=True):
    """How a tool can be run.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#toolexecution
    """

    task_support: Literal["forbidden", "optional", "required"] | None = None
    """Whether calls run as tasks: `forbidden` (the default), `optional` or `required`."""


class ToolListChangedNotification(
    MessageBase, kw_only=True, tag_field="method", tag="notifications/tools/list_changed"
):
    """Tells the client that its copy of the list of tools is out of date.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#toollistchangednotification
    """

    method: ClassVar[Literal["notifications/tools/list_changed"]] = "notifications/tools/list_changed"
    jsonrpc: Literal["2.0"]
    params: NotificationParams | None = None


class ToolUseContent(StructBase, kw_only=True, tag_field="type", tag="tool_use"):
    """The model's request to have a tool called.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#toolusecontent
    """

    type: ClassVar[Literal["tool_use"]] = "tool_use"
    """Fixed tag that tells this kind of object from others."""
    id: str
    """Id that the matching ToolResultContent repeats."""
    input: dict[str, Any]
    """Arguments by name, to match the tool's `inputSchema`."""
    name: str
    """Which tool to call."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; best passed on unchanged, so that caches keep matching."""


class UntitledMultiSelectEnumSchemaItems(StructBase, kw_only=True, tag_field="type", tag="string"):
    """The options of a multiple choice.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#untitledmultiselectenumschema
    """

    type: ClassVar[Literal["string"]] = "string"
    """JSON type of one option; always `string`."""
    enum: list[str]
    """The values on offer."""


class UntitledMultiSelectEnumSchema(StructBase, kw_only=True, tag_field="type", tag="array"):
    """A choice of several options; options are shown by value, without labels.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#untitledmultiselectenumschema
    """

    type: ClassVar[Literal["array"]] = "array"
    """JSON type of the answer; always `array`."""
    items: UntitledMultiSelectEnumSchemaItems
    """The options."""
    default: list[str] | None = None
    """Value the field has until the user changes it."""
    description: str | None = None
    """Explanation in prose, for a person or the model."""
    max_items: int | None = None
    """Largest number of options the user may choose."""
    min_items: int | None = None
    """Smallest number of options the user may choose."""
    title: str | None = None
    """Label for people to read."""


class UntitledSingleSelectEnumSchema(StructBase, kw_only=True, tag_field="type", tag="string"):
    """A choice of one option; options are shown by value, without labels.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#untitledsingleselectenumschema
    """

    type: ClassVar[Literal["string"]] = "string"
    """JSON type of the answer; always `string`."""
    enum: list[str]
    """The values on offer."""
    default: str | None = None
    """Value the field has until the user changes it."""
    description: str | None = None
    """Explanation in prose, for a person or the model."""
    title: str | None = None
    """Label for people to read."""


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

    https://modelcontextprotocol.io/specification/2025-11-25/schema#annotations
    """

    audience: list[Role] | None = None
    """Whom the content is for: the user, the assistant or both."""
    last_modified: str | None = None
    """When the content last changed, as an ISO 8601 timestamp."""
    priority: Annotated[int, Meta(ge=0, le=1)] | Annotated[float, Meta(ge=0, le=1)] | None = None
    """How much the content matters, from 0 (can be left out) to 1 (indispensable)."""


class AudioContent(StructBase, kw_only=True, tag_field="type", tag="audio"):
    """Content that is a sound recording.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#audiocontent
    """

    type: ClassVar[Literal["audio"]] = "audio"
    """Fixed tag that tells this kind of object from others."""
    data: str
    """The sound, in base64."""
    mime_type: str
    """Sound format, as a MIME type such as `audio/wav`."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    annotations: Annotations | None = None
    """Hints on whom this is for and how much it matters."""


class RequestMetaObject(Bag):
    """Metadata of a request, with the keys that the protocol itself defines.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#requestmetaobject
    """

    __slots__ = ()

    progress_token: Known[ProgressToken | None] = Known("progressToken")
    """Asks for progress notifications with this progress token; the receiver need not send any."""


@lazy(meta=RequestMetaObject)
class CallToolRequestParams(WatchedStruct, kw_only=True):
    """Names the tool to run and the arguments to run it with.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#calltoolrequestparams
    """

    name: str
    """Which tool to run."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    arguments: dict[str, Any] | None = None
    """Arguments by name, to match the tool's `inputSchema`."""
    task: TaskMetadata | None = None
    """Set to run the request as a task; the reply is then a CreateTaskResult."""


@lazy(meta=RequestMetaObject)
class CancelTaskRequestParams(WatchedStruct, kw_only=True):
    """Names the task to stop.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#canceltaskrequest
    """

    task_id: str
    """Id of the task."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class CancelTaskRequest(MessageBase, kw_only=True, tag_field="method", tag="tasks/cancel"):
    """Asks the side that runs a task to stop it.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#canceltaskrequest
    """

    method: ClassVar[Literal["tasks/cancel"]] = "tasks/cancel"
    jsonrpc: Literal["2.0"]
    id: RequestId
    params: CancelTaskRequestParams


class CancelTaskResult(StructBase, kw_only=True):
    """State of the task once it has been cancelled.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#canceltaskresult
    """

    created_at: str
    """Creation time of the task, as an ISO 8601 timestamp."""
    last_updated_at: str
    """Time of the task's latest change, as an ISO 8601 timestamp."""
    status: TaskStatus
    """Stage the task has reached."""
    task_id: str
    """Id of the task."""
    ttl: int | None
    """How long the task is kept, in milliseconds from its creation; null means without limit."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    poll_interval: int | None = None
    """Suggested pause between two `tasks/get` requests, in milliseconds."""
    status_message: str | None = None
    """More about the stage in words, such as why the task failed."""


class CancelledNotificationParams(StructBase, kw_only=True):
    """Names the request being called off and, optionally, why.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#cancellednotificationparams
    """

    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    reason: str | None = None
    """Why the request is called off, for logs or the user."""
    request_id: RequestId | None = None
    """Id of the request being called off, as its sender chose it."""


class ClientCapabilitiesTasksRequests(StructBase, kw_only=True):
    """Requests the client can run as tasks, grouped by feature.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#clientcapabilities
    """

    elicitation: ClientCapabilitiesTasksRequestsElicitation | None = None
    """Which elicitation requests can run as tasks."""
    sampling: ClientCapabilitiesTasksRequestsSampling | None = None
    """Which sampling requests can run as tasks."""


@lazy(meta=RequestMetaObject)
class CompleteRequestParams(WatchedStruct, kw_only=True):
    """Says which argument of which prompt or resource template to complete.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#completerequestparams
    """

    argument: CompleteRequestParamsArgument
    """The argument to complete."""
    ref: PromptReference | ResourceTemplateReference
    """The prompt or resource template that the argument belongs to."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    context: CompleteRequestParamsContext | None = None
    """What is already known about the other arguments."""


@lazy(meta=RequestMetaObject)
class ElicitRequestURLParams(WatchedStruct, kw_only=True, tag_field="mode", tag="url"):
    """An elicitation that the user carries out at a URL, out of the client's sight.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#elicitrequesturlparams
    """

    mode: ClassVar[Literal["url"]] = "url"
    """Always `url`."""
    elicitation_id: str
    """Opaque id of the elicitation, unique within its server; the notification of its end repeats it."""
    message: str
    """What to tell the user when asking."""
    url: str
    """Where to send the user."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    task: TaskMetadata | None = None
    """Set to run the request as a task; the reply is then a CreateTaskResult."""


class EmbeddedResource(StructBase, kw_only=True, tag_field="type", tag="resource"):
    """Content that is a resource, with its contents included.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#embeddedresource
    """

    type: ClassVar[Literal["resource"]] = "resource"
    """Fixed tag that tells this kind of object from others."""
    resource: ResourceContentsUnion
    """The resource's contents, text or binary."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    annotations: Annotations | None = None
    """Hints on whom this is for and how much it matters."""


EmptyResult: TypeAlias = Result
"""Success, with nothing to report.

https://modelcontextprotocol.io/specification/2025-11-25/schema#emptyresult
"""


@lazy(meta=RequestMetaObject)
class GetPromptRequestParams(WatchedStruct, kw_only=True):
    """Names the prompt and the values to fill it in with.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#getpromptrequestparams
    """

    name: str
    """Which prompt to get."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    arguments: dict[str, str] | None = None
    """Values for the prompt's arguments, by name; all are strings."""


@lazy(meta=RequestMetaObject)
class GetTaskPayloadRequestParams(WatchedStruct, kw_only=True):
    """Names the task whose result is wanted.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#gettaskpayloadrequest
    """

    task_id: str
    """Id of the task."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class GetTaskPayloadRequest(MessageBase, kw_only=True, tag_field="method", tag="tasks/result"):
    """Asks for the result of the request that runs as a task.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#gettaskpayloadrequest
    """

    method: ClassVar[Literal["tasks/result"]] = "tasks/result"
    jsonrpc: Literal["2.0"]
    id: RequestId
    params: GetTaskPayloadRequestParams


@lazy(meta=RequestMetaObject)
class GetTaskRequestParams(WatchedStruct, kw_only=True):
    """Names the task to report on.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#gettaskrequest
    """

    task_id: str
    """Id of the task."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class GetTaskRequest(MessageBase, kw_only=True, tag_field="method", tag="tasks/get"):
    """Asks how a task is doing.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#gettaskrequest
    """

    method: ClassVar[Literal["tasks/get"]] = "tasks/get"
    jsonrpc: Literal["2.0"]
    id: RequestId
    params: GetTaskRequestParams


class GetTaskResult(StructBase, kw_only=True):
    """State of the task at the moment of asking.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#gettaskresult
    """

    created_at: str
    """Creation time of the task, as an ISO 8601 timestamp."""
    last_updated_at: str
    """Time of the task's latest change, as an ISO 8601 timestamp."""
    status: TaskStatus
    """Stage the task has reached."""
    task_id: str
    """Id of the task."""
    ttl: int | None
    """How long the task is kept, in milliseconds from its creation; null means without limit."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    poll_interval: int | None = None
    """Suggested pause between two `tasks/get` requests, in milliseconds."""
    status_message: str | None = None
    """More about the stage in words, such as why the task failed."""


class ImageContent(StructBase, kw_only=True, tag_field="type", tag="image"):
    """Content that is an image.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#imagecontent
    """

    type: ClassVar[Literal["image"]] = "image"
    """Fixed tag that tells this kind of object from others."""
    data: str
    """The image, in base64."""
    mime_type: str
    """Image format, as a MIME type such as `image/png`."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    annotations: Annotations | None = None
    """Hints on whom this is for and how much it matters."""


class InitializedNotification(MessageBase, kw_only=True, tag_field="method", tag="notifications/initialized"):
    """Ends the handshake: the client is ready for normal traffic.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#initializednotification
    """

    method: ClassVar[Literal["notifications/initialized"]] = "notifications/initialized"
    jsonrpc: Literal["2.0"]
    params: NotificationParams | None = None


class ListRootsResult(StructBase, kw_only=True):
    """All of the client's roots.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#listrootsresult
    """

    roots: list[Root]
    """The client's roots."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class LoggingMessageNotification(MessageBase, kw_only=True, tag_field="method", tag="notifications/message"):
    """Carries one log message to the client.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#loggingmessagenotification
    """

    method: ClassVar[Literal["notifications/message"]] = "notifications/message"
    jsonrpc: Literal["2.0"]
    params: LoggingMessageNotificationParams


@lazy(meta=RequestMetaObject)
class PaginatedRequestParams(WatchedStruct, kw_only=True):
    """Says which page of a listing to return.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#paginatedrequestparams
    """

    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    cursor: str | None = None
    """Where the page starts: the last result's `nextCursor`; absent for the first page."""


class ProgressNotificationParams(StructBase, kw_only=True):
    """How far a request has come, and which request it is.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#progressnotificationparams
    """

    progress: int | float
    """How far the work has come, in the unit of `total`; grows as it goes on."""
    progress_token: ProgressToken
    """Progress token of the request this is about."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    message: str | None = None
    """What is being done right now, for people to read."""
    total: int | float | None = None
    """Value of `progress` at which the work is done, if known."""


class Prompt(StructBase, kw_only=True):
    """A prompt the server offers, possibly with arguments to fill in.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#prompt
    """

    name: str
    """Name for programs to use, and for people where there is no `title`."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    arguments: list[PromptArgument] | None = None
    """Arguments the prompt takes."""
    description: str | None = None
    """Explanation in prose, for a person or the model."""
    icons: list[Icon] | None = None
    """Images to show for this, in one or more sizes and formats."""
    title: str | None = None
    """Label for people to read."""


@lazy(meta=RequestMetaObject)
class ReadResourceRequestParams(WatchedStruct, kw_only=True):
    """Says which resource to read.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#readresourcerequestparams
    """

    uri: str
    """Which resource to read, as a URI of any scheme the server knows."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class ReadResourceResult(StructBase, kw_only=True):
    """The contents found at a resource's URI.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#readresourceresult
    """

    contents: list[ResourceContentsUnion]
    """What was read: one entry, or several where the URI covers several items."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


@lazy(meta=RequestMetaObject)
class RequestParams(WatchedStruct, kw_only=True):
    """Bare params of a request: metadata and nothing more.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#requestparams
    """

    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class Resource(StructBase, kw_only=True):
    """Data that the server can be asked to read.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#resource
    """

    name: str
    """Name for programs to use, and for people where there is no `title`."""
    uri: str
    """Identifies the resource; the URI scheme is the server's choice."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    annotations: Annotations | None = None
    """Hints on whom this is for and how much it matters."""
    description: str | None = None
    """Explanation in prose, for a person or the model."""
    icons: list[Icon] | None = None
    """Images to show for this, in one or more sizes and formats."""
    mime_type: str | None = None
    """Format of the resource's contents as a MIME type, where known."""
    size: int | None = None
    """Size of the contents in bytes, before any encoding, if known."""
    title: str | None = None
    """Label for people to read."""


class ResourceLink(StructBase, kw_only=True, tag_field="type", tag="resource_link"):
    """Content that points at a resource without including it; `resources/list` may not show it.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#resourcelink
    """

    type: ClassVar[Literal["resource_link"]] = "resource_link"
    """Fixed tag that tells this kind of object from others."""
    name: str
    """Name for programs to use, and for people where there is no `title`."""
    uri: str
    """Identifies the resource; the URI scheme is the server's choice."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    annotations: Annotations | None = None
    """Hints on whom this is for and how much it matters."""
    description: str | None = None
    """Explanation in prose, for a person or the model."""
    icons: list[Icon] | None = None
    """Images to show for this, in one or more sizes and formats."""
    mime_type: str | None = None
    """Format of the resource's contents as a MIME type, where known."""
    size: int | None = None
    """Size of the contents in bytes, before any encoding, if known."""
    title: str | None = None
    """Label for people to read."""


class ResourceTemplate(StructBase, kw_only=True):
    """A URI template that stands for a family of resources.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#resourcetemplate
    """

    name: str
    """Name for programs to use, and for people where there is no `title`."""
    uri_template: str
    """The template, in the syntax of RFC 6570."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    annotations: Annotations | None = None
    """Hints on whom this is for and how much it matters."""
    description: str | None = None
    """Explanation in prose, for a person or the model."""
    icons: list[Icon] | None = None
    """Images to show for this, in one or more sizes and formats."""
    mime_type: str | None = None
    """MIME type of every resource the template stands for; absent if they differ."""
    title: str | None = None
    """Label for people to read."""


class ResourceUpdatedNotification(MessageBase, kw_only=True, tag_field="method", tag="notifications/resources/updated"):
    """Tells the client that a resource it watches has new contents.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#resourceupdatednotification
    """

    method: ClassVar[Literal["notifications/resources/updated"]] = "notifications/resources/updated"
    jsonrpc: Literal["2.0"]
    params: ResourceUpdatedNotificationParams


class ServerCapabilitiesTasksRequests(StructBase, kw_only=True):
    """Requests the server can run as tasks, grouped by feature.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#servercapabilities
    """

    tools: ServerCapabilitiesTasksRequestsTools | None = None
    """Which tool requests can run as tasks."""


@lazy(meta=RequestMetaObject)
class SetLevelRequestParams(WatchedStruct, kw_only=True):
    """Says from which severity on to send log messages.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#setlevelrequestparams
    """

    level: LoggingLevel
    """Least severe log messages to send; more severe ones are sent too."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


if TYPE_CHECKING:
    SingleSelectEnumSchema: TypeAlias = UntitledSingleSelectEnumSchema | TitledSingleSelectEnumSchema
else:
    SingleSelectEnumSchema = untagged(
        "SingleSelectEnumSchema",
        __name__,
        Rule("UntitledSingleSelectEnumSchema", key="enum"),
        Rule("TitledSingleSelectEnumSchema"),
    )
"""A form field that lets the user choose one of its fixed options.

https://modelcontextprotocol.io/specification/2025-11-25/schema#singleselectenumschema
"""


@lazy(meta=RequestMetaObject)
class SubscribeRequestParams(WatchedStruct, kw_only=True):
    """Names the resource to watch.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#subscriberequestparams
    """

    uri: str
    """Which resource to watch, as a URI of any scheme the server knows."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class Task(StructBase, kw_only=True):
    """State of a request that runs in the background and is polled.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#task
    """

    created_at: str
    """Creation time of the task, as an ISO 8601 timestamp."""
    last_updated_at: str
    """Time of the task's latest change, as an ISO 8601 timestamp."""
    status: TaskStatus
    """Stage the task has reached."""
    task_id: str
    """Id of the task."""
    ttl: int | None
    """How long the task is kept, in milliseconds from its creation; null means without limit."""
    poll_interval: int | None = None
    """Suggested pause between two `tasks/get` requests, in milliseconds."""
    status_message: str | None = None
    """More about the stage in words, such as why the task failed."""


class TaskStatusNotification(MessageBase, kw_only=True, tag_field="method", tag="notifications/tasks/status"):
    """Tells the side that asked for a task that its state has changed; sending it is optional.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#taskstatusnotification
    """

    method: ClassVar[Literal["notifications/tasks/status"]] = "notifications/tasks/status"
    jsonrpc: Literal["2.0"]
    params: TaskStatusNotificationParams


class TextContent(StructBase, kw_only=True, tag_field="type", tag="text"):
    """Content that is text.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#textcontent
    """

    type: ClassVar[Literal["text"]] = "text"
    """Fixed tag that tells this kind of object from others."""
    text: str
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    annotations: Annotations | None = None
    """Hints on whom this is for and how much it matters."""


class TitledMultiSelectEnumSchemaItems(StructBase, kw_only=True):
    """The options of a multiple choice, with their labels.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#titledmultiselectenumschema
    """

    any_of: list[TitledMultiSelectEnumSchemaItemsAnyOfItem]
    """The options, each with its value and label."""


class TitledMultiSelectEnumSchema(StructBase, kw_only=True, tag_field="type", tag="array"):
    """A choice of several options; each option has a label.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#titledmultiselectenumschema
    """

    type: ClassVar[Literal["array"]] = "array"
    """JSON type of the answer; always `array`."""
    items: TitledMultiSelectEnumSchemaItems
    """The options, with their labels."""
    default: list[str] | None = None
    """Value the field has until the user changes it."""
    description: str | None = None
    """Explanation in prose, for a person or the model."""
    max_items: int | None = None
    """Largest number of options the user may choose."""
    min_items: int | None = None
    """Smallest number of options the user may choose."""
    title: str | None = None
    """Label for people to read."""


@lazy("input_schema", "output_schema")
class Tool(WatchedStruct, kw_only=True):
    """A tool the server offers: its name, purpose and input schema.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#tool
    """

    input_schema: dict[str, Any]
    """JSON Schema of the arguments; its top level has the type `object`."""
    name: str
    """Name for programs to use, and for people where there is no `title`."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    annotations: ToolAnnotations | None = None
    """Hints on what the tool does."""
    description: str | None = None
    """Explanation in prose, for a person or the model."""
    execution: ToolExecution | None = None
    """How the tool can be run."""
    icons: list[Icon] | None = None
    """Images to show for this, in one or more sizes and formats."""
    output_schema: dict[str, Any] | None = None
    """JSON Schema of the result's `structuredContent`."""
    title: str | None = None
    """Label for people to read; preferred to `annotations.title`, then to `name`."""


@lazy(meta=RequestMetaObject)
class UnsubscribeRequestParams(WatchedStruct, kw_only=True):
    """Names the resource to stop watching.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#unsubscriberequestparams
    """

    uri: str
    """Which resource to stop watching, as a URI."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class CallToolRequest(MessageBase, kw_only=True, tag_field="method", tag="tools/call"):
    """Asks the server to run one of its tools.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#calltoolrequest
    """

    method: ClassVar[Literal["tools/call"]] = "tools/call"
    jsonrpc: Literal["2.0"]
    id: RequestId
    params: CallToolRequestParams


class CancelledNotification(MessageBase, kw_only=True, tag_field="method", tag="notifications/cancelled"):
    """Calls off a request that may still be in progress.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#cancellednotification
    """

    method: ClassVar[Literal["notifications/cancelled"]] = "notifications/cancelled"
    jsonrpc: Literal["2.0"]
    params: CancelledNotificationParams


class ClientCapabilitiesTasks(StructBase, kw_only=True):
    """Details of the client's tasks capability.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#clientcapabilities
    """

    cancel: dict[str, Any] | None = None
    """Set when this side answers `tasks/cancel`."""
    list: dict[str, Any] | None = None
    """Set when this side answers `tasks/list`."""
    requests: ClientCapabilitiesTasksRequests | None = None
    """Which requests can run as tasks."""


class ClientCapabilities(StructBase, kw_only=True):
    """What the client can do beyond the protocol's core; unknown keys are allowed.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#clientcapabilities
    """

    elicitation: ClientCapabilitiesElicitation | None = None
    """Set when the client can ask its user for information."""
    experimental: dict[str, dict[str, Any]] | None = None
    """Capabilities outside the specification: details by name."""
    roots: ClientCapabilitiesRoots | None = None
    """Set when the client answers `roots/list`."""
    sampling: ClientCapabilitiesSampling | None = None
    """Set when the client lets the server use its model."""
    tasks: ClientCapabilitiesTasks | None = None
    """Set when the client can run requests as tasks."""


class CompleteRequest(MessageBase, kw_only=True, tag_field="method", tag="completion/complete"):
    """Asks the server to suggest values for an argument as it is being typed.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#completerequest
    """

    method: ClassVar[Literal["completion/complete"]] = "completion/complete"
    jsonrpc: Literal["2.0"]
    id: RequestId
    params: CompleteRequestParams


ContentBlock: TypeAlias = TextContent | ImageContent | AudioContent | ResourceLink | EmbeddedResource
"""One piece of content in a prompt message or a tool result.

https://modelcontextprotocol.io/specification/2025-11-25/schema#contentblock
"""


class CreateTaskResult(StructBase, kw_only=True):
    """Says that the request now runs as a task, and gives the task's first state.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#createtaskresult
    """

    task: Task
    """The task as first created."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


if TYPE_CHECKING:
    EnumSchema: TypeAlias = (
        UntitledSingleSelectEnumSchema
        | TitledSingleSelectEnumSchema
        | UntitledMultiSelectEnumSchema
        | TitledMultiSelectEnumSchema
        | LegacyTitledEnumSchema
    )
else:
    EnumSchema = untagged(
        "EnumSchema",
        __name__,
        Rule("TitledSingleSelectEnumSchema", key="oneOf"),
        Rule("UntitledMultiSelectEnumSchema", key="items", inner="enum"),
        Rule("TitledMultiSelectEnumSchema", key="items"),
        Rule("LegacyTitledEnumSchema", key="enumNames"),
        Rule("UntitledSingleSelectEnumSchema"),
    )
"""A form field that lets the user choose among fixed options.

https://modelcontextprotocol.io/specification/2025-11-25/schema#enumschema
"""


class GetPromptRequest(MessageBase, kw_only=True, tag_field="method", tag="prompts/get"):
    """Asks the server for a prompt's messages.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#getpromptrequest
    """

    method: ClassVar[Literal["prompts/get"]] = "prompts/get"
    jsonrpc: Literal["2.0"]
    id: RequestId
    params: GetPromptRequestParams


@lazy(meta=RequestMetaObject)
class InitializeRequestParams(WatchedStruct, kw_only=True):
    """The revision the client proposes, its capabilities and its identity.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#initializerequestparams
    """

    capabilities: ClientCapabilities
    """What the client can do."""
    client_info: Implementation
    """Name and version of the client software."""
    protocol_version: str
    """Revision the client proposes, as `YYYY-MM-DD`: the newest it speaks."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


class ListPromptsRequest(MessageBase, kw_only=True, tag_field="method", tag="prompts/list"):
    """Asks the server for its prompts, a page at a time.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#listpromptsrequest
    """

    method: ClassVar[Literal["prompts/list"]] = "prompts/list"
    jsonrpc: Literal["2.0"]
    id: RequestId
    params: PaginatedRequestParams | None = None


class ListPromptsResult(StructBase, kw_only=True):
    """One page of the server's prompts.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#listpromptsresult
    """

    prompts: list[Prompt]
    """The prompts on this page."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    next_cursor: str | None = None
    """Where the next page starts; absent on the last page."""


class ListResourceTemplatesRequest(MessageBase, kw_only=True, tag_field="method", tag="resources/templates/list"):
    """Asks the server for its resource templates, a page at a time.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#listresourcetemplatesrequest
    """

    method: ClassVar[Literal["resources/templates/list"]] = "resources/templates/list"
    jsonrpc: Literal["2.0"]
    id: RequestId
    params: PaginatedRequestParams | None = None


class ListResourceTemplatesResult(StructBase, kw_only=True):
    """One page of the server's resource templates.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#listresourcetemplatesresult
    """

    resource_templates: list[ResourceTemplate]
    """The resource templates on this page."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    next_cursor: str | None = None
    """Where the next page starts; absent on the last page."""


class ListResourcesRequest(MessageBase, kw_only=True, tag_field="method", tag="resources/list"):
    """Asks the server for its resources, a page at a time.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#listresourcesrequest
    """

    method: ClassVar[Literal["resources/list"]] = "resources/list"
    jsonrpc: Literal["2.0"]
    id: RequestId
    params: PaginatedRequestParams | None = None


class ListResourcesResult(StructBase, kw_only=True):
    """One page of the server's resources.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#listresourcesresult
    """

    resources: list[Resource]
    """The resources on this page."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    next_cursor: str | None = None
    """Where the next page starts; absent on the last page."""


class ListRootsRequest(MessageBase, kw_only=True, tag_field="method", tag="roots/list"):
    """Asks the client which directories and files the server may work on.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#listrootsrequest
    """

    method: ClassVar[Literal["roots/list"]] = "roots/list"
    jsonrpc: Literal["2.0"]
    id: RequestId
    params: RequestParams | None = None


class ListTasksRequest(MessageBase, kw_only=True, tag_field="method", tag="tasks/list"):
    """Asks the other side for the tasks it runs, a page at a time.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#listtasksrequest
    """

    method: ClassVar[Literal["tasks/list"]] = "tasks/list"
    jsonrpc: Literal["2.0"]
    id: RequestId
    params: PaginatedRequestParams | None = None


class ListTasksResult(StructBase, kw_only=True):
    """One page of tasks.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#listtasksresult
    """

    tasks: list[Task]
    """The tasks on this page."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    next_cursor: str | None = None
    """Where the next page starts; absent on the last page."""


class ListToolsRequest(MessageBase, kw_only=True, tag_field="method", tag="tools/list"):
    """Asks the server for its tools, a page at a time.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#listtoolsrequest
    """

    method: ClassVar[Literal["tools/list"]] = "tools/list"
    jsonrpc: Literal["2.0"]
    id: RequestId
    params: PaginatedRequestParams | None = None


class ListToolsResult(StructBase, kw_only=True):
    """One page of the server's tools.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#listtoolsresult
    """

    tools: list[Tool]
    """The tools on this page."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    next_cursor: str | None = None
    """Where the next page starts; absent on the last page."""


if TYPE_CHECKING:
    MultiSelectEnumSchema: TypeAlias = UntitledMultiSelectEnumSchema | TitledMultiSelectEnumSchema
else:
    MultiSelectEnumSchema = untagged(
        "MultiSelectEnumSchema",
        __name__,
        Rule("UntitledMultiSelectEnumSchema", key="items", inner="enum"),
        Rule("TitledMultiSelectEnumSchema"),
    )
"""A form field that lets the user choose several of its fixed options.

https://modelcontextprotocol.io/specification/2025-11-25/schema#multiselectenumschema
"""


class PingRequest(MessageBase, kw_only=True, tag_field="method", tag="ping"):
    """Checks that the other side still answers.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#pingrequest
    """

    method: ClassVar[Literal["ping"]] = "ping"
    jsonrpc: Literal["2.0"]
    id: RequestId
    params: RequestParams | None = None


if TYPE_CHECKING:
    PrimitiveSchemaDefinition: TypeAlias = (
        StringSchema
        | NumberSchema
        | BooleanSchema
        | UntitledSingleSelectEnumSchema
        | TitledSingleSelectEnumSchema
        | UntitledMultiSelectEnumSchema
        | TitledMultiSelectEnumSchema
        | LegacyTitledEnumSchema
    )
else:
    PrimitiveSchemaDefinition = untagged(
        "PrimitiveSchemaDefinition",
        __name__,
        Rule("TitledSingleSelectEnumSchema", key="oneOf"),
        Rule("UntitledMultiSelectEnumSchema", key="items", inner="enum"),
        Rule("TitledMultiSelectEnumSchema", key="items"),
        Rule("NumberSchema", key="type", values=("integer", "number")),
        Rule("BooleanSchema", key="type", values=("boolean",)),
        Rule("LegacyTitledEnumSchema", key="enumNames"),
        Rule("UntitledSingleSelectEnumSchema", key="enum"),
        Rule("StringSchema"),
    )
"""One field of an elicitation form: text, number, yes or no, or a choice.

https://modelcontextprotocol.io/specification/2025-11-25/schema#primitiveschemadefinition
"""


class ProgressNotification(MessageBase, kw_only=True, tag_field="method", tag="notifications/progress"):
    """Reports how far a long-running request has come.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#progressnotification
    """

    method: ClassVar[Literal["notifications/progress"]] = "notifications/progress"
    jsonrpc: Literal["2.0"]
    params: ProgressNotificationParams


class PromptMessage(StructBase, kw_only=True):
    """One message of a prompt.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#promptmessage
    """

    content: ContentBlock
    """What the message says, as one content block."""
    role: Role
    """Who speaks: the user or the assistant."""


class ReadResourceRequest(MessageBase, kw_only=True, tag_field="method", tag="resources/read"):
    """Asks the server what a resource contains.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#readresourcerequest
    """

    method: ClassVar[Literal["resources/read"]] = "resources/read"
    jsonrpc: Literal["2.0"]
    id: RequestId
    params: ReadResourceRequestParams


class ServerCapabilitiesTasks(StructBase, kw_only=True):
    """Details of the server's tasks capability.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#servercapabilities
    """

    cancel: dict[str, Any] | None = None
    """Set when this side answers `tasks/cancel`."""
    list: dict[str, Any] | None = None
    """Set when this side answers `tasks/list`."""
    requests: ServerCapabilitiesTasksRequests | None = None
    """Which requests can run as tasks."""


class ServerCapabilities(StructBase, kw_only=True):
    """What the server can do beyond the protocol's core; unknown keys are allowed.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#servercapabilities
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
    tasks: ServerCapabilitiesTasks | None = None
    """Set when the server can run requests as tasks."""
    tools: ServerCapabilitiesTools | None = None
    """Set when the server has tools."""


class SetLevelRequest(MessageBase, kw_only=True, tag_field="method", tag="logging/setLevel"):
    """Sets how severe a log message must be for the server to send it.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#setlevelrequest
    """

    method: ClassVar[Literal["logging/setLevel"]] = "logging/setLevel"
    jsonrpc: Literal["2.0"]
    id: RequestId
    params: SetLevelRequestParams


class SubscribeRequest(MessageBase, kw_only=True, tag_field="method", tag="resources/subscribe"):
    """Asks the server to tell of every change to one resource.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#subscriberequest
    """

    method: ClassVar[Literal["resources/subscribe"]] = "resources/subscribe"
    jsonrpc: Literal["2.0"]
    id: RequestId
    params: SubscribeRequestParams


class ToolResultContent(StructBase, kw_only=True, tag_field="type", tag="tool_result"):
    """What a tool call gave back, returned to the model.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#toolresultcontent
    """

    type: ClassVar[Literal["tool_result"]] = "tool_result"
    """Fixed tag that tells this kind of object from others."""
    content: list[ContentBlock]
    """The tool's output as content blocks."""
    tool_use_id: str
    """Id of the ToolUseContent this answers."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; best passed on unchanged, so that caches keep matching."""
    is_error: bool | None = None
    """True when the tool itself failed; the content then says why."""
    structured_content: dict[str, Any] | None = None
    """The tool's output as data; matches its `outputSchema` if it has one."""


class UnsubscribeRequest(MessageBase, kw_only=True, tag_field="method", tag="resources/unsubscribe"):
    """Ends a subscription made with `resources/subscribe`.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#unsubscriberequest
    """

    method: ClassVar[Literal["resources/unsubscribe"]] = "resources/unsubscribe"
    jsonrpc: Literal["2.0"]
    id: RequestId
    params: UnsubscribeRequestParams


class CallToolResult(StructBase, kw_only=True):
    """What a tool gave back: content for the model and, optionally, structured data.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#calltoolresult
    """

    content: list[ContentBlock]
    """The tool's output as content for the model."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    is_error: bool | None = None
    """True when the tool itself failed; the content then says why."""
    structured_content: dict[str, Any] | None = None
    """The tool's output as data; matches its `outputSchema` if it has one."""


class ElicitRequestFormParamsRequestedSchema(StructBase, kw_only=True, tag_field="type", tag="object"):
    """The form's fields, as a flat JSON Schema object.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#elicitrequestformparams
    """

    type: ClassVar[Literal["object"]] = "object"
    """JSON type of the answers; always `object`."""
    properties: dict[str, PrimitiveSchemaDefinition]
    """The form's fields, by name."""
    schema: str | None = field(default=None, name="$schema")
    """URI of the JSON Schema dialect the form is written in."""
    required: list[str] | None = None
    """Names of the fields the user has to fill in."""


@lazy(meta=RequestMetaObject)
class ElicitRequestFormParams(WatchedStruct, kw_only=True):
    """An elicitation that the user answers by filling in a form; not for secrets.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#elicitrequestformparams
    """

    message: str
    """What to tell the user when asking."""
    requested_schema: ElicitRequestFormParamsRequestedSchema
    """The form to fill in."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    mode: Literal["form"] | None = None
    """Always `form`; may be left out."""
    task: TaskMetadata | None = None
    """Set to run the request as a task; the reply is then a CreateTaskResult."""


if TYPE_CHECKING:
    ElicitRequestParams: TypeAlias = ElicitRequestURLParams | ElicitRequestFormParams
else:
    ElicitRequestParams = untagged(
        "ElicitRequestParams",
        __name__,
        Rule("ElicitRequestURLParams", key="elicitationId"),
        Rule("ElicitRequestFormParams"),
    )
"""What to ask the user, and in which way.

https://modelcontextprotocol.io/specification/2025-11-25/schema#elicitrequestparams
"""


class GetPromptResult(StructBase, kw_only=True):
    """A prompt with its arguments filled in, ready for the model.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#getpromptresult
    """

    messages: list[PromptMessage]
    """The prompt's messages, in order."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    description: str | None = None
    """Explanation in prose, for a person or the model."""


class InitializeRequest(MessageBase, kw_only=True, tag_field="method", tag="initialize"):
    """Opens the handshake: proposes a revision and declares the client's capabilities.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#initializerequest
    """

    method: ClassVar[Literal["initialize"]] = "initialize"
    jsonrpc: Literal["2.0"]
    id: RequestId
    params: InitializeRequestParams


class InitializeResult(StructBase, kw_only=True):
    """The revision the server settled on, its capabilities and its identity.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#initializeresult
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


SamplingMessageContentBlock: TypeAlias = TextContent | ImageContent | AudioContent | ToolUseContent | ToolResultContent
"""One piece of content in a sampling message, tool use included.

https://modelcontextprotocol.io/specification/2025-11-25/schema#samplingmessagecontentblock
"""


class CreateMessageResult(StructBase, kw_only=True):
    """The message that the client's model wrote.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#createmessageresult
    """

    content: (
        TextContent
        | ImageContent
        | AudioContent
        | ToolUseContent
        | ToolResultContent
        | list[SamplingMessageContentBlock]
    )
    """What the model wrote."""
    model: str
    """Which model the client used, by name."""
    role: Role
    """Who speaks: the user or the assistant."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
    stop_reason: str | None = None
    """Why the model stopped: `endTurn`, `stopSequence`, `maxTokens` or another reason."""


class ElicitRequest(MessageBase, kw_only=True, tag_field="method", tag="elicitation/create"):
    """Asks the client to get some information from its user (elicitation).

    https://modelcontextprotocol.io/specification/2025-11-25/schema#elicitrequest
    """

    method: ClassVar[Literal["elicitation/create"]] = "elicitation/create"
    jsonrpc: Literal["2.0"]
    id: RequestId
    params: ElicitRequestParams


class SamplingMessage(StructBase, kw_only=True):
    """One message of a conversation with a model.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#samplingmessage
    """

    content: (
        TextContent
        | ImageContent
        | AudioContent
        | ToolUseContent
        | ToolResultContent
        | list[SamplingMessageContentBlock]
    )
    """What the message says."""
    role: Role
    """Who speaks: the user or the assistant."""
    meta: dict[str, Any] | None = None
    """Open map of metadata; the protocol reserves some of its keys."""


@lazy(meta=RequestMetaObject)
class CreateMessageRequestParams(WatchedStruct, kw_only=True):
    """The conversation to continue, and how the model should go about it.

    https://modelcontextprotocol.io/specification/2025-11-25/schema#createmessagerequestparams
    """

    max_tokens: int
    """Most tokens the model may write; the client may stop it sooner."""
    messages: list[SamplingMessage]
    """The conversation so far, oldest message first."""
    meta: RequestMetaObject | None = None
    """Open map of metadata; the protocol reserves some of its keys."""
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
    task: TaskMetadata | None = None
    """Set to run the request as a task; the reply is then a CreateTaskResult."""
    temperature: int | float | None = None
    """Sampling temperature, on the model's own scale."""
    tool_choice: ToolChoice | None = None
    """Whether the model may, must or must not use `tools`; `auto` when absent."""
    tools: list[Tool] | None = None
    """Tools the model may use; needs the client's `sampling.tools` capability."""


class CreateMessageRequest(MessageBase, kw_only=True, tag_field="method", tag="sampling/createMessage"):
    """Asks the client to have its model continue a conversation (sampling).

    https://modelcontextprotocol.io/specification/2025-11-25/schema#createmessagerequest
    """

    method: ClassVar[Literal["sampling/createMessage"]] = "sampling/createMessage"
    jsonrpc: Literal["2.0"]
    id: RequestId
    params: CreateMessageRequestParams


__all__ = [
    "Annotations",
    "AudioContent",
    "BlobResourceContents",
    "BooleanSchema",
    "CallToolRequest",
    "CallToolRequestParams",
    "CallToolResult",
    "CancelTaskRequest",
    "CancelTaskRequestParams",
    "CancelTaskResult",
    "CancelledNotification",
    "CancelledNotificationParams",
    "ClientCapabilities",
    "ClientCapabilitiesElicitation",
    "ClientCapabilitiesRoots",
    "ClientCapabilitiesSampling",
    "ClientCapabilitiesTasks",
    "ClientCapabilitiesTasksRequests",
    "ClientCapabilitiesTasksRequestsElicitation",
    "ClientCapabilitiesTasksRequestsSampling",
    "CompleteRequest",
    "CompleteRequestParams",
    "CompleteRequestParamsArgument",
    "CompleteRequestParamsContext",
    "CompleteResult",
    "CompleteResultCompletion",
    "ContentBlock",
    "CreateMessageRequest",
    "CreateMessageRequestParams",
    "CreateMessageResult",
    "CreateTaskResult",
    "Cursor",
    "ElicitRequest",
    "ElicitRequestFormParams",
    "ElicitRequestFormParamsRequestedSchema",
    "ElicitRequestParams",
    "ElicitRequestURLParams",
    "ElicitResult",
    "ElicitationCompleteNotification",
    "ElicitationCompleteNotificationParams",
    "EmbeddedResource",
    "EmptyResult",
    "EnumSchema",
    "GetPromptRequest",
    "GetPromptRequestParams",
    "GetPromptResult",
    "GetTaskPayloadRequest",
    "GetTaskPayloadRequestParams",
    "GetTaskPayloadResult",
    "GetTaskRequest",
    "GetTaskRequestParams",
    "GetTaskResult",
    "Icon",
    "ImageContent",
    "Implementation",
    "InitializeRequest",
    "InitializeRequestParams",
    "InitializeResult",
    "InitializedNotification",
    "LegacyTitledEnumSchema",
    "ListPromptsRequest",
    "ListPromptsResult",
    "ListResourceTemplatesRequest",
    "ListResourceTemplatesResult",
    "ListResourcesRequest",
    "ListResourcesResult",
    "ListRootsRequest",
    "ListRootsResult",
    "ListTasksRequest",
    "ListTasksResult",
    "ListToolsRequest",
    "ListToolsResult",
    "LoggingLevel",
    "LoggingMessageNotification",
    "LoggingMessageNotificationParams",
    "ModelHint",
    "ModelPreferences",
    "MultiSelectEnumSchema",
    "NotificationParams",
    "NumberSchema",
    "PaginatedRequestParams",
    "PingRequest",
    "PrimitiveSchemaDefinition",
    "ProgressNotification",
    "ProgressNotificationParams",
    "ProgressToken",
    "Prompt",
    "PromptArgument",
    "PromptListChangedNotification",
    "PromptMessage",
    "PromptReference",
    "ReadResourceRequest",
    "ReadResourceRequestParams",
    "ReadResourceResult",
    "RelatedTaskMetadata",
    "RequestId",
    "RequestMetaObject",
    "RequestParams",
    "Resource",
    "ResourceContentsUnion",
    "ResourceLink",
    "ResourceListChangedNotification",
    "ResourceTemplate",
    "ResourceTemplateReference",
    "ResourceUpdatedNotification",
    "ResourceUpdatedNotificationParams",
    "Result",
    "Role",
    "Root",
    "RootsListChangedNotification",
    "SamplingMessage",
    "SamplingMessageContentBlock",
    "ServerCapabilities",
    "ServerCapabilitiesPrompts",
    "ServerCapabilitiesResources",
    "ServerCapabilitiesTasks",
    "ServerCapabilitiesTasksRequests",
    "ServerCapabilitiesTasksRequestsTools",
    "ServerCapabilitiesTools",
    "SetLevelRequest",
    "SetLevelRequestParams",
    "SingleSelectEnumSchema",
    "StringSchema",
    "SubscribeRequest",
    "SubscribeRequestParams",
    "Task",
    "TaskMetadata",
    "TaskStatus",
    "TaskStatusNotification",
    "TaskStatusNotificationParams",
    "TextContent",
    "TextResourceContents",
    "TitledMultiSelectEnumSchema",
    "TitledMultiSelectEnumSchemaItems",
    "TitledMultiSelectEnumSchemaItemsAnyOfItem",
    "TitledSingleSelectEnumSchema",
    "TitledSingleSelectEnumSchemaOneOfItem",
    "Tool",
    "ToolAnnotations",
    "ToolChoice",
    "ToolExecution",
    "ToolListChangedNotification",
    "ToolResultContent",
    "ToolUseContent",
    "UnsubscribeRequest",
    "UnsubscribeRequestParams",
    "UntitledMultiSelectEnumSchema",
    "UntitledMultiSelectEnumSchemaItems",
    "UntitledSingleSelectEnumSchema",
]
