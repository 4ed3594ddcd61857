"""How the ledger reads streams: the bootstrap hands in who can."""

from collections.abc import AsyncIterator
from typing import Any, Protocol


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


class Reader(Protocol):
    """Reads that leave no trace."""

    def scan(self, stream: str, subject: str, sequence: int = 1) -> AsyncIterator[Stored]: ...

    async def counts(self, stream: str, subject: str = ">") -> dict[str, int]: ...

    async def state(self, stream: str) -> dict[str, Any]: ...


class ConsumerState(Protocol):
    """How far an owner's consumer is, in sequences of XD_OUT."""

    @property
    def delivered(self) -> int: ...
    @property
    def ack_floor(self) -> int: ...
    @property
    def ack_pending(self) -> int: ...
