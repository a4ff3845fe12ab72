"""What a classifier says everywhere in a plane, as tinted regions."""

from __future__ import annotations

import numpy as np

from engine.analysis.boundary import logits
from engine.analysis.isoline import Bounds
from engine.network import Network
from scenes.mobjects.field import ClassField, ValueField
from scenes.theme import DARK, Theme, Zone, rgb

STRONGEST = 0.34  # opacity of a region where the network is sure
RAMP = 513


class Lattice:
    """Places in a plane at which a network is asked, from the top left, row by row.

    Parameters
    ----------
    bounds : Bounds
    resolution : int
        Places along the longer side.
    """

    def __init__(self, bounds: Bounds, resolution: int) -> None:
        width, height = bounds.right - bounds.left, bounds.top - bounds.bottom
        self.columns = max(2, round(resolution * min(1.0, width / height)))
        self.rows = max(2, round(resolution * min(1.0, height / width)))
        places = bounds.lattice(self.columns, self.rows).reshape(self.rows, self.columns, 2)[::-1]
        self.places = np.ascontiguousarray(places.reshape(-1, 2))

    def ask(self, network: Network) -> np.ndarray:
        """The network's logits at all places, (rows, columns, K)."""
        return logits(network, self.places).reshape(self.rows, self.columns, -1)


class TwoClassField(ValueField):
    """Regions of two classes, the stronger the surer the network is, with a line between them.

    The values are ``p(B) - p(A)``; see `decision_field` for the parameters.
    """

    def __init__(
        self, network: Network, bounds: Bounds, zone: Zone, resolution: int, line_width: float, theme: Theme,
        opacity: float,
    ) -> None:  # fmt: skip
        self.lattice = Lattice(bounds, resolution)
        super().__init__(
            self.values_of(network), zone, two_class_ramp(theme), -1.0, 1.0, levels=(0.0,) if line_width else (),
            line_width=line_width, line_color=theme.text, opacity=opacity,
        )  # fmt: skip

    def values_of(self, network: Network) -> np.ndarray:
        """``p(B) - p(A)`` at all places, (rows, columns)."""
        z = self.lattice.ask(network)
        lead = z[..., 0] if z.shape[2] == 1 else z[..., 1] - z[..., 0]
        return np.asarray(np.tanh(lead / 2))

    def set_network(self, network: Network) -> TwoClassField:
        """Show another network's decisions, such as those of another epoch."""
        self.set_values(self.values_of(network))
        return self


class ManyClassField(ClassField):
    """Regions of several classes, each the stronger the farther its class is ahead; see `decision_field`."""

    def __init__(
        self, network: Network, bounds: Bounds, zone: Zone, resolution: int, line_width: float, theme: Theme,
        opacity: float,
    ) -> None:  # fmt: skip
        self.lattice = Lattice(bounds, resolution)
        palette = theme.class_colours(np.arange(network.output_shape[0]))
        scores, strengths = self.scores_of(network)
        super().__init__(scores, zone, palette, strengths, line_width, theme.text, opacity)

    def scores_of(self, network: Network) -> tuple[np.ndarray, np.ndarray]:
        """The logits at all places, (rows, columns, K), and how strong the regions are there, (rows, columns)."""
        z = self.lattice.ask(network)
        shares = np.exp(z - z.max(axis=2, keepdims=True))
        shares = np.sort(shares / shares.sum(axis=2, keepdims=True), axis=2)
        return z, STRONGEST * np.sqrt(shares[..., -1] - shares[..., -2])

    def set_network(self, network: Network) -> ManyClassField:
        """Show another network's decisions, such as those of another epoch."""
        self.set_scores(*self.scores_of(network))
        return self


DecisionField = TwoClassField | ManyClassField


def decision_field(
    network: Network,
    bounds: Bounds,
    zone: Zone,
    resolution: int = 128,
    line_width: float = 0.0,
    theme: Theme = DARK,
    opacity: float = 1.0,
) -> DecisionField:
    """Regions in the colours of their classes.

    Parameters
    ----------
    network : Network
        A classifier of two features.
    bounds : Bounds
        The part of the plane.
    zone : Zone
        Where it goes in the frame.
    resolution : int
        How many places along the longer side the network is asked at.
    line_width : float
        Of the line between classes, in manim's stroke units; 0 is none.
    """
    if network.output_shape[0] <= 2:
        return TwoClassField(network, bounds, zone, resolution, line_width, theme, opacity)
    return ManyClassField(network, bounds, zone, resolution, line_width, theme, opacity)


def two_class_ramp(theme: Theme) -> np.ndarray:
    """Colours with opacity, (RAMP, 4), from surely A over undecided to surely B."""
    lead = np.linspace(-1, 1, RAMP)
    ramp = np.empty((RAMP, 4))
    ramp[:, :3] = np.where(lead[:, None] < 0, rgb(theme.class_colour(0)), rgb(theme.class_colour(1)))
    ramp[:, 3] = STRONGEST * np.sqrt(np.abs(lead))
    return ramp
