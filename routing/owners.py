"""The teams that exceptions are delivered to, and how patient delivery is with each."""

import math
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from contracts.subjects import is_token


class OwnersRefused(ValueError):
    """The file can't be used; the message names the file and each place."""


class OwnerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One owner.

    `retry_delays_seconds` are the waits before the second, third … attempt; the last one repeats until
    `max_attempts` have been made. `deliveries_in_flight` is how many the owner may hold without a verdict.
    `subscriptions` maps contracts (`*` for all others) to the major that the owner reads; without one it gets
    the newest published one that casts lead to.
    """

    title: str
    contact: str
    max_attempts: int = 6
    retry_delays_seconds: tuple[float, ...] = (5, 30, 120, 600, 3600)
    deliveries_in_flight: int = 256
    subscriptions: dict[str, int] = {}


class _OwnersFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    owners: dict[str, OwnerSettings]


def load_owners(path: Path) -> dict[str, OwnerSettings]:
    """Read `[owners.<name>]` tables. Raises: OwnersRefused, naming the file and the key; OSError."""
    try:
        owners = msgspec.toml.decode(path.read_bytes(), type=_OwnersFile).owners
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise OwnersRefused(f"{path}: {error}") from None
    problems = [problem for name, owner in owners.items() for problem in _problems(name, owner)]
    if not owners:
        problems = ["owners: expected at least one"]
    if problems:
        raise OwnersRefused(f"{path}: {'; '.join(problems)}")
    return owners


def _problems(name: str, owner: OwnerSettings) -> Iterator[str]:
    place = f"owners.{name}"
    if not is_token(name):
        yield f"{place}: a name is 1 to 64 of a-z, 0-9 and hyphens"
    if not owner.title.strip() or not owner.contact.strip():
        yield f"{place}: expected a title and a contact"
    if owner.max_attempts < 1:
        yield f"{place}.max_attempts: {owner.max_attempts} is less than 1"
    delays = owner.retry_delays_seconds
    if not delays or not all(math.isfinite(delay) and delay >= 0 for delay in delays):
        yield f"{place}.retry_delays_seconds: expected one or more waits of 0 or more"
    if not 1 <= owner.deliveries_in_flight <= 1_000:
        yield f"{place}.deliveries_in_flight: {owner.deliveries_in_flight} is outside 1..1000"
    for contract, major in owner.subscriptions.items():
        if major < 1:
            yield f"{place}.subscriptions.{contract}: {major} is not a major, such as 1"
