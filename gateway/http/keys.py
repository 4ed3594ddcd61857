"""The issuer's public keys, from a JWKS file or URL (RFC 7517), read again when a token names another one."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey, import_key

from contracts.errors import KeysUnavailable, NotAuthenticated

log = structlog.get_logger()

REFRESH_PAUSE_SECONDS = 10.0
MAX_AGE_SECONDS = 600.0
FETCH_TIMEOUT_SECONDS = 5.0
KEYS_LIMIT_BYTES = 1 << 20

Fetch = Callable[[], Awaitable[bytes]]


class KeyStore:
    """Public keys by their id. Read when first needed, for an unknown id, and when ten minutes old."""

    def __init__(
        self,
        fetch: Fetch,
        *,
        refresh_pause_seconds: float = REFRESH_PAUSE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._refresh_pause_seconds = refresh_pause_seconds
        self._clock = clock
        self._keys: dict[str | None, Key] = {}
        self._tried_at = float("-inf")
        self._read_at = float("-inf")
        self._lock = asyncio.Lock()

    async def find(self, kid: str | None) -> Key:
        """Return the key that a token names; a token may name none where there is just one key.

        Raises: NotAuthenticated for an unknown key; KeysUnavailable where no key was ever read.
        """
        key = self._known(kid)
        if key is None or self._clock() - self._read_at > MAX_AGE_SECONDS:
            await self._refresh()
            key = self._known(kid)
        if key is None:
            if not self._keys:
                raise KeysUnavailable("the issuer's keys can't be read", retry_after_seconds=5)
            raise NotAuthenticated("the token names a key that is not the issuer's")
        return key

    def _known(self, kid: str | None) -> Key | None:
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid) if kid is not None else None

    async def _refresh(self) -> None:
        """Read the keys, at most once in a pause: unknown key ids are an attacker's to choose."""
        async with self._lock:
            if self._clock() - self._tried_at < self._refresh_pause_seconds:
                return
            self._tried_at = self._clock()
            try:
                self._keys = _parse(await self._fetch())
            except (OSError, httpx.HTTPError, msgspec.DecodeError, ValueError) as error:
                log.warning("the issuer's keys can't be read", error=str(error)[:200])
                return
            self._read_at = self._clock()


def keys_from_file(file: Path) -> Fetch:
    """Return what reads a JWKS file."""

    async def fetch() -> bytes:
        return await asyncio.to_thread(file.read_bytes)

    return fetch


def keys_from_url(url: str) -> Fetch:
    """Return what fetches a JWKS over HTTP, within five seconds and 1 MiB."""

    async def fetch() -> bytes:
        async with (
            httpx.AsyncClient(timeout=FETCH_TIMEOUT_SECONDS) as client,
            client.stream("GET", url) as response,
        ):
            response.raise_for_status()
            body = b""
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > KEYS_LIMIT_BYTES:
                    raise ValueError(f"{url} answered with more than {KEYS_LIMIT_BYTES} bytes")
            return body

    return fetch


def _parse(body: bytes) -> dict[str | None, Key]:
    """Return the usable public keys. A symmetric key in a JWKS would let every reader sign: left out."""
    document = msgspec.json.decode(body)
    entries: Any = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("this is not a JWKS: a list `keys` is expected")
    found: dict[str | None, Key] = {}
    for entry in entries:
        try:
            key = import_key(entry)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            log.warning("a key of the issuer is not usable", error=str(error)[:200])
            continue
        if isinstance(key, ECKey | RSAKey | OKPKey):
            found[key.kid] = key
    return found
