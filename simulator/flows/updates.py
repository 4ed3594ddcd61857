"""Price updates on their way to stores, tills and labels: those that arrive, and those that fail."""

from simulator.circumstances import silence
from simulator.faults import Fault
from simulator.flows.flow import Report, Reporter, World, chance_of, toward
from simulator.formats.dropfile import Files, answer_key
from simulator.formats.idoc import FAULTY, NOT_POSTED, STATUS_KEY, Idocs, Status
from simulator.messages import Truth
from simulator.retailer import Shelf, Store
from simulator.sources import PRICE_HUB
from simulator.times import DAY, HOUR, MINUTE
from simulator.words import price, state

_BY_FILE, _BY_ERP = 0.5, 0.2

# what a controller or the hub writes, in its own words; a code says nothing to who has not its manual
_TEXTS = {
    "store_offline": ("timeout", "no connection", "store offline", "E07"),
    "schema_reject": ("schema error", "syntax error in record", "segment missing", "E22"),
    "item_not_found": ("item not found", "unknown article", "article not ranged", "E31"),
    "esl_gateway": ("label gateway n/a", "ESL battery low", "no answer from label", "E40"),
    "effective_date": ("valid from in the past", "effective date differs", "too late", "E52"),
    "stale_version": ("older version", "version out of order", "superseded", "E53"),
}
_ACKS = {
    "store_offline": "ack_timeout", "schema_reject": "ack_schema", "item_not_found": "ack_notfound",
    "esl_gateway": "ack_device", "effective_date": "ack_none", "stale_version": "ack_none",
}  # fmt: skip
_ALL_ACKS = ("ack_none", "ack_timeout", "ack_schema", "ack_notfound", "ack_device")
# how many stores, and how many items in each of them
_REACH = {
    "store_offline": (1, 5.0), "schema_reject": (7, 0.6), "item_not_found": (2, 0.1), "esl_gateway": (1, 4.0),
    "effective_date": (3, 0.7), "stale_version": (2, 0.6),
}  # fmt: skip
_MATERIAL_UNKNOWN = Status(NOT_POSTED, "M3", "305")


