"""Publishing one message, or an atomic batch, and what the broker may answer."""

import asyncio
import itertools
import uuid
from collections.abc import Sequence

import msgspec
from msgspec import Struct
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError

from contracts import headers
from contracts.errors import BrokerFull, BrokerUnavailable

BATCH_LIMIT = 1000  # messages in one atomic batch, the broker's own limit (ADR-50)
TIMEOUT_SECONDS = 2.0
GIVE_UP_SECONDS = 6.0
PAUSE_SECONDS = 0.05

DUPLICATE_IN_BATCH = 10201
BATCH_INCOMPLETE = 10176
WRONG_LAST_SEQUENCE = (10071, 10164)
STREAM_FULL = 10077
NO_SPACE = (10023, 10047, 10028)  # insufficient resources, storage exceeded, account limits


class Outgoing(Struct, frozen=True, kw_only=True):
    """A message to publish."""

    subject: str
    body: bytes
    headers: dict[str, str]

    @property
    def size(self) -> int:
        """Its bytes, the headers roughly."""
        return len(self.body) + 400


class Published(Struct, frozen=True, kw_only=True):
    """The broker's acknowledgement: the message is durable at `sequence`.

    `is_duplicate` says that its message id was there before; `sequence` is then the first one's.
    """

    sequence: int
    is_duplicate: bool = False


class StaleWriter(Exception):
    """The compare-and-set failed: another writer was here first."""


class DuplicateInBatch(Exception):
    """A message id was there before: the broker refused the batch whole, without saying which."""


class Refused(Exception):
    """The broker refused a publish for a reason that has no class of its own."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(f"{description} ({code})")
        self.code = code


class _Error(Struct):
    err_code: int = 0
    code: int = 0
    description: str = ""


class _Ack(Struct):
    seq: int = 0
    duplicate: bool = False
    error: _Error | None = None


_ack_decoder = msgspec.json.Decoder(_Ack)
_batch_prefix = uuid.uuid4().hex[:12]
_batch_numbers = itertools.count()


async def publish(client: Client, message: Outgoing) -> Published:
    """Publish one message and wait for the acknowledgement.

    Raises: BrokerUnavailable (the outcome is unknown), BrokerFull, StaleWriter, Refused.
    """
    ack = await _request(client, message.subject, message.body, message.headers)
    return Published(sequence=ack.seq, is_duplicate=ack.duplicate)


async def publish_until_kept(
    client: Client, message: Outgoing, *, patience_seconds: float = GIVE_UP_SECONDS
) -> Published:
    """Publish again, with the same message id, until the broker acknowledges.

    Raises: BrokerUnavailable after `patience_seconds`; BrokerFull, StaleWriter and Refused at once.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + patience_seconds
    while True:
        try:
            return await publish(client, message)
        except BrokerUnavailable:
            if loop.time() > deadline:
                raise
            await asyncio.sleep(PAUSE_SECONDS)


async def commit(client: Client, messages: Sequence[Outgoing]) -> int:
    """Publish 1 to 1,000 messages of one stream as an atomic batch: all of them or none.

    Returns the sequence of the last; the others' precede it without a gap.

    Raises: BrokerUnavailable (the outcome is unknown), BrokerFull, StaleWriter, DuplicateInBatch, Refused.
    """
    if len(messages) == 1:
        published = await publish(client, messages[0])
        if published.is_duplicate:
            raise DuplicateInBatch
        return published.sequence
    batch = f"{_batch_prefix}-{next(_batch_numbers):x}"
    *body, last = messages
    try:
        for number, message in enumerate(body, 1):
            await client.publish(
                message.subject,
                message.body,
                headers={
                    **message.headers, "Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number),
                },
            )  # fmt: skip
    except MaxPayloadError as error:
        raise Refused(0, "a message is larger than the broker takes") from error
    except NatsError as error:
        raise BrokerUnavailable(f"the broker is away: {error!r}") from error
    final = {
        **last.headers,
        "Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(len(messages)), "Nats-Batch-Commit": "1",
    }  # fmt: skip
    return (await _request(client, last.subject, last.body, final)).seq


def with_id(message_id: str, sent_headers: dict[str, str]) -> dict[str, str]:
    """Return the headers with the broker's de-duplication id."""
    return {headers.MESSAGE_ID: message_id, **sent_headers}


async def _request(client: Client, subject: str, body: bytes, sent_headers: dict[str, str]) -> _Ack:
    try:
        answer = await client.request(subject, body, timeout=TIMEOUT_SECONDS, headers=sent_headers)
    except MaxPayloadError as error:
        raise Refused(0, "a message is larger than the broker takes") from error
    except (NatsError, TimeoutError) as error:
        raise BrokerUnavailable(f"the broker did not acknowledge {subject}: {error!r}") from error
    if not answer.data:
        raise BrokerUnavailable(f"no stream took {subject}")
    ack = _ack_decoder.decode(answer.data)
    if ack.error is not None:
        raise _refusal(ack.error)
    return ack


def _refusal(error: _Error) -> Exception:
    if error.err_code == DUPLICATE_IN_BATCH:
        return DuplicateInBatch()
    if error.err_code in WRONG_LAST_SEQUENCE:
        return StaleWriter(error.description)
    if error.err_code == STREAM_FULL or error.err_code in NO_SPACE:
        return BrokerFull(f"the stream takes no more: {error.description}", retry_after_seconds=5)
    if error.err_code == BATCH_INCOMPLETE or error.code == 503:
        # the server restarted within the batch, or has no leader: nothing of it was stored
        return BrokerUnavailable(f"the broker lost the batch: {error.description}")
    return Refused(error.err_code, error.description)
