"""Adapters under fire: damaged payloads, documents drawn from contracts, and very large bodies."""
