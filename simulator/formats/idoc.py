"""SAP IDoc XML as an ERP writes it, one IDoc a document."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from simulator.messages import Truth
from simulator.outbox import XML, Post
from simulator.sources import CURRENCY, ERP
from simulator.times import Calendar
from simulator.words import cents

_CLIENT, _OURSELVES, _WAREHOUSE, _MASTER_DATA = "100", "RETCLNT100", "WMSCLNT200", "MDMCLNT300"
POSTED, SENT, NOT_POSTED, FAULTY = "53", "03", "51", "56"
_PASSED_ON = "62"  # to the application: the control record is older than the status record that says why


class OrderLine(Struct, frozen=True):
    """One line; prices in cents for one. `confirmed` is what the supplier promises, below 0 nothing said."""

    number: int
    item: str
    quantity: int
    price: int
    confirmed: int = -1


class DeliveryLine(Struct, frozen=True):
    """One line of a delivery: what it carries, and what was notified."""

    number: int
    item: str
    quantity: int
    notified: int


class Status(Struct, frozen=True):
    """What became of an IDoc, and the message (class and number) by which SAP says why."""

    code: str = POSTED
    message_class: str = ""
    message_number: str = ""


class Idocs:
    """Writes IDocs, and counts them."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._number = 1_000_000

    def order(
        self, at: int, order: str, supplier: str, plant: str, lines: Iterable[OrderLine], *,
        is_change: bool = False,
    ) -> Post:  # fmt: skip
        """Return an order that we send, or its change."""
        body = _order_head(order, supplier) + _order_lines(lines, plant)
        return self._post("ORDERS05", "ORDCHG" if is_change else "ORDERS", at, body, supplier, is_ours=True)

    def confirmation(
        self, at: int, order: str, supplier: str, plant: str, lines: Iterable[OrderLine],
        truths: tuple[Truth, ...] = (),
    ) -> Post:  # fmt: skip
        """Return a supplier's confirmation of an order."""
        ours = _segment("E1EDK02", QUALF="001", BELNR=order)
        body = _order_head(f"C{order}", supplier) + ours + _order_lines(lines, plant)
        return self._post("ORDERS05", "ORDRSP", at, body, supplier, truths=truths)

    def invoice(
        self, at: int, invoice: str, order: str, supplier: str, plant: str, lines: Sequence[OrderLine], *,
        charges: int = 0, status: Status | None = None, truths: tuple[Truth, ...] = (),
    ) -> Post:  # fmt: skip
        """Return a supplier's invoice. `charges` stand in its total and on no line."""
        total = sum(line.quantity * line.price for line in lines) + charges
        body = (
            _segment("E1EDK01", CURCY=CURRENCY, BSART="INVO", BELNR=invoice),
            _segment("E1EDKA1", PARVW="LF", PARTN=supplier),
            _segment("E1EDK02", QUALF="009", BELNR=invoice),
            _segment("E1EDK02", QUALF="001", BELNR=order),
            _segment("E1EDK03", IDDAT="026", DATUM=self._calendar.plain_day(at)),
            *(_invoice_line(line, order, plant) for line in lines),
            _segment("E1EDS01", SUMID="010", SUMME=cents(total), WAERQ=CURRENCY),
        )
        return self._post("INVOIC02", "INVOIC", at, "".join(body), supplier, status=status, truths=truths)

    def receipt(
        self, at: int, slip: str, order: str, supplier: str, plant: str, lines: Iterable[OrderLine]
    ) -> Post:
        """Return goods that arrived for a supplier's order (movement 101)."""
        items = (
            _moved(
                line.item, line.quantity, plant, "101",
                VENDOR=supplier, PO_NUMBER=order, PO_ITEM=f"{line.number:06}",
            )
            for line in lines
        )  # fmt: skip
        return self._movement(at, slip, items)

    def delivered(self, at: int, slip: str, delivery: str, plant: str, lines: Iterable[DeliveryLine]) -> Post:
        """Return goods that arrived with a delivery of ours (movement 101)."""
        items = (
            _moved(
                line.item, line.quantity, plant, "101",
                DELIV_NUMB=delivery, DELIV_ITEM=f"{line.number:06}",
            )
            for line in lines
        )  # fmt: skip
        return self._movement(at, slip, items)

    def difference(
        self, at: int, slip: str, plant: str, item: str, change: int, truths: tuple[Truth, ...]
    ) -> Post:
        """Return the difference that a count found, as the ERP posts it (701 more, 702 less)."""
        moved = _moved(item, abs(change), plant, "701" if change > 0 else "702")
        return self._movement(at, slip, [moved], truths)

    def delivery(
        self, at: int, delivery: str, order: str, plant: str, lines: Iterable[DeliveryLine], *,
        status: Status | None = None, truths: tuple[Truth, ...] = (),
    ) -> Post:  # fmt: skip
        """Return a delivery from a warehouse of ours that is announced to a store."""
        inbound = _segment("E1EDL21", LFART="EL")
        written = (_delivery_line(line, order, plant) for line in lines)
        body = _segment("E1EDL20", inbound, *written, VBELN=delivery)
        return self._post("DELVRY07", "DESADV", at, body, _WAREHOUSE, status=status, truths=truths)

    def material(self, at: int, item: str, gtin: str, status: Status, truths: tuple[Truth, ...]) -> Post:
        """Return an item's master data, and whether it was posted."""
        body = _segment("E1MARAM", MSGFN="004", MATNR=item, MEINS="EA", EAN11=gtin)
        return self._post("MATMAS05", "MATMAS", at, body, _MASTER_DATA, status=status, truths=truths)

    def _movement(self, at: int, slip: str, items: Iterable[str], truths: tuple[Truth, ...] = ()) -> Post:
        day = self._calendar.plain_day(at)
        head = _segment("E1BP2017_GM_HEAD_01", PSTNG_DATE=day, REF_DOC_NO=slip)
        body = _segment("E1MBGMCR", head, *items)
        return self._post("MBGMCR04", "MBGMCR", at, body, _WAREHOUSE, truths=truths)

    def _post(
        self, basic_type: str, message: str, at: int, body: str, partner: str, *, is_ours: bool = False,
        status: Status | None = None, truths: tuple[Truth, ...] = (),
    ) -> Post:  # fmt: skip
        self._number += 1
        number = f"{self._number:016}"
        other = ("LI" if partner.isdecimal() else "LS", partner)
        (from_kind, sender), (to_kind, receiver) = other, ("LS", _OURSELVES)
        if is_ours:
            (from_kind, sender), (to_kind, receiver) = (to_kind, receiver), other
        status = status or Status(SENT if is_ours else POSTED)
        control = _segment(
            "EDI_DC40", MANDT=_CLIENT, DOCNUM=number,
            STATUS=_PASSED_ON if status.message_class else status.code, DIRECT="1" if is_ours else "2",
            IDOCTYP=basic_type, MESTYP=message, SNDPRT=from_kind, SNDPRN=sender, RCVPRT=to_kind,
            RCVPRN=receiver, CREDAT=self._calendar.plain_day(at), CRETIM=self._calendar.plain_time(at),
        )  # fmt: skip
        whole = (
            f'<{basic_type}><IDOC BEGIN="1">{control}{body}{self._record(at, status)}</IDOC></{basic_type}>'
        )
        event_id = f"{_CLIENT}:{from_kind}:{sender}:{number}"
        return Post(ERP, XML, whole.encode(), event_id, f"{message.lower()}-{self._number}", truths)

    def _record(self, at: int, status: Status) -> str:
        """Return the status record that says why, where SAP says it."""
        if not status.message_class:
            return ""
        return _segment(
            "E1STATS", LOGDAT=self._calendar.plain_day(at), LOGTIM=self._calendar.plain_time(at),
            STATUS=status.code, STAMID=status.message_class, STAMNO=status.message_number,
        )  # fmt: skip


