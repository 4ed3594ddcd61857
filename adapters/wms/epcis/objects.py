"""What an event is about: trade items by class, and whatever else has an identifier of its own."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from adapters.keys import key, shortened
from adapters.reading import PIECES, Reading
from adapters.values import quantity
from adapters.wms.epcis.identifiers import is_goods, item_of, lot
from contracts.canonical import FactLine, Item
from contracts.limits import LINE_MAX_CHARACTERS, LINES_LIMIT


class Objects(Struct, frozen=True, kw_only=True):
    """Objects of one class and unit; `number` is None where the event doesn't say how many.

    `id` is the class, with the lot where the event gives one; `pointers` are where they were first read.
    `instances` are the EPCs of those that have one each.
    """

    id: str
    item: Item
    number: Decimal | None
    unit: str
    pointers: tuple[str, ...]
    instances: frozenset[str] = frozenset()

    def line(self, sign: int = 1, reason: str | None = None, side: str | None = None) -> FactLine:
        """Return these objects as a line of a fact; `side` tells lines of one class apart."""
        return FactLine(
            line=shortened(key(side, self.id), LINE_MAX_CHARACTERS),
            item=self.item,
            quantity=None if self.number is None else quantity(sign * self.number, self.unit),
            reason=reason,
        )


def objects(reading: Reading, epc_list: str, quantity_list: str) -> tuple[Objects, ...]:
    """Return the objects in a list of EPCs and a list of quantities, one for each class and unit.

    EPCs of a trade item are counted. A quantity without a unit counts objects (EPCIS 2.0, section 7.3.3.3).
    """
    summed: dict[tuple[str, str], Objects] = {}
    for each in (*_instances(reading, epc_list), *_quantities(reading, quantity_list)):
        before = summed.get((each.id, each.unit))
        summed[each.id, each.unit] = _sum(before, each) if before else each
        if len(summed) == LINES_LIMIT:
            break
    return tuple(summed.values())


def _instances(reading: Reading, epc_list: str) -> Iterator[Objects]:
    first: dict[str, tuple[Item, str]] = {}
    epcs: dict[str, set[str]] = {}
    for at in reading.places(epc_list):
        epc = reading.text(at)
        if epc and is_goods(epc):
            item = item_of(epc)
            first.setdefault(item.id, (item, at))
            epcs.setdefault(item.id, set()).add(epc)
    for item, at in first.values():
        instances = frozenset(epcs[item.id])
        number = Decimal(len(instances))
        yield Objects(
            id=item.id, item=item, number=number, unit=PIECES, pointers=(at,), instances=instances
        )  # fmt: skip


def _quantities(reading: Reading, quantity_list: str) -> Iterator[Objects]:
    for at in reading.places(quantity_list):
        epc_class = reading.name(f"{at}/epcClass")
        item = item_of(epc_class)
        yield Objects(
            id=key(item.id, lot(epc_class) if item.gtin else None),
            item=item,
            number=reading.number(f"{at}/quantity"),
            unit=reading.text(f"{at}/uom") or PIECES,
            pointers=(f"{at}/epcClass", f"{at}/quantity"),
        )


def _sum(one: Objects, other: Objects) -> Objects:
    if one.number is None or other.number is None:
        return replace(one, number=None, instances=frozenset())
    return replace(one, number=one.number + other.number, instances=frozenset())


def only_item(found: Iterable[Objects]) -> Item | None:
    """Return the item that all of them are, if there is one."""
    items = {each.item.id: each.item for each in found}
    return next(iter(items.values())) if len(items) == 1 else None
