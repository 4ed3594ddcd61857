"""The gateway's stages, between authenticate and accept, which wait for others: split ▸ decode ▸ validate."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import msgspec
from msgspec import structs

from adapters.catalogue import Catalogue
from adapters.event_ids import usable_event_id
from adapters.framing import messages
from contracts.canon import Canon
from contracts.canonical import Normalised
from contracts.documents import Arrival, Document, Message
from contracts.errors import (
    ContractUnknown,
    NoPath,
    RequestInvalid,
    RequestTooLarge,
    Unmapped,
    VersionUnknown,
)
from contracts.ids import SOURCE_EVENT_ID_MAX_CHARACTERS, body_digest, event_id
from contracts.negotiation import Asked, negotiate
from contracts.registry import Registry
from gateway.http.items import DecodedItem, Item, RehearsedItem, Submission, ValidItem
from gateway.settings import HttpSettings
from observability import trace
from routing.stages import Stage

CHUNK = 256  # items that are read at once
CHUNK_BYTES = 4 << 20
NO_EVENT = "there is no event in this body"


class Cutting:
    """One message that is being cut into its items, some at a time; `is_over` once the last one came."""

    def __init__(self, submission: Submission, message: Message, items: Iterator[Item]) -> None:
        self.submission = submission
        self.message = message
        self.items = items
        self.taken = 0
        self.taken_bytes = 0
        self.is_over = False


class IngestStages:
    """One function each, synchronous and without effects, so that a worker thread may run them.

    `one` takes the only item of a body, `cutting` a message's next items; `reading` is what each item then
    goes through, and `rehearsal` the same in a dry run.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        registry: Registry,
        settings: HttpSettings,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._catalogue = catalogue
        self._registry = registry
        self._canon = Canon(registry)
        self._settings = settings
        self._clock = clock
        self.one = (Stage("split", self.split_one),)
        self.cutting = (Stage("split", self.split),)
        self.reading = (Stage("decode", self.decode), Stage("validate", self.validate))
        self.rehearsal = (*self.reading, Stage("normalise", self.normalise))

    def begin(self, submission: Submission, message: Message) -> Cutting:
        """Return a message to be cut; nothing happens yet."""
        return Cutting(submission, message, self._items(submission, message))

    def split_one(self, submission: Submission) -> Item:
        """Raises: RequestInvalid for a body with none or several items; see `Adapter.split`."""
        items = (
            item for message in messages(submission.message) for item in self._items(submission, message)
        )
        first = next(items, None)
        if first is None:
            raise RequestInvalid(NO_EVENT)
        if next(items, None) is not None:
            raise RequestInvalid(
                "this body has several items; send it to "
                f"/v1/sources/{submission.source.name}/events/batch, which answers for each"
            )
        return first

    def split(self, cutting: Cutting) -> list[Item]:
        """Return the message's next items: at most 256, and not many more bytes than came.

        Raises: RequestInvalid for a message without items, RequestTooLarge for one with too many; see
        `Catalogue.for_message` and `Adapter.split`.
        """
        items: list[Item] = []
        chunk_bytes, message_bytes = 0, len(cutting.message.body)
        for item in cutting.items:
            items.append(item)
            chunk_bytes += len(item.arrival.body)
            if len(items) == CHUNK or chunk_bytes > min(message_bytes, CHUNK_BYTES):
                break
        else:
            cutting.is_over = True
        if not cutting.taken:
            self._check_first(items)
        cutting.taken += len(items)
        cutting.taken_bytes += chunk_bytes
        # each item repeats the head of its file: a long head and many items are far more bytes than came
        if cutting.taken_bytes > self._settings.batch_limit_bytes + message_bytes:
            raise RequestTooLarge("the items of this file, each with the file's head, are too large together")
        return items

    def _check_first(self, items: list[Item]) -> None:
        if not items:
            raise RequestInvalid(NO_EVENT)
        if items[0].arrival.items > self._settings.items_limit:
            raise RequestTooLarge(f"more than {self._settings.items_limit} items are not taken at once")

    def decode(self, item: Item) -> DecodedItem:
        """Raises: RequestTooLarge for an item larger than one message may be; see `Adapter.decode`."""
        limit = self._settings.body_limit_bytes
        if len(item.arrival.body) > limit:
            raise RequestTooLarge(f"this item is larger than {limit} bytes, the most that a message may have")
        if item.adapter is None:
            raise ContractUnknown("no adapter reads this")
        return DecodedItem(item=item, document=item.adapter.decode(item.arrival))

    def validate(self, decoded: DecodedItem) -> ValidItem:
        """Hold the document against the version that the request asks for, the source's, or the newest.

        Raises: RequestInvalid where the request asks for another contract than the document's, or for another
        version than the document names; ContractUnknown for one that the source doesn't send; see
        `Registry.validate`.
        """
        item, document = decoded.item, decoded.document
        pins = item.submission.source.contracts
        if pins and document.contract not in pins:
            sent = ", ".join(sorted(pins)[:20])
            raise ContractUnknown(
                f"{item.submission.source.name} does not send {document.contract[:80]}; it sends: {sent}"
            )
        asked = _asked(item, document, pins.get(document.contract) or None)
        if asked.version != document.version:
            document = structs.replace(document, version=asked.version)
        try:
            valid = self._registry.validate(document, at=self._clock())
        except VersionUnknown as error:
            raise VersionUnknown(f"{asked.by} asks for {asked.version}: {error.detail}") from None
        named = source_event_id(item.arrival, document)
        return ValidItem(
            item=item,
            document=valid,
            event_id=event_id(item.submission.source.name, named),
            source_event_id=named,
            digest=body_digest(msgspec.json.encode(document.tree, order="deterministic")),
        )

    def normalise(self, valid: ValidItem) -> RehearsedItem:
        """Say what the router would find in a document."""
        adapter = self._catalogue.for_contract(valid.document.contract)
        source, now = (
            valid.item.submission.source.source,
            datetime.now(UTC).isoformat(timespec="milliseconds"),
        )
        try:
            document = self._canon.spoken(valid.document, valid.document.version or "")
            normalised = self._canon.hold(adapter.normalise(document, source, now))
        except (Unmapped, NoPath) as error:
            return RehearsedItem(valid=valid, normalised=Normalised(), unmapped=error)
        return RehearsedItem(valid=valid, normalised=normalised)

    def _items(self, submission: Submission, message: Message) -> Iterator[Item]:
        adapter = self._catalogue.for_message(submission.source.source.system, message)
        for arrival in adapter.split(message):
            yield Item(
                submission=submission,
                arrival=arrival,
                adapter=adapter,
                traceparent=trace.continued(submission.traceparent),
            )


def place_id(arrival: Arrival) -> str:
    """Return the id of an item that has no other: its file and its place there."""
    return f"{arrival.file or body_digest(arrival.body)}#{arrival.item}"


def source_event_id(arrival: Arrival, document: Document | None) -> str:
    """Return the sender's id of an item: the transport's, else the document's, else file and place.

    Raises: RequestInvalid for one that can't be an id.
    """
    given: object = arrival.source_event_id or (document.source_event_id if document else None)
    if not given:
        return place_id(arrival)
    if not isinstance(given, str):  # an adapter took it from a document that breaks its contract
        raise RequestInvalid("the event's id is not text")
    if len(given) <= SOURCE_EVENT_ID_MAX_CHARACTERS and given.isascii() and given.isprintable():
        return given
    return usable_event_id(given, "the event's id")


def _asked(item: Item, document: Document, pin: str | None) -> Asked:
    """Return the version that counts. Raises: RequestInvalid where the request contradicts the document."""
    wanted = item.submission.wanted
    if wanted is not None and wanted.contract != document.contract:
        raise RequestInvalid(
            f"Contract asks for {wanted.contract}, and this document is a {document.contract[:80]}"
        )
    return negotiate(wanted.version if wanted is not None else None, document.version, pin)
