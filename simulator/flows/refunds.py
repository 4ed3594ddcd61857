"""Goods that customers bring back, and refunds that look odd: some of them are."""

import math

from msgspec import Struct, structs

from simulator.faults import Fault
from simulator.flows.flow import Report, Reporter, World, chance_of, toward
from simulator.flows.sales import Rings
from simulator.formats.poslog import ReturnedLine, Tills, line_key
from simulator.outbox import Post
from simulator.retailer import CASHIERS, Item, Store
from simulator.sources import RETURNS_WATCH
from simulator.times import DAY, HOUR, MINUTE
from simulator.words import cents, money, state

_LIMIT = 5_000  # cents, from which on a refund without its sale is told
# the shares that the watch tells of, and not the till: what a till can't know, it can't show
_BY_WATCH = {"omni_unlinked": 0.75, "wrong_price_refund": 0.65, "employee_fraud": 0.5, "goodwill_legit": 0.45}
_DAYS_OF_CASHIER = 7

# the shares of refunds with a receipt, a manager's word, a till that was offline, and an online order
_HABITS = {
    "customer_abuse": (0.3, 0.12, 0.05, 0.08), "employee_fraud": (0.4, 0.25, 0.05, 0.05),
    "pos_double_post": (0.8, 0.1, 0.55, 0.05), "wrong_price_refund": (0.9, 0.15, 0.04, 0.08),
    "goodwill_legit": (0.8, 0.62, 0.05, 0.08), "omni_unlinked": (0.45, 0.15, 0.04, 0.9),
}  # fmt: skip
_REASONS = {
    "customer_abuse": ("changed mind", "does not fit"), "employee_fraud": ("changed mind", ""),
    "pos_double_post": ("defective", "changed mind"), "wrong_price_refund": ("defective", "does not fit"),
    "goodwill_legit": ("goodwill", "manager approved"), "omni_unlinked": ("online order", "web order"),
}  # fmt: skip
_MISLEADING = (
    ("cashier_z", 2.5), ("cust_ret90", 8.0), ("mgr_override", 1.0), ("online_link", 1.0), ("dup_min", 9.0)
)  # fmt: skip


class _Refund(Struct, frozen=True, kw_only=True):
    """One refund that looks odd. Money is in cents for one, given back and paid before.

    `minutes` is how long ago the same was given back already.
    """

    fault: Fault
    root: str
    store: Store
    cashier: int
    customer: str
    item: Item
    quantity: int
    given: int
    paid: int
    at: int
    minutes: float | None


