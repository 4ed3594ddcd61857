"""Delivery: verdicts, retries and dead letters; what becomes of a delivery after the router published it."""
