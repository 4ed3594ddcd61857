"""From edits to findings: in which direction each one breaks something, shown by a document."""

from collections.abc import Iterator
from typing import Any

from msgspec import UNSET, Struct

from contracts.compat.comparison import Finding, Verdict
from contracts.compat.containment import Answer, Comparer
from contracts.compat.edits import Edit, edits
from contracts.compat.places import Place
from contracts.compat.sides import Side
from contracts.compat.terms import Term

WITNESSES_LIMIT = 20
WORK_LIMIT = 3000
FUEL = 20_000

_CONSEQUENCES = {
    "backward": "a document of the old schema can be refused by the new one",
    "forward": "a document of the new schema can be refused by the old one",
    "two_view.backward": "a writer of the old version can send what a reader of the new one refuses",
    "two_view.forward": "a writer of the new version can send what a reader of the old one refuses",
}


class Relation(Struct, frozen=True, kw_only=True):
    """A question that was answered: whether all that is valid under `source` is valid under `target`."""

    direction: str
    source: Side
    target: Side
    answer: Answer

    @property
    def from_old(self) -> bool:
        """Whether the source is a view of the old schema."""
        return self.direction.endswith("backward")


def language_findings(
    comparer: Comparer, places: list[Place], relations: list[Relation]
) -> Iterator[Finding]:
    """Yield, for each direction that isn't compatible, the edits that are to blame."""
    found = [edit for place in places if place.old.term is not place.new.term for edit in edits(place)]
    for relation in relations:
        if relation.answer.verdict is not Verdict.COMPATIBLE:
            yield from _explained(comparer, found, relation)


def _explained(comparer: Comparer, found: list[Edit], relation: Relation) -> Iterator[Finding]:
    shown, named = 0, False
    # each witness is a question about the whole document
    limit = max(1, min(WITNESSES_LIMIT, WORK_LIMIT // (1 + len(relation.source.term.args))))
    for edit in found:
        blamed = _blamed(edit, relation)
        if blamed is None or comparer.empty(blamed, FUEL):
            continue
        witness: Any = UNSET
        if shown < limit:
            answer = _witness(comparer, edit, blamed, relation)
            if answer.verdict is Verdict.COMPATIBLE:
                continue  # no whole document shows it: another place makes up for it
            witness = answer.witness
        shown, named = shown + (witness is not UNSET), True
        yield Finding(
            rule=edit.rule,
            kind="language",
            direction=relation.direction,
            detail=f"{edit.detail}: {_CONSEQUENCES[relation.direction]}",
            old_pointer=edit.old_pointer,
            new_pointer=edit.new_pointer,
            witness=witness,
        )
    if relation.answer.verdict is Verdict.BREAKING and not shown:
        rule = "schema.narrowed" if relation.from_old else "schema.widened"
        yield _whole(rule, "no single edit shows it", relation)
    elif not named:
        yield _whole("schema.undecided", "it is neither proven nor refuted that nothing breaks", relation)


def _whole(rule: str, detail: str, relation: Relation) -> Finding:
    return Finding(
        rule=rule,
        kind="language",
        direction=relation.direction,
        detail=f"{detail}: {_CONSEQUENCES[relation.direction]}",
        old_pointer="",
        new_pointer="",
        witness=relation.answer.witness,
    )


def _blamed(edit: Edit, relation: Relation) -> Term | None:
    """Return the values at the edit's place that show it; None where a view has no such place."""
    old, new = edit.place.old.pointer, edit.place.new.pointer
    source = relation.source.part(old if relation.from_old else new)
    target = relation.target.part(new if relation.from_old else old)
    return None if source is None or target is None else edit.blame(source, target)


def _witness(comparer: Comparer, edit: Edit, blamed: Term, relation: Relation) -> Answer:
    """Look for a whole document that has such a value; `compatible` where it is proven that there is none."""
    source, target = relation.source, relation.target
    here = [source.term, edit.place.wrap(blamed)]
    if not edit.place.choice:
        answer = comparer.find(source, target, here, FUEL)
        if answer.verdict is not Verdict.UNDECIDED:
            return answer
    return comparer.find(source, target, [*here, comparer.terms.negate(target.term)], FUEL)
