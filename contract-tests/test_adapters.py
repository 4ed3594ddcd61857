"""Every adapter does to its vendor's own messages what the sample beside each message says.

A sample is `adapters/<system>/<format>/samples/<case>.xml`, `.json`, `.csv` and so on; `<case>.expected.json`
says which contract each of its items keeps and what it means. To test your own message: put both files there
and run this.
"""

import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import msgspec
import pytest
from reference_engine import reference

from adapters.catalogue import Catalogue
from adapters.conformance import (
    RECEIVED_AT,
    Item,
    Sample,
    adapters,
    demo_source,
    meaning,
    run,
    samples,
    systems,
)
from adapters.framing import messages
from adapters.kinds import DocumentKind
from adapters.personal_members import PersonalMembers
from contracts.adapter import Adapter
from contracts.canon import as_document
from contracts.manifest import Kind
from contracts.registry import Registry
from contracts.views import writer_view

REGISTRY = Registry.load()
CATALOGUE = Catalogue(adapter for system in systems() for adapter in adapters(system))
# those of vendors' formats; a canonical document is a fact or an exception, and has no kind of its own
NATIVE = [
    pytest.param(adapter, id=f"{adapter.system}/{adapter.format}")
    for adapter in CATALOGUE.adapters
    if REGISTRY.resolve(adapter.contracts[0]).kind is Kind.NATIVE
]
SAMPLES = [
    pytest.param(sample, id=f"{sample.system}/{sample.format}/{sample.case}")
    for system in systems()
    for sample in samples(system)
]

OF_VENDORS = [param for param in SAMPLES if not param.id.startswith("canonical/")]  # whose contracts are open
# members that no vendor has, as a company may add them
PERSONAL = {
    "name": "Pia Marlow",
    "contact_person": "Jo Okafor",
    "ZZSIGNED_BY": "K. Vale",
    "e_mail": "one of the shop",
    "phone": "extension 12",
    "streetAddress": "Long Lane 3",
    "iban": "account of the shop",
    "createdBy": "okafor7",
    "dateOfBirth": "a day in May",
    "remark1": "ask pia@shop.example",
    "remark2": "+49 151 5550 0133",
    "remark3": "DE89370400440532013000",
}
HARMLESS = {"warehouseName": "northern one", "ZZSHELF": "aisle of fruit"}


def adapter_of(sample: Sample) -> Adapter:
    first = next(messages(sample.message))
    return CATALOGUE.for_message(sample.system, first)


def items_of(sample: Sample) -> list[Item]:
    adapter = adapter_of(sample)
    return run(adapter, sample, REGISTRY, demo_source(sample.system))


@pytest.mark.parametrize("system", systems())
def test_system_has_adapters_and_samples(system: str) -> None:
    assert adapters(system)
    assert samples(system)


@pytest.mark.parametrize("adapter", CATALOGUE.adapters, ids=lambda each: f"{each.system}/{each.format}")
def test_each_native_contract_of_an_adapter_is_published_and_has_a_sample(adapter: Adapter) -> None:
    shown = {item.contract for sample in samples(adapter.system) for item in sample.expected.items}
    for name in adapter.contracts:
        version = REGISTRY.resolve(name)
        assert version.state == "published"
        # the examples of a canonical contract are its samples
        assert version.kind is Kind.CANONICAL or name in shown, f"no sample of {adapter.system} keeps {name}"


@pytest.mark.parametrize("system", systems())
def test_each_folder_of_a_system_is_the_format_of_an_adapter(system: str) -> None:
    folder = Path(importlib.import_module(f"adapters.{system}").__file__ or "").parent
    folders = {path.parent.name for path in folder.glob("*/__init__.py")}
    assert folders == {adapter.format for adapter in adapters(system)}
    for adapter in adapters(system):
        assert type(adapter).__module__ == f"adapters.{system}.{adapter.format}.adapter"
        assert {"system", "format", "title", "contracts", "signature", "reply"} <= vars(type(adapter)).keys()


@pytest.mark.parametrize("adapter", NATIVE)
def test_format_folder_has_the_shape_of_the_others(adapter: Adapter) -> None:
    modules = modules_of(adapter)
    folder = Path(modules["adapter"].__file__ or "").parent
    assert len((folder / "__init__.py").read_text().splitlines()) == 1
    assert samples(adapter.system, adapter.format)
    assert isinstance(modules["personal"].PERSONAL, PersonalMembers)
    assert "_KINDS" in vars(modules["adapter"])


@pytest.mark.parametrize("adapter", NATIVE)
def test_each_contract_of_an_adapter_is_that_of_one_module_with_its_kind(adapter: Adapter) -> None:
    constants = {name: vars(module) for name, module in modules_of(adapter).items()}
    kinds = {
        name: own["KIND"] for name, own in constants.items() if isinstance(own.get("KIND"), DocumentKind)
    }
    named = {name: own["CONTRACT"] for name, own in constants.items() if "CONTRACT" in own}
    assert named == {name: kind.contract for name, kind in kinds.items()}
    assert sorted(named.values()) == sorted(adapter.contracts)
    assert all(contract.startswith(f"{adapter.system}-") for contract in adapter.contracts)
    table = constants["adapter"]["_KINDS"]
    assert table == {kind.contract: kind for kind in kinds.values()}
    assert tuple(table) == adapter.contracts


