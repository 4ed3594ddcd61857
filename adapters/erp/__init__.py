"""Cloud ERP: what SAP says in IDoc XML."""

from adapters.erp.idoc import IdocAdapter

ADAPTERS = (IdocAdapter(),)
