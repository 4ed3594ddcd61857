"""The message on XD_INTAKE that an item becomes: its bytes unchanged, the rest in headers."""

import zlib

from msgspec import Struct

from contracts import headers, ids, subjects
from contracts.documents import Document
from contracts.errors import ContractUnknown, EventError, RequestInvalid, VersionUnknown
from gateway.http.acceptance import Candidate
from gateway.http.items import Item, ValidItem
from gateway.http.stages import place_id, source_event_id
from routing.broker.commit import Outgoing


class DeadLetterCandidate(Struct, frozen=True, kw_only=True):
    """What could not be taken and is to be kept; `contract` is null where it could not be read that far."""

    candidate: Candidate
    source_event_id: str
    contract: str | None


def candidate_of(valid: ValidItem, partitions: int) -> Candidate:
    """Return what is kept of an item that keeps its contract."""
    document = valid.document
    return _candidate(
        valid.item,
        event_id=valid.event_id,
        digest=valid.digest,
        key=ids.order_key(document.business_key),
        contract=document.contract,
        identifier=f"{document.contract}@{document.version}",
        partitions=partitions,
        reason={},
    )


def candidate_of_refused(
    item: Item, document: Document | None, error: EventError, partitions: int
) -> DeadLetterCandidate:
    """Return what is kept of an item that could not be taken.

    The router makes it a dead letter with `error` as the reason. An item whose own id can't be one goes by
    its place.
    """
    try:
        sent_id = source_event_id(item.arrival, document)
    except RequestInvalid:
        sent_id = place_id(item.arrival)
    is_known = isinstance(error, VersionUnknown) or not isinstance(error, ContractUnknown)
    named = document.contract if document is not None and is_known else ""
    contract = named if subjects.is_token(named) else subjects.UNREADABLE
    candidate = _candidate(
        item,
        event_id=ids.event_id(item.submission.source.name, sent_id),
        digest=ids.body_digest(item.arrival.body),
        key=ids.order_key(document.business_key if document else sent_id),
        contract=contract,
        identifier=contract,
        partitions=partitions,
        reason={headers.REASON: error.code, headers.DETAIL: headers.one_line(error.detail)},
    )
    return DeadLetterCandidate(
        candidate=candidate, source_event_id=sent_id, contract=document.contract if document else None
    )


def _candidate(
    item: Item,
    *,
    event_id: str,
    digest: str,
    key: str,
    contract: str,
    identifier: str,
    partitions: int,
    reason: dict[str, str],
) -> Candidate:
    arrival, source = item.arrival, item.submission.source.name
    sent = {
        headers.MESSAGE_ID: event_id,
        headers.EVENT: event_id,
        headers.SOURCE: source,
        headers.CONTRACT: identifier,
        headers.DIGEST: digest,
        headers.KEY: key,
        headers.FILE: arrival.file or ids.body_digest(arrival.body),
        headers.MEDIA_TYPE: headers.one_line(arrival.media_type, 100),
        headers.TRACE: item.traceparent,
        **reason,
    }
    if arrival.items != 1:
        sent[headers.ITEM] = f"{arrival.item}/{arrival.items}"
    partition = zlib.crc32(key.encode("ascii")) % partitions
    message = Outgoing(subject=subjects.intake(partition, source, contract), body=arrival.body, headers=sent)
    return Candidate(event_id=event_id, digest=digest, message=message)
