"""Scene `code`: what it draws and says, against the recordings."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from sklearn.decomposition import PCA

from engine.errors import RenderError
from engine.recording import Recording
from scenes.code import Code
from scenes.code.autoencoder import DEEP, LINEAR, Autoencoder, by_role, role
from scenes.code.chart import Chart, corners_of_codes
from scenes.code.charting import thumbnails
from scenes.code.dials import Dials, kind_like, said_of_ends
from scenes.code.flat import Flat, with_bends
from scenes.code.squeeze import Funnel
from scenes.code.walk import ends_of_dials, lattice_of, path
from scenes.parts import make_part
from scenes.theme import DARK, Zone
from tests.scenes.conftest import SmallRun
from tests.scenes.layout import walk

ZONE = Zone(-3, 3, -2, 2)


def tell(recordings: Any, part: str, scene: type[Code] = Code) -> Code:
    return cast(Code, walk(scene, recordings, {"parts": part})[0])


def said(scene: Code) -> str:
    return " ".join(cue.text.replace("\n", " ") for cue in scene.cues)


@pytest.fixture(scope="module")
def deep(small_run: SmallRun) -> Recording:
    return small_run(DEEP)


@pytest.fixture(scope="module")
def linear(small_run: SmallRun) -> Recording:
    return small_run(LINEAR)


def test_recordings_stand_for_the_experiment_of_their_shape(
    deep: Recording, linear: Recording, small_run: SmallRun
) -> None:
    assert (role(deep), role(linear), role(small_run("digits"))) == (DEEP, LINEAR, None)
    assert by_role({"a": linear, "b": deep}) == {LINEAR: linear, DEEP: deep}
    assert Code.possible({"mine": linear}) == ["flat"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("spirals", "code shows networks of grey images: spirals was trained on rows of numbers"),
        ("digits", "code shows networks that rebuild their input: digits makes 10 numbers of something else"),
    ],
)
def test_what_does_not_fit_is_named(small_run: SmallRun, name: str, sentence: str) -> None:
    with pytest.raises(RenderError, match=sentence):
        make_part("code", small_run(name), {})


def test_encoder_and_decoder_are_the_network(deep: Recording) -> None:
    autoencoder = Autoencoder(deep)
    x = autoencoder.x[:20]
    assert autoencoder.held_out and np.array_equal(x, deep.data.x_validation[:20])  # type: ignore[index]
    again = autoencoder.rebuilt(autoencoder.codes(x))
    assert again.reshape(20, -1) == pytest.approx(deep.network().predict(x), abs=1e-6)
    lost = (deep.network().predict(autoencoder.x).astype(float) - autoencoder.x) ** 2
    assert autoencoder.error() == pytest.approx(lost.mean(), rel=1e-5)
    examples = autoencoder.examples()
    assert autoencoder.labels is not None
    assert autoencoder.labels[examples].tolist() == list(range(10))
    for k in examples:
        of_kind = autoencoder.labels == autoencoder.labels[k]
        assert lost[k].mean() == pytest.approx(lost[of_kind].mean(axis=1).min())


def test_the_strips_show_the_layers(deep: Recording) -> None:
    stage = tell(deep, "squeeze")
    autoencoder = stage.choose(DEEP)
    examples = autoencoder.examples()
    funnel = Funnel(stage, autoencoder, examples)
    funnel.show(3, 9.0)
    activations = autoencoder.network.activations(autoencoder.x[examples[3]][None])
    hidden = [values[0] for k, values in enumerate(activations[:-1]) if k != autoencoder.layer]
    for strip, values in zip(funnel.strips, hidden, strict=True):
        assert strip.values[0, :, 0] == pytest.approx(values, abs=1e-6) and strip.opacity == 1
    shown = [float(readout.text.replace("−", "-")) for readout in funnel.code]
    assert shown == pytest.approx(activations[autoencoder.layer][0], abs=0.006)
    assert f"error is {autoencoder.error():.4f}" in said(stage) and "64 numbers" in said(stage)


def test_points_lie_at_their_codes(deep: Recording) -> None:
    charts: list[Chart] = []

    class Watched(Chart):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            charts.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scenes.code.charting.Chart", Watched)
        scene = tell(deep, "map")
    chart = charts[0]
    x = Autoencoder(deep).x
    codes = deep.network().activations(x)[2]
    zone = chart.zone
    share = (chart.cloud.points[:, :2] - [zone.left, zone.bottom]) / [zone.width, zone.height]
    assert chart.low + share * (chart.high - chart.low) == pytest.approx(codes, abs=1e-4)
    labels = deep.data.labels_validation
    assert labels is not None
    assert chart.cloud.colours is not None
    assert chart.cloud.colours[:, :3] == pytest.approx(scene.theme.class_colours(labels))
    assert f"The two numbers of {len(x)} images" in said(scene)


def test_small_images_stand_at_their_codes_and_apart(deep: Recording) -> None:
    autoencoder = Autoencoder(deep)
    x = autoencoder.x[:150]
    codes = autoencoder.codes(x)
    chart = Chart(codes, DARK.class_colours(np.zeros(150, int)), ZONE, *corners_of_codes([codes]))
    tiles = thumbnails(autoencoder, x, chart, DARK)
    boxes = tiles.points.reshape(-1, 4, 3)
    centers = boxes[:, :, :2].mean(axis=1)
    assert len(centers) > 3
    for image, center in zip(tiles.values, centers, strict=True):
        k = int(np.abs(x.reshape(150, 8, 8) - image).sum(axis=(1, 2)).argmin())
        assert chart.place(codes[k : k + 1])[0] == pytest.approx(center)
    apart = np.abs(centers[:, None] - centers[None]).max(axis=2) + 9 * np.eye(len(centers))
    assert apart.min() > 0.5


def test_codes_beyond_the_frame_are_not_drawn() -> None:
    codes = np.array([[0.0, 0.0], [5.0, 0.0]])
    chart = Chart(codes, np.zeros((2, 3)), ZONE, np.array([-1, -1]), np.array([1, 1])).show(codes)
    assert np.isfinite(chart.cloud.points[0]).all() and np.isnan(chart.cloud.points[1, :2]).all()


def test_the_walk_passes_through_all_kinds() -> None:
    rng = np.random.default_rng(0)
    middles = rng.normal(0, 5, (6, 2))
    labels = np.repeat(np.arange(6), 41)
    codes = middles[labels] + rng.normal(0, 0.1, (246, 2))
    way = path(codes, labels)(np.linspace(0, 1, 501))
    for kind in range(6):
        median = np.median(codes[labels == kind], axis=0)
        assert np.linalg.norm(way - median, axis=1).min() < 1e-6
    assert (way >= codes.min(axis=0) - 1).all() and (way <= codes.max(axis=0) + 1).all()
    assert np.linalg.norm(np.diff(way, axis=0), axis=1).max() < 0.1 * np.ptp(codes)
    assert path(codes, None)(0.3).shape == (2,)


def test_the_lattice_covers_the_map_as_it_lies() -> None:
    codes = np.random.default_rng(1).uniform(-3, 5, (500, 2))
    lattice, boxes = lattice_of(codes, 16)
    across, up = boxes[:, :2].mean(axis=1), boxes[:, 2:].mean(axis=1)
    # to the right the first number grows, upwards the second
    assert np.corrcoef(across, lattice[:, 0])[0, 1] == pytest.approx(1)
    assert np.corrcoef(up, lattice[:, 1])[0, 1] == pytest.approx(1)
    assert len(lattice) == 160 == len(boxes)


def test_the_walk_shows_what_the_decoder_makes(deep: Recording) -> None:
    scene = tell(deep, "walk")
    assert 20 < scene.now < 60 and "250 codes" in said(scene)


def test_dials_stand_where_the_numbers_are() -> None:
    dials = Dials(np.array([-2.0, 0.0]), np.array([2.0, 1.0]), ZONE, DARK)
    dials.set_code(np.array([1.0, 7.0]))
    left, right = dials.tracks.points[0, 0], dials.tracks.points[1, 0]
    assert dials.knobs.points[:, 0] == pytest.approx([left + 0.75 * (right - left), right])
    assert [number.text for number in dials.numbers] == ["1.00", "7.00"]


def test_what_is_said_of_the_dials_is_what_the_most_similar_images_show(deep: Recording) -> None:
    scene = tell(deep, "walk")
    autoencoder = Autoencoder(deep)
    assert autoencoder.labels is not None
    x, labels = autoencoder.x, autoencoder.labels
    codes = autoencoder.codes(x[:1200])
    ends, words = ends_of_dials(codes), said(scene)
    for axis in (0, 1):
        kinds = []
        for end in ends:
            code = np.median(codes, axis=0)
            code[axis] = end[axis]
            picture = autoencoder.decoder.predict(code[None].astype(np.float32))[0]
            near = labels[np.argsort(np.linalg.norm(x - picture, axis=1))[:25]]
            kinds.append(int(np.bincount(near).argmax()))
            assert kind_like(picture, x, labels) == kinds[-1]
        assert said_of_ends(*kinds, autoencoder.names).replace("\n", " ") in words
    assert said_of_ends(3, 3, autoencoder.names).endswith("most like a 3.")


def test_the_code_moves_without_a_jump(deep: Recording) -> None:
    knobs: list[np.ndarray] = []

    class Watched(Code):
        def play_clock(self, duration: float, function: Any, *mobjects: Any, **kwargs: Any) -> None:
            dials = next((each for each in mobjects if isinstance(each, Dials)), None)
            if dials is not None:
                for share in (0.0, 1.0):
                    function(share)
                    knobs.append(np.array(dials.knobs.points))
            super().play_clock(duration, function, *mobjects, **kwargs)

    tell(deep, "walk", Watched)
    assert len(knobs) > 8
    for before, after in zip(knobs[1:-1:2], knobs[2::2], strict=True):
        assert after == pytest.approx(before, abs=1e-9)


def test_the_flat_one_is_compared_with_principal_components(linear: Recording) -> None:
    flat = Flat(Autoencoder(linear))
    x = linear.data.x.astype(float)
    best = PCA(2).fit(x)
    assert flat.projection.components == pytest.approx(best.components_ * np.sign(
        (best.components_ * flat.projection.components).sum(axis=1, keepdims=True)), abs=1e-6)  # fmt: skip
    lost = ((best.inverse_transform(best.transform(x)) - x) ** 2).mean()
    assert flat.errors[1] == pytest.approx(lost, rel=1e-6)
    assert flat.errors[0] == pytest.approx(linear.evaluate()["loss"], rel=1e-4)
    assert flat.errors[0] >= flat.errors[1] and 0 <= flat.angle <= 90
    spoken = said(tell(linear, "flat"))
    assert f"{flat.angle:.2f}° apart. Errors: {flat.errors[0]:.4f} and {flat.errors[1]:.4f}." in spoken
    assert "With bends" not in spoken


def test_bends_are_praised_where_they_help(deep: Recording) -> None:
    autoencoder = Autoencoder(deep)
    plane = PCA(2).fit(deep.data.x.astype(float))
    rest = autoencoder.x - plane.inverse_transform(plane.transform(autoencoder.x.astype(float)))
    text = with_bends(autoencoder)
    assert (text is None) == (autoencoder.error() >= (rest**2).mean())
