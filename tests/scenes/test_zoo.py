"""Scene `zoo`: kinds of networks, their parameters and results, against the recordings."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from engine.errors import RenderError
from engine.recording import Recording
from scenes.mobjects.network_diagram import NetworkDiagram
from scenes.parts import make_part
from scenes.registry import SCENES
from scenes.theme import SAFE
from scenes.zoo import Zoo
from scenes.zoo.kinds import EXPERIMENTS, KINDS, by_kind, held_out_error, kind_of, plain, result_of
from scenes.zoo.scene import places
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk


def tell(recordings: Any, parts: tuple[str, ...], scene: type[Zoo] = Zoo) -> Zoo:
    return cast(Zoo, walk(scene, recordings, {"parts": parts})[0])


def said(scene: Zoo) -> str:
    return " ".join(cue.text.replace("\n", " ") for cue in scene.cues)


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_known_by_its_layers(small_run: SmallRun, name: str) -> None:
    recording = small_run(KINDS[name].experiment)
    assert kind_of(recording) == name
    assert by_kind({"mine": recording}) == {KINDS[name].experiment: recording}
    assert Zoo.possible({"mine": recording}) == [name]


def test_the_scene_is_told_with_every_kind() -> None:
    assert set(SCENES["zoo"].experiments) == set(EXPERIMENTS)


def test_what_is_of_no_kind_is_named(small_run: SmallRun) -> None:
    recording = small_run("spirals-linear")
    assert kind_of(recording) is None
    with pytest.raises(RenderError, match="zoo knows Perceptron, .*: spirals-linear has the layers dense"):
        make_part("zoo", recording, {})


def test_diagrams_follow_one_another_with_their_parameters(small_run: SmallRun) -> None:
    recordings = {name: small_run(name) for name in ("perceptron", "xor", "rnn-sine")}
    seen: list[tuple[int, str]] = []

    class Watched(Zoo):
        def let_pass(self, diagram: NetworkDiagram, recording: Recording) -> None:
            assert diagram.network is not None and self.parameters is not None
            assert np.array_equal(diagram.network.parameters, recording.network().parameters)
            seen.append((diagram.network.parameter_count, self.parameters.text))
            super().let_pass(diagram, recording)
            # what came out last is what the network gives
            top = diagram.signals(recording.data.x[0])
            assert len(top.bright) == len(diagram.places)

    scene = tell(recordings, ("recurrent", "perceptron", "feed_forward"), Watched)
    counts = [8 + 64 + 8 + 9, 3, 2 * 4 + 4 + 4 + 1]
    assert seen == [(count, f"{count}") for count in counts]
    assert scene.diagram is not None


def test_results_are_those_of_the_recording(small_run: SmallRun) -> None:
    digits, sine = small_run("digits"), small_run("rnn-sine")
    x, y = digits.data.x_validation, digits.data.y_validation
    assert x is not None and y is not None
    right = int((digits.network().predict(x).argmax(axis=1) == y).sum())
    assert result_of(digits) == f"{right} of {len(y)} new images are right."
    error, held_out = held_out_error(sine, sine.epochs[-1])
    assert held_out and error == pytest.approx(sine.metrics["val_loss"][-1], rel=1e-4)
    assert result_of(sine) == f"Its mean squared error\non new sequences is {plain(error)}."
    linear = small_run("autoencoder-linear")
    assert f"the images it learned from is {plain(linear.evaluate()['loss'])}." in result_of(linear)
    assert result_of(digits, (None, 0)) != result_of(digits)


@pytest.mark.parametrize(("number", "text"), [(1.23e-6, "0.0000012"), (0.0524, "0.052"), (0.5, "0.5"), (120.0, "120")])
def test_numbers_are_written_out(number: float, text: str) -> None:
    assert plain(number) == text


def test_the_family_shows_all_that_there_are(small_run: SmallRun) -> None:
    scene = tell({name: small_run(name) for name in ("perceptron", "xor", "gru-recall")}, ("family",))
    diagrams = [member for member in scene.mobjects if isinstance(member, NetworkDiagram)]
    assert [diagram.network.parameter_count for diagram in diagrams if diagram.network] == [
        small_run(name).network().parameter_count for name in ("perceptron", "xor", "gru-recall")
    ]


@pytest.mark.parametrize("count", [1, 2, 7, 10])
def test_places_lie_side_by_side_in_the_frame(count: int) -> None:
    zones = places(count)
    assert len(zones) == count
    for k, zone in enumerate(zones):
        assert zone.left >= SAFE.left - 1e-9 and zone.right <= SAFE.right + 1e-9
        for other in zones[:k]:
            apart = max(zone.left, other.left) >= min(zone.right, other.right) - 1e-9
            assert apart or max(zone.bottom, other.bottom) >= min(zone.top, other.top) - 1e-9
