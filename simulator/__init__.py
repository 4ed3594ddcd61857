"""A simulated retailer: documents and events as its systems send them, with the truth beside them."""

from simulator.messages import SimulatedMessage, Truth
from simulator.simulation import simulate
from simulator.sources import sources
from simulator.world import WorldSettings

__all__ = ["SimulatedMessage", "Truth", "WorldSettings", "simulate", "sources"]
