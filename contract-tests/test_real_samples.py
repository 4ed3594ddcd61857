"""Payloads of vendors, each held against what an expert reads in it: `expectations/*.toml`.

The payloads are not part of this repository. They are looked for in the folder that CROSSDOCK_SAMPLES names,
else beside the repository; without them these tests are skipped. To try payloads of your own, name their
folder (with the sub-folders pos, pos-modern, wms and erp) in CROSSDOCK_SAMPLES, and the folder of your
expectations, if you wrote some, in CROSSDOCK_EXPECTATIONS. A file that no expectation names must get a
verdict, whatever it is; one with `Invalid` in its path must be refused.
"""

import os
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from differences import differences_of_exceptions, differences_of_facts, is_id
from expectations import ExpectedFile, ExpectedFolder, ExpectedItem, read_expectations
from msgspec import Struct

from adapters.catalogue import Catalogue
from adapters.conformance import RECEIVED_AT, adapters, demo_source, systems
from adapters.framing import messages
from contracts.adapter import Adapter
from contracts.canon import as_document
from contracts.canonical import Normalised
from contracts.documents import Arrival, Message, ValidDocument
from contracts.errors import ContractUnknown, ContractViolated, EventError, RequestInvalid, RequestUnreadable
from contracts.registry import Registry

SYSTEMS = {"pos": "pos", "pos-modern": "pos", "wms": "wms", "erp": "erp"}  # a folder's system
MEDIA_TYPES = {".xml": "application/xml", ".json": "application/json", ".ndjson": "application/x-ndjson"}
SHARE_WANTED = 0.95

REGISTRY = Registry.load()
CATALOGUE = Catalogue(adapter for system in systems() for adapter in adapters(system))

HERE = Path(__file__).resolve().parent
OTHER_SAMPLES = os.environ.get("CROSSDOCK_SAMPLES")
SAMPLES = Path(OTHER_SAMPLES or HERE.parent.parent / "shared" / "samples")
EXPECTATIONS = read_expectations(Path(os.environ.get("CROSSDOCK_EXPECTATIONS") or HERE / "expectations"))
EXPECTED = {
    f"{folder.folder}/{file.name}": (folder, file) for folder in EXPECTATIONS for file in folder.files
}
FILES = [
    path.relative_to(SAMPLES).as_posix()
    for folder in SYSTEMS
    for path in sorted((SAMPLES / folder).rglob("*"))
    if path.is_file()
]


class Outcome(Struct, frozen=True, kw_only=True):
    """What became of one item: its document and meaning, or the error that refused it."""

    arrival: Arrival | None = None
    document: ValidDocument | None = None
    meaning: Normalised = Normalised()
    error: EventError | None = None

    @property
    def id(self) -> str | None:
        named = self.arrival.source_event_id if self.arrival else None
        return named or (self.document.source_event_id if self.document else None)

    @property
    def verdict(self) -> str:
        """What the expectations call it; an error that is ours by its code."""
        if self.error is None:
            return "accepted"
        if isinstance(self.error, ContractUnknown):
            return "unsupported"
        is_refused = isinstance(self.error, ContractViolated | RequestUnreadable | RequestInvalid)
        return "refused" if is_refused else self.error.code


def outcomes(name: str) -> list[Outcome]:
    """Take a file the way that a batch takes in the gateway and, after it, in the router."""
    path = SAMPLES / name
    message = Message(body=path.read_bytes(), media_type=MEDIA_TYPES.get(path.suffix, ""))
    system = SYSTEMS[name.partition("/")[0]]
    found: list[Outcome] = []
    try:
        for each in messages(message):
            adapter = CATALOGUE.for_message(system, each)
            found += [_outcome(adapter, arrival, system) for arrival in adapter.split(each)]
    except EventError as error:
        found.append(Outcome(error=error))
    return found


def _outcome(adapter: Adapter, arrival: Arrival, system: str) -> Outcome:
    try:
        document = REGISTRY.validate(adapter.decode(arrival))
        meaning = adapter.normalise(document, demo_source(system), RECEIVED_AT)
    except EventError as error:
        return Outcome(arrival=arrival, error=error)
    return Outcome(arrival=arrival, document=document, meaning=meaning)


