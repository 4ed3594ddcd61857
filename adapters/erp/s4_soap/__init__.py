"""SAP S/4HANA SOAP messages between businesses."""
