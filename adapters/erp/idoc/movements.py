"""Goods that arrived, came back or moved, and what a count found to differ: both basic types read alike."""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from adapters.erp.idoc.control import Idoc, order_key, read_idoc
from adapters.erp.idoc.lines import line_key
from adapters.erp.idoc.partners import plant
from adapters.erp.idoc.segments import Segment
from adapters.erp.idoc.status import with_failure
from adapters.erp.idoc.unmapped import unmapped
from adapters.keys import distinct, each_once
from adapters.movement_types import AS_BOOKED, MovementType, movement_type, posted_difference
from adapters.reading import Reading
from adapters.values import gtin, quantity
from contracts.canonical import (
    Category,
    Fact,
    FactKind,
    FactLine,
    Item,
    Normalised,
    Partner,
    Quantity,
    Reference,
    RetailException,
)
from contracts.errors import Unmapped

DEBIT, CREDIT = "S", "H"


class Names(Struct, frozen=True, kw_only=True):
    """Where a basic type of goods movements has its segments, and what it calls its fields."""

    top: str
    head: str | None
    items: str
    day: str
    number: str
    material: tuple[str, ...]
    plant: str
    movement: str
    quantity: str
    unit: tuple[str, ...]
    order: tuple[str, str]
    delivery: tuple[str, str]
    supplier: str

    @property
    def mapped(self) -> frozenset[str]:
        """Return the names of members that are mapped."""
        own = {
            self.day, *self.material, self.plant, self.movement, self.quantity, *self.unit, *self.order,
            *self.delivery, self.supplier,
        }  # fmt: skip
        return _MAPPED | own


_MAPPED = frozenset({
    "CREDAT", "CRETIM", "DIRECT", "MESTYP", "IDOCTYP", "STATUS", "SNDPRN", "SNDPRT", "E1MBXYJ", "LINE_ID",
    "EAN_UPC", "SHKZG",
})  # fmt: skip


def movement_key(body: Segment, names: Names) -> str:
    """Return the purchase order of the first line with one, else the partner."""
    orders = (item.text(names.order[0]) for item in _items(body, names))
    return order_key(next((order for order in orders if order), ""), body)


def movement_meaning(reading: Reading, names: Names) -> Normalised:
    """Return a fact for each kind of movement, and an exception for each difference that a count found.

    A test run moves nothing. Raises: Unmapped for a document by which nothing can be known again.
    """
    idoc = read_idoc(reading)
    if any(top.text("TESTRUN") for top in idoc.body.children(names.top)):
        return Normalised()
    items = _items(idoc.body, names)
    groups: dict[FactKind, list[Segment]] = {}
    for item in items:
        groups.setdefault(_movement(item, names).fact, []).append(item)
    facts = tuple(_fact(idoc, names, kind, members) for kind, members in groups.items())
    counted = (item for item in items if _movement(item, names).is_difference)
    found = (exception for item in counted for exception in _difference(idoc, names, item))
    meaning = Normalised(facts=facts, exceptions=each_once(found))
    return with_failure(idoc, Category.INVENTORY_VARIANCE, meaning)


def _items(body: Segment, names: Names) -> list[Segment]:
    return [item for top in body.children(names.top) for item in top.children(names.items)]


def _movement(item: Segment, names: Names) -> MovementType:
    """Return what the line's movement type means; where it says nothing of the direction, SHKZG may."""
    found = movement_type(item.text(names.movement))
    if found.sign:
        return found
    return replace(found, sign={DEBIT: 1, CREDIT: -1}.get(item.text("SHKZG"), 0))


def _fact(idoc: Idoc, names: Names, kind: FactKind, items: list[Segment]) -> Fact:
    top = idoc.body.child(names.top)
    head = top.child(names.head) if names.head else top
    lines = tuple(_line(idoc, names, item) for item in items)
    suppliers = {item.text(names.supplier) for item in items}
    supplier = suppliers.pop() if len(suppliers) == 1 else ""
    documents = (Reference(kind=one.kind, id=one.id) for line in lines for one in line.references)
    day = head.day(names.day)
    return Fact(
        kind=kind,
        key=_key(idoc, names, head, items),
        occurred_at=idoc.occurred_at,
        place=plant(idoc, items, names.plant),
        partner=Partner(role="supplier", id=supplier) if supplier else None,
        references=distinct((*documents, *_own(idoc))),
        lines=lines,
        status=idoc.control.text("STATUS") or None,
        business_day=day.isoformat() if day else None,
        assumed=idoc.assumptions(),
        extensions=unmapped(idoc, names.mapped),
    )


def _key(idoc: Idoc, names: Names, head: Segment, items: list[Segment]) -> str:
    """Return the material document, else the IDoc, else what the sender calls the movement, with its day."""
    posted = items[0].child("E1MBXYJ")
    if posted.text("MBLNR"):
        return f"{posted.text('MBLNR')}:{posted.text('MJAHR')}"
    if _own(idoc):
        return idoc.key
    if head.text(names.number):
        return f"{head.text(names.number)}:{head.text(names.day)}"
    raise Unmapped(f"{head.at(names.number)}: without an IDoc number, the number of the movement is expected")


def _own(idoc: Idoc) -> tuple[Reference, ...]:
    return (idoc.reference,) if idoc.reference.id.strip("0") else ()


def _line(idoc: Idoc, names: Names, item: Segment) -> FactLine:
    material = next((found for name in names.material if (found := item.text(name))), "")
    posted = item.child("E1MBXYJ")
    place = f"#{int(item.pointer.rpartition('/')[2]) + 1}"
    return FactLine(
        line=item.text("LINE_ID").lstrip("0") or posted.text("MBLPO") or place,
        item=Item(id=material, gtin=gtin(item.text("EAN_UPC"))) if material else None,
        quantity=_change(idoc, names, item),
        reason=item.text(names.movement) or None,
        references=_references(item, names),
    )


def _references(item: Segment, names: Names) -> tuple[Reference, ...]:
    """Return the line of the order, and that of the delivery, which the line is about."""
    (order, order_line), (delivery, delivery_line) = names.order, names.delivery
    found = []
    if item.text(order):
        found.append(
            Reference(kind="purchase-order", id=item.text(order), line=item.text(order_line) or None)
        )
    if item.text(delivery):
        found.append(
            Reference(kind="delivery", id=item.text(delivery), line=item.text(delivery_line) or None)
        )
    return tuple(found)


def _change(idoc: Idoc, names: Names, item: Segment) -> Quantity | None:
    number = item.number(names.quantity)
    if number is None:
        return None
    unit = next((found for name in names.unit if (found := item.text(name))), "")
    return _movement(item, names).signed(quantity(number, idoc.unit(unit)))


def _difference(idoc: Idoc, names: Names, item: Segment) -> Iterator[RetailException]:
    line = _line(idoc, names, item)
    posted = posted_difference(line.quantity)
    if posted is None:
        return
    yield RetailException(
        category=Category.INVENTORY_VARIANCE,
        key=line_key(line.line, line.item),
        expected=AS_BOOKED,
        actual=posted,
        occurred_at=idoc.occurred_at,
        detected_at=idoc.received_at,
        place=plant(idoc, (item,), names.plant),
        item=line.item,
        references=_own(idoc),
        evidence=item.evidence(names.movement, names.quantity, *names.unit),
        assumed=idoc.assumptions(),
        missing=("on_hand", "unit_cost"),
    )
