"""Legacy point of sale: POSLog XML as NCR ACS writes it."""

from adapters.pos.poslog import PosLogAdapter
from contracts.adapter import Adapter

ADAPTERS: tuple[Adapter, ...] = (PosLogAdapter(),)
