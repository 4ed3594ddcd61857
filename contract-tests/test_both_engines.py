"""Two independent engines agree on a thousand made-up documents of each canonical contract.

The gateway judges with `jsonschema-rs`, for its speed; `jsonschema` is the reference. A document that keeps
the contract by its construction must be valid in both; the same document with one thing damaged may be valid
or not, but in both the same. Seeds are fixed; `make interface EXAMPLES=500` makes more of them as well.
"""

import copy
import os
import random
from itertools import islice
from typing import Any

import pytest
from reference_engine import reference

from contracts.generation import generate
from contracts.manifest import Kind
from contracts.registry import ContractVersion, Registry
from contracts.views import reader_view, writer_view

DOCUMENTS = 1000
ROUNDS = max(int(os.environ.get("EXAMPLES") or 0) // 100, 1)
REGISTRY = Registry.load()
CANONICAL = [
    version
    for name in REGISTRY.names
    for version in [REGISTRY.contract(name).newest()]
    if version is not None and version.kind is Kind.CANONICAL
]
WRONG = (
    None,
    True,
    -1,
    2.5,
    10**30,
    "",
    "€ 1,50",
    "2026-13-01",
    "1.0\n",
    "x" * 2000,
    [],
    {},
    "quantity",
    "EUR",
)


def damaged(tree: Any, chance: random.Random) -> Any:
    """A copy with something removed, replaced or added at a random place."""
    tree = copy.deepcopy(tree)
    containers = [tree]
    for container in containers:
        children = container.values() if isinstance(container, dict) else container
        containers += [child for child in children if isinstance(child, dict | list) and child]
    container = chance.choice(containers)
    if isinstance(container, list):
        container[chance.randrange(len(container))] = chance.choice(WRONG)
    elif chance.random() < 0.3:
        del container[chance.choice(sorted(container))]
    else:
        container[chance.choice([*sorted(container), "unheard-of"])] = chance.choice(WRONG)
    return tree


@pytest.mark.parametrize("version", CANONICAL, ids=lambda version: version.identifier)
def test_engines_agree_on_a_thousand_documents(version: ContractVersion) -> None:
    schema = writer_view(version.schema, version.kind)
    is_valid, engine = version.validator.is_valid, reference(schema)
    chance = random.Random(f"{version.identifier} both engines")
    refused = 0
    for number, tree in enumerate(islice(generate(schema, chance), DOCUMENTS * ROUNDS // 2)):
        assert is_valid(tree), tree
        assert engine.is_valid(tree), tree
        wrong = damaged(tree, chance)
        assert is_valid(wrong) == engine.is_valid(wrong), wrong
        refused += not is_valid(wrong)
        assert number < 100 or refused > number // 4, "the damage is too slight to show anything"


@pytest.mark.parametrize("version", CANONICAL, ids=lambda version: version.identifier)
def test_what_a_writer_may_write_a_reader_can_read(version: ContractVersion) -> None:
    chance = random.Random(f"{version.identifier} readers")
    engine = reference(reader_view(version.schema, version.kind))
    for tree in islice(generate(writer_view(version.schema, version.kind), chance), 20):
        engine.validate(tree)
        engine.validate({**tree, "a-member-to-come": 1})