def line_key(line: int, item: str) -> str:
    """Return the key of the exception of an order's line."""
    return f"{line:06}:{item}"


def match_key(invoice: str, order: str, line: int, kind: str) -> str:
    """Return the key of the exception that an invoice's line is when it is held against the order."""
    return f"invoice:{invoice}:{line:06}:order:{order.lstrip('0')}:{kind}"


def difference_key(item: str) -> str:
    """Return the key of the exception of a posted difference, the only one of its document."""
    return f"#1:{item}"


STATUS_KEY, TOTAL_KEY = "status", "total"


def _segment(name: str, *inside: str, **fields: str) -> str:
    own = "".join([f"<{field}>{value}</{field}>" for field, value in fields.items()])
    return f'<{name} SEGMENT="1">{own}{"".join(inside)}</{name}>'


def _order_head(number: str, supplier: str) -> str:
    return _segment("E1EDK01", CURCY=CURRENCY, BELNR=number) + _segment("E1EDKA1", PARVW="LF", PARTN=supplier)


def _order_lines(lines: Iterable[OrderLine], plant: str) -> str:
    return "".join(
        _priced_line(
            line, plant, _segment("E1EDP20", WMENG=str(line.confirmed)) if line.confirmed >= 0 else ""
        )
        for line in lines
    )


def _invoice_line(line: OrderLine, order: str, plant: str) -> str:
    ordered = _segment("E1EDP02", QUALF="001", BELNR=order, ZEILE=f"{line.number:06}")
    return _priced_line(line, plant, ordered)


def _priced_line(line: OrderLine, plant: str, more: str) -> str:
    item = _segment("E1EDP19", QUALF="001", IDTNR=line.item)
    return _segment(
        "E1EDP01", more, item, POSEX=f"{line.number:06}", MENGE=f"{line.quantity}.000", MENEE="EA",
        PMENE="EA", VPREI=cents(line.price), PEINH="1", NETWR=cents(line.price * line.quantity), WERKS=plant,
    )  # fmt: skip


def _moved(item: str, quantity: int, plant: str, movement: str, **more: str) -> str:
    return _segment(
        "E1BP2017_GM_ITEM_CREATE", MATERIAL=item, PLANT=plant, MOVE_TYPE=movement,
        ENTRY_QNT=str(quantity), ENTRY_UOM="EA", **more,
    )  # fmt: skip


def _delivery_line(line: DeliveryLine, order: str, plant: str) -> str:
    return _segment(
        "E1EDL24", POSNR=f"{line.number:06}", MATNR=line.item, WERKS=plant, LFIMG=str(line.quantity),
        VRKME="EA", ORMNG=str(line.notified), VGBEL=order, VGPOS=f"{line.number:06}",
    )  # fmt: skip
