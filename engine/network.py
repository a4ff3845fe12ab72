"""A network: layers, one flat parameter vector, and what can be asked of them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine import machine
from engine.devices import choose_device
from engine.errors import ConfigurationError, DataError
from engine.initializers import get_initializer
from engine.layers import layer_from_config
from engine.layers.base import Layer, Shape
from engine.losses import Loss, get_loss
from engine.memory import zeros
from engine.network_settings import check_dtype, check_seed, check_shape
from engine.objective import as_input, as_numbers, build_objective, prepare_data, summarise
from engine.plan import make_plan
from engine.products import product_address
from engine.summary import shape_text, summary
from engine.validation import all_finite

if TYPE_CHECKING:
    from engine.cuda.gpu import Gpu
    from engine.training import History

# The most examples that predict, activations and evaluate take at a time, and the most values that their buffers hold.
CHUNK = 1024
CHUNK_VALUES = 2**21

MOST_PARAMETERS = 2**28  # 1 GiB in float32, and training needs that five times


class Network:
    """A feed-forward network whose passes are compiled kernels.

    Parameters
    ----------
    layers : sequence of Layer
        From the input to the output; at least one.
    input_shape : tuple of int
        Shape of one example, such as ``(2,)``.
    seed : int
        Decides the starting weights and, unless `fit` is given another, the order of examples.
    dtype : {"float32", "float64"}
        Of parameters and arithmetic.
    device : {"cpu", "cuda", "auto"}
        What computes: the CPU, an NVIDIA GPU, or the GPU where there is one and the CPU (with a warning that says why)
        where not. It is no part of a recording.

    Attributes
    ----------
    device : {"cpu", "cuda"}
        What computes.
    parameters : ndarray, shape (parameter_count,)
        All weights and biases, flat and C-contiguous. Assign to its elements to change the network.
    weights : dict of str to ndarray
        Named views of `parameters`: ``"0.weight"`` (in_features, out_features), ``"0.bias"`` (out_features,), …
    layout : list of Slot
        Where each named array lies in `parameters`.
    input_shape, output_shape : tuple of int
        Shape of one example and of its output.
    layer_shapes : list of tuple of int
        Shape of each layer's output.
    layer_spans : list of (int, int)
        Where each layer's parameters start and stop in `parameters`.

    Raises
    ------
    ConfigurationError
        When the layers do not fit each other, the input or the dtype, or there is no GPU to compute on.

    Examples
    --------
    >>> net = Network([Dense(16, "tanh"), Dense(1, "sigmoid")], input_shape=(2,), seed=7)
    >>> net.fit(x, y, loss="binary_crossentropy", optimizer="adam", epochs=100)
    >>> net.predict(x)
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        input_shape: Sequence[int],
        seed: int = 0,
        dtype: str | np.dtype[Any] = "float32",
        device: str = "cpu",
    ) -> None:
        self.layers = list(layers)
        self.input_shape = check_shape(input_shape)
        self.seed = check_seed(seed)
        self.dtype = check_dtype(dtype)
        self.plan = make_plan(self.layers, self.input_shape)
        self.layout = self.plan.slots
        self.layer_shapes = self.plan.layer_shapes
        self.layer_spans = self.plan.layer_spans
        if self.plan.parameter_count > MOST_PARAMETERS:
            raise ConfigurationError(
                f"the network would have {self.plan.parameter_count:,} parameters, and {MOST_PARAMETERS:,} is the "
                "most that is trained: use fewer units"
            )
        self.parameters: NDArray[Any] = zeros(self.plan.parameter_count, self.dtype)
        self.weights: dict[str, NDArray[Any]] = {
            slot.name: self.parameters[slot.start : slot.stop].reshape(slot.shape) for slot in self.layout
        }
        for index, (values, start) in enumerate(zip(self.weights.values(), self.plan.parameters, strict=True)):
            generator = np.random.default_rng([self.seed, index])
            draw = get_initializer(start.initializer).draw
            values[...] = draw(generator, start.shape, start.fan_in, start.fan_out)
        self.device = self._choose_device(device)
        self._program: machine.Program | None = None
        self._workspace: machine.Workspace | None = None
        self._gpu: Gpu | None = None

    # --- what it is -----------------------------------------------------------------------------------------------

    @property
    def output_shape(self) -> Shape:
        return self.layer_shapes[-1]

    @property
    def parameter_count(self) -> int:
        return int(self.parameters.size)

    @property
    def output_activation(self) -> str:
        """The name of the activation function that makes the output ("linear" if there is none)."""
        return (self.plan.operations[-1].activation if self.plan.operations else None) or "linear"

    def flat_activation(self, operations: int) -> tuple[int, str] | None:
        """The first layer, among the first operations, with an activation that has no slope, and that activation."""
        return self.plan.flat_activation(operations)

    def config(self) -> dict[str, Any]:
        """The settings that `from_config` rebuilds the network from (not its weights), JSON-able."""
        return {
            "input_shape": list(self.input_shape),
            "dtype": self.dtype.name,
            "seed": self.seed,
            "layers": [layer.config() for layer in self.layers],
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], device: str = "cpu") -> Network:
        """Build a network from what `config` gave, with freshly initialised weights."""
        layers = [layer_from_config(settings) for settings in config["layers"]]
        seed, dtype = config.get("seed", 0), config.get("dtype", "float32")
        return cls(layers, config["input_shape"], seed=seed, dtype=dtype, device=device)

    def summary(self) -> str:
        """A table of layers, output shapes and parameter counts."""
        return summary(self)

    def __reduce__(self) -> tuple[Any, ...]:
        # Copied array by array, the named weights would no longer be views of the parameters.
        return _rebuild, (self.config(), self.parameters.copy(), self.device)

    def __repr__(self) -> str:
        sizes = "-".join(shape_text(shape) for shape in (self.input_shape, *self.layer_shapes))
        return f"Network({sizes}, {self.parameter_count:,} parameters, {self.dtype.name})"

    # --- running it -----------------------------------------------------------------------------------------------

    @property
    def program(self) -> machine.Program:
        """The compiled program, made on first use."""
        if self._program is None:
            self.check_that_it_computes()
            self._program = machine.assemble(self.plan.operations, self.plan.spans, self.input_shape, self.dtype)
        return self._program

    def to(self, device: str) -> Network:
        """Have another device compute from now on (see the parameter `device`), and give the network itself."""
        self.device = self._choose_device(device)
        return self

    def _choose_device(self, device: str) -> str:
        chosen = choose_device(device)
        if chosen == "cpu":
            return chosen
        from engine.cuda.program import without_kernels

        lacking = without_kernels(self.plan)
        if lacking is None:
            return chosen
        sentence = f"layer {lacking} ({self.layers[lacking]}) has no kernels for the GPU: train on the CPU"
        if device == "cuda":
            raise ConfigurationError(sentence)
        warnings.warn(sentence, stacklevel=3)
        return "cpu"

    @property
    def gpu(self) -> Gpu:
        """The same network on the GPU, made on first use."""
        if self._gpu is None:
            from engine.cuda.gpu import Gpu  # only where there is a GPU: it takes a while

            self.check_that_it_computes()
            self._gpu = Gpu(self)
        return self._gpu

    def check_that_it_computes(self) -> None:
        """Raise ConfigurationError where no layer computes anything."""
        if not self.plan.operations:
            raise ConfigurationError("none of the network's layers computes anything: add one, such as Dense(1)")

    def workspace(self, capacity: int) -> machine.Workspace:
        """Buffers for batches of `capacity` examples, kept for the next call."""
        if self._workspace is None or self._workspace.capacity != capacity:
            self._workspace = machine.workspace(self.program, capacity, self.dtype)
        return self._workspace

    def chunk(self, examples: int) -> int:
        """How many of these examples to take at a time, where none depends on another: as many as a few MB hold."""
        self.check_that_it_computes()
        layout = machine.lay_out(self.plan.operations, self.plan.spans, self.input_shape, self.dtype)[2]
        values, tape, _ = machine.values_per_example(layout)
        return max(1, min(CHUNK, CHUNK_VALUES // (2 * values + tape), examples))

    def predict(self, x: ArrayLike) -> NDArray[Any]:
        """The outputs for a batch of examples.

        Parameters
        ----------
        x : array_like, shape (N, *input_shape)

        Returns
        -------
        ndarray, shape (N, *output_shape), in the network's dtype
            After the last activation: probabilities where it is a sigmoid or a softmax.
        """
        return self._outputs(x, [len(self.plan.operations)], [self.output_shape])[0]

    def logits(self, x: ArrayLike) -> NDArray[Any]:
        """The outputs for a batch of examples, before the last activation function (if there is one)."""
        end = len(self.plan.operations) - (self.output_activation != "linear")
        return self._outputs(x, [end], [self.output_shape])[0]

    def activations(self, x: ArrayLike) -> list[NDArray[Any]]:
        """Every layer's output for a batch of examples.

        Returns
        -------
        list of ndarray, shapes (N, *layer_shape)
            One for each layer, after its activation; the last is what `predict` gives.
        """
        return self._outputs(x, self.plan.layer_ends, self.layer_shapes)

    def pre_activations(self, x: ArrayLike) -> list[NDArray[Any]]:
        """Every layer's output before its activation function; the last are the logits.

        Returns
        -------
        list of ndarray, shapes (N, *layer_shape)
            For a layer without an activation function, its output.
        """
        ends = [
            end - (end > start and self.plan.operations[end - 1].activation is not None)
            for start, end in zip([0, *self.plan.layer_ends], self.plan.layer_ends, strict=False)
        ]
        return self._outputs(x, ends, self.layer_shapes)

    def _outputs(self, x: ArrayLike, ends: list[int], shapes: list[Shape]) -> list[NDArray[Any]]:
        """The values after each of the operations numbered by `ends` (counted from 1), in these shapes."""
        inputs = self.check_inputs(x)
        examples = inputs.shape[0]
        if self.device == "cuda":
            found = self.gpu.outputs(inputs, ends, shapes, self.chunk(examples))
            return [output.reshape(examples, *shape) for output, shape in zip(found, shapes, strict=True)]
        capacity = self.chunk(examples)
        space = self.workspace(capacity)
        outputs = [np.empty((examples, prod(shape)), self.dtype) for shape in shapes]
        run = self.new_run()
        for start in range(0, examples, capacity):
            stop = min(start + capacity, examples)
            run[machine.BATCH] = stop - start
            space.values[: (stop - start) * inputs.shape[1]] = inputs[start:stop].reshape(-1)
            machine.forward_pass(self.program, 0, max(ends), run, self.parameters, space)
            for end, output in zip(ends, outputs, strict=True):
                output[start:stop] = machine.values_after(end, stop - start, self.program, space)
        return [output.reshape(examples, *shape) for output, shape in zip(outputs, shapes, strict=True)]

    def evaluate(
        self, x: ArrayLike, y: ArrayLike, loss: str | Loss, weights: ArrayLike | None = None
    ) -> dict[str, float]:
        """The mean loss and, for classification, the accuracy.

        Parameters
        ----------
        x : array_like, shape (N, *input_shape)
        y : array_like
            Integer labels (N,), or targets (N, *output_shape).
        loss : str or Loss
            A name in LOSSES.
        weights : array_like, shape (N,), optional
            How much each example counts in the loss.

        Returns
        -------
        dict
            ``{"loss": …}`` and, for classification, ``"accuracy"``, a share between 0 and 1.
        """
        data, answers = prepare_data(self, x, y, get_loss(loss), weights)
        if self.device == "cuda":
            return summarise(self.gpu.evaluate(data, get_loss(loss), answers), bool(answers))
        objective = build_objective(self, get_loss(loss), answers)
        space = self.workspace(self.chunk(data.x.shape[0]))
        totals = np.zeros(3)
        order = np.arange(data.x.shape[0])
        run = self.new_run()
        machine.evaluate_batches(self.program, objective, self.parameters, data, order, space, run, totals)
        return summarise(totals, bool(answers))

    def gradient(
        self,
        x: ArrayLike,
        y: ArrayLike,
        loss: str | Loss,
        weights: ArrayLike | None = None,
        *,
        training: bool = False,
        step: int = 0,
    ) -> tuple[float, NDArray[Any]]:
        """The mean loss over a batch and its gradient with respect to `parameters`.

        Parameters
        ----------
        x, y, loss, weights
            As for `evaluate`.
        training : bool
            Whether layers that train differently do so: dropout drops, batch normalisation takes the batch's own
            statistics (and updates its running ones).
        step : int
            The optimisation step whose random numbers dropout takes.

        Returns
        -------
        loss : float
        gradient : ndarray, shape (parameter_count,)
        """
        data, answers = prepare_data(self, x, y, get_loss(loss), weights)
        if self.device == "cuda":
            return self.gpu.gradient(data, get_loss(loss), answers, training, step)
        objective = build_objective(self, get_loss(loss), answers)
        examples = data.x.shape[0]
        space = self.workspace(examples)
        run, totals, gradient = self.new_run(), np.zeros(3), np.zeros_like(self.parameters)
        run[machine.BATCH], run[machine.TRAINING], run[machine.STEP] = examples, training, step
        machine.take_batch(
            machine.TRAIN, self.program, objective, self.parameters, gradient, data, np.arange(examples), 0, run, space,
            totals,
        )  # fmt: skip
        return float(totals[0]) / examples, gradient

    def fit(self, x: ArrayLike, y: ArrayLike, **settings: Any) -> History:
        """Train the network; see `engine.training.fit` for the settings."""
        from engine.training import fit

        return fit(self, x, y, **settings)

    def new_run(self) -> NDArray[np.int64]:
        """What the kernels read besides their sizes; see `Operation`."""
        run = np.zeros(10, np.int64)
        if self.device == "cpu":
            run[machine.PRODUCT] = product_address(self.dtype.name)
        run[machine.SHARES] = 1
        run[machine.SEED] = self.seed
        return run

    def check_inputs(self, x: ArrayLike) -> NDArray[Any]:
        """Check a batch of examples and give it as a C-contiguous (N, features) array in the network's dtype.

        Raises
        ------
        DataError
            When the shape is not (N, *input_shape), or the values are not finite numbers.
        """
        array = as_numbers("x", x)
        if array.shape[1:] != self.input_shape or array.ndim != 1 + len(self.input_shape):
            raise DataError(
                f"x has the shape {array.shape}: this network takes (N, {', '.join(map(str, self.input_shape))})"
            )
        with np.errstate(over="ignore"):  # what overflows is infinite, and found below
            flat = as_input(array.reshape(array.shape[0], prod(self.input_shape)), self.dtype)
        if not all_finite(flat):
            row = int(np.argwhere(~np.isfinite(flat))[0, 0])
            raise DataError(f"x holds a value that is not finite (NaN or infinite) in example {row}")
        return flat


def _rebuild(config: dict[str, Any], parameters: NDArray[Any], device: str) -> Network:
    network = Network.from_config(config, device)
    network.parameters[:] = parameters
    return network
