"""OData errors, as SAP and Dynamics answer a call that failed."""
