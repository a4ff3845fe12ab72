"""`neurofilm info`: what a run is and how it went, also while it is still training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.options import SETTINGS, example, find_run

if TYPE_CHECKING:
    from engine.recording import Recording


@click.command(context_settings=SETTINGS, epilog=example("neurofilm info runs/spirals"))
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
def info(run: Path) -> None:
    """Say what a run is, how it went, and plot its loss.

    RUN is a run directory or the name of one under runs/. It may still be training.
    """
    from engine.recording import Recording

    recording = Recording(find_run(run))
    click.echo(f"{recording.path}: {outcome(recording)}")
    for name, value in facts(recording).items():
        click.echo(f"  {name:<11} {value}")
    draw_loss(recording)


def facts(recording: Recording) -> dict[str, str]:
    """What a run is, in a few named words."""
    from engine.network import Network

    training = recording.training
    data = recording.data
    network = Network.from_config(recording.network_config)
    experiment = recording.experiment
    found = {
        "experiment": f"{experiment.name}: {experiment.description}" if experiment is not None else "",
        "data": f"{data.name}, {len(data.x)} samples"
        + (f" and {len(data.x_validation)} for validation" if data.x_validation is not None else ""),
        "classes": ", ".join(data.class_names) if data.task == "classification" else "",
        "network": describe_network(recording.network_config),
        "parameters": f"{network.parameter_count:,}",
        "training": f"{_name(training['loss'])}, {_options(training['optimizer'])}, "
        f"{training['epochs']} epochs, batch size {training['batch_size']}, seed {network.seed}",
        "snapshots": f"{len(recording)} epochs" + (f", {len(recording.steps)} steps" if recording.steps else ""),
        "versions": ", ".join(f"{name} {version}" for name, version in recording.versions.items()),
    }
    return {name: value for name, value in found.items() if value}


def describe_network(config: dict[str, Any]) -> str:
    """Layers from input to output: "2 → dense 16 tanh → dense 1 sigmoid"."""
    layers = []
    for layer in config["layers"]:
        words = (layer["type"], layer.get("units"), layer.get("activation"))
        layers.append(" ".join(str(word) for word in words if word is not None))
    return " → ".join(["×".join(map(str, config["input_shape"])), *layers])


def outcome(recording: Recording) -> str:
    """How a run went, in one line: "finished, 600 epochs, loss 0.0123, accuracy 100.0%"."""
    from cli.progress import describe

    metrics = recording.metrics
    epochs = metrics["epoch"]
    if not len(epochs):
        return f"{recording.state}, no epoch yet"
    last = {name: float(values[-1]) for name, values in metrics.items() if values.ndim == 1}
    words = [recording.state, f"epoch {int(epochs[-1])} of {recording.training['epochs']}", describe(last)]
    return ", ".join(word for word in words if word)


def draw_loss(recording: Recording) -> None:
    from cli.plot import plot
    from cli.progress import in_words

    metrics = recording.metrics
    for name in ("loss", "val_loss"):
        if name in metrics and len(metrics[name]):
            click.echo(f"\n  {in_words(name)} over epochs")
            for line in plot(metrics["epoch"], metrics[name]):
                click.echo(f"  {line}".rstrip())


def _name(config: str | dict[str, Any]) -> str:
    return config if isinstance(config, str) else str(config["name"])


def _options(config: str | dict[str, Any]) -> str:
    if isinstance(config, str):
        return config
    options = ", ".join(f"{key} {value:g}" for key, value in config.items() if isinstance(value, int | float))
    return f"{config['name']} ({options})" if options else str(config["name"])
