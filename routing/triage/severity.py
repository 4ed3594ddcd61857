"""How severe an exception is: the taxonomy's table over what the exception itself says."""

from collections.abc import Mapping

from msgspec import Struct

from contracts.canonical import Category, Money
from routing.triage.policy import Value
from routing.triage.reading import Reading
from routing.triage.taxonomy import Taxonomy
from routing.triage.taxonomy_file import Severity

# in trade with a supplier the sales order is the supplier's own
_SELLERS_ORDERS = frozenset({Category.SUPPLIER_SHORT_SHIPMENT, Category.INVOICE_MISMATCH})


class Assessment(Struct, frozen=True, kw_only=True, gc=False):
    """A severity and what it stands on.

    `facts` are the inputs that the exception gave, `missing` those that could have made it more severe, and
    `remarks` sentences on what could not be used.
    """

    severity: Severity
    facts: Mapping[str, Value]
    exposure: Money | None = None
    missing: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def assess(taxonomy: Taxonomy, category: Category, reading: Reading, currency: str = "") -> Assessment:
    """Return the first severity whose condition is true; unknown conditions are passed over and named.

    `currency` is that of the table's amounts, the taxonomy's own where it is empty.
    """
    facts, remarks = _facts(taxonomy, category, reading, currency or taxonomy.currency)
    severity, missing = taxonomy.severity_table.of(facts)
    return Assessment(
        severity=severity,
        facts=facts,
        exposure=reading.exception.money_at_risk,
        missing=missing,
        remarks=remarks,
    )


def _facts(
    taxonomy: Taxonomy, category: Category, reading: Reading, currency: str
) -> tuple[dict[str, Value], tuple[str, ...]]:
    facts: dict[str, Value] = {}
    remarks: tuple[str, ...] = ()
    money = reading.exception.money_at_risk
    if money is not None and money.currency == currency:
        # the size counts: money lost to the customer is as much at risk as money lost to us
        facts["exposure"] = abs(float(money.amount))
    elif money is not None:
        remarks = (f"the severity's thresholds are in {currency}, the money at risk in {money.currency}",)
    orders = reading.reference_ids("sales-order")
    if orders and category not in _SELLERS_ORDERS:
        facts["customer_orders"] = len(orders)
    if reading.reference_ids("promotion"):
        facts["promo_active"] = True
    condition = taxonomy.categories[category].compliance_when
    if condition is None:
        facts["compliance"] = False
    else:
        compliance = condition.evaluate(_compliance_facts(reading)).value
        if compliance is not None:
            facts["compliance"] = compliance
    return facts, remarks


def _compliance_facts(reading: Reading) -> dict[str, Value | None]:
    if reading.kind != "unit-price" or reading.delta is None:
        return {}
    return {"price_delta": float(reading.delta)}
