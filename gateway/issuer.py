"""The local issuer: one ES256 key pair in the data folder, which signs tokens for this machine's clients."""

import json
import time
import uuid
from collections.abc import Sequence

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from gateway.data_folder import DataFolder, write_secret

ISSUER = "crossdock-local"
ALGORITHM = "ES256"
LIFETIME_SECONDS = 3600


def make_issuer(folder: DataFolder) -> None:
    """Make the key pair and its JWKS file where they aren't there yet."""
    folder.make()
    if not folder.issuer_key.exists():
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": ALGORITHM}, auto_kid=True)
        # the first of two processes wins, so that no token is signed by a key that was replaced
        write_secret(folder.issuer_key, _encoded(key.as_dict(private=True)), replace=False)
    if not folder.jwks.exists():
        write_secret(folder.jwks, _encoded(KeySet([_key(folder)]).as_dict(private=False)))


def mint(
    folder: DataFolder,
    client: str,
    scopes: Sequence[str],
    lifetime_seconds: int = LIFETIME_SECONDS,
    *,
    audience: str = "crossdock",
) -> str:
    """Return a signed token for `client`, valid from now on (RFC 9068 names the claims)."""
    make_issuer(folder)
    now = int(time.time())
    key = _key(folder)
    claims = {
        "iss": ISSUER,
        "aud": audience,
        "sub": client,
        "client_id": client,
        "scope": " ".join(scopes),
        "iat": now,
        "nbf": now,
        "exp": now + lifetime_seconds,
        "jti": uuid.uuid4().hex,
    }
    return jwt.encode({"alg": ALGORITHM, "typ": "at+jwt", "kid": key.kid}, claims, key, [ALGORITHM])


def _key(folder: DataFolder) -> ECKey:
    return ECKey.import_key(json.loads(folder.issuer_key.read_bytes()))


def _encoded(keys: object) -> bytes:
    return json.dumps(keys).encode()
