"""What wrong routing costs, and how sure one must be for it to pay: one definition for all ways of routing.

The numbers are the editable defaults of our research, not measurements at a retailer: a person's look costs
2.40 and goes wrong once in ten; what goes to the wrong level costs 8 and 15 % of the money at risk. Exposure
that nobody stated counts as 0.
"""

from msgspec import Struct


class RoutingCosts(Struct, frozen=True, kw_only=True):
    """Money of the taxonomy's currency; shares are 0..1."""

    review: float = 2.40
    person_errs: float = 0.10
    misrouted: float = 8.0
    of_exposure: float = 0.15

    def of_misrouting(self, exposure: float) -> float:
        """Return what a case costs at the wrong level."""
        return self.misrouted + self.of_exposure * exposure

    def least_confidence(self, exposure: float) -> float:
        """Return from which probability on asking nobody is cheaper: 0.6, and towards 0.9 with money."""
        return 1.0 - self.person_errs - self.review / self.of_misrouting(exposure)


COSTS = RoutingCosts()
