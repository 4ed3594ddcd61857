"""The members of an event's `data`, found whatever the case in which a release writes them."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from adapters.values import as_text


class Members(Struct, frozen=True, kw_only=True):
    """Pointers into the event by the members' names in lower case, and the texts that stand there."""

    pointers: Mapping[str, str]
    texts: Mapping[str, str]

    def text(self, *names: str) -> str | None:
        """Return the first text that there is."""
        return next((self.texts[name.lower()] for name in names if name.lower() in self.texts), None)

    def at(self, *names: str) -> str:
        """Return the pointer to the first member that there is, else to where the first would be."""
        found = (self.pointers[name.lower()] for name in names if name.lower() in self.texts)
        return next(found, f"/data/{names[0]}")


def members(event: Mapping[str, Any]) -> Members:
    """Return the members of an event's data. Before 2020 they stood in upper case below `KEY`."""
    pointers, texts = {}, {}
    for at, holder in _holders(event.get("data")):
        for name, value in holder.items():
            text = as_text(value)
            if text is not None:
                pointers[name.lower()] = f"{at}/{name}"
                texts[name.lower()] = text
    return Members(pointers=pointers, texts=texts)


def _holders(data: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if not isinstance(data, dict):
        return
    yield "/data", data
    keys = data.get("KEY")
    if isinstance(keys, list) and keys and isinstance(keys[0], dict):
        yield "/data/KEY/0", keys[0]
    elif isinstance(keys, dict):
        yield "/data/KEY", keys
