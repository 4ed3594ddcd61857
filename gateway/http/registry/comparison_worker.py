"""Compares a candidate schema with others, in a process of its own: `python -m` this, JSON in, JSON out.

A schema is hostile: whatever it does to the comparison, it ends with this process and its limits.
"""

import json
import resource
import sys
from typing import Any

import msgspec
from msgspec import Struct

from contracts.compat.comparison import Comparison
from contracts.manifest import Kind
from contracts.profile import lint

ANSWER_LIMIT_BYTES = 4 << 20


class Task(Struct, frozen=True, kw_only=True):
    """`candidate` is JSON text as it came, `against` has the schemas to compare it with, by version.

    `kind` asks for the profile's findings as well.
    """

    candidate: str
    against: dict[str, Any]
    seconds: int
    memory_bytes: int
    kind: Kind | None = None


class Answer(Struct, frozen=True, kw_only=True):
    """`fault` says why the candidate is no schema; else there is a comparison for each version."""

    fault: str = ""
    is_json: bool = True
    profile: tuple[dict[str, str], ...] = ()
    comparisons: dict[str, Comparison] = {}


def main() -> None:
    """Read one task from standard input, answer it on standard output."""
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    resource.setrlimit(resource.RLIMIT_CPU, (task.seconds, task.seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (task.memory_bytes, task.memory_bytes))
    body = msgspec.json.encode(_answer(task))
    if len(body) > ANSWER_LIMIT_BYTES:
        sys.exit("the answer is larger than anybody reads")
    sys.stdout.buffer.write(body)


def _answer(task: Task) -> Answer:
    try:
        candidate = json.loads(task.candidate)
    except (ValueError, RecursionError) as error:
        return Answer(fault=f"this is not JSON: {error}", is_json=False)
    if not isinstance(candidate, dict | bool):
        return Answer(fault="a schema is an object, or true or false")
    profile: tuple[dict[str, str], ...] = ()
    if task.kind is not None and isinstance(candidate, dict):
        found = lint(candidate, task.kind)
        profile = tuple({"pointer": each.pointer, "detail": each.sentence} for each in found)
    return Answer(profile=profile, comparisons=_compared(candidate, task.against))


def _compared(candidate: dict[str, Any] | bool, against: dict[str, Any]) -> dict[str, Comparison]:
    from contracts.compat import compare

    return {version: compare(old, candidate) for version, old in against.items()}


if __name__ == "__main__":
    main()
