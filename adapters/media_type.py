"""A media type in parts: what it names, and the parameters that go with an item wherever its bytes go."""

OCTETS = "application/octet-stream"


def essence(media_type: str) -> str:
    """Return a media type in lower case and without its parameters."""
    return media_type.partition(";")[0].strip().lower()


def parameter(media_type: str, name: str) -> str:
    """Return what a media type says of `name`, empty where it says nothing."""
    for part in media_type.split(";")[1:]:
        key, _, value = part.partition("=")
        if key.strip().lower() == name:
            return value.strip().strip('"')
    return ""


def with_parameter(media_type: str, name: str, value: str) -> str:
    """Return a media type that says `value` of `name`; without one it is octets."""
    first, *rest = (part.strip() for part in media_type.split(";"))
    kept = (part for part in rest if part and part.partition("=")[0].strip().lower() != name)
    return "; ".join((first or OCTETS, *kept, f"{name}={value}"))
