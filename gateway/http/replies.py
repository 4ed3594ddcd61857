"""Responses: from verdicts to status, headers and body."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType, structs

from contracts.adapter import Reply as VendorReply
from contracts.errors import EventError, InternalFault
from contracts.registry import ContractVersion, Registry
from gateway.http import problems
from gateway.http.exchange import Response, problem_response
from gateway.http.lifecycle_headers import Headers, contract_headers
from gateway.http.verdicts import (
    ACCEPTED,
    VALID,
    AcceptedReply,
    KeptReply,
    Notice,
    RefusedReply,
    ValidReply,
    Verdict,
)

MULTI_STATUS = 207

_Reply = AcceptedReply | KeptReply | ValidReply


class Replies:
    """Writes the answers of the ingest endpoints."""

    def __init__(self, registry: Registry, *, clock: Callable[[], float] = time.time) -> None:
        self._registry = registry
        self._clock = clock

    def single(self, verdict: Verdict, path: str, vendor_reply: VendorReply | None) -> Response:
        """Return the answer to one item; the vendor's own where it proved itself and the item is kept."""
        reply, error = verdict.reply, verdict.error
        about = self.headers(verdict.contract)
        if reply is None:
            error = error or InternalFault("a verdict without reply and error")
            problem = problems.problem_of(error, path, status=verdict.status)
            return problem_response(problem, [*problems.headers_of(error), *about])
        if verdict.status == VALID:
            location = []
        elif vendor_reply is not None:
            return _vendor_response(vendor_reply)
        else:
            location = [("location", f"/v1/events/{reply.event_id}")]
        return Response(status=verdict.status, body=msgspec.json.encode(reply), headers=[*location, *about])

    def batch(self, path: str) -> "BatchAnswer":
        """Return an answer for many items, to which verdicts are added as they come."""
        return BatchAnswer(path, self)

    def headers(self, contract: str) -> Headers:
        """Return what an answer says of the version `name@x.y.z` that it is about; nothing of none."""
        version = self._version(contract)
        return contract_headers(version, self._clock()) if version is not None else []

    def notice(self, contract: str) -> Notice | UnsetType:
        """Return the same for one item of a batch."""
        version = self._version(contract)
        if version is None or version.deprecated is None:
            return UNSET
        said = version.deprecated
        successor = f"/contracts/{version.name}/{said.alternative}"
        return Notice(effective=said.effective, removal=said.removal, successor=successor)

    def _version(self, contract: str) -> ContractVersion | None:
        if not contract:
            return None
        name, _, version = contract.partition("@")
        return self._registry.exact(name, version)


class BatchAnswer:
    """One answer for many items. It keeps what it will say of an item, and nothing of the item itself."""

    def __init__(self, path: str, replies: Replies) -> None:
        self._path = path
        self._replies = replies
        self._items: list[msgspec.Raw] = []
        self._outcomes: Counter[str] = Counter()
        self._statuses: set[int] = set()
        self._notices: dict[str, Notice | UnsetType] = {}  # by the versions that items were held to
        self._has_replies = False
        self._first_error: EventError | None = None

    def __len__(self) -> int:
        return len(self._items)

    def add(self, verdict: Verdict) -> None:
        """Write down the next item's verdict."""
        place, contract = len(self._items) + 1, verdict.contract
        if contract not in self._notices:
            self._notices[contract] = self._replies.notice(contract)
        if verdict.reply is not None:
            self._has_replies = True
        elif self._first_error is None:
            self._first_error = verdict.error
        reply = _item_reply(place, verdict, self._path, self._notices[contract])
        self._items.append(msgspec.Raw(msgspec.json.encode(reply)))
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
        if error is not None and not self._has_replies and status != MULTI_STATUS:
            detail = problems.told(error)
            if len(self) > 1:
                detail = f"none of the {len(self)} items was taken; the first: {detail}"
            return self._problem(error, detail, status)
        return Response(status=status, body=msgspec.json.encode(self._reply()), headers=self._headers())

    def _headers(self) -> Headers:
        """Return what the headers say of the version that all items were held to, if there is one."""
        return self._replies.headers(next(iter(self._notices))) if len(self._notices) == 1 else []

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
            headers=[*problems.headers_of(error), *self._headers()],
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


def _vendor_response(reply: VendorReply) -> Response:
    return Response(status=reply.status, body=reply.body, media_type=reply.media_type)


def _item_reply(place: int, verdict: Verdict, path: str, notice: Notice | UnsetType) -> _Reply | RefusedReply:
    reply = verdict.reply
    if isinstance(reply, AcceptedReply | ValidReply):
        return structs.replace(reply, item=place, deprecated=notice)
    if reply is not None:
        return structs.replace(reply, item=place)
    error = verdict.error or InternalFault("a verdict without reply and error")
    problem = problems.problem_of(error, f"{path}#{place}", status=verdict.status)
    return RefusedReply(item=place, code=error.code, problem=problem)
