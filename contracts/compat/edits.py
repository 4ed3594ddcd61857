"""Where two schemas differ: one edit for each keyword, member, value or branch that was touched."""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from contracts.compat.dialects import ANNOTATIONS
from contracts.compat.places import BRANCHES, Place, pairs_of_branches
from contracts.compat.rules import RULES
from contracts.compat.sides import Part
from contracts.compat.terms import Term, Type
from contracts.compat.values import constant, frozen, is_number
from contracts.compat.words import escaped, listed, shown

Blame = Callable[[Part, Part], Term]

VALUES_LIMIT = 50
MEMBERS_LIMIT = 200

# what another keyword says for them
_SAID_BY = {"then": "if", "else": "if", "minContains": "contains", "maxContains": "contains"}
_SILENT = ANNOTATIONS | {"properties", "required", "x-extensible-enum", *BRANCHES}
_DESCENDED = ("items", "prefixItems", "additionalProperties", "patternProperties")


class Edit(Struct, frozen=True, kw_only=True):
    """One difference.

    `blame` gives the values that are valid at this place on one side and not on the other because of the
    edit, for any two views of the schemas.
    """

    rule: str
    detail: str
    old_pointer: str | None
    new_pointer: str | None
    place: Place
    blame: Blame


def edits(place: Place) -> Iterator[Edit]:
    """Yield the edits of one place, without those of places below it."""
    old, new = place.old.keywords, place.new.keywords
    if isinstance(place.old.schema, bool) or isinstance(place.new.schema, bool):
        yield from _whole(place)
        return
    for keyword in [*old, *(each for each in new if each not in old)]:
        if keyword not in _SILENT:
            yield from _keyword(place, keyword)
    for keyword in BRANCHES:
        yield from _branches(place, keyword)
    yield from _members(place)


def _whole(place: Place) -> Iterator[Edit]:
    """`true` and `false` have no keywords to compare."""
    if place.old.term is place.new.term:
        return
    rule = "schema.widened" if place.new.schema is True or place.old.schema is False else "schema.narrowed"
    detail = f"{_at(place)} was {shown(place.old.schema)} and is {shown(place.new.schema)}"
    yield _edit(
        place, rule, detail, "", "", lambda source, target: _without(source.term, target.term, target)
    )


def _keyword(place: Place, keyword: str) -> Iterator[Edit]:
    old, new = place.old, place.new
    if keyword == "enum" and _few_values(place):
        yield from _values(place)
    elif keyword == "type" and {"type"} <= old.keywords.keys() & new.keywords.keys():
        yield from _types(place)
    elif keyword in _DESCENDED and keyword in old.keywords and keyword in new.keywords:
        yield from _partly(place, keyword)
    elif _differs(place, keyword):
        yield from _changed(place, keyword)


def _changed(place: Place, keyword: str) -> Iterator[Edit]:
    before, after = place.old.keywords.get(keyword), place.new.keywords.get(keyword)
    was, is_now = keyword in place.old.keywords, keyword in place.new.keywords
    if was and is_now and is_number(before) and is_number(after) and f"{keyword}.raised" in RULES:
        edit = "raised" if after > before else "lowered"  # type: ignore[operator]
        detail = f"{keyword} of {_at(place)} is {edit} from {shown(before)} to {shown(after)}"
    elif was and is_now:
        edit = "changed"
        detail = f"{keyword} of {_at(place)} changes from {shown(before)} to {shown(after)}"
    else:
        edit = "removed" if was else "added"
        detail = f"{keyword} {shown(before if was else after)} of {_at(place)} is {edit}"
    rule = f"{keyword}.{edit}"
    said_by = _SAID_BY.get(keyword, keyword)
    if rule not in RULES:
        rule = f"{said_by}.changed" if f"{said_by}.changed" in RULES else "schema.undecided"
    way = f"/{escaped(keyword)}"
    yield _edit(place, rule, detail, way if was else None, way if is_now else None, _blame_keyword(said_by))


