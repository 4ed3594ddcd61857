"""The gateway answers as its OpenAPI document says, whatever it is sent.

Schemathesis reads `/openapi.json` of a running system, makes requests from it (right ones and wrong ones, the
same in each run) and holds each answer against the document: status, media type, headers, body, methods that
don't exist, credentials that are missing or wrong. `make interface EXAMPLES=500` looks for longer.
"""

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from running_system import RunningSystem
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from contracts.registry import Registry

EXAMPLES = int(os.environ.get("EXAMPLES") or 6)  # requests of each kind for each call
# what stands in a path is seldom there by chance: the second round asks for what is
THERE = {"source": "erp-demo", "name": "exception-inventory-variance", "version": "1.1.0"}
THERE_IN_QUERY = {"from": "1.0.0", "to": "1.1.0"}
TIMEOUT_SECONDS = 60  # a check of a candidate may take its time
EXCLUDED = [
    # a body of a source's own format keeps a contract over the decoded document, which no media type can say;
    # the examples below are what is accepted
    positive_data_acceptance,
    # a field of the query that we don't know is passed over: vendors add their own to an address
    negative_data_rejection,
    # 503 is an answer: what can't be kept, or compared, now; 500 is in no document, so that it is a fault
    not_a_server_error,
]


@pytest.fixture(scope="module")
def openapi(system: RunningSystem) -> dict[str, Any]:
    document: dict[str, Any] = system.get("/openapi.json")
    return document


@pytest.fixture(scope="module")
def accepted(system: RunningSystem, openapi: dict[str, Any]) -> str:
    """The id of an event that is there."""
    event = openapi["components"]["examples"]["exception-inventory-variance"]["value"]
    answer = httpx.post(
        f"{system.url}/v1/events", json=event,
        headers=bearer(system, "canonical-demo") | {"content-type": "application/cloudevents+json"},
    )  # fmt: skip
    assert answer.status_code == 202
    event_id: str = answer.json()["event_id"]
    return event_id


def candidate() -> dict[str, Any]:
    """What an architect proposes; any object is a schema, but comparing nonsense takes long."""
    schema = Registry.load().resolve(THERE["name"], THERE["version"]).schema
    return {**schema, "title": "Stock differs from the book, by a new title"}


def bearer(system: RunningSystem, client: str = "admin") -> dict[str, str]:
    return {"Authorization": f"Bearer {system.token(client)}"}


class Trial:
    """Makes requests for one call and collects what is wrong with the answers."""

    def __init__(self, system: RunningSystem, operation: APIOperation[Any, Any, Any, Any]) -> None:
        self._url = system.url
        self._operation = operation
        is_open = not operation.definition.raw.get("security")
        self._headers = {} if is_open else bearer(system)
        self._session = requests.Session()
        self.faults: list[str] = []
        self.statuses: Counter[int] = Counter()

    def run(self, mode: GenerationMode) -> None:
        """Make requests, the same each time."""
        self._make(self._operation.as_strategy(generation_mode=mode), EXAMPLES, mode)

    def run_with(self, there: dict[str, str]) -> None:
        """Make right requests for what is there."""
        path = {name: value for name, value in there.items() if f"{{{name}}}" in self._operation.path}
        fields = {each.name for each in self._operation.query}
        query = {name: value for name, value in THERE_IN_QUERY.items() if name in fields}
        if path:
            bodies = {"body": candidate()} if self._operation.path.endswith("/check") else {}
            strategy = self._operation.as_strategy(path_parameters=path, query=query or None, **bodies)
            self._make(strategy, max(EXAMPLES // 6, 1), GenerationMode.POSITIVE)

    def _make(self, strategy: SearchStrategy[Case], count: int, mode: GenerationMode) -> None:
        rules = settings(
            max_examples=count, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        try:
            rules(given(case=strategy)(self._try))()
        except Unsatisfiable:  # a call without parameters can't be called wrongly
            assert mode is GenerationMode.NEGATIVE

    def _try(self, case: Case) -> None:
        answer = case.call(
            base_url=self._url, headers=self._headers, session=self._session, timeout=TIMEOUT_SECONDS
        )
        self.statuses[answer.status_code] += 1
        try:
            case.validate_response(answer, excluded_checks=EXCLUDED)
        except BaseExceptionGroup as failed:  # schemathesis raises all that it found as one
            self.faults += [f"{self._operation.label}: {fault}" for fault in failed.exceptions]


def test_every_call_answers_as_the_document_says(system: RunningSystem, accepted: str) -> None:
    schema = schemathesis.openapi.from_url(f"{system.url}/openapi.json", headers=bearer(system))
    there = {**THERE, "event_id": accepted}
    faults: list[str] = []
    statuses: Counter[int] = Counter()
    for result in schema.get_all_operations():
        trial = Trial(system, result.ok())
        for mode in GenerationMode:
            trial.run(mode)
        trial.run_with(there)
        assert trial.statuses, result.ok().label
        faults += trial.faults
        statuses += trial.statuses
    assert faults == []
    # it came past the door
    assert {200, 401, 404, 405, 415, 422} <= set(statuses)


def examples(openapi: dict[str, Any], kind: str) -> Iterator[tuple[str, str, str, bytes]]:
    """Every example of the sources' calls: path, contract, media type, body."""
    for tag in openapi["tags"]:
        path = f"/v1/sources/{tag['name']}/events{kind}"
        for media_type, media in openapi["paths"][path]["post"]["requestBody"]["content"].items():
            for contract in media.get("examples", {}):
                example = openapi["components"]["examples"][contract]
                value, encoding = example["value"], example.get("x-encoding", "utf-8")
                body = value.encode(encoding) if isinstance(value, str) else msgspec.json.encode(value)
                yield path, contract, media_type, body


@pytest.mark.parametrize("kind", ["", "/batch"])
def test_every_example_of_a_source_is_accepted_under_its_contract(
    kind: str, system: RunningSystem, openapi: dict[str, Any]
) -> None:
    tried = 0
    with httpx.Client(base_url=system.url, headers=bearer(system)) as client:
        for path, contract, media_type, body in examples(openapi, kind):
            answer = client.post(f"{path}?dry_run=true", content=body, headers={"content-type": media_type})
            assert answer.status_code == 200, (path, contract, answer.text)
            said = answer.json()
            found = [each["contract"] for each in said.get("items", [said])]
            assert contract in found, (path, contract)
            tried += 1
    assert tried > 50


def test_the_check_of_answers_notices_a_fault(system: RunningSystem) -> None:
    """The document says something else than the gateway does: then the first test fails."""
    document = system.get("/openapi.json")
    del document["paths"]["/contracts"]["get"]["responses"]["200"]
    call = schemathesis.openapi.from_dict(document)["/contracts"]["get"]
    trial = Trial(system, call)
    trial.run(GenerationMode.POSITIVE)
    assert "Undocumented status code" in trial.faults[0]
