"""Calls of the JetStream API that nats-py has no words for, and reads that need no consumer."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from msgspec import Struct
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from contracts.errors import BrokerUnavailable

TIMEOUT_SECONDS = 2.0
SCAN_BATCH = 256


class ApiError(Exception):
    """The JetStream API refused a call; `err_code` is the broker's own number."""

    def __init__(self, call: str, err_code: int, description: str) -> None:
        super().__init__(f"{call}: {description} ({err_code})")
        self.err_code = err_code


class StoredMessage(Struct, frozen=True, kw_only=True):
    """A message as a stream holds it. `stored_at` is RFC 3339 from the broker's clock."""

    stream: str
    subject: str
    sequence: int
    body: bytes
    headers: dict[str, str]
    stored_at: str


async def request(client: Client, subject: str, body: bytes, headers: dict[str, str] | None = None) -> Msg:
    """Send one request. Raises: BrokerUnavailable where no answer came within two seconds."""
    try:
        return await client.request(subject, body, timeout=TIMEOUT_SECONDS, headers=headers)
    except (NatsError, TimeoutError) as error:
        raise BrokerUnavailable(f"the broker did not answer on {subject}: {error!r}") from error


async def request_api(client: Client, call: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Call the JetStream API. Raises: ApiError; BrokerUnavailable."""
    answer = await request(client, f"$JS.API.{call}", msgspec.json.encode(body) if body is not None else b"")
    reply: dict[str, Any] = msgspec.json.decode(answer.data)
    if "error" in reply:
        error = reply["error"]
        raise ApiError(call, error.get("err_code", error.get("code", 0)), error.get("description", ""))
    return reply


class StreamReader:
    """Direct gets: by sequence, by subject, or a run of them. Needs no consumer and leaves no trace."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def at(self, stream: str, sequence: int) -> StoredMessage | None:
        """Return the message at `sequence`, or None where the stream no longer holds it."""
        return await self._get(stream, {"seq": sequence})

    async def last(self, stream: str, subject: str) -> StoredMessage | None:
        """Return the newest message on `subject` (wildcards allowed), or None."""
        return await self._get(stream, {"last_by_subj": subject})

    async def next(self, stream: str, subject: str, sequence: int) -> StoredMessage | None:
        """Return the first message on `subject` at or after `sequence`, or None."""
        return await self._get(stream, {"seq": max(sequence, 1), "next_by_subj": subject})

    async def scan(self, stream: str, subject: str, sequence: int = 1) -> AsyncIterator[StoredMessage]:
        """Yield every message on `subject` from `sequence` on, oldest first, up to now."""
        inbox = self._client.new_inbox()
        subscription = await self._client.subscribe(inbox, pending_bytes_limit=-1)
        try:
            is_over = False
            while not is_over:
                ask = {"seq": max(sequence, 1), "next_by_subj": subject, "batch": SCAN_BATCH}
                await self._client.publish(
                    f"$JS.API.DIRECT.GET.{stream}", msgspec.json.encode(ask), reply=inbox
                )
                while True:
                    answer = await subscription.next_msg(timeout=TIMEOUT_SECONDS)
                    if not _is_stored(answer):
                        is_over = _is_over(answer, stream)
                        break
                    stored = _stored(answer)
                    sequence = stored.sequence + 1
                    yield stored
        except (NatsError, TimeoutError) as error:
            raise BrokerUnavailable(f"the broker stopped in a scan of {stream}: {error!r}") from error
        finally:
            with contextlib.suppress(NatsError):
                await subscription.unsubscribe()

    async def counts(self, stream: str, subject: str = ">") -> dict[str, int]:
        """Return the number of messages on each subject that matches."""
        found: dict[str, int] = {}
        while True:
            ask = {"subjects_filter": subject, "offset": len(found)}
            state = (await request_api(self._client, f"STREAM.INFO.{stream}", ask))["state"]
            page = state.get("subjects") or {}
            found.update(page)
            if not page or len(found) >= state.get("num_subjects", 0):
                return found

    async def state(self, stream: str) -> dict[str, Any]:
        """Return the stream's state: messages, bytes, first_seq, last_seq."""
        state: dict[str, Any] = (await request_api(self._client, f"STREAM.INFO.{stream}"))["state"]
        return state

    async def _get(self, stream: str, ask: dict[str, Any]) -> StoredMessage | None:
        answer = await request(self._client, f"$JS.API.DIRECT.GET.{stream}", msgspec.json.encode(ask))
        if _is_stored(answer):
            return _stored(answer)
        status = (answer.headers or {}).get("Status")
        if status == "404":
            return None
        raise BrokerUnavailable(f"a direct get from {stream} answered {status}")


def _is_stored(answer: Msg) -> bool:
    """Say whether this is a message and not a status; a message may have a header `Status` of its own."""
    return "Nats-Sequence" in (answer.headers or {})


def _is_over(answer: Msg, stream: str) -> bool:
    """Say whether a batch of a scan was the last: the broker cuts a batch at 64 MiB.

    Raises: BrokerUnavailable for an answer that means neither.
    """
    found = answer.headers or {}
    if found.get("Status") == "404":
        return True
    if found.get("Status") == "204" and "Nats-Num-Pending" in found:
        return found["Nats-Num-Pending"] == "0"
    raise BrokerUnavailable(f"a scan of {stream} was answered {found.get('Status')}")


def _stored(answer: Msg) -> StoredMessage:
    headers = dict(answer.headers or {})
    for of_a_scan in ("Nats-Num-Pending", "Nats-Last-Sequence"):
        headers.pop(of_a_scan, None)
    return StoredMessage(
        stream=headers.pop("Nats-Stream"),
        subject=headers.pop("Nats-Subject"),
        sequence=int(headers.pop("Nats-Sequence")),
        stored_at=headers.pop("Nats-Time-Stamp"),
        body=answer.data,
        headers=headers,
    )
