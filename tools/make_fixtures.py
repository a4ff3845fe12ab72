"""Record the small runs that every later release must still open: python tools/make_fixtures.py FOLDER

Each release adds a folder of its own to tests/fixtures/recordings and never touches those of earlier ones.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.experiment import Experiment  # noqa: E402
from engine.run import run_experiment  # noqa: E402

EXPERIMENTS = {
    "dense": """
name = "dense"
description = "Two moons, a plane that bends"
seed = 4
[dataset]
name = "moons"
n = 24
validation = 0.25
test = 0.25
[network]
layers = [{type = "dense", units = 2, activation = "tanh"}, {type = "dense", units = 1, activation = "sigmoid"}]
[training]
optimizer = {name = "adam", learning_rate = 0.05}
early_stopping = {patience = 2}
epochs = 3
batch_size = 8
[recording]
snapshot_steps = [1]
""",
    "autoencoder": """
name = "autoencoder"
[dataset]
name = "moons"
n = 12
task = "reconstruction"
[network]
dtype = "float64"
layers = [{type = "dense", units = 2, activation = "relu"}]
[training]
optimizer = {name = "momentum"}
schedule = {name = "cosine"}
epochs = 2
batch_size = "full"
""",
    "convolution": """
name = "convolution"
[dataset]
name = "sine"
n = 12
steps = 36
[network]
layers = [
    {type = "reshape", shape = [6, 6, 1]},
    {type = "conv2d", filters = 2, kernel_size = 3, activation = "relu"},
    {type = "max_pool2d", pool_size = 2},
    {type = "flatten"},
    {type = "dropout", rate = 0.2},
]
[training]
epochs = 2
[recording]
snapshot_every = 2
""",
    "recurrent": """
name = "recurrent"
[dataset]
name = "sine"
n = 12
steps = 6
validation = 0.25
[network]
layers = [{type = "lstm", units = 3}]
[training]
optimizer = {name = "sgd"}
clip_norm = 1.0
epochs = 2
""",
}


def make(folder: Path) -> None:
    """Record every experiment, and note what it says, in numbers that do not depend on this code."""
    folder.mkdir(parents=True)
    for name, text in EXPERIMENTS.items():
        run = run_experiment(Experiment.from_toml(text), folder / name)
        told = {
            "epochs": run.epochs,
            "steps": run.steps,
            "state": run.state,
            "loss": run.metrics["loss"].tolist(),
            "evaluated": {epoch: run.evaluate(epoch) for epoch in run.epochs},
            "outputs": run.network().predict(run.data.x[:3]).astype(np.float64).tolist(),
            "sum": {epoch: float(run.parameters(epoch).astype(np.float64).sum()) for epoch in run.epochs},
        }
        (folder / f"{name}.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        (folder / name / ".lock").unlink(missing_ok=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    target = Path(sys.argv[1])
    if target.exists():
        sys.exit(f"{target} exists: recordings of a release are made once and kept")
    try:
        make(target)
    except BaseException:
        shutil.rmtree(target, ignore_errors=True)
        raise
