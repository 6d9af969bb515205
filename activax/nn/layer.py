"""The Layer, and what may stand in for one."""

import dataclasses
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
from jax import Array

from activax._activation import Activation

Params = Any
Example = Any


class Layer(NamedTuple):
    """A pair of pure functions.

    `init(key, example) -> params` makes the parameters, a tree of dicts, tuples and arrays, for
    inputs like `example`: an array or a `jax.ShapeDtypeStruct`, of which only shape and dtype
    count. So `jax.eval_shape(layer.init, key, example)` plans the parameters without making them.

    `apply(params, x) -> y` is the layer. A layer that draws random numbers in training takes a
    keyword `key=None` too; without a key it evaluates.

    An `init` that takes a keyword `preceding=None` is told which activation its input comes from.

    Example:
        >>> double = activax.nn.Layer(init=lambda key, example: {}, apply=lambda params, x: 2 * x)
        >>> double.apply({}, jnp.array([1.0, 2.0]))
        Array([2., 4.], dtype=float32)
    """

    init: Callable[..., Params]
    apply: Callable[..., Any]


@dataclasses.dataclass(frozen=True)
class ActivationInit:
    """The init of an activation as a layer: its parameters are the arrays bound to it."""

    activation: Activation[...]

    def __call__(self, key: Array, example: Example) -> Params:
        arrays = dict(self.activation.arrays)
        return {self.activation.name: arrays} if arrays else {}

    def after(self, preceding: Activation[...] | None) -> Activation[...] | None:
        return self.activation


def as_layer(item: Any, where: str) -> Layer:
    """`item` as a Layer: a Layer itself, an activation or another function of one array.

    Raises:
        TypeError: anything else; `where` says which argument of which function it is.
    """
    if isinstance(item, Layer):
        return item
    if isinstance(item, Activation):
        if item.kind == "gated":
            raise TypeError(
                f"{where}: {item!r} needs two arrays, gate and value; "
                "use parallel(gate, value, combine=...)"
            )

        def apply(
            params: Params, x: Array, *, key: Array | None = None, recomputed: bool = False
        ) -> Array:
            activation = item.bind(**params[item.name]) if item.arrays else item
            function = activation.inner if recomputed else activation
            return function(x, **dict.fromkeys(item.keys, key))

        return Layer(ActivationInit(item), apply)
    if callable(item):
        return Layer(lambda key, example: {}, lambda params, x: item(x))
    raise TypeError(
        f"{where}: must be a Layer, an activation or a function of one array; "
        f"got {type(item).__name__}"
    )


def activation_of(layer: Layer) -> Activation[...] | None:
    """The activation that a layer applies to its input at once, if that is what it does."""
    return getattr(layer.init, "activation", None)


def output_of(layer: Layer, preceding: Activation[...] | None) -> Activation[...] | None:
    """The activation that a layer's output comes from, given that of its input.

    An init says so by a method `after(preceding)`; without one it is not known.
    """
    after = getattr(layer.init, "after", None)
    return after(preceding) if after else None


def init(
    layer: Layer, key: Array, example: Example, preceding: Activation[...] | None
) -> tuple[Params, Example]:
    """A layer's parameters, and the shape and dtype of its output."""
    told = {"preceding": preceding} if _takes(layer.init, "preceding") else {}
    params = layer.init(key, example, **told)
    return params, jax.eval_shape(layer.apply, params, example)


def apply(
    layer: Layer, params: Params, x: Any, key: Array | None, *, recomputed: bool = False
) -> Any:
    """Apply a layer, with the key if it takes one.

    `recomputed` says that this is in a checkpoint; an activation then has none of its own.
    """
    given: dict[str, Any] = {}
    if key is not None and _takes(layer.apply, "key"):
        given["key"] = key
    if recomputed and _takes(layer.apply, "recomputed"):
        given["recomputed"] = True
    return layer.apply(params, x, **given)


def split_key(key: Array | None, number: int) -> list[Array | None]:
    """One key for each of a number of layers; None without a key."""
    return [None] * number if key is None else list(jax.random.split(key, number))


def _takes(function: Callable[..., Any], name: str) -> bool:
    return name in inspect.signature(function).parameters
