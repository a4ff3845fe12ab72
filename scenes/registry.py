"""What can be rendered: the scenes and the films by name. Adding one is one line here.

This module imports nothing, so that lists, help texts and completion need no manim.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SceneEntry:
    """Where a scene lives and what it shows.

    Attributes
    ----------
    module, class_name : str
        The `Stage` subclass, imported when it is rendered.
    summary : str
        One line for lists.
    clocks : tuple of str
        What can run in it: ``"depth"`` (which layer), ``"time"`` (which epoch); the first is the default.
    experiments : tuple of str
        Names of the experiments that it is told with where no run is given, the main one first.
    any_runs : int
        How many recordings it takes at most, of whatever experiments, in the order in which they are given; 0 for a
        scene that knows each recording by its experiment, and takes one of each.
    """

    module: str
    class_name: str
    summary: str
    clocks: tuple[str, ...] = ("time",)
    experiments: tuple[str, ...] = ()
    any_runs: int = 0

    @property
    def most_runs(self) -> int:
        """How many recordings it takes at most; 0 where nobody says."""
        return self.any_runs or len(self.experiments)

    @property
    def told_with(self) -> str:
        """The experiments that say which recordings it takes, in brackets for messages; empty where it takes any."""
        return "" if self.any_runs else f" ({', '.join(self.experiments)})"


@dataclass(frozen=True)
class FilmEntry:
    """Where a film's script lives.

    Attributes
    ----------
    script : str
        A TOML file in scenes/films, or a module whose ``FILM`` is a `scenes.films.Film`.
    summary : str
        One line for lists.
    """

    script: str
    summary: str


SCENES: dict[str, SceneEntry] = {
    "warp": SceneEntry(
        "scenes.warp",
        "Warp",
        "The plane and the data pass through the network layer by layer",
        ("depth", "time"),
        experiments=("spirals",),
    ),
    "examples": SceneEntry(
        "scenes.examples",
        "Examples",
        "Examples are points, new ones come, and a division of the plane answers for them",
        experiments=("two-curves-linear",),
    ),
    "boundary": SceneEntry(
        "scenes.boundary",
        "Boundary",
        "Regions and every neuron's field over the epochs",
        experiments=("spirals-wide",),
    ),
    "inputs": SceneEntry(
        "scenes.inputs",
        "Inputs",
        "Almost anything can be told in numbers, and an input neuron holds one of them",
        experiments=("mnist-16",),
    ),
    "flow": SceneEntry(
        "scenes.flow",
        "Flow",
        "An image passes through the network, from its pixels to the answer",
        experiments=("mnist-16",),
    ),
    "neuron": SceneEntry(
        "scenes.neuron",
        "Neuron",
        "One neuron's sum, bias and activation, and its row of the matrix",
        experiments=("mnist-16",),
    ),
    "hope": SceneEntry(
        "scenes.hope",
        "Hope",
        "Why layers? An image taken apart, and what one hopes that each layer looks for",
        experiments=("mnist-16",),
    ),
    "weights": SceneEntry(
        "scenes.weights",
        "Weights",
        "What the neurons of images look for, over training",
        experiments=("mnist-16",),
    ),
    "pixels": SceneEntry(
        "scenes.pixels",
        "Pixels",
        "What an image is to a program, and how little its pixels tell",
        experiments=("mnist-16",),
    ),
    "parameters": SceneEntry(
        "scenes.parameters",
        "Parameters",
        "Every weight and bias, counted layer by layer",
        experiments=("mnist-16",),
    ),
    "perceptron": SceneEntry(
        "scenes.perceptron",
        "Perceptron",
        "A neuron that fires or doesn't, and every correction that moves its line",
        experiments=("perceptron",),
    ),
    "cost": SceneEntry(
        "scenes.cost",
        "Cost",
        "How much arithmetic an answer takes, and what a large picture would ask for",
        experiments=("mnist-16", "perceptron", "mnist-wide", "lenet"),
        any_runs=4,
    ),
    "lines": SceneEntry(
        "scenes.lines",
        "Lines",
        "Every hidden neuron draws a line; added up, lines become a region",
        experiments=("bullseye-3",),
    ),
    "depth": SceneEntry(
        "scenes.depth",
        "Depth",
        "Deeper networks see better, until only ways round their layers help",
        experiments=(
            "plain-small",
            "resnet-small",
            "depth-1",
            "depth-2",
            "depth-4",
            "depth-8",
            "depth-residual-2",
            "depth-residual-4",
            "depth-residual-8",
        ),
    ),
    "robustness": SceneEntry(
        "scenes.robustness",
        "Robustness",
        "An image is squeezed, moved, turned and noised: is it still recognised?",
        experiments=("mnist-16", "lenet"),
    ),
    "shifted": SceneEntry(
        "scenes.shifted",
        "Shifted",
        "An image moves before a dense and a convolutional network: whose answer stays?",
        experiments=("mnist-16", "lenet"),
    ),
    "loss": SceneEntry(
        "scenes.loss",
        "Loss",
        "How wrong a guess is, as a number, and what training does to it",
        experiments=("pass-the-class",),
    ),
    "compare": SceneEntry(
        "scenes.compare",
        "Compare",
        "Two or three trainings side by side, on one counter",
        experiments=("bullseye-2", "bullseye-3"),
        any_runs=3,
    ),
    "activations": SceneEntry(
        "scenes.activations",
        "Activations",
        "Activation functions and their slopes, and why layers need them",
        experiments=("tanh-stack", "linear-stack", "perceptron"),
    ),
    "landscape": SceneEntry(
        "scenes.landscape",
        "Landscape",
        "The loss around a large network, over planes through its solution and its path",
        experiments=("landscape",),
    ),
    "descent": SceneEntry(
        "scenes.descent",
        "Descent",
        "Training as a walk downhill: the loss over two weights, learning rates, and rules that race",
        experiments=(
            "descent",
            "descent-slow",
            "descent-fast",
            "descent-batch",
            "descent-momentum",
            "descent-adam",
        ),
    ),
    "overfit": SceneEntry(
        "scenes.overfit",
        "Overfit",
        "Networks too small and too large for noisy data, dropout and early stopping",
        experiments=("overfit", "overfit-small", "overfit-right", "overfit-dropout", "overfit-early"),
    ),
    "backprop": SceneEntry(
        "scenes.backprop",
        "Backprop",
        "One example, one step: the loss, every gradient on its way back, and what each weight does",
        experiments=("pass-the-class",),
    ),
    "convolution": SceneEntry(
        "scenes.convolution",
        "Convolution",
        "A filter slides over an image; strides, padding, pooling, and every feature map",
        experiments=("lenet",),
    ),
    "reuse": SceneEntry(
        "scenes.reuse",
        "Reuse",
        "A network loses its last layer: with a new one, what it has learned serves another task",
        experiments=("transfer", "transfer-scratch", "pretrain"),
    ),
    "features": SceneEntry(
        "scenes.features",
        "Features",
        "What each layer looks for, from pieces to whole images, and which pixels decided",
        experiments=("lenet",),
    ),
    "topology": SceneEntry(
        "scenes.topology",
        "Topology",
        "What bending cannot part, and what one dimension more can: a disc in a ring, linked rings",
        experiments=("bullseye-2", "bullseye-3", "interval", "linked-rings-3", "linked-rings"),
    ),
    "memory": SceneEntry(
        "scenes.memory",
        "Memory",
        "How a recurrent network remembers and forgets: unrolled, its gates open to view, on its own",
        experiments=("lstm-adding", "rnn-adding", "rnn-sine", "lstm-lorenz"),
    ),
    "code": SceneEntry(
        "scenes.code",
        "Code",
        "Images squeezed through two numbers and rebuilt, the map that forms, and a walk over it",
        experiments=("autoencoder-deep", "autoencoder-linear"),
    ),
    "journey": SceneEntry(
        "scenes.journey",
        "Journey",
        "One example through a training: its answers flip, its path, all mistakes, the hardest examples",
        experiments=("mnist-16",),
    ),
    "wiring": SceneEntry(
        "scenes.wiring",
        "Wiring",
        "A neuron is a function; in series, in parallel, and both: a network",
        experiments=("interval",),
    ),
    "zoo": SceneEntry(
        "scenes.zoo",
        "Zoo",
        "One kind of network becomes the next, each with its parameters and what it can do",
        experiments=(
            "perceptron",
            "xor",
            "digits",
            "lenet",
            "resnet-small",
            "rnn-sine",
            "lstm-adding",
            "gru-recall",
            "autoencoder-linear",
            "autoencoder-deep",
        ),  # fmt: skip
    ),
}

# What stands between scenes in films
CARDS: dict[str, SceneEntry] = {
    "title": SceneEntry("scenes.films.cards", "TitleCard", "The film's title, with a line under it", ()),
    "words": SceneEntry("scenes.films.cards", "WordsCard", "A thought, large, with a smaller one under it", ()),
    "end": SceneEntry("scenes.films.cards", "EndCard", "What was trained, and the command that makes the film", ()),
}

FILMS: dict[str, FilmEntry] = {
    "untangle": FilmEntry("untangle.toml", "What deep learning does to data: it bends space until a line will do"),
    "digits": FilmEntry("digits.toml", "What a neural network is: from 784 pixels to a digit"),
    "learning": FilmEntry("learning.toml", "How a network learns: losses, slopes and steps, images and depth"),
    "hidden": FilmEntry("hidden.toml", "Why hidden layers matter: parts, parts of parts, and an answer"),
    "zoo": FilmEntry("zoo.toml", "A walk through architectures: convolution, memory, and codes of two numbers"),
    "spirals": FilmEntry("scenes.films.spirals", "A small network untangles two spirals"),
}
