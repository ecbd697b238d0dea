"""Calls without a user at hand, with tokens from elsewhere, and with tokens that are bound to a key."""

from __future__ import annotations

import json
from base64 import b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Any, cast

import pytest
from aiohttp import web
from joserfc import jwk, jwt
from joserfc.jws import JWSRegistry

from mcpstruct.base.errors import AccessDenied, DiscoveryFailed, RegistrationFailed, TokenRefused, UnsafeUrl
from mcpstruct.client.auth import Bearer, ClientCredentials, EnterpriseManaged, SigningKey, WorkloadIdentity
from mcpstruct.client.auth.dpop import Proofs
from tests.client.auth.support import Realm, client, oauth
from tests.transport.http.support import Seen

pytestmark = pytest.mark.anyio
KEY = jwk.ECKey.generate_key("P-256")
PEM = KEY.as_pem(private=True)
HIDDEN = "hush: hush%"


class Machine(Realm):
    """Gives tokens to whoever asks, and notes how."""

    def __init__(self) -> None:
        super().__init__()
        self.heads: list[Any] = []
        self.refuses: str | None = None

    async def at_token(self, seen: Seen) -> web.StreamResponse:
        from urllib.parse import parse_qs

        form = {name: values[0] for name, values in parse_qs(seen.body.decode()).items()}
        self.forms.append(form)
        self.heads.append(seen.headers)
        if self.refuses is not None:
            return seen.json({"error": self.refuses}, status=400)
        if form["grant_type"].endswith("token-exchange"):
            kind = "urn:ietf:params:oauth:token-type:id-jag"
            return seen.json({"access_token": "a.grant", "issued_token_type": kind, "token_type": "N_A"})
        return seen.json({**self.issue(set(form.get("scope", "").split())), "refresh_token": None})


@pytest.fixture
async def machine(anyio_backend: str) -> Any:
    from tests.transport.http.support import running

    machine = Machine()
    machine.metadata = {"token_endpoint_auth_methods_supported": None}
    async with running(machine):
        yield machine


async def test_a_client_of_its_own(machine: Machine) -> None:
    auth = ClientCredentials("me & you", client_secret=HIDDEN, scopes="list")
    async with client(machine, auth) as session:
        await session.call_tool("echo")  # needs more
        machine.good.clear()
        await session.list_tools()
    kind, _, pair = machine.heads[0]["Authorization"].partition(" ")
    assert (kind, b64decode(pair)) == ("Basic", b"me+%26+you:hush%3A+hush%25")
    assert [form["scope"] for form in machine.forms] == ["list", "list call", "list call"]
    assert {form["grant_type"] for form in machine.forms} == {"client_credentials"}
    assert {form["resource"] for form in machine.forms} == {machine.url}
    assert not machine.asked
    assert HIDDEN not in repr(auth)


async def test_a_client_that_signs(machine: Machine) -> None:
    async with client(machine, ClientCredentials("me", key=SigningKey(PEM, kid="1"))) as session:
        assert session.connected
    form = machine.forms[0]
    found = jwt.decode(form["client_assertion"], KEY, algorithms=["ES256"])
    assert found.header == {"alg": "ES256", "typ": "JWT", "kid": "1"}
    assert (found.claims["iss"], found.claims["sub"], found.claims["aud"]) == ("me", "me", machine.root)
    assert 0 < found.claims["exp"] - found.claims["iat"] <= 300
    assert "Authorization" not in machine.heads[0]
    assert "BEGIN" not in repr(SigningKey(PEM))
    with pytest.raises(ValueError, match="key"):
        SigningKey("nonsense")
    with pytest.raises(ValueError, match="either"):
        ClientCredentials("me")


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (jwk.RSAKey.generate_key(2048), "RS256"),
        (jwk.RSAKey.generate_key(2048), "PS256"),
        (jwk.ECKey.generate_key("P-384"), "ES384"),
        (jwk.OKPKey.generate_key("Ed25519"), "Ed25519"),
    ],
)
async def test_keys_of_every_kind(anyio_backend: str, key: Any, algorithm: str) -> None:
    roomy = JWSRegistry(algorithms=[algorithm])
    roomy.max_header_length = 4096  # an RSA key takes more than joserfc usually reads
    for given in (key.as_pem(private=True), key.as_pem(private=True).decode(), key.as_dict(private=True)):
        signed = SigningKey(given, algorithm).assertion("me", "https://a.example")
        assert jwt.decode(signed, key, algorithms=[algorithm]).claims["sub"] == "me"
        proof = Proofs(cast("dict[str, Any]", SigningKey(given).key), algorithm).proof("GET", "https://a.example/")
        header = json.loads(b64decode(proof.split(".")[0] + "=="))
        assert not {"d", "p", "q", "dp", "dq", "qi"} & set(header["jwk"])
        jwt.decode(proof, jwk.import_key(header["jwk"]), registry=roomy)
    with pytest.raises(ValueError, match="private"):
        SigningKey(key.as_pem(private=False))


