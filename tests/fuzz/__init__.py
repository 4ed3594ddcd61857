"""Adapters under fire: damaged payloads, documents drawn from contracts, and bodies as large as they may be."""
