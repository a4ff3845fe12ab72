"""A disk that is full, a folder that is read-only, files that vanish, runs that are long: all of them real."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from cli.main import main
from engine.errors import RecordingError
from engine.layers import Dense
from engine.network import Network
from engine.recording import Recorder, Recording
from engine.run import resume, run_experiment

ROOT = Path(__file__).parents[2]
posix = pytest.mark.skipif(os.name != "posix", reason="limits and users like these are POSIX's")
DATA = {"x": np.zeros((4, 2), np.float32), "y": np.array([0, 1, 0, 1])}
NETWORK = Network([Dense(1, "sigmoid")], input_shape=(2,), seed=3)
LONG = os.environ.get("NEUROFILM_FUZZ") == "long"


def run_python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=3000 if LONG else 300,
        check=False,
    )


TRAIN_WITH_LITTLE_DISK = """
import resource, sys
from cli.main import main
from engine.jit import cache_folder
sys.argv = ["neurofilm", "train", sys.argv[1], "--epochs", "400", "-o", sys.argv[2]]
import cli.train
began = cli.train.announce_compilation
def limit(*given):
    began(*given)
    resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, 12_000))
cli.train.announce_compilation = limit
main()
"""


@posix
def test_a_disk_that_is_full_costs_only_the_epoch(small_experiment: Path, tmp_path: Path) -> None:
    """No file may be longer than 12 kB, so that the metrics run out of room as they do on a full disk."""
    from engine.experiment import load_experiment

    whole = run_experiment(load_experiment(small_experiment).override(epochs=400), tmp_path / "whole")
    assert (tmp_path / "whole" / "metrics.jsonl").stat().st_size > 12_000
    result = run_python(TRAIN_WITH_LITTLE_DISK, small_experiment, tmp_path / "run")
    assert result.returncode == 1, result.stderr
    assert result.stderr.splitlines()[-1] == (
        f"Error: {tmp_path / 'run' / 'metrics.jsonl'} cannot be written: File too large"
    )
    assert "Traceback" not in result.stderr
    stopped = Recording(tmp_path / "run")
    assert stopped.state == "interrupted" and 5 < len(stopped) < 400
    for epoch in stopped:
        assert stopped.parameters(epoch).tobytes() == whole.parameters(epoch).tobytes()
    resumed = resume(tmp_path / "run")  # there is room again
    assert resumed.state == "finished" and resumed.digest == whole.digest
    assert not list((tmp_path / "run").rglob(".*.tmp"))


@pytest.fixture
def read_only() -> Iterator[Path]:
    """A folder that all may read and nobody may write into; in it a run, and a file beside it."""
    folder = Path(tempfile.mkdtemp(prefix="neurofilm-"))
    recorder = Recorder(folder / "run")
    recorder.start(NETWORK, {"loss": "binary_crossentropy", "epochs": 2}, DATA)
    for epoch in range(2):
        recorder.record_epoch(epoch, NETWORK.parameters, {"loss": 1.0}, {})
    recorder.finish("interrupted")
    for path in [folder, *folder.rglob("*")]:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~0o222 | 0o444 | (0o111 if path.is_dir() else 0))
    try:
        yield folder
    finally:
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755)
        shutil.rmtree(folder)


IN_A_READ_ONLY_FOLDER = """
import os, sys
from pathlib import Path
import numpy as np

from engine.errors import RecordingError
from engine.layers import Dense
from engine.network import Network
from engine.recording import Recorder, Recording
from engine.recording.description import versions
versions()
network = Network([Dense(1, "sigmoid")], input_shape=(2,), seed=3)
data = {"x": np.zeros((4, 2), np.float32), "y": np.array([0, 1, 0, 1])}
folder = Path(sys.argv[1])
if os.getuid() == 0:
    os.setuid(65534)  # to whom the permissions apply
run = Recording(folder / "run")
print(run.state, len(run), run.parameters(1).tolist() == network.parameters.tolist())
for attempt in (
    lambda: Recorder(folder / "new").start(network, {}, data),
    lambda: Recorder(folder / "run", overwrite=True).start(network, {}, data),
    lambda: Recorder.resume(folder / "run"),
):
    try:
        attempt()
        print("nothing was wrong")
    except RecordingError as error:
        print(str(error).replace(str(folder), "FOLDER"))
