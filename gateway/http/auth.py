"""Bearer tokens (RFC 6750, RFC 9068): a JWT of the issuer, signed by one of its keys, of a known client."""

import base64
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import msgspec
from joserfc import jwt
from joserfc.errors import ClaimError, ExpiredTokenError, JoseError
from joserfc.jwt import JWTClaimsRegistry

from contracts.errors import (
    CredentialsMissing,
    EventError,
    NotAuthenticated,
    NotAuthorised,
    TokenExpired,
)
from gateway.http.keys import KeyStore
from gateway.http.sources import ANY, Sender
from gateway.settings import AuthSettings, ClientSettings

TOKEN_MAX_CHARACTERS = 16 << 10
CACHE_LIMIT = 10_000
CACHE_SECONDS = 300.0  # after that the keys are asked again: one may have been withdrawn


class _Cached(NamedTuple):
    sender: Sender
    until: float


class Authenticator:
    """Turns an Authorization header into a Sender, who may what token and settings both say."""

    def __init__(
        self,
        settings: AuthSettings,
        clients: Mapping[str, ClientSettings],
        keys: KeyStore,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._algorithms = list(settings.algorithms)
        self._claims = JWTClaimsRegistry(
            now=lambda: int(clock()),
            leeway=settings.leeway_seconds,
            iss={"essential": True, "value": settings.issuer},
            aud={"essential": True, "value": settings.audience},
            exp={"essential": True},
        )
        self._leeway_seconds = settings.leeway_seconds
        self._clients = dict(clients)
        self._keys = keys
        self._clock = clock
        self._cache: OrderedDict[bytes, _Cached] = OrderedDict()

    async def authenticate(self, authorization: str | None) -> Sender:
        """Return who sent this.

        Raises: CredentialsMissing, NotAuthenticated, TokenExpired; NotAuthorised for a client that is not
        registered; KeysUnavailable.
        """
        token = _bearer(authorization)
        digest = hashlib.sha256(token.encode("latin-1", "replace")).digest()
        cached = self._cache.get(digest)
        if cached is not None and self._clock() < cached.until:
            return cached.sender
        claims = await self._verified(token)
        sender = self._sender(claims)
        until = min(claims["exp"] + self._leeway_seconds, self._clock() + CACHE_SECONDS)
        self._cache[digest] = _Cached(sender, until)
        if len(self._cache) > CACHE_LIMIT:
            self._cache.popitem(last=False)
        return sender

    async def _verified(self, token: str) -> dict[str, Any]:
        try:
            key = await self._keys.find(_key_id(token))
            claims = jwt.decode(token, key, algorithms=self._algorithms).claims
            self._claims.validate(claims)
        except EventError:
            raise
        except ExpiredTokenError:
            raise TokenExpired("the token's time is over") from None
        except ClaimError as error:
            if error.claim in {"nbf", "iat"}:
                raise TokenExpired("the token's time has not begun") from None
            raise NotAuthenticated(f"the claim {error.claim} is missing or not as expected") from None
        except JoseError as error:
            raise NotAuthenticated(f"the token is not valid: {error.error or 'unreadable'}") from None
        except Exception:  # noqa: BLE001 - a token is hostile text: whatever it does to a library, it proves nothing
            raise NotAuthenticated("the token can't be read") from None
        return claims

    def _sender(self, claims: Mapping[str, Any]) -> Sender:
        name = claims.get("client_id") or claims.get("sub")
        client = self._clients.get(name) if isinstance(name, str) else None
        if client is None or not isinstance(name, str):
            raise NotAuthorised("the token's client is not registered here")
        granted = _scopes(claims.get("scope"))
        return Sender(
            client=name,
            scopes=granted if ANY in client.scopes else granted & frozenset(client.scopes),
            sources=frozenset(client.sources),
        )


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise CredentialsMissing(
            "a bearer token is expected, or a vendor's signature where the source takes it"
        )
    if len(token) > TOKEN_MAX_CHARACTERS:
        raise NotAuthenticated(f"a token of more than {TOKEN_MAX_CHARACTERS} characters is not taken")
    return token.strip()


def _key_id(token: str) -> str | None:
    """Return the key id that the token's header names; it is proven by the signature later."""
    first = token.partition(".")[0]
    header = msgspec.json.decode(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    kid = header.get("kid")
    return kid if isinstance(kid, str) else None


def _scopes(claim: object) -> frozenset[str]:
    if isinstance(claim, str):
        return frozenset(claim.split())
    names: Collection[object] = claim if isinstance(claim, list) else ()
    return frozenset(name for name in names if isinstance(name, str))
