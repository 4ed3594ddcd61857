"""The labels of a model, from the taxonomy: their order, and the matrices that sum leaves."""

import hashlib
from functools import cached_property
from pathlib import Path

import numpy as np
from msgspec import Struct

from routing.triage.feature_table import CODES, INDEX, NAMES
from routing.triage.taxonomy import DEFAULT_PATH, Taxonomy
from training.arrays import Floats, Integers


class Labels(Struct, frozen=True, kw_only=True, dict=True):
    """The leaves in the taxonomy's order. A category here is its name in the canonical language."""

    taxonomy: Taxonomy
    digest: str  # the whole SHA-256 of the taxonomy's file

    @classmethod
    def load(cls, path: Path = DEFAULT_PATH) -> "Labels":
        """Read the taxonomy. Raises: TaxonomyRefused, OSError."""
        return cls(taxonomy=Taxonomy.load(path), digest=hashlib.sha256(path.read_bytes()).hexdigest())

    @cached_property
    def leaves(self) -> tuple[str, ...]:
        return tuple(self.taxonomy.leaves)

    @cached_property
    def levels(self) -> tuple[str, ...]:
        return self.taxonomy.file.levels

    @cached_property
    def categories(self) -> tuple[str, ...]:
        return tuple(category.value for category in self.taxonomy.categories)

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The taxonomy's own keys of the categories, in the order of `categories`."""
        return self.taxonomy.file.label_order

    @cached_property
    def leaf_index(self) -> dict[str, int]:
        return {leaf: place for place, leaf in enumerate(self.leaves)}

    @cached_property
    def category_of_leaf(self) -> Integers:
        """The category's place in `categories`, by leaf."""
        names = [leaf.category.value for leaf in self.taxonomy.leaves.values()]
        return np.array([self.categories.index(name) for name in names])

    @cached_property
    def level_of_leaf(self) -> Integers:
        """The level's place in `levels`, by leaf."""
        return np.array([self.levels.index(leaf.level) for leaf in self.taxonomy.leaves.values()])

    @cached_property
    def team_of_leaf(self) -> Integers:
        """A number for the team, by leaf."""
        teams = [leaf.team for leaf in self.taxonomy.leaves.values()]
        return np.unique(teams, return_inverse=True)[1].astype(np.int64)

    @cached_property
    def to_category(self) -> Floats:
        """0/1, [leaves, categories]."""
        return np.eye(len(self.categories), dtype=np.float32)[self.category_of_leaf]

    @cached_property
    def to_level(self) -> Floats:
        """0/1, [leaves, levels]."""
        return np.eye(len(self.levels), dtype=np.float32)[self.level_of_leaf]

    @cached_property
    def speaking(self) -> Floats:
        """0/1, [leaves, features]: the features that may explain a leaf, evidence for one of its category."""
        mask = np.zeros((len(self.leaves), len(NAMES)), np.float32)
        for code in CODES:
            row = self.taxonomy.file.categories[code]
            evidence = {name for cause in row.root_causes.values() for name in cause.ev}
            own = [self.leaf_index[f"{code}.{name}"] for name in row.root_causes]
            mask[np.ix_(own, [INDEX[name] for name in evidence])] = 1.0
        return mask

    @cached_property
    def priors(self) -> Floats:
        """Each leaf's share of all exceptions, where categories are equally frequent."""
        priors = [leaf.prior for leaf in self.taxonomy.leaves.values()]
        return np.array(priors, np.float32) / np.float32(len(self.categories))
