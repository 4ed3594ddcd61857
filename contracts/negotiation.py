"""Which version of its contract a document is held to, where several may say so."""

from msgspec import Struct

from contracts.errors import RequestInvalid


class Asked(Struct, frozen=True):
    """An exact version, a major, or None for the newest; and who asks for it, as a sentence begins."""

    version: str | None
    by: str = ""


NEWEST = Asked(None)


def negotiate(header: str | None, named: str | None, pin: str | None) -> Asked:
    """Return what counts of three that may each be an exact version, a major, or None.

    The request's header comes first, then what the document names, then the source's pin. Where one that
    comes first asks for a major alone, the next that lies within it says which version of that major.

    Raises: RequestInvalid where header and document contradict each other.
    """
    if header is None and named is None and not pin:
        return NEWEST
    if header is not None and named is not None and not (_holds(header, named) or _holds(named, header)):
        raise RequestInvalid(f"Contract asks for {header}, and the document names {named}")
    asked = NEWEST
    for version, by in ((header, "the header Contract"), (named, "the document"), (pin, "the source's pin")):
        if version and (asked.version is None or _holds(asked.version, version)):
            asked = Asked(version, by)
    return asked


def _holds(wide: str, version: str) -> bool:
    """Say whether a version is the same as `wide`, or one of that major."""
    return version == wide or version.startswith(f"{wide}.")
