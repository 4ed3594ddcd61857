"""What a schema demands of those who write, and what of those who read: the two views of one contract.

The gateway holds writers to the closed view, and readers must get along with the open one. So a member or a
listed value can be added in a minor version: no writer sends it yet, and no reader stumbles over it.
"""

from collections.abc import Callable, Iterator
from typing import Any

from contracts.manifest import Kind

EXTENSIBLE_ENUM = "x-extensible-enum"

_CHILD = frozenset({"items", "additionalProperties", "unevaluatedProperties", "additionalItems", "contains"})
_LISTS = frozenset({"oneOf", "anyOf", "allOf", "prefixItems", "items"})
_MAPS = frozenset({"properties", "$defs", "definitions", "patternProperties", "dependentSchemas"})
_IN_PLACE = frozenset(
    {"allOf", "anyOf", "oneOf", "if", "then", "else", "dependentSchemas", "$ref", "$dynamicRef"}
)
_CHOICES = frozenset({"anyOf", "oneOf"})
_DECIDED = frozenset({"additionalProperties", "unevaluatedProperties"})


def writer_view(schema: dict[str, Any], kind: Kind) -> dict[str, Any]:
    """Return the schema that a sender is held to.

    A canonical contract's `x-extensible-enum` is a plain `enum` for writers, while readers must expect
    further values: so a value can be added in a minor version. In a native contract it only lists what is
    known, for the vendor decides what comes.
    """
    listed: dict[str, Any] = _through(schema, _listed) if kind is Kind.CANONICAL else schema
    return listed


def reader_view(schema: dict[str, Any], kind: Kind) -> dict[str, Any]:
    """Return the schema that a reader may rely on.

    Of a canonical contract a later minor version may bring further members, and further values where
    `x-extensible-enum` stands: readers must let both pass. The known values stay, as a note.
    """
    opened: dict[str, Any] = _through(schema, _unclosed) if kind is Kind.CANONICAL else schema
    return opened


def closed_view(schema: Any, *, modern: bool = True) -> Any:
    """Return the schema that a writer is held to when contracts are compared: nothing that isn't declared.

    Where members are declared in several places that are applied together, `unevaluatedProperties` closes
    them as one. A draft before 2019-09 (not `modern`) hasn't got it: there such an object stays open, for a
    view that lets writers do more than they may can only make a change look worse.
    """
    return _Closing(schema, modern=modern).closed()


def open_view(schema: Any) -> Any:
    """Return the schema that a reader may rely on: it overlooks members and codes that it doesn't know."""
    return _through(schema, _opened)


