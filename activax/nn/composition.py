"""Layers made of layers."""

import contextlib
import math
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import jax
from jax import Array

from activax.core.activation import Activation
from activax.nn.checks import check_functions, check_number, check_params, check_x
from activax.nn.constructor import constructor
from activax.nn.layer import (
    Example,
    Layer,
    Params,
    Part,
    apply,
    as_layer,
    check_called,
    init,
    output_of,
    split_key,
)

Layers = dict[int | str, Layer]  # by name, or by number


@constructor
def serial(*layers: Any, **named: Any) -> Layer:
    """Layers one after the other.

    A dense layer behind an activation is initialised with that activation's gain, so that what
    goes into every activation keeps the second moment of the network's input; so is one behind a
    gated unit that combines layers in `parallel`. Dropout lets the gain through; a plain function
    between the two does not, for it may be anything.

    Args:
        *layers: Layers, activations, and functions of one array.
        **named: the same with names, in place of all without.

    Returns:
        A Layer whose parameters are a tuple, one entry a layer ({} for an activation); of named
        layers a dict of their names.

    Raises:
        TypeError: an argument that is none of these, or layers with and without names.
        ValueError: in `apply`, parameters of other layers.

    Example:
        >>> from activax.nn import dense
        >>> network = activax.nn.serial(dense(16), activax.gelu, dense(1))
        >>> params = network.init(jax.random.key(0), jnp.zeros((8, 4)))
        >>> network.apply(params, jnp.zeros((8, 4))).shape
        (8, 1)
        >>> network = activax.nn.serial(embed=dense(16), unit=activax.gelu, head=dense(1))
        >>> params = network.init(jax.random.key(0), jnp.zeros((8, 4)))
        >>> params["head"]["weight"].shape
        (16, 1)
    """
    return chain("serial", _named(layers, named, "serial"))


def chain(function: str, layers: Layers) -> Layer:
    """Return layers one after the other as the layer of a function."""

    def init_all(
        key: Array, example: Example, *, preceding: Activation[...] | None = None
    ) -> Params:
        params = []
        for i, (name, layer) in enumerate(layers.items()):
            with _located(function, name, "serial"):
                made, example = init(layer, jax.random.fold_in(key, i), example, preceding)
            params.append(made)
            preceding = output_of(layer, preceding)
        return _entries(layers, params)

    def apply_all(params: Params, x: Any, *, key: Array | None = None) -> Any:
        _check_entries(function, params, layers)
        for (name, layer), own in zip(layers.items(), split_key(key, len(layers)), strict=True):
            with _located(function, name, "serial"):
                x = apply(layer, params[name], x, own)
        return x

    def after(preceding: Activation[...] | None) -> Activation[...] | None:
        for layer in layers.values():
            preceding = output_of(layer, preceding)
        return preceding

    def parts(params: Params, x: Any) -> Iterator[Part]:
        for name, layer in layers.items():
            yield Part(name, layer, params[name], x)
            x = None if x is None else apply(layer, params[name], x, None)

    stochastic = any(layer.stochastic for layer in layers.values())
    return Layer(init_all, apply_all, stochastic=stochastic, after=after, parts=parts)


@constructor
def parallel(*layers: Any, combine: Callable[..., Any] | None = None, **named: Any) -> Layer:
    """Layers side by side, all on the same input.

    Args:
        *layers: Layers, activations, and functions of one array.
        combine: a function of the outputs, such as `activax.swiglu`; by default they come back as
            a tuple.
        **named: layers with names, in place of all without.

    Returns:
        A Layer whose parameters are a tuple, one entry a layer; of named layers a dict of their
        names.

    Raises:
        TypeError: an argument that is none of these, layers with and without names, or a combine
            that is no function.
        ValueError: in `apply`, parameters of other layers.

    Example:
        >>> from activax.nn import dense
        >>> gated = activax.nn.parallel(dense(16), dense(16), combine=activax.swiglu)
        >>> params = gated.init(jax.random.key(0), jnp.zeros((8, 4)))
        >>> gated.apply(params, jnp.zeros((8, 4))).shape
        (8, 16)
    """
    check_functions("parallel", combine=combine)
    check_called(combine, "parallel: combine")
    sides = _named(layers, named, "parallel")

    def init_all(
        key: Array, example: Example, *, preceding: Activation[...] | None = None
    ) -> Params:
        params = []
        for i, (name, layer) in enumerate(sides.items()):
            with _located("parallel", name, "parallel"):
                params.append(init(layer, jax.random.fold_in(key, i), example, preceding)[0])
        return _entries(sides, params)

    def apply_all(params: Params, x: Any, *, key: Array | None = None) -> Any:
        _check_entries("parallel", params, sides)
        outputs = []
        for (name, layer), own in zip(sides.items(), split_key(key, len(sides)), strict=True):
            with _located("parallel", name, "parallel"):
                outputs.append(apply(layer, params[name], x, own))
        return tuple(outputs) if combine is None else combine(*outputs)

    def after(preceding: Activation[...] | None) -> Activation[...] | None:
        return combine if isinstance(combine, Activation) else None

    def parts(params: Params, x: Any) -> Iterator[Part]:
        return (Part(name, layer, params[name], x) for name, layer in sides.items())

    stochastic = any(layer.stochastic for layer in sides.values())
    return Layer(init_all, apply_all, stochastic=stochastic, after=after, parts=parts)


