"""Compares a candidate schema with others, in a process of its own: `python -m` this, JSON in, JSON out.

A schema is hostile: whatever it does to the comparison, it ends with this process and its limits.
"""

import resource
import sys
from typing import Any

import jsonschema_rs
import msgspec
from msgspec import Struct

from contracts.compat import Comparison, compare
from contracts.manifest import Kind
from contracts.profile import lint

ANSWER_LIMIT_BYTES = 4 << 20


class Task(Struct, frozen=True, kw_only=True):
    """`against` has the schemas to compare the candidate with, by version.

    `kind` asks for the profile's findings as well.
    """

    candidate: dict[str, Any] | bool
    against: dict[str, Any]
    seconds: int
    memory_bytes: int
    kind: Kind | None = None


class Answer(Struct, frozen=True, kw_only=True):
    """`fault` says why the candidate is no schema; else there is a comparison for each version."""

    fault: str = ""
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
    candidate, profile = task.candidate, []
    if isinstance(candidate, dict):
        try:
            jsonschema_rs.meta.validate(candidate)
        except (jsonschema_rs.ValidationError, ValueError) as error:
            return Answer(fault=f"this is no JSON Schema: {getattr(error, 'message', error)}")
        profile = lint(candidate, task.kind) if task.kind is not None else []
    return Answer(
        profile=tuple({"pointer": each.pointer, "detail": each.sentence} for each in profile),
        comparisons={version: compare(old, candidate) for version, old in task.against.items()},
    )


if __name__ == "__main__":
    main()
