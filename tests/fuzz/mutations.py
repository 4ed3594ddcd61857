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
    "sNaN123", "Infinity", "-inf", "1,5", "1_000", "0x10", "9" * 30, "9" * 40, "9" * 5000, "0." + "0" * 40 + "1",
    "١٢٣", "²", "½", "0000-00-00", "0001-01-01T00:00:00", "9999-12-31T23:59:59", "9999-12-31T23:59:59-14:00",
    "1850-01-01T00:00:00", "2026-02-30", "2026-W01-1", "20260101", "2026-03-29T02:30:00", "2026-01-01T25:00",
    "2026-01-01T10:00:00.1234567Z", "2026-01-01T10:00:00+23:59", "2026-01-01T10:00:00+00:00:30",
    "/Date(1)/", "/Date(-9999999999999999)/", "null", "true", "\u2028", "\u0085", "\u202e12", "\ufeff1",
    "\u0301", "🛒" * 70, "ß" * 300, "x" * 70_000, "a/b~c", "../..", "%00", "urn:epc:id:sgtin:1.2.3",
    "urn:epc:id:sgtin:..", "https://id.gs1.org/01/", "[]", "{}",
)  # fmt: skip
ODD_BYTES = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc0\xaf", b"&#0;", b"&amp;", b"&x;", b"&#xD800;",
    b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<?x y?>", b"<a>", b"</a>", b'<a b="', b"xmlns=''", b"xmlns:q='u'",
    b"\\ud800", b"\\u0000", b"[" * 70, b'{"a":' * 70, b"NaN", b"1e999", b"9" * 400, b",", b'"', b"'", b"\r", b"\n",
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

GROWN_LIMIT_BYTES = 1_000_000

Mutation = Callable[[bytes, Random], bytes]


def mutated(body: bytes, chance: Random) -> bytes:
    """Return a body with one to four kinds of damage; each seed has its own."""
    kinds = _OF_JSON if body.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in {b"{", b"["} else _OF_XML
    for _ in range(chance.choice((1, 1, 2, 4))):
        body = chance.choice(kinds)(body, chance)
        if len(body) > GROWN_LIMIT_BYTES:
            break
    return body


