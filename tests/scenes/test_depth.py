"""Scene `depth`: bars as high as the figures, curves and counts as recorded."""

from __future__ import annotations

import pytest

from engine.layers import Conv2D, Dense, Flatten, Residual
from engine.network import Network
from scenes.depth.scene import CHART, PERSON, WINNERS, Depth, weighted_layers
from scenes.numbers import share_text
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk


@pytest.fixture
def scene(small_run: SmallRun) -> Depth:
    (built,) = walk(Depth, {name: small_run(name) for name in ("plain-small", "resnet-small")})
    assert isinstance(built, Depth)
    return built


def test_bars_are_as_high_as_the_errors(scene: Depth) -> None:
    heights = scene.boxes[:, 3] - CHART.bottom
    errors = [winner.error for winner in WINNERS]
    assert heights / CHART.height == pytest.approx([error / errors[0] for error in errors])
    assert errors == sorted(errors, reverse=True) and errors[-1] < PERSON < errors[-2]
    assert [winner.layers for winner in WINNERS] == [8, 19, 22, 152]


def test_curves_end_with_what_is_recorded(scene: Depth, small_run: SmallRun) -> None:
    recorded = [small_run(name).metrics["val_accuracy"][-1] for name in ("plain-small", "resnet-small")]
    assert scene.results == pytest.approx(recorded)
    plain, residual = map(share_text, recorded)
    assert scene.cues[-1].text == f"Plain: {plain}.\nWith ways round: {residual}."


def test_both_have_as_many_layers(scene: Depth, small_run: SmallRun) -> None:
    counts = {weighted_layers(small_run(name).network()) for name in ("plain-small", "resnet-small")}
    assert counts == {22}
    assert any("Here are 22," in cue.text for cue in scene.cues)


def test_layers_within_blocks_count() -> None:
    inner = [Conv2D(2, 3, padding="same"), Conv2D(2, 3, padding="same")]
    assert weighted_layers(Network([Conv2D(2, 3), Residual(inner), Flatten(), Dense(3)], (6, 6, 1))) == 4


def test_one_recording_tells_of_the_years_alone(small_run: SmallRun) -> None:
    assert Depth.possible({"plain-small": small_run("plain-small")}) == ["years"]