def _through(schema: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """Change a schema and the schemas in it, but for those under `not` and `if`, which say no."""
    if not isinstance(schema, dict):
        return schema
    changed: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword in _MAPS and isinstance(value, dict):
            changed[keyword] = {name: _through(child, change) for name, child in value.items()}
        elif keyword in _LISTS and isinstance(value, list):
            changed[keyword] = [_through(child, change) for child in value]
        elif keyword in _CHILD | {"then", "else"}:
            changed[keyword] = _through(value, change)
        else:
            changed[keyword] = value
    return change(changed)


def _listed(schema: dict[str, Any]) -> dict[str, Any]:
    if EXTENSIBLE_ENUM not in schema:
        return schema
    values = schema[EXTENSIBLE_ENUM]
    if isinstance(schema.get("enum"), list) and isinstance(values, list):
        values = [value for value in values if value in schema["enum"]]
    return {**{name: value for name, value in schema.items() if name != EXTENSIBLE_ENUM}, "enum": values}


def _unclosed(schema: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if not (name in _DECIDED and value is False)}


def _opened(schema: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in schema.items()
        if name != EXTENSIBLE_ENUM and not (name in _DECIDED and value is False)
    }


class _Closing:
    """Closes one document.

    What a reference leads to is closed itself where every reference stands alone. Where one is applied beside
    other schemas, each place that it is used at is closed instead, as a whole.
    """

    def __init__(self, root: Any, *, modern: bool) -> None:
        self._root = root
        self._modern = modern
        self._composed: set[int] = set()  # what is referred to beside others
        for schema, alone in _positions(root, alone=True):
            target = self._target(schema)
            if target is not None and not (alone and not self._others(schema)):
                self._composed.add(id(target))

    def closed(self) -> Any:
        """Return the document, closed."""
        return self._close(self._root, alone=True)

    def _close(self, schema: Any, *, alone: bool) -> Any:
        if not isinstance(schema, dict):
            return schema
        within = alone and not self._others(schema)  # whether a branch of it stands alone
        changed: dict[str, Any] = {}
        for keyword, value in _listed(schema).items():
            lone = (within and keyword in _CHOICES) or keyword not in _IN_PLACE
            if keyword in _MAPS and isinstance(value, dict):
                changed[keyword] = {name: self._close(child, alone=lone) for name, child in value.items()}
            elif keyword in _LISTS and isinstance(value, list):
                changed[keyword] = [self._close(child, alone=lone) for child in value]
            elif keyword in _CHILD | {"then", "else"}:
                changed[keyword] = self._close(value, alone=lone)
            else:
                changed[keyword] = value
        if alone and id(schema) not in self._composed and not schema.keys() & _DECIDED:
            changed.update(self._bolt(schema))
        return changed

    def _bolt(self, schema: dict[str, Any]) -> dict[str, bool]:
        """Return the keyword that closes a schema, if anything must."""
        if "properties" in schema and not schema.keys() & _IN_PLACE:
            return {"additionalProperties": False}
        if not self._others(schema):  # its branches or its target are closed, or nothing is declared
            target = self._target(schema)
            if target is None or id(target) not in self._composed or not self._declares(target, ()):
                return {}
        return {"unevaluatedProperties": False} if self._modern and self._declares(schema, ()) else {}

    def _others(self, schema: dict[str, Any]) -> bool:
        """Say whether more than one part of a schema may declare members of the same value."""
        applied = schema.keys() & _IN_PLACE
        return len(applied) + ("properties" in schema) > 1 or bool(applied - _CHOICES - {"$ref"})

    def _declares(self, schema: Any, through: tuple[int, ...]) -> bool:
        if not isinstance(schema, dict) or id(schema) in through:
            return False
        through = (*through, id(schema))
        if "properties" in schema or "$dynamicRef" in schema:
            return True
        return any(self._declares(part, through) for part in [self._target(schema), *_applied(schema)])

    def _target(self, schema: Any) -> Any:
        """Return what a reference by pointer leads to; others are left alone."""
        reference = schema.get("$ref") if isinstance(schema, dict) else None
        if reference == "#":
            return self._root
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return None
        found = self._root
        for token in reference[2:].split("/"):
            name = token.replace("~1", "/").replace("~0", "~")
            if isinstance(found, list) and name.isdigit() and int(name) < len(found):
                found = found[int(name)]
            elif isinstance(found, dict) and name in found:
                found = found[name]
            else:
                return None
        return found


def _applied(schema: dict[str, Any]) -> Iterator[Any]:
    """Yield the schemas that are applied to the same value."""
    for keyword in schema.keys() & _IN_PLACE:
        value = schema[keyword]
        if isinstance(value, list):
            yield from value
        elif keyword == "dependentSchemas" and isinstance(value, dict):
            yield from value.values()
        else:
            yield value


def _positions(schema: Any, *, alone: bool) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield every schema, and whether it stands alone: not applied beside another to the same value."""
    if not isinstance(schema, dict):
        return
    yield schema, alone
    applied = schema.keys() & _IN_PLACE
    only_choice = alone and len(applied) == 1 and "properties" not in schema and applied <= _CHOICES
    for keyword, value in schema.items():
        lone = (keyword in _CHOICES and only_choice) or keyword not in _IN_PLACE
        if isinstance(value, dict) and keyword in _MAPS:
            for child in value.values():
                yield from _positions(child, alone=lone)
        elif isinstance(value, list) and keyword in _LISTS:
            for child in value:
                yield from _positions(child, alone=lone)
        elif isinstance(value, dict) and keyword not in {"enum", "const", "default", "examples"}:
            yield from _positions(value, alone=lone)
