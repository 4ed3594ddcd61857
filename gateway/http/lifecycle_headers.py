"""What each answer says of the version of a contract that it is about: which, until when, what then."""

from datetime import UTC, datetime
from email.utils import format_datetime

from contracts.lifecycle import brown_outs_from, midnight
from contracts.manifest import BrownOut
from contracts.registry import ContractVersion

BROWN_OUTS_TOLD = 3

Headers = list[tuple[str, str]]


def contract_headers(version: ContractVersion, at: float) -> Headers:
    """Return Contract, and what `lifecycle_headers` returns."""
    return [("contract", version.identifier), *lifecycle_headers(version, at)]


def lifecycle_headers(version: ContractVersion, at: float) -> Headers:
    """Return Deprecation (RFC 9745), Sunset (RFC 8594), Link (RFC 8288), and the next brown-outs.

    None of them for a version whose end nobody has announced. No standard has a header for brown-outs: each
    is an interval of ISO 8601, and they are separated by commas.
    """
    deprecated = version.deprecated
    if deprecated is None:
        return []
    links = [f'</contracts/{version.name}/{deprecated.alternative}>; rel="successor-version"']
    if deprecated.documentation:
        links += [f'<{deprecated.documentation}>; rel="{rel}"' for rel in ("deprecation", "sunset")]
    headers = [
        ("deprecation", f"@{int(midnight(deprecated.effective))}"),
        ("sunset", format_datetime(datetime.fromtimestamp(midnight(deprecated.removal), UTC), usegmt=True)),
        ("link", ", ".join(links)),
    ]
    coming = brown_outs_from(deprecated, at)[:BROWN_OUTS_TOLD]
    return [*headers, ("brown-out", ", ".join(map(_interval, coming)))] if coming else headers


def _interval(brown_out: BrownOut) -> str:
    return f"{_utc(brown_out.start)}/{_utc(brown_out.end)}"


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
