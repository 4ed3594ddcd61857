"""Which deliveries of an owner are open in a version that it is going to read no more."""

from collections.abc import Callable

import msgspec
from msgspec import Struct

from contracts import subjects
from ledger.conservation import read_evidence
from ledger.deliveries import DeliveryKey, Lanes, State
from ledger.reading import Positions, Reader, Stored

IsOld = Callable[[str, str], bool]  # a contract and a version of it


class OpenDelivery(Struct, frozen=True, kw_only=True):
    """A delivery without an end. `contract` is `name@x.y.z` of the document that lies in the lane."""

    delivery: str
    cycle: int
    contract: str
    sequence: int


class _Written(Struct):
    dataschema: str = ""


_bodies = msgspec.json.Decoder(_Written)


class LaneWatch:
    """Looks at one lane again and again; each look reads what is new in it, and what was said since."""

    def __init__(self, reader: Reader, owner: str, category: str, is_old: IsOld) -> None:
        """`category` is `*` for all."""
        self._reader = reader
        self._owner = owner
        self._subject = f"out.{owner}.{category}.*"
        self._is_old = is_old
        self._lanes = Lanes()
        self._old: dict[DeliveryKey, str] = {}
        self._next = 1

    async def open(self, positions: Positions) -> list[OpenDelivery]:
        """Return the open deliveries in old versions, oldest first; `positions` were read just before.

        Raises: BrokerUnavailable.
        """
        async for stored in self._reader.scan(subjects.OUT_STREAM, self._subject, self._next):
            self._next = stored.sequence + 1
            self._lanes.take_attempt(stored)
            contract, version = _contract(stored)
            attempt = self._lanes.at(stored.sequence)
            if attempt is not None and contract and self._is_old(contract, version):
                self._old[attempt.key] = f"{contract}@{version}"
        evidence = await read_evidence(self._reader, positions, self._lanes, self._owner)
        found = []
        for key, contract in list(self._old.items()):
            attempt = self._lanes.last[key]
            letter = subjects.dead_letter(key.owner, key.delivery, key.cycle)
            is_dead = bool(await self._reader.counts(subjects.DEAD_LETTERS_STREAM, letter))
            if evidence.state(attempt, is_dead=is_dead) is State.OPEN:
                found.append(
                    OpenDelivery(
                        delivery=key.delivery, cycle=key.cycle, contract=contract, sequence=attempt.sequence
                    )
                )
            else:
                del self._old[key]
        return sorted(found, key=lambda delivery: delivery.sequence)


def _contract(stored: Stored) -> tuple[str, str]:
    """Return the contract and the version that a delivery says; empty for what is none of ours."""
    try:
        parts = _bodies.decode(stored.body).dataschema.split("/")
    except msgspec.DecodeError:
        return "", ""
    return (parts[-2], parts[-1]) if len(parts) > 1 else ("", "")
