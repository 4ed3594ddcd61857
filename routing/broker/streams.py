"""The streams and consumers of Crossdock as data, and the one function that makes the broker hold them."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct
from nats.aio.client import Client

from contracts import subjects
from routing.broker.api import ApiError, request_api

SECOND = 1_000_000_000  # the broker counts in nanoseconds
DAY = 86_400 * SECOND
MIB = 1 << 20
GIB = 1 << 30

USAGE_LIMIT_BYTES = 64 * MIB
VERDICT_LIMIT_BYTES = 64 << 10  # one owner must not fill the stream that all share

STREAM_NOT_FOUND = 10059
CONSUMER_NOT_FOUND = 10014
MINIMUM_SERVER = (2, 12, 0)


class StreamSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sizes and copies. `partitions` is 1 on one node and 8 in a cluster; `replicas` is 1 or 3.

    `owner_ack_wait_seconds` is how long an owner may be silent before a delivery comes again.
    """

    partitions: int = 1
    replicas: int = 1
    intake_limit_bytes: int = 10 * GIB
    out_limit_bytes: int = 10 * GIB
    results_limit_bytes: int = 2 * GIB
    dead_letters_limit_bytes: int = 2 * GIB
    advisories_limit_bytes: int = 256 * MIB
    audit_limit_bytes: int = 1 * GIB
    owner_ack_wait_seconds: float = 30.0


class Stream(Struct, frozen=True, kw_only=True):
    """One stream: `config` as the JetStream API takes it, without name and replicas."""

    name: str
    config: dict[str, Any]


class Consumer(Struct, frozen=True, kw_only=True):
    """One durable pull consumer with explicit acknowledgement."""

    stream: str
    name: str
    filter_subject: str
    ack_wait_seconds: float = 30.0
    max_ack_pending: int = 1000
    max_deliver: int = -1


def streams(settings: StreamSettings) -> tuple[Stream, ...]:
    """Return every stream. The reasons for each flag stand in docs/adr/0003-streams.md."""
    return (
        _stream(
            subjects.INTAKE_STREAM, ("in.*.*.*", "redo.*.*.*.*"), settings.intake_limit_bytes, 7 * DAY,
            allow_atomic=True, duplicate_window=120 * SECOND, discard="new",
        ),
        _stream(
            subjects.OUT_STREAM, ("out.*.*.*", "receipt.*"), settings.out_limit_bytes, 30 * DAY,
            allow_atomic=True, duplicate_window=120 * SECOND, discard="new",
        ),
        _stream(
            subjects.TIMERS_STREAM, ("timer.*.*", "due.*"), -1, 0,
            # a stream with schedules must discard old ones; without a limit it discards none
            allow_msg_schedules=True, allow_msg_ttl=True, duplicate_window=600 * SECOND, discard="old",
        ),
        _stream(
            subjects.RESULTS_STREAM, ("result.*.*",), settings.results_limit_bytes, 30 * DAY,
            duplicate_window=600 * SECOND, discard="new", max_msg_size=VERDICT_LIMIT_BYTES,
        ),
        _stream(
            subjects.DEAD_LETTERS_STREAM, ("dlq.*.*.*",), settings.dead_letters_limit_bytes, 90 * DAY,
            max_msgs_per_subject=1, discard="new", discard_new_per_subject=True, deny_delete=True,
        ),
        _stream(
            subjects.ADVISORIES_STREAM,
            tuple(
                f"$JS.EVENT.ADVISORY.CONSUMER.{kind}.{subjects.OUT_STREAM}.>"
                for kind in ("MAX_DELIVERIES", "MSG_TERMINATED", "MSG_NAKED")
            ),
            settings.advisories_limit_bytes, 30 * DAY, discard="old",
        ),
        _stream(
            subjects.AUDIT_STREAM, ("audit.>",), settings.audit_limit_bytes, 400 * DAY,
            discard="old", deny_delete=True, deny_purge=True,
        ),
        _stream(
            # one message a version and kind, replaced by compare-and-set: it never grows
            subjects.USAGE_STREAM, ("usage.*.*.*",), USAGE_LIMIT_BYTES, 0,
            max_msgs_per_subject=1, discard="old",
        ),
    )  # fmt: skip


