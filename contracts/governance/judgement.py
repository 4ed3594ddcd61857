"""One comparison in the light of its contract: what stands in the way, and who reads there."""

from datetime import date
from typing import Any

from msgspec import UNSET, Struct

from contracts.compat.comparison import Comparison, Finding, Floor, Verdict
from contracts.governance.reading import Reader, parts, readers, touched
from contracts.governance.relation import Relation, least_step, speaks_of, verdicts, worst
from contracts.governance.rules import asks_for_a_major
from contracts.governance.sentences import sentence
from contracts.governance.versions import major_of
from contracts.manifest import Consumer, State, Waiver


class Judged(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One finding in the light of its contract.

    `verdict` is `breaking` or `undecided` where the finding stands in the way within a major, `compatible`
    where it is only worth knowing or somebody answers for it. `places` are those of a document that it is
    about, `readers` the declared consumers that read there. `sentence` says what it means and what to do.
    """

    finding: Finding
    verdict: Verdict
    sentence: str
    places: tuple[str, ...] = ()
    readers: tuple[Reader, ...] = ()
    waiver: Waiver | None = None


class Step(Struct, frozen=True, kw_only=True):
    """The way from one live version to a proposal. `floor` is what the proposal has to raise above it."""

    against: str
    state: State
    verdict: Verdict
    floor: Floor
    findings: tuple[Judged, ...] = ()


class Terms(Struct, frozen=True, kw_only=True):
    """Under what a comparison is judged: the contract's relation and consumers, the proposal's waivers."""

    relation: Relation
    consumers: tuple[Consumer, ...]
    waivers: tuple[Waiver, ...]
    today: date


def judge(old: Any, new: Any, comparison: Comparison, *, against: str, state: State, terms: Terms) -> Step:
    """Judge the comparison of a live version, `old`, with a proposal, `new`."""
    walked = tuple(parts(old)), tuple(parts(new))
    judged = tuple(
        _judged(finding, verdict, touched(*walked, finding), against, terms)
        for finding, verdict in _standing(comparison, terms.relation)
    )
    verdict = worst([*_open_directions(comparison, judged, terms.relation), *_open_policy(judged)])
    floor = least_step(comparison) if verdict is Verdict.COMPATIBLE else Floor.MAJOR
    return Step(against=against, state=state, verdict=verdict, floor=floor, findings=judged)


def _judged(finding: Finding, verdict: Verdict, where: set[str], against: str, terms: Terms) -> Judged:
    waiver = _waiver(finding, verdict, against, terms)
    concerned = readers(terms.consumers, major_of(against), where)
    return Judged(
        finding=finding,
        verdict=Verdict.COMPATIBLE if waiver else verdict,
        sentence=sentence(finding, verdict, against, terms.relation, concerned, waiver),
        places=tuple(sorted(where)),
        readers=concerned,
        waiver=waiver,
    )


def may_be_waived(finding: Finding, verdict: Verdict, relation: Relation) -> bool:
    """Say whether somebody may answer for a finding.

    What nobody could prove, and what no instance shows, is a matter of knowledge. What has a witness breaks
    somebody, and needs a major; but of a native contract nobody knows what vendors really send until they
    have looked at it.
    """
    proven = finding.kind == "language" and verdict is Verdict.BREAKING
    return verdict is not Verdict.COMPATIBLE and (not proven or relation is Relation.BACKWARD)


def _standing(comparison: Comparison, relation: Relation) -> list[tuple[Finding, Verdict]]:
    """Say of each finding whether it stands in the way, before any waiver."""
    return [(finding, _verdict(finding, verdicts(comparison, relation))) for finding in comparison.findings]


def _verdict(finding: Finding, of_directions: dict[str, Verdict]) -> Verdict:
    if finding.kind == "policy":
        return Verdict.BREAKING if asks_for_a_major(finding) else Verdict.COMPATIBLE
    own = [verdict for direction, verdict in of_directions.items() if speaks_of(finding, direction)]
    if finding.witness is not UNSET and any(verdict is not Verdict.COMPATIBLE for verdict in own):
        return Verdict.BREAKING
    return worst(own)


def _waiver(finding: Finding, verdict: Verdict, against: str, terms: Terms) -> Waiver | None:
    if not may_be_waived(finding, verdict, terms.relation):
        return None
    pointers = {finding.old_pointer, finding.new_pointer}
    return next(
        (
            waiver
            for waiver in terms.waivers
            if waiver.rule == finding.rule
            and waiver.against == against
            and waiver.pointer in pointers
            and waiver.expires >= terms.today
        ),
        None,
    )


def _open_directions(comparison: Comparison, judged: tuple[Judged, ...], relation: Relation) -> list[Verdict]:
    """Return what is left of each direction's verdict after the waivers.

    A direction whose findings are not all waived keeps its verdict, also where no finding explains it.
    """
    left: list[Verdict] = []
    for direction, verdict in verdicts(comparison, relation).items():
        own = [each for each in judged if speaks_of(each.finding, direction)]
        if verdict is Verdict.COMPATIBLE or (own and all(each.waiver for each in own)):
            continue
        left.append(verdict)
    return left


def _open_policy(judged: tuple[Judged, ...]) -> list[Verdict]:
    return [each.verdict for each in judged if each.finding.kind == "policy"]
