"""Warehouse management in the cloud: each vendor's format in a folder of its own."""

from adapters.wms.epcis.adapter import EpcisAdapter
from adapters.wms.gs1.adapter import Gs1Adapter
from adapters.wms.shipbob.adapter import ShipBobAdapter
from adapters.wms.shiphero.adapter import ShipHeroAdapter
from contracts.adapter import Adapter

ADAPTERS: tuple[Adapter, ...] = (ShipHeroAdapter(), Gs1Adapter(), EpcisAdapter(), ShipBobAdapter())
