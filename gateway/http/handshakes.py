"""Vendors' handshakes: before a vendor sends, it asks whether this address wants its messages.

Such as Business Central and Microsoft Graph do it: a request with a token in the query, whose answer is the
token as text. Nobody is proven by it, and nothing is kept.
"""

from time import perf_counter

from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send

from adapters.catalogue import Catalogue
from contracts.adapter import SharedSecret
from contracts.errors import RequestInvalid
from gateway.http.exchange import Exchange, Response
from gateway.http.observer import Observer
from gateway.http.sources import RegisteredSource, Sources

TOKEN_MAX_CHARACTERS = 1000

_METHODS = frozenset({"GET", "POST"})
# the token is a stranger's text: no browser may take it for anything else
_HEADERS = (
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'none'; sandbox"),
    ("cache-control", "no-store"),
)


class Handshakes:
    """Answers for the sources whose vendor asks and has a secret to prove itself with later.

    Whoever asks may learn that there is such a source, as from a signature that does not fit.
    """

    def __init__(self, sources: Sources, catalogue: Catalogue, observer: Observer) -> None:
        self._sources = sources
        self._catalogue = catalogue
        self._observer = observer

    async def answer(self, scope: Scope, receive: Receive, send: Send, source: str) -> bool:
        """Answer a handshake; False for any other request, of which nothing was read."""
        if scope["type"] != ScopeType.HTTP or not scope["query_string"] or scope["method"] not in _METHODS:
            return False
        started = perf_counter()
        exchange = Exchange(scope, receive, send)
        token = self._token(exchange, source)
        if token is None:
            return False
        response = Response(
            status=200, body=token.encode("ascii"), media_type="text/plain; charset=utf-8", headers=_HEADERS
        )
        await exchange.respond(response)
        self._observer.request_ended(response.status, perf_counter() - started)
        return True

    def _token(self, exchange: Exchange, source: str) -> str | None:
        registered = self._sources.get(source)
        if registered is None or "authorization" in exchange.headers:
            return None
        for field in self._fields(registered):
            try:
                token = exchange.query(field) or ""
            except RequestInvalid:
                return None
            if 1 <= len(token) <= TOKEN_MAX_CHARACTERS and token.isascii() and token.isprintable():
                return token
        return None

    def _fields(self, source: RegisteredSource) -> list[str]:
        """Return the fields of the query in which the vendors of the source's system send tokens."""
        if not source.webhook_secrets:
            return []
        declared = [
            each.signature for each in self._catalogue.adapters if each.system == source.source.system
        ]
        return [each.handshake for each in declared if isinstance(each, SharedSecret) and each.handshake]
