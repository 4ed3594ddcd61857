"""What of a document is about people and goes no further, as each format says it in its `personal.py`."""

import re
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from typing import Any

from msgspec import Struct

from adapters.personal import NAME_MAX_CHARACTERS, sounds_personal


class PersonalMembers(Struct, frozen=True, kw_only=True, dict=True):
    """Members that are about people, with all that is below them, besides those that sound so in any format.

    `names` are whole names. Where senders add members of their own no list is complete: then `name_pattern`
    is found in names, and `is_person` says of a text that it names a person, whatever its member is called.
    """

    names: frozenset[str] = frozenset()
    name_pattern: re.Pattern[str] | None = None
    is_person: Callable[[str], bool] | None = None

    def covers(self, name: str) -> bool:
        """Say whether a member of this name is about a person. What is longer than any name is, too."""
        return len(name) > NAME_MAX_CHARACTERS or self._known(name)

    @cached_property
    def _known(self) -> Callable[[str], bool]:
        # the names are few and come again with every document
        return lru_cache(maxsize=4096)(self._judge)

    def _judge(self, name: str) -> bool:
        if name in self.names or sounds_personal(name):
            return True
        return self.name_pattern is not None and self.name_pattern.search(name) is not None

    def of(self, tree: Any) -> frozenset[str]:
        """Return the names of members that are left out of what is said of `tree`."""
        if self.name_pattern is None and self.is_person is None:
            return self.names
        objects = list(_objects(tree))
        names = filter(self.covers, set().union(*objects))
        return frozenset(names) | self._names_of_persons(objects)

    def _names_of_persons(self, objects: list[dict[str, Any]]) -> frozenset[str]:
        if self.is_person is None:
            return frozenset()
        members = (member for each in objects for member in each.items())
        return frozenset(name for name, value in members if isinstance(value, str) and self.is_person(value))


def _objects(tree: Any) -> Iterator[dict[str, Any]]:
    """Yield each object at any depth, in no order."""
    nodes = [tree]
    while nodes:
        node = nodes.pop()
        if isinstance(node, dict):
            yield node
            nodes.extend(child for child in node.values() if isinstance(child, dict | list))
        elif isinstance(node, list):
            nodes.extend(node)
