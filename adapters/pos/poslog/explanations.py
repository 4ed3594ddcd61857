"""What a line may say, in whatever dialect, about why it costs something else than the regular price."""

from functools import lru_cache
from typing import Any

from adapters.pos.poslog.elements import child_text, children, flag, says_something, text

ELSEWHERE = frozenset({"Tax", "Tender", "TransactionLink"})  # what these say is not about the line's price

# parts of the names of elements and attributes, in lower case
_REASONS = ("reason",)
_OFFERS = ("campaign", "coupon", "deal", "derivation", "offer", "promotion", "reward")
_REDUCTIONS = ("discount", "markdown", "modifier")
_OPEN_PRICES = ("keyedprice", "pricerequired")
_AMOUNTS = frozenset({"DiscountAmount", "ExtendedDiscountAmount"})  # how much the price was changed, not why


def explains_price(node: Any) -> bool:
    """Say whether anything below `node`, a line, speaks of a discount, a promotion or a reason.

    An amount of zero, `false` and an empty element say nothing, and neither does zero as a code. An override
    explains nothing by itself: it says that somebody set the price, not why.
    """
    return _speaks_of(node, _REASONS + _OFFERS + _REDUCTIONS + _OPEN_PRICES, ELSEWHERE)


def reduces_price(node: Any) -> bool:
    """Say whether anything below `node`, a line with an override, changes the price besides the override."""
    return _speaks_of(node, _OFFERS + _REDUCTIONS, ELSEWHERE | _AMOUNTS)


def gives_reason(node: Any) -> bool:
    """Say whether anything below `node`, a line or an override, is a reason, and not that of a reduction."""
    return _speaks_of(node, _REASONS, ELSEWHERE | {"RetailPriceModifier"})


def is_offered(override: Any) -> bool:
    """Say whether an override is what a promotion or a coupon does to the price."""
    return _speaks_of(override, _OFFERS, ELSEWHERE)


def is_override(name: str, node: Any) -> bool:
    """Say whether a member of a line, by its name or by its method, is a price that somebody set.

    POSLog: a RetailPriceModifier with the MethodCode PriceOverride, or an element of that name. Xstore may
    give the method as the modifier's reason.
    """
    if name.endswith("PriceModifier"):
        return _is_method(child_text(node, "@MethodCode", "MethodCode", "ReasonCode"))
    return name[-1:] in "eE" and name.lower().endswith("priceoverride")


def is_voided(node: Any) -> bool:
    """Say whether a part of a line was taken back where it stands."""
    return flag(node, "VoidFlag") or flag(node, "CancelFlag")


def _is_method(written: str) -> bool:
    """Say whether a code means an override: `PriceOverride`, `dtv:PRICE_OVERRIDE`; as a reason it is none."""
    letters = "".join(filter(str.isalpha, written.rpartition(":")[2])).lower()
    return letters == "override" or letters.endswith("priceoverride")


def _speaks_of(node: Any, words: tuple[str, ...], silent: frozenset[str]) -> bool:
    for name, child in children(node):
        if name in silent or is_override(name, child) or is_voided(child):
            continue
        if _has_word(name, words) and says_something(child) and not _is_method(text(child)):
            return True
        if isinstance(child, dict) and _speaks_of(child, words, silent):
            return True
    return False


# the names are few and come again with every line; no dialect has longer ones
@lru_cache(maxsize=4096)
def _has_word(name: str, words: tuple[str, ...]) -> bool:
    lower = name[:100].lower()
    return any(word in lower for word in words)
