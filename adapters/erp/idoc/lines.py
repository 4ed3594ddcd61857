"""Lines of orders and invoices (E1EDP01): item, quantity, price and amount."""

from decimal import Decimal

from adapters.erp.idoc.control import Idoc
from adapters.erp.idoc.segments import Segment
from adapters.values import gtin, money, quantity, ratio
from contracts.canonical import Item, Money, Quantity

# QUALF of E1EDP19: the same article by the buyer's, the seller's and its international number
_BUYERS_NUMBER, _SELLERS_NUMBER, _INTERNATIONAL_NUMBER = "001", "002", "003"


def line_number(line: Segment) -> str:
    """Return the line's own number, else `#` and its place: no number has that form."""
    return line.text("POSEX") or f"#{int(line.pointer.rpartition('/')[2]) + 1}"


def line_key(number: str, item: Item | None) -> str:
    """Return what identifies a line within its document."""
    return f"{number}:{item.id}" if item else number


def item_of(line: Segment, *, buys: bool) -> Item | None:
    """Return the item by our own number if the line has it, else by the other side's, else by its GTIN.

    `buys` says that we are the buyer. The id keeps its leading zeros: they are SAP's, and part of it.
    """
    numbers = {each.text("QUALF"): _material(each) for each in reversed(line.children("E1EDP19"))}
    ours, theirs = (_BUYERS_NUMBER, _SELLERS_NUMBER) if buys else (_SELLERS_NUMBER, _BUYERS_NUMBER)
    known = [numbers[q] for q in (ours, theirs, _INTERNATIONAL_NUMBER, *numbers) if numbers.get(q)]
    if not known:
        return None
    texts = [each.text("KTEXT") for each in line.children("E1EDP19") if each.text("KTEXT")]
    return Item(
        id=known[0],
        gtin=gtin(numbers.get(_INTERNATIONAL_NUMBER, "")),
        description=texts[0] if texts else None,
    )


def quantity_of(idoc: Idoc, line: Segment) -> Quantity | None:
    """Return the line's quantity (MENGE) in its unit as given (MENEE)."""
    number = line.number("MENGE")
    return None if number is None else quantity(number, idoc.unit(line.text("MENEE")))


def unit_price_of(line: Segment, currency: str) -> Money | None:
    """Return the net price of one MENEE to six decimals: VPREI per PEINH, which is 1 where it isn't said.

    `currency` is the document's. None where the price is for another unit than the quantity's: what one is
    in the other, senders write in different ways.
    """
    price, per = line.number("VPREI"), line.number("PEINH")
    if price is None or not is_price_of_quantity_unit(line):
        return None
    each = ratio(price, Decimal(1) if per is None else per)
    return None if each is None else money(each, line_currency(line, currency))


def is_price_of_quantity_unit(line: Segment) -> bool:
    """Say whether VPREI is for the unit (PMENE) that MENGE counts, and for whole ones."""
    per = line.number("PEINH")
    return line.text("PMENE") in {"", line.text("MENEE")} and (per is None or per >= 1)


def line_currency(line: Segment, currency: str) -> str:
    """Return the line's own currency, else the document's."""
    return line.text("CURCY") or currency


def net_amounts(line: Segment) -> dict[str, Decimal]:
    """Return the line's net amount in each of the ways that it gives one, the best first.

    They are E1EDP26 with QUALF 003 (net value), NETWR, and E1EDP26 with 005 (absolute net value).
    """
    found = {
        "003": line.qualified("E1EDP26", "003").number("BETRG"),
        "NETWR": line.number("NETWR"),
        "005": line.qualified("E1EDP26", "005").number("BETRG"),
    }
    return {way: amount for way, amount in found.items() if amount is not None}


def net_amount(line: Segment) -> Decimal | None:
    """Return the best of the line's net amounts."""
    return next(iter(net_amounts(line).values()), None)


def _material(identification: Segment) -> str:
    # the long field is for numbers of more than 18 characters, and then the short one is empty
    return identification.text("IDTNR") or identification.text("IDTNR_LONG")
