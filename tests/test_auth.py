"""Who may send: tokens that prove it and those that don't, vendors' signatures, scopes and sources."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from http_face import ISSUER_KEY, PAPER_CLIENTS, SECRETS, Face, OpenFace, paper_sources, signed
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from msgspec import structs

from adapters.conformance import samples
from adapters.wms import ADAPTERS as WMS_ADAPTERS
from contracts.adapter import Signature
from contracts.errors import (
    KeysUnavailable,
    NotAuthenticated,
    SignatureWrong,
    TokenExpired,
)
from gateway.data_folder import DataFolder
from gateway.http import keys as keys_module
from gateway.http.auth import Authenticator
from gateway.http.keys import KeyStore, keys_from_file, keys_from_url
from gateway.http.signatures import SignedRequest, verify
from gateway.issuer import ISSUER, mint
from gateway.settings import AuthSettings, ClientSettings

NOTE = {"id": "n-1", "store": "7"}
OTHER_KEY = ECKey.generate_key("P-256", {"kid": "k2", "use": "sig", "alg": "ES256"})
SETTINGS = AuthSettings(issuer="https://issuer.example", jwks_file="keys.json", leeway_seconds=5)


def jwks(*keys: Any) -> bytes:
    return json.dumps(KeySet(list(keys)).as_dict(private=False)).encode()


class Keys:
    """A JWKS in memory that counts how often it is read; None for one that can't be."""

    def __init__(self, body: bytes | None) -> None:
        self.body = body
        self.reads = 0

    async def __call__(self) -> bytes:
        self.reads += 1
        if self.body is None:
            raise OSError("no such file")
        return self.body


class Clock:
    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


def unsigned(claims: dict[str, Any], **header: Any) -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    return f"{part(header)}.{part(claims)}."


def claims_of(token: str) -> dict[str, Any]:
    text = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return claims


def wrong_tokens() -> dict[str, tuple[str, str]]:
    """Each token with the code that it gets."""
    now = int(time.time())
    good = Face.token()
    head, body, signature = good.split(".")
    symmetric = unsigned(claims_of(good), alg="HS256", kid="k1").rstrip(".")
    mac = hmac.new(ISSUER_KEY.as_pem(private=False), symmetric.encode(), hashlib.sha256).digest()
    by_public_key = f"{symmetric}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    other_body = base64.urlsafe_b64encode(json.dumps(claims_of(good) | {"client_id": "admin"}).encode())
    tampered = other_body.rstrip(b"=").decode()
    flipped = ("B" if signature[10] != "B" else "C").join((signature[:10], signature[11:]))
    return {
        "expired": (Face.token(exp=now - 60), "auth.expired"),
        "not valid yet": (Face.token(nbf=now + 60), "auth.expired"),
        "issued in the future": (Face.token(iat=now + 60), "auth.expired"),
        "without an end": (Face.token(exp=None), "auth.invalid"),
        "an end that is text": (Face.token(exp="never"), "auth.invalid"),
        "another issuer": (Face.token(iss="https://evil.example"), "auth.invalid"),
        "no issuer": (Face.token(iss=None), "auth.invalid"),
        "another audience": (Face.token(aud="someone-else"), "auth.invalid"),
        "no audience": (Face.token(aud=None), "auth.invalid"),
        "another's key under the same name": (Face.token(key=OTHER_KEY), "auth.invalid"),
        "a key that nobody knows": (Face.token(key=OTHER_KEY, header={"kid": "k9"}), "auth.invalid"),
        "alg none": (unsigned(claims_of(good), alg="none", kid="k1"), "auth.invalid"),
        "alg None": (unsigned(claims_of(good), alg="None"), "auth.invalid"),
        "HS256 with the public key": (by_public_key, "auth.invalid"),
        "no alg": (unsigned(claims_of(good), kid="k1"), "auth.invalid"),
        "a signature off by one": (f"{head}.{body}.{flipped}", "auth.invalid"),
        "no signature": (f"{head}.{body}.", "auth.invalid"),
        "other claims under the signature": (f"{head}.{tampered}.{signature}", "auth.invalid"),
        "two parts": (f"{head}.{body}", "auth.invalid"),
        "noise": ("x" * 50, "auth.invalid"),
        "a header that is a list": (f"{base64.urlsafe_b64encode(b'[]').decode()}.x.y", "auth.invalid"),
        "a kid that is an object": (unsigned({}, alg="ES256", kid={"a": 1}), "auth.invalid"),
        "far too long": ("x" * 20_000, "auth.invalid"),
    }


