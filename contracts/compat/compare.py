"""Compares two schemas: the verdicts, the floor of the next version, and why."""

from collections.abc import Iterable, Mapping
from typing import Any

from contracts.compat.comparison import Comparison, Floor, Verdict, Verdicts
from contracts.compat.containment import Comparer
from contracts.compat.dialects import OLD, Dialect, Schema, of_pair
from contracts.compat.findings import Relation, language_findings
from contracts.compat.places import places
from contracts.compat.policy import policy_findings
from contracts.compat.sides import Part, Side
from contracts.views import closed_view, open_view

_ORDER = (Floor.PATCH, Floor.MINOR, Floor.MAJOR)


def compare(old: Schema, new: Schema, *, reserved: Iterable[str] = ()) -> Comparison:
    """Compare any two JSON Schemas, formats asserted; `reserved` names must not be declared anew."""
    comparer = Comparer()
    old_dialect, new_dialect = of_pair(old, new)
    old_side, new_side = comparer.side(old, old_dialect), comparer.side(new, new_dialect)
    old_closed = comparer.side(_closed(old, old_dialect), old_dialect)
    new_closed = comparer.side(_closed(new, new_dialect), new_dialect)
    old_open = comparer.side(open_view(old), old_dialect)
    new_open = comparer.side(open_view(new), new_dialect)
    relations = [
        Relation(direction=direction, source=source, target=target, answer=comparer.contains(source, target))
        for direction, source, target in (
            ("backward", old_side, new_side),
            ("forward", new_side, old_side),
            ("two_view.backward", old_closed, new_open),
            ("two_view.forward", new_closed, old_open),
        )
    ]
    backward, forward, two_backward, two_forward = (relation.answer.verdict for relation in relations)
    minor = two_backward is two_forward is Verdict.COMPATIBLE
    same = (
        minor
        and backward is forward is Verdict.COMPATIBLE
        and comparer.same(old_closed, new_closed)
        and comparer.same(old_open, new_open)
    )
    common = list(places(Part(old_side, "", *_root(old_side)), Part(new_side, "", *_root(new_side))))
    findings = [
        *language_findings(comparer, common, relations),
        *policy_findings(common, reserved, comparer.empty),
    ]
    floors = [Floor.PATCH if same else Floor.MINOR if minor else Floor.MAJOR]
    return Comparison(
        backward=backward,
        forward=forward,
        two_view=Verdicts(backward=two_backward, forward=two_forward),
        floor=max([*floors, *(finding.raises for finding in findings)], key=_ORDER.index),
        findings=tuple(findings),
    )


def compare_all(
    olds: Mapping[str, Schema], new: Schema, *, reserved: Iterable[str] = ()
) -> dict[str, Comparison]:
    """Compare each of several versions with a new one, by their names.

    What writers and readers may do is no chain: each step can be compatible, and the first version still
    not be so with the last. So a new version is compared with all that are alive.
    """
    return {name: compare(old, new, reserved=reserved) for name, old in olds.items()}


def _root(side: Side) -> tuple[Any, str]:
    return side.reader.resources.root


def _closed(schema: Schema, dialect: Dialect) -> Schema:
    closed: Schema = closed_view(schema, modern=dialect not in OLD)
    return closed
