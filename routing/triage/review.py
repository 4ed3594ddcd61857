"""When a person decides: the taxonomy's review rules over what the rules know."""

from collections.abc import Callable, Mapping, Sequence

from contracts.canonical import Category
from routing.triage.policy import Conditions, Value
from routing.triage.reading import Reading
from routing.triage.taxonomy import CategoryEntry, ReviewCondition, Taxonomy


class ReviewRules:
    """The taxonomy's review rules. A rule whose facts nobody gives rests: unknown is never true."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self._rules = taxonomy.review_rules
        self._conditions = Conditions([rule.when for rule in taxonomy.review_rules])

    def reasons(self, facts: Mapping[str, Value], absent: Sequence[str]) -> tuple[str, ...]:
        """Return `<id>: <why>`, with the `absent` sources, for each rule that is true (hot path)."""
        found = self._conditions.evaluate(facts)
        if True not in found:
            return ()
        true = [rule for rule, value in zip(self._rules, found, strict=True) if value is True]
        return tuple([f"{rule.id}: {rule.why}{_named(rule, absent)}" for rule in true])


def _named(rule: ReviewCondition, absent: Sequence[str]) -> str:
    return f" ({', '.join(absent)})" if absent and "missing_sources" in rule.when.names else ""


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


def _no_difference(reading: Reading) -> bool:
    return reading.kind != "status" and reading.delta is None


def _no_share(reading: Reading) -> bool:
    return reading.kind != "status" and (reading.delta is None or not reading.expected)


def _no_receipt(reading: Reading) -> bool:
    return reading.kind == "quantity" and not reading.reference_ids("receipt")


def _no_announcement(reading: Reading) -> bool:
    """Say that neither a delivery nor a confirmation (WMENG) tells what the supplier meant to send."""
    announced = reading.reference_ids("shipment") or reading.reference_ids("delivery")
    return reading.kind == "quantity" and not announced and not reading.evidence("WMENG")


def _not_compared_on_receipt(reading: Reading) -> bool:
    # where nothing came at all there is nothing to have miscounted
    return _no_receipt(reading) and reading.actual != 0


# a failed posting (a status) is known without any of these; of an invoice only the quantity needs a receipt
_ABSENT: Mapping[tuple[Category, str], Callable[[Reading], bool]] = {
    (Category.INVENTORY_VARIANCE, "on_hand"): _no_difference,
    (Category.INVENTORY_VARIANCE, "delta_rel"): _no_share,
    (Category.PRICE_DISCREPANCY, "pos_erp_pct"): _no_share,
    (Category.INVOICE_MISMATCH, "gr_exists"): _no_receipt,
    (Category.INVOICE_MISMATCH, "q_inv_gr"): _no_receipt,
    (Category.SUPPLIER_SHORT_SHIPMENT, "asn_po"): _no_announcement,
    (Category.SUPPLIER_SHORT_SHIPMENT, "recv_asn"): _not_compared_on_receipt,
}
