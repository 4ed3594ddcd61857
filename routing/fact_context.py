"""What `detect` remembers of one partition: recent invoices and orders by purchase order, and series."""

from collections import OrderedDict
from collections.abc import Sequence

from msgspec.structs import replace

from contracts.canonical import Fact, FactKind
from routing.series_memory import SeriesMemory

FACTS_LIMIT = 20_000
FACTS_PER_ORDER_LIMIT = 50


class FactContext:
    """The recent facts of one partition, by purchase order; the oldest are forgotten first.

    It lives in memory: who makes a new one fills it by running `detect` over the recent items again.
    `is_whole` says that nothing came before them. `series` is the memory of numbered documents.
    """

    def __init__(self, limit: int = FACTS_LIMIT, *, is_whole: bool = True) -> None:
        self.series = SeriesMemory(is_whole=is_whole)
        self._limit = limit
        self._by_order: OrderedDict[str, OrderedDict[tuple[FactKind, str], Fact]] = OrderedDict()
        self._count = 0
        self._claims: OrderedDict[tuple[str, ...], str] = OrderedDict()

    def __len__(self) -> int:
        return self._count

    def remember(self, facts: Sequence[Fact]) -> None:
        """Keep those facts that others are joined with; one of the same kind and key replaces the older."""
        for fact in facts:
            if is_joined(fact):
                kept = replace(fact, extensions={})
                for order in order_numbers(fact):
                    self._keep(order, kept)
        while self._count > self._limit:
            _, forgotten = self._by_order.popitem(last=False)
            self._count -= len(forgotten)

    def recall(self, kind: FactKind, order: str) -> tuple[Fact, ...]:
        """Return the facts of this kind that name the purchase order, oldest first."""
        return tuple(fact for fact in self._by_order.get(order, {}).values() if fact.kind is kind)

    def claim(self, subject: tuple[str, ...], event_id: str) -> bool:
        """Say whether this event is the first to speak of `subject`; it stays so when it is run again.

        A batch that could not be published is run anew, and must then find the same.
        """
        teller = self._claims.setdefault(subject, event_id)
        while len(self._claims) > self._limit:
            self._claims.popitem(last=False)
        return teller == event_id

    def release(self, subject: tuple[str, ...]) -> None:
        """Forget who spoke of `subject`: the next to do so is the first again."""
        self._claims.pop(subject, None)

    def _keep(self, order: str, fact: Fact) -> None:
        facts = self._by_order.setdefault(order, OrderedDict())
        self._by_order.move_to_end(order)
        before = len(facts)
        facts[(fact.kind, fact.key)] = fact
        facts.move_to_end((fact.kind, fact.key))
        if len(facts) > FACTS_PER_ORDER_LIMIT:
            facts.popitem(last=False)
        self._count += len(facts) - before


def is_joined(fact: Fact) -> bool:
    """Say whether others are joined with this fact: an invoice, or an order as the buyer placed it.

    A confirmation, which says what was ordered beside what it promises, must not take the order's place, nor
    must what only names a document and says nothing of its lines.
    """
    if not fact.lines:
        return False
    if fact.kind is FactKind.PURCHASE_ORDER:
        return all(line.expected_quantity is None for line in fact.lines)
    return fact.kind is FactKind.INVOICE


def order_numbers(fact: Fact) -> tuple[str, ...]:
    """Return the purchase orders that a fact names, each once and in the form that joins."""
    references = [*fact.references, *(one for line in fact.lines for one in line.references)]
    numbers = [one.id for one in references if one.kind == "purchase-order"]
    if not numbers and fact.kind is FactKind.PURCHASE_ORDER:
        numbers = [fact.key]
    return tuple(dict.fromkeys(joinable(number) for number in numbers))


def joinable(number: str) -> str:
    """Return a number as it is compared: systems differ in leading zeros and blanks."""
    return number.strip().lstrip("0") or "0"