async def test_a_token_that_proves_nothing_is_401_and_nothing_is_kept(face: Face) -> None:
    tokens = wrong_tokens()
    found = {}
    for name, (token, _) in tokens.items():
        answer = await face.note(NOTE, authorization=f"Bearer {token}")
        found[name] = answer.json()["code"]
        assert answer.status_code == 401, name
        assert answer.headers["www-authenticate"].startswith(
            'Bearer realm="crossdock", error="invalid_token"'
        )
        assert len(answer.text) < 500, name
    assert found == {name: code for name, (_, code) in tokens.items()}
    assert await face.kept() == []
    assert (await face.note(NOTE)).status_code == 202


async def test_who_says_nothing_or_speaks_another_scheme_is_asked_for_a_token(face: Face) -> None:
    for authorization in ("Basic YTpi", "Bearer", "Bearer ", Face.token()):
        answer = await face.note(NOTE, authorization=authorization)
        assert (answer.status_code, answer.json()["code"]) == (401, "auth.missing")
        assert answer.headers["www-authenticate"] == 'Bearer realm="crossdock"'
    answer = await face.client.post("/v1/sources/paper-1/events", json=NOTE)
    assert (answer.status_code, answer.json()["code"]) == (401, "auth.missing")
    lower = await face.note(NOTE, authorization=f"bearer {Face.token()}")
    assert lower.status_code == 202
    twice = [("authorization", f"Bearer {Face.token()}"), ("authorization", f"Bearer {Face.token('admin')}")]
    both = await face.client.post("/v1/sources/paper-1/events", json=NOTE, headers=twice)
    assert both.status_code == 401


async def test_what_is_not_the_clients_is_403(face: Face) -> None:
    def bearer(client: str, **claims: Any) -> str:
        return f"Bearer {Face.token(client, **claims)}"

    cases = {
        "another client's source": ("paper-2", bearer("paper")),
        "a source that does not exist": ("nowhere", bearer("paper")),
        "a client that is not registered": ("paper-1", bearer("nobody")),
        "a client that is no text": ("paper-1", bearer("paper", client_id=7, sub=None)),
        "a token without the scope": ("paper-1", bearer("paper", scope="events:read")),
        "a token without any scope": ("paper-1", bearer("paper", scope=None)),
        "a client that may only read": ("paper-1", bearer("reader")),
    }
    found = {}
    for name, (source, authorization) in cases.items():
        answer = await face.note(NOTE, source, authorization=authorization)
        found[name] = (answer.status_code, answer.json()["code"])
        assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]
    assert found == dict.fromkeys(cases, (403, "auth.forbidden"))
    assert await face.kept() == []
    by_subject = bearer("paper", client_id=None, sub="paper", scope=["events:write"])
    assert (await face.note(NOTE, authorization=by_subject)).status_code == 202


@pytest.mark.parametrize(
    "path", ["/metrics", "/openapi.json", "/v1/events/" + "a" * 26, "/v1/events", "/v1/events/x/original"]
)
async def test_nothing_but_health_is_open(face: Face, path: str) -> None:
    assert (await face.client.get(path)).json()["code"] == "auth.missing"
    for open_path in ("/health/live", "/health/ready"):
        assert (await face.client.get(open_path)).status_code == 200


async def test_a_token_is_verified_once_and_again_after_five_minutes_until_it_ends() -> None:
    keys, clock = Keys(jwks(ISSUER_KEY)), Clock()
    store = KeyStore(keys, refresh_pause_seconds=0)
    authenticator = Authenticator(SETTINGS, PAPER_CLIENTS, store, clock=clock)
    authorization = f"Bearer {Face.token(exp=int(clock.now) + 400)}"
    sender = await authenticator.authenticate(authorization)
    assert await authenticator.authenticate(authorization) is sender
    clock.now += 301
    assert await authenticator.authenticate(authorization) is not sender
    clock.now += 105  # past the end and the leeway, within the cache's five minutes
    with pytest.raises(TokenExpired):
        await authenticator.authenticate(authorization)


