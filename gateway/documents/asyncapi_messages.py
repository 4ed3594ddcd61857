"""The messages of the AsyncAPI document: a delivery for each category and major, and an owner's verdict."""

from typing import Any

import msgspec

from contracts import headers
from contracts.folder import BASE_URI
from contracts.ids import ID_LENGTH
from contracts.records import Verdict, VerdictKind
from contracts.registry import ContractVersion
from contracts.verdicts import NUMBER_LIMIT, REASON_LIMIT_CHARACTERS
from contracts.views import reader_view
from gateway.bootstrap import Installation
from gateway.documents.components import Components, Schema, reference
from gateway.documents.deliveries import Example, examples
from routing.items import TriageDecision

CLOUD_EVENT = "application/cloudevents+json"

_ID = f"^[a-z2-7]{{{ID_LENGTH}}}$"
_COUNT = "^[1-9][0-9]*$"
_TRACE = "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"
_SOURCE = "^[a-z0-9][a-z0-9-]{0,63}$"
_CONTRACT = "^[a-z0-9-]+@[0-9]+[.][0-9]+[.][0-9]+$"


def _text(description: str, pattern: str) -> Schema:
    return {"type": "string", "description": description, "pattern": pattern}


_DELIVERY_HEADERS: dict[str, Schema] = {
    headers.DELIVERY: _text("Id of the delivery: one exception for one owner; be idempotent by it.", _ID),
    headers.EXCEPTION: _text("Id of the exception.", _ID),
    headers.EVENT: _text("Id of the event that the exception was found in.", _ID),
    headers.SOURCE: _text("Who sent that event.", _SOURCE),
    headers.CONTRACT: _text("Under which contract the event came, name@x.y.z.", _CONTRACT),
    headers.INTAKE: _text("The event's sequence in XD_INTAKE.", _COUNT),
    headers.ATTEMPT: _text("Which attempt of its cycle this is, from 1.", _COUNT),
    headers.CYCLE: _text("Which cycle this is, from 1; each replay is one more.", _COUNT),
    headers.KEY: _text("Equal for equal business keys: for order.", _ID),
    headers.TRACE: _text("W3C trace context.", _TRACE),
}
_ALWAYS = (
    headers.DELIVERY, headers.EXCEPTION, headers.EVENT, headers.SOURCE, headers.CONTRACT, headers.ATTEMPT,
    headers.CYCLE,
)  # fmt: skip


class Messages:
    """Collects messages, and in `components` the schemas that they need."""

    def __init__(self, installation: Installation, components: Components) -> None:
        self._installation = installation
        self._components = components
        self.messages: dict[str, dict[str, Any]] = {}
        components.add_structs((TriageDecision, Verdict))
        components.put("delivery-headers", _headers(_DELIVERY_HEADERS, _ALWAYS))
        components.put("route", _ROUTE)
        self.messages["verdict"] = self._verdict()

    def delivery(self, category: str, version: ContractVersion, owner: str) -> str:
        """Return the name of the message that brings an owner an exception of `category` in `version`."""
        major = version.version.partition(".")[0]
        name = f"{category}-v{major}"
        if name not in self.messages:
            exception = self._components.add(
                f"{version.name}-v{major}", reader_view(version.schema, version.kind)
            )
            payload = self._components.put(f"delivery-{name}", _payload(category, version, exception))
            shown = examples(self._installation, version, owner)
            contract = self._installation.registry.contract(version.name)
            self.messages[name] = {
                "name": name,
                "title": contract.manifest.title,
                "summary": f"One exception of {version.name}, for one owner",
                "description": contract.manifest.description,
                "contentType": CLOUD_EVENT,
                "headers": reference("delivery-headers"),
                "payload": payload,
                "correlationId": {
                    "description": "The same in each attempt and after each replay",
                    "location": f"$message.header#/{headers.DELIVERY}",
                },
                "examples": [_example(each) for each in shown],
                "x-contract": version.identifier,
                "x-contract-owner": contract.manifest.owner.team,
            }
        return name

    def _verdict(self) -> dict[str, Any]:
        payload = self._components.schemas["Verdict"]
        for member, bounds in _VERDICT_BOUNDS.items():
            payload["properties"][member] = {**payload["properties"][member], **bounds}
        return {
            "name": "verdict",
            "title": "An owner's word on one attempt",
            "summary": "done, or retry after a while, or reject with a reason",
            "contentType": "application/json",
            "headers": _headers(_VERDICT_HEADERS, ()),
            "payload": reference("Verdict"),
            "examples": [_example_verdict(kind) for kind in VerdictKind],
        }


