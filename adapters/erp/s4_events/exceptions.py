"""Events that are exceptions by themselves: an invoice that is not paid, a count that did not agree."""

import re

from adapters.erp.s4_events.event_type import EventType
from adapters.erp.s4_events.members import Members
from adapters.keys import key
from adapters.reading import Reading
from contracts.canonical import Category, Condition, Fact, Measure, RetailException

BLOCKING_REASON = "PaymentBlockingReason"

# an event that lifts a block, or ends what was blocked
_LIFTS = re.compile("unblock|releas|remov|delet|cancel|revers|paid|clear", re.IGNORECASE)
_BLOCKS = re.compile("block", re.IGNORECASE)


def payment_block(
    reading: Reading, what: EventType, members: Members, fact: Fact
) -> tuple[RetailException, ...]:
    """Return the exception of a supplier's invoice that is blocked for payment.

    What the invoice is measured against, the order and the receipt, is in the ERP alone.
    """
    reason = members.text(BLOCKING_REASON)
    is_blocked = bool(reason or _BLOCKS.search(what.event)) and not _LIFTS.search(what.event)
    if what.name != "supplierinvoice" or not is_blocked:
        return ()
    return (
        _exception(
            reading,
            fact,
            Category.INVOICE_MISMATCH,
            key="payment-block",
            states=("free for payment", "blocked for payment" + (f": {reason}" if reason else "")),
            evidence=("/type", members.at(BLOCKING_REASON)),
            missing=("gr_exists", "p_inv_po", "q_inv_gr"),
        ),
    )


def payment_condition(
    what: EventType, fact: Fact, blocked: tuple[RetailException, ...]
) -> tuple[Condition, ...]:
    """Return what an event says of an invoice's block: each later change of a blocked invoice repeats it."""
    if blocked:
        exception: str | None = blocked[0].key
    elif what.name == "supplierinvoice" and _LIFTS.search(what.event):
        exception = None
    else:
        return ()
    return (Condition(subject=key(fact.key, "payment-block"), exception=exception),)


def difference_posted(reading: Reading, what: EventType, fact: Fact) -> tuple[RetailException, ...]:
    """Return the exception of a physical inventory whose difference was posted; no event says how large."""
    if what.name != "physicalinventorydocument" or not _is_difference_posted(what.event):
        return ()
    return (
        _exception(
            reading,
            fact,
            Category.INVENTORY_VARIANCE,
            key="difference",
            states=("counted as booked", "difference posted"),
            evidence=("/type",),
            missing=("delta_rel", "on_hand", "unit_cost"),
        ),
    )


def _is_difference_posted(event: str) -> bool:
    return all(part in event.lower() for part in ("diff", "post"))


def _exception(
    reading: Reading,
    fact: Fact,
    category: Category,
    *,
    key: str,
    states: tuple[str, str],
    evidence: tuple[str, ...],
    missing: tuple[str, ...],
) -> RetailException:
    expected, actual = states
    return RetailException(
        category=category,
        key=key,
        expected=Measure(kind="status", value=expected),
        actual=Measure(kind="status", value=actual),
        occurred_at=fact.occurred_at,
        detected_at=reading.received_at,
        place=fact.place,
        partner=fact.partner,
        references=fact.references,
        money_at_risk=fact.total,
        evidence=reading.evidence(*evidence),
        assumed=fact.assumed,
        missing=missing,
    )
