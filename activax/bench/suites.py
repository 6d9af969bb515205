"""What is measured together: activations alone, and inside the networks that they are made for."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from activax.bench import peers
from activax.bench.torch_programs import TorchFunction
from activax.catalogue.lookup import catalog
from activax.core.activation import Activation

Function = Callable[..., Any]
Shape = tuple[int, ...]
COMMON = ("relu", "gelu", "silu", "tanh", "mish", "softmax", "swiglu")  # of the suite quick
OWN = "yours"  # the implementation of a function of the user
HIDDEN = ("relu", "relu_squared", "gelu", "gelu_tanh", "silu", "reglu", "geglu", "swiglu")


class Subject(NamedTuple):
    """An activation to measure: by its implementations, or one of the user's."""

    name: str
    inputs: int
    implementations: dict[str, Function]
    reference: Function | None = None
    kinks: tuple[float, ...] = ()


class Case(NamedTuple):
    """A race: what `measure.compare` is called with."""

    op: str
    functions: dict[str, Function]
    specs: tuple[Any, ...]
    reference: Function | None
    kinks: tuple[float, ...]


class Suite(NamedTuple):
    """Which activations, unless the user says which, and in what they are measured."""

    chosen: Callable[[Activation[...]], bool]
    case: Callable[[Subject, Shape, str], Case]
    axes: str  # what the numbers of a shape are
    shapes: Mapping[str, Shape]  # by default, on a "cpu" and on an "accelerator"; and when "quick"


def still(activation: Activation[...]) -> bool:
    """Whether it returns its input, which compiles to nothing and moves no data."""
    return activation is catalog["identity"]


def subject(activation: Activation[...], libraries: Sequence[str]) -> Subject:
    """A catalogued activation in each library that has it."""
    found = {peers.LABELS[name]: peers.find(name, activation.name) for name in libraries}
    return Subject(
        activation.name,
        activation.inputs,
        {label: function for label, function in found.items() if function},
        activation if activation.kind == "elementwise" else None,
        activation.kinks,
    )


def own_subject(name: str, function: Function, inputs: int) -> Subject:
    """A function of the user's, which is its own reference in float64 if it is elementwise."""
    return Subject(name, inputs, {OWN: function}, function if _elementwise(function) else None)


def _elementwise(function: Function) -> bool:
    """Whether each element of the result is that of the input alone, as far as numbers tell."""
    x = jnp.linspace(-2.0, 2.0, 6)
    try:
        whole, parts = function(x), jnp.stack([function(one) for one in x])
    except (TypeError, ValueError):
        return False
    alike = (whole.shape, whole.dtype) == (x.shape, x.dtype)
    return alike and bool(jnp.allclose(whole, parts, rtol=1e-5, equal_nan=True))


def alone(subject: Subject, shape: Shape, dtype: str) -> Case:
    """The activation of arrays of a shape."""
    spec = jax.ShapeDtypeStruct(shape, dtype)
    return Case(
        subject.name,
        subject.implementations,
        (spec,) * subject.inputs,
        subject.reference,
        subject.kinks,
    )


def feed_forward(subject: Subject, shape: Shape, dtype: str) -> Case:
    """Linear, activation, linear."""
    rows, width, hidden = shape
    return _network(f"ffn {subject.name}", subject, rows, [width, hidden, width], dtype)


def perceptron(subject: Subject, shape: Shape, dtype: str) -> Case:
    """Several linear layers of one width with the activation between each two."""
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
        label: _between(function, subject.inputs)
        for label, function in subject.implementations.items()
    }
    return Case(op, functions, (*weights, x), None, ())


def _between(function: Function, inputs: int) -> Function:
    """A network of (*weights, x), for JAX and torch alike."""
    if isinstance(function, TorchFunction):
        return TorchFunction(_between(function.function, inputs), function.compiled)

    def apply(*arguments: Any) -> Any:
        *weights, last, x = arguments
        for i in range(0, len(weights), inputs):
            x = function(*(x @ w for w in weights[i : i + inputs]))
        return x @ last

    return apply


_ROWS = {"cpu": (2048, 1024), "accelerator": (8192, 14336), "quick": (1024, 1024)}
SUITES = {
    "quick": Suite(lambda a: a.name in COMMON, alone, "any", _ROWS),
    "act": Suite(
        lambda a: a.kind != "gated" and not still(a), alone, "any", _ROWS
    ),
    "glu": Suite(lambda a: a.kind == "gated", alone, "any", _ROWS),
    "ffn": Suite(
        lambda a: a.name in HIDDEN,
        feed_forward,
        "rows x width x hidden width",
        {"cpu": (512, 256, 1024), "accelerator": (8192, 4096, 14336), "quick": (256, 128, 512)},
    ),
    "mlp": Suite(
        lambda a: a.name in HIDDEN,
        perceptron,
        "rows x width x layers",
        {"cpu": (512, 256, 8), "accelerator": (8192, 4096, 8), "quick": (256, 128, 4)},
    ),
}  # fmt: skip


def chosen(suite: str) -> list[Activation[...]]:
    """The activations of a suite, from the catalogue."""
    return [a for a in catalog.values() if SUITES[suite].chosen(a)]
