"""The operations of a cast: each is one table of `cast.toml` and changes a tree in place."""

import copy
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation, localcontext
from fractions import Fraction
from typing import Any

from msgspec import Struct

from contracts.casting.pointers import (
    EVERY,
    CastFailed,
    find,
    nodes,
    parts_of,
    put,
    scope_of,
    slots,
    take,
)

Scalar = str | int | bool | None


class Operation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="op"):
    """What all have. Where a pointer has `*`, the operation is done for each element by itself.

    `where` limits it to the elements in which each of these places has this value.
    """

    where: dict[str, Scalar] = {}

    @property
    def reads(self) -> tuple[str, ...]:
        """The pointers that it takes values from."""
        return ()

    @property
    def writes(self) -> tuple[str, ...]:
        """The pointers that it sets."""
        return ()

    @property
    def pointers(self) -> tuple[str, ...]:
        """Every pointer that it names."""
        return (*self.reads, *self.writes, *self.where)

    def faults(self) -> Iterator[str]:
        """Say what can't be meant, whatever the schemas are."""
        scope = scope_of(parts_of((self.reads or self.writes)[0]))
        for pointer in (*self.reads, *self.writes):
            if scope_of(parts_of(pointer)) != scope:
                yield f"{pointer}: all pointers of an operation are alike up to the last `*`"
            if not pointer.startswith("/"):
                yield f"{pointer!r}: this is not a JSON Pointer to a member"
        for pointer in self.where:
            if scope_of(parts_of(pointer)) not in ((), scope):
                yield f"where {pointer}: it has another `*` than the operation"

    def apply(self, tree: Any) -> None:
        """Change `tree`. A value that isn't there is left out. Raises: CastFailed."""
        scope = scope_of(parts_of((self.reads or self.writes)[0]))
        for node in list(nodes(tree, scope)):
            if all(self._fits(tree, node, pointer, wanted) for pointer, wanted in self.where.items()):
                self._change(node, len(scope))

    def _fits(self, tree: Any, node: Any, pointer: str, wanted: Scalar) -> bool:
        parts = parts_of(pointer)
        scope = scope_of(parts)
        found = find(node, parts[len(scope) :]) if scope else find(tree, parts)
        return any(type(value) is type(wanted) and value == wanted for value in found)

    def _change(self, node: Any, depth: int) -> None:
        """Change one element; pointers are taken from their part at `depth` on."""
        raise NotImplementedError  # each operation has its own; a Struct can't be abstract


class Move(Operation, frozen=True, kw_only=True, tag="move"):
    """Move or rename. Objects on the way to `to` are made, and those that are left empty go."""

    at: str
    to: str

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.at,)

    @property
    def writes(self) -> tuple[str, ...]:
        return (self.to,)

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        yield from _no_element(self.at, self.to)

    def _change(self, node: Any, depth: int) -> None:
        for value in take(node, parts_of(self.at)[depth:]):
            put(node, parts_of(self.to)[depth:], value)


class Set(Operation, frozen=True, kw_only=True, tag="set"):
    """Set a constant, whatever is there, in each object that there is."""

    at: str
    value: Any

    @property
    def writes(self) -> tuple[str, ...]:
        return (self.at,)

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        yield from _no_element(self.at)

    def _change(self, node: Any, depth: int) -> None:
        for holder, name in _holders(node, parts_of(self.at)[depth:]):
            holder[name] = copy.deepcopy(self.value)  # a later operation may change it


class Default(Set, frozen=True, kw_only=True, tag="default"):
    """Set a value where there is none."""

    def _change(self, node: Any, depth: int) -> None:
        if not find(node, parts_of(self.at)[depth:]):
            super()._change(node, depth)


class Drop(Operation, frozen=True, kw_only=True, tag="drop"):
    """Leave out. What is lost by it stands in `losses`."""

    at: str

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.at,)

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        yield from _no_element(self.at)

    def _change(self, node: Any, depth: int) -> None:
        for holder, name in _holders(node, parts_of(self.at)[depth:]):
            holder.pop(name, None)


class Map(Operation, frozen=True, kw_only=True, tag="map"):
    """Replace codes by others; one that is not listed becomes `otherwise`, or stays."""

    at: str
    values: dict[str, str]
    otherwise: str | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.at,)

    @property
    def merges(self) -> bool:
        """Whether two codes become one, which no way back can tell apart."""
        return self.otherwise is not None or len(set(self.values.values())) < len(self.values)

    def _change(self, node: Any, depth: int) -> None:
        for holder, key in _slots(node, self.at, depth):
            if isinstance(holder[key], str):
                holder[key] = self.values.get(holder[key], self.otherwise or holder[key])


