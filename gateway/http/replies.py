"""Responses: from verdicts to status, headers and body."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from email.utils import format_datetime

import msgspec
from msgspec import structs

from contracts.adapter import Reply as VendorReply
from contracts.errors import EventError, InternalFault
from contracts.registry import Registry
from gateway.http import problems
from gateway.http.exchange import Response, problem_response
from gateway.http.verdicts import (
    ACCEPTED,
    VALID,
    AcceptedReply,
    BatchReply,
    KeptReply,
    RefusedReply,
    ValidReply,
    Verdict,
)

MULTI_STATUS = 207


class Replies:
    """Writes the answers of the ingest endpoints."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def single(self, verdict: Verdict, path: str, vendor_reply: VendorReply | None) -> Response:
        """Return the answer to one item; the vendor's own where it proved itself and the item is kept."""
        reply, error = verdict.reply, verdict.error
        if reply is None:
            error = error or InternalFault("a verdict without reply and error")
            problem = problems.problem_of(error, path, status=verdict.status)
            return problem_response(problem, problems.headers_of(error))
        if verdict.status == VALID:
            location = []
        elif vendor_reply is not None:
            return _vendor_response(vendor_reply)
        else:
            location = [("location", f"/v1/events/{reply.event_id}")]
        headers = [*location, *self._contract_headers(reply)]
        return Response(status=verdict.status, body=msgspec.json.encode(reply), headers=headers)

    def batch(self, verdicts: Sequence[Verdict], path: str, vendor_reply: VendorReply | None) -> Response:
        """Return one answer for all: their status where they agree, else 207.

        Where all were refused alike the answer is a problem with the verdicts beside it.
        """
        replies = [verdict.reply for verdict in verdicts if verdict.reply is not None]
        statuses = {verdict.status for verdict in verdicts}
        if vendor_reply is not None and statuses == {ACCEPTED}:
            return _vendor_response(vendor_reply)
        status = statuses.pop() if len(statuses) == 1 else MULTI_STATUS
        reply = _batch_reply(verdicts, path)
        error = verdicts[0].error
        if not replies and error is not None and status != MULTI_STATUS:
            return _refusal_of_all(error, status, reply, path)
        is_one_version = len({(each.contract, each.version) for each in replies}) == 1
        agree = is_one_version and len(replies) == len(verdicts)
        headers = self._contract_headers(replies[0]) if agree else []
        return Response(status=status, body=msgspec.json.encode(reply), headers=headers)

    def _contract_headers(self, reply: AcceptedReply | KeptReply | ValidReply) -> list[tuple[str, str]]:
        """Return Contract; for a deprecated version Deprecation (RFC 9745), Sunset (RFC 8594), Link."""
        if reply.contract is None or reply.version is None:
            return []
        headers = [("contract", f"{reply.contract}@{reply.version}")]
        deprecated = self._registry.resolve(reply.contract, reply.version).deprecated
        if deprecated is not None:
            successor = f"/contracts/{reply.contract}/{deprecated.alternative}"
            headers += [
                ("deprecation", f"@{int(_midnight(deprecated.effective).timestamp())}"),
                ("sunset", format_datetime(_midnight(deprecated.removal), usegmt=True)),
                ("link", f'<{successor}>; rel="successor-version"'),
            ]
        return headers


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _vendor_response(reply: VendorReply) -> Response:
    return Response(status=reply.status, body=reply.body, media_type=reply.media_type)


def _batch_reply(verdicts: Sequence[Verdict], path: str) -> BatchReply:
    counts = Counter(verdict.outcome for verdict in verdicts)
    return BatchReply(
        items=[_item_reply(place, verdict, path) for place, verdict in enumerate(verdicts, 1)],
        accepted=counts["accepted"] + counts["dead_letter"],
        duplicate=counts["duplicate"],
        refused=counts["rejected"] + counts["try_later"],
        dead_letter=counts["dead_letter"],
        valid=counts["valid"],
    )


def _item_reply(
    place: int, verdict: Verdict, path: str
) -> AcceptedReply | KeptReply | ValidReply | RefusedReply:
    if verdict.reply is not None:
        return structs.replace(verdict.reply, item=place)
    error = verdict.error or InternalFault("a verdict without reply and error")
    problem = problems.problem_of(error, f"{path}#{place}", status=verdict.status)
    return RefusedReply(item=place, code=error.code, problem=problem)


def _refusal_of_all(error: EventError, status: int, reply: BatchReply, path: str) -> Response:
    """Return the first item's problem with all verdicts as extension members (RFC 9457, 3.2)."""
    problem = problems.problem_of(error, path, status=status)
    if len(reply.items) > 1:
        detail = f"none of the {len(reply.items)} items was taken; the first: {problem.detail}"
        problem = structs.replace(problem, detail=detail)
    return Response(
        status=status,
        body=msgspec.json.encode(msgspec.to_builtins(problem) | msgspec.to_builtins(reply)),
        media_type=problems.MEDIA_TYPE,
        headers=problems.headers_of(error),
    )
