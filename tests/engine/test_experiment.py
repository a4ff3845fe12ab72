"""Experiments: what a TOML file says, what is refused in one sentence, and what options change."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.datasets import load_dataset
from engine.errors import ConfigurationError, DataError
from engine.experiment import Experiment, list_experiments, load_experiment
from engine.layers import Dense
from engine.sections import RecordingSection

FULL = """
name = "mine"
description = "two waves"
seed = 7

[dataset]
name = "two_curves"
seed = 3
validation = 0.25
n = 80
noise = 0.02

[network]
dtype = "float64"
layers = [
    {type = "dense", units = 3, activation = "tanh", weight_init = "normal"},
    {type = "dense", units = 1, activation = "sigmoid"},
]

[training]
loss = "binary_crossentropy"
optimizer = {name = "adam", learning_rate = 0.01}
schedule = {name = "step", every = 20}
clip_norm = 2
early_stopping = {patience = 5}
epochs = 40
batch_size = "full"

[recording]
snapshot_every = 4
snapshot_steps = [9, 1, 9]
snapshot_log = 2
"""

FLOWERS = "length,width,colour,species\n" + "".join(
    f"{row % 7},{row % 5},{row / 8},{row % 3 + 1}\n" for row in range(30)
)


def experiment(text: str = "", **changes: str) -> Experiment:
    """A small experiment with some lines of its tables replaced: experiment(training='epochs = 3')."""
    tables = {"dataset": 'name = "xor"\nn = 20', "network": "", "training": "epochs = 2", "recording": ""} | changes
    return Experiment.from_toml('name = "small"\n' + text + "".join(f"\n[{key}]\n{tables[key]}\n" for key in tables))


@pytest.fixture
def flowers(tmp_path: Path) -> Path:
    path = tmp_path / "flowers.csv"
    path.write_text(FLOWERS)
    return path


def test_every_setting_of_the_file_arrives() -> None:
    read = Experiment.from_toml(FULL)
    assert (read.name, read.description, read.training.seed) == ("mine", "two waves", 7)
    assert (read.dataset.name, read.dataset.seed, read.dataset.validation) == ("two_curves", 3, 0.25)
    assert read.dataset.parameters == {"n": 80, "noise": 0.02, "height": 0.4, "gap": 0.5}
    assert read.network.layers == (Dense(3, "tanh", "normal"), Dense(1, "sigmoid"))
    assert read.network.dtype == "float64"
    training = read.training
    assert (training.loss, training.epochs, training.batch_size, training.clip_norm) == (
        "binary_crossentropy", 40, None, 2.0,
    )  # fmt: skip
    assert training.optimizer["name"] == "adam" and training.optimizer["learning_rate"] == 0.01
    assert training.optimizer["beta2"] == 0.999  # stated, though left out
    assert training.schedule == {"name": "step", "every": 20.0, "factor": 0.5}
    assert training.early_stopping is not None and training.early_stopping["patience"] == 5
    assert (read.recording.snapshot_every, read.recording.snapshot_steps) == (4, (1, 9))
    assert read.recording.snapshot_log == 2 and read.recording.confusion


@pytest.mark.parametrize("text", [FULL, 'name = "least"\n[dataset]\nname = "moons"\n'])
def test_toml_goes_there_and_back(text: str) -> None:
    read = Experiment.from_toml(text)
    assert Experiment.from_toml(read.to_toml()) == read
    assert tomllib.loads(read.to_toml())["training"]["epochs"] == read.training.epochs
    changed = read.override(layers="3,2", batch_size=5)
    assert Experiment.from_toml(changed.to_toml()) == changed != read


def test_settings_reach_the_training_as_they_stand() -> None:
    settings = Experiment.from_toml(FULL).training.settings()
    assert settings["epochs"] == 40 and settings["batch_size"] is None and settings["clip_norm"] == 2.0
    assert settings["early_stopping"].patience == 5 and "seed" not in settings


BAD = {
    "not TOML": ("name = ",
                 "the experiment is not valid TOML: Invalid value (at line 1, column 8)"),
    "nothing": ("\n", "the experiment: 'name' is missing, and every experiment needs one"),
    "no data": ('name = "a"\n', "the experiment: 'dataset' is missing, and every experiment needs one"),
    "name": ('name = "a/b"\n[dataset]\nname = "xor"\n',
             "the experiment: name='a/b' must be able to name a folder: no slashes, no dot in front"),
    "name that leads away": ('name = ".."\n[dataset]\nname = "xor"\n',
                             "the experiment: name='..' must be able to name a folder: no slashes, no dot in front"),
    "no name": ('name = ""\n[dataset]\nname = "xor"\n',
                "the experiment: name='' must be able to name a folder: no slashes, no dot in front"),
    "name's type": ('name = 3\n[dataset]\nname = "xor"\n', "the experiment: name=3 must be text in quotes"),
    "section": ('name = "a"\n[datasets]\nname = "xor"\n',
                "the experiment: unknown key of the experiment 'datasets': did you mean 'dataset'? (known: dataset, "
                "description, fallback, name, network, recording, seed, training)"),
    "section's type": ('name = "a"\ndataset = "xor"\n',
                       "the experiment: [dataset]='xor' must be a table of keys and values"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_gets_one_sentence(case: str) -> None:
    text, expected = BAD[case]
    with pytest.raises(ConfigurationError) as error:
        Experiment.from_toml(text if "\n" in text else text + "\n")
    assert str(error.value) == expected


BAD_SETTINGS = {
    "no source": ({"dataset": "n = 4"},
                  "[dataset] needs one of name (of a data set), file (a table) and folder (of images), and only one"),
    "two sources": ({"dataset": 'name = "xor"\nfile = "a.csv"'},
                    "[dataset] needs one of name (of a data set), file (a table) and folder (of images), and only one"),
    "data set": ({"dataset": 'name = "xorr"'},
                 "unknown dataset 'xorr': did you mean 'xor'"),
    "parameter": ({"dataset": 'name = "xor"\nnoize = 1'},
                  "unknown key of [dataset] 'xor' 'noize': did you mean 'noise'? (known: gap, groups, n, name, noise, "
                  "samples, seed, task, test, validation)"),
    "parameter's type": ({"dataset": 'name = "xor"\nn = 20.5'}, "dataset 'xor': n=20.5 must be a whole number"),
    "file's key": ({"dataset": 'file = "a.csv"\ntarge = "b"'},
                   "unknown key of [dataset] 'targe': did you mean 'target'? (known: colour, features, file, "
                   "folder, groups, name, samples, seed, size, target, task, test, validation)"),
    "target without a file": ({"dataset": 'name = "xor"\ntarget = "b"'},
                              "dataset.target='b' is about columns of a file, and the data set 'xor' has none"),
    "features": ({"dataset": 'file = "a.csv"\nfeatures = "b"'},
                 "dataset.features='b' must be a list of column names"),
    "task": ({"dataset": 'file = "a.csv"\ntask = "guess"'},
             "dataset.task='guess' must be one of 'classification', 'regression', 'reconstruction'"),
    "share": ({"dataset": 'name = "xor"\nvalidation = 1.0'},
              "dataset.validation=1.0 must be a number from 0 up to but not including 1"),
    "two shares": ({"dataset": 'name = "xor"\nvalidation = 0.5\ntest = 0.5'},
                   "dataset.validation=0.5 and dataset.test=0.5 must leave something to train on"),
    "a test part too many": ({"dataset": 'name = "mnist"\ntest = 0.1'},
                             "dataset.test=0.1: the data set 'mnist' comes with a test part of its own, which is used"),
    "a task without a choice": ({"dataset": 'name = "xor"\ntask = "regression"'},
                                "dataset.task='regression' must be one of 'reconstruction'"),
    "size of a table": ({"dataset": 'file = "a.csv"\nsize = 28'},
                        "dataset.size=28 is about pictures of a folder of images, and the file a.csv has none"),
    "target of pictures": ({"dataset": 'folder = "pets"\ntarget = "b"'},
                           "dataset.target='b' is about columns of a file, and the folder pets has none"),
    "size": ({"dataset": 'folder = "pets"\nsize = 0'}, "dataset.size=0 must be a whole number from 1 to 1024"),
    "colour": ({"dataset": 'folder = "pets"\ncolour = 3'}, "dataset.colour=3 must be true or false"),
    "freeze": ({"network": 'freeze = "1-"\nlayers = [{type = "dense", units = 1}]'},
               "network.freeze='1-' must be numbers of layers, such as 0-3 or 0,2"),
    "freeze too far": ({"network": 'freeze = "0-1"\nlayers = [{type = "dense", units = 1}]'},
                       "network.freeze='0-1': there is no layer 1; they are numbered from 0 to 0"),
    "freeze nothing": ({"network": 'freeze = "0"'}, "network.freeze='0': there are no layers"),
    "source of weights": ({"network": "weights_from = 3"}, "network.weights_from=3 must be text in quotes"),
    "log-spaced": ({"recording": "snapshot_log = true"},
                   "recording.snapshot_log=True must be a whole number from 0 to 1000"),
    "confusion": ({"recording": 'confusion = "yes"'}, "recording.confusion='yes' must be true or false"),
    "data seed": ({"dataset": 'name = "xor"\nseed = -1'},
                  "dataset.seed=-1 must be a whole number from 0 to 4294967295"),
    "network's key": ({"network": "layer = []"},
                      "unknown key of [network] 'layer': did you mean 'layers'? (known: dtype, freeze, layers, "
                      "weights_from, weights_of)"),
    "layers": ({"network": "layers = 3"}, "network.layers=3 must be a list of layers"),
    "layer": ({"network": "layers = [16]"}, "network.layers[0]=16 must be a table of keys and values"),
    "layer's activation": ({"network": 'layers = [{type = "dense", units = 1}, {type = "dense", units = 2, '
                                       'activation = "than"}]'},
                           "network.layers[1]: unknown activation 'than': did you mean 'tanh'?"),
    "dtype": ({"network": 'dtype = "float16"'}, "network.dtype='float16' must be one of 'float32', 'float64'"),
    "training's key": ({"training": "epoch = 3"}, "unknown key of [training] 'epoch': did you mean 'epochs'?"),
    "seed's place": ({"training": "seed = 3"}, "unknown key of [training] 'seed'"),
    "epochs": ({"training": "epochs = 0"}, "training.epochs=0 must be a whole number of at least 1"),
    "epochs' type": ({"training": "epochs = true"}, "training.epochs=True must be a whole number of at least 1"),
    "batch": ({"training": 'batch_size = "half"'}, "training.batch_size='half' must be a whole number of at least 1"),
    "loss": ({"training": 'loss = "msee"'}, "unknown loss 'msee': did you mean 'mse'"),
    "optimizer": ({"training": 'optimizer = "adm"'}, "unknown optimizer 'adm': did you mean 'adam'"),
    "optimizer's type": ({"training": "optimizer = 3"}, "training.optimizer=3 must be a name or a table with one"),
    "optimizer's setting": ({"training": 'optimizer = {name = "adam", learning_rat = 1}'},
                            "unknown setting of optimizer 'adam' 'learning_rat': did you mean 'learning_rate'?"),
    "learning rate": ({"training": 'optimizer = {name = "adam", learning_rate = -1}'},
                      "optimizer 'adam': learning_rate=-1 must be above 0"),
    "schedule": ({"training": 'schedule = "cosin"'}, "unknown schedule 'cosin': did you mean 'cosine'?"),
    "clipping": ({"training": "clip_norm = 0"}, "training.clip_norm=0 must be a finite number above 0"),
    "patience": ({"training": "early_stopping = {patienc = 3}"},
                 "unknown key of training.early_stopping 'patienc': did you mean 'patience'?"),
    "snapshots": ({"recording": "snapshot_every = 0"},
                  "recording.snapshot_every=0 must be a whole number of at least 1"),
    "steps": ({"recording": "snapshot_steps = 3"}, "recording.snapshot_steps=3 must be a list of whole numbers"),
    "a step": ({"recording": "snapshot_steps = [1, 0]"},
               "recording.snapshot_steps=0 must be a whole number of at least 1"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD_SETTINGS)
def test_a_bad_setting_gets_one_sentence(case: str) -> None:
    tables, expected = BAD_SETTINGS[case]
    with pytest.raises(ConfigurationError) as error:
        experiment(**tables)
    # what the known names are grows with the registries
    found = str(error.value).removeprefix("the experiment: ")
    assert found == expected or ("unknown" in expected and found.startswith(expected) and "known: " in found)


def test_a_bad_seed_and_a_bad_path_get_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^the experiment: seed='x' must be a whole number from 0 to 9223"):
        experiment('seed = "x"\n')
    missing = tmp_path / "gone.toml"
    with pytest.raises(ConfigurationError) as error:
        Experiment.from_toml(missing)
    assert str(error.value) == f"{missing} cannot be read: No such file or directory"
    missing.write_bytes(b"name = '\xff'")
    with pytest.raises(ConfigurationError) as error:
        Experiment.from_toml(missing)
    assert str(error.value) == f"{missing} is not UTF-8 text, as a TOML file must be"
    missing.write_text('name = "a"\n[dataset]\nname = "xor"\nn = 1.5\n')
    with pytest.raises(ConfigurationError) as error:
        Experiment.from_toml(missing)
    assert str(error.value) == f"{missing}: dataset 'xor': n=1.5 must be a whole number"


TWO = '{type = "dense", units = 2, activation = "tanh"}'


@pytest.mark.parametrize(
    ("data", "layers", "loss", "outputs", "expected_loss"),
    [
        # left out, the output layer and the loss follow from the data
        ('name = "xor"', TWO, "", [(2, "tanh"), (1, "sigmoid")], "binary_crossentropy"),
        ('name = "blobs"', TWO, "", [(2, "tanh"), (4, "softmax")], "categorical_crossentropy"),
        ('name = "xor"', "", "", [(1, "sigmoid")], "binary_crossentropy"),
        ('name = "blobs"', TWO, "mse", [(2, "tanh"), (4, "sigmoid")], "mse"),
        ('name = "blobs"', TWO, "binary_crossentropy", [(2, "tanh"), (4, "sigmoid")], "binary_crossentropy"),
        ('name = "xor"', TWO, "categorical_crossentropy", [(2, "tanh"), (2, "softmax")], "categorical_crossentropy"),
        # stated and fitting, they are used as they stand
        ('name = "xor"', '{type = "dense", units = 1, activation = "sigmoid"}', "", [(1, "sigmoid")],
         "binary_crossentropy"),
        ('name = "xor"', '{type = "dense", units = 2, activation = "softmax"}', "", [(2, "softmax")],
         "categorical_crossentropy"),
        ('name = "xor"', '{type = "dense", units = 1}', "", [(1, "linear")], "binary_crossentropy"),
        ('name = "xor"', '{type = "dense", units = 1, activation = "tanh"}', "mse", [(1, "tanh")], "mse"),
        # a hidden layer that happens to have as many units is not taken for the output
        ('name = "blobs"\nclasses = 2', '{type = "dense", units = 1, activation = "tanh"}', "",
         [(1, "tanh"), (1, "sigmoid")], "binary_crossentropy"),
        ('name = "blobs"', '{type = "dense", units = 4, activation = "relu"}, {type = "dropout"}', "",
         [(4, "relu"), (4, "softmax")], "categorical_crossentropy"),
        ('name = "blobs"', '{type = "dense", units = 4, activation = "relu"}', "", [(4, "relu"), (4, "softmax")],
         "categorical_crossentropy"),
    ],
)  # fmt: skip
def test_the_output_layer_follows_from_the_data(
    data: str, layers: str, loss: str, outputs: list[tuple[int, str]], expected_loss: str
) -> None:
    made = experiment(dataset=data, network=f"layers = [{layers}]", training=f'loss = "{loss}"' if loss else "")
    complete = made.resolved()
    dense = [layer for layer in complete.network.layers if isinstance(layer, Dense)]
    assert [(layer.units, layer.activation) for layer in dense] == outputs
    assert complete.training.loss == expected_loss
    assert complete.resolved() == complete and made.digest == complete.digest
    network = made.build_network()
    train, _ = made.dataset_split()
    assert np.isfinite(network.evaluate(train.x, train.y, expected_loss)["loss"])


def test_a_regression_needs_a_loss_for_numbers(flowers: Path) -> None:
    made = Experiment.for_file(flowers, "colour")
    assert made.training.loss == "mse"
    expected = "loss 'binary_crossentropy' needs classes, and 'colour' of 'flowers' is a number: use the loss 'mse'"
    with pytest.raises(ConfigurationError) as error:
        made.override(loss="binary_crossentropy")
    assert str(error.value) == expected


@pytest.mark.parametrize(
    ("target", "output", "loss"),
    [("species", Dense(3, "softmax"), "categorical_crossentropy"), ("colour", Dense(1), "mse"),
     ("width", Dense(5, "softmax"), "categorical_crossentropy"),
     (None, Dense(3, "softmax"), "categorical_crossentropy")],
)  # fmt: skip
def test_a_file_gets_a_sensible_experiment(flowers: Path, target: str | None, output: Dense, loss: str) -> None:
    made = Experiment.for_file(flowers, target)
    assert made.name == "flowers" and made.dataset.validation == 0.2 and Path(made.dataset.file or "").is_absolute()
    assert made.network.layers == (Dense(16, "tanh"), Dense(16, "tanh"), output)
    assert made.training.loss == loss and made.training.optimizer["name"] == "adam"
    train, held_out = made.dataset_split()
    assert held_out is not None and (len(train), len(held_out)) == (24, 6)
    assert made.build_network(train).input_shape == (3,)
    assert Experiment.from_toml(made.to_toml()) == made


def test_two_classes_in_a_file_take_one_sigmoid(tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    path.write_text("a,b\n" + "".join(f"{row},{'yn'[row % 2]}\n" for row in range(10)))
    made = Experiment.for_file(path)
    assert made.network.layers[-1] == Dense(1, "sigmoid") and made.training.loss == "binary_crossentropy"


def test_a_bad_file_is_refused_when_the_experiment_is_made(flowers: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^unknown column of flowers.csv 'specie': did you mean 'species'\?"):
        Experiment.for_file(flowers, "specie")
    flowers.write_text(FLOWERS.replace("0,0,0.0,1", "0,0,0.0,"))
    with pytest.raises(DataError, match=r"^flowers.csv: row 2, column 'species': the value is missing"):
        Experiment.for_file(flowers)


def test_a_data_file_is_looked_for_beside_the_toml_file(flowers: Path) -> None:
    toml = flowers.parent / "mine.toml"
    toml.write_text('name = "mine"\n[dataset]\nfile = "flowers.csv"\ntarget = "width"\nfeatures = ["length"]\n')
    train, _ = load_experiment(toml).dataset_split()
    assert train.feature_names == ("length",) and train.target_names == ("width",)
    assert train.mean is not None and train.task == "classification"


def test_a_missing_data_file_is_noticed_when_it_is_needed(tmp_path: Path) -> None:
    made = experiment(dataset=f'file = "{tmp_path}/gone.csv"')
    for ask in (made.dataset_split, made.build_network, lambda: made.digest):
        with pytest.raises(DataError) as error:
            ask()
        assert str(error.value) == f"{tmp_path}/gone.csv does not exist"


def units(made: Experiment) -> list[tuple[int, str]]:
    return [(layer.units, layer.activation) for layer in made.network.layers]  # type: ignore[attr-defined]


def test_layers_replace_the_hidden_ones() -> None:
    made = Experiment.from_toml(FULL)
    assert units(made.override(layers="16, 8")) == [(16, "tanh"), (8, "tanh"), (1, "sigmoid")]
    assert units(made.override(layers=(5,))) == [(5, "tanh"), (1, "sigmoid")]
    assert units(made.override(layers="")) == units(made.override(layers=())) == [(1, "sigmoid")]
    assert units(made.override(layers="4", activation="relu")) == [(4, "relu"), (1, "sigmoid")]
    assert units(made.override(activation="relu")) == [(3, "relu"), (1, "sigmoid")]
    # also where the output was left out of the file
    bare = experiment(network=f"layers = [{TWO.replace('tanh', 'relu')}]")
    assert units(bare.override(layers="7,1")) == [(7, "relu"), (1, "relu"), (1, "sigmoid")]
    assert units(experiment().override(layers="7")) == [(7, "tanh"), (1, "sigmoid")]


def test_a_loss_that_needs_another_output_gets_it() -> None:
    made = experiment(dataset='name = "blobs"', network=f"layers = [{TWO}]").resolved()
    assert units(made.override(loss="mse")) == units(made)  # probabilities can be squared too
    changed = made.override(loss="binary_crossentropy")
    assert units(changed) == [(2, "tanh"), (4, "sigmoid")] and changed.training.loss == "binary_crossentropy"


def test_training_options() -> None:
    made = Experiment.from_toml(FULL)
    changed = made.override(epochs=3, batch_size=8, seed=11, snapshot_every=2, learning_rate=0.5)
    assert (changed.training.epochs, changed.training.batch_size, changed.training.seed) == (3, 8, 11)
    assert changed.recording.snapshot_every == 2 and changed.recording.snapshot_steps == (1, 9)
    assert changed.training.optimizer["name"] == "adam" and changed.training.optimizer["learning_rate"] == 0.5
    assert changed.dataset == made.dataset  # the experiment's seed leaves the data as they are
    assert changed.override(batch_size="full").training.batch_size is None
    other = made.override(optimizer="sgd")
    assert other.training.optimizer == {"name": "sgd", "learning_rate": 0.1}  # not the learning rate made for Adam
    assert made.override(optimizer="adam") == made.override() == made
    assert made.override(optimizer="sgd", learning_rate=0.2).training.optimizer["learning_rate"] == 0.2


def test_another_target_chooses_output_and_loss_anew(flowers: Path) -> None:
    made = Experiment.for_file(flowers).override(target="colour")
    assert units(made) == [(16, "tanh"), (16, "tanh"), (1, "linear")] and made.training.loss == "mse"
    assert made.dataset_split()[0].target_names == ("colour",)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"layers": "16,x"}, "layers='16,x' must be whole numbers of at least 1 with commas, such as 16,16"),
        ({"layers": "16,,2"}, "layers='16,,2' must be whole numbers of at least 1 with commas, such as 16,16"),
        ({"layers": (3, 0)}, "layers='3,0' must be whole numbers of at least 1 with commas, such as 16,16"),
        ({"activation": "than"}, "unknown activation 'than': did you mean 'tanh'?"),
        ({"loss": "mae2"}, "unknown loss 'mae2'"),
        ({"optimizer": "adamm"}, "unknown optimizer 'adamm': did you mean 'adam'"),
        ({"learning_rate": 0}, "optimizer 'adam': learning_rate=0 must be above 0"),
        ({"epochs": 0}, "training.epochs=0 must be a whole number of at least 1"),
        ({"batch_size": -5}, "training.batch_size=-5 must be a whole number of at least 1"),
        ({"seed": -1}, "seed=-1 must be a whole number from 0 to 9223372036854775807"),
        ({"snapshot_every": 0}, "recording.snapshot_every=0 must be a whole number of at least 1"),
        ({"target": "a"}, "target='a' chooses a column of a file, and the experiment 'mine' makes its own data, "
                          "'two_curves'"),
    ],
)  # fmt: skip
def test_a_bad_option_gets_one_sentence(options: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        Experiment.from_toml(FULL).override(**options)
    assert str(error.value) == expected or ("unknown" in expected and str(error.value).startswith(expected))


def test_the_digest_is_of_what_decides_the_run(flowers: Path) -> None:
    made = Experiment.from_toml(FULL)
    renamed = Experiment.from_toml(FULL.replace('"mine"', '"other"').replace("two waves", "2 waves"))
    spelled_out = Experiment.from_toml(made.to_toml())
    assert made.digest == renamed.digest == spelled_out.digest
    assert len(made.digest) == 64
    changes: list[dict[str, Any]] = [
        {"seed": 8}, {"epochs": 41}, {"layers": "4"}, {"activation": "relu"}, {"loss": "mse"}, {"batch_size": 9},
        {"learning_rate": 0.02}, {"optimizer": "sgd"}, {"snapshot_every": 5}, {"snapshot_log": 3}, {"freeze": "0"},
    ]  # fmt: skip
    digests = {made.digest, *(made.override(**change).digest for change in changes)}
    pairs = [
        ("n = 80", "n = 81"),
        ("0.25", "0.2"),
        ("validation = 0.25", "validation = 0.25\ntest = 0.1"),
        ("float64", "float32"),
        ("seed = 3", "seed = 4"),
        ("m = 2", "m = 3"),
    ]
    texts = [FULL.replace(*pair) for pair in pairs]
    digests |= {Experiment.from_toml(text).digest for text in texts}
    assert len(digests) == 1 + len(changes) + len(texts)


def test_a_data_file_counts_by_its_contents(flowers: Path) -> None:
    moved = flowers.parent / "moved.csv"
    moved.write_text(FLOWERS)
    assert Experiment.for_file(flowers).digest == Experiment.for_file(moved).digest
    moved.write_text(FLOWERS.replace("0,0,0.0,1", "0,0,0.5,1"))
    assert Experiment.for_file(flowers).digest != Experiment.for_file(moved).digest


def test_a_changed_file_is_read_again(flowers: Path) -> None:
    made = Experiment.for_file(flowers)
    assert len(made.dataset_split()[0]) == 24
    flowers.write_text(FLOWERS + "1,2,3,1\n" * 10)
    assert len(made.dataset_split()[0]) == 32


def test_seeds_of_data_and_training_are_apart() -> None:
    made = Experiment.from_toml(FULL)
    other = made.override(seed=8)
    assert made.dataset_split()[0].digest == other.dataset_split()[0].digest
    assert not np.array_equal(made.build_network().parameters, other.build_network().parameters)
    redrawn = Experiment.from_toml(FULL.replace("seed = 3", "seed = 4"))
    assert made.dataset_split()[0].digest != redrawn.dataset_split()[0].digest
    np.testing.assert_array_equal(made.build_network().parameters, redrawn.build_network().parameters)


def test_experiments_are_found_by_name_file_run_and_data(flowers: Path) -> None:
    for name in list_experiments():
        assert load_experiment(name).name == name
    folder = flowers.parent / "run"
    folder.mkdir()
    (folder / "experiment.toml").write_text(FULL)
    assert load_experiment(folder) == load_experiment(folder / "experiment.toml") == Experiment.from_toml(FULL)
    assert load_experiment(flowers, target="colour") == Experiment.for_file(flowers, "colour")
    with pytest.raises(ConfigurationError, match=r"^unknown experiment 'spiral': did you mean 'spirals'"):
        load_experiment("spiral")


@pytest.mark.parametrize(
    ("per_tenfold", "total", "steps"),
    [
        (0, 1000, [9, 20]),
        (1, 1000, [1, 9, 10, 20, 100, 1000]),
        (2, 999, [1, 3, 9, 10, 20, 32, 100, 316]),
        (10, 30, [1, 2, 3, 4, 5, 6, 8, 9, 10, 13, 16, 20, 25]),
        (3, 1, [1, 9, 20]),
    ],
)
def test_log_spaced_snapshots(per_tenfold: int, total: int, steps: list[int]) -> None:
    section = RecordingSection(snapshot_steps=(20, 9), snapshot_log=per_tenfold)
    assert section.steps(total) == steps


def test_frozen_layers_are_kept_as_such() -> None:
    layers = "".join("{type = 'dense', units = 2}, " for _ in range(4))
    made = experiment(network=f"freeze = '0, 2-3'\nlayers = [{layers}]")
    assert [layer.trainable for layer in made.network.layers] == [False, True, False, False]
    assert "freeze" not in made.to_toml() and Experiment.from_toml(made.to_toml()) == made
    assert made.digest == made.override(freeze="0").digest != experiment(network=f"layers = [{layers}]").digest
    network = made.build_network()
    assert [slot.trainable for slot in network.layout] == [
        False,
        False,
        True,
        True,
        False,
        False,
        False,
        False,
        *[True] * 2,
    ]


def test_the_three_parts_of_the_data() -> None:
    made = experiment(dataset='name = "moons"\nn = 100\nvalidation = 0.2\ntest = 0.1\nseed = 4')
    train, validation, test = made.dataset_parts()
    assert validation is not None and test is not None and (len(train), len(validation), len(test)) == (70, 20, 10)
    expected = load_dataset("moons", n=100, seed=4).split_three(0.2, 0.1, 4)
    assert [part and part.digest for part in (train, validation, test)] == [part and part.digest for part in expected]
    assert [part and part.digest for part in made.dataset_split()] == [train.digest, validation.digest]
    assert experiment().dataset_parts()[1:] == (None, None)


@pytest.mark.parametrize("source", ['name = "digits"', 'file = "FLOWERS"'])
def test_an_autoencoder_learns_its_input(source: str, flowers: Path) -> None:
    made = experiment(dataset=f'{source}\ntask = "reconstruction"'.replace("FLOWERS", str(flowers)))
    train, _ = made.dataset_split()
    np.testing.assert_array_equal(train.x, train.y)
    assert train.labels is not None and len(train.label_names) == (10 if "digits" in source else 3)
    complete = made.resolved()
    assert complete.training.loss == "mse" and complete.network.layers == (Dense(train.x.shape[1]),)


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """A folder of images of two classes, horizontal and vertical stripes of some brightness."""
    rng = np.random.default_rng(0)
    for kind in ("across", "down"):
        (tmp_path / "pets" / kind).mkdir(parents=True)
        for index in range(20):
            pixels = np.zeros((12, 12), np.uint8)
            pixels[rng.integers(0, 2) :: 3] = rng.integers(100, 256)
            Image.fromarray(pixels if kind == "across" else pixels.T).save(tmp_path / "pets" / kind / f"{index}.png")
    return tmp_path / "pets"


def test_a_folder_of_images_gets_a_convolutional_network(pets: Path) -> None:
    made = load_experiment(pets, size=12)
    assert made.name == "pets" and made.dataset.size == (12, 12) and made.dataset.validation == 0.2
    assert [layer.name for layer in made.network.layers] == [
        "reshape", "conv2d", "max_pool2d", "conv2d", "max_pool2d", "flatten", "dense",
    ]  # fmt: skip
    train, validation = made.dataset_split()
    assert validation is not None and (len(train), len(validation)) == (32, 8)
    network = made.build_network(train)
    assert network.predict(train.x).shape == (32, 1) and made.training.loss == "binary_crossentropy"
    assert Experiment.from_toml(made.to_toml()) == made
    assert units(made.override(layers="4")) == [(4, "relu"), (1, "sigmoid")]
    coloured = load_experiment(pets, colour=True)
    assert coloured.dataset_split()[0].image_shape == (28, 28, 3) and coloured.build_network().output_shape == (1,)


def test_a_folder_of_images_counts_by_its_contents(pets: Path) -> None:
    first = load_experiment(pets).digest
    moved = pets.rename(pets.with_name("moved"))
    assert load_experiment(moved).digest == first
    toml = moved.parent / "mine.toml"
    toml.write_text('name = "mine"\n[dataset]\nfolder = "moved"\nsize = [8, 10]\n')
    made = load_experiment(toml)
    assert made.dataset_split()[0].image_shape == (8, 10)
    before = made.digest
    (moved / "down" / "3.png").write_bytes((moved / "across" / "3.png").read_bytes())
    assert load_experiment(moved).digest != first and load_experiment(toml).digest != before
    train = load_experiment(toml).dataset_split()[0]
    (moved / "down" / "4.png").unlink()
    assert len(load_experiment(toml).dataset_split()[0]) == len(train) - 1


def test_what_belongs_to_other_sources_is_refused(pets: Path, flowers: Path) -> None:
    for arguments, words in (
        ((pets, "colour"), f"target='colour' chooses a column of a file, and {pets} is a folder of images"),
        ((flowers,), f"size=8 is about the pictures of a folder, and {flowers} is none"),
        (("spirals",), "size=8 is about the pictures of a folder, and spirals is none"),
    ):
        with pytest.raises(ConfigurationError) as error:
            load_experiment(*arguments, **({} if len(arguments) > 1 else {"size": 8}))  # type: ignore[arg-type]
        assert str(error.value) == words
    (pets / "run.json").write_text("{}")
    with pytest.raises(ConfigurationError, match="was not recorded from an experiment"):
        load_experiment(pets)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda text: text + "x = " + "[" * 20_000, "the experiment is nested too deeply"),
        (lambda text: text.replace("epochs = 12", "epochs = " + "9" * 5000), "is not valid TOML: Exceeds the limit"),
        (lambda text: text.replace('name = "moons"', 'file = "a\\u0000b.csv"'), "cannot be a path: it has control"),
        (lambda text: text.replace("units = 3", "units = 1000000000000"), "is the most that is trained: use fewer"),
    ],
)
def test_files_that_are_made_to_break_it(change: Callable[[str], str], sentence: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        experiment = Experiment.from_toml(change(HARMLESS))
        experiment.build_network(experiment.dataset_split()[0])
    assert sentence in str(error.value)


def test_files_without_end_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "zeros.toml").symlink_to("/dev/zero")
    with pytest.raises(ConfigurationError, match="zeros.toml is not a regular file"):
        Experiment.from_toml(tmp_path / "zeros.toml")
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(ConfigurationError, match="pipe.toml is not a regular file"):
        Experiment.from_toml(tmp_path / "pipe.toml")
    (tmp_path / "long.toml").write_bytes(b"#" * (1 << 21))
    with pytest.raises(ConfigurationError, match="long.toml has more than 1,048,576 bytes"):
        Experiment.from_toml(tmp_path / "long.toml")


HARMLESS = """
name = "harmless"
[dataset]
name = "moons"
n = 40
[network]
layers = [{type = "dense", units = 3, activation = "tanh"}]
[training]
epochs = 12
"""


def test_what_must_be_downloaded_has_something_that_stands_in() -> None:
    standing_in = {name: load_experiment(name).fallback for name in list_experiments()}
    assert standing_in["mnist-16"] == "digits"
    for name, other in standing_in.items():
        if other:
            experiment = load_experiment(name)
            assert not standing_in[other] and load_experiment(other).dataset.name != "mnist"
            assert Experiment.from_toml(experiment.to_toml()) == experiment


def test_what_stands_in_decides_nothing_about_the_run() -> None:
    experiment = load_experiment("xor")
    assert replace(experiment, fallback="digits").digest == experiment.digest
