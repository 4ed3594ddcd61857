"""What a line may say, in whatever dialect, about why it costs something else than the regular price."""

from typing import Any

from adapters.pos.poslog.elements import says_something

# parts of the names of elements and attributes, in lower case
_WORDS = (
    "campaign", "coupon", "deal", "derivation", "discount", "keyedprice", "markdown", "modifier", "offer",
    "override", "pricerequired", "promotion", "reason", "reward",
)  # fmt: skip
_SILENT = frozenset({"Tax", "Tender", "TransactionLink"})  # their reasons are not about a price


def explains_price(node: Any) -> bool:
    """Say whether anything below `node`, a line, speaks of a discount, a promotion, an override or a reason.

    An amount of zero, `false` and an empty element say nothing, and neither does zero as a code.
    """
    if isinstance(node, list):
        return any(explains_price(child) for child in node)
    if not isinstance(node, dict):
        return False
    return any(
        (any(word in name.lower() for word in _WORDS) and says_something(child)) or explains_price(child)
        for name, child in node.items()
        if name not in _SILENT
    )