async def test_a_new_key_of_the_issuer_is_found_and_a_withdrawn_one_forgotten() -> None:
    keys, clock = Keys(jwks(ISSUER_KEY)), Clock()
    store = KeyStore(keys, refresh_pause_seconds=10, clock=clock)
    authenticator = Authenticator(SETTINGS, PAPER_CLIENTS, store)
    await authenticator.authenticate(f"Bearer {Face.token()}")
    keys.body = jwks(OTHER_KEY)
    new = f"Bearer {Face.token(key=OTHER_KEY, header={'kid': 'k2'})}"
    for _ in range(5):
        with pytest.raises(NotAuthenticated):  # within the pause the keys are not read again
            await authenticator.authenticate(new)
    assert keys.reads == 1
    clock.now += 11
    assert (await authenticator.authenticate(new)).client == "paper"
    with pytest.raises(NotAuthenticated):
        await authenticator.authenticate(f"Bearer {Face.token(exp=int(time.time()) + 500)}")
    assert keys.reads == 2
    keys.body = None
    clock.now += keys_module.MAX_AGE_SECONDS + 1  # what can't be read again stays as it was
    assert (await store.find("k2")).kid == "k2"
    assert keys.reads == 3


async def test_without_any_key_it_is_503_and_not_the_senders_fault(open_face: OpenFace) -> None:
    for body in (None, b"not json", b'{"keys": 5}', b"[]", b'{"keys": [{"kty": "EC"}, 7]}'):
        authenticator = Authenticator(SETTINGS, PAPER_CLIENTS, KeyStore(Keys(body)))
        with pytest.raises(KeysUnavailable):
            await authenticator.authenticate(f"Bearer {Face.token()}")
    answer = await open_face(authenticator=authenticator).note(NOTE)
    assert (answer.status_code, answer.json()["code"]) == (503, "auth.unavailable")
    assert int(answer.headers["retry-after"]) > 0


async def test_a_symmetric_key_in_a_jwks_is_not_taken() -> None:
    shared = OctKey.import_key("a secret of thirty-two characters", {"kid": "k1"})
    body = json.dumps({"keys": [shared.as_dict(private=True), OTHER_KEY.as_dict(private=False)]}).encode()
    settings = structs.replace(SETTINGS, algorithms=("ES256", "HS256"))
    authenticator = Authenticator(settings, PAPER_CLIENTS, KeyStore(Keys(body)))
    with pytest.raises(NotAuthenticated):
        await authenticator.authenticate(f"Bearer {Face.token(key=shared, header={'alg': 'HS256'})}")


async def test_a_token_without_a_key_id_needs_an_issuer_with_one_key() -> None:
    token = jwt.encode({"alg": "ES256"}, claims_of(Face.token()), ISSUER_KEY)
    one = Authenticator(SETTINGS, PAPER_CLIENTS, KeyStore(Keys(jwks(ISSUER_KEY))))
    two = Authenticator(SETTINGS, PAPER_CLIENTS, KeyStore(Keys(jwks(ISSUER_KEY, OTHER_KEY))))
    assert (await one.authenticate(f"Bearer {token}")).client == "paper"
    with pytest.raises(NotAuthenticated):
        await two.authenticate(f"Bearer {token}")


async def test_an_algorithm_that_is_not_on_the_list_is_refused_whatever_the_key() -> None:
    key = RSAKey.generate_key(2048, {"kid": "k1"})
    token = f"Bearer {Face.token(key=key, header={'alg': 'RS256'})}"
    with pytest.raises(NotAuthenticated):
        await Authenticator(SETTINGS, PAPER_CLIENTS, KeyStore(Keys(jwks(key)))).authenticate(token)
    allowed = structs.replace(SETTINGS, algorithms=("RS256",))
    authenticator = Authenticator(allowed, PAPER_CLIENTS, KeyStore(Keys(jwks(key))))
    assert (await authenticator.authenticate(token)).client == "paper"


