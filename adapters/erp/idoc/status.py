"""IDocs that SAP did not post or send: which statuses say so, and what kind of exception that is."""

from msgspec.structs import replace

from adapters.erp.idoc.control import Idoc
from adapters.erp.idoc.segments import Segment
from contracts.canonical import Category, Fact, Item, Measure, Money, Normalised, RetailException

# SAP, "IDoc: status values" (transaction WE47, table TEDS1). Left out although they sound like errors:
# 30, 64, 66 and 75 wait their turn, 31 and 68 were closed by a person, 21 and 57 are tests, 25 and 61 went
# on despite it, 32, 33, 69 and 70 were edited, and 52 posted a part.
NOT_POSTED = {
    "40": "application document not created in receiving system",
    "51": "application document not posted",
    "54": "error during formal application check",
    "56": "IDoc with errors added",
    "60": "error during syntax check (inbound)",
    "63": "error passing IDoc to application",
    "65": "error in ALE service (inbound)",
}
NOT_SENT = {
    "02": "error passing data to port",
    "04": "error within control information of EDI subsystem",
    "05": "error during translation",
    "07": "error during syntax check (EDI subsystem)",
    "09": "error during interchange handling",
    "11": "error during dispatch",
    "17": "functional acknowledgement negative",
    "20": "error triggering EDI subsystem",
    "23": "error during retransmission",
    "26": "error during syntax check (outbound)",
    "27": "error in dispatch level (ALE service)",
    "29": "error in ALE service (outbound)",
    "34": "error in control record",
    "37": "IDoc added incorrectly",
}
POSTED = frozenset({"41", "53"})

_STATUS_RECORDS = ("EDI_DS40", "E1STATS")


def with_failure(idoc: Idoc, category: Category, normalised: Normalised) -> Normalised:
    """Return what an IDoc means and, where its current status is a failure, an exception that says so first.

    `category` is that of the document which was not posted. An IDoc that means nothing fails at nothing.
    """
    exception = _failure(idoc, category, normalised.facts[0]) if normalised.facts else None
    if exception is None:
        return normalised
    return replace(normalised, exceptions=(exception, *normalised.exceptions))


def _failure(idoc: Idoc, category: Category, fact: Fact) -> RetailException | None:
    """Return the exception of an IDoc whose current status is a failure, else None.

    What did not leave the ERP is one only for master data, where the stores then lack the update: an invoice
    or an order that waits in a port differs from nothing yet.
    """
    place = _failed_at(idoc)
    if place is None:
        return None
    code = place.text("STATUS")
    is_sending = code in NOT_SENT
    if is_sending and category is not Category.FAILED_PRICE_UPDATE:
        return None
    return RetailException(
        category=category,
        key="status",
        expected=Measure(kind="status", value="sent" if is_sending else "posted"),
        actual=Measure(kind="status", value=f"{code} {describe(code)}"),
        occurred_at=idoc.occurred_at,
        detected_at=idoc.received_at,
        place=fact.place,
        partner=fact.partner,
        item=_only_item(fact),
        references=fact.references,
        money_at_risk=_at_risk(fact.total),
        # not STATXT: it names users and partners
        evidence=(*place.evidence("STATUS", "STAMID", "STAMNO"), *idoc.control.evidence("MESTYP", "DOCNUM")),
        assumed=idoc.assumptions("time_zone", "occurred_at"),
    )


def describe(code: str) -> str:
    """Return SAP's words for a status that is a failure, empty for any other."""
    return NOT_POSTED.get(code) or NOT_SENT.get(code, "")


def _at_risk(total: Money | None) -> Money | None:
    """Return the whole amount, without its sign: it waits while the document is not posted."""
    return Money(amount=total.amount.lstrip("-"), currency=total.currency) if total else None


def _only_item(fact: Fact) -> Item | None:
    """Return the item that all lines are about, if there is one."""
    items = [line.item for line in fact.lines if line.item is not None]
    return items[0] if len({item.id for item in items}) == 1 else None


def _failed_at(idoc: Idoc) -> Segment | None:
    """Return the record that says so: the control record has the current status, the others how it came.

    A record of success in either wins: the IDoc was posted in the end.
    """
    records = [record for name in _STATUS_RECORDS for record in idoc.body.children(name)]
    latest = sorted(records, key=lambda record: record.text("LOGDAT") + record.text("LOGTIM"))[-1:]
    current = [idoc.control, *latest]
    if any(record.text("STATUS") in POSTED for record in current):
        return None
    return next((record for record in current if describe(record.text("STATUS"))), None)
