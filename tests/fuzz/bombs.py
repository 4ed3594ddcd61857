"""Bodies as large as a message may be, grown out of one sample: `python -m fuzz.bombs <sample>`.

It ends with status 1 where one of them costs more than a second or 200 MiB, or raises what isn't ours.
"""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import msgspec
from lxml import etree

from fuzz.mutations import is_json
from fuzz.trial import MEMORY_LIMIT_MIB, fault, peak_memory_mib, seedlings

SIZE = 4 * 1024 * 1024 - 4096  # a little below `http.body_limit_bytes`


def main(name: str) -> int:
    """Try all bombs of a sample, and print what each cost where it was too much."""
    real = Path(os.environ.get("CROSSDOCK_SAMPLES") or Path.cwd().parent / "shared" / "samples")
    seedling = next(each for each in seedlings(real if real.is_dir() else None) if each.name == name)
    fault(seedling.system, seedling.message)
    is_wrong = False
    for kind, body in bombs(seedling.message.body, SIZE).items():
        before = peak_memory_mib()
        found = fault(seedling.system, msgspec.structs.replace(seedling.message, body=body))
        grown = peak_memory_mib() - before
        if found or grown > MEMORY_LIMIT_MIB:
            is_wrong = True
            print(f"{kind} ({len(body)} bytes, {grown:.0f} MiB): {found or 'too much memory'}")  # noqa: T201
    return int(is_wrong)


def bombs(body: bytes, size: int) -> dict[str, bytes]:
    """Return bodies of about `size` bytes, each grown out of this one in another way."""
    if is_json(body):
        try:
            return _json_bombs(json.loads(body), size)
        except ValueError:
            return _json_bombs(json.loads(body.splitlines()[0]), size)
    if body.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
        return _xml_bombs(body, size)
    return _row_bombs(body, size)


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
    once = json.dumps(message).encode()
    found["many messages"] = b"[" + b",".join([once] * min(2000, size // len(once))) + b"]"
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
    grown = {
        "deep": head + b"<a>" * (size // 7) + b"</a>" * (size // 7) + tail,
        "giant attribute": head + b'<a b="' + b"x" * size + b'"/>' + tail,
        "many attributes": head + b"<a " + b" ".join(b'a%d=""' % n for n in range(size // 10)) + b"/>" + tail,
        "many elements": head + b"<a/>" * (size // 4) + tail,
        "many namespaces": head + b"".join(b'<a xmlns="u%d"/>' % n for n in range(size // 20)) + tail,
        "long text": head + b"x" * size + tail,
        "long numbers": _with_leaves(body, "9", size),
        "long words": _with_leaves(body, "x", size),
    }
    deepest = max(root.iter("{*}*"), key=lambda each: len(list(each.iterancestors())))
    for name, element in (("many items", root[0]), ("many lines", deepest.getparent())):
        if element is not None and element is not root:
            grown[name] = _repeated(body, list(root.iter()).index(element), size)
    return {name: each for name, each in grown.items() if len(each) <= 2 * size}


def _with_leaves(body: bytes, character: str, size: int) -> bytes:
    """Return the document with its size shared out among its texts."""
    root = etree.fromstring(body)
    leaves = [each for each in root.iter("{*}*") if len(each) == 0]
    for leaf in leaves:
        leaf.text = character * (size // len(leaves))
    return etree.tostring(root)


def _repeated(body: bytes, index: int, size: int) -> bytes:
    """Return the document with its element at `index` repeated until it is `size` bytes long."""
    root = etree.fromstring(body)
    element = list(root.iter())[index]
    once = etree.tostring(element, with_tail=False)
    element.addnext(etree.Comment("here"))
    repeated = etree.tostring(root).replace(b"<!--here-->", once * (size // len(once)))
    assert len(repeated) > size // 2
    return repeated


def _around(body: bytes) -> tuple[bytes, bytes]:
    """Return the root's start and end tags, so that something else can stand between them."""
    start = re.search(rb"<[A-Za-z][^>]*>", body)
    end = body.rfind(b"</")
    if start is None:
        raise ValueError("there is no element")
    return body[: start.end()], body[end:]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