class Updates:
    """A flow. Stores answer to a price batch by file; the hub tells of what was not answered in time."""

    def __init__(self, world: World, files: Files, idocs: Idocs) -> None:
        self._world = world
        self._chance = chance_of(world, "updates")
        self._files, self._idocs = files, idocs
        self._reporter = Reporter(world, "update")
        self._batches = 0

    def run(self, day: int) -> None:
        """Send a day's updates, and let some of them fail."""
        for root, (stores, items) in _REACH.items():
            for fault in self._world.faults.of_day(f"FPU.{root}"):
                self._fail(fault, root, day, 1 + self._chance.count(stores - 1), items)

    def _fail(self, fault: Fault, root: str, day: int, reach: int, items: float) -> None:
        chance, everyone = self._chance, self._world.retailer.stores
        begin = day * DAY + round(chance.uniform(4, 20) * HOUR)
        self._batches += 1
        batch = f"U{self._batches:05}"
        if root in {"schema_reject", "item_not_found"} and chance.happens(_BY_ERP):
            self._fail_in_erp(fault, root, begin)
        chosen = chance.sample(everyone, min(reach, len(everyone)))
        common = chance.choice(chosen[0].shelves).item
        for store in chosen:
            at = begin + round(chance.uniform(0.3, 2.0) * HOUR)
            hours = 2 + chance.wait(12) * self._world.settings.lag * fault.strength
            if root == "store_offline":
                store.controller_silent = (begin - round(hours * HOUR / 2), begin + round(hours * HOUR))
            shelves = chance.sample(store.shelves, min(1 + chance.count(items), len(store.shelves)))
            shelf = store.shelf_of(common)
            if shelf is not None and items < 1 and shelf not in shelves:
                shelves = [shelf, *shelves[1:]]
            if chance.happens(_BY_FILE):
                self._answer(fault, root, store, shelves, batch, at)
            else:
                for each in shelves:
                    self._report(
                        fault, root, store, each, batch, at + round(chance.uniform(0, 20) * MINUTE), reach
                    )

    def _answer(
        self, fault: Fault, root: str, store: Store, shelves: list[Shelf], batch: str, at: int
    ) -> None:
        """Write the answers of a store: those that failed, among others."""
        chance = self._chance
        fine = [shelf for shelf in chance.sample(store.shelves, 3) if shelf not in shelves]
        if root in {"store_offline", "schema_reject"}:
            fine = []  # nothing of the batch got through
        text = self._text(root, fault)
        lines: list[tuple[str, int, int, str, str]] = []
        truths: list[Truth] = []
        for shelf in (*shelves, *fine):
            new = max(9, round(shelf.erp_price * chance.uniform(0.8, 1.25)))
            failed = shelf in shelves
            words = text if failed else ""
            lines.append((shelf.item.id, new, shelf.erp_price, "ERR" if failed else "OK", words))
            if failed:
                truths.append(fault.truth(answer_key(shelf.item.id, len(lines))))
        self._world.outbox.send(at, self._files.answers(store.id, batch, at, lines, tuple(truths)))

    def _text(self, root: str, fault: Fault) -> str:
        """Return what the controller says: clear words, a code, nothing, or the wrong thing."""
        chance = self._chance
        if chance.happens(self._world.settings.misreported):
            root = chance.choice(tuple(_TEXTS))
        if not chance.happens(0.25 + 0.5 * fault.strength):
            return chance.choice(("", "rejected", "not applied", "error"))
        return chance.choice(_TEXTS[root])

    def _report(
        self, fault: Fault, root: str, store: Store, shelf: Shelf, batch: str, at: int, reach: int
    ) -> None:
        chance, strength = self._chance, fault.strength
        sent = at - round((15 + chance.wait(25)) * MINUTE)
        age = silence(store.controller_silent, at, chance)
        if fault.is_misleading and root != "store_offline":
            age += chance.wait(12)
        usual: dict[str, float] = {
            "heartbeat_age": age, "version_gap": float(chance.choice((0, 0, 0, 0, 1))),
            "eff_offset_h": chance.gauss(0, 0.8), "price_file_age": chance.wait(8),
            "stores_affected": float(1 + chance.count(0.6)),
        }  # fmt: skip
        values: dict[str, float | None] = dict(usual)
        values |= self._ack(root, fault)
        values["age_min"] = (at - sent) / MINUTE
        values["promo_active"] = float(bool(shelf.promotion))
        if root in {"schema_reject", "effective_date", "stale_version", "item_not_found"}:
            values["stores_affected"] = float(max(1, reach + chance.choice((-1, 0, 0, 1))))
        if root == "store_offline":
            values["price_file_age"] = age + chance.wait(4)
        if root == "effective_date":
            values["eff_offset_h"] = toward(0.5, chance.choice((-1, 1, 1)) * (1 + chance.wait(7)), strength)
        if root == "stale_version":
            values["version_gap"] = toward(0.5, 1.0 + chance.count(1.4), strength)
        new = max(9, round(shelf.erp_price * chance.uniform(0.8, 1.25)))
        is_by_price = chance.happens(0.5)
        self._reporter.send(
            Report(
                sender=PRICE_HUB, fault=fault, store=store, at=at, occurred_at=sent, item=shelf.item,
                key=f"{batch}:{store.id}:{shelf.item.id}",
                references=(("promotion", batch),),
                expected=price(new) if is_by_price else state("applied"),
                actual=price(shelf.erp_price) if is_by_price else state("not acknowledged"),
                values=values, before=usual, reason=self._text(root, fault) if chance.happens(0.5) else "",
            )
        )  # fmt: skip

    def _ack(self, root: str, fault: Fault) -> dict[str, float]:
        """Return the class of the answer, one of five: the cause's own, none, or another's."""
        chance, ack = self._chance, _ACKS[root]
        if chance.happens(self._world.settings.misreported + 0.04):
            ack = chance.choice(_ALL_ACKS)
        elif not chance.happens(0.45 + 0.45 * fault.strength):
            ack = chance.choice(("ack_none", "ack_timeout"))
        return {name: float(name == ack) for name in _ALL_ACKS}

    def _fail_in_erp(self, fault: Fault, root: str, at: int) -> None:
        """Let an item's master data fail before it ever reaches a store."""
        chance, item = self._chance, self._chance.choice(self._world.retailer.items)
        is_told = chance.happens(0.3 + 0.5 * fault.strength)
        if root == "schema_reject":
            status = Status(FAULTY if is_told else NOT_POSTED)
        else:
            status = _MATERIAL_UNKNOWN if is_told else Status(NOT_POSTED)
        post = self._idocs.material(at, item.id, item.gtin, status, (fault.truth(STATUS_KEY),))
        self._world.outbox.send(at, post)
