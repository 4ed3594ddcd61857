"""Who made a model: a detached Ed25519 signature (RFC 8032) over the bytes of its manifest.

The manifest holds the hash of every other file, so its signature covers them all. The line in `manifest.sig`
is `ed25519 <key id> <base64>`; the key id only says which key to try, and nothing is believed for it.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

ALGORITHM = "ed25519"
SIGNATURE_LIMIT_BYTES = 1024

TrustedKeys = Mapping[str, Ed25519PublicKey]


class SignatureRefused(ValueError):
    """Nobody whom we trust signed this."""


class KeyUnusable(ValueError):
    """A file holds no Ed25519 key; the message names it."""


def key_id(key: Ed25519PublicKey) -> str:
    """Return the first 16 hex digits of the SHA-256 of the raw public key."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def sign(key: Ed25519PrivateKey, manifest: bytes) -> bytes:
    """Return the content of `manifest.sig`."""
    signature = base64.b64encode(key.sign(manifest)).decode()
    return f"{ALGORITHM} {key_id(key.public_key())} {signature}\n".encode()


def verify(manifest: bytes, signature: bytes, trusted: TrustedKeys) -> str:
    """Return the id of the trusted key that signed the manifest. Raises: SignatureRefused."""
    try:
        algorithm, signer, encoded = signature.decode("ascii").split()
        raw = base64.b64decode(encoded, validate=True)
    except (UnicodeDecodeError, ValueError, binascii.Error):
        raise SignatureRefused("manifest.sig is not `ed25519 <key id> <base64>`") from None
    key = trusted.get(signer)
    if algorithm != ALGORITHM or key is None:
        raise SignatureRefused(
            f"it is signed with {algorithm} key {signer[:16]!r}, which is not trusted here"
        )
    try:
        key.verify(raw, manifest)
    except InvalidSignature:
        raise SignatureRefused(f"the signature of key {signer} does not fit the manifest") from None
    return signer


def read_public_keys(files: Iterable[Path]) -> dict[str, Ed25519PublicKey]:
    """Return the keys of PEM files by their id. Raises: OSError; KeyUnusable, naming the file."""
    keys = {}
    for file in files:
        try:
            key = load_pem_public_key(file.read_bytes())
        except (ValueError, UnsupportedAlgorithm):
            raise KeyUnusable(f"{file} holds no public key in PEM") from None
        if not isinstance(key, Ed25519PublicKey):
            raise KeyUnusable(f"{file} holds no Ed25519 key")
        keys[key_id(key)] = key
    return keys


def read_private_key(file: Path) -> Ed25519PrivateKey:
    """Return the key of an unencrypted PEM file. Raises: OSError; KeyUnusable, naming the file."""
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyUnusable(f"{file} holds no private key in PEM without a password") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusable(f"{file} holds no Ed25519 key")
    return key


def private_pem(key: Ed25519PrivateKey) -> bytes:
    """Return a key as PEM (PKCS 8)."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(key: Ed25519PrivateKey) -> bytes:
    """Return the public half as PEM (SubjectPublicKeyInfo)."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
