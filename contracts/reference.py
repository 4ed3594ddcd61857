"""The reference engine, `jsonschema`: loaded when it is first asked, since that takes most of a second."""

from functools import cache
from typing import Any


@cache
def reference() -> Any:
    """Return the package. What validates events never needs it, nor do most commands."""
    import jsonschema

    return jsonschema
