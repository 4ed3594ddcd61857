"""From places in a schema to places in a document, and who reads those."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from contracts.compat.comparison import Finding
from contracts.manifest import Consumer
from contracts.places import escaped

_LISTS = ("oneOf", "anyOf", "allOf")
_BESIDE = ("if", "then", "else", "not")
# deeper than any contract; a schema that leads back to itself ends here
_DEPTH_LIMIT = 48


class Reader(Struct, frozen=True, kw_only=True):
    """A declared consumer, and which of its pointers are touched; one that names none reads everything."""

    name: str
    contact: str
    pointers: tuple[str, ...] = ()


class Part(Struct, frozen=True, kw_only=True):
    """A schema inside a schema: where it stands, the places of a document it speaks of, and itself.

    `place` has `*` for any index or member. `required` says whether the object around it demands it.
    """

    location: str
    place: str
    schema: Any
    required: bool = False


def parts(schema: Any) -> Iterator[Part]:
    """Walk a schema as a document would be walked: references are followed to where they lead."""
    yield from _walk(schema, schema, location="", place="", depth=0, required=True)


def places(walked: Sequence[Part], pointer: str) -> set[str]:
    """Return the places of a document that a JSON Pointer into a schema speaks of, given its `parts`."""
    best: dict[str, set[str]] = {}
    for part in walked:
        if pointer == part.location or pointer.startswith(f"{part.location}/"):
            best.setdefault(part.location, set()).add(part.place)
    return best[max(best, key=len)] if best else set()


def touched(old: Sequence[Part], new: Sequence[Part], finding: Finding) -> set[str]:
    """Return the places of a document that a finding is about, given the `parts` of both schemas."""
    found: set[str] = set()
    for walked, pointer in ((old, finding.old_pointer), (new, finding.new_pointer)):
        if pointer is not None:
            found |= _demanded(old, new, walked, pointer) or places(walked, pointer)
    return found


def readers(consumers: tuple[Consumer, ...], major: int, where: set[str]) -> tuple[Reader, ...]:
    """Return the consumers of a major that read at, below or above one of these places."""
    found = []
    for consumer in consumers:
        if consumer.major != major:
            continue
        hit = tuple(pointer for pointer in consumer.pointers if any(_meet(pointer, each) for each in where))
        if hit or not consumer.pointers:
            found.append(Reader(name=consumer.name, contact=consumer.contact, pointers=hit))
    return tuple(found)


def _meet(one: str, other: str) -> bool:
    pairs = zip(one.split("/")[1:], other.split("/")[1:], strict=False)
    return all("*" in pair or _index_free(pair[0]) == _index_free(pair[1]) for pair in pairs)


def _index_free(part: str) -> str:
    return "*" if part.isdecimal() else part


def _demanded(old: Sequence[Part], new: Sequence[Part], walked: Sequence[Part], pointer: str) -> set[str]:
    """Return the members whose being required changed, where `pointer` is an object's `required`."""
    above, keyword, index = pointer.rpartition("/required")
    if not keyword or (index and not index[1:].isdecimal()):
        return set()
    around = places(walked, above)
    demanded = [
        {name for part in each if part.place in around for name in _required(part.schema)}
        for each in (old, new)
    ]
    names = demanded[0] ^ demanded[1]
    return {f"{place}/{escaped(name)}" for place in around for name in names}


def _required(schema: Any) -> list[str]:
    required = schema.get("required") if isinstance(schema, dict) else None
    return [name for name in required if isinstance(name, str)] if isinstance(required, list) else []


def _walk(root: Any, schema: Any, *, location: str, place: str, depth: int, required: bool) -> Iterator[Part]:
    yield Part(location=location, place=place, schema=schema, required=required)
    if not isinstance(schema, dict) or depth > _DEPTH_LIMIT:
        return
    for keyword, child, below in _children(schema, place):
        name = below.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
        demanded = below != place and name in _required(schema)
        yield from _walk(
            root, child, location=f"{location}/{keyword}", place=below, depth=depth + 1, required=demanded
        )
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#"):
        target = reference.removeprefix("#")
        found = _at(root, target)
        if found is not None:
            yield from _walk(root, found, location=target, place=place, depth=depth + 1, required=required)


def _children(schema: dict[str, Any], place: str) -> Iterator[tuple[str, Any, str]]:
    """Yield each schema directly inside: its pointer, itself, and the place that it speaks of."""
    members = schema.get("properties")
    for name, child in members.items() if isinstance(members, dict) else ():
        yield f"properties/{escaped(name)}", child, f"{place}/{escaped(name)}"
    patterns = schema.get("patternProperties")
    for name, child in patterns.items() if isinstance(patterns, dict) else ():
        yield f"patternProperties/{escaped(name)}", child, f"{place}/*"
    for keyword in ("items", "additionalProperties", "contains", "unevaluatedProperties", "propertyNames"):
        if isinstance(schema.get(keyword), dict):
            yield keyword, schema[keyword], place if keyword == "propertyNames" else f"{place}/*"
    for keyword in _LISTS:
        branches = schema.get(keyword)
        for index, child in enumerate(branches if isinstance(branches, list) else ()):
            yield f"{keyword}/{index}", child, place
    for keyword in _BESIDE:
        if keyword in schema:
            yield keyword, schema[keyword], place


def _at(root: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(root, dict) or name not in root:
            return None
        root = root[name]
    return root
