"""Compares two schemas: the verdicts, the floor of the next version, and why."""

from contracts.compat.comparison import Comparison, Floor, Verdict, Verdicts
from contracts.compat.containment import Comparer
from contracts.compat.dialects import OLD, Dialect, Schema, of_pair
from contracts.views import closed_view, open_view


def compare(old: Schema, new: Schema) -> Comparison:
    """Compare any two JSON Schemas, formats asserted."""
    comparer = Comparer()
    old_dialect, new_dialect = of_pair(old, new)
    old_side, new_side = comparer.side(old, old_dialect), comparer.side(new, new_dialect)
    old_closed = comparer.side(_closed(old, old_dialect), old_dialect)
    new_closed = comparer.side(_closed(new, new_dialect), new_dialect)
    old_open = comparer.side(open_view(old), old_dialect)
    new_open = comparer.side(open_view(new), new_dialect)
    backward = comparer.contains(old_side, new_side)
    forward = comparer.contains(new_side, old_side)
    two_backward = comparer.contains(old_closed, new_open)
    two_forward = comparer.contains(new_closed, old_open)
    compatible = Verdict.COMPATIBLE
    minor = two_backward.verdict is two_forward.verdict is compatible
    same = (
        minor
        and backward.verdict is forward.verdict is compatible
        and comparer.same(old_closed, new_closed)
        and comparer.same(old_open, new_open)
    )
    return Comparison(
        backward=backward.verdict,
        forward=forward.verdict,
        two_view=Verdicts(backward=two_backward.verdict, forward=two_forward.verdict),
        floor=Floor.PATCH if same else Floor.MINOR if minor else Floor.MAJOR,
    )


def _closed(schema: Schema, dialect: Dialect) -> Schema:
    closed: Schema = closed_view(schema, modern=dialect not in OLD)
    return closed
