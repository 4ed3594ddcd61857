"""Adapters for SaaS warehouse management systems."""

from adapters.wms.shiphero import ShipHeroAdapter
from contracts.adapter import Adapter

ADAPTERS: tuple[Adapter, ...] = (ShipHeroAdapter(),)
