"""Random numbers that are the same for the same seed, on every machine."""

import math
from random import Random


class Chance(Random):
    """A stream of random numbers with the draws that a retailer needs.

    Each flow has its own, named by seed and flow, so that a change in one leaves the others as they were.
    """

    def happens(self, share: float) -> bool:
        """Say yes in this share of all times."""
        return self.random() < share

    def count(self, mean: float) -> int:
        """Return how many of what happens `mean` times on average (Poisson)."""
        if mean <= 0:
            return 0
        if mean > 30:
            return max(0, round(self.gauss(mean, math.sqrt(mean))))
        limit, product, number = math.exp(-mean), self.random(), 0
        while product > limit:
            product *= self.random()
            number += 1
        return number

    def wait(self, mean: float) -> float:
        """Return a time to wait that is `mean` on average (exponential)."""
        return self.expovariate(1 / mean)

    def within(self, low: float, high: float, mean: float, deviation: float) -> float:
        """Return a normal number, cut to what is possible."""
        return min(high, max(low, self.gauss(mean, deviation)))
