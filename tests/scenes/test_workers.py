"""Films rendered by other processes, here and on a Dask cluster: the same bytes, whoever dies on the way."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

import scenes.jobs
import scenes.workers
from engine.errors import ConfigurationError, RenderError
from engine.recording import Recording
from scenes.cluster import cluster_studio
from scenes.films import Beat, Film
from scenes.jobs import Job, Source, job_of, open_run, part_of
from scenes.parts import Part, film_parts
from scenes.production import Production, Studio
from scenes.remote import measure_remotely, pack, render_remotely
from scenes.rendering import render_film
from scenes.segments import SegmentFolder, Size, cut
from scenes.workers import ProcessWorkers
from tests.scenes.conftest import SmallRun

ROOT = Path(__file__).parents[2]
# Cards are built in no time
FILM = Film(
    "cards",
    "Cards",
    (
        Beat("title", options={"text": "One after the other", "seconds": 8}, title="Title"),
        Beat("words", options={"title": "A thought", "seconds": 8}),
        Beat("end", ("spirals",), {"seconds": 8}, "End"),
    ),
)
posix = pytest.mark.skipif(os.name != "posix", reason="processes are killed by POSIX's signals")


class Watching:
    """Progress that calls a function once some frames are done."""

    def __init__(self, frames: int, call: Any) -> None:
        self.frames, self.call = frames, call
        self.seen: list[int] = []
        self.total: int | None = None

    def start(self, total: int | None) -> None:
        self.total = total

    def update(self, frame: int) -> None:
        self.seen.append(frame)
        if self.call is not None and frame >= self.frames:
            call, self.call = self.call, None
            call()

    def stop(self) -> None:
        pass


class Counting(Executor):
    """Hands jobs on, and counts them by what they do."""

    def __init__(self, executor: Any) -> None:
        self.executor, self.listener = executor, getattr(executor, "listener", None)
        self.count: dict[str, int] = {}

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.count[fn.__name__] = self.count.get(fn.__name__, 0) + 1
        return self.executor.submit(fn, *args, **kwargs)


@posix
def test_a_worker_that_is_killed_costs_only_its_own_job(small_run: SmallRun, tmp_path: Path) -> None:
    recordings = {"spirals": small_run("spirals")}
    alone = render_film(FILM, recordings, tmp_path / "alone" / "film.mp4", quality="l")
    with ProcessWorkers(2) as workers:
        counting = Counting(workers)
        killed: list[int] = []

        def kill() -> None:
            killed.append(workers.processes()[0])
            os.kill(killed[0], 9)

        progress = Watching(30, kill)
        result = render_film(
            FILM, recordings, tmp_path / "both" / "film.mp4", quality="l", studio=Studio(counting, 2), progress=progress
        )
        assert killed and killed[0] not in workers.processes() and len(workers.processes()) == 2
    assert result.path.read_bytes() == alone.path.read_bytes()
    assert counting.count["measure_job"] == 3 and counting.count["render_job"] == 3
    assert progress.total == result.frames == progress.seen[-1]
    assert [path.name for path in (tmp_path / "both/.segments").iterdir() if ".part" in path.name] == []
    # again: nothing is left to do for anybody
    counting = Counting(None)
    again = render_film(
        FILM, recordings, tmp_path / "both" / "film.mp4", quality="l", studio=Studio(counting, 2), overwrite=True
    )
    assert not counting.count and again.path.read_bytes() == alone.path.read_bytes()


@posix
def test_a_job_that_kills_every_worker_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes.workers, "ATTEMPTS", 1)
    with ProcessWorkers(1) as workers, pytest.raises(RenderError, match="a worker process died 1 times"):
        workers.submit(os._exit, 3).result()


def part(recording: Recording) -> Part:
    return film_parts(Film("f", "F", (Beat("warp", ("r",)),)), {"r": recording}, None)[0]


def test_a_job_makes_the_same_part(small_run: SmallRun) -> None:
    recording = small_run("spirals")
    given = part(recording)
    made = part_of(job_of(given))
    assert (made.scene, made.options, made.telling) == (given.scene, given.options, given.telling)
    assert [found.digest for found in made.recordings.values()] == [recording.digest]
    assert list(made.recordings) == list(given.recordings)


def test_jobs_that_do_not_say_what_is_there(small_run: SmallRun, monkeypatch: pytest.MonkeyPatch) -> None:
    job = job_of(part(small_run("spirals")))
    source = job.recordings[0][1]
    with pytest.raises(RenderError, match="was changed while the film was rendered"):
        open_run(Source(source.path, "other"))
    for scene in ("os:system", "scenes.parts:Part", "scenes.warp:Nothing", "tests.scenes.conftest:DARK"):
        with pytest.raises(RenderError, match="there is no scene"):
            part_of(Job(scene, (), {}, job.telling, job.code))
    with pytest.raises(RenderError, match="other sources or libraries"):
        part_of(Job(job.scene, (), {}, job.telling, "other"))


def test_recordings_travel_with_the_job(small_run: SmallRun) -> None:
    recording = small_run("spirals")
    job, size, sent = job_of(part(recording)), Size(160, 90, 5), pack(recording)
    length = measure_remotely(job, size, sent)
    segment = cut("key", length.frames, size.rate)[0]
    (content,) = render_remotely(job, length, [segment], "mp4", size, sent)
    scenes.joining.check_piece(content, "mp4", size, segment.frames)
    with pytest.raises(RenderError, match="did not arrive as it was sent"):
        measure_remotely(job, size, pack(small_run("spirals-wide")))
    for name in (b"..", b"a/b", b"", b"/tmp", b"a\\b"):
        with pytest.raises(RenderError, match="which is no folder's"):
            measure_remotely(job, size, name + sent[sent.index(b"\0") :])


def test_what_a_cluster_sends_back_is_checked(small_run: SmallRun, tmp_path: Path) -> None:
    class Lying(Executor):
        """Measures as it should, and sends back something else."""

        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_result(fn(*args) if fn is measure_remotely else [b"no film"] * len(args[2]))
            return future

    studio = Studio(Lying(), 1, ship=lambda content: content)
    with pytest.raises(RenderError, match="a worker sent back what is no film"):
        render_film(FILM, {"spirals": small_run("spirals")}, tmp_path / "film.mp4", quality="l", studio=studio)
    assert not (tmp_path / "film.mp4").exists()


@pytest.mark.parametrize(
    ("address", "error", "sentence"),
    [
        ("localhost:8786", ConfigurationError, "must be given as tcp://HOST:PORT"),
        ("tcp://127.0.0.1:1", RenderError, "does not answer"),
    ],
)
def test_clusters_that_are_none(
    address: str, error: type[Exception], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenes.cluster.PATIENCE", 1)
    with pytest.raises(error, match=sentence), cluster_studio(address):
        pass


CLUSTER = """
import os, signal, sys
from pathlib import Path
from engine.recording import Recording
from tests.scenes.test_workers import FILM, Watching

