"""What no document shows and people must know: renames, units, defaults, and what says nothing at all."""

from collections.abc import Callable, Iterable, Iterator
from difflib import SequenceMatcher
from typing import Any

from contracts.compat import formats
from contracts.compat.comparison import Finding
from contracts.compat.dialects import ANNOTATIONS
from contracts.compat.places import BRANCHES, Place
from contracts.compat.reader import ALL_KEYWORDS
from contracts.compat.rules import RULES
from contracts.compat.sides import Part
from contracts.compat.terms import Term
from contracts.compat.values import constant, frozen
from contracts.compat.words import escaped, listed, shown
from contracts.views import EXTENSIBLE_ENUM

_WORDS = frozenset(
    {"title", "description", "examples", "deprecated", "readOnly", "writeOnly", "$comment", "$id"}
)
_MEANINGS = {"x-unit": "unit", "x-basis": "basis", "x-code-list": "code_list"}
_WIDTHS = frozenset({"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"})
_NUMBER_FORMATS = _WIDTHS | {"float", "double"}

Empty = Callable[[Term], bool]


def policy_findings(places: list[Place], reserved: Iterable[str], empty: Empty) -> Iterator[Finding]:
    """Yield what is to say of each place; `empty` proves that nothing is in a term."""
    for place in places:
        yield from _renames(place)
        yield from _reserved(place, frozenset(reserved))
        yield from _meanings(place)
        yield from _codes(place)
        yield from _words(place)
        if place.old.schema is not place.new.schema and frozen(place.old.schema) != frozen(place.new.schema):
            yield from _notes(place, empty)


def _finding(rule: str, detail: str, old: str | None, new: str | None) -> Finding:
    raises = RULES[rule].raises
    return Finding(
        rule=rule,
        kind="policy",
        direction="both",
        detail=detail,
        old_pointer=old,
        new_pointer=new,
        raises=raises,
    )


def _names(part: Part) -> dict[str, Any]:
    members = part.keywords.get("properties")
    return members if isinstance(members, dict) else {}


def _renames(place: Place) -> Iterator[Finding]:
    """One member gone and one new, of the same shape: a program loses the first and ignores the second."""
    old, new = _names(place.old), _names(place.new)
    added = [name for name in new if name not in old]
    for name in old:
        if name in new:
            continue
        alike = [other for other in added if _same_shape(place, name, other)]
        if alike:
            found = max(alike, key=lambda other: SequenceMatcher(None, name, other).ratio())
            added.remove(found)
            yield _finding(
                "property.renamed",
                f"`{name}` is gone and `{found}` of the same shape is new: if it is a rename, keep `{name}` "
                f"beside it, or readers of `{name}` lose it without an error",
                f"{place.old.pointer}/properties/{escaped(name)}",
                f"{place.new.pointer}/properties/{escaped(found)}",
            )


def _same_shape(place: Place, name: str, other: str) -> bool:
    old, new = place.old.child("properties", name).followed(), place.new.child("properties", other).followed()
    return old.term is new.term or frozen(_bare(old.schema)) == frozen(_bare(new.schema))


