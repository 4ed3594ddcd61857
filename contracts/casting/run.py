"""Running a chain of casts on one document; each step's result is held against its version."""

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from contracts.casting.pointers import CastFailed
from contracts.casting.projection import project
from contracts.casting.route import Leg
from contracts.errors import NoPath
from contracts.validation import Validator


class Version(Protocol):
    """One version of a contract, as far as a cast needs it."""

    @property
    def identifier(self) -> str: ...
    @property
    def schema(self) -> dict[str, Any]: ...
    @property
    def validator(self) -> Validator: ...


def run_route(route: Sequence[Leg], tree: Any, versions: Mapping[str, Version], target: Version) -> Any:
    """Return `tree` as a document of `target`. Raises: NoPath where a step fails."""
    for leg in route:
        tree = run_leg(leg, tree, versions[leg.start], versions[leg.end])
    return held(project(tree, target.schema), target, f"read as {target.identifier}")


def run_leg(leg: Leg, tree: Any, start: Version, end: Version) -> Any:
    """Return `tree` after one cast. Raises: NoPath where it fails, or yields what `end` forbids."""
    return held(apply_leg(leg, tree, start.schema), end, f"the cast from {start.identifier}")


def apply_leg(leg: Leg, tree: Any, schema: dict[str, Any]) -> Any:
    """Return `tree`, read by the `schema` that the cast starts from, after its operations; nobody judged it.

    Raises: NoPath where one of them fails.
    """
    cast = copy.deepcopy(project(tree, schema))
    try:
        leg.way.apply(cast)
    except CastFailed as error:
        raise NoPath(f"the cast from {leg.start} to {leg.end} fails: {error}") from None
    return cast


def held(tree: Any, version: Version, how: str) -> Any:
    """Return `tree`, which keeps `version`. Raises: NoPath, naming the first place that does not."""
    if version.validator.is_valid(tree):
        return tree
    first = version.validator.violations(tree, "")[0]
    raise NoPath(f"{how} gives what {version.identifier} forbids: {first.path}: {first.detail}")
