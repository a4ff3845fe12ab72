"""What the parts of the scene share: the network, the image, and the filter that is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from engine.layers import Conv2D
from scenes.chapters import Chapters
from scenes.convolution.filtering import Filtering
from scenes.convolution.filters import all_filters
from scenes.convolution.pooling import pooling
from scenes.convolution.sizes import sizes
from scenes.convolution.stack import whole_network
from scenes.convolution.window import slide_window
from scenes.images import image_fault, sure_example
from scenes.replay import Replay

if TYPE_CHECKING:
    from engine.recording import Recording
    from scenes.convolution.pooling import Pooled
    from scenes.convolution.window import WindowPicture
    from scenes.mobjects.layer_stack import LayerStack
    from scenes.mobjects.probability_bars import ProbabilityBars
    from scenes.mobjects.tiles import Tiles

PARTS = {
    "window": slide_window,
    "filters": all_filters,
    "size": sizes,
    "pooling": pooling,
    "network": whole_network,
}
SOME = 200  # images that the scales are taken from
FULL = 0.7  # of the largest activation of all: what is shown as bright
MOST_CLASSES = 13
BEFORE = ("reshape", "dropout")  # what may come before the first convolution


class Convolution(Chapters):
    """A filter slides over an image and its feature map fills; strides, padding and pooling; the whole network.

    Options: ``parts`` is a selection of ``"window"`` (one filter, sum by sum), ``"filters"`` (all of the first
    layer), ``"size"`` (padding and strides), ``"pooling"`` and ``"network"`` (all layers' feature maps); ``label`` is
    the number of the class that the image is to be of; ``epochs`` is a pair of the first and last epoch, either of
    them None: the last one is shown.
    """

    OPTIONS = ("epochs", "label")
    parts = PARTS
    # what the parts have shown
    window_picture: WindowPicture
    sum_shown: tuple[float, float, float]  # the products, the bias, both
    filter_maps: Tiles
    size_filterings: list[Filtering]
    pooled: Pooled
    stack: LayerStack
    bars: ProbabilityBars
    weights_in: tuple[int, int]  # of the filters, and of the dense layers

    @classmethod
    def fits(cls, recording: Recording) -> str | None:
        if recording.data.task != "classification":
            return f"convolution shows how images are told apart: {recording.name} is trained for {recording.data.task}"
        if (fault := image_fault("convolution", recording)) is not None:
            return fault
        count = len(recording.data.class_names)
        if count > MOST_CLASSES:
            return f"convolution has room for {MOST_CLASSES} classes: {recording.name} has {count}"
        kinds = [layer["type"] for layer in recording.network_config["layers"]]
        first = next((kind for kind in kinds if kind not in BEFORE), None)
        if first != "conv2d":
            return f"convolution shows a first layer that is a convolution: that of {recording.name} is {first!r}"
        return None

    def build(self) -> None:
        """Choose the image and the filter."""
        recording, data = self.recording, self.recording.data
        assert data.image_shape is not None
        replay = Replay(recording, self.options.get("epochs"))
        self.net = recording.network(replay.epoch_at(replay.last))
        self.layer = next(k for k, layer in enumerate(self.net.layers) if isinstance(layer, Conv2D))
        self.x, self.y = recording.data.unseen
        self.number = sure_example(self.net, recording, self.options.get("label"))
        self.example = self.x[self.number]
        self.image = self.example.reshape(data.image_shape[:2]).astype(np.float64)
        self.low, self.high = min(0.0, float(data.x.min())), float(data.x.max())
        count = self.net.layer_shapes[self.layer][-1]
        self.filterings = [Filtering.of(self.net, self.layer, k, self.image) for k in range(count)]
        self.filter_number = tells_most(self.filterings)
        self.filtering = self.filterings[self.filter_number]
        self.largest = max(float(np.abs(each.weight).max()) for each in self.filterings) or 1.0
        self.highest = max(float(np.abs(each.sums).max()) for each in self.filterings) or 1.0

        some = self.net.activations(data.x[:SOME])[self.layer]
        self.bright = (min(0.0, float(some.min())), max(float(some.max()) * FULL, 1e-9))

    def image_of(self, number: int) -> np.ndarray:
        """One of the images, (H, W)."""
        return self.x[number].reshape(self.image.shape).astype(np.float64)

    def maps_of(self, example: np.ndarray) -> np.ndarray:
        """The feature maps that the first layer makes of an example, (filters, h, w)."""
        return self.net.activations(example[None])[self.layer][0].transpose(2, 0, 1).astype(np.float64)

    def other_images(self, count: int) -> list[int]:
        """The numbers of some more images, of classes that differ as far as there are so many."""
        taken, found = {int(self.y[self.number])}, list[int]()
        for number, label in enumerate(self.y):
            if int(label) not in taken and len(found) < count:
                taken.add(int(label))
                found.append(number)
        return found


def tells_most(filterings: list[Filtering]) -> int:
    """The filter whose sums have the most contrast that is not the image's own: what it found, not what it copied."""
    found = []
    for each in filterings:
        rows, columns = each.shape
        middle = each.weight.shape[0] // 2 * each.padded.shape[1] + each.weight.shape[1] // 2
        seen = each.padded.ravel()[middle:]
        at = np.arange(rows)[:, None] * each.strides[0] * each.padded.shape[1] + np.arange(columns) * each.strides[1]
        image, sums = seen[at].ravel(), each.sums.ravel()
        together = np.column_stack([image, np.ones_like(image)])
        copied = together @ np.linalg.lstsq(together, sums, rcond=None)[0]
        # a map that the activation function leaves dark shows nothing
        found.append(float((sums - copied).std()) * float(each.results.std() > 0))
    return int(np.argmax(found))
