"""No input of any kind makes an adapter raise what isn't ours, break a contract of ours, or stand still.

`make fuzz` runs it for minutes, with other damage each time; a failure tells its seed, and FUZZ_SEED repeats
it. The tests without the mark are the same for a few seconds, always with the same seed. Adapters, their
samples and their contracts are found by themselves.
"""

import os
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from msgspec.structs import replace

from adapters.conformance import demo_source
from adapters.framing import messages
from contracts.documents import Document, Source
from contracts.errors import ContractViolated, EventError, InternalFault
from fuzz.documents import Vocabulary, documents
from fuzz.mutations import mutated
from fuzz.trial import CATALOGUE, REGISTRY, Seedling, fault, fault_of_document, seedlings, shortened
from gateway.http.sources import RegisteredSource

HERE = Path(__file__).resolve().parent
REAL_SAMPLES = Path(os.environ.get("CROSSDOCK_SAMPLES") or HERE.parents[2] / "shared" / "samples")
OWN = [each for each in seedlings(None) if len(each.message.body) < 300_000]
SEEDLINGS = seedlings(REAL_SAMPLES if REAL_SAMPLES.is_dir() else None)
SEED = int(os.environ.get("FUZZ_SEED") or time.time_ns() % 10**9)
SECONDS_EACH = float(os.environ.get("FUZZ_SECONDS") or 5)
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES") or 300)
LARGE = 300_000  # bodies that take too long to be damaged often

NATIVE = sorted(
    {name for adapter in CATALOGUE.adapters if adapter.system != "canonical" for name in adapter.contracts}
)


def first_fault(seedling: Seedling, chance: Random, trials: int, seconds: float) -> str | None:
    """Damage a body again and again; tell the first fault, and a small body that has it."""
    deadline = time.monotonic() + seconds
    for trial in range(trials):
        damaged = replace(seedling.message, body=mutated(seedling.message.body, chance))
        if found := fault(seedling.system, damaged):
            small = shortened(damaged, lambda each: fault(seedling.system, each) == found)
            return f"{found}\n{seedling.name}, trial {trial}:\n{small.body[:2000]!r}"
        if time.monotonic() > deadline:
            break
    return None


def vocabulary(contract: str) -> tuple[Vocabulary, str]:
    """What samples say in documents of a contract, and the root that their trees have."""
    system = CATALOGUE.for_contract(contract).system
    found = [each for each in decoded(system) if each.contract == contract]
    root = found[0].root if found else ""
    return Vocabulary([each.tree for each in found], is_xml=bool(root)), root


def decoded(system: str) -> list[Document]:
    return [
        document
        for seedling in SEEDLINGS
        if seedling.system == system and len(seedling.message.body) < LARGE
        for document in _documents(seedling)
    ]


def _documents(seedling: Seedling) -> list[Document]:
    try:
        return [
            adapter.decode(arrival)
            for message in messages(seedling.message)
            for adapter in (CATALOGUE.for_message(seedling.system, message),)
            for arrival in adapter.split(message)
        ]
    except EventError:
        return []


def hold_documents_of(contract: str, examples: int, *, same_each_time: bool) -> None:
    """Draw documents of a contract, and give those that keep it to the adapter."""
    words, root = vocabulary(contract)
    fitting = 0

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=same_each_time,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink),
    )
    @given(documents(REGISTRY.resolve(contract).schema, words))
    def hold(tree: Any) -> None:
        nonlocal fitting
        document = Document(contract=contract, tree=tree, business_key="", root=root)
        try:
            valid = REGISTRY.validate(document)
        except ContractViolated:
            return  # the profile can say more than is drawn, such as a choice
        fitting += 1
        found = fault_of_document(valid)
        assert found is None, found

    hold()
    assert fitting, "nothing that was drawn keeps the contract"


# a few seconds, always the same


@pytest.mark.parametrize("seedling", OWN, ids=lambda each: each.name)
def test_damaged_payload_is_taken_or_refused_in_our_words(seedling: Seedling) -> None:
    found = first_fault(seedling, Random(seedling.name), trials=4, seconds=60)
    assert found is None, found


@pytest.mark.parametrize("contract", NATIVE)
def test_document_that_keeps_its_contract_is_understood_or_refused_in_our_words(contract: str) -> None:
    hold_documents_of(contract, 15, same_each_time=True)


async def test_no_damaged_payload_makes_the_gateway_fail(open_face: Any) -> None:
    await hold_gateway(open_face, Random("gateway"), 2)


# minutes, with other damage each time


@pytest.mark.fuzz
@pytest.mark.parametrize("seedling", SEEDLINGS, ids=lambda each: each.name)
def test_payload_damaged_at_length(seedling: Seedling) -> None:
    found = first_fault(seedling, Random(f"{SEED} {seedling.name}"), trials=10**9, seconds=SECONDS_EACH)
    assert found is None, f"FUZZ_SEED={SEED}\n{found}"


@pytest.mark.fuzz
@pytest.mark.parametrize("contract", NATIVE)
def test_documents_drawn_at_length(contract: str) -> None:
    hold_documents_of(contract, EXAMPLES, same_each_time=False)


@pytest.mark.fuzz
@pytest.mark.parametrize("seedling", SEEDLINGS, ids=lambda each: each.name)
def test_body_as_large_as_it_may_be_costs_a_second_and_200_mib_at_most(seedling: Seedling) -> None:
    """In a process of its own: what a process once held stays its peak."""
    done = subprocess.run(
        [sys.executable, "-m", "fuzz.bombs", seedling.name],
        cwd=HERE.parents[1],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (HERE.parent, HERE.parents[1])))},
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, f"{seedling.name}\n{done.stdout}{done.stderr[-2000:]}"


@pytest.mark.fuzz
async def test_no_damaged_payload_makes_the_gateway_fail_at_length(open_face: Any) -> None:
    await hold_gateway(open_face, Random(SEED), 30)


async def hold_gateway(open_face: Any, chance: Random, trials: int) -> None:
    """Post damaged payloads, each to a source of its system; none is answered with a fault of ours."""
    sources = {
        f"fuzz-{system}": RegisteredSource(source=_named(system))
        for system in sorted({each.system for each in SEEDLINGS})
    }
    face = open_face(sources=sources)
    sender = {"authorization": f"Bearer {face.token('admin')}"}
    for seedling in (each for each in SEEDLINGS if len(each.message.body) < LARGE):
        for _ in range(trials):
            body = mutated(seedling.message.body, chance)
            answer = await face.post(
                f"/v1/sources/fuzz-{seedling.system}/events/batch",
                body,
                sender | {"content-type": seedling.message.media_type} | dict(seedling.message.headers),
            )
            # a fault of ours is kept as a dead letter and answered with 202
            is_fault = answer.status_code >= 500 or InternalFault.code.encode() in answer.content
            assert not is_fault, (
                f"{seedling.name}: {answer.status_code} {answer.text[:500]} for {body[:2000]!r}"
            )


def _named(system: str) -> Source:
    return replace(demo_source(system), name=f"fuzz-{system}")
