"""The clock is time: the last hidden space and the input, over the epochs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from manim import RIGHT, UP

from engine.analysis.passage import SHOWN
from engine.analysis.projection import Projection, run_projection
from engine.network import Network
from scenes.animations.playing import PlayTraining
from scenes.mobjects.hidden_view import HiddenView
from scenes.mobjects.moving_plane import BOUNDED, ROOM
from scenes.mobjects.readout import Readout
from scenes.mobjects.still import Still
from scenes.mobjects.text import Label
from scenes.mobjects.view import corners, largest_unit
from scenes.replay import Replay
from scenes.theme import READOUTS, TEXT, TIMING, Zone
from scenes.warp.data_view import INPUT, DataView
from scenes.warp.material import last_cut

if TYPE_CHECKING:
    from scenes.warp.stage import WarpStage

HIDDEN = Zone(-3.1, 1.6, INPUT.bottom, INPUT.top)
SECONDS = 12.0
EARLY = 0.3  # share of the time after which the caption says what training does
BETWEEN = 0.6  # of two read-outs
FITTED = 24  # epochs that are looked at to choose the scale


def play_time(stage: WarpStage) -> None:
    """Show how the last hidden space and the regions of the input form over the training."""
    recording, data = stage.recording, stage.recording.data
    replay = Replay(recording, stage.options.get("epochs"))
    hidden = hidden_view(stage, replay)
    start = replay.network_at(replay.first)
    data_view = DataView(data.x, data.y, start, stage.theme)
    hidden.cloud.radius[:] = data_view.cloud.radius
    titles = [title(stage, "the last hidden space", HIDDEN), title(stage, "the input", INPUT)]

    stage.diagram = stage.build_diagram(recording.network(replay.epoch_at(replay.last)))

    def follow(network: Network) -> None:
        hidden.view.time = stage.now
        stage.show_weights(network)
        cut = last_cut_of(network, hidden)
        hidden.show_network(network, *cut)
        data_view.show_network(network, stage.now)

    follow(start)
    stage.heading("Training")
    stage.show_classes()
    readouts = training_readouts(stage, replay)
    shown = [*data_view.below, *titles, hidden.axes, hidden.cut, hidden.cloud, *data_view.above, stage.diagram]
    pace = replay.pace()
    first, second = (
        PlayTraining(replay, *shown, follow=follow, readouts=readouts, pace=pace, run_time=SECONDS * (end - begin),
                     rate_func=partial(between, begin, end))
        for begin, end in ((0.0, EARLY), (EARLY, 1.0))
    )  # fmt: skip
    first.show(replay.first)
    stage.caption("The same network in two places: where the\ncut is straight, and where the data are.")
    stage.fade(*shown)
    stage.wait(TIMING.hold)
    stage.play(first)
    stage.caption(f"Left, training moves the points.\nRight, {data_view.effect}.")
    stage.play(second)
    stage.caption(outcome(stage, replay.epoch_at(replay.last)))
    stage.wait(TIMING.slow + TIMING.beat)


def between(begin: float, end: float, share: float) -> float:
    """The place that lies a share of the way from one to another."""
    return begin + (end - begin) * share


def outcome(stage: WarpStage, epoch: int) -> str:
    """How many points an epoch's network gets right."""
    data = stage.recording.data
    right = round(stage.recording.evaluate(epoch)["accuracy"] * len(data.x))
    which = f"all {len(data.x):,} points" if right == len(data.x) else f"{right:,} of {len(data.x):,} points"
    where = "are on the right side" if len(data.class_names) == 2 else "lie in the region of their class"
    return f"After epoch {epoch:,}, {which}\n{where}."


def training_readouts(stage: WarpStage, replay: Replay) -> dict[str, Readout]:
    """Epoch, loss and accuracy in a row at the top right."""
    recording = replay.recording
    losses = [recording.evaluate(epoch)["loss"] for epoch in (recording.epochs[0], replay.epoch_at(replay.last))]
    made = {
        "epoch": stage.readout("epoch", "d", recording.epochs[-1]),
        "loss": stage.readout("loss", ".3f", max(losses), color=stage.theme.loss),
        "accuracy": stage.readout("accuracy", ".1%", 1.0, color=stage.theme.accuracy),
    }
    right = READOUTS.right
    for readout in reversed(made.values()):
        readout.move_to([right, READOUTS.top, 0], aligned_edge=UP + RIGHT)
        right -= readout.width + BETWEEN
    return made


def title(stage: WarpStage, text: str, zone: Zone) -> Still:
    """A name above a zone."""
    label = Label(text, size=TEXT.label, color=stage.theme.muted)
    label.move_to([zone.center[0], zone.top + 0.32, 0])
    return Still(label)


def hidden_view(stage: WarpStage, replay: Replay) -> HiddenView:
    """The last hidden space at one scale that serves for all epochs."""
    recording = replay.recording
    layer = recording.network_config["layers"][-2]
    width = layer["units"]
    projection: Projection | None = None
    if width > SHOWN:
        single = recording.network_config["layers"][-1]["units"] == 1
        projection = run_projection(recording, len(recording.network_config["layers"]) - 2, edge_on=single)
    bound = BOUNDED.get(layer["activation"]) if projection is None else None
    dimensions = width if projection is None else projection.dimensions
    view = HiddenView(recording.data.x, recording.data.y, projection, dimensions, 1.0, HIDDEN, bound is not None,
                      theme=stage.theme)  # fmt: skip
    extent = np.where(np.arange(3) < max(2, dimensions), bound or 0.0, 0.0)
    if bound is None:
        for moment in np.linspace(replay.first, replay.last, FITTED):
            extent = np.maximum(extent, np.abs(view.shown(replay.network_at(float(moment)))).max(axis=0))
    tilt = float(dimensions == 3)
    view.view.unit = largest_unit(corners(extent), tilt, ROOM * HIDDEN.width, ROOM * HIDDEN.height)
    view.axes.place(view.view, float(bound is not None))
    return view


def last_cut_of(network: Network, hidden: HiddenView) -> tuple[list[np.ndarray], float]:
    """The lines of a network's cut, and how much of its weights lies in what is shown."""
    cut = last_cut(network, hidden.projection, hidden.reach)
    return cut.lines, cut.share