def _blame_keyword(keyword: str) -> Blame:
    return lambda source, target: _without(source.term, target.keyword(keyword), target)


def _differs(place: Place, keyword: str) -> bool:
    values = place.old.keywords.get(keyword), place.new.keywords.get(keyword)
    same = frozen(values[0]) == frozen(values[1])
    both = keyword in place.old.keywords and keyword in place.new.keywords
    if both and same and not _refers(values[0]):
        return keyword == "items"  # the same rule for other items; of all others a neighbour has an edit
    if place.old.keyword(keyword) is not place.new.keyword(keyword):
        return True
    said_by = _SAID_BY.get(keyword)
    silent = said_by is None or not place.old.keywords.keys() & place.new.keywords.keys() & {said_by}
    return not same and not silent


def _refers(value: Any) -> bool:
    if isinstance(value, dict):
        return "$ref" in value or "$dynamicRef" in value or any(map(_refers, value.values()))
    return isinstance(value, list) and any(map(_refers, value))


def _few_values(place: Place) -> bool:
    values = [part.keywords.get("enum") for part in (place.old, place.new)]
    if not all(isinstance(each, list) for each in values):
        return False
    before, after = (frozenset(map(frozen, each or [])) for each in values)
    return len(before ^ after) <= VALUES_LIMIT


def _values(place: Place) -> Iterator[Edit]:
    before, after = place.old.keywords["enum"], place.new.keywords["enum"]
    for values, others, edit in ((before, after, "removed"), (after, before, "added")):
        known = {frozen(value) for value in others}
        for index, value in enumerate(values):
            if frozen(value) in known:
                continue
            gone = edit == "removed"
            detail = f"{shown(value)} is {'no longer' if gone else 'newly'} a value of {_at(place)}"
            own, other = f"/enum/{index}", "/enum"
            yield _edit(
                place,
                f"enum.value.{edit}",
                detail,
                own if gone else other,
                other if gone else own,
                _blame_value(place, value),
            )


def _blame_value(place: Place, value: Any) -> Blame:
    def blame(source: Part, target: Part) -> Term:
        here = place.terms.all_of([source.term, constant(place.terms, value)])
        return _without(here, target.keyword("enum"), target)

    return blame


def _types(place: Place) -> Iterator[Edit]:
    if place.old.keyword("type") is place.new.keyword("type"):
        return
    before, after = _names(place.old.keywords["type"]), _names(place.new.keywords["type"])
    gone = [name for name in before if name not in after and not (name == "integer" and "number" in after)]
    new = [name for name in after if name not in before and not (name == "integer" and "number" in before)]
    edit = "changed" if gone and new else "widened" if new else "narrowed"
    detail = f"the type of {_at(place)} is {edit} from {listed(before)} to {listed(after)}"
    yield _edit(place, f"type.{edit}", detail, "/type", "/type", _blame_keyword("type"))


def _names(types: Any) -> list[str]:
    return [str(each) for each in types] if isinstance(types, list) else [str(types)]


def _partly(place: Place, keyword: str) -> Iterator[Edit]:
    """Whatever has a counterpart is a place of its own; what is left has none."""
    before, after = place.old.keywords[keyword], place.new.keywords[keyword]
    if isinstance(before, dict) and isinstance(after, dict):
        if keyword == "items" and _prefix(place.old) != _prefix(place.new):
            yield from _changed(place, keyword)  # the same rule for other items
        if keyword != "patternProperties":
            return
        for pattern in [*before, *(each for each in after if each not in before)]:
            if pattern not in before or pattern not in after:
                edit = "removed" if pattern in before else "added"
                way = f"/{keyword}/{escaped(pattern)}"
                detail = f"the members of {_at(place)} that match {pattern} have a rule that is {edit}"
                yield _edit(
                    place,
                    f"{keyword}.{edit}",
                    detail,
                    way if edit == "removed" else None,
                    way if edit == "added" else None,
                    _blame_keyword(keyword),
                )
    elif _differs(place, keyword) and not (
        isinstance(before, list) and isinstance(after, list) and len(before) == len(after)
    ):
        yield from _changed(place, keyword)


