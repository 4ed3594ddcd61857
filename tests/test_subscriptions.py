"""Vendors that send what one subscribed to: their handshake, and the secret that each message repeats."""

import json
from typing import Any

import pytest
from http_face import SECRETS, Face, OpenFace, paper_sources
from msgspec import structs

from adapters.conformance import samples
from adapters.erp.business_central.adapter import BusinessCentralAdapter
from contracts.adapter import SharedSecret
from contracts.errors import CredentialsMissing, SignatureWrong
from gateway.http.shared_secrets import SecretRequest, verify_shared_secret
from gateway.http.sources import RegisteredSource

NEW, OLD = SECRETS[1].decode(), SECRETS[0].decode()
BATCH = "/v1/sources/central/events/batch"
ONE = "/v1/sources/central/events"
JSON = {"content-type": "application/json"}
SAMPLES = {each.case: each for each in samples("erp", "business_central")}


def with_erp(**changed: Any) -> dict[str, RegisteredSource]:
    """The paper sources, and one whose vendor is Business Central."""
    known = paper_sources()
    source = structs.replace(known["till"].source, name="central", system="erp")
    registered = {"source": source, "webhook_secrets": SECRETS} | changed
    bare = structs.replace(source, name="bare")
    return {**known, "central": RegisteredSource(**registered), "bare": RegisteredSource(source=bare)}


@pytest.fixture
async def central(open_face: OpenFace) -> Face:
    """A face with a source `central` that takes the vendor's secret, and `bare` that takes none."""
    return open_face(sources=with_erp())


def bundle(*secrets: str | None, case: str = "bundle") -> dict[str, Any]:
    """The notifications of a sample, with these secrets in turn; None for none."""
    notifications = json.loads(SAMPLES[case].message.body)["value"][: len(secrets)]
    for notification, secret in zip(notifications, secrets, strict=True):
        if secret is None:
            del notification["clientState"]
        else:
            notification["clientState"] = secret
    return {"value": notifications}


async def post(face: Face, path: str, body: Any, **headers: str) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await face.client.post(path, content=content, headers=JSON | headers)


# the handshake


async def test_a_token_comes_back_as_it_was_and_as_nothing_but_text(central: Face) -> None:
    token = "Validation: is this yours? <b>+/=&"
    for method, path in (("POST", ONE), ("POST", BATCH), ("GET", ONE), ("GET", BATCH)):
        answer = await central.client.request(method, path, params={"validationToken": token})
        assert (answer.status_code, answer.text) == (200, token)
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "sandbox" in answer.headers["content-security-policy"]
    assert await central.kept() == []


async def test_what_is_no_token_is_not_repeated(central: Face) -> None:
    for token in ("", "x" * 1001, "a\nb", "a\r\nset-cookie: b", "\x00", "é", "\x7f", "\u2028"):
        answer = await central.client.post(ONE, params={"validationToken": token})
        assert (answer.status_code, answer.json()["code"]) == (401, "auth.missing")
        assert "set-cookie" not in answer.headers
        assert (await central.client.get(ONE, params={"validationToken": token})).status_code == 405


async def test_only_a_source_whose_vendor_asks_and_has_a_secret_answers(central: Face) -> None:
    for source in ("nowhere", "till", "dock", "paper-kept", "bare"):
        path = f"/v1/sources/{source}/events?validationToken=t"
        answer = await central.client.post(path)
        assert (answer.status_code, answer.json()["code"]) == (401, "auth.missing"), source
        assert (await central.client.get(path)).status_code == 405


async def test_other_requests_with_the_field_are_none(central: Face) -> None:
    for method in ("PUT", "DELETE", "OPTIONS", "HEAD"):
        assert (await central.client.request(method, f"{ONE}?validationToken=t")).status_code == 405
    twice = await central.client.post(f"{ONE}?validationToken=a&validationToken=b")
    assert twice.status_code == 401
    for elsewhere in ("/v1/events?validationToken=t", "/v1/sources/central?validationToken=t"):
        assert (await central.client.post(elsewhere)).status_code in {401, 404}
    other_field = await central.client.post(f"{ONE}?validationtoken=t")
    assert other_field.status_code == 401
    # a token of a client's is judged, and what it sends is not taken for a handshake
    sent = await post(
        central, f"{BATCH}?validationToken=t", bundle(NEW), authorization=f"Bearer {Face.token('admin')}"
    )
    assert sent.status_code == 202
    assert len(await central.kept()) == 1


# the secret in each message


async def test_notifications_with_either_secret_are_taken(central: Face) -> None:
    for secret in (OLD, NEW):
        answer = await post(central, BATCH, bundle(*[secret] * 5))
        assert (answer.status_code, answer.json()["accepted"]) == (202, 5)
        again = await post(central, BATCH, bundle(*[secret] * 5))
        assert (again.status_code, again.json()["duplicate"]) == (202, 5)
    kept = await central.kept()
    assert len(kept) == 10
    assert {stored.headers["Xd-Contract"] for stored in kept} == {"erp-business-central-notification@1.0.0"}