def main():
    from distributed import LocalCluster
    from scenes.cluster import cluster_studio
    from scenes.rendering import render_film
    run, folder = Recording(sys.argv[1]), Path(sys.argv[2])
    with LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster:
        with cluster_studio(cluster.scheduler_address) as studio:
            assert studio.workers == 2
            victim = next(iter(cluster.workers.values())).pid
            progress = Watching(30, lambda: (os.kill(victim, signal.SIGKILL), print("killed")))
            render_film(FILM, {"spirals": run}, folder / "film.mp4", quality="l", studio=studio, progress=progress)

if __name__ == "__main__":
    main()
"""


@posix
def test_a_dask_cluster_renders_the_same_film_though_a_worker_is_killed(small_run: SmallRun, tmp_path: Path) -> None:
    recording = small_run("spirals")
    alone = render_film(FILM, {"spirals": recording}, tmp_path / "alone" / "film.mp4", quality="l")
    script = tmp_path / "cluster.py"
    script.write_text(CLUSTER, encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-W", "ignore", str(script), str(recording.path), str(tmp_path / "there")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    assert "killed" in result.stdout
    assert (tmp_path / "there/film.mp4").read_bytes() == alone.path.read_bytes()


def test_jobs_that_a_cluster_gives_up_are_sent_again(tmp_path: Path) -> None:
    """As Dask does with those whose recordings were held by a worker that died."""
    folder = SegmentFolder(tmp_path, "mp4")
    production = Production([], Size(854, 480, 15), folder)
    sent: list[int] = []

    def submit(number: int) -> Future[int]:
        sent.append(number)
        future: Future[int] = Future()
        if sent.count(number) == 1 and number % 2:
            future.cancel()
            future.set_running_or_notify_cancel()
        else:
            future.set_result(10 * number)
        return future

    assert sorted(production._results(submit, range(4))) == [(k, 10 * k) for k in range(4)]
    assert sorted(sent) == [0, 1, 1, 2, 3, 3]

    def lost(number: int) -> Future[int]:
        future: Future[int] = Future()
        future.cancel()
        future.set_running_or_notify_cancel()
        return future

    with pytest.raises(RenderError, match="gave up a job 3 times"):
        list(production._results(lost, [0]))
