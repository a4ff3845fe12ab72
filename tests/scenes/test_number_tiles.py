"""Numbers in cells: in their middles, with room for a sign only where there can be one."""

from __future__ import annotations

import numpy as np
import pytest

from scenes.mobjects.number_tiles import NumberTiles
from scenes.mobjects.readout import Readout
from scenes.mobjects.tiles import brightness_ramp, weight_ramp
from scenes.theme import DARK, TEXT

BOX = np.array([-2.0, 2.0, -1.5, 1.5])


@pytest.mark.parametrize(("low", "text"), [(0.0, "0.88"), (-1.0, "−0.88")])
def test_a_number_has_as_much_room_as_it_needs(low: float, text: str) -> None:
    ramp = brightness_ramp(DARK) if low == 0.0 else weight_ramp(DARK)
    values = np.linspace(low, 0.5, 12).reshape(3, 4)
    tiles = NumberTiles(values, BOX, ramp, low, 1.0)
    widest = Readout("", text, size=TEXT.small).width
    assert tiles.legible
    for number, value, center in zip(tiles.numbers, values.ravel(), tiles.centers().reshape(-1, 2), strict=True):
        assert number.text == f"{value:.2f}".replace("-", "−")
        assert number.width == pytest.approx(widest)
        np.testing.assert_allclose(number.get_center()[:2], center, atol=1e-6)
