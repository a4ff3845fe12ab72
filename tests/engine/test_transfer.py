"""Weights taken over from a recorded network, and layers that keep them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.errors import ConfigurationError, RecordingError
from engine.experiment import Experiment, load_experiment
from engine.layers import BatchNorm, Dense, Layer
from engine.network import Network
from engine.recording import Recording
from engine.run import resume, run_experiment
from engine.transfer import take_weights

SOURCE = """
name = "source"
seed = 1
[dataset]
name = "blobs"
n = 60
[network]
layers = [{type = "dense", units = 3, activation = "tanh"}, {type = "batch_norm"}]
[training]
epochs = 3
"""
OTHER = SOURCE.replace('"source"', '"other"').replace("seed = 1", "seed = 2").replace("n = 60", "n = 60\nclasses = 5")


@pytest.fixture
def source(tmp_path: Path) -> Recording:
    return run_experiment(Experiment.from_toml(SOURCE), tmp_path / "source")


def network(*layers: Layer) -> Network:
    return Network(layers, (2,), seed=5)


def test_layers_of_one_shape_take_the_weights_and_others_begin_anew(source: Recording) -> None:
    made = network(Dense(3, "relu"), BatchNorm(), Dense(5, "softmax"))
    drawn = made.weights["2.weight"].copy()
    assert take_weights(made, source) == ["layer 2 (Dense) begins anew: its weight is 3×5, and 3×4 there"]
    for name, values in source.network().weights.items():
        if not name.startswith("2."):
            np.testing.assert_array_equal(made.weights[name], values)
    np.testing.assert_array_equal(made.weights["2.weight"], drawn)
    assert take_weights(network(Dense(3), BatchNorm(), Dense(4), Dense(2)), source) == [
        "layer 3 (Dense) begins anew: there is no weight in that layer there"
    ]


def test_nothing_that_fits_is_a_mistake(source: Recording) -> None:
    with pytest.raises(ConfigurationError) as error:
        take_weights(network(Dense(7), Dense(7)), source)
    expected = f"no layer of the network can take weights from {source.path}: its weight is 2×7, and 2×3 there"
    assert str(error.value) == expected
    with pytest.raises(ConfigurationError) as error:
        take_weights(network(Dense(3), BatchNorm(), Dense(5, trainable=False)), source)
    expected = f"layer 2 (Dense) is frozen and can take no weights from {source.path}: its weight is 3×5, and 3×4 there"
    assert str(error.value) == expected


def test_the_best_epoch_is_taken_where_training_took_it_back(tmp_path: Path) -> None:
    text = SOURCE.replace("epochs = 3", 'epochs = 50\nearly_stopping = {monitor = "loss", patience = 2, min_delta = 9}')
    run = run_experiment(Experiment.from_toml(text), tmp_path / "stopped")
    assert run.best_epoch == 0 and run.final_epoch == 0 and run.epochs[-1] == 2
    made = network(Dense(3, "tanh"), BatchNorm(), Dense(4, "softmax"))
    take_weights(made, run)
    np.testing.assert_array_equal(made.parameters, run.parameters(0))


def test_features_are_used_again(source: Recording, tmp_path: Path) -> None:
    said: list[str] = []
    experiment = Experiment.from_toml(OTHER).override(weights_from=source.path, freeze="0-1")
    run = run_experiment(experiment, tmp_path / "other", say=said.append)
    assert said == ["layer 2 (Dense) begins anew: its weight is 3×5, and 3×4 there"]
    first, last = run.network(0), run.network()
    for name in ("0.weight", "0.bias", "1.scale", "1.shift"):
        np.testing.assert_array_equal(first.weights[name], source.network().weights[name])
        np.testing.assert_array_equal(last.weights[name], first.weights[name])
    assert not np.array_equal(last.weights["2.weight"], first.weights["2.weight"])
    stored = [layer["trainable"] for layer in run.network_config["layers"]]
    assert stored == [False, False, True]


def test_weights_count_by_what_they_are(source: Recording, tmp_path: Path) -> None:
    plain = Experiment.from_toml(OTHER)
    made = plain.override(weights_from=source.path)
    copied = Path(shutil.copytree(source.path, tmp_path / "copy"))
    assert made.digest == plain.override(weights_from=copied).digest != plain.digest
    other = run_experiment(Experiment.from_toml(SOURCE).override(seed=9), tmp_path / "another")
    assert plain.override(weights_from=other.path).digest != made.digest
    run = run_experiment(made, tmp_path / "run", callbacks=[lambda network, epoch, metrics: epoch == 1])
    shutil.rmtree(source.path)
    assert run.experiment is not None and len(run.experiment.digest) == 64  # also when the source is gone
    assert resume(run.path).state == "finished"
    with pytest.raises(RecordingError):
        run_experiment(made, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_toml_file_names_the_run_beside_it(source: Recording, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(OTHER.replace("[network]", '[network]\nweights_from = "source"\nfreeze = "0"'))
    run = run_experiment(load_experiment(path), tmp_path / "run")
    np.testing.assert_array_equal(run.network().weights["0.weight"], source.network().weights["0.weight"])


def test_what_is_made_for_data_takes_the_layers_too(source: Recording, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("a,b,kind\n" + "".join(f"{row},{row * row % 7},{'xyz'[row % 3]}\n" for row in range(30)))
    made = load_experiment(table, weights_from=source.path).override(freeze="0-1", epochs=1)
    assert [layer.name for layer in made.network.layers] == ["dense", "batch_norm", "dense"]
    assert made.network.layers[0].activation == "tanh" and made.network.layers[2] == Dense(3, "softmax")  # type: ignore[attr-defined]
    run = run_experiment(made, tmp_path / "run")
    np.testing.assert_array_equal(run.network().weights["0.weight"], source.network().weights["0.weight"])
    assert (
        load_experiment("xor", weights_from=source.path).network.layers[0] == load_experiment("xor").network.layers[0]
    )


def test_a_run_can_be_named_by_its_experiment(source: Recording, tmp_path: Path) -> None:
    text = OTHER.replace("[network]", '[network]\nweights_of = "blobs"\nfreeze = "0"')
    experiment = Experiment.from_toml(text)
    assert experiment.network.weights_of == "blobs" and Experiment.from_toml(experiment.to_toml()) == experiment
    with pytest.raises(ConfigurationError, match="other starts with the weights of the experiment 'blobs': train that"):
        run_experiment(experiment, tmp_path / "run")
    assert not (tmp_path / "run").exists()
    # once there is a run, it is what counts, and what is remembered
    made = experiment.override(weights_from=source.path)
    assert made.network.weights_of is None and made.network.weights_from == str(source.path.resolve())
    plain = Experiment.from_toml(OTHER).override(weights_from=source.path, freeze="0")
    assert made == plain and made.digest == plain.digest
    run = run_experiment(made, tmp_path / "run")
    assert run.experiment is not None and run.experiment.digest == made.digest


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ('weights_of = "blob"', "unknown experiment 'blob': did you mean 'blobs'"),
        ("weights_of = 3", "network.weights_of=3 must be text in quotes"),
        ('weights_of = "blobs"\nweights_from = "a"', "network.weights_of='blobs' and weights_from=.* both say where"),
    ],
)
def test_experiments_that_cannot_give_weights(given: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        Experiment.from_toml(OTHER.replace("[network]", "[network]\n" + given))
