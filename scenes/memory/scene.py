"""Scene `memory`: recurrent networks, unrolled, with their gates open to view, forgetting, and let go by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from scenes.lesson import Lesson
from scenes.memory import forecast, forgetting, gates, unrolled
from scenes.memory.roles import LORENZ, LSTM, PLAIN, SINE, by_role
from scenes.replay import epochs_shown
from scenes.stage import Stage

if TYPE_CHECKING:
    from engine.network import Network
    from engine.recording import Recording


class Memory(Lesson, Stage):
    """How a network remembers, and how it forgets.

    The parts are ``unrolled`` (a plain recurrent layer reads a wave step by step, and goes on with it), ``gates`` (a
    cell of an LSTM keeps the marked numbers of the adding problem), ``forgetting`` (the LSTM beside a plain recurrent
    layer on that problem) and ``forecast`` (a trajectory of the Lorenz system, and where the network leaves it).

    Options: ``parts``; ``epochs`` is a pair of the first and last epoch, either of them None: the last one is shown.
    """

    OPTIONS = ("epochs",)
    PARTS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "unrolled": (SINE,),
        "gates": (LSTM,),
        "forgetting": (LSTM, PLAIN),
        "forecast": (LORENZ,),
    }

    @classmethod
    def fits_together(cls, recordings: Mapping[str, Recording]) -> str | None:
        if cls.possible(recordings):
            return None
        first = next(iter(recordings.values()))
        kinds = ", ".join(layer["type"] for layer in first.network_config["layers"])
        return (
            "memory shows one recurrent layer and a dense one that learn 'adding', 'lorenz' or to go on with a signal: "
            f"{first.name} has the layers {kinds} and the data {first.data.name!r}"
        )

    @classmethod
    def possible(cls, recordings: Mapping[str, Recording]) -> list[str]:
        return super().possible(by_role(recordings))

    @classmethod
    def chosen(cls, recordings: Mapping[str, Recording], options: Mapping[str, Any]) -> list[str]:
        return super().chosen(by_role(recordings), options)

    def unrolled(self) -> None:
        unrolled.play(self)

    def gates(self) -> None:
        gates.play(self)

    def forgetting(self) -> None:
        forgetting.play(self)

    def forecast(self) -> None:
        forecast.play(self)

    def choose(self, experiment: str) -> Recording:
        """Go on with the recording that stands for an experiment."""
        self.recording = by_role(self.recordings)[experiment]
        return self.recording

    def last_network(self, recording: Recording) -> Network:
        """The network of the epoch that is shown."""
        return recording.network(epochs_shown(recording, self.options.get("epochs"))[-1])
