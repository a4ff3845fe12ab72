"""The names of curves stand where no curve passes."""

from __future__ import annotations

import numpy as np
import pytest

from scenes.mobjects.curves import Curves, Series
from scenes.mobjects.loss_curve import LossCurve
from scenes.theme import Zone

EPOCHS = np.arange(60.0)
SHAPES = {
    "flat": 1.3 - 0.004 * EPOCHS,
    "falling": np.exp(-EPOCHS / 5),
    "rising": EPOCHS / 60 + 0.1,
    "waves": 0.6 + 0.4 * np.sin(EPOCHS / 3),
    "with a gap": np.where((EPOCHS > 20) & (EPOCHS < 30), np.nan, 1 - EPOCHS / 80),
    "all zero": np.zeros(60),
}


@pytest.mark.usefixtures("manim_settings")
@pytest.mark.parametrize("height", [1.45, 3.0])
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_no_curve_passes_through_a_name(shape: str, both: bool, height: float) -> None:
    values = SHAPES[shape]
    losses = {"validation": 1.05 * values, "training": values} if both else {"training": values}
    curve = LossCurve(EPOCHS, losses, Zone(-3, 0.2, 0, height))
    names = curve.texts[-len(losses) :]
    vertices = curve.lines.points.reshape(len(losses), -1, 3)
    for x, y, _ in np.concatenate([np.linspace(line[:-1], line[1:], 20).reshape(-1, 3) for line in vertices]):
        for name in names:
            across = name.get_left()[0] < x < name.get_right()[0]
            assert not (across and name.get_bottom()[1] < y < name.get_top()[1]), (shape, x, y)
    for name in names:
        assert curve.plot.left < name.get_left()[0] and name.get_right()[0] <= curve.plot.right + 0.01
        assert curve.plot.bottom < name.get_bottom()[1] and name.get_top()[1] <= curve.plot.top + 0.1
    # the highest value is still where the axis says
    known = np.concatenate(list(losses.values()))
    assert curve.place(0, np.nanmax(known))[1] <= curve.plot.top + 1e-9


@pytest.mark.usefixtures("manim_settings")
def test_on_an_axis_that_is_given_names_may_stand_between_curves() -> None:
    series = {
        name: Series(f"a long name of {name}", np.arange(10.0), np.full(10, share), "#ffffff")
        for name, share in (("one", 0.1), ("two", 0.95), ("three", 0.97))
    }
    curves = Curves(series, Zone(-4, 4, -2, 2), lambda value: f"{value:g}", 1.0, names=[*series], names_below=True)
    heights = [curves.place(0, entry.values[0])[1] for entry in series.values()]
    for name in curves.texts[-len(series) :]:
        assert all(not name.get_bottom()[1] < height < name.get_top()[1] for height in heights)
        assert curves.plot.bottom < name.get_bottom()[1] and name.get_top()[1] < curves.plot.top
