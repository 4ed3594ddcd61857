"""SAP IDoc XML as an ERP writes it, one IDoc a document."""

from collections.abc import Sequence

from msgspec import Struct

from simulator.messages import Truth
from simulator.outbox import XML, Post
from simulator.sources import CURRENCY, ERP
from simulator.times import Calendar
from simulator.words import cents

_CLIENT, _OURSELVES = "100", "RETCLNT100"
# status 53: posted; 03: passed on
POSTED, SENT, NOT_POSTED, FAULTY = "53", "03", "51", "56"


class OrderLine(Struct, frozen=True):
    """One line: prices in cents for one `unit`; `confirmed` is what the supplier promises, -1 for nothing said."""

    number: int
    item: str
    quantity: int
    price: int
    unit: str = "EA"
    confirmed: int = -1


class DeliveryLine(Struct, frozen=True):
    """One line of a delivery: what it carries, and what was notified."""

    number: int
    item: str
    quantity: int
    notified: int


class Idocs:
    """Writes IDocs, and counts them."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._number = 1_000_000

    def order(
        self, at: int, order: str, supplier: str, plant: str, lines: Sequence[OrderLine], *,
        is_change: bool = False,
    ) -> Post:
        """Return an order that we send, or its change."""
        body = f'{_order_head(order, supplier)}{"".join(_order_line(line, plant) for line in lines)}'
        message = "ORDCHG" if is_change else "ORDERS"
        return self._post("ORDERS05", message, at, body, supplier, is_ours=True)

    def confirmation(
        self, at: int, order: str, supplier: str, plant: str, lines: Sequence[OrderLine],
        truths: tuple[Truth, ...] = (),
    ) -> Post:
        """Return a supplier's confirmation of an order."""
        head = f'{_order_head(f"C{order}", supplier)}<E1EDK02 SEGMENT="1"><QUALF>001</QUALF><BELNR>{order}</BELNR></E1EDK02>'
        body = head + "".join(_order_line(line, plant) for line in lines)
        return self._post("ORDERS05", "ORDRSP", at, body, supplier, truths=truths)

    def invoice(
        self, at: int, invoice: str, order: str, supplier: str, plant: str, lines: Sequence[OrderLine], *,
        charges: int = 0, status: str = POSTED, why: tuple[str, str] = ("", ""),
        truths: tuple[Truth, ...] = (),
    ) -> Post:
        """Return a supplier's invoice. `charges` stand in its total and on no line.

        `why` is the message (its class and number) by which SAP says why it was not posted.
        """
        total = sum(line.quantity * line.price for line in lines) + charges
        day = self._calendar.plain_day(at)
        record = (
            f'<E1STATS SEGMENT="1"><LOGDAT>{day}</LOGDAT><LOGTIM>{self._calendar.plain_time(at)}</LOGTIM>'
            f"<STATUS>{status}</STATUS><STAMID>{why[0]}</STAMID><STAMNO>{why[1]}</STAMNO></E1STATS>"
            if why[0]
            else ""
        )
        body = (
            f'<E1EDK01 SEGMENT="1"><CURCY>{CURRENCY}</CURCY><BSART>INVO</BSART><BELNR>{invoice}</BELNR></E1EDK01>'
            f'<E1EDKA1 SEGMENT="1"><PARVW>LF</PARVW><PARTN>{supplier}</PARTN></E1EDKA1>'
            f'<E1EDK02 SEGMENT="1"><QUALF>009</QUALF><BELNR>{invoice}</BELNR></E1EDK02>'
            f'<E1EDK02 SEGMENT="1"><QUALF>001</QUALF><BELNR>{order}</BELNR></E1EDK02>'
            f'<E1EDK03 SEGMENT="1"><IDDAT>026</IDDAT><DATUM>{day}</DATUM></E1EDK03>'
            f'{"".join(_invoice_line(line, order, plant) for line in lines)}'
            f'<E1EDS01 SEGMENT="1"><SUMID>010</SUMID><SUMME>{cents(total)}</SUMME><WAERQ>{CURRENCY}</WAERQ></E1EDS01>'
            f"{record}"
        )
        return self._post("INVOIC02", "INVOIC", at, body, supplier, status=status, truths=truths)

    def receipt(self, at: int, slip: str, order: str, supplier: str, plant: str, lines: Sequence[OrderLine]) -> Post:
        """Return goods that arrived for a supplier's order (movement 101)."""
        items = "".join(_moved(line.item, line.quantity, plant, "101", _for_order(order, line.number, supplier)) for line in lines)
        return self._movement(at, slip, items)

    def delivered(self, at: int, slip: str, delivery: str, plant: str, lines: Sequence[DeliveryLine]) -> Post:
        """Return goods that arrived with a delivery of ours (movement 101)."""
        items = "".join(
            _moved(line.item, line.quantity, plant, "101",
                   f"<DELIV_NUMB>{delivery}</DELIV_NUMB><DELIV_ITEM>{line.number:06}</DELIV_ITEM>")
            for line in lines
        )  # fmt: skip
        return self._movement(at, slip, items)

    def difference(self, at: int, slip: str, plant: str, item: str, change: int, truths: tuple[Truth, ...]) -> Post:
        """Return the difference that a count found, as the ERP posts it (701 more, 702 less)."""
        items = _moved(item, abs(change), plant, "701" if change > 0 else "702", "")
        return self._movement(at, slip, items, truths)

    def delivery(
        self, at: int, delivery: str, order: str, plant: str, lines: Sequence[DeliveryLine], *,
        status: str = POSTED, truths: tuple[Truth, ...] = (),
    ) -> Post:
        """Return a delivery from a warehouse of ours that is announced to a store."""
        body = (
            f'<E1EDL20 SEGMENT="1"><VBELN>{delivery}</VBELN><E1EDL21 SEGMENT="1"><LFART>EL</LFART></E1EDL21>'
            f'{"".join(_delivery_line(line, order, plant) for line in lines)}</E1EDL20>'
        )
        return self._post("DELVRY07", "DESADV", at, body, "WMSCLNT200", status=status, truths=truths)

    def material(self, at: int, item: str, gtin: str, status: str, why: tuple[str, str], truths: tuple[Truth, ...]) -> Post:
        """Return an item's master data, and whether it was posted."""
        record = (
            f'<E1STATS SEGMENT="1"><STATUS>{status}</STATUS><STAMID>{why[0]}</STAMID><STAMNO>{why[1]}</STAMNO></E1STATS>'
            if why[0]
            else ""
        )
        body = (
            f'<E1MARAM SEGMENT="1"><MSGFN>004</MSGFN><MATNR>{item}</MATNR><MEINS>EA</MEINS><EAN11>{gtin}</EAN11></E1MARAM>{record}'
        )
        return self._post("MATMAS05", "MATMAS", at, body, "MDMCLNT300", status=status, truths=truths)

    def _movement(self, at: int, slip: str, items: str, truths: tuple[Truth, ...] = ()) -> Post:
        body = (
            f'<E1MBGMCR SEGMENT="1"><E1BP2017_GM_HEAD_01 SEGMENT="1"><PSTNG_DATE>{self._calendar.plain_day(at)}'
            f"</PSTNG_DATE><REF_DOC_NO>{slip}</REF_DOC_NO></E1BP2017_GM_HEAD_01>{items}</E1MBGMCR>"
        )
        return self._post("MBGMCR04", "MBGMCR", at, body, "WMSCLNT200", truths=truths)

    def _post(
        self, basic_type: str, message: str, at: int, body: str, partner: str, *, is_ours: bool = False,
        status: str = POSTED, truths: tuple[Truth, ...] = (),
    ) -> Post:
        self._number += 1
        number = f"{self._number:016}"
        kind = "LI" if partner.isdecimal() else "LS"
        sender = ("LS", _OURSELVES) if is_ours else (kind, partner)
        receiver = (kind, partner) if is_ours else ("LS", _OURSELVES)
        control = (
            f'<EDI_DC40 SEGMENT="1"><MANDT>{_CLIENT}</MANDT><DOCNUM>{number}</DOCNUM>'
            f"<STATUS>{SENT if is_ours else status}</STATUS><DIRECT>{1 if is_ours else 2}</DIRECT>"
            f"<IDOCTYP>{basic_type}</IDOCTYP><MESTYP>{message}</MESTYP>"
            f"<SNDPRT>{sender[0]}</SNDPRT><SNDPRN>{sender[1]}</SNDPRN>"
            f"<RCVPRT>{receiver[0]}</RCVPRT><RCVPRN>{receiver[1]}</RCVPRN>"
            f"<CREDAT>{self._calendar.plain_day(at)}</CREDAT><CRETIM>{self._calendar.plain_time(at)}</CRETIM></EDI_DC40>"
        )
        whole = f'<{basic_type}><IDOC BEGIN="1">{control}{body}</IDOC></{basic_type}>'
        event_id = f"{_CLIENT}:{sender[0]}:{sender[1]}:{number}"
        return Post(ERP, XML, whole.encode(), event_id, f"{message.lower()}-{self._number}", truths)


