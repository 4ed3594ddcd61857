"""What a triage decision stood on: it travels with the decision, bounded in bytes, so that it can be
explained later and become a training case."""

from typing import Literal

from msgspec import Struct

# gc=False: many are made at once, and none of them can be part of a cycle


class FeatureRecord(Struct, frozen=True, kw_only=True, gc=False):
    """The features as they were at the decision.

    `vector` and `ages` are little-endian float32 in the order of the contract's features (in JSON: base64),
    NaN where a value is missing; ages are in hours.
    """

    contract: str
    vector: bytes
    ages: bytes


class ModelRecord(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A model's whole answer, whoever decided.

    `sha256` begins that of its graph. `confidence` is the probability of `root_cause`; `level_p` and
    `category_p` are those of its level and of the exception's category; `levels` and `categories` hold them
    all in the taxonomy's order. `set` is the conformal set, most probable first, cut to ten of `set_size`.
    `threshold` is what `level_p` must reach in this category, null where no promise could be proven.
    `reasons` name what spoke most for the root cause, `would_help` the evidence for the set that was not
    there.
    """

    model: str
    sha256: str
    root_cause: str
    confidence: float
    level: str
    level_p: float
    category_p: float
    levels: list[float]
    categories: list[float]
    set: tuple[str, ...]
    set_size: int
    threshold: float | None
    reasons: tuple[str, ...] = ()
    would_help: tuple[str, ...] = ()


class ShadowRecord(Struct, frozen=True, kw_only=True, gc=False):
    """What a challenger would have said of the same features; nothing followed from it."""

    model: str
    sha256: str
    root_cause: str
    confidence: float
    level_p: float
    set: tuple[str, ...]


class AutonomyRecord(Struct, frozen=True, kw_only=True, gc=False):
    """What the model might do alone with this exception (`L0`..`L4`), and why no more.

    `caps` are all limits, `bound_by` the first of the lowest.
    """

    level: Literal["L0", "L1", "L2", "L3", "L4"]
    bound_by: str
    caps: dict[str, str]