class Convert(Operation, frozen=True, kw_only=True, tag="convert"):
    """Multiply a number (an integer, or a decimal text) by `factor`, or divide it by `divisor`, exactly.

    `places` rounds to so many decimals, half to even; a result that has no end without it fails.
    """

    at: str
    factor: str = "1"
    divisor: str = "1"
    places: int | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.at,)

    @property
    def ratio(self) -> Fraction:
        """What a value is multiplied by. Raises: ValueError, ZeroDivisionError."""
        return Fraction(_decimal(self.factor)) / Fraction(_decimal(self.divisor))

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        try:
            ratio = self.ratio
        except (ValueError, ZeroDivisionError):
            yield f"{self.at}: factor and divisor are decimals such as 0.001, and not 0"
            return
        if ratio <= 0:
            yield f"{self.at}: a factor is more than 0"
        if self.places is None and not _has_end(ratio):
            yield f"{self.at}: the results have no end as decimals; say to how many `places`"
        if self.places is not None and not 0 <= self.places <= 31:
            yield f"{self.at}: `places` is 0 to 31"

    def _change(self, node: Any, depth: int) -> None:
        for holder, key in _slots(node, self.at, depth):
            holder[key] = self._converted(holder[key])

    def _converted(self, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise CastFailed(f"{self.at}: neither an integer nor a decimal text")
        try:
            result = Fraction(_decimal(str(value))) * self.ratio
        except ValueError:
            raise CastFailed(f"{self.at}: this text is not a decimal") from None
        if self.places is not None:
            result = round(result, self.places)
        if isinstance(value, str):
            return _text(result, self.at)
        if result.denominator != 1:
            raise CastFailed(f"{self.at}: the result is not an integer")
        return result.numerator


class Split(Operation, frozen=True, kw_only=True, tag="split"):
    """Cut a text at the first separators into members; a text with fewer parts fills the first ones."""

    at: str
    separator: str
    into: tuple[str, ...]

    @property
    def reads(self) -> tuple[str, ...]:
        return (self.at,)

    @property
    def writes(self) -> tuple[str, ...]:
        return self.into

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        yield from _no_element(self.at, *self.into)
        yield from _pieces(self.at, self.separator, self.into)

    def _change(self, node: Any, depth: int) -> None:
        for value in take(node, parts_of(self.at)[depth:]):
            if not isinstance(value, str):
                raise CastFailed(f"{self.at}: this is not a text")
            pieces = value.split(self.separator, len(self.into) - 1)
            for pointer, piece in zip(self.into, pieces, strict=False):
                put(node, parts_of(pointer)[depth:], piece)


class Join(Operation, frozen=True, kw_only=True, tag="join"):
    """The reverse of `split`: join members to one text, up to the first that isn't there."""

    of: tuple[str, ...]
    separator: str
    to: str

    @property
    def reads(self) -> tuple[str, ...]:
        return self.of

    @property
    def writes(self) -> tuple[str, ...]:
        return (self.to,)

    def faults(self) -> Iterator[str]:
        yield from super().faults() if self.of else ()
        yield from _no_element(self.to, *self.of)
        yield from _pieces(self.to, self.separator, self.of)

    def _change(self, node: Any, depth: int) -> None:
        pieces: list[str] = []
        for pointer in self.of:
            found = take(node, parts_of(pointer)[depth:])
            if not found:
                break
            if not isinstance(found[0], str):
                raise CastFailed(f"{pointer}: this is not a text")
            pieces.append(found[0])
        if pieces:
            put(node, parts_of(self.to)[depth:], self.separator.join(pieces))


AnyOperation = Move | Set | Default | Drop | Map | Convert | Split | Join


def number(text: str) -> Fraction | None:
    """Return a decimal text as a number, or None for another text."""
    try:
        return Fraction(_decimal(text))
    except ValueError:
        return None


def _slots(node: Any, pointer: str, depth: int) -> Iterator[tuple[Any, Any]]:
    yield from slots(node, parts_of(pointer)[depth:])


def _no_element(*pointers: str) -> Iterator[str]:
    for pointer in pointers:
        if pointer.endswith(f"/{EVERY}"):
            yield f"{pointer}: an operation on whole elements is `map` or `convert`"


def _pieces(at: str, separator: str, members: tuple[str, ...]) -> Iterator[str]:
    if not separator or len(members) < 2 or len(set(members)) < len(members):
        yield f"{at}: a separator and two different members or more are expected"


def _decimal(text: str) -> Decimal:
    """Raises: ValueError for what is not a finite decimal of at most 80 digits, written out."""
    try:
        found = Decimal(text) if len(text) <= 80 and "e" not in text.lower() else Decimal("nan")
    except InvalidOperation:
        found = Decimal("nan")
    if not found.is_finite():
        raise ValueError(text)
    return found


def _has_end(ratio: Fraction) -> bool:
    rest = ratio.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def _text(value: Fraction, at: str) -> str:
    if not _has_end(value):
        raise CastFailed(f"{at}: the result has no end as a decimal")
    with localcontext() as context:
        context.prec = 400
        text = f"{Decimal(value.numerator) / Decimal(value.denominator):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _holders(node: Any, parts: tuple[str, ...]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each object that may hold the member at `parts`, and the member's name."""
    *above, name = parts
    for holder in find(node, tuple(above)):
        if isinstance(holder, dict):
            yield holder, name