def line_key(line: int, item: str) -> str:
    """Return the key of the exception of an order's line."""
    return f"{line:06}:{item}"


def match_key(invoice: str, order: str, line: int, kind: str) -> str:
    """Return the key of the exception that an invoice's line is when it is held against the order."""
    return f"invoice:{invoice}:{line:06}:order:{order.lstrip('0')}:{kind}"


def _order_head(number: str, supplier: str) -> str:
    return (
        f'<E1EDK01 SEGMENT="1"><CURCY>{CURRENCY}</CURCY><BELNR>{number}</BELNR></E1EDK01>'
        f'<E1EDKA1 SEGMENT="1"><PARVW>LF</PARVW><PARTN>{supplier}</PARTN></E1EDKA1>'
    )


def _order_line(line: OrderLine, plant: str) -> str:
    schedule = "" if line.confirmed < 0 else f'<E1EDP20 SEGMENT="1"><WMENG>{line.confirmed}</WMENG></E1EDP20>'
    return (
        f'<E1EDP01 SEGMENT="1"><POSEX>{line.number:06}</POSEX><MENGE>{line.quantity}.000</MENGE>'
        f"<MENEE>{line.unit}</MENEE><PMENE>{line.unit}</PMENE><VPREI>{cents(line.price)}</VPREI><PEINH>1</PEINH>"
        f"<NETWR>{cents(line.price * line.quantity)}</NETWR><WERKS>{plant}</WERKS>{schedule}"
        f'<E1EDP19 SEGMENT="1"><QUALF>001</QUALF><IDTNR>{line.item}</IDTNR></E1EDP19></E1EDP01>'
    )


