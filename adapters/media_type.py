"""Parameters of a media type: what goes with an item wherever its bytes go."""

OCTETS = "application/octet-stream"


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
