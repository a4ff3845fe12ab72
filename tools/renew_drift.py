"""Measure the losses that tests/engine/drift.json keeps again: python tools/renew_drift.py [PRESET ...]

To be run when a preset or the engine's arithmetic was changed on purpose; what it changes belongs into the commit that
does so. Without presets, all that have losses there are measured.

Each loss has a relative tolerance of its own. Training is done again while every weight is moved by a unit in the last
place after every epoch; thirty times what that changes, and at least 1e-3, is what another machine may differ by.
Where that comes to more than 5%, training is chaotic, and its losses from then on (and, as chaos sets in at once, from
three quarters of the way there) say nothing of the engine: they are left out.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.experiment import list_experiments  # noqa: E402
from tests.engine.drift import LEFT_OUT, POINTS, TABLE, Kept, losses, read_table  # noqa: E402

NUDGES = 8
FACTOR, LEAST, MOST = 30.0, 1e-3, 0.05


def measure(name: str) -> list[tuple[int, float, float]]:
    """Epoch, loss and tolerance of a preset at epochs that are spread evenly."""
    own = losses(name)
    others = [losses(name, nudges=seed) for seed in range(NUDGES)]
    length = min(map(len, [own, *others]))
    own = own[:length]
    apart = np.max([np.abs(other[:length] - own) for other in others], axis=0)
    tolerance = np.maximum(FACTOR * np.maximum.accumulate(apart / np.maximum(own, 1e-6)), LEAST)
    usable = int(np.searchsorted(tolerance, MOST, side="right"))  # tolerances only grow
    usable = usable if usable == length else max(usable * 3 // 4, 1)
    epochs = np.unique(np.linspace(0, usable - 1, POINTS).round().astype(int))
    return [(int(epoch), float(f"{own[epoch]:.7g}"), float(f"{tolerance[epoch]:.2g}")) for epoch in epochs]


def main() -> None:
    table: Kept = read_table() if TABLE.exists() else {}
    for name in sys.argv[1:] or [name for name in list_experiments() if name not in LEFT_OUT]:
        table[name] = measure(name)
        print(f"{name}: up to epoch {table[name][-1][0]}, tolerance {table[name][-1][2]:g}", flush=True)
    rows = (
        f" {json.dumps(name)}: [\n  " + ",\n  ".join(map(json.dumps, table[name])) + "\n ]" for name in sorted(table)
    )
    TABLE.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
