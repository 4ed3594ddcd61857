"""What owners receive from a running system, and say to it, is what the AsyncAPI document tells them.

Every example of every kind of exception is sent over HTTP. What arrives in each owner's own lane, pulled with
that owner's own credentials, must be on a subject of the document, with its headers and its payload. Then the
owners answer, by the SDK, and their verdicts are held against the document too. Schemas are judged by
`jsonschema`, and the document is the one that the system serves.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import jsonschema
import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from running_system import RunningSystem

from contracts import headers, subjects
from contracts.canonical import Category
from contracts.folder import read_json
from contracts.registry import Registry
from crossdock_sdk import Answer, Delivery, Done, Owner, Reject, Retry
from gateway.documents.examples import cloud_event, example_files
from routing.broker.api import StoredMessage, StreamReader

REGISTRY = Registry.load()
DEADLINE_SECONDS = 30
Document = dict[str, Any]


@pytest.fixture(scope="module")
def asyncapi(system: RunningSystem) -> Document:
    document: Document = system.get("/asyncapi.json")
    return document


@pytest.fixture(scope="module")
def sent(system: RunningSystem) -> int:
    """Send every valid example of every contract of exceptions; how many there are."""
    versions = [REGISTRY.resolve(f"exception-{category}") for category in Category]
    events = [
        cloud_event(version, f"owner-interface/{file.stem}", read_json(file))
        for version in versions
        for file in example_files(version, "valid")
    ]
    answer = httpx.post(
        f"{system.url}/v1/events", content=json.dumps(events),
        headers={
            "Authorization": f"Bearer {system.token('canonical-demo')}",
            "Content-Type": "application/cloudevents-batch+json",
        },
    )  # fmt: skip
    assert answer.json()["accepted"] == len(events), answer.text
    return len(events)


class Told:
    """The document, as somebody reads it who has a message in hand."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def faults(self, subject: str, sent_headers: dict[str, str], body: bytes) -> list[str]:
        """What of a message the document doesn't tell, in sentences."""
        fitting = [channel for channel in self.document["channels"].values() if self._fits(channel, subject)]
        if len(fitting) != 1:
            return [f"{subject} is an address of {len(fitting)} channels"]
        payload = json.loads(body)
        described = [self._at(reference["$ref"]) for reference in fitting[0]["messages"].values()]
        if "type" in payload:
            named = [each for each in described if self._type(each) == payload["type"]]
        else:
            named = described
        if len(named) != 1:
            return [f"{subject}: {payload.get('type')} is {len(named)} messages of its channel"]
        parts = (("headers", sent_headers), ("payload", payload))
        return [
            f"{subject} {part}{error.json_path}: {error.message}"
            for part, value in parts
            for error in self._validator(named[0][part]).iter_errors(value)
        ]

    def _fits(self, channel: Document, subject: str) -> bool:
        pattern = re.escape(channel["address"])
        for name, parameter in channel["parameters"].items():
            allowed = "|".join(map(re.escape, parameter.get("enum", []))) or "[a-z0-9]+"
            pattern = pattern.replace(re.escape(f"{{{name}}}"), f"({allowed})")
        return re.fullmatch(pattern, subject) is not None

    def _type(self, message: Document) -> str:
        name: str = self._at(message["payload"]["$ref"])["properties"]["type"]["const"]
        return name

    def _at(self, reference: str) -> Any:
        place: Any = self.document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
        return place

    def _validator(self, schema: Document) -> jsonschema.Draft202012Validator:
        whole = {"components": self.document["components"], **schema}
        checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
        return jsonschema.Draft202012Validator(whole, format_checker=checker)


async def connected(system: RunningSystem, user: str) -> Client:
    found = system.credentials(user)
    return await nats.connect(
        found.url, user=found.user, password=found.password, inbox_prefix=found.inbox_prefix.encode()
    )


async def until(condition: Callable[[], Awaitable[bool]], what: str) -> None:
    deadline = asyncio.get_running_loop().time() + DEADLINE_SECONDS
    while not await condition():
        assert asyncio.get_running_loop().time() < deadline, what
        await asyncio.sleep(0.05)


async def routed(system: RunningSystem, count: int) -> None:
    """Wait until the router has written what became of so many items."""
    client = await connected(system, "operator")
    reader = StreamReader(client)

    async def all_have_an_outcome() -> bool:
        receipts = [json.loads(each.body) async for each in reader.scan(subjects.OUT_STREAM, "receipt.*")]
        return sum(len(receipt.get("entries", [])) for receipt in receipts) >= count

    try:
        await until(all_have_an_outcome, f"{count} items have no outcome yet")
    finally:
        await client.close()


