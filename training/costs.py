"""What wrong routing costs: one definition for static routing, rules and models.

The numbers are the editable defaults of our research, not measurements at a retailer: a person's look costs
2.40 and goes wrong once in ten; what goes to the wrong level costs 8 and 15 % of the money at risk. Exposure
that nobody stated counts as 0.
"""

import numpy as np
from msgspec import Struct

from training.arrays import Booleans, Doubles


class Costs(Struct, frozen=True, kw_only=True):
    """Money of the taxonomy's currency; shares are 0..1."""

    review: float = 2.40
    person_errs: float = 0.10
    misrouted: float = 8.0
    of_exposure: float = 0.15

    def of_misrouting(self, exposure: Doubles) -> Doubles:
        """Return what each case costs at the wrong level."""
        return self.misrouted + self.of_exposure * exposure

    def of_routing(self, is_alone: Booleans, is_right: Booleans, exposure: Doubles) -> float:
        """Return the mean cost of a case: decided alone (right or wrong), or by a person who may err."""
        misrouted = self.of_misrouting(exposure)
        by_machine = np.where(is_right, 0.0, misrouted)
        by_person = self.review + self.person_errs * misrouted
        return float(np.where(is_alone, by_machine, by_person).mean())
