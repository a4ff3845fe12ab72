"""A made-up training that is played by other processes, to be killed: no test itself.

recording_play.py train RUN EPOCHS [overwrite] [slowly]
recording_play.py resume RUN EPOCHS
recording_play.py every-call FOLDER
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np  # noqa: E402

from engine.errors import RecordingError  # noqa: E402
from engine.recording import Recorder, Recording, writer  # noqa: E402
from engine.recording.description import Slot  # noqa: E402

EPOCHS = 4
CHANGES = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate"}


class Play:
    """What a Recorder asks of a network."""

    layers: list[Any] = []
    layout = [Slot("0.weight", (2, 3), 0, 6), Slot("0.bias", (3,), 6, 9)]
    dtype = np.dtype(np.float32)

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def config(self) -> dict[str, Any]:
        return {"seed": self.seed}


def train(path: Path, epochs: int, seed: int = 0, resume: bool = False, slowly: bool = False, **options: Any) -> None:
    """Every epoch depends on the parameters and moments of the last, so that a wrong checkpoint shows."""
    network: Any = Play(seed)
    if resume:
        recorder, checkpoint = Recorder.resume(path)
        first, parameters, moments = checkpoint["epoch"] + 1, checkpoint["parameters"], checkpoint["moments"]
    else:
        recorder = Recorder(path, snapshot_steps=range(2, 9, 3), **options)
        first, parameters = 0, np.full(9, seed, np.float32)
        moments = np.arange(9, dtype=np.float32)
    recorder.start(network, {"epochs": epochs}, {"x": np.zeros((2, 2)), "y": np.zeros(2, int)})
    for epoch in range(first, epochs + 1):
        moments = np.cos(moments * 3 + epoch).astype(np.float32)
        if epoch in recorder.snapshot_steps:
            recorder.record_step(epoch, parameters + 5)
        parameters = np.float32(0.9) * parameters + moments
        recorder.record_epoch(epoch, parameters, {"loss": float(parameters[0])}, {"moments": moments})
        if slowly:
            print(epoch, flush=True)
            time.sleep(0.0005)
    recorder.finish()


def content(path: Path) -> dict[str, bytes]:
    """All files of a folder but the lock, with what is in them."""
    files = (file for file in path.rglob("*") if file.is_file() and file.name != ".lock")
    return {str(file.relative_to(path)): file.read_bytes() for file in files}


def die_at(call: int, act: Callable[[], None]) -> bool:
    """Do something in another process that is killed at a change of the file system; whether it was."""
    child = os.fork()
    if child == 0:
        count = 0

        write = os.write

        def change() -> None:
            nonlocal count
            count += 1
            if count == call:
                os.kill(os.getpid(), signal.SIGKILL)

        def watch(event: str, arguments: tuple[Any, ...]) -> None:
            if event in CHANGES and (event != "open" or arguments[2] & (os.O_WRONLY | os.O_RDWR)):
                change()

        def torn(file: int, contents: bytes) -> int:
            change()
            half = write(file, contents[: len(contents) // 2])
            change()
            return half + write(file, contents[half:])

        os.write = torn  # which no audit hook sees
        sys.addaudithook(watch)
        act()
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert status == 0 or os.WTERMSIG(status) == signal.SIGKILL, status
    return status != 0


def in_child(act: Callable[[], None]) -> None:
    """Do something in another process, so that this one stays without threads and can fork."""
    child = os.fork()
    if child == 0:
        try:
            act()
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit(f"failed after {describe}")


describe = "nothing"


def every_call(folder: Path) -> None:
    """Kill at every change; each time the run must open, hold what it promises, and go on to the same bits."""
    global describe
    writer.FLUSH_EVERY = 0.0  # so that flushing in between is seen too
    os.fsync = os.sync = lambda *_: None  # they take long, and what a killed process leaves does not depend on them
    in_child(lambda: train(folder / "whole", EPOCHS))
    whole, values = content(folder / "whole"), Recording(folder / "whole")
    in_child(lambda: train(folder / "old", 2, seed=8))
    old = content(folder / "old")
    in_child(lambda: train(folder / "half", 2))
    plays = {
        "train": (None, partial(train, epochs=EPOCHS)),
        "overwrite": ("old", partial(train, epochs=EPOCHS, overwrite=True)),
        "resume": ("half", partial(train, epochs=EPOCHS, resume=True)),
    }
    for name, (before, act) in plays.items():
        for call in itertools.count(1):
            describe = f"{name}, call {call}"
            path = folder / f"{name}{call}"
            if before is not None:
                shutil.copytree(folder / before, path)
            if not die_at(call, partial(act, path)):
                break
            in_child(partial(check, path, values, whole, old if before == "old" else None, before == "half"))
        print(name, call)


def check(path: Path, values: Recording, whole: dict[str, bytes], old: dict[str, bytes] | None, half: bool) -> None:
    """What must hold for a run whose process was killed."""
    try:
        run = Recording(path)
    except RecordingError:
        assert old is None and not half, "an existing run is gone"
        train(path, EPOCHS)  # nothing had been recorded yet: the directory is as good as empty
        assert content(path) == whole
        return
    if old is not None and run.network_config["seed"] == 8:
        assert run.state == "finished" and len(run) == 3
        assert {name: data for name, data in content(path).items() if not name.startswith(".")} == old
        train(path, EPOCHS, overwrite=True)
        assert content(path) == whole
        return
    assert run.epochs == list(range(len(run))) and (not half or len(run) >= 3)
    for epoch in run:
        assert run.parameters(epoch).tobytes() == values.parameters(epoch).tobytes()
    for step in run.steps:
        assert run.parameters(step=step).tobytes() == values.parameters(step=step).tobytes()
    if not run.epochs and not (path / "checkpoint.safetensors").exists():
        assert old is None, "the old run was given up before the new one had an epoch"
        train(path, EPOCHS, overwrite=True)
    else:
        train(path, EPOCHS, resume=True)
    assert content(path) == whole, sorted(content(path).keys() ^ whole.keys())


if __name__ == "__main__":
    what, where, *rest = sys.argv[1:]
    try:
        if what == "every-call":
            every_call(Path(where))
        elif what == "resume":
            train(Path(where), int(rest[0]), resume=True)
        else:
            train(Path(where), int(rest[0]), overwrite="overwrite" in rest, slowly="slowly" in rest)
    except RecordingError as failure:
        sys.exit(str(failure))
