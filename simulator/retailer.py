"""The retailer: its stores, warehouses, items and suppliers, and what each system believes of an item."""

from dataclasses import dataclass, field

from simulator.chance import Chance
from simulator.faults import Fault
from simulator.world import WorldSettings

PACKS = (6, 12, 24)
WAREHOUSES = 3
CASHIERS, TILLS = 6, 2


@dataclass(slots=True)
class Supplier:
    """`fill` is the share of what is ordered that it ships, `otif` that of orders on time and in full."""

    id: str
    fill: float
    otif: float
    lead_days: float


@dataclass(slots=True)
class Item:
    """One article. Money is in cents; `sibling` is the item that looks most like it."""

    id: str
    gtin: str
    supplier: Supplier
    price: int
    cost: int
    pack: int
    velocity: float
    is_often_stolen: bool
    sibling: "Item | None" = None


@dataclass(slots=True)
class Shelf:
    """One item in one store: what is there, and what the systems believe.

    `physical` is what is in the store, `hidden` the part of it that nobody finds, `book` what the ERP holds.
    `erp_price` is what should hold, `regular` the till's own regular price, `till` what it charges and
    `label` what the customer reads. `due` is the fault that a count will show, with the second from which on.
    """

    item: Item
    velocity: float
    physical: int
    book: int
    hidden: int = 0
    erp_price: int = 0
    regular: int = 0
    till: int = 0
    label: int = 0
    promotion: str = ""
    promotions: int = 0
    price_since: int = -10 * 86_400
    price_fault: Fault | None = None
    price_until: int = 0
    price_told: int = 0
    last_variance: int = 0
    received_at: int = -5 * 86_400
    faults: list[Fault] = field(default_factory=list)
    due_at: int = 0
    again_at: int = 0
    on_the_way: int = 0
    open_transfer: int = 0


@dataclass(slots=True)
class Till:
    """One till and the number of its next transaction."""

    id: str
    number: int


@dataclass(slots=True)
class Store:
    """One store, and from when to when its systems are silent."""

    id: str
    index: int
    size: float
    zone: int
    warehouse: str
    variance_rate: float
    tills: list[Till]
    shelves: list[Shelf]
    controller_silent: tuple[int, int] = (0, 0)
    clock_silent: tuple[int, int] = (0, 0)
    queue_held: tuple[int, int] = (0, 0)

    def shelf_of(self, item: Item) -> Shelf | None:
        """Return where the store has an item."""
        return next((shelf for shelf in self.shelves if shelf.item is item), None)


class Retailer:
    """All of them, drawn once."""

    def __init__(self, settings: WorldSettings) -> None:
        chance = Chance(f"{settings.seed}:retailer")
        self.suppliers = [_supplier(number, settings, chance) for number in range(settings.suppliers)]
        self.items = [_item(number, self.suppliers, chance) for number in range(settings.items)]
        for first, second in zip(self.items[::2], self.items[1::2], strict=False):
            first.sibling, second.sibling = second, first
            second.supplier, second.price, second.cost = first.supplier, first.price, first.cost
            second.pack = first.pack
        self.warehouses = [f"DC{number}" for number in range(1, WAREHOUSES + 1)]
        self.stores = [self._store(number, settings, chance) for number in range(settings.stores)]

    def _store(self, number: int, settings: WorldSettings, chance: Chance) -> Store:
        size = chance.choice((0.7, 0.7, 1.0, 1.0, 1.0, 1.6))
        identifier = f"{1001 + number}"
        first = chance.sample(range(settings.items // 2), settings.items_per_store // 2)
        items = [self.items[index * 2 + side] for index in sorted(first) for side in (0, 1)]
        return Store(
            id=identifier,
            index=number,
            size=size,
            zone=chance.randrange(4),
            warehouse=self.warehouses[number % WAREHOUSES],
            variance_rate=chance.within(0.01, 0.2, 0.06, 0.03),
            tills=[Till(id=str(till), number=chance.randrange(100, 4000)) for till in range(1, TILLS + 1)],
            shelves=[_shelf(item, size, settings, chance) for item in items],
        )


def _supplier(number: int, settings: WorldSettings, chance: Chance) -> Supplier:
    fill = chance.within(0.6, 1.0, settings.supplier_fill, 0.03)
    return Supplier(
        id=f"{100_100 + number * 7:010}",
        fill=fill,
        otif=chance.within(0.4, 1.0, fill - 0.06, 0.05),
        lead_days=chance.uniform(2, 6) * settings.lag,
    )


def _item(number: int, suppliers: list[Supplier], chance: Chance) -> Item:
    price = max(49, round(100 * min(400.0, chance.lognormvariate(2.3, 1.1))))
    price = price // 10 * 10 + 9
    code = f"40{chance.randrange(10**10):010}"
    return Item(
        id=f"{300_000 + number * 13}",
        gtin=code + _check_digit(code),
        supplier=chance.choice(suppliers),
        price=price,
        cost=max(10, round(price * chance.within(0.35, 0.9, 0.62, 0.1))),
        pack=chance.choice(PACKS),
        velocity=min(12.0, 0.15 + chance.gammavariate(0.7, 1.6)),
        is_often_stolen=chance.happens(0.18),
    )


def _check_digit(code: str) -> str:
    """Return the last digit of a GTIN-13 (GS1 General Specifications, 7.9)."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(code))
    return str(-total % 10)


def _shelf(item: Item, size: float, settings: WorldSettings, chance: Chance) -> Shelf:
    velocity = item.velocity * size * chance.uniform(0.6, 1.5) * settings.sales
    stock = max(4, chance.count(velocity * 6 + 6))
    return Shelf(
        item=item,
        velocity=velocity,
        physical=stock,
        book=stock,
        erp_price=item.price,
        regular=item.price,
        till=item.price,
        label=item.price,
        price_since=-round(chance.uniform(2, 60) * 86_400),
    )