async def lane(system: RunningSystem, consumer: Document, owner: str) -> list[Msg]:
    """Everything that lies in an owner's lane, as a bare client with the owner's rights pulls it.

    It gives each back at once, so that the next test has them again.
    """
    client = await connected(system, f"owner-{owner}")
    found: list[Msg] = []
    try:
        pull = await client.jetstream().pull_subscribe_bind(
            durable=consumer["durable"], stream=consumer["stream"]
        )
        while True:
            try:
                messages = await pull.fetch(100, timeout=0.5)
            except TimeoutError:
                if not (await pull.consumer_info()).num_pending:
                    return found
                continue
            for message in messages:
                await message.nak(delay=2)
            found += messages
    finally:
        await client.close()


async def test_what_arrives_is_on_a_told_subject_with_told_headers_and_payload(
    system: RunningSystem, asyncapi: Document, sent: int
) -> None:
    await routed(system, sent)
    told = Told(asyncapi)
    faults: list[str] = []
    categories: set[str] = set()
    for name, channel in asyncapi["channels"].items():
        if name.startswith("deliveries-"):
            owner = name.removeprefix("deliveries-")
            for message in await lane(system, channel["x-consumer"], owner):
                assert message.subject.split(".")[1] == owner
                faults += told.faults(message.subject, dict(message.headers or {}), message.data)
                categories.add(message.subject.split(".")[2])
    assert faults == []
    assert categories == {category.value for category in Category}


async def test_verdicts_of_the_sdk_and_the_attempts_after_them_are_as_told(
    system: RunningSystem, asyncapi: Document, sent: int
) -> None:
    await routed(system, sent)
    told, attempts = Told(asyncapi), list[Delivery]()
    owner = Owner.from_credentials(system.credentials_file("owner-review"))

    @owner.on_delivery
    async def answer(delivery: Delivery) -> Answer:
        attempts.append(delivery)
        if delivery.attempt == 1 and delivery.category == Category.REFUND_ANOMALY:
            return Retry(delay_seconds=0.1, reason="the till is asked")
        return Done() if len(attempts) % 3 else Reject(reason="not ours")

    operator = await connected(system, "operator")
    reader, stop = StreamReader(operator), asyncio.Event()

    async def published(subject: str, stream: str) -> list[StoredMessage]:
        return [stored async for stored in reader.scan(stream, subject)]

    async def all_kinds_are_kept() -> bool:
        verdicts = await published("result.review.*", subjects.RESULTS_STREAM)
        return {json.loads(each.body)["verdict"] for each in verdicts} == {"done", "retry", "reject"}

    async def an_attempt_came_again() -> bool:
        return any(delivery.attempt == 2 for delivery in attempts)

    serving = asyncio.create_task(owner.serve(stop))
    try:
        await until(an_attempt_came_again, "no attempt came again")
        await until(all_kinds_are_kept, "a kind of verdict is missing")
        verdicts = await published("result.review.*", subjects.RESULTS_STREAM)
        lane = await published("out.review.*.*", subjects.OUT_STREAM)
    finally:
        stop.set()
        await serving
        await operator.close()
    again = [stored for stored in lane if stored.headers[headers.ATTEMPT] == "2"]
    assert again
    faults = [
        fault
        for stored in (*verdicts, *again)
        for fault in told.faults(stored.subject, stored.headers, stored.body)
    ]
    assert faults == []


def test_reading_the_document_notices_what_it_does_not_tell(asyncapi: Document) -> None:
    told = Told(asyncapi)
    (example, *_) = asyncapi["components"]["messages"]["invoice-mismatch-v1"]["examples"]
    body = json.dumps(example["payload"]).encode()
    subject = "out.finance.invoice-mismatch.p2"
    assert told.faults(subject, example["headers"], body) == []
    assert told.faults("out.finance.invoice-mismatch.p9", example["headers"], body) != []
    assert told.faults("out.store-ops.invoice-mismatch.p2", example["headers"], body) != []
    assert told.faults("out.store-ops.refund-anomaly.p2", example["headers"], body) != []
    assert told.faults(subject, {**example["headers"], headers.CYCLE: "none"}, body) != []
    assert told.faults(subject, {}, body) != []
    assert told.faults(subject, example["headers"], body.replace(b"invoice-mismatch", b"invoice-match")) != []
    verdict = b'{"verdict": "done", "sequence": 1}'
    assert told.faults("result.finance.abc", {}, verdict) == []
    assert told.faults("result.finance.abc", {}, verdict.replace(b"done", b"perhaps")) != []
