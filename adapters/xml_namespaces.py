"""Namespaces that would make reading a document cost far more than its size: refused before it is read.

A reader writes an element's namespace out with each of its names, and looks through all that are declared
around it: two megabytes in one declaration, or thousands of declarations, cost minutes.
"""

import re
from collections.abc import Mapping

from adapters.xml_outline import UNREADABLE, strict_parser
from contracts.errors import RequestUnreadable

NAMESPACE_MAX_CHARACTERS = 1000
NAMESPACES_LIMIT = 100  # that are declared at one place, by an element and those around it

_DECLARATION = "xmlns"
_IN_BYTES = _DECLARATION.encode()
# a declaration that is long, or not seen to be short
_MAY_BE_LONG = re.compile(_IN_BYTES + rb"""(?:[^<>"']{200}|[^<>"']{0,199}(?:"[^"<]{1000}|'[^'<]{1000}))""")


def check_namespaces(body: bytes) -> None:
    """Raises: RequestUnreadable for a long namespace, for too many, and for what is not well-formed.

    Few documents have so many declarations, or such long ones, that they must be read for it: a text that
    only looks like one does no harm.
    """
    # a zero byte: UTF-16, in which no declaration is found in this way
    is_plain = b"\0" not in body and body.count(_IN_BYTES) <= NAMESPACES_LIMIT
    if is_plain and _MAY_BE_LONG.search(body) is None:
        return
    scopes, parser = _Scopes(), strict_parser()
    parser.StartElementHandler = scopes.start
    parser.EndElementHandler = scopes.end
    try:
        parser.Parse(body, True)
    except UNREADABLE as error:
        raise RequestUnreadable(f"this is not well-formed XML: {error}") from None


class _Scopes:
    """How many namespaces each open element declares."""

    def __init__(self) -> None:
        self._declared: list[int] = []
        self._in_scope = 0

    def start(self, _name: str, attributes: Mapping[str, str]) -> None:
        names = [name for name in attributes if name.startswith(_DECLARATION)]
        self._declared.append(len(names))
        self._in_scope += len(names)
        if self._in_scope > NAMESPACES_LIMIT:
            raise RequestUnreadable(f"more than {NAMESPACES_LIMIT} namespaces are declared at one place")
        if any(len(attributes[name]) > NAMESPACE_MAX_CHARACTERS for name in names):
            raise RequestUnreadable(f"a namespace is longer than {NAMESPACE_MAX_CHARACTERS} characters")

    def end(self, _name: str) -> None:
        self._in_scope -= self._declared.pop()
