"""The places that two schemas have in common: pairs of schemas that speak of the same part of a document."""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from contracts.compat.sides import Part
from contracts.compat.terms import Term, Terms, Type

Wrap = Callable[[Term], Term]

BRANCHES = ("allOf", "anyOf", "oneOf")


class Place(Struct, frozen=True, kw_only=True):
    """A pair of schemas, and how a document leads to the value that they speak of.

    `wrap` makes of a term about such a value one about a whole document that has it here. Under a `choice`
    the document may be valid by another branch.
    """

    old: Part
    new: Part
    wrap: Wrap
    choice: bool = False
    name: str = ""

    @property
    def terms(self) -> Terms:
        """What terms are made with."""
        return self.old.side.terms


def places(old: Part, new: Part) -> Iterator[Place]:
    """Yield every pair once, outer ones first."""
    seen: set[tuple[int, int]] = set()
    waiting = [Place(old=old, new=new, wrap=lambda term: term)]
    while waiting:
        place = waiting.pop(0)
        old, new = place.old.followed(), place.new.followed()
        key = (id(old.schema), id(new.schema))
        if key not in seen:
            seen.add(key)
            place = Place(old=old, new=new, wrap=place.wrap, choice=place.choice, name=place.name)
            yield place
            waiting += _below(place)


def pairs_of_branches(place: Place, keyword: str) -> tuple[list[tuple[int, int]], list[int], list[int]]:
    """Return which branches of a keyword belong together, and those that are gone and that are new."""
    old, new = place.old.keywords.get(keyword), place.new.keywords.get(keyword)
    if not isinstance(old, list) or not isinstance(new, list):
        return [], [], []
    left, right = list(range(len(old))), list(range(len(new)))
    pairs = []
    for alike in (_same_term, _same_label, _same_constants, _same_index):
        for index in list(left):
            found = next((other for other in right if alike(place, keyword, index, other)), None)
            if found is not None:
                pairs.append((index, found))
                left.remove(index)
                right.remove(found)
    return pairs, left, right


def _below(place: Place) -> Iterator[Place]:
    old, new = place.old.keywords, place.new.keywords
    for name in _common(old.get("properties"), new.get("properties")):
        yield _step(place, ("properties", name), _member(place, place.terms.texts([name])), name)
    for pattern in _common(old.get("patternProperties"), new.get("patternProperties")):
        yield _step(
            place, ("patternProperties", pattern), _member(place, place.terms.pattern(pattern)), place.name
        )
    if _both(old, new, "additionalProperties", dict):
        others = place.terms.negate(place.old.side.reader.declared_names(old))
        yield _step(place, ("additionalProperties",), _member(place, others), place.name)
    if _both(old, new, "items", dict):
        start = len(old["prefixItems"]) if isinstance(old.get("prefixItems"), list) else 0
        yield _step(
            place,
            ("items",),
            _about_array(place, lambda term: place.terms.some_item(start, term)),
            place.name,
        )
    for keyword in ("prefixItems", "items"):
        if _both(old, new, keyword, list):
            for index in range(min(len(old[keyword]), len(new[keyword]))):
                yield _step(place, (keyword, str(index)), _item(place, index), place.name)
    for keyword in BRANCHES:
        for index, other in pairs_of_branches(place, keyword)[0]:
            yield Place(
                old=place.old.child(keyword, str(index)),
                new=place.new.child(keyword, str(other)),
                wrap=place.wrap,
                choice=place.choice or keyword != "allOf",
                name=place.name,
            )


def _step(place: Place, way: tuple[str, ...], wrap: Wrap, name: str) -> Place:
    return Place(
        old=place.old.child(*way),
        new=place.new.child(*way),
        wrap=lambda term: place.wrap(wrap(term)),
        choice=place.choice,
        name=name,
    )


def _member(place: Place, names: Term) -> Wrap:
    return lambda term: place.terms.about(Type.OBJECT, place.terms.some_member(names, term), others=False)


def _item(place: Place, index: int) -> Wrap:
    return _about_array(place, lambda term: place.terms.item(index, term))


def _about_array(place: Place, wrap: Wrap) -> Wrap:
    return lambda term: place.terms.about(Type.ARRAY, wrap(term), others=False)


def _common(old: Any, new: Any) -> list[str]:
    return [name for name in old if name in new] if isinstance(old, dict) and isinstance(new, dict) else []


def _both(old: dict[str, Any], new: dict[str, Any], keyword: str, kind: type) -> bool:
    return isinstance(old.get(keyword), kind) and isinstance(new.get(keyword), kind)


def _same_term(place: Place, keyword: str, index: int, other: int) -> bool:
    return place.old.child(keyword, str(index)).term is place.new.child(keyword, str(other)).term


def _same_label(place: Place, keyword: str, index: int, other: int) -> bool:
    old, new = place.old.keywords[keyword][index], place.new.keywords[keyword][other]
    if not isinstance(old, dict) or not isinstance(new, dict):
        return False
    return any(label in old and old[label] == new.get(label) for label in ("$ref", "title", "$id", "$anchor"))


def _same_constants(place: Place, keyword: str, index: int, other: int) -> bool:
    old = _constants(place.old.child(keyword, str(index)).followed().keywords)
    return bool(old) and old == _constants(place.new.child(keyword, str(other)).followed().keywords)


def _constants(keywords: dict[str, Any]) -> list[tuple[str, str]]:
    members = keywords.get("properties")
    items = members.items() if isinstance(members, dict) else ()
    return [
        (name, repr(child["const"])) for name, child in items if isinstance(child, dict) and "const" in child
    ]


def _same_index(place: Place, keyword: str, index: int, other: int) -> bool:
    """Belong together by where they stand, if they are of one type."""
    old, new = place.old.keywords[keyword][index], place.new.keywords[keyword][other]
    if index != other or not isinstance(old, dict) or not isinstance(new, dict):
        return False
    lengths = len(place.old.keywords[keyword]), len(place.new.keywords[keyword])
    return lengths[0] == lengths[1] and old.get("type") == new.get("type")
