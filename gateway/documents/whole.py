"""The two descriptions of an installation, whole, and as the files that are kept of them."""

import json
from pathlib import Path
from typing import Any

import msgspec

from gateway.bootstrap import Installation
from gateway.documents import asyncapi
from gateway.http import openapi
from gateway.http.openapi_sources import DescribedSource

Document = dict[str, Any]


def openapi_document(installation: Installation) -> Document:
    """Return the OpenAPI description: what `/openapi.json` answers to who may speak for all sources."""
    sources = [
        DescribedSource(name=name, title=source.title, system=source.system, contracts=source.contracts)
        for name, source in installation.settings.sources.items()
    ]
    settings = installation.settings.http
    return openapi.document(settings, installation.catalogue, installation.registry, sources)


def asyncapi_document(installation: Installation) -> Document:
    """Return the AsyncAPI description: what `/asyncapi.json` answers."""
    return asyncapi.document(installation)


def as_text(document: Document) -> str:
    """Return a document as a file holds it: the same bytes for the same document."""
    return json.dumps(msgspec.to_builtins(document), indent=2, ensure_ascii=False) + "\n"


def write(document: Document, file: Path) -> None:
    """Write a document, and the folders above it. Raises: OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(as_text(document), "utf-8")
