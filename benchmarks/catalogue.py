"""A catalogue of fifty tools, as a server of a company's internal systems would list them.

Built from tables, so that no two schemas are alike but every run gives the same bytes. Each input schema
weighs 600 to 1,200 bytes: a handful of described fields, a nested object, an enum. Standard library only.
"""

from __future__ import annotations

import json
from typing import Any

__all__ = ["tools"]


def _text(description: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": description, **more}


def _choice(description: str, *values: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(values), "description": description}


def _whole(description: str, low: int, high: int, default: int) -> dict[str, Any]:
    return {
        "type": "integer",
        "minimum": low,
        "maximum": high,
        "default": default,
        "description": description,
    }


def _many(description: str, of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of, "description": description}


_PERSON = {
    "type": "object",
    "properties": {"login": {"type": "string"}, "email": {"type": "string", "format": "email"}},
    "required": ["login"],
}
_MONEY = {
    "type": "object",
    "properties": {
        "amount": {"type": "number", "minimum": 0},
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217 code"},
    },
    "required": ["amount", "currency"],
    "additionalProperties": False,
}
_WHEN = "Moment in RFC 3339 notation, for example 2026-03-01T09:30:00Z."

_ENTITIES: dict[str, dict[str, Any]] = {
    "issue": {
        "title": _text("One line that says what is wrong.", minLength=1, maxLength=256),
        "body": _text("What happened and what was expected, in Markdown."),
        "severity": _choice("How badly users are hit.", "low", "medium", "high", "critical"),
        "assignees": _many("People who will look at it.", _PERSON),
    },
    "pull_request": {
        "title": _text("Short imperative summary of the change.", maxLength=120),
        "base": _text("Branch that the change goes into.", default="main"),
        "head": _text("Branch that holds the change."),
        "reviewers": _many("People asked for a review.", _PERSON),
    },
    "document": {
        "path": _text("Path from the root of the space, with '/' between folders."),
        "content": _text("Whole content in UTF-8; binary content goes through uploads."),
        "mime_type": _choice("Format of the content.", "text/markdown", "text/html", "text/plain"),
        "labels": _many("Free labels, lower case.", {"type": "string", "maxLength": 40}),
    },
    "channel_message": {
        "channel": _text("Channel id, or its name with a leading '#'.", pattern="^(#[a-z0-9_-]+|C[A-Z0-9]{8})$"),
        "text": _text("Message in the channel's markup.", maxLength=4000),
        "thread": _text("Id of the message that is answered; left out, a new thread starts."),
        "mentions": _many("People notified although they do not follow the channel.", _PERSON),
    },
    "calendar_event": {
        "summary": _text("What the event is called."),
        "starts_at": _text(_WHEN, format="date-time"),
        "duration_minutes": _whole("Length of the event.", 5, 1440, 30),
        "attendees": _many("Who is invited; rooms have an address as well.", _PERSON),
    },
    "customer": {
        "name": _text("Legal name of the customer.", minLength=1),
        "tier": _choice("Contract that the customer has.", "free", "team", "business", "enterprise"),
        "contacts": _many("People to write to, the first one first.", _PERSON),
        "credit_limit": {**_MONEY, "description": "Sum up to which orders go out unpaid."},
    },
    "invoice": {
        "number": _text("Number as printed.", pattern="^INV-[0-9]{6}$"),
        "total": {**_MONEY, "description": "Sum with tax."},
        "due_on": _text("Last day for payment.", format="date"),
        "state": _choice("Where the invoice stands.", "draft", "open", "paid", "void", "uncollectible"),
    },
    "deployment": {
        "service": _text("Name of the service, as in the registry."),
        "version": _text("Version or commit to roll out.", pattern="^[0-9a-f]{7,40}$|^v[0-9]+"),
        "region": _choice("Where to roll out.", "eu-central", "us-east", "us-west", "ap-south"),
        "canary_percent": _whole("Share of the traffic for the first ten minutes.", 0, 100, 5),
    },
    "dashboard": {
        "title": _text("Title at the top of the board."),
        "panels": _many(
            "Panels from left to right and from top to bottom.",
            {
                "type": "object",
                "properties": {
                    "query": {"type": "string"},
                    "unit": {"type": "string"},
                    "height": {"type": "integer"},
                },
                "required": ["query"],
            },
        ),
        "refresh_seconds": _whole("Pause between two refreshes.", 5, 3600, 60),
        "folder": _text("Folder of the board; the root when left out."),
    },
    "feature_flag": {
        "key": _text("Key used in the code.", pattern="^[a-z][a-z0-9_.-]{2,63}$"),
        "enabled": {"type": "boolean", "default": False, "description": "Whether the flag is on at all."},
        "audience": _choice("Who sees it when it is on.", "staff", "beta", "percentage", "everyone"),
        "rollout": _whole("Share of users if the audience is 'percentage'.", 0, 100, 0),
    },
}

_VERBS: dict[str, tuple[str, dict[str, bool]]] = {
    "search": ("Find every {0} that fits all filters given.", {"readOnlyHint": True, "openWorldHint": False}),
    "create": ("Make a new {0} and answer with its id.", {"destructiveHint": False, "idempotentHint": False}),
    "update": (
        "Change fields of one {0}; fields left out stay.",
        {"destructiveHint": True, "idempotentHint": True},
    ),
    "export": (
        "Write each {0} that fits to a file for download.",
        {"readOnlyHint": True, "openWorldHint": True},
    ),
    "watch": ("Tell a webhook about changes of any {0} that fits.", {"destructiveHint": False}),
}


def _properties(verb: str, noun: str, fields: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    names = list(fields)
    if verb == "search":
        more = {
            "query": _text(f"Words to look for in each {noun}; quotes keep a phrase together."),
            "limit": _whole("Most results in one answer.", 1, 200, 50),
            "cursor": _text("Cursor of an earlier answer."),
        }
        return {**more, **fields}, ["query"]
    if verb == "create":
        key = _text("Key that makes a repeated call harmless for 24 hours.", format="uuid")
        return {**fields, "idempotency_key": key}, names[:2]
    if verb == "update":
        return {"id": _text(f"Id of the {noun}."), **fields, "if_match": _text("Entity tag last seen.")}, ["id"]
    if verb == "export":
        more = {
            "format": _choice("Format of the file.", "csv", "json", "parquet"),
            "since": _text(_WHEN, format="date-time"),
            "until": _text(_WHEN, format="date-time"),
        }
        return {**fields, **more}, ["format"]
    more = {
        "url": _text("Address that is called with a POST.", format="uri"),
        "events": _many("Kinds of change to tell about.", {"type": "string", "enum": ["made", "changed", "gone"]}),
    }
    return {**more, **fields}, ["url", "events"]


def _tool(verb: str, entity: str, fields: dict[str, Any]) -> dict[str, Any]:
    noun = entity.replace("_", " ")
    what, hints = _VERBS[verb]
    properties, required = _properties(verb, noun, fields)
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
    tool: dict[str, Any] = {
        "name": f"{verb}_{entity}",
        "title": f"{verb.capitalize()} {noun}",
        "description": what.format(noun) + " Needs the scope '" + entity + "' on the caller's token.",
        "inputSchema": schema,
    }
    if verb in {"search", "create"}:
        tool["outputSchema"] = {
            "type": "object",
            "properties": {
                "ids": _many(f"Id of each {noun}.", {"type": "string"}),
                "nextCursor": {"type": "string"},
                "total": {"type": "integer", "minimum": 0},
            },
            "required": ["ids"],
        }
    tool["annotations"] = {"title": tool["title"], **hints}
    return tool


def tools() -> list[dict[str, Any]]:
    """Fifty tools: five verbs for each of ten kinds of thing."""
    made = [_tool(verb, entity, fields) for entity, fields in _ENTITIES.items() for verb in _VERBS]
    for tool in made:
        size = len(json.dumps(tool["inputSchema"], separators=(",", ":")))
        if not 600 <= size <= 1200:
            raise AssertionError(f"{tool['name']}: input schema of {size} bytes")
    return made
