"""Every published contract keeps its promises: its examples, the profile, and the lock.

A contract is a folder of `contracts/published`. Its valid examples must pass and its invalid ones must fail
at exactly the places that they name, under two independent engines. See docs/contracts.md.
"""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from contracts import limits, lock
from contracts.canonical import Category, FactKind
from contracts.documents import Document
from contracts.errors import ContractViolated
from contracts.folder import PUBLISHED, contract_folders, read_json, version_folders
from contracts.manifest import ContractsError, Kind
from contracts.places import Place, pointer
from contracts.profile import lint
from contracts.registry import ContractVersion, Registry
from contracts.views import writer_view

REGISTRY = Registry.load()
VERSIONS = [version for name in REGISTRY.names for version in REGISTRY.contract(name).versions.values()]
EXAMPLES_WANTED = 3
# where a canonical contract states what `contracts.limits` says
LIMITS = {
    "properties/key/maxLength": limits.KEY_MAX_CHARACTERS,
    "$defs/item/properties/id/maxLength": limits.KEY_MAX_CHARACTERS,
    "$defs/place/properties/id/maxLength": limits.KEY_MAX_CHARACTERS,
    "$defs/reference/properties/id/maxLength": limits.KEY_MAX_CHARACTERS,
    "$defs/reference/properties/line/maxLength": limits.LINE_MAX_CHARACTERS,
    "$defs/line/properties/line/maxLength": limits.LINE_MAX_CHARACTERS,
    "$defs/line/properties/reason/maxLength": limits.WORDS_MAX_CHARACTERS,
    "$defs/status-measure/properties/value/maxLength": limits.WORDS_MAX_CHARACTERS,
    "properties/status/maxLength": limits.WORDS_MAX_CHARACTERS,
    "$defs/item/properties/description/maxLength": limits.DESCRIPTION_MAX_CHARACTERS,
    "$defs/partner/properties/name/maxLength": limits.NAME_MAX_CHARACTERS,
    "$defs/quantity/properties/unit/maxLength": limits.UNIT_MAX_CHARACTERS,
    "$defs/quantity-measure/properties/unit/maxLength": limits.UNIT_MAX_CHARACTERS,
    "properties/lines/maxItems": limits.LINES_LIMIT,
    "properties/references/maxItems": limits.REFERENCES_LIMIT,
    "$defs/evidence/properties/pointer/maxLength": limits.POINTER_MAX_CHARACTERS,
    "properties/extensions/additionalProperties/maxLength": limits.EXTENSION_MAX_CHARACTERS,
}


def folder_of(version: ContractVersion) -> Path:
    return PUBLISHED / version.name / version.version


def examples(kind: str) -> list[Any]:
    """Every example on disk as a test parameter, named `contract@version/example`."""
    return [
        pytest.param(version, file, id=f"{version.identifier}/{file.stem}")
        for version in VERSIONS
        for file in sorted((folder_of(version) / "examples" / kind).glob("*.json"))
    ]


def every_version() -> Any:
    return pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.identifier)


def broken_places(version: ContractVersion, tree: Any) -> set[tuple[str, str]]:
    """What the gateway would answer: the pointer and the keyword of each violation."""
    document = Document(contract=version.name, version=version.version, tree=tree, business_key="")
    try:
        REGISTRY.validate(document)
    except ContractViolated as violated:
        return {(violation.pointer, violation.keyword) for violation in violated.violations}
    return set()


def reference_places(version: ContractVersion, tree: Any) -> set[tuple[str, str]]:
    """What the reference engine finds, in the same words."""
    engine = jsonschema.Draft202012Validator(
        writer_view(version.schema, version.kind),
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )
    return {
        (pointer(place), keyword)
        for error in engine.iter_errors(tree)
        for place, keyword in _places_of(error, ())
    }


def _places_of(error: Any, above: Place) -> Iterator[tuple[Place, str]]:
    place = (*above, *error.relative_path)
    if error.validator == "required":
        # the reference reports each missing member by itself, at the object
        name = next(name for name in error.validator_value if error.message.startswith(f"{name!r} "))
        yield (*place, name), "required"
    elif error.validator == "additionalProperties" and error.validator_value is False:
        for name in error.instance.keys() - error.schema.get("properties", {}).keys():
            yield (*place, name), "additionalProperties"
    elif error.validator == "oneOf" and isinstance(error.instance, dict):
        yield from _places_of_choice(error, place)
    else:
        yield place, error.validator


