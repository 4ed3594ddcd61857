"""Damage to payloads: of their bytes, of their text, and of the tree that they are written from."""

import copy
import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

from lxml import etree

# numbers, days, texts and marks that have broken readers before
ODD_TEXTS = (
    "", " ", "0", "-0", "+1", "1-", "--1", "1.", ".5", "1e5", "1E400", "-1e-400", "1e999999999", "NaN",
    "sNaN123", "Infinity", "-inf", "1,5", "1_000", "0x10", "9" * 30, "9" * 40, "9" * 5000, "0." + "0" * 40,
    "١٢٣", "²", "½", "0000-00-00", "0001-01-01T00:00:00", "9999-12-31T23:59:59", "9999-12-31T23:59:59-14:00",
    "1850-01-01T00:00:00", "2026-02-30", "2026-W01-1", "20260101", "2026-03-29T02:30:00", "2026-01-01T25:00",
    "2026-01-01T10:00:00.1234567Z", "2026-01-01T10:00:00+23:59", "2026-01-01T10:00:00+00:00:30",
    "/Date(1)/", "/Date(-9999999999999999)/", "null", "true", "\u2028", "\u0085", "\u202e12", "\ufeff1",
    "\u0301", "🛒" * 70, "ß" * 300, "x" * 70_000, "a/b~c", "../..", "%00", "urn:epc:id:sgtin:1.2.3",
    "urn:epc:id:sgtin:..", "https://id.gs1.org/01/", "[]", "{}",
)  # fmt: skip
ODD_BYTES = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc0\xaf", b"&#0;", b"&amp;", b"&x;",
    b"&#xD800;", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<?x y?>", b"<a>", b"</a>", b'<a b="', b"xmlns=''",
    b"xmlns:q='u'", b"\\ud800", b"\\u0000", b"[" * 70, b'{"a":' * 70, b"NaN", b"1e999", b"9" * 400, b",",
    b'"', b"'", b"\r\n",
)  # fmt: skip
DOCTYPES = (
    b'<!DOCTYPE a [<!ENTITY x "y">]>',
    b'<!DOCTYPE a SYSTEM "file:///etc/hostname">',
    b'<!DOCTYPE a [<!ENTITY a0 "ha"><!ENTITY a1 "&a0;&a0;&a0;&a0;"><!ENTITY x "&a1;&a1;&a1;&a1;">]>',
    b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x">%p;]>',
)
ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**53 + 1, 10**40, 1.5, 1e308, -1e-320, [], {}, [[]], [None], [{}], {"": ""},
    {"#text": "1"}, {"@a": "1", "#text": "2"}, [1, "1", None], {"a": [{"a": {}}]},
)  # fmt: skip

GROWN_LIMIT_BYTES = 400_000  # what is larger is damaged no further

Mutation = Callable[[bytes, Random], bytes]


def mutated(body: bytes, chance: Random) -> bytes:
    """Return a body with one to four kinds of damage; each seed has its own."""
    kinds = _OF_JSON if is_json(body) else _OF_XML
    for _ in range(chance.choice((1, 1, 2, 4))):
        body = chance.choice(kinds)(body, chance)
        if len(body) > GROWN_LIMIT_BYTES:
            break
    return body


def is_json(body: bytes) -> bool:
    return body.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in {b"{", b"["}


def _flip(body: bytes, chance: Random) -> bytes:
    flipped = bytearray(body)
    for _ in range(chance.choice((1, 1, 3, 20))):
        if flipped:
            flipped[chance.randrange(len(flipped))] = chance.randrange(256)
    return bytes(flipped)


def _chunk(body: bytes, chance: Random) -> tuple[int, int]:
    start = chance.randrange(len(body) + 1)
    return start, min(len(body), start + chance.choice((1, 8, 64, 512, 4096)))


def _truncate(body: bytes, chance: Random) -> bytes:
    return body[: chance.randrange(len(body) + 1)]


def _delete(body: bytes, chance: Random) -> bytes:
    start, end = _chunk(body, chance)
    return body[:start] + body[end:]


def _duplicate(body: bytes, chance: Random) -> bytes:
    start, end = _chunk(body, chance)
    return body[:end] + body[start:end] * chance.choice((1, 1, 40)) + body[end:]


def _insert(body: bytes, chance: Random) -> bytes:
    at = chance.randrange(len(body) + 1)
    return body[:at] + chance.choice(ODD_BYTES) + body[at:]


def _replace_number(body: bytes, chance: Random) -> bytes:
    places = [match.span() for match in re.finditer(rb"-?[0-9]+(?:[.][0-9]+)?", body)]
    if not places:
        return body
    start, end = chance.choice(places)
    return body[:start] + chance.choice(ODD_TEXTS).encode() + body[end:]


