"""Vendors' shared secrets: repeated in each message, where the adapter declares it as data."""

import hmac
from codecs import BOM_UTF8
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from adapters.json import parse_json
from adapters.media_type import essence
from contracts.adapter import Adapter, SharedSecret
from contracts.errors import CredentialsMissing, RequestUnreadable, SignatureWrong
from gateway.http.signatures import vendor_of
from gateway.http.sources import RegisteredSource, Sender

# nobody is proven yet when the body is read and parsed to find the secret
BODY_LIMIT_BYTES = 1 << 20
_EVERY = "*"


class SecretRequest(Struct, frozen=True, kw_only=True):
    """A request without any other proof, for a source whose vendor may have put the secret into the body."""

    source: RegisteredSource
    adapter: Adapter
    scheme: SharedSecret


def find_shared_secret(
    adapters: Iterable[Adapter], source: RegisteredSource, headers: Mapping[str, str]
) -> SecretRequest | None:
    """Return where to look for the secret, if one of the source's adapters says so and the body is JSON."""
    if not source.webhook_secrets or not essence(headers.get("content-type", "")).endswith("json"):
        return None
    for adapter in adapters:
        scheme = adapter.signature
        if adapter.system == source.source.system and isinstance(scheme, SharedSecret):
            return SecretRequest(source=source, adapter=adapter, scheme=scheme)
    return None


def verify_shared_secret(request: SecretRequest, body: bytes) -> Sender:
    """Return the source's vendor as the sender, where each message of the body holds a secret of the source.

    Raises: CredentialsMissing for a body that holds none; SignatureWrong where one is not the source's.
    """
    given = _given(request.scheme, body)
    if not given:
        raise CredentialsMissing("a bearer token is expected, or a vendor's proof where the source takes it")
    # every secret is tried for every message, so that the time taken tells nothing of which one fits
    matches = [
        [hmac.compare_digest(secret, text) for secret in request.source.webhook_secrets] for text in given
    ]
    if not all(map(any, matches)):
        raise SignatureWrong("the secret in this body is not the one of this source")
    return vendor_of(request.source)


def _given(scheme: SharedSecret, body: bytes) -> list[bytes]:
    """Return the secrets in the body, an empty one for each message without; nothing for another body."""
    try:
        tree = parse_json(body.removeprefix(BOM_UTF8))
    except RequestUnreadable:
        return []
    for pointer in scheme.pointers:
        found = [_octets(value) for value in _values(tree, pointer)]
        if any(found):
            return found
    return []


def _values(tree: Any, pointer: str) -> list[Any]:
    """Return what stands at `pointer`, None where nothing does."""
    level = [tree]
    for part in pointer.split("/")[1:]:
        if part == _EVERY:
            level = [child for each in level for child in (each if isinstance(each, list) else [None])]
        else:
            level = [each.get(part) if isinstance(each, dict) else None for each in level]
    return level


def _octets(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else b""
