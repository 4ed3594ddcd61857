"""Who uses which version of a contract: what is counted, what is kept of it, and what is told.

Names are those of sources and owners, places are the schema's own: nothing of a document is ever in it.
"""

from typing import Any

from msgspec import Struct, structs

from contracts.errors import Violation

REFUSALS_LIMIT = 200  # rows of one version; what comes beyond them is counted in one row together
OTHER = "*"
WRITERS_LIMIT = 32
_UNNAMED = ("items", "additionalProperties")


class Used(Struct, frozen=True, kw_only=True):
    """How often a source sent, or an owner was sent, and when last (RFC 3339)."""

    name: str
    count: int
    last: str


class Refusals(Struct, frozen=True, kw_only=True):
    """How many items of a source were refused at one place; a list's index and a free name are `*` there.

    Where the version itself was refused, `keyword` is the error's code and `pointer` empty.
    """

    source: str
    keyword: str
    pointer: str
    count: int
    last: str


class VersionUsage(Struct, frozen=True, kw_only=True):
    """What is known of one version. `retained` is how many events of it the streams still hold.

    `refused` are items, `refusals` the places that they were refused for: an item may have several.
    """

    contract: str
    version: str
    senders: tuple[Used, ...] = ()
    readers: tuple[Used, ...] = ()
    refused: tuple[Used, ...] = ()
    refusals: tuple[Refusals, ...] = ()
    retained: int = 0


Place = tuple[str, str, str]  # source, keyword, pointer


class Counted(Struct):
    """What one process counted of one version since it last wrote it down."""

    used: dict[str, int]
    refused: dict[str, int]
    refusals: dict[Place, int]


class UsageRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What all processes of a kind counted of one version.

    `writers` holds the number of the last addition of each process: one whose acknowledgement was lost is
    not added twice.
    """

    used: tuple[Used, ...] = ()
    refused: tuple[Used, ...] = ()
    refusals: tuple[Refusals, ...] = ()
    writers: dict[str, int] = {}


def nothing_counted() -> Counted:
    """Return a count of nothing."""
    return Counted({}, {}, {})


def add(counted: Counted, more: Counted) -> None:
    """Add `more` to `counted`."""
    for into, found in ((counted.used, more.used), (counted.refused, more.refused)):
        for name, count in found.items():
            into[name] = into.get(name, 0) + count
    for place, count in more.refusals.items():
        kept = place if place in counted.refusals or len(counted.refusals) < REFUSALS_LIMIT else _other(place)
        counted.refusals[kept] = counted.refusals.get(kept, 0) + count


def added(record: UsageRecord, counted: Counted, at: str, writer: str, number: int) -> UsageRecord:
    """Return the record with what `writer` counted until `at` (RFC 3339), its addition `number`."""
    writers = {name: last for name, last in record.writers.items() if name != writer}
    recent = list(writers.items())[-(WRITERS_LIMIT - 1) :]
    return UsageRecord(
        used=_with_counts(record.used, counted.used, at),
        refused=_with_counts(record.refused, counted.refused, at),
        refusals=_with_refusals(record.refusals, counted.refusals, at),
        writers={**dict(recent), writer: number},
    )


def usage_of(
    contract: str, version: str, sent: UsageRecord, read: UsageRecord, retained: int = 0
) -> VersionUsage:
    """Return what the gateways' record and the routers' say of one version."""
    return VersionUsage(
        contract=contract,
        version=version,
        senders=sent.used,
        readers=read.used,
        refused=sent.refused,
        refusals=sent.refusals,
        retained=retained,
    )


def places_of(violations: tuple[Violation, ...], schema: dict[str, Any]) -> set[tuple[str, str]]:
    """Return keyword and pointer of each violation, the pointer in the schema's own words."""
    return {(violation.keyword, starred(violation.pointer, schema)) for violation in violations}


def starred(pointer: str, schema: dict[str, Any]) -> str:
    """Return a JSON Pointer into a document with `*` for every part that the schema does not name.

    So an index and a member that anybody may name are `*`: there are only as many places as the schema has,
    and none of them shows what a document holds.
    """
    definitions, found = schema.get("$defs", {}), [schema]
    told = ""
    for escaped in pointer.split("/")[1:]:
        name = escaped.replace("~1", "/").replace("~0", "~")
        found = _with_branches(found, definitions)
        named = [each["properties"][name] for each in found if name in each.get("properties", {})]
        told += f"/{escaped}" if named else f"/{OTHER}"
        found = named or [each[key] for each in found for key in _UNNAMED if key in each]
    return told


def _with_branches(schemas: list[Any], definitions: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for each in schemas:
        schema = each
        while isinstance(schema, dict) and "$ref" in schema:
            schema = definitions.get(schema["$ref"].removeprefix("#/$defs/"))
        if isinstance(schema, dict):
            found += [schema, *_with_branches(schema.get("oneOf", []), definitions)]
    return found


def _with_counts(known: tuple[Used, ...], counts: dict[str, int], at: str) -> tuple[Used, ...]:
    by_name = {used.name: used for used in known}
    for name, count in counts.items():
        before = by_name.get(name)
        by_name[name] = Used(name=name, count=count + (before.count if before else 0), last=at)
    return tuple(by_name[name] for name in sorted(by_name))


def _with_refusals(known: tuple[Refusals, ...], counts: dict[Place, int], at: str) -> tuple[Refusals, ...]:
    by_place = {(each.source, each.keyword, each.pointer): each for each in known}
    for place, count in counts.items():
        kept = place if place in by_place or len(by_place) < REFUSALS_LIMIT else _other(place)
        before = by_place.get(kept)
        source, keyword, pointer = kept
        row = Refusals(source=source, keyword=keyword, pointer=pointer, count=count, last=at)
        by_place[kept] = structs.replace(row, count=count + before.count) if before else row
    return tuple(by_place[place] for place in sorted(by_place))


def _other(place: Place) -> Place:
    return (place[0], OTHER, "")
