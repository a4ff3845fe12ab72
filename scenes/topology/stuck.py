"""A disc in a ring, and layers of two neurons: training tries, in vain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.experiment import load_experiment
from engine.network import Network
from scenes.animations.playing import PlayTraining
from scenes.mobjects.decision_field import decision_field
from scenes.mobjects.moving_plane import ROOM, fitting_radius
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.view import View
from scenes.replay import Replay
from scenes.theme import TIMING, Zone
from scenes.topology.roles import STUCK, first_perfect, is_bullseye
from scenes.topology.telling import light_up
from scenes.warp.data_view import INPUT
from scenes.warp.material import grid_bounds, mistakes
from scenes.warp.time import hidden_view, last_cut_of, title, training_readouts

if TYPE_CHECKING:
    from scenes.topology.scene import Topology

SECONDS = 9.0
STARTS = 30  # of which the shipped experiment's seed is the best


def play(stage: Topology) -> None:
    """The last hidden space and the input over the epochs, and what is left at the end."""
    recording, theme = stage.choose(STUCK), stage.theme
    data = recording.data
    stage.regions = None
    replay = Replay(recording, stage.options.get("epochs"))
    hidden = hidden_view(stage, replay)
    bounds = grid_bounds(data.x)
    unit = ROOM * INPUT.height / (bounds.right - bounds.left)
    view = View(INPUT.center[:2].copy(), unit)
    radius = fitting_radius(unit * data.x)
    cloud = PointCloud(view.look(data.x), theme.class_colours(data.y), radius)
    hidden.cloud.radius[:] = radius
    zone = Zone(*(unit * np.array(bounds) + np.repeat(view.origin, 2)))
    regions = decision_field(replay.network_at(replay.first), bounds, zone, line_width=3.5, theme=theme)
    titles = [title(stage, "the last hidden space", hidden.zone), title(stage, "the input", INPUT)]
    stage.diagram = stage.build_diagram(recording.network(replay.epoch_at(replay.last)))

    def follow(network: Network) -> None:
        stage.show_weights(network)
        hidden.show_network(network, *last_cut_of(network, hidden))
        regions.set_network(network)

    stage.heading("Two neurons a layer")
    stage.show_classes()
    readouts = training_readouts(stage, replay)
    shown = [regions, *titles, hidden.axes, hidden.cut, hidden.cloud, cloud, stage.diagram]
    training = PlayTraining(replay, *shown, follow=follow, readouts=readouts, run_time=SECONDS)
    training.show(replay.first)
    stage.caption("With two neurons a layer, the plane\nstays a plane, however it is bent.")
    stage.fade(*shown)
    stage.read(TIMING.slow)
    stage.caption(on_the_way(stage))
    stage.play(training)
    epoch = replay.epoch_at(replay.last)
    wrong = mistakes(recording.network(epoch), data.x, data.y)
    right, count = int((~wrong).sum()), len(wrong)
    marks = light_up(cloud.points[wrong], radius, theme)
    stage.remove(cloud)
    stage.add(marks, cloud)
    who = f"The best of {STARTS} trainings gets" if is_shipped(stage) else f"After epoch {epoch:,} it gets"
    stage.caption(f"{who}\n{right:,} of {count:,} points right.")
    stage.fade(marks)
    stage.read(TIMING.slow)
    if right < count and is_bullseye(recording):
        stage.caption("To get out of the ring, the disc\nwould have to cross it.")
        stage.read(TIMING.slow + TIMING.beat)


def on_the_way(stage: Topology) -> str:
    """What is said while it trains."""
    if is_bullseye(stage.recording) and first_perfect(stage.recording, stage.options.get("epochs")) is None:
        return "Training pulls at the disc, again and\nagain, and never gets it out whole."
    return "Training bends the plane, and looks\nfor a bend that a straight line can part."


def is_shipped(stage: Topology) -> bool:
    """Whether the recording is the whole of the experiment whose seed was chosen as the best of several."""
    if stage.options.get("epochs") is not None:
        return False
    return stage.recording.experiment == load_experiment(STUCK)
