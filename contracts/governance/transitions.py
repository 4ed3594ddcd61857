"""The life of a version as changes of its manifest: which state may follow which, and what each demands."""

from datetime import date

import msgspec

from contracts.manifest import Deprecation, Manifest, State, VersionEntry, version_order

NEXT: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.CANDIDATE, State.PUBLISHED}),
    State.CANDIDATE: frozenset({State.PUBLISHED, State.RETIRED}),
    State.PUBLISHED: frozenset({State.DEPRECATED}),
    State.DEPRECATED: frozenset({State.PUBLISHED, State.SUNSET}),
    State.SUNSET: frozenset({State.RETIRED}),
    State.RETIRED: frozenset(),
}
"""What may come after each state. A deprecation can be taken back; an end can't, for senders relied on it."""

_USABLE = frozenset({State.PUBLISHED, State.DEPRECATED})


class TransitionRefused(Exception):
    """A state can't follow; the message says why and what to do."""


def publish(entry: VersionEntry, on: date) -> VersionEntry:
    """Return the entry of a version that is published on a day. Raises: TransitionRefused."""
    _allow(entry.state, State.PUBLISHED)
    return msgspec.structs.replace(entry, state=State.PUBLISHED, published=on)


def try_out(entry: VersionEntry) -> VersionEntry:
    """Return the entry of a version that is fixed and on trial. Raises: TransitionRefused."""
    _allow(entry.state, State.CANDIDATE)
    return msgspec.structs.replace(entry, state=State.CANDIDATE)


def deprecate(manifest: Manifest, version: str, notice: Deprecation, today: date) -> VersionEntry:
    """Return the entry of a version that will end.

    Where it is deprecated already, this changes the notice: its end may move away, never nearer.

    Raises: TransitionRefused.
    """
    entry = entry_of(manifest, version)
    if entry.state not in _USABLE:
        _allow(entry.state, State.DEPRECATED)
    if notice.removal <= max(today, notice.effective):
        raise TransitionRefused(
            f"its removal on {notice.removal} has to be after {max(today, notice.effective)}"
        )
    if entry.deprecated and notice.removal < entry.deprecated.removal:
        raise TransitionRefused(
            f"{entry.deprecated.removal} was announced as its end, and senders plan by it: only a later day"
            " can take its place"
        )
    _require_alternative(manifest, version, notice.alternative)
    state = State.DEPRECATED if notice.effective <= today else entry.state
    return msgspec.structs.replace(entry, state=state, deprecated=notice)


def end(manifest: Manifest, version: str, today: date) -> VersionEntry:
    """Return the entry of a version that takes no more events. Raises: TransitionRefused."""
    entry = entry_of(manifest, version)
    _allow(entry.state, State.SUNSET)
    if entry.deprecated and today < entry.deprecated.removal:
        raise TransitionRefused(f"{entry.deprecated.removal} was announced as its end; that is not yet")
    return msgspec.structs.replace(entry, state=State.SUNSET)


def retire(manifest: Manifest, version: str) -> VersionEntry:
    """Return the entry of a version that nobody reads any more. Raises: TransitionRefused.

    Whether somebody does is `retirement.hindrances`.
    """
    entry = entry_of(manifest, version)
    _allow(entry.state, State.RETIRED)
    return msgspec.structs.replace(entry, state=State.RETIRED)


def entry_of(manifest: Manifest, version: str) -> VersionEntry:
    """Return a version's entry. Raises: TransitionRefused where the contract has no such version."""
    try:
        return manifest.versions[version]
    except KeyError:
        known = ", ".join(sorted(manifest.versions, key=version_order))
        raise TransitionRefused(f"{manifest.name} has no version {version}; it has {known}") from None


def leaps(before: Manifest, after: Manifest) -> list[str]:
    """Name the versions that went from a state to one that can't be reached from it, or are gone."""
    found = []
    for version, old in before.versions.items():
        if version not in after.versions:
            if old.state is not State.DRAFT:
                found.append(f"{version} was {old.state} and is gone: bring it back")
        elif after.versions[version].state not in _reachable(old.state):
            found.append(f"{version} was {old.state} and can't become {after.versions[version].state}")
    return found


def _reachable(state: State) -> set[State]:
    reached = {state}
    while further := {new for each in reached for new in NEXT[each]} - reached:
        reached |= further
    return reached


def _allow(state: State, wanted: State) -> None:
    if wanted in NEXT[state]:
        return
    first = next((each for each in State if wanted in NEXT[each] and each in _reachable(state)), None)
    hint = f"; it has to be {first} first" if first and first is not state else ""
    raise TransitionRefused(f"it is {state} and can't become {wanted}{hint}")


def _require_alternative(manifest: Manifest, version: str, alternative: str) -> None:
    other = manifest.versions.get(alternative)
    if alternative == version or other is None or other.state is not State.PUBLISHED or other.deprecated:
        usable = [
            each
            for each, entry in manifest.versions.items()
            if entry.state is State.PUBLISHED and not entry.deprecated and each != version
        ]
        raise TransitionRefused(
            f"{alternative} can't take its place: an alternative is a published version of {manifest.name}"
            f" that is not ending itself; there is {', '.join(usable) or 'none: publish one first'}"
        )
