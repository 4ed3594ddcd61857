"""CloudEvents 1.0 whose data is a fact or an exception of ours: structured and binary."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from adapters.canonical.cloudevents.attributes import Attributes, read_attributes
from adapters.cloudevents import is_binary, split_event
from adapters.framing import CLOUD_EVENT, CLOUD_EVENTS, looks_like_json
from adapters.json import parse_json
from adapters.media_type import essence
from contracts.adapter import Reply, Signature
from contracts.canonical import Category, Fact, FactKind, Normalised, RetailException
from contracts.documents import Arrival, Document, Message, Source
from contracts.errors import ContractUnknown, RequestInvalid, Unmapped

_TYPE = re.compile(r"retail\.(exception|fact)\.([a-z]+(?:-[a-z]+)*)\.v([1-9][0-9]{0,4})")
_DATA_SCHEMA = re.compile(r".*/contracts/([a-z0-9-]+)/((0|[1-9][0-9]{0,4})(?:\.(?:0|[1-9][0-9]{0,4})){2})")
_EXCEPTIONS = {f"exception-{category}": category for category in Category}
_FACTS = {f"fact-{kind}": kind for kind in FactKind}


class _Named(Struct, frozen=True, kw_only=True):
    """The contract that an event names, and its major or, where it says so, its exact version."""

    contract: str
    version: str


class CloudEventsAdapter:
    """The canonical contracts, in CloudEvents 1.0.

    A document's tree is the event's `data` alone, because that is what the contracts describe: the pointers
    of violations and evidence start there.
    """

    system = "canonical"
    format = "cloudevents"
    title = "CloudEvents 1.0 with retail.exception.… or retail.fact.… data"
    contracts: tuple[str, ...] = (*_EXCEPTIONS, *_FACTS)
    signature: Signature | None = None
    reply: Reply | None = None

    def recognises(self, message: Message) -> bool:
        """Go by the media type, else by the `ce-` headers, else by the member that each event has."""
        media_type = essence(message.media_type)
        if media_type.startswith("application/cloudevents"):
            return media_type in {CLOUD_EVENT, CLOUD_EVENTS}
        return is_binary(message) or (looks_like_json(message) and b'"specversion"' in message.body)

    def split(self, message: Message) -> Iterator[Arrival]:
        """Yield the event in structured form.

        Raises: RequestUnreadable; RequestInvalid for a header that can't be decoded.
        """
        return split_event(message)

    def decode(self, arrival: Arrival) -> Document:
        """Check the event's attributes and take its data as the document.

        Raises: RequestUnreadable; RequestInvalid, naming the attribute; ContractUnknown for a type that is
        not one of ours.
        """
        event = parse_json(arrival.body)
        if not isinstance(event, dict):
            raise RequestInvalid("one CloudEvent is one JSON object")
        attributes = read_attributes(event)
        named = _named(attributes)
        if event.get("data_base64") is not None:
            raise RequestInvalid("data_base64: the data of these contracts is JSON; send it as data")
        if event.get("data") is None:
            raise RequestInvalid("data: it is missing")
        return Document(
            contract=named.contract,
            version=named.version,
            tree=event["data"],
            business_key=_business_key(attributes, event["data"]),
            source_event_id=attributes.id,
        )

    def normalise(self, document: Document, source: Source, received_at: str) -> Normalised:
        """Read the data as it is: it is canonical already, also its `detected_at`.

        Raises: Unmapped where it does not fit, such as a category that is not its contract's.
        """
        try:
            if document.contract in _FACTS:
                return Normalised(facts=(_fact(document),))
            return Normalised(exceptions=(_exception(document),))
        except msgspec.ValidationError as error:
            raise Unmapped(f"{document.contract}: {error}") from None


def _named(attributes: Attributes) -> _Named:
    match = _TYPE.fullmatch(attributes.type)
    contract = f"{match[1]}-{match[2]}" if match else ""
    if match is None or (contract not in _EXCEPTIONS and contract not in _FACTS):
        raise ContractUnknown(
            f"type: {attributes.type[:80]!r} is not retail.exception.<category>.v<major> "
            "or retail.fact.<kind>.v<major>"
        )
    if attributes.dataschema is None:
        return _Named(contract=contract, version=match[3])
    schema = _DATA_SCHEMA.fullmatch(attributes.dataschema)
    if schema is None:
        raise RequestInvalid(
            f"dataschema: {attributes.dataschema[:80]!r} does not end in /contracts/<name>/<x.y.z>"
        )
    if schema[1] != contract or schema[3] != match[3]:
        raise RequestInvalid(
            f"dataschema: {schema[1][:80]} {schema[2]} is not {contract} in major {match[3]}, which type says"
        )
    return _Named(contract=contract, version=schema[2])


def _business_key(attributes: Attributes, data: Any) -> str:
    """Return what the event is about: the subject, else the fact's or exception's key, else its own id."""
    key = data.get("key") if isinstance(data, dict) else None
    return attributes.subject or (key if isinstance(key, str) and key else attributes.id)


def _fact(document: Document) -> Fact:
    fact = msgspec.convert(document.tree, Fact)
    if fact.kind is not _FACTS[document.contract]:
        raise Unmapped(f"/kind: {fact.kind} is not what {document.contract} holds")
    return fact


def _exception(document: Document) -> RetailException:
    exception = msgspec.convert(document.tree, RetailException)
    if exception.category is not _EXCEPTIONS[document.contract]:
        raise Unmapped(f"/category: {exception.category} is not what {document.contract} holds")
    return exception
