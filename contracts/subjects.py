"""Every subject that Crossdock publishes on, built in one place. Sender's text never stands in one."""

import re

TOKEN = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")

INTAKE_STREAM = "XD_INTAKE"
OUT_STREAM = "XD_OUT"
TIMERS_STREAM = "XD_TIMERS"
RESULTS_STREAM = "XD_RESULTS"
DEAD_LETTERS_STREAM = "XD_DLQ"
ADVISORIES_STREAM = "XD_ADVISORIES"
AUDIT_STREAM = "XD_AUDIT"
USAGE_STREAM = "XD_USAGE"

UNREADABLE = "unreadable"  # stands for the contract of an item that could not be decoded


def is_token(text: str) -> bool:
    """Say whether `text` may be the name of a source, an owner, a contract or a category."""
    return TOKEN.fullmatch(text) is not None


def intake(partition: int, source: str, contract: str) -> str:
    """Return the subject of an accepted item; `contract` is a name without its version."""
    return f"in.{partition}.{source}.{contract}"


def redo(partition: int, stage: str, event: str, cycle: int) -> str:
    """Return the subject of an item that the router shall run again from `stage`."""
    return f"redo.{partition}.{stage}.{event}.{cycle}"


def delivery(owner: str, category: str, priority: str) -> str:
    """Return the subject of a delivery."""
    return f"out.{owner}.{category}.{priority}"


def receipt(partition: int) -> str:
    """Return the subject of the router's receipts of one partition."""
    return f"receipt.{partition}"


def timer(delivery_id: str, cycle: int) -> str:
    """Return the subject on which a delivery's next attempt is scheduled."""
    return f"timer.{delivery_id}.{cycle}"


def due(delivery_id: str) -> str:
    """Return the subject on which a fired timer arrives."""
    return f"due.{delivery_id}"


def result(owner: str, delivery_id: str) -> str:
    """Return the subject of an owner's verdict."""
    return f"result.{owner}.{delivery_id}"


def dead_letter(lane: str, subject_id: str, cycle: int) -> str:
    """Return the subject of a dead letter.

    `lane` is a stage of the router (then `subject_id` is an event) or an owner (then it is a delivery).
    """
    return f"dlq.{lane}.{subject_id}.{cycle}"


def audit(act: str, subject_id: str, cycle: int) -> str:
    """Return the subject of an audit record, such as `audit.replayed.<delivery>.<cycle>`."""
    return f"audit.{act}.{subject_id}.{cycle}"


def usage(kind: str, contract: str, version: str) -> str:
    """Return the subject of what is known of a version's use.

    `kind` is `sent` (written by gateways) or `read` (by routers); `1.10.0` is written `1-10-0`.
    """
    return f"usage.{kind}.{contract}.{version.replace('.', '-')}"
