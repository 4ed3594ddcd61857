"""What of a decision its receiver may not see; the whole of it then stands sealed in the router's receipt.

A reviewer of the random audit who saw the proposal would mostly confirm it, and its label would be worth
nothing. Who works on a refund that nobody suspects has no business with the other causes that were weighed.
"""

import msgspec

from routing.items import TriageDecision

AUDIT_RULE = "R9:"


def shown(decision: TriageDecision) -> TriageDecision:
    """Return what the receiver sees: the decision itself, unless it must be sealed."""
    if decision.is_audit:
        return _without_proposal(decision)
    if decision.is_restricted and not decision.review:
        return _without_others(decision)
    return decision


def _without_proposal(decision: TriageDecision) -> TriageDecision:
    """Keep what is no opinion: category, severity, money, features, and that it is an audit."""
    return TriageDecision(
        category=decision.category,
        root_cause="",
        confidence=0.0,
        level="",
        team="",
        severity=decision.severity,
        priority=decision.priority,
        review=decision.review,
        review_reasons=tuple(one for one in decision.review_reasons if one.startswith(AUDIT_RULE)),
        exposure=decision.exposure,
        missing=decision.missing,
        decided_by=decision.decided_by,
        taxonomy=decision.taxonomy,
        is_audit=True,
        is_restricted=decision.is_restricted,
        features=decision.features,
    )


def _without_others(decision: TriageDecision) -> TriageDecision:
    return msgspec.structs.replace(
        decision, alternatives={}, checks=(), tasks=(), model=None, shadow=None, autonomy=None
    )
