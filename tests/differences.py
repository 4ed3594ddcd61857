"""Where what an adapter makes of a payload differs from what an expert says it means, in sentences."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from fnmatch import fnmatchcase

from expectations import ANY_ITEM, ExpectedException, ExpectedFact, ExpectedLine, OneOf

from contracts.canonical import Fact, FactLine, Item, Measure, Money, Quantity, Reference, RetailException

Findings = Iterator[str]


def differences_of_facts(expected: list[ExpectedFact], found: tuple[Fact, ...]) -> Findings:
    """Say where the facts of an item differ from what is expected, in sentences."""
    if len(expected) != len(found):
        kinds = ", ".join(fact.kind for fact in found) or "none"
        yield f"expected {len(expected)} facts, found {len(found)} ({kinds})"
        return
    for wanted, fact in zip(expected, found, strict=True):
        for finding in _fact(wanted, fact):
            yield f"fact {fact.kind}: {finding}"


def differences_of_exceptions(
    expected: list[ExpectedException], found: tuple[RetailException, ...]
) -> Findings:
    """Say where the exceptions of an item differ from what is expected, in sentences."""
    if len(expected) != len(found):
        told = ", ".join(f"{each.category} {each.key}" for each in found) or "none"
        yield f"expected {len(expected)} exceptions, found {len(found)} ({told})"
        return
    for wanted, exception in zip(expected, found, strict=True):
        for finding in _exception(wanted, exception):
            yield f"exception {exception.category} {exception.key}: {finding}"


def is_id(expected: OneOf, found: str | None) -> bool:
    """Say whether a source event id is the expected one."""
    return any(fnmatchcase(found or "", each) for each in _each(expected))


def _fact(expected: ExpectedFact, fact: Fact) -> Findings:
    place = fact.place.id if fact.place else None
    partner = fact.partner.id if fact.partner else None
    yield from _differs("kind", expected.kind, fact.kind, _is_same)
    yield from _differs("place", expected.place, place, _is_code)
    yield from _differs("partner", expected.partner, partner, _is_code)
    yield from _differs("time", expected.at, fact.occurred_at, _is_time)
    yield from _differs("business day", expected.business_day, fact.business_day, _is_same)
    yield from _differs("status", expected.status, fact.status, _is_same)
    yield from _differs("total", expected.total, _written(fact.total), _is_value)
    yield from _differs("tax", expected.tax, _written(fact.tax), _is_value)
    yield from _references(expected.references, fact.references)
    if expected.lines is not None and expected.lines != len(fact.lines):
        yield f"expected {expected.lines} lines, found {len(fact.lines)}"
    amounts = [line.amount for line in fact.lines]
    discounts = [line.discount for line in fact.lines]
    yield from _differs("sum of the lines' amounts", expected.amounts, _sum(amounts), _is_value)
    yield from _differs("sum of the lines' discounts", expected.discounts, _sum(discounts), _is_value)
    yield from _quantities(expected.quantities, fact.lines)
    yield from _lines(expected.line, fact.lines)


def _lines(expected: list[ExpectedLine], found: tuple[FactLine, ...]) -> Findings:
    waiting = list(found)
    for wanted in expected:
        line = next((each for each in waiting if _is_code(wanted.no, each.line)), None)
        if line is None:
            yield f"there is no line {wanted.no} (of {', '.join(each.line for each in found[:20])})"
            continue
        waiting.remove(line)
        for finding in _line(wanted, line):
            yield f"line {wanted.no}: {finding}"


def _line(expected: ExpectedLine, line: FactLine) -> Findings:
    yield from _item(expected.item, line.item)
    yield from _differs("quantity", expected.quantity, _written(line.quantity), _is_value)
    yield from _differs("expected quantity", expected.expected, _written(line.expected_quantity), _is_value)
    yield from _differs("unit price", expected.unit_price, _written(line.unit_price), _is_value)
    yield from _differs("amount", expected.amount, _written(line.amount), _is_value)
    yield from _differs("discount", expected.discount, _written(line.discount), _is_value)
    yield from _differs("reason", expected.reason, line.reason, _is_same)
    yield from _references(expected.references, line.references)


def _exception(expected: ExpectedException, exception: RetailException) -> Findings:
    yield from _differs("category", expected.category, exception.category, _is_same)
    yield from _item(expected.item, exception.item)
    lines = [each.line for each in exception.references if each.line]
    if expected.line and not any(_is_code(expected.line, each) for each in lines):
        yield f"expected line {expected.line}, found {', '.join(lines) or 'none'}"
    yield from _differs("expected side", expected.expected, _written(exception.expected), _is_value)
    yield from _differs("actual side", expected.actual, _written(exception.actual), _is_value)


def _item(expected: OneOf | None, item: Item | None) -> Findings:
    codes = [code for code in (item.id, item.gtin) if code] if item else []
    if expected is not None and not any(_is_code(each, code) for each in _each(expected) for code in codes):
        yield f"expected item {_told(expected)}, found {', '.join(codes) or 'none'}"


def _quantities(expected: dict[str, OneOf], lines: tuple[FactLine, ...]) -> Findings:
    """Compare what the lines of each item come to, however they are cut."""
    for code, quantity in expected.items():
        own = [line.quantity for line in lines if code == ANY_ITEM or not list(_item(code, line.item))]
        yield from _differs(f"quantity of {code} over all lines", quantity, _sum(own), _is_value)


def _references(expected: list[str], found: tuple[Reference, ...]) -> Findings:
    for wanted in expected:
        if not any(_is_reference(wanted, each) for each in found):
            told = "; ".join(" ".join(filter(None, (each.kind, each.id, each.line))) for each in found)
            yield f"expected a reference to {wanted}, found {told or 'none'}"


def _is_reference(expected: str, found: Reference) -> bool:
    kind, name, *line = expected.split()
    return (
        kind in {"*", found.kind}
        and _is_code(name, found.id)
        and (not line or _is_code(line[0], found.line or ""))
    )


def _differs(
    what: str, expected: OneOf | None, found: str | None, is_equal: Callable[[str, str], bool]
) -> Findings:
    if expected is not None and not any(is_equal(each, found or "") for each in _each(expected)):
        yield f"expected {what} {_told(expected)}, found {found or 'none'}"


def _each(expected: OneOf) -> list[str]:
    return expected if isinstance(expected, list) else [expected]


def _told(expected: OneOf) -> str:
    return " or ".join(_each(expected))


def _is_same(expected: str, found: str) -> bool:
    return expected == found


def _is_code(expected: str, found: str) -> bool:
    """Compare without leading zeros; of an id that the document writes as a URI, the last part will do."""
    is_uri = expected.startswith(("urn:", "http:", "https:"))
    last_part = expected.replace("/", ":").rpartition(":")[2] if is_uri else expected
    return found.lstrip("0") in {expected.lstrip("0"), last_part.lstrip("0")}


def _is_time(expected: str, found: str) -> bool:
    """Compare the start of the text; a whole time with an offset is compared as a moment."""
    if found.startswith(expected):
        return True
    try:
        moments = datetime.fromisoformat(expected), datetime.fromisoformat(found)
    except ValueError:
        return False
    return moments[0].tzinfo is not None and moments[0] == moments[1]


def _is_value(expected: str, found: str) -> bool:
    """Compare `value` or `value unit`; a number by its value."""
    value, _, unit = expected.partition(" ")
    found_value, _, found_unit = found.partition(" ")
    if unit and unit != found_unit:
        return False
    try:
        return Decimal(value) == Decimal(found_value)
    except InvalidOperation:
        return expected == found


def _written(value: Quantity | Money | Measure | None) -> str | None:
    if value is None:
        return None
    if isinstance(value, Money):
        return f"{value.amount} {value.currency}"
    return f"{value.value} {value.unit}" if value.unit else value.value


def _sum(values: Iterable[Quantity | Money | None]) -> str | None:
    """Return the sum and its unit; None where nothing is there."""
    written = [each for each in map(_written, values) if each]
    if not written:
        return None
    units = {each.partition(" ")[2] for each in written}
    total = sum((Decimal(each.partition(" ")[0]) for each in written), Decimal(0))
    return f"{total} {' and '.join(sorted(units))}"
