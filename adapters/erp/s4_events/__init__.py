"""SAP S/4HANA business events in CloudEvents."""
