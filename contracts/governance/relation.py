"""Which comparison binds a contract, by whose documents it describes."""

from enum import StrEnum

from contracts.compat.comparison import Comparison, Finding, Floor, Verdict
from contracts.manifest import Kind


class Relation(StrEnum):
    """What has to hold between two versions of a major.

    `two-view`: what the writers of either may write, the readers of the other can read. Ours, on both ends:
    canonical contracts. `backward`: what was valid stays valid. A vendor writes native documents and we alone
    read them, so that nobody else has to cope with what a newer version lets through; and nobody closes what
    a vendor writes, so that a member that was not declared may have been there all the same.
    """

    TWO_VIEW = "two-view"
    BACKWARD = "backward"


_DIRECTIONS = {
    Relation.TWO_VIEW: ("two_view.backward", "two_view.forward"),
    Relation.BACKWARD: ("backward",),
}


def relation_of(kind: Kind) -> Relation:
    """Return the relation that binds the versions of a contract of this kind."""
    return Relation.TWO_VIEW if kind is Kind.CANONICAL else Relation.BACKWARD


def verdicts(comparison: Comparison, relation: Relation) -> dict[str, Verdict]:
    """Return the verdict in each direction that binds."""
    every = {
        "backward": comparison.backward,
        "two_view.backward": comparison.two_view.backward,
        "two_view.forward": comparison.two_view.forward,
    }
    return {direction: every[direction] for direction in _DIRECTIONS[relation]}


def speaks_of(finding: Finding, direction: str) -> bool:
    """Say whether a finding is one in this direction."""
    return finding.kind == "language" and finding.direction in {direction, "both"}


def least_step(comparison: Comparison) -> Floor:
    """Return what has to be raised where nothing stands in the way of it: a major never has to be."""
    return Floor.MINOR if comparison.floor is Floor.MAJOR else comparison.floor


def worst(verdicts: list[Verdict]) -> Verdict:
    """Return the worst of several verdicts; compatible where there is none."""
    order = (Verdict.BREAKING, Verdict.UNDECIDED)
    return next((verdict for verdict in order if verdict in verdicts), Verdict.COMPATIBLE)
