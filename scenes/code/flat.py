"""A linear autoencoder beside principal component analysis: the same plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import subspace_angles

from engine.analysis.projection import Projection, principal_projection
from scenes.code.autoencoder import DEEP, LINEAR, POINTS, Autoencoder, by_role
from scenes.code.chart import Chart, corners_of_codes
from scenes.code.charting import colours_of
from scenes.mobjects.writing import CENTER, written
from scenes.theme import SAFE, TEXT, TIMING, Zone

if TYPE_CHECKING:
    from scenes.code.scene import Code

CHARTS = (Zone(-3.2, 1.5, -2.3, 2.2), Zone(2.0, SAFE.right, -2.3, 2.2))


class Flat:
    """A linear autoencoder and the principal components of what it has learned from.

    Attributes
    ----------
    projection : Projection
        Onto the first two principal components.
    angle : float
        The largest between what the decoder can rebuild and the plane of the components, in degrees.
    errors : tuple of float
        Mean squared errors over the training images: of the autoencoder, and of the best plane.
    onto : array (3, 2)
        The affine map that takes codes to the components with the least squared error.
    """

    def __init__(self, autoencoder: Autoencoder) -> None:
        x = np.asarray(autoencoder.recording.data.x, dtype=np.float64)
        network = autoencoder.network
        self.projection: Projection = principal_projection(x, 2)
        decoder = np.asarray(network.weights[f"{autoencoder.layer + 1}.weight"], dtype=np.float64)
        self.angle = float(np.rad2deg(subspace_angles(decoder.T, self.projection.components.T).max()))
        said = np.asarray(network.predict(autoencoder.recording.data.x), dtype=np.float64)
        components = self.projection.apply(x)
        best = components @ self.projection.components + self.projection.mean
        self.errors = (float(((said - x) ** 2).mean()), float(((best - x) ** 2).mean()))
        codes = autoencoder.codes(autoencoder.recording.data.x)
        self.onto, *_ = np.linalg.lstsq(with_one(codes), components, rcond=None)


def with_one(codes: np.ndarray) -> np.ndarray:
    """Codes (N, 2) with a 1 behind them, (N, 3)."""
    return np.column_stack([codes, np.ones(len(codes))])


def play(stage: Code) -> None:
    """Two maps; one is turned and stretched into the other."""
    autoencoder = stage.choose(LINEAR)
    theme = stage.theme
    flat = Flat(autoencoder)
    x = autoencoder.x[:POINTS]
    labels = None if autoencoder.labels is None else autoencoder.labels[:POINTS]
    colours = colours_of(labels, len(x), theme)
    codes, components = autoencoder.codes(x), flat.projection.apply(x)
    onto = with_one(codes) @ flat.onto
    low, high = corners_of_codes([components, onto])
    # its own code on a scale of its own, its middle in the middle
    start_low, start_high = corners_of_codes([codes])
    scaled = low + (codes - start_low) / (start_high - start_low) * (high - low)
    charts = [Chart(values, colours, zone, low, high, theme=theme)
              for values, zone in zip((scaled, components), CHARTS, strict=True)]  # fmt: skip
    names = [written(name, (zone.center[0], zone.top + 0.3), CENTER, TEXT.label, theme.muted)
             for name, zone in zip(("linear autoencoder", "principal components"), CHARTS, strict=True)]  # fmt: skip
    height, width = autoencoder.shape
    stage.heading("Without a bend", f"images of {height} × {width} pixels")
    if labels is not None:
        stage.legend([(name, theme.class_colour(k)) for k, name in enumerate(autoencoder.names)])
    stage.caption("An autoencoder without activations\ncan only project onto a plane.")
    stage.fade(charts[0], names[0])
    stage.read(TIMING.slow)
    stage.caption("Principal component analysis, from 1901,\nfinds the plane that loses least.")
    stage.fade(charts[1], names[1])
    stage.read(TIMING.slow)
    stage.caption("Turned and stretched, the code\nis the same map.")
    stage.play_clock(2 * TIMING.slow, lambda share: charts[0].show((1 - share) * scaled + share * onto), charts[0])
    stage.read(TIMING.hold)
    stage.caption(
        f"The two planes are {flat.angle:.2f}° apart.\nErrors: {flat.errors[0]:.4f} and {flat.errors[1]:.4f}."
    )
    stage.read(TIMING.slow + TIMING.beat)
    bent = by_role(stage.recordings).get(DEEP)
    if bent is not None:
        said = with_bends(Autoencoder(bent, stage.options.get("epochs")))
        if said is not None:
            stage.caption(said)
            stage.read(TIMING.slow + TIMING.beat)


def with_bends(deep: Autoencoder) -> str | None:
    """What bends are worth: the deep autoencoder's error beside that of the best plane for the same images."""
    x = np.asarray(deep.recording.data.x, dtype=np.float64)
    plane = principal_projection(x, 2)
    rest = deep.x - plane.mean - plane.apply(deep.x) @ plane.components
    best, bent = float((rest**2).mean()), deep.error()
    if bent >= best:
        return None
    return f"With bends: {bent:.3f} for the images before,\nwhere the best plane has {best:.3f}."