"""


@posix
def test_a_read_only_folder_is_read_and_not_written(read_only: Path) -> None:
    result = run_python(IN_A_READ_ONLY_FOLDER, read_only)
    assert result.returncode == 0, result.stderr
    first, *refused = result.stdout.splitlines()
    assert first == "interrupted 2 True"
    assert len(refused) == 3 and all("cannot be" in line and "Permission denied" in line for line in refused), refused


def test_a_folder_that_vanishes_is_named(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "run")
    recorder.start(NETWORK, {"loss": "binary_crossentropy", "epochs": 9}, DATA)
    recorder.record_epoch(0, NETWORK.parameters, {"loss": 1.0}, {})
    recorder._writer.settle()  # type: ignore[union-attr]
    shutil.rmtree(tmp_path / "run")
    with pytest.raises(RecordingError, match="run.* cannot be written: No such file or directory"):
        for epoch in range(1, 9):
            recorder.record_epoch(epoch, NETWORK.parameters, {"loss": 1.0}, {})
        recorder.finish()
    recorder.finish("interrupted")


def test_snapshots_that_vanish_are_named_while_they_are_written_and_read(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "run")
    recorder.start(NETWORK, {"loss": "binary_crossentropy", "epochs": 2}, DATA)
    for epoch in range(3):
        recorder.record_epoch(epoch, NETWORK.parameters, {"loss": 1.0}, {})
    recorder._writer.settle()  # type: ignore[union-attr]
    (tmp_path / "run/snapshots.safetensors").unlink()
    with pytest.raises(RecordingError, match=r"snapshots.safetensors cannot be written: No such file or directory$"):
        recorder.finish()
    run = Recording(tmp_path / "run")
    with pytest.raises(RecordingError, match=r"snapshots.safetensors is missing$"):
        run.parameters(1)
    assert run.checkpoint()["parameters"].tobytes() == NETWORK.parameters.tobytes()


MEMORY_OVER_EPOCHS = """
import os, sys
from pathlib import Path

from engine.datasets import load_dataset
from engine.layers import Dense
from engine.network import Network
def held():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
data = load_dataset("moons", n=40)
network = Network([Dense(4, "tanh"), Dense(1, "sigmoid")], input_shape=(2,), seed=1)
epochs, seen = int(sys.argv[2]), []
def look(network, epoch, metrics):
    if epoch == epochs // 10 or epoch == epochs:
        seen.append(held())
