"""What an IDoc says and we don't map, without personal data: custom segments and fields first."""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

from adapters.erp.idoc.control import Idoc
from adapters.erp.idoc.personal import PERSONAL
from adapters.erp.idoc.segments import NO_DATA
from adapters.personal import looks_personal
from contracts.limits import EXTENSION_MAX_CHARACTERS, EXTENSIONS_LIMIT, POINTER_MAX_CHARACTERS

# SAP writes its customers' namespaces, /ACME/FIELD, as _-ACME_-FIELD
_CUSTOM_NAME = re.compile("[ZY][0-9ZY_]|_-")

_STRUCTURE = frozenset({"@SEGMENT", "@BEGIN", "TABNAM", "MANDT", "DOCNUM", "SERIAL"})
_SAYS_NOTHING = frozenset({"", NO_DATA, "00000000", "000000"})


def unmapped(idoc: Idoc, mapped: frozenset[str]) -> dict[str, str]:
    """Return by JSON Pointer what the IDoc says and `mapped` (names of members) doesn't cover.

    Custom segments (Z1…), their fields and appended ones (ZZ…) come first, so that a long document doesn't
    push them out.
    """
    custom: dict[str, str] = {}
    standard: dict[str, str] = {}
    for pointer, text, is_custom in _leaves(idoc.body.fields, "", mapped, is_custom=False):
        found = custom if is_custom else standard
        said = text[:EXTENSION_MAX_CHARACTERS]
        if len(found) < EXTENSIONS_LIMIT and not looks_personal(said):
            found[pointer] = said
    return dict(islice((custom | standard).items(), EXTENSIONS_LIMIT))


def _leaves(
    node: Any, pointer: str, mapped: frozenset[str], *, is_custom: bool
) -> Iterator[tuple[str, str, bool]]:
    """Yield pointer, text, and whether it is the customer's own; `mapped` names nothing of the customer's."""
    if isinstance(node, dict):
        for name, child in node.items():
            if len(pointer) + len(name) > POINTER_MAX_CHARACTERS:
                continue
            is_own = is_custom or _is_custom(name)
            if not _is_left_out(name) and (is_own or name not in mapped):
                yield from _leaves(child, f"{pointer}/{name}", mapped, is_custom=is_own)
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from _leaves(child, f"{pointer}/{index}", mapped, is_custom=is_custom)
    elif isinstance(node, str) and node not in _SAYS_NOTHING:
        yield pointer, node, is_custom


# the names are few and come again with every document
@lru_cache(maxsize=4096)
def _is_left_out(name: str) -> bool:
    return name in _STRUCTURE or PERSONAL.covers(name)


@lru_cache(maxsize=4096)
def _is_custom(name: str) -> bool:
    return _CUSTOM_NAME.match(name) is not None
