"""Point of sale: what tills say, each vendor's format in a folder of its own."""

from adapters.pos.dropfile.adapter import DropFileAdapter
from adapters.pos.dropfile.layouts import EXAMPLES, Layouts, read_layouts
from adapters.pos.poslog.adapter import PosLogAdapter
from adapters.pos.product_activity.adapter import ProductActivityAdapter
from contracts.adapter import Adapter


def adapters(layouts: Layouts) -> tuple[Adapter, ...]:
    """Return the adapters, of which one reads drop files in these layouts."""
    # last, because a source that names a layout says so of everything that it sends
    return (PosLogAdapter(), ProductActivityAdapter(), DropFileAdapter(layouts))


ADAPTERS = adapters(read_layouts(EXAMPLES))
