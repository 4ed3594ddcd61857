"""Price overrides: where somebody at the till set a price, and whether they said why."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from msgspec import Struct

from adapters.pos.poslog.elements import child_text, members, number, says_something, text
from adapters.pos.poslog.explanations import ELSEWHERE, gives_reason, is_offered, is_override, is_voided
from adapters.xml import Tree
from contracts.canonical import Evidence
from contracts.limits import EXTENSION_MAX_CHARACTERS

_PREVIOUS = ("PreviousPrice", "OldPrice", "OriginalPrice")
_TOLD = ("@MethodCode", "MethodCode", "ReasonCode", *_PREVIOUS, "NewPrice", "Amount", "Percent")


class Override(Struct, frozen=True, kw_only=True):
    """A price that somebody set, with the prices of one unit before and after it, where it says them.

    `is_explained` says that they gave a reason; `evidence` is what stands in the override itself.
    """

    previous_price: Decimal | None
    new_price: Decimal | None
    is_explained: bool
    evidence: tuple[Evidence, ...]


def read_override(line_item: Tree, pointer: str, regular_price: Decimal | None) -> Override | None:
    """Return the override that made the line's price, the last of several; None where there is none.

    Its reason may stand in it or anywhere else in the line. Raises: Unmapped for a price that is no number.
    """
    *_, (place, node) = [("", None), *_overrides(line_item, pointer)]
    if node is None:
        return None
    tree = node if isinstance(node, dict) else {"#text": node}
    previous = next((price for name in _PREVIOUS if (price := number(tree, name, place)) is not None), None)
    return Override(
        previous_price=previous,
        new_price=_new_price(tree, place, regular_price if previous is None else previous),
        is_explained=gives_reason(tree) or is_offered(tree) or gives_reason(line_item),
        evidence=_evidence(tree, place),
    )


def _overrides(node: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    for name, place, child in members(node):
        if name in ELSEWHERE or is_voided(child):
            continue
        if is_override(name, child):
            if says_something(child):
                yield pointer + place, child
        elif isinstance(child, dict):
            yield from _overrides(child, pointer + place)


def _new_price(node: Tree, pointer: str, previous: Decimal | None) -> Decimal | None:
    """Return the price that was set. POSLog 6.0.0, RetailPriceModifierAmountAction: what Amount does."""
    price, amount = number(node, "NewPrice", pointer), number(node, "Amount", pointer)
    if price is not None or amount is None:
        return price
    match child_text(node.get("Amount"), "@Action"):
        case "Replace":
            return amount
        case "Subtract" if previous is not None:
            return previous - abs(amount)
        case "Add" if previous is not None:
            return previous + abs(amount)
    return None


def _evidence(node: Tree, pointer: str) -> tuple[Evidence, ...]:
    told = [(f"{pointer}/{name}", child_text(node, name)) for name in _TOLD if child_text(node, name)]
    return tuple(
        Evidence(pointer=place, value=value[:EXTENSION_MAX_CHARACTERS])
        for place, value in told or [(pointer, text(node))]
    )
