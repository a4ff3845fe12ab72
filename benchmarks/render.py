"""How long pictures take, each as a ratio measured in one run.

Painted mobjects: against the straightforward manim version of the same picture, drawing only. Scenes: frames drawn and
encoded, against the same finished frames pushed straight into the same encoder. A film: several workers against one.
And whether memory stays flat.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.pictures import films, memory, mobjects, workers
from scenes.outputs import QUALITIES
from scenes.registry import FILMS, SCENES
from scenes.workers import available_cores

PARTS = ("mobjects", "scenes", "memory", "workers")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"any of {', '.join(PARTS)}; by default all")
    parser.add_argument("--rounds", type=int, default=5, help="how often each drawing is measured; medians are shown")
    parser.add_argument("--scene", action="append", choices=list(SCENES), help="only this one; can be repeated")
    parser.add_argument("--every", type=int, default=4, help="of how many seconds of a scene one is rendered")
    parser.add_argument(
        "--turns", type=int, default=1, help="how often scenes and film are rendered; medians are shown"
    )
    parser.add_argument("--epochs", type=int, default=60, help="how long the scenes' networks are trained at most")
    parser.add_argument("--film", choices=list(FILMS), default="untangle", help="which one workers render")
    parser.add_argument("--workers", type=int, default=max(2, available_cores()), help="how many render the film")
    parser.add_argument("--quality", choices=list(QUALITIES), default="m", help="of the film")
    given = parser.parse_args()
    unknown = set(given.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown part {min(unknown)!r}: choose from {', '.join(PARTS)}")
    parts = given.parts or PARTS
    if "mobjects" in parts:
        mobjects.report(given.rounds)
    if "scenes" in parts:
        with tempfile.TemporaryDirectory() as folder:
            films.report(Path(folder), given.scene or list(SCENES), given.every, given.epochs, given.turns)
    if "memory" in parts:
        memory.report()
    if "workers" in parts:
        with tempfile.TemporaryDirectory() as folder:
            workers.report(Path(folder), given.film, given.workers, given.epochs, given.turns, given.quality)


if __name__ == "__main__":
    main()
