"""What a larger picture would need: the same first layers, computed from their shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.layers import Conv2D, Dense
from scenes.cost.growing import KEY, Columns
from scenes.cost.networks import Counted, counted_layers, large, times
from scenes.cost.squares import meanings
from scenes.theme import SAFE, TIMING

if TYPE_CHECKING:
    from scenes.stage import Stage

SIDE, CHANNELS = 1000, 3
FEATURES = SIDE * SIDE * CHANNELS
MARK = "computed, not recorded"


class PicturePart:
    """The dearest network that was recorded, and beside it two first layers for a large colour picture.

    Parameters
    ----------
    stage : Stage
    recorded : Counted
    dense : Dense
        Its neurons would hear every number of the picture.
    convolution : Conv2D or None
        Its filters would pass over the picture.
    """

    def __init__(self, stage: Stage, recorded: Counted, dense: Dense, convolution: Conv2D | None) -> None:
        self.stage, self.recorded = stage, recorded
        self.dense = counted_layers(f"{dense.units:,} neurons", [Dense(dense.units)], (FEATURES,))
        self.layers = [self.recorded, self.dense]
        self.filters: Counted | None = None
        if convolution is not None:
            bare = Conv2D(convolution.filters, convolution.kernel_size, convolution.strides, convolution.padding)
            size = bare.kernel_size
            tall, wide = size if isinstance(size, tuple) else (size, size)
            name = f"{bare.filters:,} filters of {wide}×{tall}"
            self.filters = counted_layers(name, [bare], (SIDE, SIDE, CHANNELS))
            self.layers.append(self.filters)
        whole = "recorded"
        if recorded.recording is not None and (shape := recorded.recording.data.image_shape) is not None:
            whole = f"for {shape[1]:,}×{shape[0]:,} pixels, recorded"
        self.columns = Columns(stage, self.layers, [whole, *["a first layer, " + MARK] * (len(self.layers) - 1)])

    def tell(self) -> None:
        """From small pictures to a large one."""
        stage, columns = self.stage, self.columns
        stage.heading("A larger picture")
        colours = meanings(SAFE.left, KEY - 0.02, stage.theme)
        count = f"{SIDE:,}"
        stage.caption(f"A colour picture of {count} by {count} pixels:\n{FEATURES:,} numbers go in.")
        columns.key.set_scale(columns.scale_for(0))
        stage.fade(columns.key, colours, seconds=TIMING.quick)
        columns.begin(0)
        stage.read(TIMING.beat)
        stage.caption(f"{self.dense.name} that hear all of them\nwould need {large(self.dense.parameters)} parameters.")
        columns.add(1, seconds=TIMING.slow + TIMING.beat)
        stage.read(TIMING.slow)
        if self.filters is not None:
            self.pass_over(self.filters)
        stage.caption("And the more there is to compute,\nthe harder to say why it answers so.")
        stage.read(TIMING.slow)

    def pass_over(self, filters: Counted) -> None:
        """The filters instead, which are few and busy."""
        stage, uses = self.stage, filters.costs[0].uses
        stage.caption(f"{filters.name} instead:\n{filters.parameters:,} parameters, used at {large(uses)} places.")
        self.columns.add(2, seconds=TIMING.slow + TIMING.beat)
        stage.read(TIMING.slow)
        fewer = times(self.dense.parameters / filters.parameters)
        more = filters.multiplications / self.dense.multiplications
        arithmetic = (
            f"but {times(more)} times the arithmetic." if more > 1 else f"and {times(1 / more)} times less arithmetic."
        )
        stage.caption(f"{fewer} times fewer to learn,\n{arithmetic}")
        stage.read(TIMING.slow)
