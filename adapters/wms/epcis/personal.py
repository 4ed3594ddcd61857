"""Members of an event that are about people: vendors' extensions have no list, so their names decide."""

import re
from collections.abc import Iterator
from typing import Any

from adapters.wms.epcis.identifiers import is_person

_PERSONAL_NAME = re.compile(
    "operator|employee|worker|person|user|patient|customer|driver|contact|signature|signedBy|firstName|lastName"
    "|fullName|mail|phone|mobile|address|street|birth",
    re.IGNORECASE,
)


def personal_members(tree: Any) -> frozenset[str]:
    """Return the names of members that sound like a person, or hold a person's identifier."""
    return frozenset(name for name, value in _members(tree) if _is_personal(name, value))


def _is_personal(name: str, value: Any) -> bool:
    return _PERSONAL_NAME.search(name) is not None or (isinstance(value, str) and is_person(value))


def _members(node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for name, child in node.items():
            yield name, child
            yield from _members(child)
    elif isinstance(node, list):
        for child in node:
            yield from _members(child)
