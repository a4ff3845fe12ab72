"""The state of one training, and the epoch: checks what it is given and hands it to the machine."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine import machine
from engine.ahead import compile_ahead, settle
from engine.class_weights import ClassWeights, check_class_weights, example_weights
from engine.descent import build_descent
from engine.errors import ConfigurationError, DataError, TrainingError
from engine.helping import bring_helpers, shares_anything
from engine.losses import Loss, get_loss
from engine.memory import zeros
from engine.metrics import Answers
from engine.network_settings import check_seed
from engine.objective import build_objective, count_operations, prepare_data, summarise
from engine.optimizers import Optimizer, PerceptronRule, get_optimizer
from engine.pacing import Pacing
from engine.schedules import Plateau, Schedule, get_schedule
from engine.validation import as_count

if TYPE_CHECKING:
    from engine.network import Network

# One epoch's measurements: numbers, and lists with one number a layer.
Metrics = dict[str, Any]


class Trainer:
    """The state of one training: a network, its optimizer's moments, its data and buffers.

    `fit` drives it; use it directly to train step by step.

    Parameters
    ----------
    network : Network
        Trained in place.
    x, y, weights
        As for `Network.evaluate`.
    loss : str or Loss
    optimizer : str, dict or Optimizer
    batch_size : int or None
        Examples in a step; None takes all of them.
    shuffle : bool
        Whether each epoch takes the examples in an order of its own.
    seed : int, optional
        Of the shuffles; the network's seed by default.
    weights : array_like, shape (N,), optional
        How much each example counts; 1 by default.
    class_weights : "balanced" or mapping of int to float, optional
        How much the examples of each class count, where `y` holds labels; see `engine.class_weights`. Multiplied with
        `weights`. The loss on the training data is weighted by them, that on other data is not.
    schedule : str, dict or Schedule
        How the learning rate changes.
    clip_norm : float, optional
        The largest norm that a batch's gradient may have; a longer one is shortened to it.
    epochs : int
        How long training will last, for schedules that end with it.
    """

    def __new__(cls, network: Network, *args: Any, **settings: Any) -> Trainer:
        if network.device == "cuda" and cls is Trainer:
            from engine.cuda.trainer import CudaTrainer  # which is a Trainer: importing it above would be a circle

            cls = CudaTrainer
        return super().__new__(cls)

    def __init__(
        self,
        network: Network,
        x: ArrayLike,
        y: ArrayLike,
        *,
        loss: str | Loss,
        optimizer: str | dict[str, Any] | Optimizer = "adam",
        batch_size: int | None = 32,
        shuffle: bool = True,
        seed: int | None = None,
        weights: ArrayLike | None = None,
        class_weights: ClassWeights | None = None,
        schedule: str | dict[str, Any] | Schedule = "constant",
        clip_norm: float | None = None,
        epochs: int = 1,
    ) -> None:
        self.network = network
        self.loss = get_loss(loss)
        self.optimizer = get_optimizer(optimizer)
        self.data, answers = prepare_data(network, x, y, self.loss, weights)
        self.classification = bool(answers)
        self.class_weights = None if class_weights is None else check_class_weights("class_weights", class_weights)
        if class_weights is not None:
            if answers != "class":
                raise DataError("class_weights weighs classes, and this training tells none apart: y must hold labels")
            per_example = example_weights(class_weights, y, max(math.prod(network.output_shape), 2))
            weighted = (self.data.weights * per_example).astype(network.dtype)
            self.data = self.data._replace(weights=weighted)
        _check_slopes(network, self.loss, self.optimizer)
        examples = self.data.x.shape[0]
        if batch_size is not None:
            batch_size = as_count("batch_size", batch_size)
        self.batch_size = min(examples if batch_size is None else batch_size, examples)
        self.batches = -(-examples // self.batch_size)
        self.shuffle = shuffle
        self.epoch = 0
        self.gradient = zeros(network.parameter_count, network.dtype)
        self.moments = zeros(2 * network.parameter_count, network.dtype)
        self.run = network.new_run()
        self.run[machine.TRAINING] = 1
        if seed is not None:
            self.run[machine.SEED] = check_seed(seed)
        self.schedule = get_schedule(schedule)
        self.clip_norm = clip_norm
        self.epochs = epochs
        self.plateau = np.array([1.0, np.inf, 0.0])  # the factor so far, the best loss, epochs since (see Plateau)
        self._order = np.arange(examples)
        self._within_epoch = np.arange(self.batches) / self.batches  # where in its epoch each step lies
        self._spans = np.array(network.layer_spans, np.int64)
        self._set_up(answers)

    def _set_up(self, answers: Answers) -> None:
        """Make what the machine that trains needs besides the data."""
        compile_ahead(self.network.dtype.name)
        network = self.network
        self.objective = build_objective(network, self.loss, answers)
        self._descent = build_descent(network, self.optimizer, self.clip_norm)
        self._space = machine.workspace(network.program, self.batch_size, network.dtype)
        self._pacing = Pacing()
        self._crews: dict[int, bool] = {}  # whether there is work for a crew in batches of so many examples

    @property
    def step(self) -> int:
        """How many optimisation steps have been taken."""
        return int(self.run[machine.STEP])

    def train_epoch(self, at_steps: Mapping[int, Callable[[], None]] | None = None) -> Metrics:
        """Train one epoch.

        Parameters
        ----------
        at_steps : mapping of int to callable, optional
            What to call after certain optimisation steps, numbered from 1 over the whole training.

        Returns
        -------
        dict
            ``loss`` and, for classification, ``accuracy``: means over the epoch's batches, each taken just before
            its step; ``gradient_norm`` and, layer by layer, ``gradient_norms`` of the last batch; ``update_norms``:
            how far each layer's parameters moved in the epoch; ``learning_rate`` of the last step.

        Raises
        ------
        TrainingError
            When the loss or a parameter is no longer finite.
        """
        totals = np.zeros(3)
        machine.lay_out_epoch(self._order, self.run[machine.SEED], self.epoch + 1, self.shuffle)
        first, before = 0, self.step
        halts = {step - before for step in at_steps or () if before < step <= before + self.batches}
        rates, start = self._learning_rates(self.epoch), self.network.parameters.copy()
        for last in sorted({*halts, self.batches}):
            self._take_batches(first, last, rates, totals)
            if self.run[machine.STOP]:
                raise KeyboardInterrupt  # within an epoch, which does not count
            self._check_finite(totals)
            if at_steps and before + last in at_steps:
                at_steps[before + last]()
            first = last
        self.epoch += 1
        return self._measurements(totals, start, float(rates[-1]))

    def _measurements(self, totals: NDArray[np.float64], start: NDArray[Any], learning_rate: float) -> Metrics:
        """What `train_epoch` gives: of the totals, of the gradient, and of the parameters that the epoch began with."""
        gradient_norms = machine.norms(self.gradient, self._spans).tolist()
        return {
            **summarise(totals, self.classification),
            "gradient_norm": math.hypot(*gradient_norms),
            "gradient_norms": gradient_norms,
            "update_norms": machine.norms(self.network.parameters - start, self._spans).tolist(),
            "learning_rate": learning_rate,
        }

    def _take_batches(self, first: int, last: int, rates: NDArray[np.float64], totals: NDArray[np.float64]) -> None:
        """Take the batches `first` … `last` - 1 of the epoch, with helpers where these help."""
        shared, network = self._is_shared(self._space), self.network

        def run(begin: int, end: int) -> bool:
            """Whether there is something to go on with."""
            machine.run_batches(
                machine.TRAIN, network.program, self.objective, self._descent, rates, network.parameters, self.gradient,
                self.moments, self.data, self._order, self._space, self.run, begin, end, totals,
            )  # fmt: skip
            return not self.run[machine.STOP] and math.isfinite(totals[0])

        for begin, end, helped in self._pacing.pieces(first, last) if shared else [(first, last, False)]:
            with self._helpers(self.data, self._order, self._space, self.run) if helped else nullcontext():
                if helped and not run(begin, begin + 1):
                    return
                began = time.perf_counter()
                if not run(begin + helped, end):
                    return
                if shared:
                    self._pacing.note(end - begin - helped, time.perf_counter() - began)

    def _is_shared(self, space: machine.Workspace) -> bool:
        """Whether there is work for helpers in batches that fill a workspace."""
        batch = space.capacity
        if batch not in self._crews:
            self._crews[batch] = shares_anything(self.network.program, self.objective, self._descent, batch)
        settle(everything=self._crews[batch])
        return self._crews[batch]

    def _helpers(
        self, data: machine.Data, order: NDArray[np.int64], space: machine.Workspace, run: NDArray[np.int64]
    ) -> AbstractContextManager[None]:
        """A context in which other threads take their share of the work."""
        program, theta = self.network.program, self.network.parameters
        return bring_helpers(
            space, run, data, order, program, self.objective, theta, self.gradient, self._descent, self.moments
        )

    def observe(self, loss: float) -> None:
        """Tell a schedule that watches the loss how the epoch went."""
        if isinstance(self.schedule, Plateau):
            self.schedule.observe(self.plateau, loss)

    def abandon(self) -> None:
        """Have `train_epoch` end before its next batch with KeyboardInterrupt; another thread may call this."""
        self.run[machine.STOP] = 1

    def _learning_rates(self, epoch: int) -> NDArray[np.float64]:
        """The learning rate for each step of the epoch after `epoch`."""
        factors = self.schedule.factors(epoch + self._within_epoch, self.epochs)
        return float(self.optimizer.learning_rate * self.plateau[0]) * factors

    def evaluate(self, data: machine.Data | None = None, outputs: NDArray[Any] | None = None) -> Metrics:
        """The mean loss and, for classification, the accuracy on `data` (the training data by default).

        `outputs` (N, outputs) gets what the loss is measured on: logits where it takes these, else predictions.
        """
        network, totals = self.network, np.zeros(3)
        data = self.data if data is None else data
        examples = data.x.shape[0]
        space, order = network.workspace(network.chunk(examples)), np.arange(examples)
        run = network.new_run()
        helped = self._is_shared(space) and self._pacing.helps
        with self._helpers(data, order, space, run) if helped else nullcontext():
            machine.evaluate_batches(
                network.program, self.objective, network.parameters, data, order, space, run, totals, outputs
            )
        return summarise(totals, self.classification)

    def _check_finite(self, totals: NDArray[np.float64]) -> None:
        if np.isfinite(totals[0]) and np.isfinite(self.network.parameters).all():
            return
        raise TrainingError(
            f"training diverged in epoch {self.epoch + 1} (step {self.step}): the loss or a weight is no longer "
            f"finite; try a smaller learning rate than {self.optimizer.learning_rate:g}"
        )

    def config(self) -> dict[str, Any]:
        """How this training is done, as a JSON-able dict; the settings that `fit` takes, by the same names."""
        weighted = {} if self.class_weights is None else {"class_weights": self.class_weights}
        return weighted | {
            "loss": self.loss.name,
            "optimizer": self.optimizer.config(),
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "schedule": self.schedule.config(),
            "clip_norm": self.clip_norm,
            "shuffle": self.shuffle,
            "seed": int(self.run[machine.SEED]),
        }

    def checkpoint(self) -> dict[str, NDArray[Any]]:
        """Everything that training needs to go on to the same bits."""
        return {
            "parameters": self.network.parameters,
            "moments": self.moments,
            "epoch": np.array([self.epoch], np.int64),
            "step": np.array([self.step], np.int64),
            "plateau": self.plateau,
        }

    def restore(self, checkpoint: Mapping[str, NDArray[Any]]) -> None:
        """Go back to a checkpoint; ConfigurationError when it belongs to another network or optimizer."""
        for name, own in (("parameters", self.network.parameters), ("moments", self.moments)):
            given = checkpoint[name]
            if given.shape != own.shape or given.dtype != own.dtype:
                raise ConfigurationError(
                    f"the checkpoint's {name} ({given.dtype}, {given.shape}) do not fit this network "
                    f"({own.dtype}, {own.shape}): resume with the network that was recorded"
                )
            own[:] = given
        self.plateau[:] = checkpoint["plateau"]
        self.epoch = int(np.ravel(checkpoint["epoch"])[0])
        self.run[machine.STEP] = int(np.ravel(checkpoint["step"])[0])


def _check_slopes(network: Network, loss: Loss, optimizer: Optimizer) -> None:
    """Raise ConfigurationError where backpropagation would meet a step, or the perceptron's rule another network."""
    if isinstance(optimizer, PerceptronRule) and (loss.name != "perceptron" or len(network.layers) > 1):
        raise ConfigurationError(
            f"optimizer 'perceptron' trains a single layer with activation 'step' and loss 'perceptron', "
            f"not {len(network.layers)} layers with loss {loss.name!r}"
        )
    flat = network.flat_activation(count_operations(network, loss))
    if flat is not None:
        raise ConfigurationError(
            f"layer {flat[0]} has the activation {flat[1]!r}, whose slope is zero everywhere, so backpropagation "
            f"cannot train it: use another activation such as 'sigmoid', or a single layer with loss 'perceptron' "
            f"and optimizer 'perceptron'"
        )