network.fit(data.x, data.y, loss="binary_crossentropy", epochs=epochs, record=sys.argv[1], callbacks=[look])
print(seen[1] - seen[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc, which Linux has")
def test_memory_stays_flat_over_a_long_run(tmp_path: Path) -> None:
    """A snapshot each epoch; 10,000 epochs with make fuzz, and a part of them, in proportion, otherwise."""
    epochs = 10_000 if LONG else 1_500
    result = run_python(MEMORY_OVER_EPOCHS, tmp_path / "run", epochs)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) < 50e6 * epochs / 10_000
    began = time.process_time()
    run = Recording(tmp_path / "run")
    assert len(run.epochs) == epochs + 1
    assert time.process_time() - began < 1
    began = time.process_time()
    told = CliRunner().invoke(main, ["info", str(tmp_path / "run")])
    assert told.exit_code == 0 and f"epoch {epochs} of {epochs}" in told.output
    assert time.process_time() - began < 2


KILLED = """
import os, random, signal, sys, time
from pathlib import Path
from engine.errors import RecordingError
from engine.experiment import Experiment
from engine.recording import Recording
from engine.run import resume, run_experiment
source, folder, kills = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
chance, killed, span = random.Random(6), 0, 0.0
experiment = Experiment.from_toml(Path(source)).override(epochs=150)

def in_child(act, moment):
    began, child = time.monotonic(), os.fork()
    if child == 0:
        if moment:
            signal.setitimer(signal.ITIMER_REAL, moment)  # its signal, with no handler, ends the process at once
        try:
            act()
        finally:
            os._exit(0)
    status = os.waitpid(child, 0)[1]
    return os.WIFSIGNALED(status), time.monotonic() - began

def whole():
    run_experiment(experiment, folder / "whole")

run_experiment(experiment.override(epochs=1), folder / "warm")  # so that every child has its kernels
span = in_child(whole, None)[1]
expected = Recording(folder / "whole")
number = 0
while killed < kills:
    number += 1
    path, begun = folder / f"run{number}", False
    while True:  # killed now and then, going on in between, until it gets to its end
        moment = chance.uniform(0.001, span * 1.2)
        act = (lambda: resume(path)) if begun else (lambda: run_experiment(experiment, path, overwrite=True))
        hit = in_child(act, moment)[0]
        killed += hit
        span *= 1 if hit else 0.9  # it may have become faster than at first
        try:
            run = Recording(path)
        except RecordingError:
            assert hit and not begun, "a recording is gone"
            continue
        for epoch in run:
            assert run.parameters(epoch).tobytes() == expected.parameters(epoch).tobytes(), epoch
        if not hit:
            break
        assert run.state in ("interrupted", "finished"), run.state
        try:
            run.checkpoint()
            begun = True
        except RecordingError:
            assert not begun, "a checkpoint is gone"
        if run.state == "finished":
            break
    assert run.state == "finished" and run.digest == expected.digest
    assert not list(path.rglob(".*.tmp")) and not (path / ".new").exists() and not (path / ".ready").exists()
print(killed)
"""


@posix
def test_a_training_killed_again_and_again_gives_the_bits_of_a_whole_one(
    small_experiment: Path, tmp_path: Path
) -> None:
    """Real trainings, killed at random moments until they get through: 10 times, or 200 with make fuzz."""
    kills = 200 if LONG else 10
    result = run_python(KILLED, small_experiment, tmp_path, kills)
    assert result.returncode == 0, result.stderr[-2000:]
    assert int(result.stdout) >= kills


def test_a_large_network_is_not_read_as_a_whole(tmp_path: Path) -> None:
    """A network of 100 MB and ten snapshots: what is asked for is mapped, and opening reads none of it."""
    network = Network([Dense(5000), Dense(5000, "relu"), Dense(1, "sigmoid")], input_shape=(2,), seed=0)
    assert network.parameters.nbytes > 100e6
    recorder = Recorder(tmp_path / "run", snapshot_every=1)
    recorder.start(network, {"loss": "binary_crossentropy", "epochs": 1}, DATA)
    recorder.record_epoch(0, network.parameters, {"loss": 1.0}, {"m": np.zeros(1)})
    recorder.record_epoch(1, network.parameters, {"loss": 0.5}, {"m": np.zeros(1)})
    recorder.finish()
    tracemalloc.start()
    try:
        run = Recording(tmp_path / "run")
        assert run.epochs == [0, 1] and run.state == "finished" and run.parameter_count == network.parameter_count
        assert run.metrics["loss"].tolist() == [1.0, 0.5]
        first, last = run.parameters(0), run.parameters(1)
        assert first[12345] == last[12345] == network.parameters[12345]
        assert tracemalloc.get_traced_memory()[1] < 5e6
    finally:
        tracemalloc.stop()


def test_the_same_training_twice_leaves_the_same_bytes(small_experiment: Path, tmp_path: Path) -> None:
    """Also in another process, which has its own addresses, hashes and threads."""
    code = "from engine.run import *; from engine.experiment import *; import sys; "
    code += "run_experiment(load_experiment(sys.argv[1]), sys.argv[2])"
    for name in ("one", "two"):
        result = run_python(code, small_experiment, tmp_path / name)
        assert result.returncode == 0, result.stderr
    one, two = (
        {str(path.relative_to(tmp_path / name)): path.read_bytes() for path in (tmp_path / name).rglob("*.safetensors")}
        for name in ("one", "two")
    )
    # the checkpoint holds the epoch's line of metrics, and so the seconds that it took
    assert len(one) == 3 and one.pop("checkpoint.safetensors") and two.pop("checkpoint.safetensors")
    assert one == two
    assert Recording(tmp_path / "one").digest == Recording(tmp_path / "two").digest
