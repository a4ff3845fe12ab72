"""What bending can do to data, and what it cannot: more dimensions part what fewer hold together."""

from scenes.topology.scene import Topology

__all__ = ["Topology"]
