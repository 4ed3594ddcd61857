"""XML for adapters: cut a file into items, and turn an item into a tree. No entities, bounded depth."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from xml.parsers import expat

from lxml import etree

from contracts.documents import Arrival, Message
from contracts.errors import RequestTooLarge, RequestUnreadable
from contracts.ids import body_digest

DEPTH_LIMIT = 64
ATTRIBUTES_LIMIT = 256
CHILDREN_LIMIT = 100_000  # far more than a batch may have: it bounds the memory of counting them
REPEATED_LIMIT_BYTES = 64 << 20  # what all items of a file together may repeat of its head

# ValueError: an encoding of several bytes a character, such as Shift_JIS, that expat can't read
_UNREADABLE = (expat.ExpatError, ValueError, LookupError)

Tree = dict[str, Any]
# made once: making it costs as much as parsing a small document; lxml lets threads share one
_PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False,
    remove_comments=True, remove_pis=True,
)  # fmt: skip

IsList = Callable[[str, Mapping[str, str]], bool]


def looks_like_xml(message: Message) -> bool:
    """Say whether the body starts like XML in any encoding that expat reads."""
    return message.body[:200].lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<")


def root_name(message: Message) -> str | None:
    """Return the local name of the root element from the first 64 KiB, or None where there is none.

    A document type before it is passed over: `split_children` refuses it with a better sentence than
    "unknown format". What its entities could expand to here is bounded by expat itself.
    """

    def found(name: str, *_rest: object) -> None:
        raise _RootFound(local_name(name))

    parser = expat.ParserCreate()
    parser.StartElementHandler = found
    try:
        parser.Parse(message.body[: 1 << 16], False)
    except _RootFound as root:
        return root.name
    except _UNREADABLE:
        return None
    return None


def split_children(
    message: Message, names: frozenset[str], shared: frozenset[str] = frozenset()
) -> Iterator[Arrival]:
    """Cut a file at those children of its root whose local name is in `names`.

    Each item is the file's bytes up to the end of the root's start tag, those children whose local name is in
    `shared` (such as a message header), the child's bytes unchanged, and the root's end tag: namespaces,
    encoding and declaration stay valid. A file with one such child is returned as it is.

    Raises: RequestUnreadable where the file is not well-formed, has a document type or is nested too deep;
    RequestTooLarge where there are too many items, or too much that each of them repeats.
    """
    body = message.body
    scan = _Scan(body, names, shared)
    if len(scan.children) <= 1:
        yield _arrival(message, body, body_digest(body), 1, 1)
        return
    file = body_digest(body)
    head = b"".join((body[: scan.root_start_end], *(body[start:end] for start, end in scan.shared)))
    tail = body[scan.root_end_start :]
    if len(head) * len(scan.children) > REPEATED_LIMIT_BYTES:
        raise RequestTooLarge(f"{len(scan.children)} items would each repeat a head of {len(head)} bytes")
    for number, (start, end) in enumerate(scan.children, 1):
        yield _arrival(message, head + body[start:end] + tail, file, number, len(scan.children))


def parse_tree(body: bytes, is_list: IsList) -> tuple[str, Tree]:
    """Read one item: the root's local name, and its tree.

    Elements become objects by their local names: attributes under `@name`, text beside attributes or children
    under `#text`, an element with text alone a string. `is_list` says which elements are lists however often
    they occur; others become lists only when they repeat.

    Raises: RequestUnreadable where it is not well-formed, has a document type or is nested too deep.
    """
    root = _parse(body)
    value = _value(root, is_list, 1)
    return local_name(str(root.tag)), value if isinstance(value, dict) else {"#text": value}


def local_name(name: str) -> str:
    """Return a tag's name without its namespace or prefix."""
    return name.rpartition("}")[2].rpartition(":")[2]


class _RootFound(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class _Scan:
    """Where the root's start tag ends, where its end tag starts, and where the wanted children lie."""

    def __init__(self, body: bytes, names: frozenset[str], shared: frozenset[str]) -> None:
        self.children: list[tuple[int, int]] = []
        self.shared: list[tuple[int, int]] = []
        self.root_start_end = 0
        self.root_end_start = len(body)
        self._lists = dict.fromkeys(names, self.children) | dict.fromkeys(shared, self.shared)
        self._depth = 0
        self._root_is_open = False
        self._child_start: int | None = None
        self._child_list = self.children
        self._child_is_over = False
        self._parser = _parser()
        # each handler first closes what the event before it opened: expat tells where a token starts only
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.DefaultHandlerExpand = lambda _text: self._settle()
        try:
            self._parser.Parse(body, True)
        except _UNREADABLE as error:
            raise RequestUnreadable(f"this is not well-formed XML: {error}") from None

    def _settle(self) -> None:
        here = self._parser.CurrentByteIndex
        if self._root_is_open:
            self.root_start_end = here
            self._root_is_open = False
        if self._child_is_over and self._child_start is not None:
            self._child_list.append((self._child_start, here))
            if len(self._child_list) > CHILDREN_LIMIT:
                raise RequestTooLarge(f"there are more than {CHILDREN_LIMIT} items in this file")
            self._child_start, self._child_is_over = None, False

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._settle()
        if len(attributes) > ATTRIBUTES_LIMIT:
            _refuse_attributes()
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise RequestUnreadable(f"elements are nested deeper than {DEPTH_LIMIT}")
        if self._depth == 1:
            self._root_is_open = True
        elif self._depth == 2 and local_name(name) in self._lists:
            self._child_start = self._parser.CurrentByteIndex
            self._child_list = self._lists[local_name(name)]

    def _end(self, _name: str) -> None:
        self._settle()
        if self._depth == 2 and self._child_start is not None:
            self._child_is_over = True
        elif self._depth == 1:
            self.root_end_start = self._parser.CurrentByteIndex
        self._depth -= 1


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse_document_type
    return parser


def _refuse_document_type(*_arguments: object) -> None:
    raise RequestUnreadable("a document type declaration is not allowed")


def _refuse_attributes() -> None:
    raise RequestUnreadable(f"an element has more than {ATTRIBUTES_LIMIT} attributes")


def _parse(body: bytes) -> etree._Element:
    try:
        root = etree.fromstring(body, _PARSER)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise RequestUnreadable(f"this is not well-formed XML: {error}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        _refuse_document_type()
    return root


def _value(element: etree._Element, is_list: IsList, depth: int) -> Tree | str:
    if depth > DEPTH_LIMIT:
        raise RequestUnreadable(f"elements are nested deeper than {DEPTH_LIMIT}")
    if len(element.attrib) > ATTRIBUTES_LIMIT:
        _refuse_attributes()  # lxml reads them in quadratic time
    text = (element.text or "").strip()
    if not len(element) and not element.attrib:
        return text
    tree: Tree = {f"@{local_name(str(name))}": str(value) for name, value in element.attrib.items()}
    for child in element:
        name = local_name(str(child.tag))
        value = _value(child, is_list, depth + 1)
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


def _arrival(message: Message, body: bytes, file: str, item: int, items: int) -> Arrival:
    return Arrival(body=body, media_type=message.media_type, file=file, item=item, items=items)
