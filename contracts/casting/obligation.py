"""What a new major owes to those on the one before: casts both ways, or a word why there are none."""

from collections.abc import Iterator, Mapping

from contracts.casting.cast import Cast, major_of
from contracts.manifest import Kind, Manifest, State, version_order

_NOT_YET = frozenset({State.DRAFT, State.RETIRED})


def cast_findings(manifest: Manifest, casts: Mapping[str, Cast]) -> Iterator[str]:
    """Say which majors of a contract of ours leave the others behind without a word.

    A vendor's contract owes nothing: its documents are never rendered for anybody.
    """
    if manifest.kind is not Kind.CANONICAL:
        return
    versions = sorted(manifest.versions, key=version_order)
    first: dict[str, str] = {}
    for version in versions:
        first.setdefault(major_of(version), version)
    for major, version in list(first.items())[1:]:
        entry = manifest.versions[version]
        if entry.state in _NOT_YET or ("0" in first and major == "1"):
            continue  # before 1.0.0 nothing was promised
        of_major = [cast for to, cast in casts.items() if major_of(to) == major]
        has_both = any(cast.up for cast in of_major) and any(cast.down for cast in of_major)
        if not has_both and not entry.no_path.strip():
            yield (
                f'versions."{version}": a new major has {version}/cast.toml with `up` and `down`,'
                " or `no_path` with a note that says how to come over"
            )
        if has_both and entry.no_path:
            yield f'versions."{version}".no_path: there are casts both ways'
