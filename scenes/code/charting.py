"""The codes of all images over the training: a map, which nobody has drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.network import Network
from scenes.animations.playing import PlayTraining
from scenes.code.autoencoder import DEEP, POINTS, Autoencoder
from scenes.code.chart import Chart, corners_of_codes
from scenes.mobjects.tiles import Tiles, brightness_ramp
from scenes.numbers import training_readouts
from scenes.replay import Replay
from scenes.theme import SAFE, TIMING, Theme, Zone

if TYPE_CHECKING:
    from scenes.code.scene import Code

ZONE = Zone(-3.3, SAFE.right, -2.4, 2.6)
SECONDS = 10.0
LOOKED_AT = 12  # moments that are looked at to choose the scale
THUMBNAIL, APART = 0.5, 1.15  # size of a small image, and how far apart two are at least, in sizes


def play(stage: Code) -> None:
    """Colours come from labels that the network has never seen; at the end, images in place of points."""
    autoencoder = stage.choose(DEEP)
    recording, theme = stage.recording, stage.theme
    replay = Replay(recording, stage.options.get("epochs"))
    x = autoencoder.x[:POINTS]
    labels = None if autoencoder.labels is None else autoencoder.labels[:POINTS]
    moments = np.linspace(replay.first, replay.last, LOOKED_AT)
    low, high = corners_of_codes([autoencoder.codes(x, replay.network_at(float(moment))) for moment in moments])
    chart = Chart(autoencoder.codes(x, replay.network_at(replay.first)), colours_of(labels, len(x), theme), ZONE,
                  low, high, theme=theme)  # fmt: skip

    def follow(network: Network) -> None:
        chart.show(autoencoder.codes(x, network))

    stage.heading("The map")
    if labels is not None:
        stage.legend([(name, theme.class_colour(k)) for k, name in enumerate(autoencoder.names)])
    stage.caption(f"The two numbers of {len(x):,} images:\neach image is a point.")
    readouts = {name: readout for name, readout in training_readouts(stage, replay).items() if name != "accuracy"}
    training = PlayTraining(replay, chart, follow=follow, readouts=readouts, run_time=SECONDS)
    training.show(replay.first)
    stage.fade(chart)
    stage.read(TIMING.slow)
    stage.caption("Training moves them apart. It was never\ntold what they show." if labels is not None
                  else "Training moves them apart.")  # fmt: skip
    stage.play(training)
    stage.caption("Still, images that look alike\nhave come to lie together.")
    stage.read(TIMING.slow)
    stage.remove(*readouts.values())
    stage.clear_readouts()
    pictures = thumbnails(autoencoder, x, chart, theme)
    stage.caption("Some of them, where they lie.")

    def unveil(share: float) -> None:
        pictures.set_opacity(share)
        chart.cloud.set_opacity(1 - 0.75 * share)

    stage.add(pictures)
    stage.play_clock(TIMING.beat, unveil, pictures, chart)
    stage.read(2 * TIMING.slow)


def colours_of(labels: np.ndarray | None, count: int, theme: Theme) -> np.ndarray:
    """Colours of points, (count, 3)."""
    return theme.class_colours(np.zeros(count, int) if labels is None else labels)


def thumbnails(autoencoder: Autoencoder, x: np.ndarray, chart: Chart, theme: Theme) -> Tiles:
    """Images at their codes, as many as there is room for, the first ones first."""
    height, width = autoencoder.shape
    size = np.array([THUMBNAIL * width / height, THUMBNAIL])
    zone = chart.zone
    chosen: list[int] = []
    places: list[np.ndarray] = []
    for k, place in enumerate(chart.place(autoencoder.codes(x))):
        edge = np.array([zone.left, zone.bottom]) + size / 2, np.array([zone.right, zone.top]) - size / 2
        if (place < edge[0]).any() or (place > edge[1]).any():
            continue
        if all((np.abs(place - other) >= APART * size).any() for other in places):
            chosen.append(k)
            places.append(place)
    at = np.array(places).reshape(-1, 2)
    boxes = np.column_stack([at[:, 0] - size[0] / 2, at[:, 0] + size[0] / 2, at[:, 1] - size[1] / 2,
                             at[:, 1] + size[1] / 2])  # fmt: skip
    images = x[chosen].reshape(-1, height, width)
    return Tiles(images, boxes, brightness_ramp(theme), autoencoder.low, autoencoder.high, opacity=0.0)
