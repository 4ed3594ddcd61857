"""Who may publish and receive what: NATS accounts and users as data.

Our own processes share one account, each as a user of its own. Each owner has an account of its own that
imports just its consumer and its verdicts, because the broker does not check the reply subject of a publish
against permissions: inside our account an owner could make it write an acknowledgement into another's lane.
"""

from collections.abc import Collection, Mapping
from typing import Any

from contracts import subjects
from routing.broker.streams import owner_consumer

OUR_ACCOUNT = "CROSSDOCK"
SYSTEM_ACCOUNT = "SYS"


def _reads(*streams: str) -> tuple[str, ...]:
    return tuple(f"$JS.API.DIRECT.GET.{stream}" for stream in streams)


def _pulls(stream: str, consumer: str) -> tuple[str, ...]:
    return (
        f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}",
        f"$JS.API.CONSUMER.INFO.{stream}.{consumer}",
        f"$JS.ACK.{stream}.{consumer}.>",
        f"$JS.ACK.*.*.{stream}.{consumer}.>",  # the second version of acknowledgement subjects
    )


PUBLISH: Mapping[str, tuple[str, ...]] = {
    "provisioner": ("$JS.API.>",),
    "gateway": (
        "in.*.*.*",
        "audit.>",
        "usage.sent.*.*",
        "$JS.API.STREAM.INFO.*",
        *_reads(
            subjects.INTAKE_STREAM, subjects.OUT_STREAM, subjects.TIMERS_STREAM, subjects.RESULTS_STREAM,
            subjects.DEAD_LETTERS_STREAM, subjects.AUDIT_STREAM, subjects.USAGE_STREAM,
        ),
    ),
    "router": (
        "out.*.*.*",
        "receipt.*",
        "usage.read.*.*",
        f"$JS.API.STREAM.INFO.{subjects.INTAKE_STREAM}",
        f"$JS.API.STREAM.INFO.{subjects.OUT_STREAM}",
        f"$JS.API.STREAM.PURGE.{subjects.INTAKE_STREAM}",
        f"$JS.API.CONSUMER.INFO.{subjects.OUT_STREAM}.dead-letters",
        *_reads(subjects.INTAKE_STREAM, subjects.OUT_STREAM, subjects.USAGE_STREAM),
        f"$JS.API.CONSUMER.CREATE.{subjects.INTAKE_STREAM}.>",
        f"$JS.API.CONSUMER.DELETE.{subjects.INTAKE_STREAM}.*",
        f"$JS.API.CONSUMER.MSG.NEXT.{subjects.INTAKE_STREAM}.*",
    ),
    "delivery": (
        "out.*.*.*",
        "timer.*.*",
        "dlq.*.*.*",
        *_reads(
            subjects.INTAKE_STREAM, subjects.OUT_STREAM, subjects.TIMERS_STREAM, subjects.RESULTS_STREAM,
            subjects.DEAD_LETTERS_STREAM,
        ),
        *_pulls(subjects.OUT_STREAM, "dead-letters"),
        *_pulls(subjects.RESULTS_STREAM, "delivery"),
        *_pulls(subjects.ADVISORIES_STREAM, "delivery"),
        *_pulls(subjects.TIMERS_STREAM, "delivery"),
    ),
    "operator": (
        "out.*.*.*",
        "redo.*.*.*.*",
        "audit.>",
        "$JS.API.STREAM.INFO.*",
        "$JS.API.CONSUMER.INFO.*.*",
        *_reads(
            subjects.INTAKE_STREAM, subjects.OUT_STREAM, subjects.TIMERS_STREAM, subjects.RESULTS_STREAM,
            subjects.DEAD_LETTERS_STREAM, subjects.ADVISORIES_STREAM, subjects.AUDIT_STREAM,
            subjects.USAGE_STREAM,
        ),
    ),
}  # fmt: skip
"""What each of our users may publish; each may receive on its own inbox alone."""

ACCOUNT_INFO = "$JS.API.INFO"
"""Owners import this and may not publish on it. Without the import the broker answers the other calls of the
API in an owner's account as well, and first, with "JetStream not enabled for account"."""

MONITOR_PUBLISH = ("$SYS.REQ.SERVER.PING.JSZ",)


def owner_user(owner: str) -> str:
    """Return the name of an owner's NATS user."""
    return f"owner-{owner}"


def users(owners: Collection[str]) -> tuple[str, ...]:
    """Return every user that needs a password."""
    return (*PUBLISH, "monitor", *(owner_user(owner) for owner in owners))


def accounts(owners: Collection[str], passwords: Mapping[str, str]) -> dict[str, Any]:
    """Return the `accounts` and `system_account` of a nats-server configuration, with every user in it."""
    ours = {
        "jetstream": "enabled",
        "users": [_user(name, passwords[name], allowed) for name, allowed in PUBLISH.items()],
        "exports": [
            {"service": ACCOUNT_INFO, "accounts": [_account(owner) for owner in owners]},
            *(
                {"service": subject, "accounts": [_account(owner)], **_streaming(subject)}
                for owner in owners
                for subject in _owner_services(owner)
            ),
        ],
    }
    theirs = {
        _account(owner): {
            "users": [_user(owner_user(owner), passwords[owner_user(owner)], _owner_services(owner))],
            "imports": [
                {"service": {"account": OUR_ACCOUNT, "subject": subject}}
                for subject in (ACCOUNT_INFO, *_owner_services(owner))
            ],
        }
        for owner in owners
    }
    system = {"users": [_user("monitor", passwords["monitor"], MONITOR_PUBLISH)]}
    return {
        "accounts": {OUR_ACCOUNT: ours, SYSTEM_ACCOUNT: system, **theirs},
        "system_account": SYSTEM_ACCOUNT,
    }


def _owner_services(owner: str) -> tuple[str, ...]:
    consumer = owner_consumer(owner)
    return (
        f"$JS.API.CONSUMER.MSG.NEXT.{subjects.OUT_STREAM}.{consumer}",
        f"$JS.API.CONSUMER.INFO.{subjects.OUT_STREAM}.{consumer}",
        f"$JS.ACK.{subjects.OUT_STREAM}.{consumer}.>",
        f"result.{owner}.*",
    )


def _streaming(subject: str) -> dict[str, str]:
    # a pull request is answered by many messages
    return {"response_type": "stream"} if ".MSG.NEXT." in subject else {}


def _account(owner: str) -> str:
    return f"OWNER-{owner}"


def _user(name: str, password: str, allowed: tuple[str, ...]) -> dict[str, Any]:
    return {
        "user": name,
        "password": password,
        "permissions": {
            "publish": {"allow": list(allowed)},
            "subscribe": {"allow": [f"_INBOX_{name}.>"]},
        },
    }
