"""The layouts of an installation, and which of them a message is in."""

from codecs import BOM_UTF8
from collections.abc import Iterable
from pathlib import Path

from adapters.framing import looks_like_json
from adapters.media_type import parameter
from adapters.pos.dropfile.layout import Layout, LayoutRefused, parse_layout
from adapters.pos.dropfile.layout_lint import problems
from adapters.pos.dropfile.rows import Rows
from adapters.xml import looks_like_xml
from contracts.documents import Message
from contracts.errors import ContractUnknown, RequestUnreadable

PARAMETER = "layout"
EXAMPLES = Path(__file__).parent / "layouts"

_FIRST_BYTES = 1 << 16


class Layouts:
    """Layouts by name. A message says which by its media type's parameter `layout`, or looks like one."""

    def __init__(self, layouts: Iterable[Layout]) -> None:
        self._by_name = {layout.name: layout for layout in sorted(layouts, key=_particular_first)}

    @property
    def names(self) -> list[str]:
        """Every name, in order."""
        return sorted(self._by_name)

    def named(self, name: str) -> Layout | None:
        """Return a layout by its name."""
        return self._by_name.get(name)

    def recognised(self, message: Message) -> bool:
        """Say whether the message names a layout, known or not, or begins as one of them says.

        A source may name its layout beside everything that it sends: XML and JSON are others' all the same.
        """
        if looks_like_xml(message) or looks_like_json(message):
            return False
        return bool(parameter(message.media_type, PARAMETER)) or self._fitting(message.body) is not None

    def of(self, body: bytes, media_type: str) -> Layout:
        """Return the layout of a message. Raises: ContractUnknown where none is named or fits."""
        name = parameter(media_type, PARAMETER)
        found = self._by_name.get(name) if name else self._fitting(body)
        if found is None:
            said = f"there is no layout {name[:80]!r}" if name else "no layout fits the first lines"
            raise ContractUnknown(f"{said}; there are: {', '.join(self.names) or 'none'}")
        return found

    def _fitting(self, body: bytes) -> Layout | None:
        first = body[:_FIRST_BYTES]
        return next((layout for layout in self._by_name.values() if _fits(layout, first)), None)


def read_layouts(folder: Path) -> Layouts:
    """Read every `<name>.toml` of a folder. Raises: LayoutRefused with the faults of all of them."""
    read: list[Layout] = []
    faults: list[str] = []
    for file in sorted(folder.glob("*.toml")):
        try:
            read.append(read_layout(file))
        except LayoutRefused as error:
            faults += error.faults
    if faults:
        raise LayoutRefused(*faults)
    return Layouts(read)


def read_layout(file: Path) -> Layout:
    """Read and lint one layout. Raises: LayoutRefused, naming the file and each fault."""
    try:
        layout = parse_layout(file.stem, file.read_text("utf-8"))
    except (LayoutRefused, OSError, UnicodeDecodeError) as error:
        raise LayoutRefused(f"{file.name}: {error}") from None
    if found := problems(layout):
        raise LayoutRefused(*(f"{file.name}: {problem}" for problem in found))
    return layout


def _fits(layout: Layout, first: bytes) -> bool:
    if layout.first_line:
        expected = layout.first_line.encode(layout.encoding, "replace")
        return first.removeprefix(BOM_UTF8).startswith(expected)
    if not any(isinstance(column.column, str) for column in layout.columns):
        return False
    try:
        Rows(layout, first)
    except RequestUnreadable:
        return False
    return True


def _particular_first(layout: Layout) -> tuple[bool, int, str]:
    return not layout.first_line, -len(layout.columns), layout.name