def _prefix(part: Part) -> int:
    items = part.keywords.get("prefixItems")
    return len(items) if isinstance(items, list) else 0


def _branches(place: Place, keyword: str) -> Iterator[Edit]:
    old, new = place.old.keywords.get(keyword), place.new.keywords.get(keyword)
    if old is None and new is None:
        return
    if not isinstance(old, list) or not isinstance(new, list):
        if _differs(place, keyword):
            yield from _changed(place, keyword)
        return
    _, gone, added = pairs_of_branches(place, keyword)
    for indexes, edit in ((gone, "removed"), (added, "added")):
        for index in indexes:
            own, other = f"/{keyword}/{index}", f"/{keyword}"
            detail = f"a branch of {keyword} of {_at(place)} is {edit}"
            removed = edit == "removed"
            rule = f"branch.{edit}" if keyword != "allOf" else f"allOf.{edit}"
            pointers = (own, other) if removed else (other, own)
            yield _edit(place, rule, detail, *pointers, _blame_keyword(keyword))


def _members(place: Place) -> Iterator[Edit]:
    old, new = place.old.keywords.get("properties"), place.new.keywords.get("properties")
    before, after = (each if isinstance(each, dict) else {} for each in (old, new))
    required = [_required(place.old), _required(place.new)]
    names = dict.fromkeys([*before, *after, *required[0], *required[1]])
    for name in names:
        rule, detail = _member_rule(place, name, name in before, name in after)
        if rule is None:
            continue
        way = f"/properties/{escaped(name)}"
        yield _edit(
            place,
            rule,
            detail,
            way if name in before else "/required" if name in required[0] else None,
            way if name in after else "/required" if name in required[1] else None,
            _blame_member(place, name),
        )


def _member_rule(place: Place, name: str, was: bool, is_now: bool) -> tuple[str | None, str]:
    had_to, has_to = place.old.requires(name), place.new.requires(name)
    whole = f"`{name}`" + (f" in {_at(place)}" if place.name else "")
    if was and not is_now:
        kind = "required" if had_to else "optional"
        return f"property.{kind}.removed", f"{whole}, which was {kind}, is no longer declared"
    if is_now and not was:
        kind = "required" if has_to else "optional"
        return f"property.{kind}.added", f"{whole} is new and {kind}"
    if had_to == has_to:
        return None, ""
    if was:
        edit = "made_required" if has_to else "made_optional"
        return f"property.{edit}", f"{whole} {'must be there now' if has_to else 'may be left out now'}"
    return f"required.{'added' if has_to else 'removed'}", (
        f"{whole}, which is not declared, {'must' if has_to else 'need not'} be there now"
    )


def _required(part: Part) -> list[str]:
    names = part.keywords.get("required")
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _blame_member(place: Place, name: str) -> Blame:
    terms = place.terms

    def blame(source: Part, target: Part) -> Term:
        called = terms.texts([name])
        refused = terms.some_member(called, _without(source.member(name), target.member(name), target))
        if target.requires(name) and not source.requires(name):
            refused = terms.any_of([refused, terms.every_member(called, terms.false)])
        objects = terms.about(Type.OBJECT, refused, others=False)
        # with all the members the question is exact, and for a thousand of them it is asked too often
        small = len(source.keywords.get("properties") or ()) <= MEMBERS_LIMIT
        return terms.all_of([objects, source.term]) if small else objects

    return blame


def _without(source: Term, target: Term, part: Part) -> Term:
    terms = part.side.terms
    return terms.all_of([source, terms.negate(target)])


def _at(place: Place) -> str:
    return f"`{place.name}`" if place.name else "the document"


def _edit(place: Place, rule: str, detail: str, old: str | None, new: str | None, blame: Blame) -> Edit:
    return Edit(
        rule=rule,
        detail=detail,
        old_pointer=None if old is None else place.old.pointer + old,
        new_pointer=None if new is None else place.new.pointer + new,
        place=place,
        blame=blame,
    )
