"""What owners read of contracts, as each says it in a file of its own; and which version would break whom.

A contract says what a sender may write. An expectation says what one reader needs of it. A version can be
compatible by every rule and still take from a reader what it lives on, such as an optional field that nobody
sends any more: here it is told by name.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from contracts.errors import ContractUnknown
from contracts.manifest import Consumer, ContractsError, Kind, State
from contracts.reading_places import Leaf, leaves, possible, types_of_leaf, values_of
from contracts.registry import ContractVersion, Registry
from contracts.validation import Schema
from contracts.views import writer_view

Value = str | int | float | bool | None
Pointer = Annotated[str, Meta(pattern="^(/([^~/]|~[01])+)+$")]


class Field(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One place that an owner reads: a JSON Pointer into the document, with `*` for each item of a list.

    `always`: it relies on it in each document (behind a `*`: in each item). `types`: the JSON types that it
    takes. `values`: those that it acts upon, so that each must stay possible; with `no_others` it can take
    nothing else. `format` and `unit` are what the contract's `format` and `x-unit` must say. `branch`: it
    reads the place only where the constant that tells a choice apart is this one.
    """

    pointer: Pointer
    always: bool = False
    types: tuple[str, ...] = ()
    values: tuple[Value, ...] = ()
    no_others: bool = False
    format: str = ""
    unit: str = ""
    branch: str = ""

    def __post_init__(self) -> None:
        if self.no_others and not self.values:
            raise ValueError("`no_others` needs `values`")


