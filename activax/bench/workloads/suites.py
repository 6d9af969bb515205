"""Suites: activations alone, and inside the networks that they are made for."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from activax.bench.workloads import peers
from activax.bench.workloads.modes import Function
from activax.bench.workloads.torch_programs import TorchFunction
from activax.catalogue.lookup import catalog
from activax.core.activation import Activation

Shape = tuple[int, ...]
POPULAR = ("relu", "gelu", "silu", "tanh", "mish", "softmax", "swiglu")
OWN = "yours"  # the implementation of a function of the user
FEED_FORWARD = ("relu", "relu_squared", "gelu", "gelu_tanh", "silu", "reglu", "geglu", "swiglu")


class Subject(NamedTuple):
    """An activation of the catalogue or a function of the user, with its implementations."""

    name: str
    inputs: int
    implementations: dict[str, Function]
    reference: Function | None = None
    kinks: tuple[float, ...] = ()


class Case(NamedTuple):
    """The arguments of `measure.compare` for one race."""

    op: str
    functions: dict[str, Function]
    specs: tuple[Any, ...]
    reference: Function | None
    kinks: tuple[float, ...]


class Suite(NamedTuple):
    """Activations, and the function that each is measured in.

    Attributes:
        chosen: whether an activation belongs to the suite, unless the user chooses.
        case: makes a case of a subject, a shape and a dtype.
        axes: the meaning of the numbers of a shape.
        shapes: the default shape for "cpu", "accelerator" and "quick".
    """

    chosen: Callable[[Activation[...]], bool]
    case: Callable[[Subject, Shape, str], Case]
    axes: str
    shapes: Mapping[str, Shape]


def still(activation: Activation[...]) -> bool:
    """Return whether an activation returns its input, which compiles to nothing."""
    return activation is catalog["identity"]


def subject(activation: Activation[...], libraries: Sequence[str]) -> Subject:
    """Return an activation of the catalogue in each library that has it."""
    found = {
        peers.IMPLEMENTATION[name]: peers.find_peer(name, activation.name) for name in libraries
    }
    return Subject(
        activation.name,
        activation.inputs,
        {label: function for label, function in found.items() if function},
        activation if activation.kind == "elementwise" else None,
        activation.kinks,
    )


def own_subject(name: str, function: Function, inputs: int) -> Subject:
    """Return a function of the user, with itself as reference in float64 if it is elementwise."""
    return Subject(name, inputs, {OWN: function}, function if _elementwise(function) else None)


def _elementwise(function: Function) -> bool:
    """Return whether, on a few numbers, each element of the result needs its own input alone."""
    x = jnp.linspace(-2.0, 2.0, 6)
    try:
        whole, parts = function(x), jnp.stack([function(one) for one in x])
    except (TypeError, ValueError):
        return False
    alike = (whole.shape, whole.dtype) == (x.shape, x.dtype)
    return alike and bool(jnp.allclose(whole, parts, rtol=1e-5, equal_nan=True))


def alone(subject: Subject, shape: Shape, dtype: str) -> Case:
    """Return the case of the activation on arrays of a shape."""
    spec = jax.ShapeDtypeStruct(shape, dtype)
    return Case(
        subject.name,
        subject.implementations,
        (spec,) * subject.inputs,
        subject.reference,
        subject.kinks,
    )


def feed_forward(subject: Subject, shape: Shape, dtype: str) -> Case:
    """Return the case of a linear layer, the activation and a linear layer."""
    rows, width, hidden = shape
    return _network(f"ffn {subject.name}", subject, rows, [width, hidden, width], dtype)


def perceptron(subject: Subject, shape: Shape, dtype: str) -> Case:
    """Return the case of linear layers of one width, with the activation between each two."""
    rows, width, layers = shape
    return _network(f"mlp {subject.name}", subject, rows, [width] * (layers + 1), dtype)


def _network(op: str, subject: Subject, rows: int, widths: Sequence[int], dtype: str) -> Case:
    keys = iter(jax.random.split(jax.random.key(0), subject.inputs * len(widths) + 1))

    def matrix(rows: int, columns: int) -> jax.Array:
        return jax.random.normal(next(keys), (rows, columns), dtype) / math.sqrt(rows)

    *pairs, (before, after) = itertools.pairwise(widths)
    weights = [matrix(*pair) for pair in pairs for _ in range(subject.inputs)]
    weights.append(matrix(before, after))
    x = jax.random.normal(next(keys), (rows, widths[0]), dtype)
    functions = {
        label: _stacked(function, subject.inputs)
        for label, function in subject.implementations.items()
    }
    return Case(op, functions, (*weights, x), None, ())


def _stacked(function: Function, inputs: int) -> Function:
    """Return a function of (*weights, x) that stacks linear layers, for JAX or torch."""
    if isinstance(function, TorchFunction):
        return TorchFunction(_stacked(function.function, inputs), function.compiled)

    def apply(*arguments: Any) -> Any:
        *weights, last, x = arguments
        for i in range(0, len(weights), inputs):
            x = function(*(x @ w for w in weights[i : i + inputs]))
        return x @ last

    return apply


_ROWS = {"cpu": (2048, 1024), "accelerator": (8192, 14336), "quick": (1024, 1024)}
SUITES = {
    "quick": Suite(lambda a: a.name in POPULAR, alone, "any", _ROWS),
    "act": Suite(
        lambda a: a.kind not in ("gated", "complex") and not still(a), alone, "any", _ROWS
    ),
    "glu": Suite(lambda a: a.kind == "gated", alone, "any", _ROWS),
    "ffn": Suite(
        lambda a: a.name in FEED_FORWARD,
        feed_forward,
        "rows x width x hidden width",
        {"cpu": (512, 256, 1024), "accelerator": (8192, 4096, 14336), "quick": (256, 128, 512)},
    ),
    "mlp": Suite(
        lambda a: a.name in FEED_FORWARD,
        perceptron,
        "rows x width x layers",
        {"cpu": (512, 256, 8), "accelerator": (8192, 4096, 8), "quick": (256, 128, 4)},
    ),
}  # fmt: skip


def chosen(suite: str) -> list[Activation[...]]:
    """Return the activations of a suite, from the catalogue."""
    return [a for a in catalog.values() if SUITES[suite].chosen(a)]
