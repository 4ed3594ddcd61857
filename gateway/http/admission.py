"""The stage `authenticate`: who sends is proven."""

import time
from collections.abc import Callable

from msgspec import Struct

from adapters.catalogue import Catalogue
from adapters.media_type import parameter, with_parameter
from adapters.pos.dropfile.layouts import PARAMETER
from contracts.adapter import Reply
from contracts.documents import Message
from contracts.errors import RequestInvalid, RequestUnreadable
from gateway.http import media
from gateway.http.auth import Authenticator
from gateway.http.exchange import Exchange
from gateway.http.items import Submission, WantedVersion
from gateway.http.shared_secrets import (
    BODY_LIMIT_BYTES,
    SecretRequest,
    find_shared_secret,
    verify_shared_secret,
)
from gateway.http.signatures import SignedRequest, find_signature, verify
from gateway.http.sources import RegisteredSource, Sender, Sources

WRITE_SCOPE = "events:write"
_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})


class Admitted(Struct, frozen=True, kw_only=True):
    """A request whose head was judged. Of a vendor without a token the body has yet to prove who sends."""

    exchange: Exchange
    source: RegisteredSource
    proof: Sender | SignedRequest | SecretRequest
    wanted: WantedVersion | None
    dry_run: bool

    @property
    def media_type(self) -> str:
        """The body's media type, as the request says it; it names the source's layout where it names none."""
        said = self.exchange.headers.get("content-type", "")
        if not self.source.layout or parameter(said, PARAMETER):
            return said
        return with_parameter(said, PARAMETER, self.source.layout)

    def within(self, limit_bytes: int) -> int:
        """Return how much of a body is read where at most `limit_bytes` are: less of a stranger's."""
        return min(limit_bytes, BODY_LIMIT_BYTES) if isinstance(self.proof, SecretRequest) else limit_bytes


class Admission:
    """Lets in who may send. A token is judged before a byte of the body is read, a vendor's proof after."""

    def __init__(
        self,
        authenticator: Authenticator,
        sources: Sources,
        catalogue: Catalogue,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._authenticator = authenticator
        self._sources = sources
        self._catalogue = catalogue
        self._clock = clock

    async def admit(self, exchange: Exchange, source: str | None) -> Admitted:
        """Say who sends, as far as the head of the request tells; without `source` it is the canonical one.

        Raises: what `Authenticator.authenticate` and `Sources` raise; MediaTypeUnsupported, RequestInvalid
        for what the headers say of the body.
        """
        proof: Sender | SignedRequest | SecretRequest
        signed = self._signed(exchange, source)
        if signed is not None:
            proof, registered = signed, signed.source
        else:
            proof = await self._authenticator.authenticate(exchange.headers.get("authorization"))
            proof.require(WRITE_SCOPE)
            registered = self._source_of(proof, source, exchange)
        dry_run = exchange.flag("dry_run")
        wanted = media.wanted_version(exchange.headers)
        media.check_content_encoding(exchange.headers)
        media.check_media_type(exchange.headers.get("content-type", ""))
        return Admitted(exchange=exchange, source=registered, proof=proof, wanted=wanted, dry_run=dry_run)

    def submit(self, admitted: Admitted, body: bytes) -> Submission:
        """Return the submission of a body that is there.

        Raises: what `verify` and `verify_shared_secret` raise; MediaTypeUnsupported, RequestUnreadable for
        what the body is.
        """
        if not body:
            raise RequestUnreadable("the body is empty")
        media.check_charset(admitted.media_type, body)
        proof = admitted.proof
        if isinstance(proof, Sender):
            return _submission(admitted, proof, body, None)
        if isinstance(proof, SecretRequest):
            sender = verify_shared_secret(proof, body)
        else:
            sender = verify(proof, self._clock(), body)
        return _submission(admitted, sender, body, proof.adapter.reply)

    def stream(self, admitted: Admitted) -> Submission | None:
        """Return the submission of a body that is yet to come, or None where the body must be there.

        Raises: MediaTypeUnsupported.
        """
        if not isinstance(admitted.proof, Sender):
            return None
        media.check_charset(admitted.media_type, b"")
        return _submission(admitted, admitted.proof, b"", None)

    def _signed(self, exchange: Exchange, source: str | None) -> SignedRequest | SecretRequest | None:
        """Return the vendor's proof that the body has to bear out, if there may be one; a token is first."""
        registered = self._sources.get(source) if source is not None else None
        if registered is None or "authorization" in exchange.headers:
            return None
        adapters, headers = self._catalogue.adapters, exchange.headers
        return find_signature(adapters, registered, headers) or find_shared_secret(
            adapters, registered, headers
        )

    def _source_of(self, sender: Sender, source: str | None, exchange: Exchange) -> RegisteredSource:
        if source is not None:
            return self._sources.of_sender(sender, source)
        named, asked = exchange.headers.get("xd-source"), exchange.query("source")
        if named is not None and asked is not None and named != asked:
            raise RequestInvalid("Xd-Source and ?source= name two sources")
        return self._sources.canonical_of_sender(sender, named if named is not None else asked)


def _submission(admitted: Admitted, sender: Sender, body: bytes, vendor_reply: Reply | None) -> Submission:
    headers = admitted.exchange.headers
    shown = {name: text for name, text in headers.items() if name not in _SECRET_HEADERS}
    return Submission(
        sender=sender,
        source=admitted.source,
        message=Message(body=body, media_type=admitted.media_type, headers=shown),
        wanted=admitted.wanted,
        dry_run=admitted.dry_run,
        vendor_reply=vendor_reply,
        traceparent=headers.get("traceparent", ""),
    )