def bombs(body: bytes, size: int) -> dict[str, bytes]:
    """Return bodies of about `size` bytes, each grown out of this one in another way."""
    first = body.lstrip(b"\xef\xbb\xbf \r\n\t")[:1]
    if first in {b"{", b"["}:
        return _json_bombs(json.loads(body), size)
    return _xml_bombs(body, size) if first == b"<" else _row_bombs(body, size)


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
    """Delete, repeat, rename, swap or wrap members and elements, and change their values."""
    try:
        tree = json.loads(body)
    except (ValueError, RecursionError):
        return _flip(body, chance)
    holder = [tree]
    for _ in range(chance.choice((1, 2, 4))):
        _damage_member(holder, chance)
    return json.dumps(holder[0], ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")


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
        container += [container[place]] * chance.choice((1, 2, 50))
    elif kind == 2 and isinstance(container, dict):
        container[chance.choice(ODD_TEXTS)[:40]] = container.pop(place)
    elif kind == 3:
        container[place] = [container[place]]
    elif kind == 4:
        container[place] = json.loads(json.dumps(other if other is not holder else None))
    elif kind == 5:
        container[place] = chance.choice(ODD_VALUES)
    else:
        container[place] = chance.choice(ODD_TEXTS)


_OF_BYTES: tuple[Mutation, ...] = (_flip, _truncate, _delete, _duplicate, _insert, _replace_number)
# most of what is damaged in its bytes doesn't get past the parser
_OF_JSON: tuple[Mutation, ...] = (*_OF_BYTES, *[_of_members] * 8)
_OF_XML: tuple[Mutation, ...] = (*_OF_BYTES, _doctype, *[_of_elements] * 8)


def _json_bombs(tree: Any, size: int) -> dict[str, bytes]:
    message = tree[0] if isinstance(tree, list) and tree else tree
    grown = {
        "long text": _each_text(message, "x" * (size // 10)),
        "long number": _each_text(message, "9" * (size // 10)),
        "many members": message | {f"m{number}": number for number in range(size // 16)},
        "many elements": _each_list(message, size),
    }
    found = {name: json.dumps(each).encode() for name, each in grown.items()}
    found["deep"] = b'{"a":' * (size // 5)
    found["many messages"] = b"[" + b",".join([json.dumps(message).encode()] * 2000)[:size] + b"]"
    return {name: each for name, each in found.items() if len(each) <= 2 * size}


def _each_text(node: Any, text: str, limit: int = 10) -> Any:
    """Put a long text at the first places that hold one."""
    left = [limit]

    def changed(node: Any) -> Any:
        if isinstance(node, dict):
            return {name: changed(child) for name, child in node.items()}
        if isinstance(node, list):
            return [changed(child) for child in node]
        if isinstance(node, str) and left[0]:
            left[0] -= 1
            return text
        return node

    return changed(node)


def _each_list(node: Any, size: int) -> Any:
    """Repeat the elements of the first list that there is until they are `size` bytes."""
    if isinstance(node, dict):
        for name, child in node.items():
            if isinstance(child, list) and child:
                return node | {name: child * max(1, size // len(json.dumps(child)))}
            grown = _each_list(child, size)
            if grown is not child:
                return node | {name: grown}
    return node


def _row_bombs(body: bytes, size: int) -> dict[str, bytes]:
    head, *rows = body.splitlines(keepends=True)
    row = rows[0]
    return {
        "one long row": head + b";|\t" * (size // 3),
        "many empty rows": head + b"\n" * size,
        "many short rows": head + b";\n" * (size // 2),
        "one document of many rows": head + row * (size // len(row)),
        "many documents": head + b"".join(rows) * (size // len(body)),
        "many open quotes": head + b'"\n' * (size // 2),
        "long head": head.rstrip() + b"x" * size + b"\n" + row * 3,
    }


def _xml_bombs(body: bytes, size: int) -> dict[str, bytes]:
    root = etree.fromstring(body)
    head, tail = _around(body)
    leaf = next(each for each in root.iter() if len(each) == 0 and isinstance(each.tag, str))
    grown = {
        "deep": head + b"<a>" * (size // 7) + b"</a>" * (size // 7) + tail,
        "giant attribute": head + b'<a b="' + b"x" * size + b'"/>' + tail,
        "many attributes": head + b"<a " + b" ".join(b'a%d=""' % n for n in range(size // 10)) + b"/>" + tail,
        "many elements": head + b"<a/>" * (size // 4) + tail,
        "many namespaces": head + b"".join(b'<a xmlns="u%d"/>' % n for n in range(size // 20)) + tail,
        "long text": head + b"x" * size + tail,
    }
    for name, text in (("long value", "x" * size), ("long number", "9" * size)):
        leaf.text = text
        grown[name] = etree.tostring(root)
    deepest = max(root.iter(), key=lambda each: len(list(each.iterancestors())))
    for name, element in (("many items", root[0]), ("many lines", deepest.getparent())):
        grown[name] = _repeated(body, element, size)
    return {name: each for name, each in grown.items() if each and len(each) <= 2 * size}


def _repeated(body: bytes, element: Any, size: int) -> bytes:
    """Return the document with an element repeated beside itself until it is `size` bytes long."""
    root = etree.fromstring(body)
    path = element.getroottree().getpath(element)
    (same,) = root.getroottree().xpath(path)
    parent = same.getparent()
    if parent is None:
        return b""
    once = etree.tostring(same, with_tail=False)
    mark = etree.SubElement(parent, "mark")
    mark.tail = None
    copies = once * max(1, size // len(once))
    return etree.tostring(root).replace(b"<mark/>", copies).replace(b'<mark xmlns=""/>', copies)


def _around(body: bytes) -> tuple[bytes, bytes]:
    """Return the root's start and end tags, so that something else can stand between them."""
    start = re.search(rb"<[A-Za-z][^>]*>", body)
    end = body.rfind(b"</")
    if start is None:
        raise ValueError("there is no element")
    return body[: start.end()], body[end:]
