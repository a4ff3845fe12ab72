"""Scene `parameters`: the sums are those of the network, and the eye is led to the layer that is counted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine import Network
from engine.layers import LSTM, BatchNorm, Conv2D, Dense, Flatten, Layer, Residual
from engine.recording import Recording
from scenes.parameters import MOST_ROWS, Parameters, Row, elided, parameter_rows
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk


def test_the_classic_has_13002() -> None:
    network = Network([Dense(16), Dense(16), Dense(10)], (784,))
    assert parameter_rows(network) == [
        Row("0", "784 × 16 + 16", 12_560),
        Row("1", "16 × 16 + 16", 272),
        Row("2", "16 × 10 + 10", 170),
    ]


@pytest.mark.parametrize(
    ("layers", "shape", "fixed"),
    [
        ([Conv2D(4, 3), Flatten(), Dense(2)], (6, 6, 2), 0),
        ([LSTM(5), Dense(2)], (7, 3), 0),
        ([Residual([Dense(4), Dense(3)]), BatchNorm(), Dense(2)], (3,), 6),
        ([Dense(4), Dense(4, trainable=False), Dense(2)], (3,), 20),
    ],
)
def test_rows_add_up_to_what_is_learned(layers: list[Layer], shape: tuple[int, ...], fixed: int) -> None:
    network = Network(layers, shape)
    rows = parameter_rows(network)
    assert sum(row.size for row in rows) == network.parameter_count - fixed
    for row in rows:
        assert eval(row.terms.replace("×", "*").replace(",", "")) == row.size


def test_many_rows_are_elided_and_still_add_up() -> None:
    rows = [Row(str(k), "1", k) for k in range(30)]
    shown = elided(rows)
    assert len(shown) == MOST_ROWS and sum(row.size for row in shown) == sum(range(30))
    assert shown[:4] == rows[:4] and shown[-3:] == rows[-3:]
    assert elided(rows[:MOST_ROWS]) == rows[:MOST_ROWS]


def test_the_scene_says_the_sum(small_run: SmallRun) -> None:
    recording = small_run("mnist-16")
    (scene,) = walk(Parameters, recording)
    assert isinstance(scene, Parameters)
    count = recording.network().parameter_count
    assert f"{count:,} numbers." in [cue.text for cue in scene.cues]
    assert f"for {count:,} numbers" in scene.cues[-1].text
    assert [scene.link_of(row.layer) for row in scene.rows] == [0, 1, 2]


@pytest.mark.parametrize("depth", [1, 12])
def test_other_networks(tmp_path: Path, depth: int) -> None:
    network = Network([Dense(3, "tanh") for _ in range(depth)] + [Dense(1, "sigmoid")], (2,))
    x = np.random.default_rng(0).random((8, 2), dtype=np.float32)
    network.fit(x, np.arange(8) % 2, loss="binary_crossentropy", epochs=1, record=tmp_path / "run")
    walk(Parameters, Recording(tmp_path / "run"))


def test_the_weights_of_an_epoch_can_be_asked_for(small_run: SmallRun) -> None:
    recording = small_run("mnist-16")
    for epochs, shown in (((None, 0), 0), (None, recording.epochs[-1])):
        (scene,) = walk(Parameters, recording, {"epochs": epochs})
        assert isinstance(scene, Parameters) and scene.diagram.network is not None
        assert np.array_equal(scene.diagram.network.parameters, recording.parameters(shown))
