"""XML as expat walks it: what it may be, and how deep an element stands in the document."""

from collections.abc import Mapping
from xml.parsers import expat

from contracts.errors import RequestUnreadable

DEPTH_LIMIT = 64
ATTRIBUTES_LIMIT = 256

# SOAP 1.1 and 1.2
SOAP = frozenset({"http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"})
# ValueError: an encoding of several bytes a character, such as Shift_JIS, that expat can't read
UNREADABLE = (expat.ExpatError, ValueError, LookupError)


class Outline:
    """How deep an element stands in the document: 1 for its root, 0 for what is around it (SOAP)."""

    def __init__(self) -> None:
        self.depth = 0  # of the open elements, those around the root counted
        self._above_root = 0
        self._is_inside = True
        self._is_over = False

    def start(self, name: str, attributes: Mapping[str, str]) -> int:
        """Open an element and return its level."""
        self.depth += 1
        if self.depth == 1 and local_name(name) == "Envelope" and not SOAP.isdisjoint(attributes.values()):
            self._above_root = 2
            self._is_inside = False
        elif self.depth == 2 and self._above_root:
            self._is_inside = local_name(name) == "Body" and not self._is_over
        return self._level()

    def end(self) -> int:
        """Close the innermost element and return the level that it had."""
        level = self._level()
        self.depth -= 1
        if level == 1:
            self._is_over, self._is_inside = True, False  # a Body may go on, or another follow
        return level

    def _level(self) -> int:
        return self.depth - self._above_root if self._is_inside else 0


def local_name(name: str) -> str:
    """Return a tag's name without its namespace or prefix."""
    return name.rpartition("}")[2].rpartition(":")[2]


def strict_parser() -> expat.XMLParserType:
    """Return a parser that refuses every document type that declares anything."""
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _on_document_type
    return parser


def check_shape(depth: int, attributes: int) -> None:
    """Raises: RequestUnreadable for more levels, or more attributes of an element, than are taken."""
    if depth > DEPTH_LIMIT:
        raise RequestUnreadable(f"elements are nested deeper than {DEPTH_LIMIT}")
    if attributes > ATTRIBUTES_LIMIT:  # lxml reads them in quadratic time
        raise RequestUnreadable(f"an element has more than {ATTRIBUTES_LIMIT} attributes")


def _on_document_type(_name: str, system_id: str | None, public_id: str | None, has_subset: bool) -> None:
    """Let a declaration pass that is only a name (`<!DOCTYPE project>`): it declares nothing."""
    if system_id or public_id or has_subset:
        raise RequestUnreadable("a document type declaration is not allowed")
