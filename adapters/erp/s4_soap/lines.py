"""What the lines of orders, confirmations, deliveries and invoices have in common."""

from collections.abc import Iterable

from adapters.keys import distinct, key, shortened
from adapters.reading import Reading
from adapters.values import gtin
from contracts.canonical import FactLine, Item, Place, Reference
from contracts.limits import KEY_MAX_CHARACTERS, LINE_MAX_CHARACTERS

_GTINS = ("ProductStandardID", "GlobalTradeItemNumber", "InternationalArticleNumber")


def elements(reading: Reading, pointer: str) -> tuple[str, ...]:
    """Return the pointers of the elements at `pointer` that say something: an empty one is an empty text."""
    return tuple(at for at in reading.places(pointer) if isinstance(reading.find(at), dict))


def line_number(reading: Reading, line: str, *names: str) -> str:
    """Return the line's own number, else `#` and its place: no number has that form."""
    number = reading.text(*(f"{line}/{name}" for name in names))
    return shortened(number or f"#{int(line.rpartition('/')[2]) + 1}", LINE_MAX_CHARACTERS)


def item_at(reading: Reading, line: str) -> Item | None:
    """Return the item by the buyer's number, which is ours, else by the supplier's, else by its GTIN."""
    holders = (f"{line}/Product", f"{line}/Material")
    standard = reading.text(*(f"{holder}/{name}" for holder in holders for name in _GTINS))
    numbers = [f"{holder}/{name}" for name in ("BuyerProductID", "SupplierProductID") for holder in holders]
    number = reading.text(*numbers, *holders) or standard
    if number is None:
        return None
    return Item(
        id=shortened(number, KEY_MAX_CHARACTERS),
        gtin=gtin(standard or ""),
        description=reading.words(f"{line}/OrderItemText", f"{line}/DeliveryDocumentItemText"),
    )


def order_reference(reading: Reading, line: str, order: str, item: str) -> tuple[Reference, ...]:
    """Return the line of the purchase order that `line` is about, by the names of its two members."""
    number = reading.text(f"{line}/{order}")
    if number is None:
        return ()
    return (Reference(kind="purchase-order", id=number, line=reading.text(f"{line}/{item}")),)


def plant(reading: Reading, lines: Iterable[str]) -> Place | None:
    """Return the plant that all lines name, or None where they differ.

    SAP calls a store and a distribution centre alike a plant, so that the kind is an assumption.
    """
    plants = {found for line in lines if (found := reading.text(f"{line}/Plant")) is not None}
    if len(plants) != 1:
        return None
    reading.assume("place_kind", "dc")
    return Place(kind="dc", id=plants.pop())


def of_documents(lines: Iterable[FactLine]) -> tuple[Reference, ...]:
    """Return the documents that the lines refer to, without the lines there."""
    return distinct(Reference(kind=one.kind, id=one.id) for line in lines for one in line.references)


def line_key(line: FactLine) -> str:
    """Return what identifies a line within its document."""
    return key(line.line, line.item.id if line.item else None)
