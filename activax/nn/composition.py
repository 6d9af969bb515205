"""Layers made of layers."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import jax
from jax import Array

from activax._activation import Activation
from activax.nn.layer import (
    Example,
    Layer,
    Params,
    apply,
    as_layer,
    init,
    output_of,
    split_key,
)


@dataclasses.dataclass(frozen=True)
class SerialInit:
    """The init of layers one after the other; each is told where its input comes from."""

    parts: tuple[Layer, ...]

    def __call__(
        self, key: Array, example: Example, *, preceding: Activation[...] | None = None
    ) -> Params:
        params = []
        for i, part in enumerate(self.parts):
            with _located("serial", i):
                made, example = init(part, jax.random.fold_in(key, i), example, preceding)
            params.append(made)
            preceding = output_of(part, preceding)
        return tuple(params)

    def after(self, preceding: Activation[...] | None) -> Activation[...] | None:
        for part in self.parts:
            preceding = output_of(part, preceding)
        return preceding


def serial(*layers: Any) -> Layer:
    """Layers one after the other.

    A dense layer behind an activation is initialised with that activation's gain, so that what
    goes into every activation keeps the second moment of the network's input; so is one behind a
    gated unit that combines layers in `parallel`. Dropout lets the gain through; a plain function
    between the two does not, for it may be anything.

    Args:
        *layers: Layers, activations, and functions of one array.

    Returns:
        A Layer whose parameters are a tuple, one entry a layer ({} for an activation).

    Raises:
        TypeError: an argument that is none of these.
        ValueError: in `apply`, parameters of another number of layers.

    Example:
        >>> from activax.nn import dense
        >>> network = activax.nn.serial(dense(16), activax.gelu, dense(1))
        >>> params = network.init(jax.random.key(0), jnp.zeros((8, 4)))
        >>> network.apply(params, jnp.zeros((8, 4))).shape
        (8, 1)
    """
    parts = tuple(as_layer(layer, f"serial: layer {i}") for i, layer in enumerate(layers))

    def apply_all(params: Params, x: Any, *, key: Array | None = None) -> Any:
        _check_number("serial", params, parts)
        for i, part_key in enumerate(split_key(key, len(parts))):
            with _located("serial", i):
                x = apply(parts[i], params[i], x, part_key)
        return x

    return Layer(SerialInit(parts), apply_all)


@dataclasses.dataclass(frozen=True)
class ParallelInit:
    """The init of layers side by side; a gated unit that combines them says what they become."""

    parts: tuple[Layer, ...]
    combine: Callable[..., Any] | None

    def __call__(
        self, key: Array, example: Example, *, preceding: Activation[...] | None = None
    ) -> Params:
        params = []
        for i, part in enumerate(self.parts):
            with _located("parallel", i):
                params.append(init(part, jax.random.fold_in(key, i), example, preceding)[0])
        return tuple(params)

    def after(self, preceding: Activation[...] | None) -> Activation[...] | None:
        return self.combine if isinstance(self.combine, Activation) else None


def parallel(*layers: Any, combine: Callable[..., Any] | None = None) -> Layer:
    """Layers side by side, all on the same input.

    Args:
        *layers: Layers, activations, and functions of one array.
        combine: a function of the outputs, such as `activax.swiglu`; by default they come back as
            a tuple.

    Returns:
        A Layer whose parameters are a tuple, one entry a layer.

    Raises:
        TypeError: an argument that is none of these.
        ValueError: in `apply`, parameters of another number of layers.

    Example:
        >>> from activax.nn import dense
        >>> gated = activax.nn.parallel(dense(16), dense(16), combine=activax.swiglu)
        >>> params = gated.init(jax.random.key(0), jnp.zeros((8, 4)))
        >>> gated.apply(params, jnp.zeros((8, 4))).shape
        (8, 16)
    """
    parts = tuple(as_layer(layer, f"parallel: layer {i}") for i, layer in enumerate(layers))

    def apply_all(params: Params, x: Any, *, key: Array | None = None) -> Any:
        _check_number("parallel", params, parts)
        outputs = []
        for i, part_key in enumerate(split_key(key, len(parts))):
            with _located("parallel", i):
                outputs.append(apply(parts[i], params[i], x, part_key))
        return tuple(outputs) if combine is None else combine(*outputs)

    return Layer(ParallelInit(parts, combine), apply_all)


def residual(*layers: Any, scale: float = 1.0) -> Layer:
    """The input plus what the layers, one after the other, make of it.

    Formula:
        y = x + scale layers(x)

    Args:
        *layers: Layers, activations, and functions of one array; together they keep the shape.
        scale: what their output is multiplied by, such as 1 / sqrt(number of residual layers), with
            which the second moment does not grow with depth.

    Returns:
        A Layer with the parameters of `serial(*layers)`.

    Raises:
        TypeError: an argument that is none of these.
        ValueError: layers that change the shape.

    Example:
        >>> from activax.nn import dense, layer_norm
        >>> block = activax.nn.residual(layer_norm(), dense(16), activax.gelu, dense(4))
        >>> params = block.init(jax.random.key(0), jnp.zeros((8, 4)))
        >>> block.apply(params, jnp.zeros((8, 4))).shape
        (8, 4)
    """
    body = serial(*layers)

    def apply_sum(params: Params, x: Array, *, key: Array | None = None) -> Array:
        with jax.named_scope("residual"):
            y = body.apply(params, x, key=key)
        if y.shape != x.shape:
            raise ValueError(
                f"residual: the layers must keep the shape of x; they map {x.shape} to {y.shape}"
            )
        return x + (y if scale == 1 else scale * y)

    def init_body(
        key: Array, example: Example, *, preceding: Activation[...] | None = None
    ) -> Params:
        return body.init(key, example, preceding=preceding)

    return Layer(init_body, apply_sum)


def _check_number(function: str, params: Params, parts: tuple[Layer, ...]) -> None:
    if len(params) != len(parts):
        raise ValueError(
            f"{function}: has {len(parts)} layers, but the parameters are of {len(params)}; "
            "were they made by the init of another network?"
        )


@contextlib.contextmanager
def _located(function: str, index: int) -> Iterator[None]:
    """Say in which layer something is: to profiles, to diagnostics, and in an error."""
    try:
        with jax.named_scope(f"{function}[{index}]"):
            yield
    except Exception as error:
        error.add_note(f"in layer {index} of {function}")
        raise