def _invoice_line(line: OrderLine, order: str, plant: str) -> str:
    return (
        f'<E1EDP01 SEGMENT="1"><POSEX>{line.number:06}</POSEX><MENGE>{line.quantity}.000</MENGE>'
        f"<MENEE>{line.unit}</MENEE><PMENE>{line.unit}</PMENE><VPREI>{cents(line.price)}</VPREI><PEINH>1</PEINH>"
        f"<NETWR>{cents(line.price * line.quantity)}</NETWR><WERKS>{plant}</WERKS>"
        f'<E1EDP02 SEGMENT="1"><QUALF>001</QUALF><BELNR>{order}</BELNR><ZEILE>{line.number:06}</ZEILE></E1EDP02>'
        f'<E1EDP19 SEGMENT="1"><QUALF>001</QUALF><IDTNR>{line.item}</IDTNR></E1EDP19></E1EDP01>'
    )


def _moved(item: str, quantity: int, plant: str, movement: str, more: str) -> str:
    return (
        f'<E1BP2017_GM_ITEM_CREATE SEGMENT="1"><MATERIAL>{item}</MATERIAL><PLANT>{plant}</PLANT>'
        f"<MOVE_TYPE>{movement}</MOVE_TYPE><ENTRY_QNT>{quantity}</ENTRY_QNT><ENTRY_UOM>EA</ENTRY_UOM>"
        f"{more}</E1BP2017_GM_ITEM_CREATE>"
    )


def _for_order(order: str, line: int, supplier: str) -> str:
    return f"<VENDOR>{supplier}</VENDOR><PO_NUMBER>{order}</PO_NUMBER><PO_ITEM>{line:06}</PO_ITEM>"


def _delivery_line(line: DeliveryLine, order: str, plant: str) -> str:
    return (
        f'<E1EDL24 SEGMENT="1"><POSNR>{line.number:06}</POSNR><MATNR>{line.item}</MATNR><WERKS>{plant}</WERKS>'
        f"<LFIMG>{line.quantity}</LFIMG><VRKME>EA</VRKME><ORMNG>{line.notified}</ORMNG>"
        f"<VGBEL>{order}</VGBEL><VGPOS>{line.number:06}</VGPOS></E1EDL24>"
    )
