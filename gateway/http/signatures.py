"""Vendors' webhook signatures: an HMAC over the body, declared by the adapter as data."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping

from msgspec import Struct

from contracts.adapter import Adapter, Signature
from contracts.errors import SignatureWrong
from gateway.http.sources import RegisteredSource, Sender

TOLERANCE_SECONDS = 300.0
_ALGORITHMS = frozenset({"sha256", "sha384", "sha512", "sha1"})


class SignedRequest(Struct, frozen=True, kw_only=True):
    """A request that says that it is the vendor's behind `source`; its body has to prove it."""

    source: RegisteredSource
    adapter: Adapter
    scheme: Signature
    given: str
    timestamp: str | None


def find_signature(
    adapters: Iterable[Adapter], source: RegisteredSource, headers: Mapping[str, str]
) -> SignedRequest | None:
    """Return the signature that came, if the source takes signatures and one of its adapters knows it."""
    if not source.webhook_secrets:
        return None
    for adapter in adapters:
        scheme = adapter.signature
        if adapter.system != source.source.system or not isinstance(scheme, Signature):
            continue
        if scheme.header in headers:
            timestamp = headers.get(scheme.timestamp_header) if scheme.timestamp_header else None
            return SignedRequest(
                source=source,
                adapter=adapter,
                scheme=scheme,
                given=headers[scheme.header],
                timestamp=timestamp,
            )
    return None


def verify(signed: SignedRequest, now: float, body: bytes) -> Sender:
    """Return the source's vendor as the sender; `now` is Unix seconds.

    Raises: SignatureWrong where no valid secret yields this signature, or its timestamp is too old.
    """
    octets = body
    if signed.scheme.timestamp_header:
        _check_age(signed, now)
        octets = f"{signed.timestamp}.".encode("latin-1") + body
    given = signed.given.strip().encode("latin-1", "replace")
    # every secret is tried, so that the time taken tells nothing of which one fits
    matches = [
        hmac.compare_digest(_signature(signed.scheme, secret, octets), _comparable(signed.scheme, given))
        for secret in signed.source.webhook_secrets
    ]
    if not any(matches):
        raise SignatureWrong(f"{signed.scheme.header}: this is not the signature of this body")
    return vendor_of(signed.source)


def vendor_of(source: RegisteredSource) -> Sender:
    """Return the sender that a source's vendor is, once it is proven."""
    return Sender(
        client=f"vendor of {source.name}",
        scopes=frozenset({"events:write"}),
        sources=frozenset({source.name}),
    )


def _check_age(signed: SignedRequest, now: float) -> None:
    text = signed.timestamp or ""
    if not (text.isascii() and text.isdecimal() and len(text) <= 12):
        raise SignatureWrong(f"{signed.scheme.timestamp_header}: Unix seconds are expected")
    if abs(now - int(text)) > TOLERANCE_SECONDS:
        raise SignatureWrong(f"{signed.scheme.timestamp_header}: this is more than 5 minutes from now")


def _signature(scheme: Signature, secret: bytes, octets: bytes) -> bytes:
    if scheme.algorithm not in _ALGORITHMS:
        raise ValueError(f"{scheme.algorithm!r} is not an algorithm for signatures")
    digest = hmac.new(secret, octets, getattr(hashlib, scheme.algorithm)).digest()
    return base64.b64encode(digest) if scheme.encoding == "base64" else digest.hex().encode("ascii")


def _comparable(scheme: Signature, given: bytes) -> bytes:
    return given if scheme.encoding == "base64" else given.lower()
