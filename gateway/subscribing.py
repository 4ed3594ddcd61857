"""Changing which major an owner reads, once nothing is open in the one that it reads now."""

import asyncio
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import msgspec
from nats.aio.client import Client

from contracts import subjects
from contracts.canonical import SPOKEN_MAJOR
from contracts.casting.cast import major_of
from contracts.records import AuditRecord
from gateway.balance import LedgerReader, read_positions
from gateway.bootstrap import Installation
from ledger.drain import LaneWatch, OpenDelivery
from routing.broker.commit import Outgoing, publish_until_kept, with_id
from routing.owners import OwnerSettings
from routing.subscriptions import ALL_CONTRACTS, EXCEPTIONS, Subscriptions

POLL_SECONDS = 0.5


class SubscriptionRefused(Exception):
    """It can't be subscribed; the text says why, for the person who asked."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One owner's new subscription. `owners` are all, as they are after it."""

    owner: str
    contract: str
    major: int
    owners: Mapping[str, OwnerSettings]


def change(installation: Installation, owner: str, contract: str, major: int) -> Change | None:
    """Return what shall become of the settings, or None where they say so already.

    Raises: SubscriptionRefused for an owner, contract or major that isn't there, or that no cast leads to.
    """
    if owner not in installation.owners:
        known = ", ".join(installation.owners)
        raise SubscriptionRefused(f"there is no owner {owner!r}; there are: {known}")
    now = installation.owners[owner]
    if now.subscriptions.get(contract) == major:
        return None
    after = msgspec.structs.replace(now, subscriptions={**now.subscriptions, contract: major})
    owners = {**installation.owners, owner: after}
    problems = list(Subscriptions(installation.registry, {owner: after}).problems())
    names = [name for name in installation.registry.names if name.startswith(EXCEPTIONS)]
    for name in names if contract == ALL_CONTRACTS else [contract] if not problems else []:
        if not installation.registry.has_path(name, SPOKEN_MAJOR, str(major)):
            problems.append(
                f"the router speaks {name} in major {SPOKEN_MAJOR}, and no cast leads from there to {major}"
            )
    if problems:
        raise SubscriptionRefused("; ".join(problems))
    return Change(owner=owner, contract=contract, major=major, owners=owners)


class Drain:
    """The open deliveries that a change leaves behind in versions that the owner then reads no more."""

    def __init__(self, installation: Installation, client: Client, wanted: Change) -> None:
        after = Subscriptions(installation.registry, wanted.owners)
        names = installation.registry.names
        category = "*" if wanted.contract == ALL_CONTRACTS else wanted.contract.removeprefix(EXCEPTIONS)

        def is_old(contract: str, version: str) -> bool:
            return contract in names and major_of(version) != after.major(wanted.owner, contract)

        self._client = client
        self._consumers = {wanted.owner: installation.consumer_names[wanted.owner]}
        self._watch = LaneWatch(LedgerReader(client), wanted.owner, category, is_old)

    async def open(self) -> list[OpenDelivery]:
        """Raises: BrokerUnavailable, ApiError."""
        return await self._watch.open(await read_positions(self._client, self._consumers))

    async def wait(self, deadline_seconds: float, tell: Callable[[int], None]) -> list[OpenDelivery]:
        """Wait until nothing is open; return what is open still when time is over.

        `tell` hears how many are open. Raises: BrokerUnavailable, ApiError.
        """
        deadline = asyncio.get_running_loop().time() + deadline_seconds
        while True:
            found = await self.open()
            tell(len(found))
            if not found or asyncio.get_running_loop().time() >= deadline:
                return found
            await asyncio.sleep(POLL_SECONDS)


async def record(client: Client, wanted: Change, actor: str, still_open: int) -> None:
    """Keep for the audit trail who changed it. Raises: BrokerUnavailable."""
    act = AuditRecord(
        act="subscribed",
        subject_id=wanted.owner,
        actor=actor,
        at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        detail=f"{wanted.contract} in major {wanted.major}, {still_open} open in another",
    )
    message = Outgoing(
        subject=subjects.audit("subscribed", wanted.owner, 1),
        body=msgspec.json.encode(act),
        headers=with_id(uuid.uuid4().hex, {}),
    )
    await publish_until_kept(client, message)
