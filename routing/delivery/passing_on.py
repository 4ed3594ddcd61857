"""Passing a delivery on to the owner that it should have gone to."""

from collections.abc import Collection
from typing import Any

import msgspec
from nats.aio.client import Client

from contracts import headers, ids, subjects
from routing.broker.api import StreamReader
from routing.broker.commit import Outgoing, publish_until_kept, with_id
from routing.dead_letters import without_hop
from routing.delivery.attempts import Attempt


def obstacle(attempt: Attempt, owner: str, owners: Collection[str]) -> str:
    """Return why the attempt's delivery can't go to `owner`; empty where it can."""
    if owner not in owners:
        return f"reassigned to {owner!r}, which is no owner"
    if owner == attempt.owner or owner in _before(attempt):
        return f"reassigned to {owner}, which has had it"
    return ""


async def publish(client: Client, attempt: Attempt, owner: str) -> bool:
    """Publish the exception's delivery to `owner`; return False where it has one already.

    Raises: BrokerFull, BrokerUnavailable.
    """
    exception = attempt.stored.headers.get(headers.EXCEPTION, "")
    delivery = ids.delivery_id(exception, owner)
    _, _, category, priority = attempt.stored.subject.split(".")
    event = msgspec.json.decode(attempt.stored.body)
    if owner in _owners(event):
        return False
    subject = subjects.delivery(owner, category, priority)
    # the broker's window is two minutes; this verdict may come again later than that
    async for stored in StreamReader(client).scan(subjects.OUT_STREAM, subject, attempt.stored.sequence + 1):
        if stored.headers.get(headers.DELIVERY) == delivery:
            return False
    sent = {
        **without_hop(attempt.stored.headers),
        headers.DELIVERY: delivery,
        headers.ATTEMPT: "1",
        headers.CYCLE: str(attempt.cycle),
        headers.OWNERS_BEFORE: ",".join((*_before(attempt), attempt.owner)),
    }
    message = Outgoing(
        subject=subject,
        body=_passed_on(event, delivery, owner, attempt.owner),
        headers=with_id(f"{delivery}.{attempt.cycle}.1", sent),
    )
    return not (await publish_until_kept(client, message)).is_duplicate


def _before(attempt: Attempt) -> tuple[str, ...]:
    named = attempt.stored.headers.get(headers.OWNERS_BEFORE, "")
    return tuple(named.split(",")) if named else ()


def _owners(event: dict[str, Any]) -> list[str]:
    """Return whom the route names, and who had it passed on."""
    owners: list[str] = event["data"].get("route", {}).get("owners", [])
    return owners


def _passed_on(event: dict[str, Any], delivery: str, owner: str, before: str) -> bytes:
    route = event["data"].get("route", {})
    route = {**route, "owners": [*_owners(event), owner], "passed_on_by": before}
    return msgspec.json.encode({**event, "id": delivery, "data": {**event["data"], "route": route}})
