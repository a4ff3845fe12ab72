"""Diagrams of networks: what is drawn, and how bright and how strong, against the engine's own numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from manim import MovingCamera

from engine.errors import ConfigurationError
from engine.layers import (
    GRU,
    LSTM,
    Activation,
    AvgPool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool2D,
    Reshape,
    Residual,
    SimpleRNN,
    UpSample2D,
)
from engine.network import Network
from scenes.animations.focusing import GROWTH, FocusNeuron, UnfocusNeuron
from scenes.animations.propagating import PropagateActivations, PropagateGradients
from scenes.mobjects.network_diagram import NetworkDiagram, liveliest
from scenes.mobjects.writing import number_text
from scenes.theme import DARK, SAFE, Zone, rgb

Picture = Callable[..., np.ndarray]
ZONE = Zone(-6, 6, -2.4, 2.8)
GROUND = np.array(rgb(DARK.background))

pytestmark = pytest.mark.usefixtures("manim_settings")


def made(layers: list[Any], shape: tuple[int, ...], **settings: Any) -> NetworkDiagram:
    network = Network(layers, shape, seed=3)
    for name, value in network.weights.items():
        if name.endswith("bias"):
            value[...] = np.random.default_rng(1).normal(0, 0.1, value.shape)
    return NetworkDiagram(network, ZONE, **settings)


def conv_net(**settings: Any) -> NetworkDiagram:
    layers = [Reshape((8, 8, 1)), Conv2D(3, 3, padding="same", activation="relu"), MaxPool2D(2),
              Conv2D(10, 2, activation="tanh"), Flatten(), Dense(4, "softmax")]  # fmt: skip
    return made(layers, (64,), **settings)


def example(diagram: NetworkDiagram, seed: int = 0) -> np.ndarray:
    assert diagram.network is not None
    return np.random.default_rng(seed).random(diagram.network.input_shape).astype(np.float32)


def shares(diagram: NetworkDiagram, colour: str = DARK.activation) -> np.ndarray:
    """How bright the drawn neurons are, 0 to 1, towards a colour."""
    assert diagram.cores.colours is not None
    way = np.array(rgb(colour)) - GROUND
    return np.asarray((diagram.cores.colours[:, :3] - GROUND) @ way / (way @ way))


def of_link(diagram: NetworkDiagram, k: int) -> slice:
    return slice(sum(diagram.sizes[:k]), sum(diagram.sizes[: k + 1]))


CASES: dict[str, tuple[list[Any], tuple[int, ...], list[tuple[str, int]]]] = {
    "dense": ([Dense(20, "relu"), Dense(3)], (5,), [("input", 5), ("dense", 20), ("dense", 3)]),
    "image": (
        [Conv2D(4, 3), AvgPool2D(2), UpSample2D(2), Flatten(), Dense(2)], (6, 6, 2),
        [("image", 2), ("convolution", 4), ("mean pooling", 4), ("upsampling", 4), ("flatten", 64), ("dense", 2)],
    ),
    "rows as an image": (
        [Reshape((4, 4, 1)), Conv2D(2, 3), Flatten(), Dense(2)], (16,),
        [("image", 1), ("convolution", 2), ("flatten", 8), ("dense", 2)],
    ),
    "a picture made": (
        [Dense(32), Reshape((4, 4, 2)), Conv2D(1, 3)], (2,),
        [("input", 2), ("dense", 32), ("reshape", 2), ("convolution", 1)],
    ),
    "recurrent": (
        [LSTM(3, return_sequences=True), GRU(4), Dense(1)], (9, 2),
        [("input", 2), ("LSTM", 3), ("GRU", 4), ("dense", 1)],
    ),
    "every step": ([SimpleRNN(3, return_sequences=True), Flatten(), Dense(1)], (5, 2),
                   [("input", 2), ("recurrent", 3), ("flatten", 15), ("dense", 1)]),
    "marks": ([Dropout(0.2), Dense(4), BatchNorm(), Activation("relu"), Dense(2)], (3,),
              [("input", 3), ("dense", 4), ("dense", 2)]),
    "one neuron": ([Dense(1)], (1,), [("input", 1), ("dense", 1)]),
    "a 1x1 image": ([Conv2D(1, 1), Flatten(), Dense(1)], (1, 1, 1),
                    [("image", 1), ("convolution", 1), ("flatten", 1), ("dense", 1)]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_every_layer_is_there_and_in_its_zone(name: str) -> None:
    layers, shape, expected = CASES[name]
    diagram = made(layers, shape)
    assert [(column.title, column.count) for column in diagram.plan.columns] == expected
    for left, right, bottom, top in diagram.layout.extents:
        assert ZONE.left - 1e-9 <= left <= right <= ZONE.right + 1e-9
        assert ZONE.bottom - 1e-9 <= bottom <= top <= ZONE.top + 1e-9
    assert diagram.layout.extents[0][0] == pytest.approx(ZONE.left)
    assert diagram.layout.extents[-1][1] == pytest.approx(ZONE.right)
    given = example(diagram)
    for reached in (0.0, 0.7, 99.0):
        diagram.show(diagram.signals(given), reached)
    assert np.isfinite(np.array(diagram.edges.colours)).all()


def test_large_layers_show_both_ends_and_dots() -> None:
    diagram = NetworkDiagram([300, 17, 16], ZONE)
    assert diagram.shown == [[*range(8), *range(292, 300)], [*range(8), *range(9, 17)], list(range(16))]
    assert len(diagram.layout.dots) == 6
    heights = diagram.places[0][:, 1]
    assert (np.diff(heights) < 0).all()
    hole = heights[7] - heights[8]
    assert hole == pytest.approx(2 * diagram.gaps[0]) and heights[0] - heights[1] == pytest.approx(diagram.gaps[0])
    assert diagram.layout.dots[1] == pytest.approx([diagram.places[0][0, 0], (heights[7] + heights[8]) / 2])


def test_names_say_what_is_drawn() -> None:
    from scenes.mobjects.diagram_names import lines_of

    diagram = made([Dropout(0.25), Dense(40)], (3,))
    texts = [lines_of(column, noun) for column, noun in zip(diagram.plan.columns, ("input", "neuron"), strict=True)]
    assert texts == [["input", "3 inputs", "dropout 25%"], ["dense", "16 of 40 neurons"]]
    images = [lines_of(column, "neuron")[1] for column in conv_net().plan.columns]
    assert images == ["8×8", "3 × 8×8", "3 × 4×4", "8 of 10 × 3×3", "16 of 90 neurons", "4 neurons"]
    shorter = [[lines_of(column, "neuron", brevity)[1] for column in conv_net().plan.columns] for brevity in (1, 2)]
    assert shorter[0] == ["8×8", "3 × 8×8", "3 × 4×4", "10 × 3×3", "90", "4"]
    assert shorter[1] == ["8×8", "3 maps", "3 maps", "10 maps", "90", "4"]
    # three lines under the input, two under the other
    assert len(diagram.names) == 5
    for name in diagram.names:
        assert SAFE.left <= name.points[:, 0].min() and name.points[:, 0].max() <= SAFE.right


def test_a_connection_has_the_colour_and_strength_of_its_weight() -> None:
    diagram = made([Dense(4, "tanh"), Dense(3)], (5,))
    assert diagram.network is not None and diagram.edges.colours is not None
    for k in range(2):
        weight = diagram.network.weights[f"{k}.weight"]
        colours, widths = diagram.edges.colours[of_link(diagram, k)], diagram.edges.widths[of_link(diagram, k)]
        top = np.abs(weight).max()
        for edge, (i, j) in enumerate(diagram.plan.links[k].pairs):
            hue = DARK.positive if weight[i, j] >= 0 else DARK.negative
            assert colours[edge, :3] == pytest.approx(rgb(hue))
            assert colours[edge, 3] == pytest.approx(np.sqrt(abs(weight[i, j]) / top), abs=1e-6)
            assert diagram.ends[of_link(diagram, k)][edge] == pytest.approx(
                np.array([diagram.places[k][i], diagram.places[k + 1][j]])
            )
        assert np.argmax(widths) == np.abs(weight).argmax()


def test_the_scale_stays_while_weights_change() -> None:
    diagram = NetworkDiagram([2, 2], ZONE).set_weights([np.array([[1.0, -2.0], [0.5, 0.0]])])
    diagram.set_weights([np.array([[0.5, 0.5], [0.5, 0.5]])])
    assert diagram.edges.colours is not None
    np.testing.assert_allclose(diagram.edges.colours[:, 3], np.sqrt(0.25))
    with pytest.raises(ConfigurationError, match=r"link 0 takes weights of the shape \(2, 2\), not \(2, 3\)"):
        diagram.set_weights([np.zeros((2, 3))])


def test_of_kernels_and_gates_the_right_weights_are_drawn() -> None:
    diagram = conv_net()
    assert diagram.network is not None and diagram.edges.colours is not None
    kernels = diagram.network.weights["3.weight"].sum(axis=(0, 1))
    drawn = kernels[:, diagram.shown[3]].ravel()
    strength = diagram.edges.colours[of_link(diagram, 2), 3]
    np.testing.assert_allclose(strength, np.sqrt(np.abs(drawn) / np.abs(drawn).max()), rtol=1e-5)
    recurrent = made([LSTM(3), Dense(1)], (4, 2))
    assert recurrent.network is not None and recurrent.edges.colours is not None
    candidate = recurrent.network.weights["0.weight"][:, 6:9].ravel()
    expected = np.sqrt(np.abs(candidate) / np.abs(candidate).max())
    np.testing.assert_allclose(recurrent.edges.colours[of_link(recurrent, 0), 3], expected, rtol=1e-5)
    assert len(recurrent.loops.widths) == 2 * 3  # a line and the head of its arrow


def test_maps_and_neurons_are_as_bright_as_they_are_active() -> None:
    diagram = conv_net(x=np.random.default_rng(1).random((6, 64), dtype=np.float32))
    given = example(diagram)
    diagram.show(diagram.signals(given), 99.0)
    assert diagram.network is not None and diagram.ranges is not None
    values = diagram.network.activations(given[None])
    low, high = diagram.ranges[1]
    assert low == 0.0 and high > 0
    expected = np.clip(values[1][0] / high, 0, 1).transpose(2, 0, 1)
    np.testing.assert_allclose(diagram.images[1].values, expected, atol=1e-6)
    np.testing.assert_allclose(
        diagram.images[0].values[0], np.clip(given.reshape(8, 8) / diagram.ranges[0][1], 0, 1), rtol=1e-6
    )
    # tanh lies between -1 and 1
    np.testing.assert_allclose(
        diagram.images[3].values, (values[3][0] + 1).transpose(2, 0, 1)[diagram.shown[3]] / 2, atol=1e-6
    )
    np.testing.assert_allclose(shares(diagram)[-4:], values[-1][0], atol=1e-6)


def test_what_connections_of_a_convolution_pass_on_adds_up() -> None:
    layers = [Conv2D(2, 3, padding="same"), Conv2D(4, 3, padding="same", activation="relu"), Flatten(), Dense(2)]
    diagram = made(layers, (5, 5, 3))
    given = example(diagram)
    signals, network = diagram.signals(given), diagram.network
    assert network is not None
    before = network.pre_activations(given[None])
    for k in (0, 1):
        added = signals.passed[k].reshape(-1, len(diagram.shown[k + 1])).sum(axis=0)
        expected = before[k][0].mean(axis=(0, 1)) - network.weights[f"{k}.bias"]
        np.testing.assert_allclose(added, expected, atol=1e-5)


def test_handed_on_values_come_from_their_own_map() -> None:
    diagram = conv_net()
    signals, k = diagram.signals(example(diagram)), 3
    link = diagram.plan.links[k]
    assert link.kind == "reshape" and len(link.pairs) == 16
    for edge, (m, neuron) in enumerate(link.pairs):
        number = diagram.shown[4][neuron]
        pixel, channel = divmod(number, 10)
        assert diagram.shown[3][m] == channel
        assert signals.passed[k][edge] == pytest.approx(signals.values[3][pixel // 3, pixel % 3, channel])
        _, right, bottom, top = diagram.layout.boxes[3][m]
        start = diagram.ends[of_link(diagram, k)][edge, 0]
        assert start == pytest.approx([right, top - (top - bottom) * (pixel // 3 + 0.5) / 3])


def test_inside_residual_blocks_there_are_real_values() -> None:
    block = Residual([Dense(4, "tanh"), Dense(4)], activation="tanh")
    diagram = made([Dense(4, "tanh"), block, Dense(2)], (3,))
    assert diagram.plan.arcs == [(1, 3)] and len(diagram.arcs.widths) == 2
    given = example(diagram)
    values, network = diagram.signals(given).values, diagram.network
    assert network is not None
    activations = network.activations(given[None])
    np.testing.assert_allclose(values[3], activations[1][0], atol=1e-6)
    inner = np.tanh(values[1] @ network.weights["1.0.weight"] + network.weights["1.0.bias"])
    np.testing.assert_allclose(values[2], inner, atol=1e-5)


def test_gradients_go_back_from_the_right() -> None:
    diagram = made([Dense(4, "tanh"), Dense(3, "softmax")], (5,))
    given, network = example(diagram), diagram.network
    assert network is not None
    gradients = diagram.gradients(given, 2, "categorical_crossentropy")
    _, flat = network.gradient(given[None], np.array([2]), "categorical_crossentropy")
    expected = {slot.name: flat[slot.start : slot.stop].reshape(slot.shape) for slot in network.layout}
    for k in (0, 1):
        np.testing.assert_allclose(gradients.passed[k], expected[f"{k}.weight"].ravel(), atol=1e-6)
        # of one example, the gradient by a bias is that by the neuron's sum
        np.testing.assert_allclose(gradients.values[k + 1], expected[f"{k}.bias"], atol=1e-6)
    animation = PropagateGradients(diagram, gradients, diagram.signals(given))
    animation.interpolate(0.0)
    assert not diagram.look.glowing.any() and not diagram.pulses.widths.any()
    animation.interpolate(1 / 3)
    assert diagram.look.glowing.tolist() == [0, 0, 1]
    heads = []
    for share in np.linspace(0.36, 0.64, 7):
        animation.interpolate(share)
        assert diagram.pulses.widths[of_link(diagram, 1)].any() and not diagram.pulses.widths[of_link(diagram, 0)].any()
        heads.append(diagram.pulses.points[2 * diagram.sizes[0] + 1, 0])
    assert (np.diff(heads) <= 1e-9).all() and heads[-1] < heads[0] - 3
    animation.interpolate(1.0)
    assert diagram.look.glowing.tolist() == [1, 1, 1] and diagram.edges.colours is not None
    delta = np.abs(expected["0.bias"])
    np.testing.assert_allclose(shares(diagram, DARK.highlight)[5:9], delta / delta.max(), atol=1e-5)
    size = np.abs(expected["1.weight"].ravel())
    colours = diagram.edges.colours[of_link(diagram, 1)]
    np.testing.assert_allclose((colours[:, 3] / colours[:, 3].max()) ** 2, size / size.max(), atol=1e-5)
    np.testing.assert_allclose(colours[:, :3], np.tile(rgb(DARK.highlight), (12, 1)))


def test_gradients_of_images_and_on_one_scale() -> None:
    diagram = conv_net()
    given = example(diagram)
    own, common = (diagram.gradients(given, 1, "categorical_crossentropy", common) for common in (False, True))
    assert [float(bright.max()) for bright in own.bright[:3]] == pytest.approx([1, 1, 1])
    largest = max(float(np.abs(values).max()) for values in common.values)
    np.testing.assert_allclose(common.bright[0][0], np.abs(common.values[0][..., 0]) / largest, rtol=1e-6)
    diagram.show_gradients(own, 99.0)
    np.testing.assert_allclose(diagram.glows[1].values, own.bright[1], rtol=1e-6)
    assert (diagram.glows[1].strengths == 1).all()
    diagram.rest()
    assert not diagram.glows[1].strengths.any() and not diagram.images[1].values.any()


def test_pixels_that_are_neurons_stand_as_an_image() -> None:
    diagram = made([Dense(3), Dense(16, "sigmoid")], (16,), image_shape=(4, 4), inputs=[5, 6])
    given = example(diagram)
    diagram.show(diagram.signals(given), 99.0)
    assert diagram.network is not None
    assert [column.kind for column in diagram.plan.columns] == ["pixels", "neurons", "pixels"]
    np.testing.assert_allclose(diagram.images[2].values[0].ravel(), diagram.network.predict(given[None])[0], atol=1e-6)
    left, right, bottom, top = diagram.layout.boxes[0][0]
    assert diagram.places[0][0] == pytest.approx([left + (right - left) * 1.5 / 4, top - (top - bottom) * 1.5 / 4])
    assert diagram.sizes == [2 * 3, 3 * 2]


def test_focus_dims_the_rest_and_lets_go_again() -> None:
    diagram = made([Dense(4, "tanh"), Dense(3)], (5,))
    signals = diagram.signals(example(diagram))
    diagram.show(signals, 99.0)
    assert diagram.edges.colours is not None
    before = np.array(diagram.edges.colours)
    focus = FocusNeuron(diagram, 1, 2, signals)
    focus.interpolate(1.0)
    into = diagram.incoming(1, 2)
    assert diagram.plan.links[0].pairs[into].tolist() == [[i, 2] for i in range(5)]
    others = np.setdiff1d(np.arange(len(before)), into)
    np.testing.assert_allclose(diagram.edges.colours[into, 3], before[into, 3])
    assert (diagram.edges.colours[others, 3] <= 0.1).all()
    assert diagram.rings.radius[5 + 2] == pytest.approx(GROWTH * diagram.radius)
    UnfocusNeuron(focus).interpolate(1.0)
    np.testing.assert_allclose(diagram.edges.colours, before)
    np.testing.assert_allclose(diagram.rings.radius, diagram.radius)
    with pytest.raises(ConfigurationError, match="there is no neuron 9 drawn in column 1"):
        diagram.focus_neuron(1, 9)


def test_a_neurons_numbers_are_the_networks() -> None:
    diagram = made([Dense(4, "tanh"), Dense(3)], (5,))
    given = example(diagram)
    numbers = FocusNeuron(diagram, 2, 1, diagram.signals(given)).numbers
    assert numbers is not None and diagram.network is not None
    hidden, output = diagram.network.activations(given[None])
    np.testing.assert_allclose(numbers.activations, hidden[0], atol=1e-6)
    np.testing.assert_allclose(numbers.weights, diagram.network.weights["1.weight"][:, 1])
    assert numbers.result == pytest.approx(output[0, 1], abs=1e-6)
    written = [label.shared.mobject for label in numbers.labels]
    texts = [getattr(part, "text", "") for mobject in written for part in mobject.get_family() if hasattr(part, "text")]
    expected = [number_text(float(v)) for v in hidden[0]]
    assert [text for text in texts if "×" not in text] == [*expected, number_text(float(output[0, 1]))]
    # each of these is there twice: it has a halo
    assert [text.removeprefix("× ") for text in texts if "×" in text][::2] == [
        number_text(float(w)) for w in diagram.network.weights["1.weight"][:, 1]
    ]


def test_activations_come_column_by_column() -> None:
    diagram = made([Dense(4, "relu"), Dense(3), Dense(2)], (5,))
    signals = diagram.signals(example(diagram))
    animation = PropagateActivations(diagram, signals, start=1, end=2)
    assert animation.run_time == 1.0
    animation.interpolate(0.0)
    assert not diagram.look.bright[2].any() and diagram.look.bright[0].any()
    animation.interpolate(1.0)
    np.testing.assert_array_equal(diagram.look.bright[2], signals.bright[2])
    assert not diagram.look.bright[3].any()


@pytest.mark.parametrize("name", ["convolution", "recurrent", "residual"])
def test_painted_and_drawn_by_manim_look_the_same(picture: Picture, name: str) -> None:
    if name == "convolution":
        diagram = conv_net()
    elif name == "recurrent":
        diagram = made([LSTM(4), Dense(2)], (6, 3))
    else:
        diagram = made([Dense(4), Residual([Dense(4, "tanh"), Dropout(0.5)]), Dense(2)], (3,))
    diagram.show(diagram.signals(example(diagram)), 1.6)
    painted, drawn = picture(diagram), picture(diagram, camera=MovingCamera)
    shown = np.abs(drawn[..., :3] - GROUND * 255).max(axis=-1) > 8
    assert shown.sum() > 3000
    difference = np.abs(painted - drawn)[..., :3].max(axis=-1)
    assert difference[shown].mean() < 6
    assert np.array_equal(picture(diagram.set_opacity(0)), picture())


def test_a_network_that_blew_up_is_drawn(picture: Picture) -> None:
    diagram = made([Dense(4, "relu"), Dense(2)], (3,))
    assert diagram.network is not None
    diagram.network.weights["0.weight"][0, 0] = np.nan
    diagram.network.weights["1.weight"][0, 0] = np.inf
    diagram.set_network(diagram.network)
    diagram.show(diagram.signals(np.ones(3, np.float32)), 99.0)
    assert np.isfinite(np.array(diagram.edges.colours)).all() and np.isfinite(np.array(diagram.cores.colours)).all()
    assert diagram.edges.colours is not None and diagram.edges.colours[0, 3] == 0
    assert (picture(diagram)[..., :3].max(axis=-1) > 60).sum() > 300


def test_what_cannot_be_drawn_is_said() -> None:
    with pytest.raises(ConfigurationError, match="names='some' must be"):
        NetworkDiagram([2, 1], ZONE, names="some")
    with pytest.raises(ConfigurationError, match=r"widths=\[3\] must hold"):
        NetworkDiagram([3], ZONE)
    with pytest.raises(ConfigurationError, match="has no values: make it from a network"):
        NetworkDiagram([2, 1], ZONE).signals(np.zeros(2))
    diagram = conv_net()
    with pytest.raises(ConfigurationError, match="column 1 and the one before it must be of neurons"):
        FocusNeuron(diagram, 1, 0, diagram.signals(example(diagram)))
    deep = made([Dense(2)] * 12, (2,))
    with pytest.raises(ConfigurationError, match="column 3 is too close to the one before it"):
        FocusNeuron(deep, 3, 0, deep.signals(example(deep)))


def test_the_liveliest_inputs_can_be_drawn() -> None:
    x = np.random.default_rng(0).random((20, 40)) * np.arange(40)
    diagram = made([Dense(2)], (40,), inputs=liveliest(x))
    assert diagram.shown[0] == liveliest(x)