class Refunds:
    """A flow. Tills show a refund without its sale; a watch on refunds reports others with what it knows."""

    def __init__(self, world: World, tills: Tills, rings: Rings) -> None:
        self._world = world
        self._chance = chance_of(world, "refunds")
        self._tills, self._rings = tills, rings
        self._reporter = Reporter(world, "refund")
        self._dear = [item for item in world.retailer.items if item.price >= 1_700]
        self._planned: dict[int, list[tuple[Fault, Store, int, str]]] = {}
        self._by_cashier: dict[tuple[int, int], list[int]] = {}  # days of refunds without a sale
        self._by_customer: dict[str, int] = {}
        self._customers = 0

    def run(self, day: int) -> None:
        """Let a day's goods come back."""
        chance = self._chance
        for root in _HABITS:
            for fault in self._world.faults.of_day(f"RFD.{root}"):
                store = chance.choice(self._world.retailer.stores)
                self._plan(fault, root, store, day)
        for fault, store, cashier, customer in self._planned.pop(day, []):
            self._refund(fault, store, cashier, customer, day)
        for _ in range(chance.count(0.25 * len(self._world.retailer.stores))):
            self._take_back(chance.choice(self._world.retailer.stores), day)

    def _plan(self, fault: Fault, root: str, store: Store, day: int) -> None:
        """Say on which days, by whom and for whom it happens: some do it again and again."""
        chance = self._chance
        again = {"customer_abuse": 1.0, "employee_fraud": 3.0}.get(root, 0.0)
        cashier, customer = chance.randrange(CASHIERS), self._customer(root, fault)
        for _ in range(1 + chance.count(again)):
            then = day if not again else day + chance.randrange(6)
            self._planned.setdefault(then, []).append((fault, store, cashier, customer))

    def _customer(self, root: str, fault: Fault) -> str:
        chance = self._chance
        self._customers += 1
        name = f"K{self._customers:06}"
        before = chance.count(1.2) + (
            round(chance.wait(7) * fault.strength) + 2 if root == "customer_abuse" else 0
        )
        self._by_customer[name] = before
        return name

    def _refund(self, fault: Fault, store: Store, cashier: int, customer: str, day: int) -> None:
        chance, root = self._chance, fault.root_cause.removeprefix("RFD.")
        at = day * DAY + round(chance.uniform(9, 20) * HOUR)
        self._by_cashier.setdefault((store.index, cashier), []).append(day)
        self._by_customer[customer] = self._by_customer.get(customer, 0) + 1
        item = chance.choice(self._dear)
        quantity = max(math.ceil(_LIMIT / item.price), chance.choice((1, 1, 2)))
        given = paid = item.price
        if root == "wrong_price_refund":
            discount = chance.choice((0.1, 0.15, 0.2, 0.25, 0.3)) * (0.4 + 0.6 * fault.strength)
            paid = round(paid * (1 - discount))
            given = round(given * chance.uniform(1.04, 1.3)) if chance.happens(0.3) else given
        refund = _Refund(
            fault=fault, root=root, store=store, cashier=cashier, customer=customer, item=item,
            quantity=quantity, given=given, paid=paid, at=at,
            minutes=1 + chance.wait(6) if root == "pos_double_post" else None,
        )  # fmt: skip
        if refund.minutes is not None:
            self._ring(structs.replace(refund, at=at - round(refund.minutes * MINUTE)), is_first=True)
        if chance.happens(_BY_WATCH.get(root, 0.4)):
            self._report(refund)
        else:
            self._ring(refund, is_first=False)

    def _ring(self, refund: _Refund, *, is_first: bool) -> None:
        """Ring up a refund. The first of two names its sale; any other with a fault names none."""
        chance, fault, root = self._chance, refund.fault, refund.root
        store, at, item, cashier = refund.store, refund.at, refund.item, refund.cashier
        if chance.happens(self._world.settings.misreported):
            root = chance.choice(tuple(_REASONS))
        reason = chance.choice(_REASONS[root]) if chance.happens(0.3 + 0.4 * fault.strength) else ""
        line = ReturnedLine(
            item.id, refund.quantity, item.price, refund.given, self._sale(at) if is_first else None, reason
        )
        truths = () if is_first else (fault.truth(line_key(1, item.id)),)
        customer = refund.customer if chance.happens(0.5) else ""

        def transaction(till: str, number: int) -> Post:
            return self._tills.refund(store.id, till, number, at, cashier, [line], customer, truths)

        self._rings.add(store, at, transaction)

    def _sale(self, at: int) -> tuple[str, str, int]:
        """Return till, day and number of a sale some days ago."""
        sold_at = at - round(self._chance.uniform(0.5, 20) * DAY)
        return "1", self._world.calendar.day(sold_at), self._chance.randrange(100, 9000)

    def _take_back(self, store: Store, day: int) -> None:
        """Let something come back with its receipt, or for less than anybody looks at."""
        chance = self._chance
        shelf = chance.choice(store.shelves)
        at = day * DAY + round(chance.uniform(9, 20) * HOUR)
        cashier, quantity = chance.randrange(CASHIERS), 1
        has_sale = shelf.till >= _LIMIT or chance.happens(0.85)
        sale = self._sale(at) if has_sale else None
        line = ReturnedLine(
            shelf.item.id,
            quantity,
            shelf.till,
            shelf.till,
            sale,
            chance.choice(("", "defective", "changed mind")),
        )
        shelf.physical += quantity
        shelf.book += quantity

        def transaction(till: str, number: int) -> Post:
            return self._tills.refund(store.id, till, number, at, cashier, [line])

        self._rings.add(store, at, transaction)

    def _report(self, refund: _Refund) -> None:
        chance, fault, store, at = self._chance, refund.fault, refund.store, refund.at
        values, before = self._known(refund)
        if fault.is_misleading:
            values |= [chance.choice(_MISLEADING)]
        till, day = 1 + chance.randrange(2), self._world.calendar.day(at)
        number = f"{store.id}/{till}/{day}/{chance.randrange(100, 9000)}"
        is_by_amount = refund.given != refund.paid or chance.happens(0.5)
        amount = refund.given * refund.quantity
        self._reporter.send(
            Report(
                sender=RETURNS_WATCH, fault=fault, store=store, at=at + round(chance.wait(0.5) * HOUR),
                occurred_at=at, key=number, item=refund.item, references=(("transaction", number),),
                expected=money(refund.paid * refund.quantity) if is_by_amount else state("usual refund"),
                actual=money(amount) if is_by_amount else state(f"refund of {cents(amount)}"),
                values=values, before=before, at_risk=amount,
            )
        )  # fmt: skip

    def _known(self, refund: _Refund) -> tuple[dict[str, float | None], dict[str, float]]:
        """Return what the watch knows of a refund now, and what it knew before."""
        chance, strength, root = self._chance, refund.fault.strength, refund.root
        has_receipt, has_manager, is_offline, is_online = _HABITS[root]
        days = self._by_cashier[refund.store.index, refund.cashier]
        recent = sum(day > refund.at // DAY - _DAYS_OF_CASHIER for day in days)
        amount = refund.given * refund.quantity / 100
        usual: dict[str, float] = {
            "refund_z": (math.log(amount) - 4.3) / 0.5 + chance.gauss(0, 0.4),
            "cashier_z": (recent - 1.2) / 0.9 + chance.gauss(0, 0.5),
            "cust_ret90": float(self._by_customer[refund.customer]), "refund_vs_paid": 0.0,
            "receipt_present": 1.0, "mgr_override": float(chance.happens(0.12)), "pos_offline": 0.0,
            "online_link": 0.0,
        }  # fmt: skip
        values: dict[str, float | None] = {
            **usual,
            "receipt_present": float(chance.happens(toward(0.7, has_receipt, strength))),
            "mgr_override": float(chance.happens(toward(0.15, has_manager, strength))),
            "pos_offline": float(chance.happens(toward(0.08, is_offline, strength))),
            "online_link": float(chance.happens(toward(0.15, is_online, strength))),
            "refund_vs_paid": refund.given / refund.paid - 1,
            "refund_amount": amount,
            "promo_active": float(chance.happens(0.6 if root == "wrong_price_refund" else 0.2)),
        }
        if refund.minutes is not None:
            values["dup_min"] = refund.minutes if chance.happens(0.3 + 0.6 * strength) else None
        elif chance.happens(0.06):
            values["dup_min"] = chance.uniform(20, 600)
        return values, usual