def consumers(settings: StreamSettings, owners: Iterable[tuple[str, int]]) -> tuple[Consumer, ...]:
    """Return every durable consumer; `owners` gives each owner's name and its deliveries in flight.

    `max_deliver` 3 is the first rung of the retry ladder, not its end: reaching it arms a timer.
    """
    ours = (
        Consumer(stream=subjects.OUT_STREAM, name="dead-letters", filter_subject="receipt.*"),
        Consumer(stream=subjects.RESULTS_STREAM, name="delivery", filter_subject="result.*.*"),
        Consumer(stream=subjects.ADVISORIES_STREAM, name="delivery", filter_subject=">"),
        Consumer(stream=subjects.TIMERS_STREAM, name="delivery", filter_subject="due.*", ack_wait_seconds=5),
    )
    theirs = tuple(
        Consumer(
            stream=subjects.OUT_STREAM, name=owner_consumer(owner), filter_subject=f"out.{owner}.*.*",
            ack_wait_seconds=settings.owner_ack_wait_seconds, max_ack_pending=in_flight, max_deliver=3,
        )
        for owner, in_flight in owners
    )  # fmt: skip
    return ours + theirs


def owner_consumer(owner: str) -> str:
    """Return the name of an owner's consumer on XD_OUT."""
    return f"w-{owner}"


async def apply(client: Client, settings: StreamSettings, owners: Iterable[tuple[str, int]]) -> list[str]:
    """Make the broker hold every stream and consumer; return a line for each that had to be made or changed.

    Raises: ApiError where the broker refuses; OutdatedBroker where it lacks what Crossdock needs;
    PartitionsLowered.
    """
    require_server(client)
    changes: list[str] = []
    for stream in streams(settings):
        changes += await _apply_stream(client, stream, settings.replicas)
    await _require_partitions(client, settings.partitions)
    for consumer in consumers(settings, owners):
        changes += await _apply_consumer(client, consumer)
    return changes


class PartitionsLowered(Exception):
    """There are receipts of partitions that the settings no longer have: their items would wait for ever."""


async def _require_partitions(client: Client, partitions: int) -> None:
    found = await request_api(client, f"STREAM.INFO.{subjects.OUT_STREAM}", {"subjects_filter": "receipt.*"})
    used = [int(subject.partition(".")[2]) for subject in found["state"].get("subjects") or {}]
    if used and max(used) >= partitions:
        raise PartitionsLowered(
            f"{max(used) + 1} partitions are in use, and `broker.streams.partitions` is {partitions}"
        )


class OutdatedBroker(Exception):
    """The nats-server is older than Crossdock needs."""


def require_server(client: Client) -> None:
    """Raises: OutdatedBroker, in words."""
    found = client.connected_server_version
    if (found.major, found.minor, found.patch) < MINIMUM_SERVER:
        wanted = ".".join(map(str, MINIMUM_SERVER))
        raise OutdatedBroker(
            f"nats-server {found} is too old: Crossdock needs {wanted} or later (atomic batches, schedules)"
        )


def _stream(name: str, taken: tuple[str, ...], limit_bytes: int, age: int, **flags: Any) -> Stream:
    common = {"retention": "limits", "storage": "file", "allow_direct": True, "max_bytes": limit_bytes}
    return Stream(name=name, config={**common, "subjects": list(taken), "max_age": age, **flags})


async def _apply_stream(client: Client, stream: Stream, replicas: int) -> list[str]:
    wanted = {"name": stream.name, "num_replicas": replicas, **stream.config}
    try:
        found = (await request_api(client, f"STREAM.INFO.{stream.name}"))["config"]
    except ApiError as error:
        if error.err_code != STREAM_NOT_FOUND:
            raise
        await request_api(client, f"STREAM.CREATE.{stream.name}", wanted)
        return [f"stream {stream.name} made"]
    if _holds(found, wanted):
        return []
    await request_api(client, f"STREAM.UPDATE.{stream.name}", {**found, **wanted})
    return [f"stream {stream.name} changed"]


async def _apply_consumer(client: Client, consumer: Consumer) -> list[str]:
    wanted = {
        "durable_name": consumer.name,
        "name": consumer.name,
        "ack_policy": "explicit",
        "deliver_policy": "all",
        "filter_subject": consumer.filter_subject,
        "ack_wait": int(consumer.ack_wait_seconds * SECOND),
        "max_ack_pending": consumer.max_ack_pending,
        "max_deliver": consumer.max_deliver,
    }
    try:
        found = (await request_api(client, f"CONSUMER.INFO.{consumer.stream}.{consumer.name}"))["config"]
        if _holds(found, wanted):
            return []
        done = "changed"
    except ApiError as error:
        if error.err_code != CONSUMER_NOT_FOUND:
            raise
        done = "made"
    # without an action the API makes a new consumer and changes an existing one
    call = f"CONSUMER.CREATE.{consumer.stream}.{consumer.name}"
    await request_api(
        client, f"{call}.{consumer.filter_subject}", {"stream_name": consumer.stream, "config": wanted}
    )
    return [f"consumer {consumer.stream}/{consumer.name} {done}"]


def _holds(found: dict[str, Any], wanted: dict[str, Any]) -> bool:
    # the broker leaves out what is zero or false
    return all(msgspec.to_builtins(found.get(key, type(value)())) == value for key, value in wanted.items())
