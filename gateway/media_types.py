"""Which media type a file is sent as, by its name."""

from pathlib import Path

_BY_SUFFIX = {
    ".xml": "application/xml",
    ".json": "application/json",
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
    ".csv": "text/csv",
    ".txt": "text/plain",
    ".dat": "text/plain",
    ".edi": "application/edi-x12",
}


def media_type_of(file: Path) -> str:
    """Return the media type; octets where the name says nothing."""
    return _BY_SUFFIX.get(file.suffix.lower(), "application/octet-stream")
