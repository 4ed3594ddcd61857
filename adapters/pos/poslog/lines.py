"""The lines of a retail transaction: what was sold and what came back."""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum

from msgspec import structs

from adapters.pos.poslog.elements import child_text, objects
from adapters.pos.poslog.explanations import explains_price, reduces_price
from adapters.pos.poslog.figures import Figures, read_figures
from adapters.pos.poslog.identity import links, names_original
from adapters.pos.poslog.item import item_of
from adapters.pos.poslog.overrides import Override, read_override
from adapters.pos.poslog.rewards import Rewards, promotions, taken_off
from adapters.xml import Tree
from adapters.xml_outline import local_name
from contracts.canonical import Evidence, Item, Reference
from contracts.limits import WORDS_MAX_CHARACTERS

# POSLog 6.0.0 has the second and the third; NegativeItem is of NCR ACS and Wincor TP.net
_DEPOSITS = frozenset({"negativeitem", "deposit", "depositrefund"})
_SALES = ("Sale", "SaleForDelivery", "SaleForPickup", "SaleForPickUp")
_RETURNS = ("Return", "ReturnForDelivery", "ReturnForPickup")
_RETURN_TYPES = frozenset({"refund", "return", "returned", "returnitem"})  # of an item
_RETURN_MODES = ("RETOUR", "RETURN")  # Futura: parts of fu:SalesMode
_TOLD = ("RegularSalesUnitPrice", "ActualSalesUnitPrice", "ExtendedAmount", "Quantity")


class LineKind(StrEnum):
    """Where a line counts. A reversal takes back a part of another line of the same transaction."""

    SALE = "sale"
    RETURN = "return"
    REVERSAL = "reversal"


class Line(Figures, frozen=True, kw_only=True):
    """One line of merchandise with its figures.

    `number` is the document's own, `pointer` leads to the Sale or Return element, and `is_return` says which
    of both it is. `amount` is what the customer pays after loyalty rewards; `discount` (positive) was taken
    off on either way. `is_explained` says that the line gives a reason for another price than the regular
    one, `is_rewarded` that a reward does; `override` is a price that somebody set without a reason.
    `has_original` says that the line names the sale that it came from, `linked_line` is the number of another
    line that it names.
    """

    number: str
    pointer: str
    kind: LineKind
    is_return: bool
    item_type: str
    item: Item | None
    amount: Decimal | None
    discount: Decimal
    is_explained: bool
    is_rewarded: bool
    override: Override | None
    has_original: bool
    linked_line: str
    reason: str | None
    references: tuple[Reference, ...]
    evidence: tuple[Evidence, ...]

    @property
    def is_merchandise(self) -> bool:
        """Stock that has a price of its own: no deposit, fee or service."""
        return local_name(self.item_type).lower() in {"", "stock"}

    @property
    def is_deposit(self) -> bool:
        """Money for an empty bottle, given or taken."""
        return local_name(self.item_type).lower() in _DEPOSITS


def lines_of(element: Tree, pointer: str, rewards: Rewards) -> Iterator[Line]:
    """Yield the lines of the LineItem at `pointer`. Raises: Unmapped for a number that is none."""
    for where, sale in objects(element, *_SALES):
        yield _line(element, sale, pointer, where, rewards, is_return=False)
    for where, sale in objects(element, *_RETURNS):
        yield _line(element, sale, pointer, where, rewards, is_return=True)


def _line(element: Tree, sale: Tree, pointer: str, where: str, rewards: Rewards, *, is_return: bool) -> Line:
    item_type = child_text(sale, "@ItemType", "ItemType")
    is_deposit = local_name(item_type).lower() in _DEPOSITS
    figures = read_figures(element, sale, pointer + where)
    if is_return and is_deposit:
        # an empty bottle is no merchandise that comes back: a line that gives money
        figures = structs.replace(
            figures, quantity=_negative(figures.quantity), extended=_negative(figures.extended)
        )
    came_back = is_return or _came_back(sale, figures, item_type)
    override = read_override(element, pointer, figures.regular_price)
    ours = rewards.get(child_text(sale, "OperatorSequence"), [])
    reward = taken_off(ours)
    return Line(
        **structs.asdict(figures),
        number=child_text(element, "SequenceNumber"),
        pointer=pointer + where,
        kind=LineKind.RETURN if came_back and not is_deposit else LineKind.SALE,
        is_return=is_return,
        item_type=item_type,
        item=item_of(sale),
        amount=_after(reward, figures.extended, came_back=came_back),
        discount=figures.reduction + abs(reward),
        is_explained=_is_explained(element, override),
        is_rewarded=any(each.amount for each in ours),
        override=None if override is None or override.is_explained else override,
        has_original=names_original(element) or names_original(sale),
        linked_line=child_text(sale, "ItemLink") or child_text(element, "ItemLink"),
        reason=item_type if is_deposit else _reason(element, sale),
        references=links(element) + promotions(ours),
        evidence=_evidence(sale, pointer + where),
    )


def _came_back(sale: Tree, figures: Figures, item_type: str) -> bool:
    """Say whether a Sale element is a return, as tills without Return elements write it."""
    mode = child_text(sale, "SalesMode").upper()
    return (
        (figures.quantity is not None and figures.quantity < 0)
        or local_name(item_type).lower() in _RETURN_TYPES
        or any(word in mode for word in _RETURN_MODES)
    )


def _is_explained(element: Tree, override: Override | None) -> bool:
    if override is None:
        return explains_price(element)
    return override.is_explained or reduces_price(element)


def _after(reward: Decimal, extended: Decimal | None, *, came_back: bool) -> Decimal | None:
    """Return the amount after the reward; what comes back loses it again, whatever its sign."""
    if extended is None:
        return None
    return extended - (abs(reward) if came_back and extended > 0 else reward)


def _negative(figure: Decimal | None) -> Decimal | None:
    return None if figure is None else -abs(figure)


def _reason(element: Tree, sale: Tree) -> str | None:
    written = child_text(sale, "ReasonCode", "Reason", "ReturnReason") or child_text(element, "Reason")
    return written[:WORDS_MAX_CHARACTERS] or None


def _evidence(sale: Tree, pointer: str) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(pointer=f"{pointer}/{name}", value=child_text(sale, name))
        for name in _TOLD
        if child_text(sale, name)
    )
