"""Long trainings end where they did: ten losses of every quick preset, which `tools/renew_drift.py` measures again."""

from __future__ import annotations

import pytest

from engine.experiment import list_experiments
from tests.engine.drift import LEFT_OUT, POINTS, losses, read_table

TABLE = read_table()


def test_every_preset_has_losses_or_is_left_out() -> None:
    assert set(TABLE) == set(list_experiments()) - LEFT_OUT
    assert set(list_experiments()) >= LEFT_OUT
    for name, rows in TABLE.items():
        epochs = [epoch for epoch, _, _ in rows]
        assert len(rows) == min(POINTS, epochs[-1] + 1) and epochs == sorted(set(epochs)) and epochs[0] == 0, name
        assert all(1e-3 <= tolerance <= 0.05 for _, _, tolerance in rows), name


@pytest.mark.parametrize("name", sorted(TABLE))
def test_losses_have_not_drifted(name: str) -> None:
    rows = TABLE[name]
    found = losses(name, epochs=rows[-1][0])
    for epoch, loss, tolerance in rows:
        assert found[epoch] == pytest.approx(loss, rel=tolerance, abs=1e-7), f"{name}, epoch {epoch}"