@constructor
def residual(*layers: Any, scale: float = 1.0, **named: Any) -> Layer:
    """The input plus what the layers, one after the other, make of it.

    Formula:
        y = x + scale layers(x)

    Args:
        *layers: Layers, activations, and functions of one array; together they keep the shape.
        scale: what their output is multiplied by, such as 1 / sqrt(number of residual layers), with
            which the second moment does not grow with depth.
        **named: layers with names, in place of all without.

    Returns:
        A Layer with the parameters of `serial(*layers)`, or `serial(**named)`.

    Raises:
        TypeError: an argument that is none of these, or layers with and without names.
        ValueError: a scale that is not a finite number; in `apply`, layers that change the shape.

    Example:
        >>> from activax.nn import dense, layer_norm
        >>> block = activax.nn.residual(layer_norm(), dense(16), activax.gelu, dense(4))
        >>> params = block.init(jax.random.key(0), jnp.zeros((8, 4)))
        >>> block.apply(params, jnp.zeros((8, 4))).shape
        (8, 4)
    """
    check_number("residual", "scale", scale, "be a finite number", math.isfinite)
    body = chain("residual", _named(layers, named, "residual"))

    def apply_sum(params: Params, x: Array, *, key: Array | None = None) -> Array:
        check_x("residual", x, single=True)
        with jax.named_scope("residual"):
            y = body.apply(params, x, key=key)
        if y.shape != x.shape:
            raise ValueError(
                f"residual: the layers must keep the shape of x; they map {x.shape} to {y.shape}"
            )
        return x + (y if scale == 1 else scale * y)

    return Layer(body.init, apply_sum, stochastic=body.stochastic, parts=body.parts)


def _named(layers: tuple[Any, ...], named: dict[str, Any], function: str) -> Layers:
    """Return the layers by name; those without are named by their numbers."""
    if layers and named:
        raise TypeError(
            f"{function}: layers must be all with names or all without; got {len(layers)} without, "
            f"and {', '.join(named)}"
        )
    if named:
        return {n: as_layer(item, f"{function}: layer {n!r}") for n, item in named.items()}
    return {i: as_layer(item, f"{function}: layer {i}") for i, item in enumerate(layers)}


def _entries(layers: Layers, params: list[Params]) -> Params:
    """Return the parameters of the layers as a tuple, or as a dict of their names."""
    named = isinstance(next(iter(layers), None), str)
    return dict(zip(layers, params, strict=True)) if named else tuple(params)


def _check_entries(function: str, params: Params, layers: Layers) -> None:
    """Raise unless the parameters have one entry for each layer."""
    check_params(function, params, tuple, list, Mapping)
    found = params if isinstance(params, Mapping) else range(len(params))
    if layers.keys() != set(found):
        raise ValueError(
            f"{function}: has {_listed(layers)}, but the parameters are of {_listed(found)}; "
            "were they made by the init of another network?"
        )


def _listed(names: Collection[int | str]) -> str:
    """Return the names, or how many layers there are without names."""
    if names and all(isinstance(name, str) for name in names):
        return f"the layers {', '.join(map(str, names))}"
    return f"{len(names)} layers"


@contextlib.contextmanager
def _located(function: str, name: int | str, scope: str) -> Iterator[None]:
    """Say in which layer something is: to profiles, to diagnostics, and in an error."""
    try:
        with jax.named_scope(name if isinstance(name, str) else f"{scope}[{name}]"):
            yield
    except Exception as error:
        error.add_note(f"in layer {name!r} of {function}")
        raise
