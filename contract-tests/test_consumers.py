"""No contract takes from an owner what that owner reads: `consumers/<owner>.toml`.

Each owner states in its own file which places of which contract, in which major, it reads, and what it
expects there. These tests hold the newest version of each major against that, and every draft and candidate
of the working tree. A version that would break an owner fails with the owner's name:

    loss-prevention reads /item/id of exception-inventory-variance (major 1): 1.2.0 has no such member

Then talk to that owner: its file has the contact. The README beside this says how to add an expectation.
"""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.expectations import (
    Expectations,
    Field,
    Reads,
    as_consumers,
    breaches,
    read_expectations,
    registry_breaches,
    versions_in_question,
)
from contracts.manifest import ContractsError, Kind
from contracts.registry import ContractVersion, Registry
from gateway.settings import load
from routing.owners import load_owners

CONSUMERS = Path(__file__).resolve().parent / "consumers"
REGISTRY = Registry.load()
EXPECTATIONS = read_expectations(CONSUMERS)
OWNERS = {each.owner: each for each in EXPECTATIONS}
READ = [
    pytest.param(each, reads, id=f"{each.owner}/{reads.contract}/{reads.major}")
    for each in EXPECTATIONS
    for reads in each.reads
]
VARIANCE = "exception-inventory-variance"
Edit = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(("expected", "reads"), READ)
def test_owner_finds_what_it_reads(expected: Expectations, reads: Reads) -> None:
    alone = [msgspec.structs.replace(expected, reads=(reads,))]
    assert [breach.sentence for breach in registry_breaches(alone, REGISTRY)] == []


def test_each_default_owner_says_what_it_reads() -> None:
    owners = load_owners(load(None, {}).owners_file)
    assert set(OWNERS) == set(owners)
    assert {name: each.contact for name, each in OWNERS.items()} == {
        name: owner.contact for name, owner in owners.items()
    }


# ---- the test of the test: made-up candidates that would break somebody


def candidate(edit: Edit, of: str = VARIANCE) -> dict[str, Any]:
    """The newest version's schema with one edit, as an architect would propose it."""
    schema = copy.deepcopy(newest(of).schema)
    edit(schema)
    return schema


def newest(name: str) -> ContractVersion:
    found = REGISTRY.contract(name).newest("1")
    assert found is not None
    return found


def broken_by(edit: Edit, *fields: Field, of: str = VARIANCE, version: str = "1.99.0") -> list[str]:
    """The sentences for a made-up owner who reads `fields`."""
    loss_prevention = Expectations(
        owner="loss-prevention",
        contact="loss-prevention@example.com",
        reads=(Reads(contract=of, major=1, purpose="looks for patterns", fields=fields),),
    )
    found = breaches([loss_prevention], of, version, candidate(edit, of), Kind.CANONICAL)
    assert all(each.contact == "loss-prevention@example.com" for each in found)
    return [each.sentence for each in found]


def nothing(_schema: dict[str, Any]) -> None: ...


def test_dropped_field_fails_by_name_of_each_owner_who_reads_it() -> None:
    def without_item(schema: dict[str, Any]) -> None:
        del schema["$defs"]["item"]["properties"]["id"]
        schema["$defs"]["item"]["required"] = []

    found = breaches(EXPECTATIONS, VARIANCE, "1.99.0", candidate(without_item), Kind.CANONICAL)
    assert sorted(breach.sentence for breach in found) == [
        f"inventory-control reads /item/id of {VARIANCE} (major 1): 1.99.0 has no such member",
        f"store-ops reads /item/id of {VARIANCE} (major 1): 1.99.0 has no such member",
    ]


def test_draft_of_the_working_tree_is_held_against_expectations(tmp_path: Path) -> None:
    published = tmp_path / "published"
    folder = published / VARIANCE
    for version in ("1.0.0", "1.1.0"):
        schema = copy.deepcopy(REGISTRY.contract(VARIANCE).versions["1.0.0"].schema)
        schema["$id"] = schema["$id"].replace("1.0.0", version)
        if version == "1.1.0":
            del schema["properties"]["place"]
        (folder / version).mkdir(parents=True)
        (folder / version / "schema.json").write_bytes(msgspec.json.encode(schema))
    (folder / "contract.toml").write_text(
        f'name = "{VARIANCE}"\ntitle = "t"\nkind = "canonical"\ndomain = "exceptions"\ndescription = "d"\n'
        '[owner]\nteam = "t"\ncontact = "t@example.com"\n'
        '[versions."1.0.0"]\nstate = "published"\npublished = 2026-11-23\n'
        '[versions."1.1.0"]\nstate = "draft"\n'
    )
    registry = Registry.load(published)
    assert [version.version for version in versions_in_question(registry, VARIANCE)] == ["1.0.0", "1.1.0"]
    store_ops = [
        msgspec.structs.replace(OWNERS["store-ops"], reads=(reads,))
        for reads in OWNERS["store-ops"].reads
        if reads.contract == VARIANCE
    ]
    assert [breach.sentence for breach in registry_breaches(store_ops, registry)] == [
        f'store-ops reads /place/kind and acts on "store" of {VARIANCE} (major 1): 1.1.0 has no such member',
        f"store-ops reads /place/id of {VARIANCE} (major 1): 1.1.0 has no such member",
    ]


def test_field_that_may_be_absent_breaks_who_needs_it_in_each_document() -> None:
    def optional(schema: dict[str, Any]) -> None:
        schema["required"].remove("occurred_at")

    always = Field(pointer="/occurred_at", always=True)
    assert broken_by(nothing, always) == []
    assert broken_by(optional, Field(pointer="/occurred_at")) == []
    assert broken_by(optional, always) == [
        f"loss-prevention reads /occurred_at in each document of {VARIANCE} (major 1): "
        "in 1.99.0 it may be absent"
    ]


