"""What each rule of a comparison asks of a version, and of its author."""

from contracts.compat.comparison import Finding, Floor


def asks_for_a_major(finding: Finding) -> bool:
    """Say whether a policy finding makes a version a major."""
    return finding.kind == "policy" and finding.raises is Floor.MAJOR


ADVICE: dict[str, str] = {}
"""What an author can do instead, by rule: a clause, to which `, or make it 2.0.0` is added."""
