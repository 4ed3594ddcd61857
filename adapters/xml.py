"""XML for adapters: what a document is, and its tree. No entities, bounded depth.

A SOAP envelope is looked through: what stands first in its Body is the document, and its element the root.
"""

from collections.abc import Callable, Mapping
from typing import Any
from xml.parsers import expat

from lxml import etree

from adapters.xml_namespaces import check_namespaces
from adapters.xml_outline import (
    SOAP,
    UNREADABLE,
    Outline,
    check_shape,
    local_name,
    strict_parser,
)
from contracts.documents import Message
from contracts.errors import RequestUnreadable

Tree = dict[str, Any]
# made once: making it costs as much as parsing a small document; lxml lets threads share one
_PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False,
    remove_comments=True, remove_pis=True,
)  # fmt: skip

IsList = Callable[[str, Mapping[str, str]], bool]
NameOf = Callable[[etree._Element, str], str]


def looks_like_xml(message: Message) -> bool:
    """Say whether the body starts like XML in any encoding that expat reads."""
    return message.body[:200].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<")


def root_name(message: Message) -> str | None:
    """Return the local name of the root element from the first 64 KiB, or None where there is none.

    A document type before it is passed over: `split_children` refuses it with a better sentence than
    "unknown format". What its entities could expand to here is bounded by expat itself.
    """
    outline = Outline()

    def started(name: str, attributes: Mapping[str, str]) -> None:
        if outline.start(name, attributes) == 1:
            raise _RootFound(local_name(name))

    parser = expat.ParserCreate()
    parser.StartElementHandler = started
    parser.EndElementHandler = lambda _name: outline.end()
    try:
        parser.Parse(message.body[: 1 << 16], False)
    except _RootFound as root:
        return root.name
    except UNREADABLE:
        return None
    return None


def parse_tree(body: bytes, is_list: IsList, name_of: NameOf | None = None) -> tuple[str, Tree]:
    """Read one item: the root's local name, and its tree.

    Elements become objects by their local names: attributes under `@name`, text beside attributes or children
    under `#text`, an element with text alone a string. `is_list` says which elements are lists however often
    they occur; others become lists only when they repeat. `name_of` makes other names, of an element and its
    tag or the name of one of its attributes (`{namespace}name`).

    Raises: RequestUnreadable where it is not well-formed, has a document type or is nested too deep.
    """
    root = _document_element(_parse(body))
    value = _value(root, is_list, name_of or _local_name, 1)
    return local_name(str(root.tag)), value if isinstance(value, dict) else {"#text": value}


class _RootFound(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def _parse(body: bytes) -> etree._Element:
    check_namespaces(body)
    try:
        root = etree.fromstring(body, _PARSER)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise RequestUnreadable(f"this is not well-formed XML: {error}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        _check_document_type(body)
    return root


def _document_element(root: etree._Element) -> etree._Element:
    """Return what a SOAP envelope holds, any other root as it is."""
    name = etree.QName(root)
    if name.localname != "Envelope" or name.namespace not in SOAP:
        return root
    bodies = (part for part in root if local_name(str(part.tag)) == "Body")
    return next((element for body in bodies for element in body), root)


def _check_document_type(body: bytes) -> None:
    """lxml says that there is one, and not what it declares: it is rare, so that expat looks again."""
    try:
        strict_parser().Parse(body, True)
    except UNREADABLE as error:
        raise RequestUnreadable(f"this is not well-formed XML: {error}") from None


def _local_name(_element: etree._Element, name: str) -> str:
    return local_name(name)


def _value(element: etree._Element, is_list: IsList, name_of: NameOf, depth: int) -> Tree | str:
    check_shape(depth, len(element.attrib))
    text = (element.text or "").strip()
    if not len(element) and not element.attrib:
        return text
    tree: Tree = {f"@{name_of(element, str(name))}": str(value) for name, value in element.attrib.items()}
    for child in element:
        name = name_of(child, str(child.tag))
        value = _value(child, is_list, name_of, depth + 1)
        if name not in tree:
            tree[name] = [value] if is_list(name, _attributes(child)) else value
        elif isinstance(tree[name], list):
            tree[name].append(value)
        else:
            tree[name] = [tree[name], value]
    if text:
        tree["#text"] = text
    return tree


def _attributes(element: etree._Element) -> Mapping[str, str]:
    return {str(name): str(value) for name, value in element.attrib.items()}