async def test_a_workload(machine: Machine) -> None:
    shown: list[str] = []

    async def fetch() -> str:
        shown.append(f"jwt-{len(shown)}")
        return shown[-1]

    async with client(machine, WorkloadIdentity("me", assertion=fetch, issuer=machine.root)) as session:
        machine.good.clear()
        await session.list_tools()
    assert [form["assertion"] for form in machine.forms] == ["jwt-0", "jwt-1"]
    machine.refuses = "invalid_grant"
    before = len(machine.forms)
    with pytest.raises(TokenRefused) as caught:
        await client(machine, WorkloadIdentity("me", assertion="secret-jwt", issuer=machine.root)).connect()
    assert (caught.value.error, caught.value.status) == ("invalid_grant", 400)
    assert len(machine.forms) == before + 1
    assert "secret-jwt" not in repr(caught.value)


async def test_a_workload_shows_itself_to_its_own_authorization_server_alone(machine: Machine) -> None:
    shown: list[str] = []

    def fetch() -> str:
        shown.append("jwt")
        return "jwt"

    with pytest.raises(RegistrationFailed):
        await client(machine, WorkloadIdentity("me", assertion=fetch, issuer="https://honest.example")).connect()
    assert not machine.forms
    assert not shown
    with pytest.raises(TypeError, match="issuer"):
        WorkloadIdentity("me", assertion=fetch)  # type: ignore[call-arg]


