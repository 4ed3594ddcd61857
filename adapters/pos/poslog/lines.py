"""The lines of a retail transaction: what was sold, what came back, and what was voided on the way."""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct, structs

from adapters.pos.poslog.elements import child_text, flag, number, objects
from adapters.pos.poslog.explanations import explains_price
from adapters.pos.poslog.identity import links, names_original
from adapters.pos.poslog.item import item_of, unit_of
from adapters.pos.poslog.rewards import Rewards, promotions, read_rewards, taken_off
from adapters.xml import Tree, local_name
from contracts.canonical import Evidence, Item, Reference

_ZERO = Decimal(0)
_REASON_MAX_CHARACTERS = 256
_VOIDS = ("VoidFlag", "CancelFlag", "DeleteFlag")
_DEPOSITS = frozenset({"negativeitem", "deposit", "depositrefund"})
_FIGURES = ("RegularSalesUnitPrice", "ActualSalesUnitPrice", "ExtendedAmount", "Quantity")


class LineKind(StrEnum):
    """Where a line counts. A reversal takes back a part of another line of the same transaction."""

    SALE = "sale"
    RETURN = "return"
    REVERSAL = "reversal"


class Line(Struct, frozen=True, kw_only=True):
    """One line that counts.

    `number` is the document's own, `pointer` leads to the Sale or Return element; figures have the document's
    signs. `extended` is what the till makes of price and quantity, `amount` what the customer pays after
    loyalty rewards; `discount` (positive) was taken off on either way. `is_explained` says that the line
    gives a reason for another price than the regular one, `is_rewarded` that a reward does; `has_original`,
    that the line names the sale that it came from.
    """

    number: str
    pointer: str
    kind: LineKind
    item_type: str
    item: Item | None
    quantity: Decimal | None
    unit: str
    is_measured: bool
    regular_price: Decimal | None
    actual_price: Decimal | None
    extended: Decimal | None
    amount: Decimal | None
    discount: Decimal
    is_explained: bool
    is_rewarded: bool
    has_original: bool
    reason: str | None
    references: tuple[Reference, ...]
    evidence: tuple[Evidence, ...]

    @property
    def is_merchandise(self) -> bool:
        """Stock that has a price of its own: no deposit, fee or service."""
        return local_name(self.item_type).lower() in {"", "stock"}


def read_lines(retail: Tree, pointer: str) -> tuple[Line, ...]:
    """Return the lines that count, in the document's order; `pointer` is that of the RetailTransaction.

    A voided line comes in two ways: marked where it stands, or as a second line that is marked and takes the
    first one back with the opposite sign, as NCR ACS writes it. Neither is left, nor what they void.

    Raises: Unmapped for a number that is none.
    """
    rewards = read_rewards(retail, pointer)
    voided = _voided_numbers(retail)
    lines: list[Line] = []
    for where, element in objects(retail, "LineItem"):
        for line in _lines(element, pointer + where, rewards):
            if any(flag(element, name) for name in _VOIDS):
                _void(lines, line)
            elif line.number not in voided:
                lines.append(line)
    return tuple(lines)


def _voided_numbers(retail: Tree) -> frozenset[str]:
    """Return the numbers of the lines that a Void element names."""
    return frozenset(
        child_text(void, "ItemLink") or child_text(void, "LineItemSequenceNumber")
        for _, element in objects(retail, "LineItem")
        for _, void in objects(element, "Void")
    ) - {""}


def _void(lines: list[Line], void: Line) -> None:
    """Take the nearest line that `void` undoes from `lines`; keep `void` where it undoes only part of one."""
    for index in range(len(lines) - 1, -1, -1):
        if _undoes(void, lines[index]):
            del lines[index]
            return
    if (void.quantity or _ZERO) < 0 or (void.extended or _ZERO) < 0:
        lines.append(structs.replace(void, kind=LineKind.REVERSAL, reason="void"))


def _undoes(void: Line, line: Line) -> bool:
    """Say whether both are for one item and the same figures, the sign of quantity or amount turned."""
    figures = (
        (void.quantity or _ZERO, line.quantity or _ZERO),
        (void.extended or _ZERO, line.extended or _ZERO),
    )
    return (
        void.item == line.item
        and void.item_type == line.item_type
        and all(abs(ours) == abs(theirs) for ours, theirs in figures)
        and any(ours * theirs < 0 for ours, theirs in figures)
    )


def _lines(element: Tree, pointer: str, rewards: Rewards) -> Iterator[Line]:
    for name in ("Sale", "Return"):
        for where, sale in objects(element, name):
            yield _line(element, sale, pointer + where, rewards, is_return=name == "Return")


def _line(element: Tree, sale: Tree, pointer: str, rewards: Rewards, *, is_return: bool) -> Line:
    item_type = child_text(sale, "@ItemType")
    is_deposit = local_name(item_type).lower() in _DEPOSITS
    quantity, extended = number(sale, "Quantity", pointer), number(sale, "ExtendedAmount", pointer)
    if is_return and is_deposit:
        # an empty bottle is no merchandise that comes back: a line that gives money
        quantity, extended = _negative(quantity), _negative(extended)
    came_back = is_return or (quantity is not None and quantity < 0)
    unit, is_measured = unit_of(element, sale.get("Quantity"), quantity)
    ours = rewards.get(child_text(sale, "OperatorSequence"), [])
    reward = taken_off(ours)
    return Line(
        number=child_text(element, "SequenceNumber"),
        pointer=pointer,
        kind=LineKind.RETURN if came_back and not is_deposit else LineKind.SALE,
        item_type=item_type,
        item=item_of(sale),
        quantity=quantity,
        unit=unit,
        is_measured=is_measured,
        regular_price=number(sale, "RegularSalesUnitPrice", pointer),
        actual_price=number(sale, "ActualSalesUnitPrice", pointer),
        extended=extended,
        amount=_after(reward, extended, came_back=came_back),
        discount=_discount(sale, pointer) + abs(reward),
        is_explained=explains_price(element),
        is_rewarded=any(each.amount for each in ours),
        has_original=names_original(element) or names_original(sale),
        reason=item_type if is_deposit else _reason(sale),
        references=links(sale) + promotions(ours),
        evidence=_evidence(sale, pointer),
    )


def _after(reward: Decimal, extended: Decimal | None, *, came_back: bool) -> Decimal | None:
    """Return the amount after the reward; what comes back loses it again, whatever its sign."""
    if extended is None:
        return None
    return extended - (abs(reward) if came_back and extended > 0 else reward)


def _negative(figure: Decimal | None) -> Decimal | None:
    return None if figure is None else -abs(figure)


def _discount(sale: Tree, pointer: str) -> Decimal:
    """Return what the till took off the line itself, before it wrote the amount."""
    of_line = number(sale, "ExtendedDiscountAmount", pointer)
    return abs(of_line or number(sale, "DiscountAmount", pointer) or _ZERO)


def _reason(sale: Tree) -> str | None:
    written = child_text(sale, "ReasonCode") or child_text(sale, "Reason")
    return written[:_REASON_MAX_CHARACTERS] or None


def _evidence(sale: Tree, pointer: str) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(pointer=f"{pointer}/{name}", value=child_text(sale, name))
        for name in _FIGURES
        if child_text(sale, name)
    )