def differences(name: str, folder: ExpectedFolder, file: ExpectedFile) -> list[str]:
    """Say where a file is taken for something else than the expert takes it for, in sentences."""
    found = outcomes(name)
    if file.verdict == "unsupported":
        verdicts = {outcome.verdict for outcome in found}
        return [] if verdicts == {"unsupported"} else [f"{name}: expected unsupported, found {verdicts}"]
    if len(found) != len(file.items):
        told = next((f": {outcome.error}" for outcome in found if outcome.error), "")
        return [f"{name}: expected {len(file.items)} items, found {len(found)}{told}"]
    return [
        f"{name} item {number}: {finding}"
        for number, (item, outcome) in enumerate(zip(file.items, found, strict=True), 1)
        for finding in _differences_of_item(folder.contract(file, item), item, outcome)
    ]


def _differences_of_item(contract: str, expected: ExpectedItem, found: Outcome) -> list[str]:
    if expected.refused is not None:
        return _differences_of_refusal(expected.refused, found)
    if found.document is None:
        return [f"expected accepted, found {found.verdict}: {found.error}"]
    findings = []
    if not fnmatchcase(found.document.contract, contract):
        findings.append(f"expected contract {contract}, found {found.document.contract}")
    if expected.id is not None and not is_id(expected.id, found.id):
        findings.append(f"expected source event id {expected.id}, found {found.id}")
    findings += differences_of_facts(expected.facts, found.meaning.facts)
    findings += differences_of_exceptions(expected.exceptions, found.meaning.exceptions)
    return findings


def _differences_of_refusal(pointer: str, found: Outcome) -> list[str]:
    if found.verdict != "refused":
        return [f"expected refused at {pointer}, found {found.verdict}"]
    pointers = _pointers(found)
    if not any(each.endswith(pointer) for each in pointers):
        return [f"expected refused at {pointer}, found {', '.join(pointers) or found.error}"]
    return []


def _pointers(found: Outcome) -> list[str]:
    violated = found.error
    return (
        [violation.pointer for violation in violated.violations]
        if isinstance(violated, ContractViolated)
        else []
    )


def _present(samples_folder: Path, name: str) -> None:
    if not (samples_folder / name).exists():
        pytest.skip(f"{name} is not in {samples_folder}")


@pytest.mark.parametrize("name", EXPECTED)
def test_file_means_what_an_expert_reads_in_it(samples_folder: Path, name: str) -> None:
    _present(samples_folder, name)
    found = differences(name, *EXPECTED[name])
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("name", sorted({*EXPECTED, *FILES}))
def test_file_gets_a_verdict_and_what_it_means_keeps_the_canonical_contracts(
    samples_folder: Path, name: str
) -> None:
    _present(samples_folder, name)
    found = outcomes(name)
    assert found, f"{name}: there is no item in it, and no refusal"
    for outcome in found:
        for canonical in (*outcome.meaning.facts, *outcome.meaning.exceptions):
            REGISTRY.validate(as_document(canonical))


@pytest.mark.parametrize("name", [name for name in FILES if "Invalid" in name])
def test_invalid_file_is_refused_and_told_where(samples_folder: Path, name: str) -> None:
    _present(samples_folder, name)
    for outcome in outcomes(name):
        assert outcome.verdict == "refused", f"{name}: expected refused, found {outcome.verdict}"
        assert isinstance(outcome.error, RequestUnreadable | RequestInvalid) or _pointers(outcome)


@pytest.mark.parametrize("name", sorted({*EXPECTED, *FILES}))
def test_items_of_a_file_have_ids_of_their_own(samples_folder: Path, name: str) -> None:
    """An id that two items share would make the second a repeat of the first, or its conflict."""
    _present(samples_folder, name)
    ids = [outcome.id for outcome in outcomes(name) if outcome.id]
    shared = sorted({each for each in ids if ids.count(each) > 1})
    assert not shared, f"{name}: several items have the source event id {', '.join(shared)}"


@pytest.mark.skipif(bool(OTHER_SAMPLES), reason="these are other samples than those that were read")
def test_every_file_is_named_in_an_expectation(samples_folder: Path) -> None:
    unread = [name for name in FILES if name not in EXPECTED]
    assert not unread, f"nobody has said what these mean: {', '.join(unread)}"


def test_nearly_all_valid_files_of_our_formats_are_accepted_and_understood(samples_folder: Path) -> None:
    ours = {
        name: expected
        for name, expected in EXPECTED.items()
        if expected[1].verdict == "accepted" and (samples_folder / name).exists()
    }
    if not ours:
        pytest.skip(f"no file of {samples_folder} is named in an expectation")
    wrong = [name for name, expected in ours.items() if differences(name, *expected)]
    share = 1 - len(wrong) / len(ours)
    assert share >= SHARE_WANTED, f"{share:.1%} of {len(ours)} files are right; not: {', '.join(wrong)}"
