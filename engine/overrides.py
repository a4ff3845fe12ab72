"""What options on the command line change in an experiment's sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.dataset_section import load_data
from engine.errors import ConfigurationError
from engine.layers import Dense, Layer, layer_from_config
from engine.losses import get_loss
from engine.outputs import default_loss, hidden_layers, is_output, output_layer
from engine.sections import FULL, RecordingSection, TrainingSection

if TYPE_CHECKING:
    from engine.experiment import Experiment


def changed_network(
    experiment: Experiment,
    layers: Sequence[int] | str | None,
    activation: str | None,
    loss: str | None,
    target: str | None,
) -> Experiment:
    """Change hidden layers, their activation, the loss or the target; the output layer follows where it must."""
    if layers is None and activation is None and loss is None and target is None:
        return experiment
    units = None if layers is None else parse_layers(layers)
    if loss is not None:
        get_loss(loss)
    if target is not None and experiment.dataset.file is None:
        raise ConfigurationError(
            f"target={target!r} chooses a column of a file, and the experiment {experiment.name!r} "
            f"makes its own data, {experiment.dataset.name or experiment.dataset.folder!r}"
        )
    data = load_data(experiment.dataset)
    old_loss = experiment.training.loss or default_loss(experiment.network.layers, data)
    hidden = hidden_layers(experiment.network.layers, old_loss, data)
    output = list(experiment.network.layers[len(hidden) :])
    if units is not None:
        used = (layer.config().get("activation") for layer in hidden)
        kept = next((name for name in used if name is not None), "tanh")
        hidden = [Dense(count, activation=kept) for count in units]
    if activation is not None:
        hidden = [_with_activation(layer, activation) for layer in hidden]
    section = experiment.dataset if target is None else replace(experiment.dataset, target=target)
    data = load_data(section)
    new_loss = loss or (default_loss([], data) if target is not None else old_loss)
    if not is_output([*hidden, *output], new_loss, data) or not output:
        output = [output_layer(new_loss, data)]
    return replace(
        experiment,
        dataset=section,
        network=replace(experiment.network, layers=(*hidden, *output)),
        training=replace(experiment.training, loss=new_loss),
    )


def changed_training(
    training: TrainingSection,
    optimizer: str | None,
    learning_rate: float | None,
    epochs: int | None,
    batch_size: int | str | None,
    seed: int | None,
) -> TrainingSection:
    """Change how it is trained; another optimizer begins with its own default settings."""
    given = {"epochs": epochs, "batch_size": batch_size, "seed": seed}
    settings: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    if batch_size == FULL:
        settings["batch_size"] = None
    if optimizer is not None and optimizer != training.optimizer["name"]:
        training = replace(training, optimizer={"name": optimizer})
    if learning_rate is not None:
        settings["optimizer"] = {**training.optimizer, "learning_rate": learning_rate}
    return replace(training, **settings)


def changed_recording(
    recording: RecordingSection, snapshot_every: int | None, snapshot_log: int | None
) -> RecordingSection:
    """Change what is kept."""
    given = {"snapshot_every": snapshot_every, "snapshot_log": snapshot_log}
    settings: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    return replace(recording, **settings)


def parse_layers(layers: Sequence[int] | str) -> list[int]:
    """Read the units of hidden layers, as ``"16,16"`` or a sequence; ConfigurationError where they are not."""
    parts: list[Any] = [part.strip() for part in layers.split(",")] if isinstance(layers, str) else list(layers)
    if parts == [""]:
        return []
    units = [int(part) if isinstance(part, str) and part.isdecimal() else part for part in parts]
    for unit in units:
        if isinstance(unit, bool) or not isinstance(unit, int) or unit < 1:
            given = layers if isinstance(layers, str) else ",".join(map(str, layers))
            raise ConfigurationError(f"layers={given!r} must be whole numbers of at least 1 with commas, such as 16,16")
    return units


def _with_activation(layer: Layer, activation: str) -> Layer:
    config = layer.config()
    return layer_from_config(config | {"activation": activation}) if "activation" in config else layer
