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

# ValueError: an encoding of several bytes a character, such as Shift_JIS, that expat can't read
_UNREADABLE = (expat.ExpatError, ValueError, LookupError)

Tree = dict[str, Any]
# made once: making it costs as much as parsing a small document; lxml lets threads share one
_PARSER = etree.XMLParser(
    resolve_entities=False, no_network=True, huge_tree=False, load_dtd=False,
    remove_comments=True, remove_pis=True,
)  # fmt: skip

IsList = Callable[[str, Mapping[str, str]], bool]
NameOf = Callable[[etree._Element, str], str]
Path = tuple[str, ...]

ROOT_ALONE: frozenset[Path] = frozenset({()})


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
    message: Message, names: frozenset[str] | None, lists: frozenset[Path] = ROOT_ALONE
) -> Iterator[Arrival]:
    """Cut a file at the children of its lists whose local name is in `names`, or at all of them for None.

    `lists` holds paths of local names below the root; the root itself is `()`. Each item is the file's bytes
    up to the end of the root's start tag, the start tags down to the list, the child's bytes unchanged, and
    the end tags: namespaces, encoding and declaration stay valid. A file with one such child is returned as
    it is.

    Raises: RequestUnreadable where the file is not well-formed, has a document type or is nested too deep.
    """
    body = message.body
    scan = _Scan(body, names, lists)
    if len(scan.children) <= 1:
        yield _arrival(message, body, body_digest(body), 1, 1)
        return
    file = body_digest(body)
    for number, (start, end, above) in enumerate(scan.children, 1):
        head = b"".join(body[each.start : each.start_end] for each in above)
        tail = b"".join(body[each.end_start : each.end] for each in reversed(above))
        yield _arrival(message, head + body[start:end] + tail, file, number, len(scan.children))


def parse_tree(body: bytes, is_list: IsList, name_of: NameOf | None = None) -> tuple[str, Tree]:
    """Read one item: the root's local name, and its tree.

    Elements become objects by their local names: attributes under `@name`, text beside attributes or children
    under `#text`, an element with text alone a string. `is_list` says which elements are lists however often
    they occur; others become lists only when they repeat. `name_of` makes other names, of an element and its
    tag or the name of one of its attributes (`{namespace}name`).

    Raises: RequestUnreadable where it is not well-formed, has a document type or is nested too deep.
    """
    root = _parse(body)
    value = _value(root, is_list, name_of or _local_name, 1)
    return local_name(str(root.tag)), value if isinstance(value, dict) else {"#text": value}


def local_name(name: str) -> str:
    """Return a tag's name without its namespace or prefix."""
    return name.rpartition("}")[2].rpartition(":")[2]


class _RootFound(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class _Open:
    """An element on the way to the items: its path, and where its start tag and its end tag lie."""

    def __init__(self, path: Path, start: int) -> None:
        self.path = path
        self.start = start
        self.start_end = start
        self.end_start = start
        self.end = start


class _Scan:
    """Where the wanted children lie, each with the elements that it is in, the root first."""

    def __init__(self, body: bytes, names: frozenset[str] | None, lists: frozenset[Path]) -> None:
        self.children: list[tuple[int, int, tuple[_Open, ...]]] = []
        self._names = names
        self._lists = lists
        self._ways = {path[:length] for path in lists for length in range(len(path) + 1)}
        self._depth = 0
        self._above: tuple[_Open, ...] = ()
        self._opened: _Open | None = None
        self._closed: _Open | None = None
        self._child_start: int | None = None
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
        for _start, _end, above in self.children[:1]:
            above[0].end = len(body)  # what follows the root's end tag stays with it

    def _settle(self) -> None:
        here = self._parser.CurrentByteIndex
        if self._opened is not None:
            self._opened.start_end, self._opened = here, None
        if self._closed is not None:
            self._closed.end, self._closed = here, None
        if self._child_is_over and self._child_start is not None:
            self.children.append((self._child_start, here, self._above))
            if len(self.children) > CHILDREN_LIMIT:
                raise RequestTooLarge(f"there are more than {CHILDREN_LIMIT} items in this file")
            self._child_start, self._child_is_over = None, False

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._settle()
        if len(attributes) > ATTRIBUTES_LIMIT:
            _refuse_attributes()
        self._depth += 1
        if self._depth > DEPTH_LIMIT:
            raise RequestUnreadable(f"elements are nested deeper than {DEPTH_LIMIT}")
        if self._child_start is None and self._depth == len(self._above) + 1:
            self._enter(local_name(name))

    def _enter(self, name: str) -> None:
        """Meet an element whose parent may be a list, or lead to one."""
        here = self._parser.CurrentByteIndex
        path = (*self._above[-1].path, name) if self._above else ()
        if path in self._ways:
            self._opened = _Open(path, here if path else 0)
            self._above = (*self._above, self._opened)
        elif self._above[-1].path in self._lists and (self._names is None or name in self._names):
            self._child_start = here

    def _end(self, _name: str) -> None:
        self._settle()
        if self._depth == len(self._above):
            self._closed = self._above[-1]
            self._closed.end_start = self._parser.CurrentByteIndex
            self._above = self._above[:-1]
        elif self._depth == len(self._above) + 1 and self._child_start is not None:
            self._child_is_over = True
        self._depth -= 1


def _parser() -> expat.XMLParserType:
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _on_document_type
    return parser


def _on_document_type(_name: str, system_id: str | None, public_id: str | None, has_subset: bool) -> None:
    """Let a declaration pass that is only a name (`<!DOCTYPE project>`): it declares nothing."""
    if system_id or public_id or has_subset:
        raise RequestUnreadable("a document type declaration is not allowed")


def _check_document_type(body: bytes) -> None:
    """lxml says that there is one, and not what it declares: it is rare, so that expat looks again."""
    try:
        _parser().Parse(body, True)
    except _UNREADABLE as error:
        raise RequestUnreadable(f"this is not well-formed XML: {error}") from None


def _refuse_attributes() -> None:
    raise RequestUnreadable(f"an element has more than {ATTRIBUTES_LIMIT} attributes")


def _parse(body: bytes) -> etree._Element:
    try:
        root = etree.fromstring(body, _PARSER)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise RequestUnreadable(f"this is not well-formed XML: {error}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        _check_document_type(body)
    return root


def _local_name(_element: etree._Element, name: str) -> str:
    return local_name(name)


def _value(element: etree._Element, is_list: IsList, name_of: NameOf, depth: int) -> Tree | str:
    if depth > DEPTH_LIMIT:
        raise RequestUnreadable(f"elements are nested deeper than {DEPTH_LIMIT}")
    if len(element.attrib) > ATTRIBUTES_LIMIT:
        _refuse_attributes()  # lxml reads them in quadratic time
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


def _arrival(message: Message, body: bytes, file: str, item: int, items: int) -> Arrival:
    return Arrival(body=body, media_type=message.media_type, file=file, item=item, items=items)
