"""Cloud ERP: each vendor's format in a folder of its own."""

from adapters.erp.idoc.adapter import IdocAdapter
from contracts.adapter import Adapter

ADAPTERS: tuple[Adapter, ...] = (IdocAdapter(),)
