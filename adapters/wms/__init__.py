"""Warehouse management in the cloud: each vendor's format in a folder of its own."""

from adapters.wms.epcis.adapter import EpcisAdapter
from adapters.wms.shiphero.adapter import ShipHeroAdapter
from contracts.adapter import Adapter

ADAPTERS: tuple[Adapter, ...] = (ShipHeroAdapter(), EpcisAdapter())
