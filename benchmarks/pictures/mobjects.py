"""Each mobject of the kit against the straightforward manim version of the same picture, drawing only."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from manim import (
    DEGREES,
    Axes,
    Circle,
    Dot,
    Group,
    Line,
    ManimColor,
    Mobject,
    MovingCamera,
    Rectangle,
    ThreeDCamera,
    VGroup,
    VMobject,
    tempconfig,
)

from engine.analysis.isoline import Bounds
from engine.layers import Dense
from engine.network import Network
from scenes.mobjects.decision_field import decision_field
from scenes.mobjects.field import ValueField, ramp_between
from scenes.mobjects.image_panel import ImagePanel
from scenes.mobjects.loss_curve import LossCurve
from scenes.mobjects.matrix import Matrix
from scenes.mobjects.network_diagram import NetworkDiagram
from scenes.mobjects.point_cloud import PointCloud
from scenes.mobjects.polylines import Polylines
from scenes.mobjects.probability_bars import ProbabilityBars
from scenes.mobjects.surface import Surface
from scenes.mobjects.text import Label
from scenes.mobjects.weight_grid import WeightGrid
from scenes.painting.camera import PaintCamera, PaintThreeDCamera
from scenes.theme import DARK, Zone

WHOLE = Zone(-5.0, 5.0, -2.5, 2.5)


@dataclass(frozen=True)
class Pair:
    """One picture, painted and in the straightforward way.

    Attributes
    ----------
    name : str
    painted : Mobject
    plain : callable
        What a scene would draw for one frame: a Dot each, a Line each, a Square each. Pictures that change in every
        frame are made anew, as ``always_redraw`` does.
    goal : float
        How many times faster the painted one is to be.
    spatial : bool
        Whether the camera is turned.
    """

    name: str
    painted: Mobject
    plain: Callable[[], Mobject]
    goal: float
    spatial: bool = False


def still(mobject: Mobject) -> Callable[[], Mobject]:
    """A picture that is there already and is only drawn."""
    return lambda: mobject


def twist(points: np.ndarray, amount: float) -> np.ndarray:
    """Turn points (..., 2) the more the farther out they are."""
    angle = amount * np.hypot(points[..., 0], points[..., 1])
    x, y = np.cos(angle), np.sin(angle)
    return np.stack([x * points[..., 0] - y * points[..., 1], y * points[..., 0] + x * points[..., 1]], axis=-1)


def grid_lines(count: int = 20, samples: int = 121) -> np.ndarray:
    """`count` upright and `count` level lines over a square, float64 (2 * count, samples, 2)."""
    across, along = np.linspace(-2.5, 2.5, count), np.linspace(-2.5, 2.5, samples)
    upright = np.stack(np.broadcast_arrays(across[:, None], along[None, :]), axis=-1)
    return np.concatenate([upright, upright[..., ::-1]])


def data_points(count: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """Points (count, 2) of two classes and their colours."""
    rng = np.random.default_rng(0)
    return rng.uniform(-2.5, 2.5, (count, 2)), DARK.class_colours(rng.integers(0, 2, count))


def points_and_grid() -> Pair:
    points, colours = data_points()
    lines = twist(grid_lines(), 0.4)
    dots = [Dot([*p, 0], 0.05, color=ManimColor.from_rgb(c)) for p, c in zip(points, colours, strict=True)]
    strokes = [
        VMobject(stroke_width=2, stroke_color=DARK.faint).set_points_as_corners(np.pad(line, ((0, 0), (0, 1))))
        for line in lines
    ]
    painted = Group(Polylines(lines, DARK.faint, width=2), PointCloud(points, colours, radius=0.05))
    return Pair("1000 points and a grid of 40 lines", painted, still(VGroup(*strokes, *dots)), 8)


def value_field() -> Pair:
    y, x = np.meshgrid(np.linspace(-1, 1, 200), np.linspace(-1, 1, 200), indexing="ij")
    ramp = ramp_between([(0, DARK.classes[0], 1), (1, DARK.classes[1], 1)])
    values = ValueField(np.sin(3 * x) * y, Zone(-2.5, 2.5, -2.5, 2.5), ramp, -1, 1, smooth=False)
    return Pair("a field of 200 x 200 values", values, still(values.as_vectors()), 100)


def class_field() -> Pair:
    network = Network([Dense(16, "tanh"), Dense(4, "softmax")], (2,), seed=1)
    field = decision_field(network, Bounds(-2, 2, -2, 2), Zone(-2.5, 2.5, -2.5, 2.5), resolution=100)
    return Pair("a decision field of 100 x 100, four classes", field, still(field.as_vectors()), 100)


def weight_grid() -> Pair:
    weights = np.random.default_rng(0).normal(size=(32, 28, 28))
    grid = WeightGrid(weights, 3.0, WHOLE)
    return Pair("32 weight images of 28 x 28", grid, still(plain_of(grid)), 100)


def image_panel() -> Pair:
    panel = ImagePanel(np.random.default_rng(0).random((28, 28)), WHOLE)
    return Pair("an image of 28 x 28", panel, still(plain_of(panel)), 20)


def diagram() -> Pair:
    network = Network([Dense(20, "tanh"), Dense(20, "tanh")], (20,), seed=1)
    painted = NetworkDiagram(network, WHOLE, most=20, names="none").set_network(network)
    edges, ends = painted.edges, painted.edges.points.reshape(-1, 2, 3)
    assert len(ends) == 800 and edges.colours is not None
    lines = [
        Line(a, b, stroke_width=width, color=ManimColor.from_rgb(colour[:3]), stroke_opacity=colour[3])
        for (a, b), width, colour in zip(ends, edges.widths, edges.colours, strict=True)
    ]
    neurons = [
        Circle(painted.radius, color=DARK.muted, fill_color=DARK.background, fill_opacity=1).move_to([*place, 0])
        for place in np.concatenate(painted.places)
    ]
    return Pair("a diagram of 800 edges", painted, still(VGroup(*lines, *neurons)), 4)


def surface() -> Pair:
    x, y = np.meshgrid(np.linspace(-3, 3, 41), np.linspace(-3, 3, 41))
    painted = Surface(0.2 * (x * x + y * y) - np.exp(-((x - 1) ** 2)), ((-3, 3), (-3, 3)))
    return Pair("a surface of 40 x 40 facets, the camera turning", painted, still(painted.as_vectors()), 12, True)


def loss_curve() -> Pair:
    epochs = np.arange(3000.0)
    losses = 1 / (1 + epochs / 100) + 0.02 * np.random.default_rng(0).random(3000)
    painted = LossCurve(epochs, {"training": losses}, WHOLE).set_moment(2999.0)

    def redrawn() -> Mobject:
        axes = Axes((0, 3000), (0, 1), x_length=9, y_length=4.5)
        line = axes.plot_line_graph(epochs, losses, add_vertex_dots=False)
        return VGroup(axes, line, Label("loss on training data"))

    return Pair("a curve of 3000 epochs that grows", painted, redrawn, 4)


def probability_bars() -> Pair:
    shares = np.random.default_rng(0).dirichlet(np.ones(10))
    painted = ProbabilityBars([str(k) for k in range(10)], WHOLE).set_values(shares)

    def redrawn() -> Mobject:
        rows = [
            VGroup(Label(str(k)), Rectangle(width=5 * share + 0.01, height=0.25, fill_opacity=1), Label(f"{share:.0%}"))
            for k, share in enumerate(shares)
        ]
        return VGroup(*rows)

    return Pair("ten probabilities that change", painted, redrawn, 4)


def matrix() -> Pair:
    values = np.random.default_rng(0).normal(size=(6, 6))
    return Pair(
        "a matrix of 36 numbers that change",
        Matrix(values, WHOLE),
        lambda: VGroup(*(Label(f"{value:.2f}") for value in values.ravel())),
        4,
    )


PAIRS = (
    points_and_grid,
    value_field,
    class_field,
    weight_grid,
    image_panel,
    diagram,
    surface,
    loss_curve,
    probability_bars,
    matrix,
)


def plain_of(mobject: Mobject) -> Mobject:
    """The vectors of all painted parts: a square for each value, a line for each line."""
    return Group(*(member.as_vectors() for member in mobject.get_family() if hasattr(member, "as_vectors")))


def drawing_times(pair: Pair, rounds: int) -> tuple[float, float]:
    """Milliseconds that one frame takes at 720p, painted and plain: medians."""
    painted, plain = [], []
    cameras = (PaintThreeDCamera(), ThreeDCamera()) if pair.spatial else (PaintCamera(), MovingCamera())
    cameras[0].capture_mobjects([pair.painted])
    for k in range(rounds):
        for camera, taken in zip(cameras, (painted, plain), strict=True):
            if pair.spatial:
                camera.set_phi(60 * DEGREES)
                camera.set_theta((k - 60) * DEGREES)
            camera.reset()
            begin = time.perf_counter()
            camera.capture_mobjects([pair.painted if camera is cameras[0] else pair.plain()])
            taken.append((time.perf_counter() - begin) * 1e3)
    return statistics.median(painted), statistics.median(plain)


def report(rounds: int) -> None:
    """Print a table of ratios."""
    print("| drawing at 720p, ms a frame | painted | plain manim | ratio | goal |")
    print("|---|---|---|---|---|")
    settings = {"pixel_width": 1280, "pixel_height": 720, "frame_height": 8.0, "frame_width": 128 / 9}
    with tempconfig({**settings, "background_color": DARK.background, "verbosity": "ERROR"}):
        for make in PAIRS:
            pair = make()
            painted, plain = drawing_times(pair, rounds)
            print(
                f"| {pair.name} | {painted:.2f} | {plain:.1f} | {plain / painted:.0f}x | {pair.goal:g}x |", flush=True
            )