_ROUTE: Schema = {
    "type": "object",
    "description": "Which row of the routes chose the owners.",
    "required": ["row", "owners"],
    "properties": {
        "row": {"type": "string", "description": "The row's name."},
        "owners": {
            "type": "array",
            "description": "All who get a delivery of this exception.",
            "items": {"type": "string"},
            "minItems": 1,
        },
    },
}
_VERDICT_HEADERS = {
    headers.MESSAGE_ID: _text(
        "<delivery>.<cycle>.<attempt>.<verdict>: with it, a repeat within ten minutes counts once.",
        rf"^[a-z2-7]{{{ID_LENGTH}}}[.][1-9][0-9]*[.][1-9][0-9]*[.][a-z]+$",
    )
}
_NUMBERED = {"minimum": 1, "maximum": NUMBER_LIMIT - 1}
_VERDICT_BOUNDS: dict[str, Schema] = {
    "sequence": {"minimum": 1, "description": "The attempt's own sequence in XD_OUT."},
    "cycle": {**_NUMBERED, "description": "The attempt's Xd-Cycle."},
    "attempt": {**_NUMBERED, "description": "The attempt's Xd-Attempt."},
    "delay_seconds": {
        "minimum": 0,
        "maximum": 3600,
        "description": "Goes with retry: how long to wait; 0 is the owner's own ladder.",
    },
    "reason": {
        "description": f"Goes with retry and reject; cut after {REASON_LIMIT_CHARACTERS} characters.",
    },
}


def _headers(properties: dict[str, Schema], required: tuple[str, ...]) -> Schema:
    found: Schema = {"type": "object", "properties": properties}
    return {**found, "required": list(required)} if required else found


def _payload(category: str, version: ContractVersion, exception: Schema) -> Schema:
    """Return a delivery as a CloudEvent (1.0, JSON format). Further members may come."""
    major = version.version.partition(".")[0]
    suffix = f"/contracts/{version.name}/{major}[.][0-9]+[.][0-9]+$"
    properties: dict[str, Schema] = {
        "specversion": {"const": "1.0"},
        "id": _text("The delivery's id, as in Xd-Delivery.", _ID),
        "source": _text("The source that sent the event.", f"^/v1/sources/{_SOURCE[1:]}"),
        "type": {"const": f"retail.exception.{category}.v{major}"},
        "time": {"type": "string", "format": "date-time", "description": "When it was noticed."},
        "subject": {"type": "string", "description": "Where it happened: the place's kind and id."},
        "datacontenttype": {"const": "application/json"},
        "dataschema": {
            **_text(f"The exact version of data.exception, such as {BASE_URI}/{version.name}/", suffix),
            "format": "uri",
        },
        "xdevent": _text("The event's id, as in Xd-Event.", _ID),
        "xdexception": _text("The exception's id, as in Xd-Exception.", _ID),
        "traceparent": _text("W3C trace context.", _TRACE),
        "data": {
            "type": "object",
            "required": ["exception", "triage", "route"],
            "properties": {
                "exception": exception,
                "triage": reference("TriageDecision"),
                "route": reference("route"),
            },
        },
    }
    optional = {"subject", "traceparent"}
    return {
        "type": "object",
        "description": f"A CloudEvent; data.exception keeps {version.name}, major {major}.",
        "required": [name for name in properties if name not in optional],
        "properties": properties,
    }


def _example(example: Example) -> dict[str, Any]:
    return {
        "name": example.name,
        "summary": f"to {example.owner} on {example.message.subject}",
        "headers": dict(example.message.headers),
        "payload": msgspec.json.decode(example.message.body),
    }


def _example_verdict(kind: VerdictKind) -> dict[str, Any]:
    verdict = Verdict(
        verdict=kind,
        sequence=4711,
        attempt=2,
        delay_seconds=60.0 if kind is VerdictKind.RETRY else 0.0,
        reason="" if kind is VerdictKind.DONE else "the order is not known yet",
    )
    plain = msgspec.to_builtins(verdict)
    return {"name": kind.value, "summary": f"the verdict {kind.value} on a second attempt", "payload": plain}
