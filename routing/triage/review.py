"""When a person decides: the taxonomy's review rules over what the rules know."""

from collections.abc import Callable, Mapping

from contracts.canonical import Category
from routing.triage.policy import Value
from routing.triage.reading import Reading
from routing.triage.taxonomy import CategoryEntry, Taxonomy

KNOWN_FACTS = frozenset(
    {"category", "root", "level_p", "level_threshold", "missing_sources", "exposure", "compliance"}
)


class ReviewRules:
    """Those review rules of a taxonomy that the facts known here can ever make true."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._rules = tuple(
            rule for rule in taxonomy.review_rules if KNOWN_FACTS.intersection(rule.when.names)
        )

    def reasons(self, facts: Mapping[str, Value]) -> tuple[str, ...]:
        """Return `<id>: <why>` for each rule that is true; an unknown rule is not."""
        return tuple(
            f"{rule.id}: {rule.why}" for rule in self._rules if rule.when.evaluate(facts).value is True
        )


def missing_sources(entry: CategoryEntry, reading: Reading) -> tuple[str, ...]:
    """Return which inputs of the category's `human_if_missing` the exception lacks.

    An input counts where the exception lists it as missing, or where `_ABSENT` can tell from the exception.
    """
    named = frozenset(reading.exception.missing)
    found = []
    for name in entry.human_if_missing:
        absent = _ABSENT.get((entry.category, name))
        if name in named or (absent is not None and absent(reading)):
            found.append(name)
    return tuple(found)


def _no_numbers(reading: Reading) -> bool:
    return reading.delta is None


def _no_share(reading: Reading) -> bool:
    return reading.delta is None or not reading.expected


def _without(*kinds: str) -> Callable[[Reading], bool]:
    """Say that no document of any of these kinds is among the references."""
    return lambda reading: not any(reading.reference_ids(kind) for kind in kinds)


# an invoice's price needs the order alone, its quantity needs the goods receipt, its own sum needs neither
_ABSENT: Mapping[tuple[Category, str], Callable[[Reading], bool]] = {
    (Category.INVENTORY_VARIANCE, "on_hand"): _no_numbers,
    (Category.INVENTORY_VARIANCE, "delta_rel"): _no_share,
    (Category.PRICE_DISCREPANCY, "pos_erp_pct"): _no_share,
    (Category.INVOICE_MISMATCH, "gr_exists"): lambda r: r.kind == "quantity" and _without("receipt")(r),
    (Category.INVOICE_MISMATCH, "q_inv_gr"): lambda r: r.kind == "quantity" and _without("receipt")(r),
    (Category.SUPPLIER_SHORT_SHIPMENT, "asn_po"): _without("shipment", "delivery"),
    (Category.SUPPLIER_SHORT_SHIPMENT, "recv_asn"): _without("receipt"),
}
