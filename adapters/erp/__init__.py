"""Cloud ERP: each vendor's format in a folder of its own."""

from adapters.erp.idoc.adapter import IdocAdapter
from adapters.erp.s4_events.adapter import S4EventsAdapter
from adapters.erp.s4_soap.adapter import S4SoapAdapter
from contracts.adapter import Adapter

ADAPTERS: tuple[Adapter, ...] = (IdocAdapter(), S4EventsAdapter(), S4SoapAdapter())
