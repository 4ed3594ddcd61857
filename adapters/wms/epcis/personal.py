"""Members of an event that are about people: those of customers, and whatever holds a person's identifier."""

from collections.abc import Iterator
from typing import Any

from adapters.wms.epcis.identifiers import is_person


def personal_members(tree: Any) -> frozenset[str]:
    """Return the names of members that are about a customer, or hold a person's identifier."""
    return frozenset(name for name, value in _members(tree) if _is_personal(name, value))


def _is_personal(name: str, value: Any) -> bool:
    return "customer" in name.lower() or (isinstance(value, str) and is_person(value))


def _members(node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for name, child in node.items():
            yield name, child
            yield from _members(child)
    elif isinstance(node, list):
        for child in node:
            yield from _members(child)