@pytest.mark.parametrize("sample", SAMPLES)
def test_sample_means_what_its_expectation_says(sample: Sample) -> None:
    assert [meaning(item) for item in items_of(sample)] == sample.expected.items


@pytest.mark.parametrize("sample", SAMPLES)
def test_what_a_sample_means_keeps_the_canonical_contracts(sample: Sample) -> None:
    for item in items_of(sample):
        for canonical in (*item.normalised.facts, *item.normalised.exceptions):
            REGISTRY.validate(as_document(canonical))


@pytest.mark.parametrize("sample", SAMPLES)
def test_reference_engine_accepts_a_samples_documents_and_what_they_mean(sample: Sample) -> None:
    """The gateway's own engine did in the two tests before."""
    for item in items_of(sample):
        own = item.document
        assert engine_of(own.contract, own.version).is_valid(own.tree)
        for canonical in (*item.normalised.facts, *item.normalised.exceptions):
            meant = as_document(canonical)
            assert engine_of(meant.contract, None).is_valid(meant.tree)


@cache
def engine_of(contract: str, version: str | None) -> jsonschema.Draft202012Validator:
    found = REGISTRY.resolve(contract, version)
    return reference(writer_view(found.schema, found.kind))


@pytest.mark.parametrize("sample", SAMPLES)
def test_items_are_well_formed_by_themselves_and_split_into_themselves(sample: Sample) -> None:
    adapter = adapter_of(sample)
    for message in messages(sample.message):
        for arrival in adapter.split(message):
            alone = msgspec.structs.replace(message, body=arrival.body, media_type=arrival.media_type)
            assert [again.body for again in adapter.split(alone)] == [arrival.body]


@pytest.mark.parametrize("sample", SAMPLES)
def test_meaning_is_the_same_each_time(sample: Sample) -> None:
    assert items_of(sample) == items_of(sample)


@pytest.mark.parametrize("sample", SAMPLES)
def test_keys_of_facts_and_exceptions_are_theirs_alone(sample: Sample) -> None:
    for item in items_of(sample):
        facts = [(fact.kind, fact.key) for fact in item.normalised.facts]
        exceptions = [(exception.category, exception.key) for exception in item.normalised.exceptions]
        assert len(set(facts)) == len(facts)
        assert len(set(exceptions)) == len(exceptions), "two exceptions would get one id"
        assert {exception.detected_at for exception in item.normalised.exceptions} <= {RECEIVED_AT}


@pytest.mark.parametrize("sample", SAMPLES)
def test_personal_data_of_a_sample_goes_no_further(sample: Sample) -> None:
    for item in items_of(sample):
        pii = REGISTRY.resolve(item.document.contract, item.document.version).pii
        personal = {value for path in pii for value in leaves(find(item.document.tree, path.split("/")[1:]))}
        meant = set(leaves(msgspec.to_builtins(item.normalised)))
        assert not {value for value in personal & meant if len(value) > 2}


@pytest.mark.parametrize("sample", OF_VENDORS)
def test_member_that_a_company_adds_travels_unless_it_is_about_people(sample: Sample) -> None:
    adapter, source = adapter_of(sample), demo_source(sample.system)
    for item in items_of(sample):
        tree = with_members(item.document.tree, {**PERSONAL, **HARMLESS})
        document = msgspec.structs.replace(item.document, tree=tree)
        meant = adapter.normalise(document, source, RECEIVED_AT)
        said = "\n".join(leaves(msgspec.to_builtins(meant)))
        assert not [name for name, text in PERSONAL.items() if text in said]
        if sum(len(fact.extensions) for fact in item.normalised.facts):
            assert [name for name, text in HARMLESS.items() if text in said]


def with_members(node: Any, members: dict[str, str]) -> Any:
    """A copy of `node` in which each object has these members, before its own, which stay as they are."""
    if isinstance(node, dict):
        return members | {name: with_members(child, members) for name, child in node.items()}
    return [with_members(child, members) for child in node] if isinstance(node, list) else node


def modules_of(adapter: Adapter) -> dict[str, ModuleType]:
    """The modules of an adapter's folder, by name."""
    package = importlib.import_module(f"adapters.{adapter.system}.{adapter.format}")
    names = (path.stem for path in Path(package.__path__[0]).glob("*.py") if path.stem != "__init__")
    return {name: importlib.import_module(f"{package.__name__}.{name}") for name in names}


def find(tree: Any, parts: list[str]) -> list[Any]:
    """Everything that a pointer with `*` for any index or member leads to."""
    found = [tree]
    for part in (part.replace("~1", "/").replace("~0", "~") for part in parts):
        if part == "*":
            found = [
                child for each in found for child in (each.values() if isinstance(each, dict) else each or ())
            ]
        else:
            found = [each[part] for each in found if isinstance(each, dict) and part in each]
    return found


def leaves(node: Any) -> Iterator[str]:
    """Every text and number below `node`, as text."""
    if isinstance(node, dict):
        for child in node.values():
            yield from leaves(child)
    elif isinstance(node, list | tuple):
        for child in node:
            yield from leaves(child)
    elif node is not None:
        yield str(node)