class Reads(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an owner reads of one major of one contract, and what for."""

    contract: str
    major: Annotated[int, Meta(ge=0)]
    purpose: str
    fields: Annotated[tuple[Field, ...], Meta(min_length=1)]


class Expectations(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file of one owner."""

    owner: str
    contact: str
    reads: Annotated[tuple[Reads, ...], Meta(min_length=1)]


class Breach(Struct, frozen=True, kw_only=True):
    """One expectation that a version does not meet; `rule` is a member of `Field`, or `gone`."""

    owner: str
    contact: str
    contract: str
    version: str
    pointer: str
    rule: str
    sentence: str


def read_expectations(folder: Path) -> tuple[Expectations, ...]:
    """Read every `<owner>.toml` of a folder, sorted by name.

    Raises: ContractsError, naming each file that can't be used.
    """
    found: list[Expectations] = []
    findings: list[str] = []
    for file in sorted(folder.glob("*.toml")):
        try:
            expected = msgspec.toml.decode(file.read_bytes(), type=Expectations)
        except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
            findings.append(f"{file.name}: {error}")
            continue
        if expected.owner != file.stem:
            findings.append(f"{file.name}: owner: {expected.owner!r} is not the name of the file")
        found.append(expected)
    if findings:
        raise ContractsError(findings)
    return tuple(found)


def breaches(
    expectations: Iterable[Expectations], name: str, version: str, schema: Schema, kind: Kind
) -> tuple[Breach, ...]:
    """Return whom `version` of the contract `name` would break, and where: those who read its major."""
    major = int(version.partition(".")[0])
    held = _Held(name, version, writer_view(schema, kind))
    return tuple(
        breach
        for each in expectations
        for reads in each.reads
        if (reads.contract, reads.major) == (name, major)
        for field in reads.fields
        for breach in held.breaches(each, field)
    )


def registry_breaches(expectations: Iterable[Expectations], registry: Registry) -> tuple[Breach, ...]:
    """Return whom the registry breaks: by the newest version of each major, or a draft or candidate of it."""
    expectations = tuple(expectations)
    found: list[Breach] = []
    for name in registry.names:
        for version in versions_in_question(registry, name):
            found += breaches(expectations, name, version.version, version.schema, version.kind)
    for each in expectations:
        found += [_absent(each, reads) for reads in each.reads if not _is_there(registry, reads)]
    return tuple(found)


def versions_in_question(registry: Registry, name: str) -> tuple[ContractVersion, ...]:
    """Return the versions that readers will meet: the newest of each major, every draft and candidate."""
    contract = registry.contract(name)
    newest = {
        found.version
        for version in contract.versions
        if (found := contract.newest(version.partition(".")[0])) is not None
    }
    to_come = {State.DRAFT, State.CANDIDATE}
    return tuple(
        version
        for version in contract.versions.values()
        if version.version in newest or version.state in to_come
    )


def as_consumers(expectations: Iterable[Expectations], contract: str) -> tuple[Consumer, ...]:
    """Return who reads a contract by these files, as a manifest would declare them."""
    return tuple(
        Consumer(
            name=each.owner,
            major=reads.major,
            contact=each.contact,
            pointers=tuple(field.pointer for field in reads.fields),
        )
        for each in expectations
        for reads in each.reads
        if reads.contract == contract
    )


class _Held:
    """One version that expectations are held against."""

    def __init__(self, name: str, version: str, schema: Schema) -> None:
        self._name = name
        self._version = version
        self._schema = schema

    def breaches(self, expected: Expectations, field: Field) -> Iterator[Breach]:
        found = leaves(self._schema, field.pointer, field.branch)
        there = [leaf for leaf in found if leaf is not None]
        if not there:
            yield self._breach(expected, field, "gone", f"{self._version} has no such member")
            return
        if field.always and not all(leaf is not None and leaf.is_always for leaf in found):
            yield self._breach(expected, field, "always", f"in {self._version} it may be absent")
        for rule, sentence in self._of_leaves(field, there):
            yield self._breach(expected, field, rule, sentence)

    def _of_leaves(self, field: Field, there: list[Leaf]) -> Iterator[tuple[str, str]]:
        other_types = {name for leaf in there for name in types_of_leaf(leaf.schema)} - set(field.types)
        if field.types and other_types:
            yield "types", f"in {self._version} it may be {_listed(other_types)}"
        lost = [value for value in field.values if not any(possible(leaf, value) for leaf in there)]
        if lost:
            yield "values", f"{self._version} no longer allows {_listed(map(_shown, lost))}"
        if field.no_others:
            yield from self._others(field, there)
        for rule, keyword, wanted in (("format", "format", field.format), ("unit", "x-unit", field.unit)):
            said = sorted({str(leaf.schema.get(keyword, "none")) for leaf in there} - {wanted})
            if wanted and said:
                yield rule, f"in {self._version} its {rule} is {_listed(said)}"

    def _others(self, field: Field, there: list[Leaf]) -> Iterator[tuple[str, str]]:
        listed = [values_of(leaf.schema) for leaf in there]
        if any(values is None for values in listed):
            yield "no_others", f"{self._version} lists no values, so that any may come"
            return
        taken = {(type(value), value) for value in field.values}
        others = [value for values in listed for value in values or () if (type(value), value) not in taken]
        if others:
            yield "no_others", f"{self._version} allows {_listed(map(_shown, others))} as well"

    def _breach(self, expected: Expectations, field: Field, rule: str, what: str) -> Breach:
        major = self._version.partition(".")[0]
        return Breach(
            owner=expected.owner,
            contact=expected.contact,
            contract=self._name,
            version=self._version,
            pointer=field.pointer,
            rule=rule,
            sentence=f"{expected.owner} reads {_words(field)} of {self._name} (major {major}): {what}",
        )


def _words(field: Field) -> str:
    words = field.pointer
    if field.branch:
        words += f" (where it is {field.branch})"
    if field.always:
        words += " in each document"
    if field.types:
        words += f" as {_listed(field.types)}"
    if field.values:
        words += f" and {'takes only' if field.no_others else 'acts on'} {_listed(map(_shown, field.values))}"
    if field.unit:
        words += f" in {field.unit}"
    return words


def _is_there(registry: Registry, reads: Reads) -> bool:
    try:
        versions = registry.contract(reads.contract).versions
    except ContractUnknown:
        return False
    return any(version.partition(".")[0] == str(reads.major) for version in versions)


def _absent(expected: Expectations, reads: Reads) -> Breach:
    return Breach(
        owner=expected.owner,
        contact=expected.contact,
        contract=reads.contract,
        version=str(reads.major),
        pointer="",
        rule="gone",
        sentence=f"{expected.owner} reads {reads.contract} (major {reads.major}), which is not there",
    )


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))


def _shown(value: Value) -> str:
    return msgspec.json.encode(value).decode()
