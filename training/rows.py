"""Rows: exceptions with their features and what was really the matter, as columns."""

import hashlib
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from training.arrays import Booleans, Doubles, Floats, Integers, Texts


class Rows(Struct, frozen=True, kw_only=True):
    """Columns of equal length, in order of `at`.

    `leaf` is the true root cause's place in the labels, `category` the place of what was reported. `ages` are
    hours, NaN where a value is missing. `at` is when the exception was known here, in seconds since 1970.
    `place` is the store, for what is in none the supplier; `fault` what it came of. `exposure` is the money
    at risk, 0 where nobody said it. `is_audited` says that a person looked who did not see the proposal: only
    those labels are trusted. `rules_leaf` and `rules_confidence` are what the rules said, `rules_strong` that
    one may decide by itself, `rules_review` that a person had to. `absent` counts the missing inputs of the
    category's `human_if_missing`.
    """

    x: Floats
    ages: Floats
    leaf: Integers
    category: Integers
    at: Doubles
    place: Texts
    fault: Texts
    exposure: Doubles
    is_audited: Booleans
    rules_leaf: Integers
    rules_confidence: Doubles
    rules_strong: Booleans
    rules_review: Booleans
    absent: Integers

    def __len__(self) -> int:
        return len(self.leaf)

    def where(self, chosen: Booleans | Integers) -> "Rows":
        """Return some rows, in their order."""
        return Rows(**{name: getattr(self, name)[chosen] for name in self.__struct_fields__})

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of features, labels and times."""
        digest = hashlib.sha256()
        for column in (self.x, self.leaf, self.category, self.at, self.is_audited):
            digest.update(np.ascontiguousarray(column).tobytes())
        for text in (self.place, self.fault):
            digest.update("\n".join(text.tolist()).encode())
        return digest.hexdigest()


def joined(parts: Sequence[Rows]) -> Rows:
    """Return the rows of several sets as one, in order of time."""
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in Rows.__struct_fields__
    }
    rows = Rows(**columns)
    return rows.where(np.argsort(rows.at, kind="stable"))
