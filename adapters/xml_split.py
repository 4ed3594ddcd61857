"""XML for adapters: cut a file into items, each well-formed by itself, with unchanged bytes inside."""

from collections.abc import Iterator, Mapping

from adapters.xml_outline import UNREADABLE, Outline, check_shape, local_name, strict_parser
from contracts.documents import Arrival, Message
from contracts.errors import RequestTooLarge, RequestUnreadable
from contracts.ids import body_digest

CHILDREN_LIMIT = 100_000  # far more than a batch may have: it bounds the memory of counting them

Path = tuple[str, ...]

ROOT_ALONE: frozenset[Path] = frozenset({()})


def split_children(
    message: Message,
    names: frozenset[str] | None,
    lists: frozenset[Path] = ROOT_ALONE,
    shared: frozenset[str] = frozenset(),
) -> Iterator[Arrival]:
    """Cut a file at the children of its lists whose local name is in `names`, or at all of them for None.

    `lists` holds paths of local names below the root; the root itself is `()`. Each item is the file's bytes
    up to the end of the root's start tag, the start tags down to the list, the child's bytes unchanged, and
    the end tags: namespaces, encoding and declaration stay valid. Children of a list whose local name is in
    `shared` (such as a message header) stand before the child in each item. A file with one child is returned
    as it is.

    Raises: RequestUnreadable where the file is not well-formed, has a document type or is nested too deep;
    RequestTooLarge where there are too many items.
    """
    body = message.body
    scan = _Scan(body, names, lists, shared)
    file, items = body_digest(body), len(scan.children)
    if items <= 1:
        yield Arrival(body=body, media_type=message.media_type, file=file)
        return
    for number, (start, end, above) in enumerate(scan.children, 1):
        head = b"".join(part for each in above for part in each.head(body))
        tail = b"".join(body[each.end_start : each.end] for each in reversed(above))
        yield Arrival(
            body=head + body[start:end] + tail,
            media_type=message.media_type,
            file=file,
            item=number,
            items=items,
        )


class _Open:
    """An element on the way to the items: its path, and where its tags and its shared children lie.

    The root's start tag begins where the file does, and its end tag ends there.
    """

    def __init__(self, path: Path, start: int, end: int) -> None:
        self.path = path
        self.start = self.start_end = start
        self.end_start = self.end = end
        self.shared: list[tuple[int, int]] = []

    def head(self, body: bytes) -> Iterator[bytes]:
        """Yield the start tag and the shared children."""
        yield body[self.start : self.start_end]
        for start, end in self.shared:
            yield body[start:end]


class _Scan:
    """Where the wanted children lie, each with the elements that it is in, the root first."""

    def __init__(
        self, body: bytes, names: frozenset[str] | None, lists: frozenset[Path], shared: frozenset[str]
    ) -> None:
        self.children: list[tuple[int, int, tuple[_Open, ...]]] = []
        self._size = len(body)
        self._names = names
        self._shared = shared
        self._lists = lists
        self._ways = {path[:length] for path in lists for length in range(len(path) + 1)}
        self._outline = Outline()
        self._above: tuple[_Open, ...] = ()
        self._opened: _Open | None = None
        self._closed: _Open | None = None
        self._child_start: int | None = None
        self._child_is_shared = False
        self._child_is_over = False
        self._parser = strict_parser()
        # each handler first closes what the event before it opened: expat tells where a token starts only
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.DefaultHandlerExpand = lambda _text: self._settle()
        try:
            self._parser.Parse(body, True)
        except UNREADABLE as error:
            raise RequestUnreadable(f"this is not well-formed XML: {error}") from None

    def _settle(self) -> None:
        here = self._parser.CurrentByteIndex
        if self._opened is not None:
            self._opened.start_end, self._opened = here, None
        if self._closed is not None:
            self._closed.end, self._closed = here, None
        if self._child_is_over and self._child_start is not None:
            self._keep(self._child_start, here)
            self._child_start, self._child_is_over = None, False

    def _keep(self, start: int, end: int) -> None:
        if self._child_is_shared:
            self._above[-1].shared.append((start, end))
            return
        self.children.append((start, end, self._above))
        if len(self.children) > CHILDREN_LIMIT:
            raise RequestTooLarge(f"there are more than {CHILDREN_LIMIT} items in this file")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._settle()
        level = self._outline.start(name, attributes)
        check_shape(self._outline.depth, len(attributes))
        if level and self._child_start is None and level == len(self._above) + 1:
            self._enter(local_name(name))

    def _enter(self, name: str) -> None:
        """Meet an element whose parent may be a list, or lead to one."""
        here = self._parser.CurrentByteIndex
        path = (*self._above[-1].path, name) if self._above else ()
        if path in self._ways:
            self._opened = _Open(path, here, here) if path else _Open(path, 0, self._size)
            self._above = (*self._above, self._opened)
        elif self._above[-1].path in self._lists:
            self._child_is_shared = name in self._shared
            if self._child_is_shared or self._names is None or name in self._names:
                self._child_start = here

    def _end(self, _name: str) -> None:
        self._settle()
        level = self._outline.end()
        if level and level == len(self._above):
            closed = self._above[-1]
            closed.end_start = self._parser.CurrentByteIndex
            if closed.path:
                self._closed = closed
            self._above = self._above[:-1]
        elif level and level == len(self._above) + 1 and self._child_start is not None:
            self._child_is_over = True
