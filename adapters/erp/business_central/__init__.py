"""Webhooks of Dynamics 365 Business Central."""
