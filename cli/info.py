"""`neurofilm info`: what a run is and how it went, also while it is still training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.options import SETTINGS, data_dir_option, example, find_run, printable

if TYPE_CHECKING:
    from engine.recording import Recording


@click.command(context_settings=SETTINGS, epilog=example("neurofilm info runs/spirals"))
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@data_dir_option
def info(run: Path) -> None:
    """Say what a run is, how it went, and plot its loss.

    RUN is a run directory or the name of one under runs/. It may still be training.
    """
    from engine.recording import Recording

    recording = Recording(find_run(run))
    click.echo(f"{recording.path}: {printable(outcome(recording))}")
    for name, value in facts(recording).items():
        click.echo(f"  {name:<11} {printable(value)}")
    draw_loss(recording)


def facts(recording: Recording) -> dict[str, str]:
    """What a run is, in a few named words."""
    from cli.progress import describe

    data = recording.data_description
    recording.check_network()
    held_out = {"validation": data.count("validation"), "testing": data.count("test")}
    experiment = recording.experiment
    found = {
        "experiment": ": ".join(filter(None, (experiment.name, experiment.description))) if experiment else "",
        "data": f"{data.name}, {data.count()} samples"
        + "".join(f", {count} for {use}" for use, count in held_out.items() if count),
        "classes": ", ".join(data.class_names),
        "network": describe_network(recording.network_config),
        "parameters": f"{recording.parameter_count:,}",
        "training": describe_settings(recording.training),
        "best epoch": "" if recording.best_epoch is None else describe_epoch(recording, recording.best_epoch),
        "test": "" if recording.test is None else describe(recording.test),
        "snapshots": f"{len(recording)} epochs" + (f", {len(recording.steps)} steps" if recording.steps else ""),
        "versions": ", ".join(f"{name} {version}" for name, version in recording.versions.items()),
        "message": recording.message,
    }
    return {name: value for name, value in found.items() if value}


def describe_epoch(recording: Recording, epoch: int) -> str:
    """An epoch and what was measured after it: "42, loss 0.0123, validation loss 0.2"."""
    from cli.progress import describe

    metrics = recording.metrics
    row = int(metrics["epoch"].searchsorted(epoch))
    return f"{epoch}, {describe({name: float(values[row]) for name, values in metrics.items() if values.ndim == 1})}"


def describe_network(config: dict[str, Any]) -> str:
    """Layers from input to output: "2 → dense 16 tanh → dense 1 sigmoid"."""
    layers = []
    for layer in config["layers"]:
        words = (layer["type"], layer.get("units"), layer.get("activation"))
        layers.append(" ".join(str(word) for word in words if word not in (None, "linear")))
    return " → ".join(["×".join(map(str, config["input_shape"])), *layers])


def outcome(recording: Recording) -> str:
    """How a run went, in one line: "finished, 600 epochs, loss 0.0123, accuracy 100.0%"."""
    from cli.progress import describe

    metrics = recording.metrics
    epochs = metrics["epoch"]
    if not len(epochs):
        return f"{recording.state}, no epoch yet"
    last = {name: float(values[-1]) for name, values in metrics.items() if values.ndim == 1}
    words = [recording.state, f"epoch {int(epochs[-1])} of {recording.training.get('epochs', '?')}", describe(last)]
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


def describe_settings(settings: Mapping[str, Any]) -> str:
    """Settings in a line: "loss mse, optimizer adam (learning_rate 0.01), epochs 600"."""
    words = []
    for key, value in settings.items():
        if isinstance(value, Mapping):
            inner = describe_settings({name: inner for name, inner in value.items() if name != "name"})
            value = " ".join(filter(None, (str(value.get("name", "")), f"({inner})" if inner else "")))
        elif isinstance(value, float):
            value = f"{value:g}"
        if value is not None and value is not False and value != [] and value != "":
            words.append(f"{key.replace('_', ' ')} {value}")
    return ", ".join(words)
