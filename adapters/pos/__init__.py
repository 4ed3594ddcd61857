"""Point of sale: what tills say, each vendor's format in a folder of its own."""

from adapters.pos.poslog.adapter import PosLogAdapter
from contracts.adapter import Adapter

ADAPTERS: tuple[Adapter, ...] = (PosLogAdapter(),)
