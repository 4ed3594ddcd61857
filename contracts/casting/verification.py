"""Casts tried on generated documents: what comes is valid, and there and back is the same."""

import copy
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from contracts.casting.cast import Cast, Direction
from contracts.casting.operations import Convert, Join, Map, Split, number
from contracts.casting.pointers import CastFailed, Parts, is_within, parts_of, pointer_of, without
from contracts.folder import read_contract
from contracts.generation import NothingGenerated, generate
from contracts.manifest import Kind
from contracts.validation import Validator
from contracts.views import writer_view

COUNT = 200
FINDINGS_LIMIT = 20


class CastFinding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a cast does wrong. `document` is the smallest one seen for which it does.

    `rule` is `cast.fails`, `cast.invalid` (what comes breaks its version), `cast.loss` (there and back is
    not the same) or `cast.untried` (no document could be made). `pointer` is the first place of it.
    """

    contract: str
    cast: str  # `1.1.0 -> 2.0.0`
    rule: str
    pointer: str
    detail: str
    document: Any = None


class Side(Struct, frozen=True, kw_only=True):
    """One end of a cast."""

    version: str
    schema: dict[str, Any]
    kind: Kind

    @property
    def writer(self) -> dict[str, Any]:
        return writer_view(self.schema, self.kind)


def verify_casts(
    folder: Path, seed: int = 0, count: int = COUNT, version: str | None = None
) -> list[CastFinding]:
    """Try each cast of a contract's folder, or the one of `version`, on `count` documents each way.

    Raises: ContractsError where the folder can't be read, or a cast is wrong on its face.
    """
    contract = read_contract(folder)
    found: list[CastFinding] = []
    for to, cast in contract.casts.items():
        if version in (None, to):
            sides = [
                Side(version=each, schema=contract.schemas[each], kind=contract.manifest.kind)
                for each in (cast.source, cast.to)
            ]
            found += verify_cast(contract.manifest.name, cast, sides[0], sides[1], seed, count)
    return found


def verify_cast(name: str, cast: Cast, old: Side, new: Side, seed: int, count: int) -> list[CastFinding]:
    """Try one cast in the directions that it has."""
    words = _words(cast)
    found: list[CastFinding] = []
    for there, back, start, end in ((cast.up, cast.down, old, new), (cast.down, cast.up, new, old)):
        if there is not None:
            chance = random.Random(f"{name} {cast.to} {start.version} {seed}")  # noqa: S311 - makes no secret
            found += _Trial(name, there, back, start, end).run(chance, words, count)
    return found


class _Trial:
    def __init__(self, name: str, there: Direction, back: Direction | None, start: Side, end: Side) -> None:
        self._name = name
        self._there = there
        self._back = back
        self._start = start
        self._cast = f"{start.version} -> {end.version}"
        self._end = Validator(end.writer, {})
        self._losses = tuple(parts_of(pointer) for pointer in there.losses)
        self._numbers = tuple(parts_of(each.at) for each in there.operations if isinstance(each, Convert))

    def run(self, chance: random.Random, words: tuple[str, ...], count: int) -> list[CastFinding]:
        found: dict[tuple[str, str], CastFinding] = {}
        try:
            for tree in islice(generate(self._start.writer, chance, words), count):
                for finding in self._findings(tree):
                    key = (finding.rule, finding.pointer)
                    known = found.get(key)
                    if known is None and len(found) == FINDINGS_LIMIT:
                        continue
                    if known is None or _size(tree) < _size(known.document):
                        found[key] = finding
        except NothingGenerated as error:
            return [self._finding("cast.untried", "", str(error), None)]
        return [found[key] for key in sorted(found)]

    def _findings(self, tree: Any) -> Iterator[CastFinding]:
        there = copy.deepcopy(tree)
        try:
            self._there.apply(there)
        except CastFailed as error:
            yield self._finding("cast.fails", "", str(error), tree)
            return
        if not self._end.is_valid(there):
            for first in self._end.violations(there, "")[:1]:
                yield self._finding("cast.invalid", _starred(first.pointer), first.detail, tree)
            return
        if self._back is None:
            return
        try:
            self._back.apply(there)
        except CastFailed as error:
            yield self._finding("cast.fails", "", f"on the way back: {error}", tree)
            return
        before, after = without(tree, self._losses), without(there, self._losses)
        for place, detail in islice(self._differences(before, after, ()), 1):
            yield self._finding("cast.loss", pointer_of(place), detail, tree)

    def _differences(self, before: Any, after: Any, place: Parts) -> Iterator[tuple[Parts, str]]:
        if isinstance(before, dict) and isinstance(after, dict):
            for name in sorted({*before, *after}):
                here = (*place, name)
                if name not in after:
                    yield here, "it is lost there and back, and `losses` does not say so"
                elif name not in before:
                    yield here, "it was not there before"
                else:
                    yield from self._differences(before[name], after[name], here)
        elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
            for one, other in zip(before, after, strict=True):
                yield from self._differences(one, other, (*place, "*"))
        elif (type(before) is not type(after) or before != after) and not self._is_same_number(
            before, after, place
        ):
            yield place, f"{_told(before)} comes back as {_told(after)}"

    def _is_same_number(self, before: Any, after: Any, place: Parts) -> bool:
        """Say whether a converted text came back as the same number: 12.50 and 12.5 are one."""
        if not (isinstance(before, str) and isinstance(after, str)):
            return False
        if not any(is_within(place, numbers) for numbers in self._numbers):
            return False
        return number(before) is not None and number(before) == number(after)

    def _finding(self, rule: str, pointer: str, detail: str, tree: Any) -> CastFinding:
        return CastFinding(
            contract=self._name, cast=self._cast, rule=rule, pointer=pointer, detail=detail, document=tree
        )


def _words(cast: Cast) -> tuple[str, ...]:
    """Return the texts that the cast treats apart, so that documents have them."""
    words: set[str] = set()
    for way in (cast.up, cast.down):
        for operation in way.operations if way else ():
            words |= {value for value in operation.where.values() if isinstance(value, str)}
            if isinstance(operation, Map):
                words |= {*operation.values, *operation.values.values()}
            if isinstance(operation, Split | Join):
                words |= {f"a{operation.separator}b", f"{operation.separator}c"}
    return tuple(sorted(words))


def _starred(pointer: str) -> str:
    return "/".join("*" if part.isdecimal() else part for part in pointer.split("/"))


def _told(value: Any) -> str:
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 60 else f"{text[:59]}…"


def _size(tree: Any) -> int:
    return len(msgspec.json.encode(tree))
