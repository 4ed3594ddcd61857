"""One IDoc as the mappings read it: its control record, when it happened, and what had to be assumed."""

from datetime import date, time

from msgspec import Struct

from adapters.erp.idoc.segments import Segment, without_zeros
from adapters.reading import PIECES, Reading
from adapters.values import assumptions, local_time
from contracts.canonical import Assumption, Reference
from contracts.documents import Source

OUTBOUND = "1"


class Idoc(Struct, frozen=True, kw_only=True):
    """One IDoc. `body` is the IDOC element, `occurred_at` RFC 3339.

    `assumed` grows while a mapping reads: it asks for `assumptions` when it has read the rest.
    """

    body: Segment
    source: Source
    received_at: str
    occurred_at: str
    assumed: dict[str, str]

    @property
    def control(self) -> Segment:
        """The control record."""
        return control_record(self.body)

    @property
    def message(self) -> str:
        """The message type, such as `INVOIC` or `ORDRSP`."""
        return self.control.text("MESTYP").upper()

    @property
    def is_outbound(self) -> bool:
        """Whether the ERP sent it (DIRECT 1), rather than received it (2).

        The source is the retailer's ERP: what a seller writes (INVOIC, ORDRSP, DESADV) and what is outbound
        speaks of our customer, and what is inbound of our supplier.
        """
        return self.control.text("DIRECT") == OUTBOUND

    @property
    def reference(self) -> Reference:
        """The IDoc itself, as operators look it up (WE02)."""
        return Reference(kind="idoc", id=self.control.text("DOCNUM"))

    @property
    def key(self) -> str:
        """What stands for the number of a document that has none."""
        return f"idoc:{self.reference.id}"

    def currency(self, *candidates: str) -> str:
        """Return the first currency that is said, else the source's, which is then an assumption."""
        for candidate in candidates:
            if len(candidate) == 3 and candidate.isascii() and candidate.isalpha():
                return candidate.upper()
        self.assumed["currency"] = self.source.currency
        return self.source.currency

    def unit(self, candidate: str) -> str:
        """Return the unit as given, else pieces, which is then an assumption."""
        if not candidate:
            self.assumed["unit"] = PIECES
        return candidate or PIECES

    def start_of(self, day: date) -> str:
        """Return the first moment of a day, RFC 3339: SAP's days are the source's own."""
        return local_time(f"{day}T00:00:00", self.source, self.control.pointer, self.assumed)

    def assumptions(self, *names: str) -> tuple[Assumption, ...]:
        """Return what was assumed so far: all of it, or what goes by these names."""
        return assumptions({n: v for n, v in self.assumed.items() if not names or n in names})


def read_idoc(reading: Reading) -> Idoc:
    """Return a document as an IDoc.

    It happened when it was created (CREDAT and CRETIM, in the source's zone: SAP writes no other); without a
    day of creation it happened, for all we know, when we received it.
    """
    body = Segment(fields=reading.tree)
    assumed: dict[str, str] = {}
    return Idoc(
        body=body,
        source=reading.source,
        received_at=reading.received_at,
        occurred_at=_created_at(control_record(body), reading, assumed),
        assumed=assumed,
    )


def control_record(body: Segment) -> Segment:
    """Return the control record of an IDOC element."""
    return body.child("EDI_DC40")


def source_event_id(body: Segment) -> str | None:
    """Return `<client>:<partner type>:<partner>:<IDoc number>`, or None for an IDoc without a number.

    The system that wrote the control record counts DOCNUM within its client (MANDT), for all partners and
    both directions. A source may forward IDocs of several systems: SNDPRN tells these apart, and SNDPRT a
    customer from a vendor of the same number. Empty parts stay, so that no two ids fall together. Port, time
    and serial number are left out: they change when the same IDoc is sent again.
    """
    control = control_record(body)
    number = control.text("DOCNUM")
    if not number.strip("0"):
        return None
    return ":".join((control.text("MANDT"), control.text("SNDPRT"), control.text("SNDPRN"), number))


def order_key(number: str, body: Segment) -> str:
    """Return the business key of a purchase order, or, without a number, the partner's.

    Padded with zeros or not, it is the same order.
    """
    return f"po:{without_zeros(number)}" if number else partner_key(body)


def partner_key(body: Segment) -> str:
    """Return the business key of what belongs to no order: the partner on the other side."""
    control = control_record(body)
    field = "RCVPRN" if control.text("DIRECT") == OUTBOUND else "SNDPRN"
    return f"partner:{control.text(field)}"


def _created_at(control: Segment, reading: Reading, assumed: dict[str, str]) -> str:
    day = control.day("CREDAT")
    if day is None:
        assumed["occurred_at"] = "received_at"
        return reading.received_at
    try:
        moment = time.fromisoformat(control.text("CRETIM"))
    except ValueError:
        moment = time()
    return local_time(f"{day}T{moment}", reading.source, control.at("CREDAT"), assumed)
