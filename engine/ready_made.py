"""Experiments made for the user's own data, before anybody has chosen anything."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from engine.dataset_section import DatasetSection
from engine.layers import Activation, Conv2D, Dense, Flatten, MaxPool2D, Reshape
from engine.sections import NetworkSection, TrainingSection

if TYPE_CHECKING:
    from engine.experiment import Experiment


def for_file(path: str | PathLike[str], target: str | None) -> Experiment:
    """See `Experiment.for_file`."""
    from engine.experiment import Experiment  # which uses this module: importing it above would be a circle

    return Experiment(
        name=Path(path).stem.strip(". ") or "data",
        description=f"Made for {Path(path).name}",
        dataset=DatasetSection(file=str(Path(path).resolve()), target=target, validation=0.2),
        network=NetworkSection((Dense(16, "tanh"), Dense(16, "tanh"))),
        training=TrainingSection(optimizer={"name": "adam", "learning_rate": 0.01}, epochs=100),
    ).resolved()


def for_folder(path: str | PathLike[str], size: int | tuple[int, int] | None, colour: bool | None) -> Experiment:
    """See `Experiment.for_folder`."""
    from engine.experiment import Experiment

    folder = Path(path).resolve()
    section = DatasetSection(folder=str(folder), size=size, colour=colour, validation=0.2)
    assert isinstance(section.size, tuple)
    layers = (
        Reshape((*section.size, 3 if section.colour else 1)),
        Conv2D(8, 3, activation="relu", padding="same", weight_init="he_normal"),
        MaxPool2D(2),
        Conv2D(16, 3, activation="relu", padding="same", weight_init="he_normal"),
        MaxPool2D(2),
        Flatten(),
    )
    return Experiment(
        name=folder.name.strip(". ") or "images",
        description=f"Made for the images in {folder.name}",
        dataset=section,
        network=NetworkSection(layers),
        training=TrainingSection(optimizer={"name": "adam", "learning_rate": 0.003}, epochs=30),
    ).resolved()


def with_features(experiment: Experiment, run: str | PathLike[str] | None) -> Experiment:
    """Take a recorded network over, all but its output layer, with its weights; None changes nothing."""
    if run is None:
        return experiment
    from engine.recording import Recording

    layers = Recording(Path(run)).network().layers
    while layers and layers[-1].name == Activation.name:
        layers.pop()
    section = NetworkSection(tuple(layers[:-1]), experiment.network.dtype, weights_from=str(Path(run).resolve()))
    return replace(experiment, network=section).resolved()
