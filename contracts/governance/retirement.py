"""Who still needs a version that is to be retired."""

from datetime import datetime, timedelta

from contracts.governance.versions import major_of
from contracts.manifest import Consumer, Manifest, State
from contracts.usage import Used, VersionUsage

_READABLE = frozenset({State.PUBLISHED, State.DEPRECATED, State.SUNSET})


def hindrances(
    manifest: Manifest, version: str, usage: VersionUsage | None, *, now: datetime, quiet: timedelta
) -> list[str]:
    """Return who or what stands in the way of retiring a version, one sentence each, with when last.

    A declared consumer of its major does where no other version of that major is left to read. Who was seen
    within `quiet` before `now` does, and every event of it that is still kept. `usage` is None where nobody
    could look.
    """
    found = [_declared(consumer, version) for consumer in _left_behind(manifest, version)]
    if usage is None:
        return found
    for who, what in ((usage.senders, "sends"), (usage.readers, "reads")):
        found += [
            f"{used.name} {what} it: {used.count} events, the last at {used.last}"
            for used in who
            if _is_recent(used, now, quiet)
        ]
    if usage.retained:
        found.append(f"{usage.retained} events of it are kept in the streams, and could be read or replayed")
    return found


def _left_behind(manifest: Manifest, version: str) -> list[Consumer]:
    major = major_of(version)
    others = [
        each
        for each, entry in manifest.versions.items()
        if each != version and major_of(each) == major and entry.state in _READABLE
    ]
    return [] if others else [consumer for consumer in manifest.consumers if consumer.major == major]


def _declared(consumer: Consumer, version: str) -> str:
    where = f", at {', '.join(consumer.pointers)}" if consumer.pointers else ""
    return (
        f"{consumer.name} ({consumer.contact}) declares that it reads major {consumer.major}{where},"
        f" and {version} is the last of it"
    )


def _is_recent(used: Used, now: datetime, quiet: timedelta) -> bool:
    return datetime.fromisoformat(used.last) >= now - quiet
