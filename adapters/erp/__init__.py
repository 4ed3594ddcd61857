"""Cloud ERP: each vendor's format in a folder of its own."""

from adapters.erp.business_central.adapter import BusinessCentralAdapter
from adapters.erp.d365_finance.adapter import D365FinanceAdapter
from adapters.erp.idoc.adapter import IdocAdapter
from adapters.erp.odata.adapter import ODataAdapter
from adapters.erp.s4_events.adapter import S4EventsAdapter
from adapters.erp.s4_soap.adapter import S4SoapAdapter
from contracts.adapter import Adapter

ADAPTERS: tuple[Adapter, ...] = (
    IdocAdapter(),
    S4EventsAdapter(),
    S4SoapAdapter(),
    D365FinanceAdapter(),
    BusinessCentralAdapter(),
    ODataAdapter(),
)