async def test_one_notification_may_come_to_the_single_endpoint(central: Face) -> None:
    answer = await post(central, ONE, bundle(NEW))
    assert answer.status_code == 202
    assert (await post(central, ONE, bundle(NEW, NEW))).json()["code"] == "request.invalid"
    event = SAMPLES["external-business-event"].message.body
    assert (await post(central, ONE, event)).json()["code"] == "auth.signature"
    proven = event.replace(json.loads(event)["clientState"].encode(), NEW.encode())
    assert (await post(central, ONE, proven)).json()["contract"] == "erp-business-central-event"
    with_mark = await post(central, ONE, b"\xef\xbb\xbf" + json.dumps(bundle(OLD)).encode())
    assert with_mark.status_code == 202


async def test_a_bundle_with_one_wrong_secret_is_refused_whole(central: Face) -> None:
    wrong: list[tuple[str | None, ...]] = [
        ("wrong",), (NEW, "wrong"), ("wrong", NEW), (NEW, None), (None, NEW), (f"{NEW} ",), (NEW.upper(),),
    ]  # fmt: skip
    for secrets in wrong:
        answer = await post(central, BATCH, bundle(*secrets))
        assert (answer.status_code, answer.json()["code"]) == (401, "auth.signature")
        assert not any(secret and secret in answer.text for secret in (NEW, OLD, "wrong"))
    assert await central.kept() == []


async def test_a_body_without_any_secret_asks_for_a_token(central: Face) -> None:
    bodies = (
        b"{}", b"[]", b"null", b"7", b"not json", b'{"value":7}', b'{"value":[]}', b'{"value":[7]}',
        b'{"value":[{"clientState":""}]}', b'{"value":[{"clientState":7}]}', b'{"value":{"clientState":"x"}}',
        b"[" * 5000, b'{"BusinessEventId":"x"}', b'[{"value":[{"clientState":"x"}]}]',
    )  # fmt: skip
    for body in bodies:
        for path in (ONE, BATCH):
            answer = await post(central, path, body)
            assert (answer.status_code, answer.json()["code"]) == (401, "auth.missing"), body[:40]
    assert await central.kept() == []


async def test_the_secret_counts_only_where_the_source_has_one(central: Face) -> None:
    for source in ("bare", "till", "nowhere", "paper-kept"):
        answer = await post(central, f"/v1/sources/{source}/events/batch", bundle(NEW))
        assert (answer.status_code, answer.json()["code"]) == (401, "auth.missing"), source
    bad_token = await post(central, BATCH, bundle(NEW), authorization="Bearer x.y.z")
    assert bad_token.json()["code"] == "auth.invalid"


async def test_nothing_large_is_read_for_a_stranger(central: Face) -> None:
    xml = await central.client.post(ONE, content=b"<x/>", headers={"content-type": "application/xml"})
    assert xml.json()["code"] == "auth.missing"
    large = await post(central, BATCH, b'{"value":[' + b" " * (4 << 20) + b"]}")
    assert (large.status_code, large.json()["code"]) == (413, "request.too-large")


async def test_the_secret_is_neither_told_nor_kept_beside_the_message(open_face: OpenFace) -> None:
    face = open_face(sources=with_erp(on_violation="dead_letter"))
    broken = bundle(NEW, case="custom-api")
    broken["value"][0]["resource"] = ""
    answer = await post(face, BATCH, broken)
    assert (answer.status_code, answer.json()["items"][0]["status"]) == (202, "dead_letter")
    assert NEW not in answer.text
    (kept,) = await face.kept()
    assert not [name for name, text in kept.headers.items() if NEW in text]


def test_the_first_place_that_holds_a_secret_counts() -> None:
    request = SecretRequest(
        source=with_erp()["central"],
        adapter=BusinessCentralAdapter(),
        scheme=SharedSecret(pointers=("/a/*/*/s", "/s")),
    )

    def sender_of(tree: Any) -> str:
        return verify_shared_secret(request, json.dumps(tree).encode()).client

    for good in (
        {"a": [[{"s": NEW}, {"s": OLD}], [{"s": NEW}]], "s": "wrong"},
        {"a": [[{"s": NEW}], []]},
        {"a": [], "s": NEW},
    ):
        assert sender_of(good) == "vendor of central"
    for wrong in ({"a": [[{"s": "x"}]], "s": NEW}, {"a": [[{"s": NEW}], 7]}, {"s": "x"}):
        with pytest.raises(SignatureWrong):
            sender_of(wrong)
    with pytest.raises(CredentialsMissing):
        sender_of({"b": NEW})
