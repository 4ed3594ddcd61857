"""Responses: from verdicts to status, headers and body."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from typing import Any

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
    KeptReply,
    RefusedReply,
    ValidReply,
    Verdict,
)

MULTI_STATUS = 207

_Reply = AcceptedReply | KeptReply | ValidReply


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

    def batch(self, path: str) -> "BatchAnswer":
        """Return an answer for many items, to which verdicts are added as they come."""
        return BatchAnswer(path, self._contract_headers)

    def _contract_headers(self, reply: _Reply) -> list[tuple[str, str]]:
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


class BatchAnswer:
    """One answer for many items. It keeps what it will say of an item, and nothing of the item itself."""

    def __init__(self, path: str, contract_headers: Callable[[_Reply], list[tuple[str, str]]]) -> None:
        self._path = path
        self._contract_headers = contract_headers
        self._items: list[msgspec.Raw] = []
        self._outcomes: Counter[str] = Counter()
        self._statuses: set[int] = set()
        self._versions: dict[tuple[str | None, str | None], _Reply] = {}
        self._first_error: EventError | None = None

    def __len__(self) -> int:
        return len(self._items)

    def add(self, verdict: Verdict) -> None:
        """Write down the next item's verdict."""
        place = len(self._items) + 1
        if verdict.reply is not None:
            self._versions.setdefault((verdict.reply.contract, verdict.reply.version), verdict.reply)
        elif self._first_error is None:
            self._first_error = verdict.error
        self._items.append(msgspec.Raw(msgspec.json.encode(_item_reply(place, verdict, self._path))))
        self._outcomes[verdict.outcome] += 1
        self._statuses.add(verdict.status)

    def response(self, vendor_reply: VendorReply | None, stopped: EventError | None = None) -> Response:
        """Return the answer: the items' status where they agree, else 207.

        Where all were refused alike, or `stopped` ended the request before its last item, it is a problem
        with the verdicts beside it.
        """
        if stopped is not None:
            return self._problem(stopped, f"{stopped.detail}; {self._of_those_before()}", stopped=True)
        if vendor_reply is not None and self._statuses == {ACCEPTED}:
            return _vendor_response(vendor_reply)
        status = next(iter(self._statuses)) if len(self._statuses) == 1 else MULTI_STATUS
        error = self._first_error
        if error is not None and not self._versions and status != MULTI_STATUS:
            detail = problems.told(error)
            if len(self) > 1:
                detail = f"none of the {len(self)} items was taken; the first: {detail}"
            return self._problem(error, detail, status)
        agree = error is None and len(self._versions) == 1
        headers = self._contract_headers(next(iter(self._versions.values()))) if agree else []
        return Response(status=status, body=msgspec.json.encode(self._reply()), headers=headers)

    def _of_those_before(self) -> str:
        return f"the {len(self)} items before it have their verdicts here; send again what is not accepted"

    def _problem(
        self, error: EventError, detail: str, status: int | None = None, *, stopped: bool = False
    ) -> Response:
        """Return a problem with all verdicts as extension members (RFC 9457, 3.2).

        `stopped` says that there were more items than have a verdict.
        """
        problem = structs.replace(problems.problem_of(error, self._path, status=status), detail=detail)
        return Response(
            status=problem.status,
            body=msgspec.json.encode(msgspec.to_builtins(problem) | {"stopped": stopped} | self._reply()),
            media_type=problems.MEDIA_TYPE,
            headers=problems.headers_of(error),
        )

    def _reply(self) -> dict[str, Any]:
        """Return a BatchReply whose items are encoded already."""
        outcomes = self._outcomes
        return {
            "items": self._items,
            "accepted": outcomes["accepted"] + outcomes["dead_letter"],
            "duplicate": outcomes["duplicate"],
            "refused": outcomes["rejected"] + outcomes["try_later"],
            "dead_letter": outcomes["dead_letter"],
            "valid": outcomes["valid"],
        }


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _vendor_response(reply: VendorReply) -> Response:
    return Response(status=reply.status, body=reply.body, media_type=reply.media_type)


def _item_reply(place: int, verdict: Verdict, path: str) -> _Reply | RefusedReply:
    if verdict.reply is not None:
        return structs.replace(verdict.reply, item=place)
    error = verdict.error or InternalFault("a verdict without reply and error")
    problem = problems.problem_of(error, f"{path}#{place}", status=verdict.status)
    return RefusedReply(item=place, code=error.code, problem=problem)
