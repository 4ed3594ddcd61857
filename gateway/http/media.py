"""What a request says about its body: media type, encoding, contract; and whether the body agrees."""

import codecs
import re
from collections.abc import Mapping

from adapters.framing import CLOUD_EVENTS, LINES
from adapters.media_type import essence
from contracts.errors import MediaTypeUnsupported, RequestInvalid, RequestUnreadable
from gateway.http.items import WantedVersion

BATCHES = frozenset({CLOUD_EVENTS, *LINES})

_CHARSET = re.compile(r';\s*charset\s*=\s*"?([^\s";]{1,40})', re.IGNORECASE)
_XML_ENCODING = re.compile(rb"""^<\?xml[^>]{0,100}?\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTRACT = re.compile(r"([a-z0-9-]{1,64})@([0-9]{1,6}(?:\.[0-9]{1,6}\.[0-9]{1,6})?)")


def check_content_encoding(headers: Mapping[str, str]) -> None:
    """Raises: MediaTypeUnsupported for a compressed body: its size can't be bounded before it is read."""
    encoding = headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"identity", ""}:
        raise MediaTypeUnsupported(
            f"Content-Encoding {encoding[:40]!r} is not taken; send the bytes as they are"
        )


def check_media_type(media_type: str) -> None:
    """Raises: MediaTypeUnsupported for a form with parts, and for a charset that nobody knows."""
    if essence(media_type).startswith("multipart/"):
        raise MediaTypeUnsupported("multipart is not taken; send the document itself as the body")
    charset = _charset(media_type)
    if charset is not None and _known(charset) is None:
        raise MediaTypeUnsupported(f"the charset {charset!r} is not known")


def check_charset(media_type: str, body: bytes) -> None:
    """Hold the charset of the media type against the body.

    JSON is UTF-8 (RFC 8259, 8.1). XML says its encoding itself, and one that contradicts the media type
    (RFC 7303, 3.2) has no one meaning; ASCII is the same in both.

    Raises: MediaTypeUnsupported, RequestUnreadable.
    """
    text = _charset(media_type)
    charset = _known(text) if text else None
    if charset in {None, "ascii"}:
        return
    kind = essence(media_type)
    if kind.endswith("json") and charset != "utf-8":
        raise MediaTypeUnsupported(f"JSON is UTF-8, and the media type says {text}")
    if kind.endswith("xml") and not body.isascii() and _xml_encoding(body) != charset:
        raise RequestUnreadable(f"the media type says {text}, and the document {_xml_encoding(body)}")


def wanted_version(headers: Mapping[str, str]) -> WantedVersion | None:
    """Return what the header `Contract` asks for. Raises: RequestInvalid."""
    text = headers.get("contract")
    if text is None:
        return None
    match = _CONTRACT.fullmatch(text.strip())
    if match is None:
        raise RequestInvalid(f"Contract: name@x.y.z or name@major is expected, not {text[:80]!r}")
    return WantedVersion(contract=match[1], version=match[2])


def is_batch(media_type: str) -> bool:
    """Say whether the media type itself stands for many events."""
    return essence(media_type) in BATCHES


def _charset(media_type: str) -> str | None:
    match = _CHARSET.search(media_type)
    return match[1] if match else None


def _known(charset: str) -> str | None:
    """Return Python's name of a text encoding; the two byte orders of UTF-16 count as one."""
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        return None
    return "utf-16" if name.startswith("utf-16") else name


def _xml_encoding(body: bytes) -> str:
    for mark, name in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return name
    match = _XML_ENCODING.match(body[:200])
    return (_known(match[1].decode("ascii")) or match[1].decode("ascii")) if match else "utf-8"
