"""What a recording has to tell of its perceptron."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from engine.analysis.corrections import corrections
from engine.analysis.separability import is_separable
from scenes.mobjects.legend import GAP, SWATCH, Legend
from scenes.numbers import shortened
from scenes.replay import epochs_shown
from scenes.theme import TEXT, Theme
from scenes.warp.material import mistakes

if TYPE_CHECKING:
    from engine.recording import Recording

MOST_POINTS = 600  # that are drawn
LONGEST = 10  # letters of a class in a caption


class Story:
    """The weights before and after every correction, and the two examples that the neuron is explained with.

    Parameters
    ----------
    recording : Recording
        One that the scene fits.
    epochs : tuple of int or None, optional
        The first and the last epoch.
    brief : bool, default False
        Whether one example and one correction are enough.

    Attributes
    ----------
    found : Corrections
    shown : ndarray of int
        The numbers of the examples that are drawn.
    examples : list of int
        One or two that the neuron is explained with: one that its first weights get right, then the first that is
        corrected, or where nothing is another one that is right. If possible it fires for one of them only. Told
        briefly, it is the first of them.
    told : int
        How many corrections are told one by one.
    """

    def __init__(self, recording: Recording, epochs: Any = None, brief: bool = False) -> None:
        self.recording = recording
        within = epochs_shown(recording, epochs)
        self.first, self.last = within[0], within[-1]
        self.found = corrections(recording, self.first, self.last)
        self.x, self.y = np.asarray(recording.data.x), np.asarray(recording.data.y).reshape(-1)
        self.rate = float(recording.training["optimizer"]["learning_rate"])
        self._network = recording.build_network()
        self.shown = self._choose_points()
        self.examples = self._choose_examples()[: 1 if brief else 2]
        self.told = min(1 if brief else 2, len(self.found))

    def _choose_points(self) -> np.ndarray:
        """Evenly through the data, and the outermost, which say how far the plane reaches."""
        every = max(1, -(-len(self.x) // MOST_POINTS))
        outermost = np.abs(self.x).argmax(axis=0)
        return np.unique([*range(0, len(self.x), every), *outermost.tolist()])

    def _choose_examples(self) -> list[int]:
        right, fires, sums = ~self.mistakes(0), self.fires(0), np.abs(self.sums(0))

        def usual(candidates: np.ndarray) -> list[int]:
            # neither close to the line nor far out
            numbers = np.flatnonzero(candidates)
            return [int(numbers[np.argsort(sums[numbers], kind="stable")[len(numbers) // 2]])] if len(numbers) else []

        if len(self.found):
            wrong = int(self.found.examples[0])
            return [*(usual(right & (fires != fires[wrong])) or usual(right)), wrong]
        return [*usual(right & fires), *usual(right & ~fires)]

    def parameters(self, at: float) -> np.ndarray:
        """The two weights and the bias after so many corrections; between two they are blended, (3,) float64."""
        before = int(np.clip(np.floor(at), 0, len(self.found)))
        after = min(before + 1, len(self.found))
        pair = self.found.parameters[[before, after]].astype(np.float64)
        return np.asarray(pair[0] + (pair[1] - pair[0]) * (at - before))

    def network(self, at: float) -> Any:
        """The network after so many corrections; the same object every time."""
        self._network.parameters[:] = self.parameters(at)
        return self._network

    def sums(self, at: float) -> np.ndarray:
        """What the neuron adds up for each example, (N,), by the engine's own kernels."""
        return np.asarray(self.network(at).pre_activations(self.x)[-1][:, 0], dtype=np.float64)

    def fires(self, at: float) -> np.ndarray:
        """For which examples it fires, (N,) bool."""
        return np.asarray(self.network(at).predict(self.x)[:, 0] > 0.5)

    def mistakes(self, at: float) -> np.ndarray:
        """Which examples it is wrong about, (N,) bool."""
        return mistakes(self.network(at), self.x, self.y)

    @property
    def separable(self) -> bool:
        """Whether any line could part the classes."""
        return is_separable(self.x, self.y)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """What the two inputs are called."""
        names = self.recording.data.feature_names
        return tuple(names) if len(names) == 2 else ("first", "second")

    def called(self, label: int) -> str:
        """A class in a caption."""
        return f"“{shortened(self.recording.data.class_names[int(label)], LONGEST)}”"

    def legend(self, corner: tuple[float, float], widest: float, theme: Theme) -> Legend:
        """Which colour is which class."""
        names = self.recording.data.class_names
        entries = [(theme.class_colour(label), names[label]) for label in (0, 1)]
        return Legend(entries, corner, TEXT.label, widest - SWATCH - GAP, theme)
