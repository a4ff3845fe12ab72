"""What the moving plane draws, against the recording and the engine's own answers."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.analysis.boundary import logits
from engine.analysis.passage import Passage
from engine.errors import ConfigurationError, RenderError
from engine.experiment import Experiment, load_experiment
from engine.network import Network
from engine.recording import Recording
from engine.run import run_experiment
from scenes.mobjects.decision_field import STRONGEST, decision_field
from scenes.mobjects.diagram_plan import ends_of
from scenes.mobjects.layer_card import formulas, remarks
from scenes.mobjects.moving_plane import MovingPlane
from scenes.mobjects.network_diagram import NetworkDiagram
from scenes.mobjects.view import View
from scenes.rendering import configured, make_part, measure_parts, play
from scenes.replay import Pace, Replay
from scenes.sinks import StillSink
from scenes.theme import DARK, SAFE, Zone, rgb
from scenes.warp import Warp
from scenes.warp.data_view import INPUT, DataView
from scenes.warp.depth import layer_caption
from scenes.warp.material import boundary_curves, grid_bounds, last_cut, mistakes, wide_projections
from scenes.warp.stage import PLANE
from scenes.warp.time import HIDDEN, hidden_view, last_cut_of

TOML = """
name = "{name}"
seed = {seed}
[dataset]
name = "{dataset}"
n = {n}
[network]
layers = [{layers}]
[training]
optimizer = {{name = "adam", learning_rate = 0.02}}
epochs = {epochs}
batch_size = 16
[recording]
snapshot_steps = [1, 2]
"""

Make = Callable[..., Recording]


@pytest.fixture(scope="module")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """A function that trains a small network and gives its recording."""
    made: dict[str, Recording] = {}

    def train(
        widths: tuple[int, ...] = (2, 2), dataset: str = "moons", activation: str = "tanh", seed: int = 3,
        epochs: int = 12, classes: int = 1,
    ) -> Recording:  # fmt: skip
        key = f"{dataset}-{activation}-{'-'.join(map(str, widths))}-{seed}-{epochs}"
        if key not in made:
            layers = [f'{{type = "dense", units = {width}, activation = "{activation}"}}' for width in widths]
            output = '"sigmoid"' if classes == 1 else '"softmax"'
            layers.append(f'{{type = "dense", units = {classes}, activation = {output}}}')
            text = TOML.format(name=key, seed=seed, dataset=dataset, n=80, layers=", ".join(layers), epochs=epochs)
            made[key] = run_experiment(Experiment.from_toml(text), tmp_path_factory.mktemp("runs") / key)
        return made[key]

    return train


@pytest.fixture(scope="module")
def spirals(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return run_experiment(load_experiment("spirals"), tmp_path_factory.mktemp("runs") / "spirals")


def plane_of(recording: Recording) -> MovingPlane:
    passage = Passage(recording.network(), wide_projections(recording))
    bounds = grid_bounds(recording.data.x)
    curves = boundary_curves(passage, bounds)
    return MovingPlane(passage, recording.data.x, recording.data.y, bounds, PLANE, curves)


@pytest.mark.parametrize("widths", [(2, 2), (2,), (1, 2), (2, 2, 2, 2)])
@pytest.mark.parametrize("activation", ["tanh", "relu", "sigmoid"])
@pytest.mark.usefixtures("manim_settings")
def test_drawn_points_are_the_engines_activations(make: Make, widths: tuple[int, ...], activation: str) -> None:
    recording = make(widths, activation=activation)
    plane = plane_of(recording)
    activations = recording.network().activations(recording.data.x)
    for k, width in enumerate(widths):
        plane.place(k, 1.0)
        drawn = (plane.cloud.points[:, :2] - plane.view.origin) / plane.view.unit
        signs = np.ones(width)
        signs[list(plane.passage.flipped[k])] = -1
        np.testing.assert_allclose(drawn[:, :width], activations[k] * signs, atol=1e-6)
        np.testing.assert_allclose(drawn[:, width:], 0, atol=1e-9)
    plane.place(0, 0.0)
    drawn = (plane.cloud.points[:, :2] - plane.view.origin) / plane.view.unit
    np.testing.assert_allclose(drawn, recording.data.x, atol=1e-6)


@pytest.mark.usefixtures("manim_settings")
def test_the_preset_is_drawn_without_turning_a_sign(spirals: Recording) -> None:
    assert plane_of(spirals).passage.flipped == ((), (), (), ())


@pytest.mark.usefixtures("manim_settings")
def test_the_drawn_plane_is_never_torn_or_turned_over(spirals: Recording) -> None:
    # in double precision, so that small steps mean something where tanh is almost flat
    network = Network.from_config({**spirals.network_config, "dtype": "float64"})
    network.parameters[:] = spirals.parameters(-1)
    x, y = spirals.data.x, spirals.data.y
    plane = MovingPlane(Passage(network), x, y, grid_bounds(x), PLANE)
    step = 1e-7
    nodes = plane.bounds.lattice(25, 25)
    corners = [plane.passage.carry(nodes + shift) for shift in ([0, 0], [step, 0], [0, step])]
    for k, course in enumerate(plane.courses):
        for share in np.linspace(0, 1, 41):
            plane.place(k, share)
            origin, right, up = (plane.seen(corner, course.progress(share)) for corner in corners)
            a, b = (right - origin) / step, (up - origin) / step
            area = (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) / plane.view.unit**2
            assert area.min() > -1e-7
            assert (area > 1e-7).mean() > 0.4


@pytest.mark.usefixtures("manim_settings")
def test_the_line_is_the_last_layers_weights(spirals: Recording) -> None:
    network = spirals.network()
    passage = Passage(network)
    (line,) = last_cut(passage.network, None, (2.0, 1.0)).lines
    weight, bias = network.weights["4.weight"], network.weights["4.bias"]
    np.testing.assert_allclose(line[:, :2] @ weight + bias, 0, atol=1e-5)
    side = (network.activations(spirals.data.x)[3] @ weight + bias)[:, 0] > 0
    np.testing.assert_array_equal(side, spirals.data.y == 1)


@pytest.mark.usefixtures("manim_settings")
def test_every_point_of_the_curve_is_on_the_line_and_on_the_boundary(spirals: Recording) -> None:
    plane = plane_of(spirals)
    network = spirals.network()
    assert plane.curve is not None
    plane.rest(0)
    drawn = (plane.curve.points[:, :2] - plane.view.origin) / plane.view.unit
    span = np.ptp(logits(network, plane.bounds.lattice(80, 80)))
    assert np.abs(logits(network, drawn)).max() < 1e-2 * span
    plane.rest(4)
    carried = (plane.curve.points[:, :2] - plane.view.origin) / plane.view.unit
    ahead = carried @ network.weights["4.weight"] + network.weights["4.bias"]
    assert np.abs(ahead).max() < 1e-2 * span
    np.testing.assert_allclose(carried, network.activations(drawn.astype(np.float32))[3], atol=1e-3)


@pytest.mark.usefixtures("manim_settings")
def test_nothing_leaves_its_zone_and_nothing_jumps(spirals: Recording) -> None:
    plane = plane_of(spirals)
    assert plane.grid is not None
    before = None
    for k, course in enumerate(plane.courses):
        frames = round(60 * course.seconds)
        for share in np.linspace(0, 1, frames + 1):
            plane.place(k, share)
            points = np.concatenate([plane.grid.points, plane.cloud.points])[:, :2]
            assert np.abs(points - PLANE.center[:2]).max(axis=0)[0] <= PLANE.width / 2 + 0.02
            assert np.abs(points - PLANE.center[:2]).max(axis=0)[1] <= PLANE.height / 2 + 0.02
            if before is not None:
                assert np.linalg.norm(points - before, axis=1).max() < 0.35
            before = points


@pytest.mark.usefixtures("manim_settings")
def test_decision_field_is_the_networks_probability(spirals: Recording) -> None:
    network = spirals.network()
    bounds = grid_bounds(spirals.data.x)
    field = decision_field(network, bounds, Zone(-1, 1, -1, 1), resolution=40)
    places = bounds.lattice(40, 40).astype(np.float32)
    expected = 2 * network.predict(places)[:, 0].reshape(40, 40)[::-1] - 1
    np.testing.assert_allclose(field.values, expected, atol=1e-5)  # type: ignore[union-attr]


@pytest.mark.usefixtures("manim_settings")
def test_regions_of_several_classes_have_the_winners_colours(make: Make) -> None:
    network = make((2,), "blobs", classes=4).network()
    bounds = grid_bounds(np.ones((1, 2)))
    field = decision_field(network, bounds, Zone(-1, 1, -1, 1), resolution=30)
    predicted = network.predict(bounds.lattice(30, 30).astype(np.float32)).reshape(30, 30, 4)[::-1]
    np.testing.assert_array_equal(field.scores.argmax(axis=2), predicted.argmax(axis=2))  # type: ignore[union-attr]
    np.testing.assert_allclose(field.palette / 255, DARK.class_colours(np.arange(4)), atol=1e-6)  # type: ignore[union-attr]
    first, second = np.sort(predicted, axis=2)[..., -1], np.sort(predicted, axis=2)[..., -2]
    np.testing.assert_allclose(field.strengths, STRONGEST * np.sqrt(first - second), atol=1e-3)  # type: ignore[union-attr]


def test_cards_say_the_recorded_numbers(spirals: Recording) -> None:
    network = spirals.network()
    passage = Passage(network)
    for k, path in enumerate(passage.paths):
        written = " ".join(formulas(path, k + 1)).replace("−", "-")
        numbers = [float(found) for found in re.findall(r"-?\d+\.\d\d", written)]
        # vectors are columns on the card: the matrix is the transpose of the engine's
        expected = [*network.weights[f"{k}.weight"].T.ravel(), *network.weights[f"{k}.bias"]]
        np.testing.assert_allclose(numbers, expected, atol=0.0051)
        determinant = float(re.findall(r"det W = ([\d.]+)", remarks(path, 0.0))[0])
        assert determinant == pytest.approx(np.linalg.det(network.weights[f"{k}.weight"]), abs=0.0051)


def test_cards_say_how_much_is_folded(make: Make) -> None:
    passage = Passage(make((2, 2), activation="relu").network())
    assert "folds 25% of the points" in remarks(passage.paths[0], 0.25)
    assert "no fold" in remarks(Passage(make((2, 2)).network()).paths[0], 0.0)


def test_marked_mistakes_are_the_networks(make: Make) -> None:
    recording = make((2,), epochs=3)
    network, data = recording.network(), recording.data
    wrong = mistakes(network, data.x, data.y)
    assert 1 - wrong.mean() == pytest.approx(recording.evaluate()["accuracy"])


# Training as a film


def test_replay_shows_the_recorded_parameters(make: Make) -> None:
    recording = make()
    replay = Replay(recording)
    steps = -(-len(recording.data.x) // 16)
    assert replay.moments[:4].tolist() == [0, 1 / steps, 2 / steps, 1]
    for epoch in recording:
        np.testing.assert_array_equal(replay.network_at(float(epoch)).parameters, recording.parameters(epoch))
        assert replay.epoch_at(epoch + 0.99) == epoch
    np.testing.assert_array_equal(replay.network_at(2 / steps).parameters, recording.parameters(step=2))
    middle = replay.network_at(4.5).parameters.copy()
    np.testing.assert_allclose(middle, (recording.parameters(4) + recording.parameters(5)) / 2, atol=1e-6)


def test_replay_of_some_epochs(make: Make) -> None:
    replay = Replay(make(), (3, 7))
    assert (replay.first, replay.last) == (3, 7)
    assert Replay(make(), (None, 0)).pace().moment(0.5) <= 0
    with pytest.raises(RenderError, match="no snapshot of the epochs 90:99"):
        Replay(make(), (90, 99))


def test_pace_lingers_where_more_changes() -> None:
    moments = np.arange(101.0)
    changes = np.where((moments[1:] > 40) & (moments[1:] <= 50), 1.0, 0.0)
    pace = Pace(moments, changes)
    assert pace.moment(0) == 0 and pace.moment(1) == 100
    shares = np.linspace(0, 1, 2001)
    shown = np.array([pace.moment(share) for share in shares])
    assert (np.diff(shown) > 0).all()

    def time_for(first: float, last: float) -> float:
        return float(((shown >= first) & (shown <= last)).mean())

    assert time_for(40, 50) > 4 * time_for(60, 70)
    assert time_for(0, 3) > 2 * time_for(60, 63)  # the beginning is slow too


@pytest.mark.usefixtures("manim_settings")
@pytest.mark.parametrize("widths", [(2, 2), (3,), (2, 16)])
def test_hidden_space_over_the_epochs_is_the_engines(make: Make, widths: tuple[int, ...]) -> None:
    recording = make(widths)
    replay = Replay(recording)

    class Stage:
        theme = DARK

    Stage.recording = recording  # type: ignore[attr-defined]
    hidden = hidden_view(Stage, replay)  # type: ignore[arg-type]
    for epoch in (0, 5, 12):
        network = recording.network(epoch)
        hidden.show_network(network, *last_cut_of(network, hidden))
        values = network.activations(recording.data.x)[-2]
        expected = values if hidden.projection is None else hidden.projection.apply(values)
        shown = hidden.shown(network)
        np.testing.assert_allclose(shown[:, : expected.shape[1]], expected, atol=1e-6)
        low, high = hidden.cloud.points[:, :2].min(axis=0), hidden.cloud.points[:, :2].max(axis=0)
        assert low[0] >= HIDDEN.left and high[0] <= HIDDEN.right
        assert low[1] >= HIDDEN.bottom and high[1] <= HIDDEN.top
    # After the last epoch the cut divides what is drawn as the network does.
    cut = last_cut(network, hidden.projection, (10.0, 10.0))
    assert cut.share == pytest.approx(1)
    if len(shown[0]) and hidden.width_shown == 2:
        start, end = cut.lines[0][:, :2]
        along = end - start
        side = (shown[:, 0] - start[0]) * along[1] - (shown[:, 1] - start[1]) * along[0] > 0
        ahead = logits(network, recording.data.x)[:, 0] > 0
        assert (side == ahead).all() or (side != ahead).all()


@pytest.mark.usefixtures("manim_settings")
def test_places_on_a_line_are_where_the_answer_changes(make: Make) -> None:
    recording = make((2,), "interval", epochs=30)
    data, network = recording.data, recording.network(30)
    view = DataView(data.x, data.y, recording.network(0), DARK)
    view.show_network(network, 0.0)
    shown = view.borders.points[np.isfinite(view.borders.points).all(axis=1)]
    x = np.linspace(view.bounds.left, view.bounds.right, 4001)
    winners = logits(network, x[:, None])[:, 0] > 0
    changes = x[:-1][winners[1:] != winners[:-1]]
    assert len(shown) == len(changes) > 0
    np.testing.assert_allclose((shown[:, 0] - INPUT.center[0]) / view.view.unit, changes, atol=0.01)
    np.testing.assert_allclose(view.cloud.points[:, 0], INPUT.center[0] + view.view.unit * data.x[:, 0])


@pytest.mark.usefixtures("manim_settings")
def test_data_in_space_are_seen_from_where_the_eye_is(make: Make) -> None:
    recording = make((3,), "linked_rings")
    data = recording.data
    view = DataView(data.x, data.y, recording.network(0), DARK)
    for now in (0.0, 4.0):
        view.show_network(recording.network(0), now)
        seen = View(INPUT.center[:2], view.view.unit, 1.0, now)
        order = np.argsort(seen.depths(data.x.astype(np.float64)), kind="stable")
        np.testing.assert_allclose(view.cloud.points[:, :2], seen.look(data.x.astype(np.float64)[order]), atol=1e-9)
        np.testing.assert_allclose(view.cloud.colours[:, :3], DARK.class_colours(data.y[order]))
        assert (view.cloud.points[:, 0] >= INPUT.left).all() and (view.cloud.points[:, 0] <= INPUT.right).all()


@pytest.mark.usefixtures("manim_settings")
@pytest.mark.parametrize(
    ("widths", "expected"),
    [
        ((2, 2, 2), ["turns and stretches", "Nothing is torn", ""]),
        ((2, 1, 2, 2), ["turns and stretches", "the layer flattens", "This layer folds nothing", ""]),
    ],
)
def test_captions_of_layers_say_what_each_of_them_does(
    make: Make, widths: tuple[int, ...], expected: list[str]
) -> None:
    class Stage:
        passage = Passage(make(widths).network(12))

    captions = [layer_caption(Stage, k) for k in range(len(widths))]  # type: ignore[arg-type]
    for caption, part in zip(captions, expected, strict=True):
        assert part in caption and bool(part) == bool(caption)


# Whole scenes


CASES = {
    "two": dict(widths=(2, 2)),
    "one": dict(widths=(1,)),
    "line": dict(widths=(2,), dataset="interval"),
    "three": dict(widths=(3,), dataset="bullseye"),
    "wide": dict(widths=(16, 8)),
    "three and back": dict(widths=(2, 3, 2)),
    "four classes": dict(widths=(2, 3), dataset="blobs", classes=4),
    "relu": dict(widths=(2, 2), activation="relu"),
    "linear": dict(widths=(2,), activation="linear"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("clock", ["depth", "time"])
def test_scene_shows_any_fitting_network(make: Make, case: str, clock: str) -> None:
    recording = make(**CASES[case])
    parts = [make_part("warp", recording, {"clock": clock})]
    with configured(parts, 320, 180, 5):
        sink = StillSink(180, 320, [20, 30, 40, 50, 60, 70])
        measure = play(parts, sink)
    assert 15 < measure.total / 5 < 60
    ground = np.array([round(255 * c) for c in rgb(DARK.background)])
    for still in sink.stills.values():
        pixels = still[..., :3].astype(int)
        lit = (np.abs(pixels - ground) > 12).any(axis=2)
        assert lit.mean() > 0.01
        margin = round((4 - SAFE.top) / 8 * 180) - 4
        assert not lit[:margin].any() and not lit[-margin:].any() and not lit[:, :margin].any()
    told = " ".join(cue.text for cue in measure.cues)
    right = round(recording.evaluate()["accuracy"] * len(recording.data.x))
    assert re.search(rf"\b{right}\b", told)


@pytest.mark.parametrize("widths", [(2, 2), (3,)])
def test_the_cut_turns_with_its_space(make: Make, widths: tuple[int, ...]) -> None:
    recording = make(widths)

    class Watching(Warp):
        seen: list[float] = []

        def construct(self) -> None:
            self.build()
            lines, _ = self.cut_lines()
            assert lines is not None
            network = self.passage.network
            last = len(widths)
            weight, bias = network.weights[f"{last}.weight"], network.weights[f"{last}.bias"]
            positions = self.plane.riders[0][1]
            np.testing.assert_allclose(positions[:, : widths[-1]] @ weight + bias, 0, atol=1e-5)
            for time in (0.0, 3.0):
                self.plane.view.clock = lambda time=time: time  # type: ignore[misc]
                self.plane.refresh()
                np.testing.assert_allclose(lines.points[:, :2], self.plane.view.look(positions), atol=1e-9)
                self.seen.append(float(lines.points[0, 0]))
            self.wait(0.2)

    parts = [make_part(Watching, recording, {})]
    with configured(parts, 320, 180, 5):
        measure_parts(parts)
    assert (Watching.seen[0] == Watching.seen[1]) == (widths == (2, 2))


def test_a_cut_beside_what_is_shown_is_left_out(make: Make) -> None:
    network = make().network()
    network.weights["2.bias"][:] = 1e4
    assert last_cut(network, None, (2.0, 1.0)).lines == []


def test_unknown_clock_names_the_known_ones(make: Make) -> None:
    parts = [make_part(Warp, make(), {"clock": "dept"})]  # by its name it is refused sooner
    with configured(parts, 320, 180, 5), pytest.raises(ConfigurationError, match="did you mean 'depth'"):
        measure_parts(parts)


def test_earlier_epochs_can_be_shown(make: Make) -> None:
    recording = make()
    parts = [make_part("warp", recording, {"epochs": (None, 2)})]
    with configured(parts, 320, 180, 5):
        told = " ".join(cue.text for cue in measure_parts(parts).cues)
    wrong = mistakes(recording.network(2), recording.data.x, recording.data.y)
    assert re.search(rf"\b{int((~wrong).sum())} of the {len(wrong)} points", told)


@pytest.mark.parametrize(
    ("experiment", "named"),
    [
        ('[dataset]\nname = "digits"\n[network]\nlayers = [{type = "dense", units = 4}]', "1 to 3 input features"),
        ('[dataset]\nname = "moons"\nn = 60\n[network]\nlayers = []', "what hidden layers do"),
    ],
)
def test_what_does_not_fit_is_named(experiment: str, named: str, tmp_path: Path) -> None:
    text = f'name = "other"\nseed = 1\n{experiment}\n[training]\nepochs = 1\n'
    recording = run_experiment(Experiment.from_toml(text), tmp_path / "other")
    with pytest.raises(RenderError, match=named):
        make_part("warp", recording, {})


# What the column shows


@pytest.mark.usefixtures("manim_settings")
def test_diagram_shows_weights_of_shown_neurons_only() -> None:
    diagram = NetworkDiagram((2, 20, 1), Zone(-6, -3, -2, 0), most=6)
    assert ends_of(20, 6) == [0, 1, 2, 17, 18, 19] and ends_of(6, 6) == list(range(6))
    weights = [np.linspace(-1, 1, 40).reshape(2, 20), np.ones((20, 1))]
    diagram.set_weights(weights, 1.0)
    assert len(diagram.edges.widths) == 2 * 6 + 6
    assert diagram.edges.colours is not None
    np.testing.assert_allclose(diagram.edges.colours[0, :3], rgb(DARK.negative))
    np.testing.assert_allclose(diagram.edges.colours[11, :3], rgb(DARK.positive))
    assert diagram.edges.widths[0] == diagram.edges.widths.max()


@pytest.mark.usefixtures("manim_settings")
def test_diagram_dims_all_but_one_layer() -> None:
    diagram = NetworkDiagram((2, 2, 1), Zone(-6, -3, -2, 0))
    diagram.set_weights([np.ones((2, 2)), np.ones((2, 1))], 1.0)
    diagram.focus(0)
    assert diagram.edges.colours is not None
    assert (diagram.edges.colours[:4, 3] == 1).all() and (diagram.edges.colours[4:, 3] < 0.5).all()
    diagram.focus(None)
    assert (diagram.edges.colours[:, 3] == 1).all()
