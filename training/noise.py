"""Wrong close codes, as resolvers leave them: most within the category."""

import numpy as np

from training.arrays import Integers
from training.labels import Labels

WITHIN_CATEGORY = 0.8


def noisy(leaf: Integers, labels: Labels, share: float, seed: int) -> Integers:
    """Return the leaves with this share drawn anew; four of five of those stay in their category."""
    draw = np.random.default_rng(seed + 2)
    found = leaf.copy()
    for row in np.flatnonzero(draw.random(len(leaf)) < share):
        if draw.random() < WITHIN_CATEGORY:
            near = np.flatnonzero(labels.category_of_leaf == labels.category_of_leaf[leaf[row]])
        else:
            near = np.arange(len(labels.leaves))
        found[row] = draw.choice(near)
    return found
