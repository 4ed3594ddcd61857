"""How the ledger reads streams: the bootstrap hands in who can."""

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from msgspec import Struct


class Stored(Protocol):
    """A message as a stream holds it."""

    @property
    def subject(self) -> str: ...
    @property
    def sequence(self) -> int: ...
    @property
    def body(self) -> bytes: ...
    @property
    def headers(self) -> dict[str, str]: ...


class Cut(Struct, frozen=True, kw_only=True):
    """What a stream held at one moment: the sequences from `first` to `last` but for those `removed`."""

    first: int
    last: int
    removed: frozenset[int] = frozenset()

    @property
    def span(self) -> int:
        """The number of sequences from `first` to `last`; 0 for an empty stream."""
        return max(0, self.last - self.first + 1)

    def holds(self, sequence: int) -> bool:
        """Say whether the stream held a message at `sequence`."""
        return self.first <= sequence <= self.last and sequence not in self.removed


class Reader(Protocol):
    """Reads that leave no trace."""

    def scan(self, stream: str, subject: str, sequence: int = 1) -> AsyncIterator[Stored]: ...

    async def at(self, stream: str, sequence: int) -> Stored | None: ...

    async def counts(self, stream: str, subject: str = ">") -> dict[str, int]: ...

    async def cut(self, stream: str) -> Cut: ...


class Position(Struct, frozen=True, kw_only=True):
    """How far a consumer is, in sequences of its stream. All up to `ack_floor` is acknowledged."""

    delivered: int
    ack_floor: int
    ack_pending: int

    def has_before_it(self, sequence: int) -> bool:
        """Say whether a message is still to be handed out, or may be in somebody's hands."""
        return sequence > self.delivered or (sequence > self.ack_floor and self.ack_pending > 0)


class Positions(Struct, frozen=True, kw_only=True):
    """Where the owners' consumers are on XD_OUT, and delivery's own on its three inputs.

    They are read before any stream: what happens meanwhile then counts as open, never as missing.
    """

    owners: Mapping[str, Position]  # an owner without a consumer is left out
    verdicts: Position
    timers: Position
    advisories: Position