def _doctype(body: bytes, chance: Random) -> bytes:
    at = body.find(b"?>") + 2 if body.lstrip().startswith(b"<?xml") else 0
    text = body[at:]
    if chance.random() < 0.5:
        text = re.sub(rb">[^<]+<", b">&x;<", text, count=chance.choice((1, 5)))
    return body[:at] + chance.choice(DOCTYPES) + text


def _of_elements(body: bytes, chance: Random) -> bytes:
    """Delete, repeat, swap, rename, empty or wrap elements, and change what they say."""
    try:
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError):
        return _flip(body, chance)
    for _ in range(chance.choice((1, 2, 4))):
        elements = [each for each in root.iter() if isinstance(each.tag, str)]
        _damage_element(chance.choice(elements), chance.choice(elements), chance)
    return etree.tostring(root, xml_declaration=chance.random() < 0.5, encoding="utf-8")


def _damage_element(element: Any, other: Any, chance: Random) -> None:
    parent = element.getparent()
    kind = chance.randrange(7)
    if kind == 0 and parent is not None:
        parent.remove(element)
    elif kind == 1 and parent is not None:
        is_small = len(element) < 20
        for _ in range(chance.choice((1, 2, 50)) if is_small else 1):
            parent.append(_copy(element))
    elif kind == 2:
        element.tag = other.tag
    elif kind == 3 and element.attrib:
        element.set(chance.choice(list(element.attrib)), _xml_text(chance))
    elif kind == 4 and len(other) < 20:
        element.append(_copy(other))
    elif kind == 5:
        element.clear()
    else:
        element.text = _xml_text(chance)


def _copy(element: Any) -> Any:
    copied = copy.deepcopy(element)
    copied.tail = None
    return copied


def _xml_text(chance: Random) -> str:
    text = chance.choice(ODD_TEXTS)
    return text if "\x00" not in text else ""


def _of_members(body: bytes, chance: Random) -> bytes:
    """Delete, repeat, rename, swap or wrap members and elements, and change values; of lines, in one."""
    before, line, after = body, b"", b""
    if lines := body.splitlines(keepends=True):
        number = chance.randrange(len(lines))
        before, line, after = b"".join(lines[:number]), lines[number], b"".join(lines[number + 1 :])
    for head, text, tail in ((b"", body, b""), (before, line, after)):
        try:
            tree = json.loads(text)
        except (ValueError, RecursionError):
            continue
        return head + _damaged_tree(tree, chance) + b"\n" + tail
    return _flip(body, chance)


def _damaged_tree(tree: Any, chance: Random) -> bytes:
    holder = [tree]
    is_ascii = chance.random() < 0.5
    body = b""
    for _ in range(chance.choice((1, 2, 4))):
        _damage_member(holder, chance)
        body = json.dumps(holder[0], ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")
        if len(body) > GROWN_LIMIT_BYTES:
            break
    return body


def _damage_member(holder: list[Any], chance: Random) -> None:
    containers: list[Any] = [holder]
    for each in containers:
        children = each.values() if isinstance(each, dict) else each
        containers += [child for child in children if isinstance(child, dict | list) and child]
    container, other = chance.choice(containers), chance.choice(containers)
    place = (
        chance.choice(list(container)) if isinstance(container, dict) else chance.randrange(len(container))
    )
    kind = chance.randrange(7)
    if kind == 0 and container is not holder:
        del container[place]
    elif kind == 1 and isinstance(container, list) and container is not holder:
        container += [container[place]] * chance.choice((1, 2, 50 if len(container) < 50 else 1))
    elif kind == 2 and isinstance(container, dict):
        container[chance.choice(ODD_TEXTS)[:40]] = container.pop(place)
    elif kind == 3:
        container[place] = [container[place]]
    elif kind == 4:
        container[place] = json.loads(json.dumps(other if other is not holder else None))
    elif kind == 5:
        container[place] = copy.deepcopy(chance.choice(ODD_VALUES))
    else:
        container[place] = chance.choice(ODD_TEXTS)


_OF_BYTES: tuple[Mutation, ...] = (_flip, _truncate, _delete, _duplicate, _insert, _replace_number)
# most of what is damaged in its bytes doesn't get past the parser
_OF_JSON: tuple[Mutation, ...] = (*_OF_BYTES, *[_of_members] * 8)
_OF_XML: tuple[Mutation, ...] = (*_OF_BYTES, _doctype, *[_of_elements] * 8)
