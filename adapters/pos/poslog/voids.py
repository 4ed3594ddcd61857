"""The lines of a transaction that count: what was voided on the way is not among them."""

from decimal import Decimal

from msgspec import structs

from adapters.pos.poslog.elements import child_text, flag, objects
from adapters.pos.poslog.lines import Line, LineKind, lines_of
from adapters.pos.poslog.rewards import read_rewards
from adapters.xml import Tree

_FLAGS = ("VoidFlag", "CancelFlag", "DeleteFlag")
_ZERO = Decimal(0)

_Key = tuple[object, ...]


def read_lines(retail: Tree, pointer: str) -> tuple[Line, ...]:
    """Return the lines that count, in the document's order; `pointer` is that of the RetailTransaction.

    A voided line comes in four ways: marked where it stands, as Xstore and POSLog 6 have it; named by a Void
    element; as a second line that is marked and takes the first one back with the opposite sign, as NCR ACS
    writes it; or as a second line that is marked and names the first one's number, as Wincor TP.net does.
    Neither is left, nor what they void.

    Raises: Unmapped for a number that is none.
    """
    rewards = read_rewards(retail, pointer)
    voided = _voided_numbers(retail)
    counting = _Counting()
    for where, element in objects(retail, "LineItem"):
        for line in lines_of(element, pointer + where, rewards):
            if any(flag(element, name) for name in _FLAGS):
                counting.void(line)
            elif line.number not in voided:
                counting.add(line)
    return counting.lines


def _voided_numbers(retail: Tree) -> frozenset[str]:
    """Return the numbers of the lines that a Void element names."""
    return frozenset(
        child_text(void, "ItemLink", "LineItemSequenceNumber")
        for _, element in objects(retail, "LineItem")
        for _, void in objects(element, "Void")
    ) - {""}


class _Counting:
    """The lines so far, found again by their numbers and by their figures."""

    def __init__(self) -> None:
        self._lines: list[Line | None] = []
        self._places: dict[_Key, list[int]] = {}

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(line for line in self._lines if line is not None)

    def add(self, line: Line) -> None:
        for key in (_numbered(line.number, line), _counted(line)):
            self._places.setdefault(key, []).append(len(self._lines))
        self._lines.append(line)

    def void(self, void: Line) -> None:
        """Take away the nearest line that `void` undoes; keep `void` where it undoes only part of one."""
        place = self._last([_numbered(void.linked_line, void)]) if void.linked_line else None
        if place is None:
            place = self._last(_turned(void))
        if place is not None:
            self._lines[place] = None
        elif not void.is_return and ((void.quantity or _ZERO) < 0 or (void.extended or _ZERO) < 0):
            self.add(structs.replace(void, kind=LineKind.REVERSAL, reason="void"))

    def _last(self, keys: list[_Key]) -> int | None:
        """Return the last place of the keys whose line still counts."""
        found = None
        for key in keys:
            places = self._places.get(key, [])
            while places and self._lines[places[-1]] is None:
                places.pop()
            if places and (found is None or places[-1] > found):
                found = places[-1]
        return found


def _numbered(number: str, line: Line) -> _Key:
    return (number, line.item.id if line.item else "")


def _counted(line: Line, quantity_sign: int = 1, amount_sign: int = 1) -> _Key:
    quantity, amount = (line.quantity or _ZERO) * quantity_sign, (line.extended or _ZERO) * amount_sign
    return (line.item, line.item_type, line.is_return, quantity, amount)


def _turned(void: Line) -> list[_Key]:
    """Return the keys of the lines with the same figures, the sign of quantity or amount turned."""
    keys = []
    if void.quantity:
        keys += [_counted(void, -1, -1), _counted(void, -1, 1)]
    if void.extended:
        keys += [_counted(void, -1, -1), _counted(void, 1, -1)]
    return keys
