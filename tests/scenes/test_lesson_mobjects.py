"""Weight grids, images, bars, curves, matrices and legends: what is drawn is what was given."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from manim import Mobject, MovingCamera

from engine.analysis.isoline import Bounds
from engine.layers import Dense
from engine.network import Network
from scenes.mobjects.activation_curve import ActivationCurve
from scenes.mobjects.contributions import Contributions
from scenes.mobjects.image_panel import ImagePanel
from scenes.mobjects.legend import Legend, ScaleLegend
from scenes.mobjects.loss_curve import LossCurve
from scenes.mobjects.matrix import Matrix, slots
from scenes.mobjects.network_diagram import NetworkDiagram
from scenes.mobjects.neuron_fields import NeuronFields
from scenes.mobjects.probability_bars import ProbabilityBars
from scenes.mobjects.rectangles import Rectangles, arranged
from scenes.mobjects.tiles import SMALL_WEIGHTS, Tiles, brightness_ramp, weight_ramp
from scenes.mobjects.weight_grid import WeightGrid, weight_images, weight_matrix
from scenes.mobjects.writing import written
from scenes.theme import DARK, SAFE, Zone, rgb

Picture = Callable[..., np.ndarray]
GROUND = np.array(rgb(DARK.background)) * 255
PLACE = Zone(-3, 3, -2, 2)


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def weights(units: int = 6, side: int = 4) -> np.ndarray:
    return rng().normal(size=(side * side, units))


def curve() -> LossCurve:
    epochs = np.arange(41.0)
    losses = {"training": 2 * np.exp(-epochs / 8), "validation": 0.3 + 1.7 * np.exp(-epochs / 6)}
    return LossCurve(epochs, losses, PLACE, [(20.0, "best: epoch 20")])


def neuron_fields() -> NeuronFields:
    network = Network([Dense(3, "tanh"), Dense(2, "softmax")], (2,), seed=2)
    return NeuronFields([network], Bounds(-1, 1, -1, 1), PLACE).set_network(network)


def diagram() -> NetworkDiagram:
    network = Network([Dense(5, "tanh"), Dense(3, "softmax")], (20,), seed=2)
    x = rng().random((10, 20), dtype=np.float32)
    shown = NetworkDiagram(network, PLACE, x=x)
    return shown.show(shown.signals(x[0]), 1.5)


MOBJECTS: dict[str, Callable[[], Mobject]] = {
    "neuron fields": neuron_fields,
    "network diagram": diagram,
    "contributions": lambda: Contributions([("a", 3.0), ("b", -4.5), ("c", 0.5)], PLACE),
    "activation curve": lambda: ActivationCurve("tanh", 2.0, PLACE).set_value(1.2),
    "weight grid": lambda: WeightGrid(weight_images(weights(), (4, 4)), 2.0, PLACE),
    "weight matrix": lambda: WeightGrid(weight_matrix(weights()), 2.0, PLACE),
    "image": lambda: ImagePanel(rng().random((8, 8)), PLACE),
    "smooth tiles": lambda: Tiles(
        rng().random((2, 5, 5)), arranged(2, PLACE), brightness_ramp(), 0, 1, smooth=True
    ),
    "rectangles": lambda: Rectangles(arranged(3, PLACE), np.column_stack([np.eye(3), [1.0, 0.7, 0.4]])),
    "bars": lambda: ProbabilityBars(tuple("0123"), PLACE).set_values(np.array([0.1, 0.7, 0.15, 0.05])).choose(1),
    "loss curve": lambda: curve().set_moment(25.5),
    "matrix": lambda: Matrix(rng().normal(size=(9, 9)), PLACE),
    "legend": lambda: Legend([(DARK.classes[0], "one"), (DARK.classes[1], "two")], (-2, 2)),
    "scale": lambda: ScaleLegend(weight_ramp(), -1.5, 1.5, Zone(-2, 2, -1, 1), "weight"),
}  # fmt: skip


@pytest.mark.parametrize("name", MOBJECTS)
def test_painted_and_drawn_by_manim_look_the_same(picture: Picture, name: str) -> None:
    mobject = MOBJECTS[name]()
    painted, drawn = picture(mobject), picture(mobject, camera=MovingCamera)
    shown = np.abs(drawn[..., :3] - GROUND).max(axis=-1) > 8
    assert shown.sum() > 300, "the picture is empty"
    difference = np.abs(painted - drawn)[..., :3].max(axis=-1)
    assert difference[shown].mean() < 6
    # where cells of opposite signs meet within a pixel
    assert (difference > 64).sum() < 0.012 * shown.sum()


@pytest.mark.parametrize("name", MOBJECTS)
def test_fades_leave_nothing(picture: Picture, name: str) -> None:
    assert np.array_equal(picture(MOBJECTS[name]().set_opacity(0)), picture())


def pixel(pixels: np.ndarray, x: float, y: float) -> np.ndarray:
    return pixels[round(240 - 60 * y - 0.5), round(427 + 60 * x - 0.5), :3]


def expected_colour(weight: float, largest: float) -> np.ndarray:
    share = min(abs(weight) / largest, 1.0) ** SMALL_WEIGHTS
    hue = np.array(rgb(DARK.positive if weight > 0 else DARK.negative)) * 255
    return GROUND + share * (hue - GROUND)


def test_a_weight_has_the_colour_of_its_sign_and_size(picture: Picture) -> None:
    weight = weights()
    weight[5, 2] = 0.0
    grid = WeightGrid(weight_images(weight, (4, 4)), 2.0, PLACE)
    pixels = picture(grid)
    for unit, (left, right, bottom, top) in enumerate(grid.boxes):
        for k in range(16):
            row, column = divmod(k, 4)
            x, y = left + (right - left) * (column + 0.5) / 4, top - (top - bottom) * (row + 0.5) / 4
            # the ramp has about a thousand steps, and is steep about zero
            assert np.abs(pixel(pixels, x, y) - expected_colour(weight[k, unit], 2.0)).max() < 6


def test_a_matrix_has_a_row_for_each_neuron() -> None:
    weight = weights(units=3)
    matrix = weight_matrix(weight)
    assert matrix.shape == (1, 3, 16)
    assert matrix[0, 2, 5] == weight[5, 2]


def test_the_scale_has_the_colours_of_the_grid(picture: Picture) -> None:
    zone = Zone(-3, 3, -1, 1)
    scale = ScaleLegend(weight_ramp(), -2.0, 2.0, zone)
    pixels = picture(scale)
    for weight in (-1.9, -1.0, -0.3, 0.4, 1.2, 1.9):
        shown = pixel(pixels, weight / 2.0 * 3, zone.top - 0.1)
        assert np.abs(shown - expected_colour(weight, 2.0)).max() < 8


def test_an_image_is_as_bright_as_its_numbers(picture: Picture) -> None:
    image = rng().random((4, 4))
    panel = ImagePanel(image, Zone(-2, 2, -2, 2))
    pixels = picture(panel)
    for r in range(4):
        for c in range(4):
            share = pixel(pixels, c - 1.5, 1.5 - r) - GROUND
            assert share / (255 - GROUND) == pytest.approx(image[r, c], abs=0.01)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 10, 16, 32])
@pytest.mark.parametrize("aspect", [0.5, 1.0, 2.0])
def test_boxes_are_equal_apart_and_within_their_zone(count: int, aspect: float) -> None:
    zone = Zone(-5, 2, -2, 3)
    boxes = arranged(count, zone, aspect)
    left, right, bottom, top = boxes.T
    assert left.min() >= zone.left - 1e-9 and right.max() <= zone.right + 1e-9
    assert bottom.min() >= zone.bottom - 1e-9 and top.max() <= zone.top + 1e-9
    assert (right - left) / (top - bottom) == pytest.approx(np.full(count, aspect))
    assert np.ptp(top - bottom) < 1e-9
    for i in range(count):
        for j in range(i):
            apart = max(left[i] - right[j], left[j] - right[i], bottom[i] - top[j], bottom[j] - top[i])
            assert apart > 0


def test_a_curve_goes_through_the_losses(manim_settings: None) -> None:
    shown = curve()
    plot = shown.plot
    lines = shown.lines.points.reshape(2, -1, 3)
    for line, values in zip(lines, shown.losses.values(), strict=True):
        epochs = (line[:, 0] - plot.left) / plot.width * 40
        losses = (line[:, 1] - plot.bottom) / plot.height * shown.highest
        assert epochs == pytest.approx(np.arange(41.0))
        assert losses == pytest.approx(values)


@pytest.mark.parametrize("moment", [0.0, 3.0, 17.25, 40.0])
def test_a_curve_ends_at_the_moment(manim_settings: None, moment: float) -> None:
    shown = curve().set_moment(moment)
    ends = [np.interp(moment, np.arange(41.0), values) for values in shown.losses.values()]
    for dot, line, loss in zip(shown.dots.points, shown.lines.points.reshape(2, -1, 3), ends, strict=True):
        assert dot[:2] == pytest.approx(shown.place(moment, loss))
        assert line[:, 0].max() == pytest.approx(dot[0])
        assert line[-1] == pytest.approx(dot)


def test_a_curve_keeps_its_scale(manim_settings: None) -> None:
    early = curve().set_moment(1.0).place(5.0, 0.7)
    assert np.array_equal(early, curve().set_moment(39.0).place(5.0, 0.7))


@pytest.mark.parametrize("epochs", [1, 2])
def test_a_curve_of_few_epochs(picture: Picture, epochs: int) -> None:
    shown = LossCurve(np.arange(float(epochs)), {"training": np.full(epochs, 0.5)}, PLACE)
    assert np.isfinite(shown.points if len(shown.points) else shown.lines.points).all()
    assert (picture(shown) != picture()).any()


def test_bars_are_as_long_as_the_probabilities(manim_settings: None) -> None:
    values = np.array([0.0, 0.031, 0.249, 0.72])
    bars = ProbabilityBars(("cat", "dog", "a very long name that cannot be shown in full", "ant"), PLACE)
    bars.set_values(values).choose(3)
    corners = bars.bars.points.reshape(-1, 4, 3)
    assert corners[:, 1, 0] - corners[:, 0, 0] == pytest.approx(values * (bars.right - bars.left))
    assert [readout.text for readout in bars.readouts] == ["0%", "3%", "25%", "72%"]
    middle = bars.box.points[:4, 1].mean()
    assert middle == pytest.approx(bars.readouts[3].get_center()[1], abs=0.05)
    assert all(name.get_left()[0] >= PLACE.left and name.get_right()[0] <= bars.left for name in bars.names)


@pytest.mark.parametrize("count", [1, 2, 10, 20])
def test_bars_fit_their_zone(manim_settings: None, count: int) -> None:
    zone = Zone(-3, 1, -2.4, 2.7)
    bars = ProbabilityBars([str(k) for k in range(count)], zone)
    assert bars.get_left()[0] >= zone.left - 1e-6 and bars.get_right()[0] <= zone.right + 1e-6
    assert bars.get_bottom()[1] >= zone.bottom - 1e-6 and bars.get_top()[1] <= zone.top + 1e-6


def test_a_rectangle_covers_its_area(picture: Picture) -> None:
    # in pixels: 60 to a unit, the middle of the frame at (427, 240)
    white = np.ones((1, 3))
    ground = GROUND.round()
    box = np.array([[-10.25, 20.5, -5.75, 8.0]]) / 60
    pixels = picture(Rectangles(box, white))[..., :3].sum(axis=-1) - ground.sum()
    assert pixels.sum() / (765 - ground.sum()) == pytest.approx(30.75 * 13.75, rel=0.003)
    assert pixels[240, 427] == 765 - ground.sum() and pixels[240, 427 - 11] == pytest.approx(
        0.25 * pixels[240, 427], abs=3
    )
    turned = picture(Rectangles(box, white).rotate(0.3))[..., :3].sum(axis=-1) - ground.sum()
    assert turned.sum() == pytest.approx(pixels.sum(), rel=0.01)
    half = picture(Rectangles(box, np.array([[1.0, 1.0, 1.0, 0.5]]), opacity=0.5))
    assert half[240, 427, :3] == pytest.approx(GROUND * 0.75 + 255 * 0.25, abs=1)
    assert np.array_equal(picture(Rectangles(np.array([[np.nan, 1.0, 0.0, 1.0]]), white)), picture())
    assert np.array_equal(picture(Rectangles(box + [20, 20, 0, 0], white)), picture())


def test_of_a_matrix_any_rows_can_be_written_out(manim_settings: None) -> None:
    values = rng().normal(size=(20, 2))
    matrix = Matrix(values, PLACE, rows=[4, 5, 9], columns=[1])
    assert [[entry.text for entry in row] for row in matrix.entries] == [
        [f"{values[row, 1]:.2f}".replace("-", "−")] for row in (4, 5, 9)
    ]
    assert slots([4, 5, 9], 20) == ([1, 2, 4], [0, 3, 5]) and slots([0, 1, 2], 3) == ([0, 1, 2], [])
    assert slots([0, 1, 6], 7) == ([0, 1, 3], [2])
    heights = [row[0].get_center()[1] for row in matrix.entries]
    assert heights[1] - heights[2] == pytest.approx(2 * (heights[0] - heights[1]))


@pytest.mark.parametrize("shape", [(1, 1), (2, 3), (6, 4), (7, 4), (30, 100)])
def test_a_matrix_shows_its_numbers(manim_settings: None, shape: tuple[int, int]) -> None:
    values = rng().normal(size=shape)
    matrix = Matrix(values, PLACE)
    assert len(matrix.rows) == min(shape[0], 6) and len(matrix.columns) == min(shape[1], 4)
    assert matrix.rows[-1] == shape[0] - 1 and matrix.columns[-1] == shape[1] - 1
    for row, entries in zip(matrix.rows, matrix.entries, strict=True):
        for column, entry in zip(matrix.columns, entries, strict=True):
            assert entry.text == f"{round(values[row, column], 2) + 0.0:.2f}".replace("-", "−")
            assert entry.number_color == (DARK.positive if values[row, column] >= 0 else DARK.negative)
    matrix.set_values(-values)
    assert matrix.entries[0][0].text == f"{round(-values[0, 0], 2) + 0.0:.2f}".replace("-", "−")
    assert matrix.get_left()[0] >= PLACE.left and matrix.get_right()[0] <= PLACE.right
    assert matrix.get_bottom()[1] >= PLACE.bottom and matrix.get_top()[1] <= PLACE.top


def test_a_matrix_keeps_its_shape(manim_settings: None) -> None:
    with pytest.raises(ValueError, match=r"shape \(2, 2\) cannot take values of shape \(3, 2\)"):
        Matrix(np.zeros((2, 2)), PLACE).set_values(np.zeros((3, 2)))


def test_a_legend_has_its_colours_beside_the_names(picture: Picture) -> None:
    legend = Legend([(DARK.classes[0], "one"), (DARK.classes[1], "two")], (-2, 2))
    pixels = picture(legend)
    for (colour, _), name in zip(legend.entries, legend.names, strict=True):
        y = float(name.get_center()[1])
        assert np.abs(pixel(pixels, -1.9, y) - np.array(rgb(colour)) * 255).max() < 3
        assert name.get_left()[0] > -2 + 0.2


def test_a_text_is_made_to_fit(manim_settings: None) -> None:
    assert written("a text that is far too long", (0, 0), widest=1.0).width <= 1.0 + 1e-6
    assert written("edge", (SAFE.left, 0), (-1, 0)).get_left()[0] == pytest.approx(SAFE.left)


def test_a_probability_that_is_rounded_to_nothing_has_no_sign() -> None:
    bars = ProbabilityBars(["a", "b"], Zone(-2.0, 2.0, -1.0, 1.0))
    # a sigmoid of float32 may come out a rounding error below 0
    bars.set_values(np.array([-6e-8, 0.5]))
    assert [readout.text for readout in bars.readouts] == ["0%", "50%"]