def _places_of_choice(error: Any, place: Place) -> Iterator[tuple[Place, str]]:
    """The branch that the constant chose; the constant itself where it chooses none."""
    branches: dict[int, list[Any]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    constants = {
        inner.relative_path[0]
        for errors in branches.values()
        for inner in errors
        if inner.validator == "const" and len(inner.relative_path) == 1
    }
    if not constants:  # the constant is missing: every branch says so
        first = branches[0][0].schema["properties"]
        name = next(name for name, part in first.items() if "const" in part)
        yield (*place, name), "required"
        return
    chosen = [e for e in branches.values() if not any(inner.validator == "const" for inner in e)]
    if not chosen:
        yield (*place, constants.pop()), "oneOf"
    for inner in chosen[0] if chosen else ():
        yield from _places_of(inner, place)


@pytest.mark.parametrize(("version", "file"), examples("valid"))
def test_valid_example_is_accepted_by_both_engines(version: ContractVersion, file: Path) -> None:
    tree = read_json(file)
    assert broken_places(version, tree) == set()
    assert reference_places(version, tree) == set()


@pytest.mark.parametrize(("version", "file"), examples("invalid"))
def test_invalid_example_is_refused_at_the_places_that_it_names(version: ContractVersion, file: Path) -> None:
    example = read_json(file)
    named = {(violation["pointer"], violation["keyword"]) for violation in example["violations"]}
    assert named, "an invalid example names at least one place"
    assert broken_places(version, example["document"]) == named
    assert reference_places(version, example["document"]) == named


@pytest.mark.parametrize("path", LIMITS)
def test_limit_is_that_of_every_canonical_contract_that_states_it(path: str) -> None:
    canonical = [version for version in VERSIONS if version.kind is Kind.CANONICAL]
    stated = {version.identifier: _at(version.schema, path) for version in canonical}
    found = {limit for limit in stated.values() if limit is not None}
    assert found == {LIMITS[path]}


def _at(schema: Any, path: str) -> Any:
    for name in path.split("/"):
        schema = schema.get(name, {})
    return schema or None


@every_version()
def test_both_engines_find_the_same_places_in_damaged_examples(version: ContractVersion) -> None:
    chance = random.Random(version.identifier)
    for file in sorted((folder_of(version) / "examples" / "valid").glob("*.json")):
        for _ in range(20):
            tree = read_json(file)
            for _ in range(chance.randint(1, 3)):
                damage(tree, chance)
            found = broken_places(version, tree)
            expected = reference_places(version, tree)
            # the gateway stops after twenty places
            assert found == expected or (len(found) == 20 and found <= expected), tree


def damage(tree: Any, chance: random.Random) -> None:
    """Remove, add or replace something at a random place of `tree`."""
    containers = [tree]
    for container in containers:
        children = container.values() if isinstance(container, dict) else container
        containers += [child for child in children if isinstance(child, dict | list)]
    container = chance.choice(containers)
    wrong = chance.choice([None, True, -1, 2.5, 10**30, "", "€ 1,50", "2026-13-01", "x" * 2000, [], {}])
    if isinstance(container, list):
        container.append(wrong)
    elif container and chance.random() < 0.7:
        name = chance.choice(sorted(container))
        if chance.random() < 0.5:
            del container[name]
        else:
            container[name] = wrong
    else:
        container["unheard-of"] = wrong


@every_version()
def test_contract_has_three_examples_of_each_kind(version: ContractVersion) -> None:
    for kind in ("valid", "invalid"):
        found = list((folder_of(version) / "examples" / kind).glob("*.json"))
        assert len(found) >= EXAMPLES_WANTED, f"{version.identifier} has {len(found)} {kind} examples"


@every_version()
def test_contract_keeps_to_the_profile(version: ContractVersion) -> None:
    assert lint(version.schema, version.kind) == []


def test_every_category_and_every_kind_of_fact_has_a_canonical_contract() -> None:
    canonical = {version.name for version in VERSIONS if version.kind is Kind.CANONICAL}
    wanted = {f"exception-{category}" for category in Category} | {f"fact-{kind}" for kind in FactKind}
    assert canonical == wanted


def test_no_published_file_was_edited_deleted_or_left_out_of_the_lock() -> None:
    assert lock.verify() == []


def test_editing_a_published_file_is_refused(tmp_path: Path) -> None:
    published = shutil.copytree(PUBLISHED, tmp_path / "published", ignore=shutil.ignore_patterns("*.lock"))
    lock.write(published)
    schema = version_folders(contract_folders(published)[0])[0] / "schema.json"
    schema.write_text(schema.read_text("utf-8") + "\n", "utf-8")
    named = schema.relative_to(published).as_posix()
    assert [finding for finding in lock.verify(published) if finding.startswith(f"{named}: edited")]
    before = (published / lock.LOCK_FILE).read_bytes()
    with pytest.raises(ContractsError, match="edited after publishing"):
        lock.write(published)
    assert (published / lock.LOCK_FILE).read_bytes() == before