async def test_an_organization_has_the_say(machine: Machine) -> None:
    options: dict[str, Any] = {"idp_token_endpoint": f"{machine.root}/idp/token", "idp_client_id": "here"}
    auth = EnterpriseManaged("me", client_secret=HIDDEN, assertion="id.token", **options)
    async with client(machine, auth):
        pass
    exchange, grant = machine.forms
    assert exchange["audience"] == machine.root
    assert exchange["resource"] == machine.url
    assert exchange["client_id"] == "here"
    assert exchange["subject_token_type"].endswith(":id_token")
    assert grant["assertion"] == "a.grant"
    assert grant["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    with pytest.raises(ValueError, match="assertion_type"):
        EnterpriseManaged("me", assertion="x", assertion_type="passport", **options)


async def test_a_client_of_another_authorization_server(machine: Machine) -> None:
    auth = ClientCredentials("me", client_secret=HIDDEN, issuer="https://honest.example")
    with pytest.raises(RegistrationFailed):
        await client(machine, auth).connect()
    assert not machine.forms


async def test_tokens_from_elsewhere(realm: Realm) -> None:
    realm.good = {"good": {"call"}}
    async with client(realm, Bearer("good")) as session:
        await session.call_tool("echo")
    with pytest.raises(AccessDenied):
        await client(realm, Bearer("bad")).connect()
    fetched = iter(["bad", "good", "never"])
    async with client(realm, Bearer(lambda: next(fetched))) as session:
        await session.call_tool("echo")
    for broken in ("", "a b", "a\nb", "ä"):
        with pytest.raises(TokenRefused):
            await client(realm, Bearer(broken)).connect()
    assert "good" not in repr(Bearer("good"))
    assert not realm.visits["/token"]


class Bound(Machine):
    """Wants proofs with nonces, at both ends."""

    def __init__(self) -> None:
        super().__init__()
        self.metadata = {"dpop_signing_alg_values_supported": ["ES256"]}
        self.needs = {}
        self.kind = "DPoP"
        self.seen_proofs: set[str] = set()
        self.nonces = {"token": "one", "mcp": "two"}

    def proven(self, request: web.Request, url: str, nonce: str, token: str | None) -> bool | None:
        """Whether a request is proven; None where all that is missing is a nonce."""
        proof = request.headers["DPoP"]
        header = json.loads(b64decode(proof.split(".")[0] + "=="))
        key = jwk.import_key(header["jwk"])
        assert not key.is_private
        claims = jwt.decode(proof, key, algorithms=["ES256"]).claims
        assert (claims["htm"], claims["htu"], header["typ"]) == (request.method, url, "dpop+jwt")
        assert claims["jti"] not in self.seen_proofs
        self.seen_proofs.add(claims["jti"])
        if token is not None:
            assert claims["ath"] == urlsafe_b64encode(sha256(token.encode()).digest()).rstrip(b"=").decode()
        return True if claims.get("nonce") == nonce else None

    async def check(self, request: web.Request) -> web.StreamResponse | None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind != "DPoP" or token not in self.good:
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="x", DPoP algs="ES256"'})
        if self.proven(request, self.url, self.nonces["mcp"], token):
            return None
        head = {"WWW-Authenticate": 'DPoP error="use_dpop_nonce"', "DPoP-Nonce": self.nonces["mcp"]}
        return web.Response(status=401, headers=head)

    async def at_token(self, seen: Seen) -> web.StreamResponse:
        if not self.proven(seen.raw, f"{self.root}/token", self.nonces["token"], None):
            return seen.json({"error": "use_dpop_nonce"}, status=400, headers={"DPoP-Nonce": self.nonces["token"]})
        return seen.json({**self.issue(set()), "token_type": self.kind})


async def test_tokens_that_are_bound_to_a_key(anyio_backend: str) -> None:
    from tests.transport.http.support import running

    bound = Bound()
    async with running(bound):
        async with client(bound, oauth(dpop=True)) as session:
            await session.call_tool("echo")
            bound.nonces["mcp"] = "three"
            await session.call_tool("echo")
        bound.kind = "Bearer"
        with pytest.raises(TokenRefused, match="bound"):
            await client(bound, oauth(dpop=True)).connect()
        bound.metadata = {"dpop_signing_alg_values_supported": ["RS256"]}
        with pytest.raises(DiscoveryFailed, match="proofs"):
            await client(bound, oauth(dpop=True)).connect()
        token = bound.issue(set())["access_token"]
        async with client(bound, Bearer(token, key=SigningKey(PEM))) as session:
            await session.call_tool("echo")
        # A server that wants another nonce each time is not answered for ever.
        bound.nonces = {"token": "one", "mcp": ""}
        count = iter(range(100))
        usual = bound.check

        async def check(request: web.Request) -> web.StreamResponse | None:
            bound.nonces["mcp"] = f"n{next(count)}"
            return await usual(request)

        bound.check = check  # type: ignore[method-assign]
        with pytest.raises(AccessDenied):
            await client(bound, Bearer(token, key=SigningKey(PEM))).connect()


async def test_a_key_is_of_one_authorization_server() -> None:
    one, other = Proofs(), Proofs()
    assert one.key != other.key
    assert one.key["d"] not in repr(one)
    assert Proofs(one.key).proof("GET", "https://x.example/?a=1#b")
    assert not one.learn("https://x.example", None)
    assert one.learn("https://x.example", "n")
    assert not one.learn("https://x.example", "n")


async def test_plain_http_is_for_this_machine(anyio_backend: str) -> None:
    with pytest.raises(UnsafeUrl):
        await client(_Elsewhere(), Bearer("x")).connect()


class _Elsewhere(Realm):
    def __init__(self) -> None:
        super().__init__()
        self.url = "http://192.0.2.1:9/mcp"
