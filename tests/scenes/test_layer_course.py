"""How a layer's movement is paced, and the scale at which it is shown."""

from __future__ import annotations

import numpy as np
import pytest

from engine.analysis.geometry import END, START, AffinePath, LayerPath, Progress
from scenes.mobjects.layer_course import ACTIVATE, SHIFT, STRETCH, TURN, LayerCourse, smooth
from scenes.mobjects.view import View, corners, largest_unit

TURNED = np.array([[0.0, 2.0], [-1.0, 0.0]])


def course_of(weight: np.ndarray, bias: list[float], activation: str = "tanh", whole: bool = False) -> LayerCourse:
    return LayerCourse(LayerPath(AffinePath(weight, np.array(bias)), activation), whole)


@pytest.mark.parametrize("activation", ["tanh", "relu", "linear"])
@pytest.mark.parametrize("weight", [np.eye(2), TURNED, -TURNED, np.diag([1.0, -1.0]), np.ones((2, 2)), np.ones((2, 3))])
@pytest.mark.parametrize("whole", [False, True])
def test_every_part_goes_from_nothing_to_all_of_it(weight: np.ndarray, activation: str, whole: bool) -> None:
    course = course_of(weight, [0.5] * weight.shape[1], activation, whole)
    assert course.progress(0.0) == START and course.progress(1.0) == END
    steps = np.array([course.progress(share) for share in np.linspace(0, 1, 200)])
    assert (np.diff(steps, axis=0) >= 0).all()
    assert course.seconds > 0.5


def test_parts_come_in_their_order_and_only_where_there_is_something_to_do() -> None:
    course = course_of(TURNED, [0.5, 0.5])
    assert list(course.parts) == [TURN, STRETCH, SHIFT, ACTIVATE]
    starts = [part.start for part in course.parts.values()]
    assert starts == sorted(starts)
    assert list(course_of(np.eye(2), [0.5, 0.5]).parts) == [SHIFT, ACTIVATE]
    assert list(course_of(2 * np.eye(2), [0.5, 0.5], "linear").parts) == [STRETCH, SHIFT]
    assert TURN in course_of(np.diag([1.0, -1.0]), [0.0, 0.0]).parts  # mirrored: turned over


def test_a_shift_too_small_to_be_seen_takes_no_time_of_its_own() -> None:
    tiny, none = course_of(TURNED, [0.01, 0.0]), course_of(TURNED, [0.0, 0.0])
    assert tiny.seconds == none.seconds
    assert tiny.presence(SHIFT, share=0.5) == 0 and tiny.progress(1.0).shift == 1


def test_the_part_at_work_is_present() -> None:
    course = course_of(TURNED, [0.5, 0.5])
    for name, part in course.parts.items():
        middle = (part.start + part.end) / 2
        assert course.presence(name, share=middle) == pytest.approx(1)
    assert course.presence(ACTIVATE, share=0.0) == 0


def test_scale_is_exact_at_the_ends_and_fits_on_the_way() -> None:
    course = course_of(TURNED, [0.5, 0.5])

    def needed(progress: Progress) -> float:
        return 2.0 / (1 + 3 * progress.stretch - 3.2 * progress.activate)

    course.fit(2.0, 2.5, needed)
    assert course.scale(0.0) == pytest.approx(2.0) and course.scale(1.0) == pytest.approx(2.5)
    shares = np.linspace(0, 1, 600)
    scales = np.array([course.scale(share) for share in shares])
    limits = np.array([min(2.5, needed(course.progress(share))) for share in shares])
    assert (scales <= limits * 1.02).all()
    assert np.abs(np.diff(np.log(scales))).max() < 0.02  # no jump


def test_smooth_has_no_speed_at_its_ends() -> None:
    assert smooth(-1) == 0 and smooth(2) == 1 and smooth(0.5) == 0.5
    assert smooth(0.001) < 1e-7 and 1 - smooth(0.999) < 1e-7


@pytest.mark.parametrize("tilt", [0.0, 0.5, 1.0])
def test_largest_unit_fits_whatever_the_time(tilt: float) -> None:
    positions = corners(np.array([1.0, 2.0, 1.5 if tilt else 0.0]))
    unit = largest_unit(positions, tilt, 6.0, 4.0)
    seen = np.concatenate([View(unit=unit, tilt=tilt, time=time).look(positions) for time in (0.0, 4.5, 13.5)])
    assert np.abs(seen[:, 0]).max() <= 3 + 1e-9 and np.abs(seen[:, 1]).max() <= 2 + 1e-9
    assert max(np.abs(seen[:, 0]).max() / 3, np.abs(seen[:, 1]).max() / 2) == pytest.approx(1)
