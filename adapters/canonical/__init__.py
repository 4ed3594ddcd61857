"""Senders that speak the canonical language themselves."""

from adapters.canonical.cloudevents.adapter import CloudEventsAdapter
from contracts.adapter import Adapter

ADAPTERS: tuple[Adapter, ...] = (CloudEventsAdapter(),)
