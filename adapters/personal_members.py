"""What of a document is about people and goes no further, as each format says it in its `personal.py`."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from msgspec import Struct

from adapters.personal import sounds_personal


class PersonalMembers(Struct, frozen=True, kw_only=True):
    """Members that are about people, with all that is below them, besides those that sound so in any format.

    `names` are whole names. Where senders add members of their own no list is complete: then `name_pattern`
    is found in names, and `is_person` says of a text that it names a person, whatever its member is called.
    """

    names: frozenset[str] = frozenset()
    name_pattern: re.Pattern[str] | None = None
    is_person: Callable[[str], bool] | None = None

    def covers(self, name: str) -> bool:
        """Say whether a member of this name is about a person."""
        if name in self.names or sounds_personal(name):
            return True
        return self.name_pattern is not None and _is_found(self.name_pattern, name)

    def of(self, tree: Any) -> frozenset[str]:
        """Return the names of members that are left out of what is said of `tree`."""
        if self.name_pattern is None and self.is_person is None:
            return self.names
        return frozenset(name for name, value in _members(tree) if self._is_personal(name, value))

    def _is_personal(self, name: str, value: Any) -> bool:
        is_person = self.is_person
        return self.covers(name) or (is_person is not None and isinstance(value, str) and is_person(value))


# the names are few and come again with every document
@lru_cache(maxsize=4096)
def _is_found(pattern: re.Pattern[str], name: str) -> bool:
    return pattern.search(name) is not None


def _members(tree: Any) -> Iterator[tuple[str, Any]]:
    """Yield name and value of each member at any depth, in no order."""
    nodes = [tree]
    while nodes:
        node = nodes.pop()
        if isinstance(node, dict):
            yield from node.items()
            nodes.extend(node.values())
        elif isinstance(node, list):
            nodes.extend(node)
