"""Adapters for senders that speak the canonical language themselves."""

from adapters.canonical.cloudevents import CloudEventsAdapter
from contracts.adapter import Adapter

ADAPTERS: tuple[Adapter, ...] = (CloudEventsAdapter(),)
