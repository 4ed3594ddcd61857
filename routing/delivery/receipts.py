"""The router's receipts: each item that died in a stage gets its dead letter, with its bytes."""

from collections.abc import AsyncIterator

import msgspec
from nats.aio.client import Client

from contracts import headers, subjects
from contracts.records import Outcome, Receipt, ReceiptEntry
from routing.broker.api import StoredMessage, StreamReader
from routing.dead_letters import DeadLetter, SubjectTaken, keep, make_dead_letter, own_id, subject_id_of
from routing.delivery.effects import Buried, Effect

_receipts = msgspec.json.Decoder(Receipt)


class Receipts:
    """Takes receipts. Nobody but the router writes one, so one that can't be read stalls delivery visibly."""

    def __init__(self, client: Client, reader: StreamReader) -> None:
        self._client = client
        self._reader = reader

    async def take(self, stored: StoredMessage) -> AsyncIterator[Effect]:
        """Keep the dead letters of one receipt. Raises: DeadLettersFull, BrokerUnavailable."""
        for entry in _receipts.decode(stored.body).entries:
            if entry.outcome is Outcome.DEAD:
                letter = await self._letter(entry)
                try:
                    is_new = await keep(self._client, letter)
                except SubjectTaken:  # an earlier arrival of the event died there, beyond the router's memory
                    letter = msgspec.structs.replace(letter, subject_id=own_id(entry))
                    is_new = await keep(self._client, letter)
                if is_new:
                    yield Buried(letter=letter)

    async def _letter(self, entry: ReceiptEntry) -> DeadLetter:
        accepted = await self._reader.at(subjects.INTAKE_STREAM, entry.sequence)
        detail = entry.detail
        if accepted is None:  # its outcome is kept all the same: it must not look as if it had none
            detail = f"its bytes were gone; {detail}"
            accepted = StoredMessage(
                stream=subjects.INTAKE_STREAM,
                subject="",
                sequence=entry.sequence,
                body=b"",
                headers={headers.SOURCE: entry.source, headers.CONTRACT: entry.contract},
                stored_at="",
            )
        named = msgspec.structs.replace(accepted, headers={**accepted.headers, headers.EVENT: entry.event})
        return make_dead_letter(
            named,
            lane=entry.stage,
            subject_id=subject_id_of(entry),
            cycle=entry.cycle,
            code=entry.code,
            detail=detail,
        )
