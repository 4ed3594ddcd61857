"""Lines that say how much was expected and how much there is."""

from collections.abc import Iterable, Iterator

from msgspec import Struct

from adapters.keys import distinct, shortened
from adapters.reading import Reading
from adapters.wms.gs1.elements import item, line_reference, quantity, references, repeated
from contracts.canonical import Evidence, FactLine, Item, Quantity, Reference
from contracts.limits import LINE_MAX_CHARACTERS

# codes of conditions and exceptions that say that there is nothing to say
_ALL_IS_WELL = frozenset({"ACCEPTED_IN_FULL", "GOOD_CONDITION", "NO_EXCEPTIONS"})


class Line(Struct, frozen=True, kw_only=True):
    """One line. `group` is what it counts towards: a line of an order can be spread over several of ours.

    `actual` is what is held against `expected`, `moved` what the fact counts: what was received may
    not all have been accepted.
    """

    id: str
    group: tuple[str, ...]
    item: Item | None
    expected: Quantity | None
    actual: Quantity | None
    moved: Quantity | None
    references: tuple[Reference, ...]
    reason: str | None
    evidence: tuple[Evidence, ...]


def read_line(
    reading: Reading,
    at: str,
    *,
    within: str = "",
    expected: tuple[str, ...],
    actual: tuple[str, ...],
    moved: tuple[str, ...] = (),
    reason: tuple[str, ...] = (),
) -> Line:
    """Read the line at `at`; the others are paths of its elements, the best first; no `moved` is `actual`.

    `within` tells apart lines whose numbers begin anew, such as those of another logistic unit.
    """
    trade_item = item(reading, f"{at}/transactionalTradeItem")
    number = reading.name(f"{at}/lineItemNumber")
    found = references(reading, at)
    answered = line_reference(found)
    origin = (answered.id, answered.line or "") if answered else (within, number)
    expected_at, actual_at, moved_at = (
        _first_number(reading, at, names) for names in (expected, actual, moved or actual)
    )
    reasons = [each for path in reason for each in _each(reading, at, path.split("/"))]
    return Line(
        id=shortened(number, LINE_MAX_CHARACTERS),
        group=(*origin, trade_item.id if trade_item else ""),
        item=trade_item,
        expected=quantity(reading, expected_at) if expected_at else None,
        actual=quantity(reading, actual_at) if actual_at else None,
        moved=quantity(reading, moved_at) if moved_at else None,
        references=found,
        reason=_reason(reading, reasons),
        evidence=reading.evidence(*(each for each in (expected_at, actual_at, *reasons) if each)),
    )


def fact_line(line: Line) -> FactLine:
    """Return the line of a fact."""
    return FactLine(
        line=line.id,
        item=line.item,
        quantity=line.moved,
        expected_quantity=line.expected,
        reason=line.reason,
        references=line.references,
    )


def references_of_all(own: Iterable[Reference], lines: Iterable[Line]) -> tuple[Reference, ...]:
    """Return a document's references and those of its lines."""
    return distinct((*own, *(each for line in lines for each in line.references)))


def _each(reading: Reading, at: str, names: list[str]) -> Iterator[str]:
    """Yield the pointers that a path of names leads to, through repeated elements."""
    name, *rest = names
    for each in repeated(reading, f"{at}/{name}"):
        yield from _each(reading, each, rest) if rest else (each,)


def _reason(reading: Reading, pointers: list[str]) -> str | None:
    said = [text for each in pointers if (text := reading.words(each))]
    return next((text for text in said if text not in _ALL_IS_WELL), said[0] if said else None)


def _first_number(reading: Reading, at: str, names: tuple[str, ...]) -> str | None:
    """Return the pointer of the first of `names` that holds a number."""
    pointers = (f"{at}/{name}" for name in names)
    return next((each for each in pointers if reading.number(each) is not None), None)
