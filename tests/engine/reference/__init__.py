"""The slow, obvious float64 network: textbook formulas in plain NumPy, written independently of the engine's kernels.

Each of its registries (ACTIVATIONS, LAYERS, LOSSES, OPTIMIZERS) must have an entry for each of the engine's; the tests
say which one is missing.
"""

from tests.engine.reference import images, recurrent
from tests.engine.reference.activations import ACTIVATIONS
from tests.engine.reference.layers import LAYERS
from tests.engine.reference.losses import LOSSES
from tests.engine.reference.network import ReferenceNetwork
from tests.engine.reference.optimizers import OPTIMIZERS

LAYERS |= images.LAYERS | recurrent.LAYERS

__all__ = ["ACTIVATIONS", "LAYERS", "LOSSES", "OPTIMIZERS", "ReferenceNetwork"]
