"""Business events of Dynamics 365 Finance and Supply Chain Management."""
