"""The stage `authenticate`: who sends is proven, and the body is read."""

import time
from collections.abc import Callable
from functools import partial

from adapters.catalogue import Catalogue
from adapters.media_type import parameter, with_parameter
from adapters.pos.dropfile.layouts import PARAMETER
from contracts.documents import Message
from contracts.errors import RequestInvalid, RequestUnreadable
from gateway.http import media
from gateway.http.auth import Authenticator
from gateway.http.exchange import Exchange
from gateway.http.items import Submission
from gateway.http.limits import Share
from gateway.http.signatures import SignedRequest, find_signature, verify
from gateway.http.sources import RegisteredSource, Sender, Sources

WRITE_SCOPE = "events:write"
_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})


class Admission:
    """Lets in who may send. A token is judged before a byte of the body is read, a signature after."""

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

    async def admit(
        self, exchange: Exchange, share: Share, source: str | None, limit_bytes: int
    ) -> Submission:
        """Return the submission; without `source` it is the sender's canonical one.

        Raises: what `Authenticator.authenticate`, `verify`, `Sources` and `Exchange.read` raise;
        MediaTypeUnsupported, RequestInvalid, RequestUnreadable for what the headers say of the body.
        """
        signed = self._signed(exchange, source)
        prove: Callable[[bytes], Sender]
        if signed is not None:
            registered, prove = signed.source, partial(verify, signed, self._clock())
        else:
            sender = await self._authenticator.authenticate(exchange.headers.get("authorization"))
            sender.require(WRITE_SCOPE)
            registered, prove = self._source_of(sender, source, exchange), lambda _body: sender
        dry_run = exchange.flag("dry_run")
        wanted = media.wanted_version(exchange.headers)
        body = await self._body(exchange, share, limit_bytes)
        return Submission(
            sender=prove(body),
            source=registered,
            message=Message(
                body=body,
                media_type=_media_type(exchange, registered),
                headers={
                    name: text for name, text in exchange.headers.items() if name not in _SECRET_HEADERS
                },
            ),
            wanted=wanted,
            dry_run=dry_run,
            vendor_reply=signed.adapter.reply if signed is not None else None,
            traceparent=exchange.headers.get("traceparent", ""),
        )

    def _signed(self, exchange: Exchange, source: str | None) -> SignedRequest | None:
        """Return the vendor's signature that the body has to fit, if one came; a token comes before it."""
        registered = self._sources.get(source) if source is not None else None
        if registered is None or "authorization" in exchange.headers:
            return None
        return find_signature(self._catalogue.adapters, registered, exchange.headers)

    def _source_of(self, sender: Sender, source: str | None, exchange: Exchange) -> RegisteredSource:
        if source is not None:
            return self._sources.of_sender(sender, source)
        named, asked = exchange.headers.get("xd-source"), exchange.query("source")
        if named is not None and asked is not None and named != asked:
            raise RequestInvalid("Xd-Source and ?source= name two sources")
        return self._sources.canonical_of_sender(sender, named if named is not None else asked)

    async def _body(self, exchange: Exchange, share: Share, limit_bytes: int) -> bytes:
        media_type = exchange.headers.get("content-type", "")
        media.check_content_encoding(exchange.headers)
        media.check_media_type(media_type)
        body = await exchange.read(limit_bytes, share)
        if not body:
            raise RequestUnreadable("the body is empty")
        media.check_charset(media_type, body)
        return body


def _media_type(exchange: Exchange, source: RegisteredSource) -> str:
    """Return what the request says of its body, and of a drop file also the source's layout."""
    said = exchange.headers.get("content-type", "")
    if not source.layout or parameter(said, PARAMETER):
        return said
    return with_parameter(said, PARAMETER, source.layout)
