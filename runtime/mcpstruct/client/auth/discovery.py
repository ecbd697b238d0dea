"""Who authorizes calls of a server: metadata of the resource (RFC 9728) and of its authorization server (RFC 8414)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from mcpstruct.base.check import is_array
from mcpstruct.base.errors import AuthError, AuthUnavailable, DiscoveryFailed

from .fetching import Answer, Fetcher
from .safety import origin, split

_RESOURCE = "/.well-known/oauth-protected-resource"
_OAUTH = "/.well-known/oauth-authorization-server"
_OPENID = "/.well-known/openid-configuration"
_MOST_NAMES = 1000


@dataclass(frozen=True, slots=True)
class Resource:
    """What a server says of itself."""

    resource: str
    """Its identifier, to the byte as it gives it."""
    issuers: tuple[str, ...]
    scopes: tuple[str, ...] | None = None


class ServerMetadata(Struct, frozen=True, omit_defaults=True):
    """What is used of an authorization server's metadata. Kept with the tokens that it issued."""

    issuer: str
    token_endpoint: str
    authorization_endpoint: str | None = None
    registration_endpoint: str | None = None
    scopes: tuple[str, ...] = ()
    auth_methods: tuple[str, ...] | None = None
    """How clients may say who they are; None where it does not say."""
    challenge_methods: tuple[str, ...] = ()
    sends_issuer: bool = False
    takes_metadata_documents: bool = False
    dpop_algorithms: tuple[str, ...] | None = None
    assumed: bool = False
    """Whether there is no document, and these are the places that 2025-03-26 puts things at."""


def canonical(server: str) -> str:
    """A server's URL as resource identifiers have it: without fragment, and without a path that says nothing."""
    url = server.partition("#")[0]
    parts = urlsplit(url)
    return url[:-1] if parts.path == "/" and not parts.query else url


def resource_locations(server: str) -> list[str]:
    """Where a server's metadata is looked for when no challenge tells."""
    root = origin(server)
    path = urlsplit(server).path.rstrip("/")
    return [f"{root}{_RESOURCE}{path}", f"{root}{_RESOURCE}"] if path else [f"{root}{_RESOURCE}"]


def server_locations(issuer: str) -> list[str]:
    """Where an authorization server's metadata is looked for, in this order."""
    parts = urlsplit(issuer)
    root, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    if not path:
        return [root + _OAUTH, root + _OPENID]
    return [f"{root}{_OAUTH}{path}", f"{root}{_OPENID}{path}", f"{root}{path}{_OPENID}"]


async def find_resource(fetcher: Fetcher, server: str, named: str | None) -> Resource | None:
    """A server's metadata, at the place that a challenge `named` or a well-known one; None where there is none.

    Raises `DiscoveryFailed`, `AuthUnavailable`, `UnsafeUrl`.
    """
    for url in ([named] if named else []) + resource_locations(server):
        answer = await fetcher.get(url)
        if _found(answer, url):
            return _read_resource(answer, server)
    if named:
        raise DiscoveryFailed(401, "there is no metadata of the server where its challenge says")
    return None


def _found(answer: Answer, url: str) -> bool:
    """Whether a document was found. Raises `AuthUnavailable` where that is not to be told now."""
    if answer.status >= 500 or answer.status == 429:
        raise AuthUnavailable(answer.status, f"no metadata at {url.partition('?')[0][:200]} now")
    return answer.status == 200 and bool(answer.body)


def _read_resource(answer: Answer, server: str) -> Resource:
    resource = answer.text("resource")
    if resource is None or not covers(resource, server):
        raise DiscoveryFailed(401, f"the server's metadata is of another resource: {resource!r:.200}")
    issuers = _names(answer, "authorization_servers")
    if not issuers:
        raise DiscoveryFailed(401, "the server's metadata names no authorization server")
    return Resource(resource, issuers, _names(answer, "scopes_supported"))


def covers(resource: str, server: str) -> bool:
    """Whether a resource identifier is that of a server, or of a part of its origin that it belongs to."""
    try:
        here, there = split(server), split(resource)
        if "#" in resource or origin(server) != origin(resource):
            return False
    except AuthError:
        return False
    if there.query and there.query != here.query:
        return False
    path, mine = there.path.rstrip("/"), here.path.rstrip("/")
    return mine == path or mine.startswith(f"{path}/")


async def find_server(fetcher: Fetcher, issuer: str) -> ServerMetadata:
    """The metadata of an authorization server. Raises `DiscoveryFailed`, `AuthUnavailable`, `UnsafeUrl`."""
    fetcher.guard.check(issuer)
    if "?" in issuer or "#" in issuer:
        raise DiscoveryFailed(401, "an issuer has neither query nor fragment")
    found = await _find_server(fetcher, server_locations(issuer), {issuer})
    if found is None:
        raise DiscoveryFailed(401, f"there is no metadata of {issuer[:200]}")
    return found


async def find_old_server(fetcher: Fetcher, server: str) -> ServerMetadata:
    """The authorization server of a server of 2025-03-26, which is at the root of the same origin."""
    root = origin(server)
    found = await _find_server(fetcher, [root + _OAUTH], {root, f"{root}/"})
    if found is not None:
        return found
    fetcher.guard.check(root)
    return ServerMetadata(
        root, f"{root}/token", f"{root}/authorize", f"{root}/register", challenge_methods=("S256",), assumed=True
    )


async def _find_server(fetcher: Fetcher, urls: Iterable[str], issuers: set[str]) -> ServerMetadata | None:
    """The first document that is there; one of another issuer is none."""
    other: str | None = None
    for url in urls:
        answer = await fetcher.get(url)
        if not _found(answer, url):
            continue
        named = answer.text("issuer")
        if named in issuers:
            return _read_server(fetcher, answer)
        other = f"the metadata of {min(issuers)[:200]} is of another issuer: {named!r:.200}"
    if other is not None:
        raise DiscoveryFailed(401, other)
    return None


def _read_server(fetcher: Fetcher, answer: Answer) -> ServerMetadata:
    """Raises `DiscoveryFailed` where it says too little, `UnsafeUrl`."""
    token = answer.text("token_endpoint")
    if token is None:
        raise DiscoveryFailed(401, "the authorization server's metadata names no token endpoint")
    authorization, registration = answer.text("authorization_endpoint"), answer.text("registration_endpoint")
    for url in (token, authorization, registration):
        if url is not None:
            fetcher.guard.check(url)
    return ServerMetadata(
        answer.body["issuer"],
        token,
        authorization,
        registration,
        scopes=_names(answer, "scopes_supported") or (),
        auth_methods=_names(answer, "token_endpoint_auth_methods_supported"),
        challenge_methods=_names(answer, "code_challenge_methods_supported") or (),
        sends_issuer=answer.body.get("authorization_response_iss_parameter_supported") is True,
        takes_metadata_documents=answer.body.get("client_id_metadata_document_supported") is True,
        dpop_algorithms=_names(answer, "dpop_signing_alg_values_supported"),
    )


def _names(answer: Answer, name: str) -> tuple[str, ...] | None:
    """A list of text; None where there is none."""
    value: Any = answer.body.get(name)
    if not is_array(value):
        return None
    return tuple(item for item in value[:_MOST_NAMES] if isinstance(item, str) and item)
