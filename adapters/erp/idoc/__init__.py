"""SAP IDoc XML."""