async def test_the_local_issuers_tokens_are_taken(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    token = mint(folder, "paper", ["events:write", "admin"])
    settings = AuthSettings(issuer=ISSUER, jwks_file=str(folder.jwks))
    authenticator = Authenticator(settings, PAPER_CLIENTS, KeyStore(keys_from_file(folder.jwks)))
    sender = await authenticator.authenticate(f"Bearer {token}")
    assert (sender.client, sender.scopes) == ("paper", {"events:write"})
    assert sender.may_speak_for("paper-1")
    assert not sender.may_speak_for("paper-2")
    everything = ClientSettings(scopes=("events:read",), sources=("*",))
    admin = Authenticator(settings, {"paper": everything}, KeyStore(keys_from_file(folder.jwks)))
    assert (await admin.authenticate(f"Bearer {token}")).may_speak_for("whatever")


@pytest.fixture
async def jwks_server() -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """An issuer on a loopback port, and what it answers: a status and a body."""
    told: dict[str, Any] = {"status": 200, "body": jwks(ISSUER_KEY)}

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": told["status"], "headers": []})
        await send({"type": "http.response.body", "body": told["body"]})

    config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/jwks", told
    server.should_exit = True
    await task


async def test_keys_come_from_a_url_and_a_broken_answer_changes_nothing(
    jwks_server: tuple[str, dict[str, Any]],
) -> None:
    url, told = jwks_server
    clock = Clock()
    store = KeyStore(keys_from_url(url), clock=clock)
    assert (await store.find("k1")).kid == "k1"
    for status, body in ((500, b""), (200, b"x" * (2 << 20)), (200, b"{}"), (302, b"")):
        told.update(status=status, body=body)
        clock.now += keys_module.MAX_AGE_SECONDS + 1
        assert (await store.find("k1")).kid == "k1"


async def test_a_signature_must_be_of_this_body_by_a_secret_that_is_valid_now(face: Face) -> None:
    path, body = "/v1/sources/paper-kept/events", b'{"id":"n-1","store":"7"}'
    good = signed(body)
    text = good["x-paper-signature"]
    off_by_one = ("B" if text[5] != "B" else "C").join((text[:5], text[6:]))
    now = int(time.time())
    wrong = {
        "off by one": (body, good | {"x-paper-signature": off_by_one}),
        "cut off": (body, good | {"x-paper-signature": text[:-1]}),
        "empty": (body, good | {"x-paper-signature": " "}),
        "not ASCII": (body, good | {"x-paper-signature": "é"}),
        "another body": (body + b" ", good),
        "another secret": (body, signed(body, b"a third secret")),
        "another time": (body, good | {"x-paper-time": str(now - 1)}),
        "no time": (body, {"x-paper-signature": text}),
        "a time that is none": (body, good | {"x-paper-time": "soon"}),
        "too old": (body, signed(body, at=now - 301)),
        "too far ahead": (body, signed(body, at=now + 310)),
    }
    for name, (sent, headers) in wrong.items():
        raw = {field.encode(): value.encode("latin-1") for field, value in headers.items()}
        answer = await face.client.post(path, content=sent, headers=raw)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["code"]) == (401, "auth.signature"), (name, answer.text)
    assert await face.kept() == []
    for secret in SECRETS:
        answer = await face.client.post(path, content=body, headers=signed(body, secret))
        assert answer.status_code == 200


async def test_a_signature_counts_only_where_the_source_has_a_secret(face: Face) -> None:
    body = b'{"id":"n-1","store":"7"}'
    for source in ("paper-1", "till", "nowhere"):
        answer = await face.client.post(f"/v1/sources/{source}/events", content=body, headers=signed(body))
        assert (answer.status_code, answer.json()["code"]) == (401, "auth.missing"), source
    unsigned_answer = await face.client.post("/v1/sources/paper-kept/events", content=body)
    assert (unsigned_answer.status_code, unsigned_answer.json()["code"]) == (401, "auth.missing")
    bad_token = {"authorization": "Bearer x.y.z"} | signed(body)  # a token that came is judged
    answer = await face.client.post("/v1/sources/paper-kept/events", content=body, headers=bad_token)
    assert answer.json()["code"] == "auth.invalid"


async def test_shiphero_signs_its_body_and_gets_its_own_reply(face: Face) -> None:
    sample = samples("wms", "shiphero")[0]
    digest = hmac.new(SECRETS[0], sample.message.body, hashlib.sha256).digest()
    headers = {
        "content-type": "application/json",
        "x-shiphero-hmac-sha256": base64.b64encode(digest).decode(),
        **sample.message.headers,
    }
    answer = await face.client.post("/v1/sources/dock/events", content=sample.message.body, headers=headers)
    reply = WMS_ADAPTERS[0].reply
    assert reply is not None
    assert (answer.status_code, answer.content) == (reply.status, reply.body)
    again = await face.client.post("/v1/sources/dock/events", content=sample.message.body, headers=headers)
    assert (again.status_code, len(await face.kept())) == (200, 1)


def test_a_hexadecimal_signature_may_be_upper_case_and_of_other_algorithms() -> None:
    source = structs.replace(paper_sources()["paper-1"], webhook_secrets=(b"s",))
    body = b"body"
    for algorithm in ("sha1", "sha256", "sha512"):
        scheme = Signature(header="x", algorithm=algorithm, encoding="hex")
        given = hmac.new(b"s", body, algorithm).hexdigest().upper()
        request = SignedRequest(
            source=source, adapter=WMS_ADAPTERS[0], scheme=scheme, given=given, timestamp=None
        )
        assert verify(request, 0.0, body).sources == {"paper-1"}
        with pytest.raises(SignatureWrong):
            verify(structs.replace(request, given=given[:-1] + "x"), 0.0, body)
