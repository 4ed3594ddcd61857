"""How values and names are shown in a sentence."""

from collections.abc import Iterable
from typing import Any

import msgspec

LENGTH_LIMIT = 60


def shown(value: Any) -> str:
    """Return a value as JSON, cut where it is long."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= LENGTH_LIMIT else f"{text[: LENGTH_LIMIT - 1]}…"


def listed(names: Iterable[str]) -> str:
    """Return names as a list in a sentence."""
    names = list(names)
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def escaped(name: str) -> str:
    """Return a name as a part of a JSON Pointer."""
    return name.replace("~", "~0").replace("/", "~1")