def test_branch_without_the_member_breaks_who_needs_it_in_each_document() -> None:
    def without_value(schema: dict[str, Any]) -> None:
        del schema["$defs"]["status-measure"]["properties"]["value"]
        schema["$defs"]["status-measure"]["required"] = ["kind"]

    assert len(broken_by(without_value, Field(pointer="/actual/value", always=True))) == 1
    assert broken_by(without_value, Field(pointer="/actual/value", branch="quantity", always=True)) == []


def test_choice_that_goes_breaks_who_reads_it() -> None:
    def without_quantities(schema: dict[str, Any]) -> None:
        schema["properties"]["actual"]["oneOf"].pop(0)

    (sentence,) = broken_by(without_quantities, Field(pointer="/actual/value", branch="quantity"))
    assert "/actual/value (where it is quantity)" in sentence


@pytest.mark.parametrize("keyword", ["x-extensible-enum", "enum"])
def test_value_that_goes_breaks_who_acts_on_it(keyword: str) -> None:
    def without_stores(schema: dict[str, Any]) -> None:
        kind = schema["$defs"]["place"]["properties"]["kind"]
        kind[keyword] = [value for value in kind.pop("x-extensible-enum") if value != "store"]

    acts_on = Field(pointer="/place/kind", values=("store", "dc"))
    assert broken_by(nothing, acts_on) == []
    assert broken_by(without_stores, acts_on) == [
        f'loss-prevention reads /place/kind and acts on "dc", "store" of {VARIANCE} (major 1): '
        '1.99.0 no longer allows "store"'
    ]


def test_value_that_comes_breaks_only_who_can_take_no_others() -> None:
    def with_vans(schema: dict[str, Any]) -> None:
        schema["$defs"]["place"]["properties"]["kind"]["x-extensible-enum"].append("van")

    values = ("store", "dc", "company")
    assert broken_by(with_vans, Field(pointer="/place/kind", values=values)) == []
    only = Field(pointer="/place/kind", values=values, no_others=True)
    assert broken_by(nothing, only) == []
    (sentence,) = broken_by(with_vans, only)
    assert sentence.endswith('1.99.0 allows "van" as well')


def test_place_whose_values_are_no_longer_listed_breaks_who_can_take_no_others() -> None:
    def any_word(schema: dict[str, Any]) -> None:
        schema["$defs"]["place"]["properties"]["kind"] = {
            "type": "string",
            "maxLength": 9,
            "description": "d",
        }

    field = Field(pointer="/place/kind", values=("store", "dc", "company"), no_others=True)
    (sentence,) = broken_by(any_word, field)
    assert sentence.endswith("1.99.0 lists no values, so that any may come")


def test_other_type_format_or_unit_breaks_who_named_it() -> None:
    def in_cents(schema: dict[str, Any]) -> None:
        schema["$defs"]["money"]["properties"]["amount"] = {"type": "integer", "x-unit": "cent"}
        schema["properties"]["occurred_at"] = {"type": "string", "format": "date"}

    fields = (
        Field(pointer="/money_at_risk/amount", types=("string",), unit="{currency}"),
        Field(pointer="/occurred_at", format="date-time"),
    )
    assert broken_by(nothing, *fields) == []
    assert [sentence.partition("): ")[2] for sentence in broken_by(in_cents, *fields)] == [
        "in 1.99.0 it may be integer", "in 1.99.0 its unit is cent", "in 1.99.0 its format is date",
    ]  # fmt: skip


def test_next_major_breaks_nobody_who_reads_this_one() -> None:
    def empty(schema: dict[str, Any]) -> None:
        schema["properties"] = {}

    everything = [field for reads in OWNERS["review"].reads for field in reads.fields]
    assert broken_by(empty, *everything, version="2.0.0") == []
    assert broken_by(empty, *everything) != []


def test_contract_or_major_that_is_not_there_is_told() -> None:
    reads = [Reads(contract=name, major=major, purpose="p", fields=(Field(pointer="/key"),))
             for name, major in (("exception-of-the-rule", 1), (VARIANCE, 7))]  # fmt: skip
    found = registry_breaches([Expectations(owner="o", contact="c", reads=tuple(reads))], REGISTRY)
    assert [breach.sentence for breach in found] == [
        "o reads exception-of-the-rule (major 1), which is not there",
        f"o reads {VARIANCE} (major 7), which is not there",
    ]


def test_owners_are_consumers_of_what_they_read() -> None:
    consumers = {each.name: each for each in as_consumers(EXPECTATIONS, "exception-invoice-mismatch")}
    assert set(consumers) == {"finance", "inventory-control", "review"}
    assert "/money_at_risk/amount" in consumers["finance"].pointers


def test_file_that_says_something_unknown_is_refused_by_its_name(tmp_path: Path) -> None:
    reads = '[[reads]]\ncontract = "fact-sale"\nmajor = 1\npurpose = "p"\nfields = [{pointer = "/key"}]\n'
    (tmp_path / "finance.toml").write_text(f'owner = "treasury"\ncontact = "c"\n{reads}')
    (tmp_path / "review.toml").write_text('owner = "review"\ncontact = "c"\nread = []\n')
    with pytest.raises(ContractsError) as refused:
        read_expectations(tmp_path)
    assert "finance.toml: owner: 'treasury' is not the name of the file" in str(refused.value)
    assert "review.toml" in str(refused.value)
