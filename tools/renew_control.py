"""Make the control images of tests/scenes/control again: python tools/renew_control.py [NAME ...]

To be run when a mobject or a scene was changed on purpose, and after looking at it; what it changes belongs into the
commit that does so. Without names, all images that no longer look the same are made again; with names, those are.
"""

from __future__ import annotations

import sys
import tempfile
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from engine.experiment import load_experiment  # noqa: E402
from engine.recording import Recording  # noqa: E402
from engine.run import run_experiment  # noqa: E402
from scenes.registry import SCENES  # noqa: E402
from tests.scenes.control import (  # noqa: E402
    FOLDER,
    MOBJECTS,
    change,
    keep,
    kept,
    mobject_picture,
    path_of,
    scene_picture,
)


def main() -> None:
    unknown = [name for name in sys.argv[1:] if name not in (*MOBJECTS, *SCENES)]
    if unknown:
        sys.exit(f"there is no mobject or scene {unknown[0]!r}: choose from {', '.join((*MOBJECTS, *SCENES))}")
    with tempfile.TemporaryDirectory() as folder:

        @cache
        def small_run(name: str) -> Recording:
            experiment = load_experiment(name)
            if experiment.fallback:
                return small_run(experiment.fallback)
            source = experiment.network.weights_of
            weights = None if source is None else small_run(source).path
            return run_experiment(experiment.override(epochs=2, weights_from=weights), Path(folder) / name)

        for name in sys.argv[1:] or (*MOBJECTS, *SCENES):
            picture = mobject_picture(name) if name in MOBJECTS else scene_picture(name, small_run)
            if sys.argv[1:] or not path_of(name).exists() or change(kept(name), picture):
                keep(name, picture)
                print(path_of(name).relative_to(ROOT), flush=True)
    for path in set(FOLDER.iterdir()) - {path_of(name) for name in (*MOBJECTS, *SCENES)}:
        path.unlink()
        print(f"{path.relative_to(ROOT)} is gone: it was of nothing", flush=True)


if __name__ == "__main__":
    main()
