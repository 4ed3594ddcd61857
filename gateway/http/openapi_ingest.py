"""The calls that take events, for the OpenAPI description: what any source may send, and its answers."""

from collections.abc import Mapping
from typing import Any

from adapters.catalogue import Catalogue
from contracts.adapter import SharedSecret
from gateway.http.handshakes import TOKEN_MAX_CHARACTERS
from gateway.http.openapi_parts import (
    CONTRACT_HEADERS,
    LOCATION_HEADER,
    answer,
    body,
    operation,
    parameter,
    refusals,
    shared,
)

SOURCE_NAME = {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,63}$"}

_VERSION = {"type": "string", "pattern": "^[a-z0-9-]{1,64}@[0-9]{1,6}([.][0-9]{1,6}[.][0-9]{1,6})?$"}
_DRY_RUN = parameter("dry_run", "query", "`true`: the full verdict, and nothing is kept", {"type": "boolean"})
_CONTRACT = parameter(
    "Contract", "header", "The version to be held to: `name@x.y.z`, or `name@major`", _VERSION
)
_TRACE = parameter(
    "traceparent", "header", "W3C trace context, carried on to the owner; one that isn't is passed over"
)
_SOURCE = parameter("source", "path", "A registered source", SOURCE_NAME, required=True)
_XD_SOURCE = parameter(
    "Xd-Source", "header", "For which source, where the client has several canonical ones", SOURCE_NAME
)
_QUERY_SOURCE = parameter("source", "query", "The same as Xd-Source", SOURCE_NAME)
_OF_ANY = [_DRY_RUN, _CONTRACT, _TRACE]
_TOKEN = {"type": "string", "minLength": 1, "maxLength": TOKEN_MAX_CHARACTERS, "pattern": "^[ -~]+$"}

_ONE = {
    "202": answer(
        "Kept: the broker has it durably", "AcceptedReply", "KeptReply",
        headers=LOCATION_HEADER | CONTRACT_HEADERS,
    ),
    "200": answer(
        "A dry run's verdict; or a vendor's own success reply, where its signature proved it", "ValidReply",
        headers=CONTRACT_HEADERS,
    ),
    **refusals(400, 401, 403, 404, 413, 415, 429),
    **refusals(409, 410, 422, 503, headers=CONTRACT_HEADERS),
}  # fmt: skip
_MANY = {
    "202": answer("All items are kept", "BatchReply", headers=CONTRACT_HEADERS),
    "200": answer("A dry run, all items valid", "BatchReply", headers=CONTRACT_HEADERS),
    "207": answer("One verdict for each item, in order", "BatchReply", headers=CONTRACT_HEADERS),
    **refusals(400, 401, 403, 404, 415, schema="RefusedBatch"),
    **refusals(409, 410, 413, 422, 429, 503, schema="RefusedBatch", headers=CONTRACT_HEADERS),
}
_ANY_KEPT = answer(
    "Kept: the broker has it durably", "AcceptedReply", "KeptReply", "BatchReply", headers=CONTRACT_HEADERS
)
_ANY_VALID = answer("A dry run's verdict", "ValidReply", "BatchReply", headers=CONTRACT_HEADERS)
_HANDSHAKEN = {
    "200": answer("The token, where the source has such a vendor and a secret", media_type="text/plain"),
    **refusals(404, 405),
}


class IngestCalls:
    """What the calls that take events have in common; `answers` collects the responses that they share."""

    def __init__(self, signatures: tuple[str, ...], answers: dict[str, Any]) -> None:
        self._signatures = signatures
        self.one: dict[str, Any] = {"parameters": _OF_ANY, "responses": shared("one", _ONE, answers)}
        self.many: dict[str, Any] = {"parameters": _OF_ANY, "responses": shared("many", _MANY, answers)}
        self._any = shared("any", {**_ONE, **_MANY, "202": _ANY_KEPT, "200": _ANY_VALID}, answers)

    def of_any_source(self, catalogue: Catalogue) -> dict[str, dict[str, Any]]:
        """Return the calls for a source that the path names."""
        single = operation(
            "sendEvent", "Send one message in the source's own format", self.one["responses"],
            scope="events:write", signatures=self._signatures, parameters=[_SOURCE, *_OF_ANY],
            body=body("application/xml", "application/json", "*/*"),
        )  # fmt: skip
        batch = operation(
            "sendEvents", "Send a file, an array or lines with many items", self.many["responses"],
            scope="events:write", signatures=self._signatures, parameters=[_SOURCE, *_OF_ANY],
            body=body("application/xml", "application/json", "application/x-ndjson", "*/*"),
        )  # fmt: skip
        return {
            "/v1/sources/{source}/events": {"post": single, **_handshake("handshake", catalogue)},
            "/v1/sources/{source}/events/batch": {
                "post": batch, **_handshake("handshakeOfBatches", catalogue),
            },
        }  # fmt: skip

    def cloud_events(self, request_body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the call for canonical events."""
        return operation(
            "sendCloudEvents", "Send CloudEvents 1.0: structured, binary, or a batch", self._any,
            scope="events:write", parameters=[_XD_SOURCE, _QUERY_SOURCE, *_OF_ANY], body=dict(request_body),
        )  # fmt: skip


def _handshake(name: str, catalogue: Catalogue) -> dict[str, Any]:
    """Return the call by which vendors ask before they send; none where no adapter knows such a vendor."""
    declared = [adapter.signature for adapter in catalogue.adapters]
    fields = {each.handshake for each in declared if isinstance(each, SharedSecret) and each.handshake}
    if not fields:
        return {}
    said = "A vendor's token; the answer is the token"
    asked = [parameter(field, "query", said, _TOKEN, required=len(fields) == 1) for field in sorted(fields)]
    question = "A vendor's question whether this address wants its messages; POST answers it as well"
    return {"get": operation(name, question, _HANDSHAKEN, parameters=[_SOURCE, *asked])}
