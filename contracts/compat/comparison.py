"""What is found out about two schemas: a verdict in each direction, and why."""

from enum import StrEnum
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType


class Verdict(StrEnum):
    """`compatible` is proven, `breaking` has a witness, `undecided` is breaking unless waived."""

    COMPATIBLE = "compatible"
    BREAKING = "breaking"
    UNDECIDED = "undecided"


class Floor(StrEnum):
    """The least part of the version that has to be raised."""

    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"


class Verdicts(Struct, frozen=True, kw_only=True):
    """`backward`: what was valid under the old schema is valid under the new one; `forward`: the reverse."""

    backward: Verdict
    forward: Verdict


class Finding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One edit and what follows from it.

    `rule` is a name of the published rule table. `kind` is `language` where an instance shows it, `policy`
    where none can (a changed unit). `direction` is `backward`, `forward`, `two_view.backward`,
    `two_view.forward` or `both`. The pointers are JSON Pointers into the schemas, None where that side has
    no such place. `witness` is an event that is valid under one and invalid under the other schema. `raises`
    is the least version that a policy finding asks for by itself.
    """

    rule: str
    kind: Literal["language", "policy"]
    direction: str
    detail: str
    old_pointer: str | None = None
    new_pointer: str | None = None
    witness: Any | UnsetType = UNSET
    raises: Floor = Floor.PATCH


class Comparison(Struct, frozen=True, kw_only=True):
    """`two_view` holds writers to the closed schema and readers to the open one."""

    backward: Verdict
    forward: Verdict
    two_view: Verdicts
    floor: Floor
    findings: tuple[Finding, ...] = ()


def as_json(comparison: Comparison) -> dict[str, Any]:
    """Return a comparison as plain JSON values; a finding has all its keys, null where there is nothing."""
    plain: dict[str, Any] = msgspec.to_builtins(comparison)
    plain["findings"] = [
        {
            "rule": finding.rule,
            "kind": finding.kind,
            "direction": finding.direction,
            "old_pointer": finding.old_pointer,
            "new_pointer": finding.new_pointer,
            "detail": finding.detail,
            "witness": None if finding.witness is UNSET else finding.witness,
        }
        for finding in comparison.findings
    ]
    return plain
