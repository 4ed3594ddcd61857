"""What is wrong with a cast, as far as the two schemas show it without a document."""

from collections.abc import Iterator

from contracts.casting.cast import Cast, Direction
from contracts.casting.operations import AnyOperation, Convert, Drop, Map, Move
from contracts.casting.pointers import Parts, is_within, parts_of, pointer_of
from contracts.casting.schema_places import Schema, SchemaPlaces


def lint_cast(cast: Cast, old: Schema, new: Schema) -> list[str]:
    """Return a sentence for each finding; `old` and `new` are the schemas of `cast.source` and `cast.to`."""
    before, after = SchemaPlaces(old), SchemaPlaces(new)
    found = []
    for name, way, start, end in (("up", cast.up, before, after), ("down", cast.down, after, before)):
        found += [f"{name}: {finding}" for finding in _findings(way, start, end)] if way else []
    return found


def _findings(way: Direction, start: SchemaPlaces, end: SchemaPlaces) -> Iterator[str]:
    losses = [parts_of(pointer) for pointer in way.losses]
    for pointer in way.losses:
        if not start.has(parts_of(pointer)):
            yield f"losses: {pointer} is not in the version that is cast"
    faults = [
        f"operation {place + 1}: {fault}"
        for place, operation in enumerate(way.operations)
        for fault in operation.faults()
    ]
    yield from faults
    if faults:  # what follows trusts the pointers
        return
    for place, operation in enumerate(way.operations):
        for pointer in operation.pointers:
            if not _is_known(pointer, way.operations, place, start, end):
                yield f"operation {place + 1}: {pointer} is in neither version"
        yield from (
            f"operation {place + 1}: {each}" for each in _losses(operation, place, way, losses, start)
        )
    yield from _left_over(way, start, end)


def _is_known(
    pointer: str, operations: tuple[AnyOperation, ...], place: int, start: SchemaPlaces, end: SchemaPlaces
) -> bool:
    parts = parts_of(pointer)
    return start.has(_origin(parts, operations[:place])) or end.has(_destination(parts, operations[place:]))


def _losses(
    operation: AnyOperation, place: int, way: Direction, declared: list[Parts], start: SchemaPlaces
) -> Iterator[str]:
    """Name what this operation loses and no pointer of `losses` says."""
    if isinstance(operation, Drop):
        reason = "it is dropped"
    elif isinstance(operation, Map) and operation.merges:
        reason = "two codes become one"
    elif isinstance(operation, Convert) and operation.places is not None:
        reason = "it is rounded"
    else:
        return
    origin = _origin(parts_of(operation.at), way.operations[:place])
    if not any(is_within(origin, loss) for loss in declared) and not start.is_constant(origin):
        yield f"{reason}, and `losses` has no {pointer_of(origin)}"


def _left_over(way: Direction, start: SchemaPlaces, end: SchemaPlaces) -> Iterator[str]:
    """Name what would go on to a version that has no such place."""
    told: list[Parts] = []
    for parts in start.declared():
        if any(is_within(parts, above) for above in told):
            continue
        if any(_takes(operation, parts, way.operations[:n]) for n, operation in enumerate(way.operations)):
            continue
        if not end.has(_destination(parts, way.operations)):
            told.append(parts)
            yield f"{pointer_of(parts)} is not in the version that it ends in: move it, or drop it"


def _takes(operation: AnyOperation, parts: Parts, earlier: tuple[AnyOperation, ...]) -> bool:
    """Say whether the operation removes what is at `parts` at the start, or something below it."""
    if isinstance(operation, Map | Convert):
        return False
    here = _destination(parts, earlier)
    taken = [parts_of(pointer) for pointer in operation.reads]
    if isinstance(operation, Move):
        # what is moved whole is judged where it arrives; an object whose members are moved goes when empty
        return any(len(each) > len(here) and is_within(each, here) for each in taken)
    return any(is_within(here, each) or is_within(each, here) for each in taken)


def _origin(parts: Parts, earlier: tuple[AnyOperation, ...]) -> Parts:
    """Return where something was before these operations."""
    for operation in reversed(earlier):
        if isinstance(operation, Move) and is_within(parts, parts_of(operation.to)):
            parts = parts_of(operation.at) + parts[len(parts_of(operation.to)) :]
    return parts


def _destination(parts: Parts, later: tuple[AnyOperation, ...]) -> Parts:
    """Return where something is after these operations."""
    for operation in later:
        if isinstance(operation, Move) and is_within(parts, parts_of(operation.at)):
            parts = parts_of(operation.to) + parts[len(parts_of(operation.at)) :]
    return parts
