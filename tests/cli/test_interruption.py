"""Ctrl-C as a user presses it: real processes, real signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from cli.main import FAILURE
from engine.recording import Recording

ROOT = Path(__file__).parents[2]

# An epoch of this takes seconds, all of them within one call of compiled code
SLOW = """\
name = "slow"
[dataset]
name = "moons"
n = 200000
[network]
layers = [{ type = "dense", units = 512, activation = "tanh" }, { type = "dense", units = 512, activation = "tanh" }]
[training]
epochs = 2
batch_size = 32
"""

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals like these are POSIX's")


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def run_code(code: str) -> subprocess.CompletedProcess[str]:
    """Python code in another process, until it ends."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60)


def start(*arguments: object) -> subprocess.Popen[str]:
    """The command in another process, in the current folder."""
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", *map(str, arguments)],
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.01)


def has_epochs(run: str, count: int) -> Callable[[], bool]:
    metrics = Path(run, "metrics.jsonl")
    return lambda: metrics.exists() and metrics.read_bytes().count(b"\n") >= count


IN_A_CALLBACK = """
import os, signal, threading
from ctypes import CFUNCTYPE
from engine.interruption import interruptible
abandoned = threading.Event()
def press():
    for _ in range(2):
        os.kill(os.getpid(), signal.SIGINT)
with interruptible(abandoned.set) as pressed:
    CFUNCTYPE(None)(press)()
    print(abandoned.wait(60), pressed())
"""


def test_two_presses_while_the_compiler_works_show_no_traceback() -> None:
    """It calls Python back, where nothing can be raised."""
    result = run_code(IN_A_CALLBACK)
    assert (result.returncode, result.stdout.split(), result.stderr) == (0, ["True", "True"], "")


WHILE_THE_FIRST_IS_HANDLED = """
import signal, sys
from engine.interruption import interruptible

def press_at(number):
    \"\"\"Press for the second time before the step of that number in the handling of the first.\"\"\"
    steps = 0
    def trace(frame, event, argument):
        nonlocal steps
        steps += 1
        if steps == number:
            sys.settrace(None)
            signal.raise_signal(signal.SIGINT)
        return trace
    try:
        with interruptible(lambda: None) as pressed:
            sys.settrace(trace)
            try:
                signal.raise_signal(signal.SIGINT)
            finally:
                sys.settrace(None)
            assert pressed()
    except KeyboardInterrupt:
        pass
    return steps >= number

number = 1
while press_at(number):
    number += 1
print(number)
"""


def test_a_second_press_while_the_first_is_handled_does_not_wait_for_it() -> None:
    result = run_code(WHILE_THE_FIRST_IS_HANDLED)
    assert (result.returncode, result.stderr) == (0, "")
    assert int(result.stdout) > 3  # the handler was met at its work


def test_two_presses_stop_within_an_epoch(workplace: Path, succeeds: Callable[..., Result]) -> None:
    Path("slow.toml").write_text(SLOW)
    process = start("train", "slow.toml")
    wait_for(has_epochs("runs/slow", 1), process)
    time.sleep(0.5)  # until the first epoch is being trained
    pressed = time.monotonic()
    process.send_signal(signal.SIGINT)
    time.sleep(0.2)
    assert process.poll() is None  # it would finish its epoch
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=120)
    assert process.returncode == FAILURE
    assert err.splitlines()[-1] == (
        "Error: training was stopped within an epoch, and epoch 0 is the last that was kept; go on with it: "
        "neurofilm train --resume runs/slow"
    )
    assert "Traceback" not in err
    assert time.monotonic() - pressed < 30
    run = Recording("runs/slow")
    assert run.state == "interrupted" and run.epochs == [0]
    assert run.checkpoint()["epoch"] == 0
    assert run.parameters(0).tobytes() == run.network(0).parameters.tobytes()


def test_presses_while_much_is_written_do_no_damage(workplace: Path, small_experiment: Path) -> None:
    """Epochs of a fraction of a millisecond: the second press meets the recorder at its work."""
    from engine.experiment import load_experiment
    from engine.run import resume, run_experiment

    whole = run_experiment(load_experiment(small_experiment).override(epochs=2000), "whole")
    for number, pause in enumerate((0.0, 0.01)):
        name = f"run{number}"
        process = start("train", small_experiment, "--epochs", 2000, "-o", name)
        wait_for(has_epochs(name, 30), process)
        process.send_signal(signal.SIGINT)
        time.sleep(pause)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
        assert process.returncode != 0
        assert f"neurofilm train --resume {name}" in err or "Aborted!" in err, err
        assert "Traceback" not in err, err
        assert Recording(name).state == "interrupted"
        resumed = resume(name)
        assert resumed.state == "finished"
        assert resumed.parameters().tobytes() == whole.parameters().tobytes()
        assert not list(Path(name).rglob(".*.tmp"))
