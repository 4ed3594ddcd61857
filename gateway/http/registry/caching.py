"""Answers that need not be sent twice: strong entity tags, If-None-Match, and for how long they hold."""

import hashlib
import re
from collections.abc import Mapping

from litestar import Response

IMMUTABLE = "public, max-age=31536000, immutable"
LOOK_AGAIN = "no-cache"
NEVER = "no-store"

_TAG = re.compile(r'(?:W/)?("[^"]*")')


def answer(
    asked: Mapping[str, str],
    body: bytes,
    *,
    cache: str,
    media_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Response[bytes]:
    """Return a body, or 304 where the one who asked has it already (RFC 9110, 13.1.2)."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    sent = {"etag": tag, "cache-control": cache, **(headers or {})}
    if _is_known(asked.get("if-none-match", ""), tag):
        return Response(b"", status_code=304, media_type=media_type, headers=sent)
    return Response(body, media_type=media_type, headers=sent)


def _is_known(known: str, tag: str) -> bool:
    return known.strip() == "*" or tag in _TAG.findall(known)