def _bare(schema: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    return {name: value for name, value in schema.items() if name not in ANNOTATIONS}


def _reserved(place: Place, reserved: frozenset[str]) -> Iterator[Finding]:
    for name in _names(place.new):
        if name in reserved and name not in _names(place.old):
            yield _finding(
                "property.reserved",
                f"`{name}` is reserved: it meant something else once, so choose another name",
                None,
                f"{place.new.pointer}/properties/{escaped(name)}",
            )


def _meanings(place: Place) -> Iterator[Finding]:
    old, new = place.old.keywords, place.new.keywords
    for keyword, subject in _MEANINGS.items():
        if frozen(old.get(keyword)) == frozen(new.get(keyword)):
            continue
        rule = f"{subject}.{'changed' if keyword in old else 'stated'}"
        yield _differs(place, rule, keyword, "readers take it for what it was: add a member instead")
    if frozen(_present(old, "default")) != frozen(_present(new, "default")):
        yield _differs(place, "default.changed", "default", "a reader that fills it in reads something else")
    widths = old.get("format"), new.get("format")
    if widths[0] != widths[1] and all(each is None or each in list(_NUMBER_FORMATS) for each in widths):
        yield _differs(place, "integer.width", "format", "no validator checks it, and programs overflow")


def _codes(place: Place) -> Iterator[Finding]:
    lists = [part.keywords.get(EXTENSIBLE_ENUM) for part in (place.old, place.new)]
    before, after = (each if isinstance(each, list) else [] for each in lists)
    for values, others, edit in ((before, after, "removed"), (after, before, "added")):
        known = set(map(frozen, others))
        for index, value in enumerate(values):
            if frozen(value) not in known:
                own = f"/{EXTENSIBLE_ENUM}/{index}"
                gone = edit == "removed"
                yield _finding(
                    f"extensible_enum.value.{edit}",
                    f"{shown(value)} of {_at(place)} is {'no longer' if gone else 'newly'} a code that "
                    "writers may send: readers expect any",
                    place.old.pointer + own if gone else None,
                    None if gone else place.new.pointer + own,
                )


def _at(place: Place) -> str:
    return f"`{place.name}`" if place.name else "the document"


def _present(keywords: dict[str, Any], keyword: str) -> Any:
    return [keywords[keyword]] if keyword in keywords else []


def _differs(place: Place, rule: str, keyword: str, advice: str) -> Finding:
    old, new = place.old.keywords, place.new.keywords
    before, after = (shown(each[keyword]) if keyword in each else "nothing" for each in (old, new))
    way = f"/{keyword}"
    return _finding(
        rule,
        f"{keyword} of {_at(place)} was {before} and is {after}: {advice}",
        place.old.pointer + way if keyword in old else None,
        place.new.pointer + way if keyword in new else None,
    )


def _words(place: Place) -> Iterator[Finding]:
    old, new = place.old.keywords, place.new.keywords
    changed = [word for word in sorted(_WORDS) if frozen(_present(old, word)) != frozen(_present(new, word))]
    if changed:
        detail = f"{listed(changed)} of {_at(place)}: other words, nothing else"
        yield _finding("annotation.changed", detail, place.old.pointer, place.new.pointer)


def _notes(place: Place, empty: Empty) -> Iterator[Finding]:
    """What the new schema says in vain, where the old one didn't."""
    before = {(rule, way) for rule, way, _ in _vain(place.old, empty)}
    for rule, way, detail in _vain(place.new, empty):
        if (rule, way) not in before:
            yield _finding(rule, detail, None, place.new.pointer + way)


def _vain(part: Part, empty: Empty) -> Iterator[tuple[str, str, str]]:
    """Yield what says nothing, or lets nothing through: rule, place and sentence."""
    yield from _unasserted(part)
    if part.schema is False:
        return
    if empty(part.term):
        yield "schema.unsatisfiable", "", "nothing is valid here"
        return
    values = part.keywords.get("enum")
    for index, value in enumerate(values if isinstance(values, list) else ()):
        if empty(part.side.terms.all_of([part.term, constant(part.side.terms, value)])):
            yield (
                "enum.dead_value",
                f"/enum/{index}",
                f"{shown(value)} can't occur: another keyword refuses it",
            )
    for keyword in BRANCHES:
        branches = part.keywords.get(keyword)
        for index, _ in enumerate(branches if isinstance(branches, list) else ()):
            branch = part.child(keyword, str(index))
            if branch.schema is not False and empty(branch.term):
                yield "schema.unsatisfiable", f"/{keyword}/{index}", "nothing is valid in this branch"


def _unasserted(part: Part) -> Iterator[tuple[str, str, str]]:
    keywords = part.keywords
    for keyword in keywords:
        if keyword not in ALL_KEYWORDS | ANNOTATIONS and not keyword.startswith("x-"):
            yield "keyword.unknown", f"/{escaped(keyword)}", f"no draft knows {keyword}: write x-{keyword}"
    if "nullable" in keywords:
        yield "nullable.ignored", "/nullable", 'nullable says nothing here: add "null" to the type'
    if "if" not in keywords and keywords.keys() & {"then", "else"}:
        yield "then.without_if", "/then" if "then" in keywords else "/else", "without `if` it says nothing"
    name = keywords.get("format")
    if isinstance(name, str) and name not in formats.ASSERTED | _NUMBER_FORMATS:
        yield "format.unknown", "/format", f"no engine knows the format {name}, so nothing is checked"
