"""Which parts of the router read a member of an exception: those that come to another result without it."""

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from contracts.canonical import RetailException
from contracts.documents import Arrival
from contracts.governance.pruning import has, without
from routing.items import FoundException, NormalisedItem, RouterItem, TriagedException
from routing.routes import RouteTable
from routing.triage.feature_table import NAMES
from routing.triage.features import features_of
from routing.triage.memory import Memory
from routing.triage.rules import RuleTriage

# later than anything in a sample, for nothing that is later than its own arrival counts
NOW = 4_000_000_000.0
ROUTER = "the router"
Ask = Callable[[RetailException], Mapping[str, object]]


class PartImpact(Struct, frozen=True, kw_only=True):
    """A part of the router that reads a touched place: in how many of the documents that carry it.

    `part` is `triage` (the rules), `routes`, `feature <name>` (what the model sees), or `the router`, which
    stands for documents that it can't even read without that member.
    """

    part: str
    place: str
    documents: int
    of: int


class Router:
    """The parts that are asked, as an installation has them; `known` is what triage remembers besides."""

    def __init__(self, triage: RuleTriage, routes: RouteTable, known: Iterable[RetailException] = ()) -> None:
        self._triage = triage
        self._routes = routes
        self._memory = Memory()
        self._memory.remember(_item(map(_found, known)), NOW)

    def answers(self, exception: RetailException) -> dict[str, object]:
        """Return what each part makes of an exception, by the name of the part."""
        found = _found(exception)
        decision = self._triage.decide([found])[0]
        vector = features_of(found, _item([found]), self._memory, NOW)
        values = struct.iter_unpack("<4s", vector.values)  # as bytes, in which a missing value equals another
        return {
            "triage": decision,
            "routes": self._routes.route(TriagedException(found=found, decision=decision)).row,
            **{f"feature {name}": value for name, (value,) in zip(NAMES, values, strict=True)},
        }


def part_impacts(trees: Iterable[Any], places: Iterable[str], ask: Ask) -> Iterator[PartImpact]:
    """Yield which parts answer something else without a touched member of an exception."""
    trees = list(trees)
    for place in places:
        with_it = [tree for tree in trees if place and has(tree, place)]
        counts: dict[str, int] = {}
        for tree in with_it:
            for part in _differing(tree, place, ask):
                counts[part] = counts.get(part, 0) + 1
        for part, count in counts.items():
            yield PartImpact(part=part, place=place, documents=count, of=len(with_it))


def _differing(tree: Any, place: str, ask: Ask) -> list[str]:
    try:
        less = msgspec.convert(without(tree, place), RetailException)
    except msgspec.ValidationError:
        return [ROUTER]
    before, after = ask(msgspec.convert(tree, RetailException)), ask(less)
    return [part for part, answer in before.items() if answer != after[part]]


def _found(exception: RetailException) -> FoundException:
    return FoundException(
        exception_id="", event_id="", source="", system="", contract="", exception=exception
    )


def _item(exceptions: Iterable[FoundException]) -> NormalisedItem:
    arrival = Arrival(body=b"", media_type="application/json")
    item = RouterItem(
        sequence=1, partition=0, event_id="", source="", contract="", arrival=arrival,
        received_at="2096-10-02T07:06:40+00:00",
    )  # fmt: skip
    return NormalisedItem(item=item, facts=(), exceptions=tuple(exceptions))
