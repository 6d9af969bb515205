"""Layers made of layers."""

import functools
import math
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import jax
from jax import Array

from activax.core.activation import Activation
from activax.nn.checks import check_functions, check_number, check_params, check_x
from activax.nn.constructor import constructor
from activax.nn.layer import (
    After,
    Example,
    Layer,
    Params,
    Part,
    Source,
    apply,
    as_layer,
    check_called,
    init,
    output_of,
    taken,
)

LayersByName = dict[int | str, Layer]  # by name, or by number


@constructor
def serial(*layers: Any, **named: Any) -> Layer:
    """Apply layers one after the other.

    A dense layer behind an activation is initialised with the gain of the activation. So the input
    of every activation has the second moment of the network's input. The same holds behind a gated
    unit that combines layers in `parallel`. Dropout lets the gain through. A plain function does
    not, because nothing is known of its output.

    Args:
        *layers: Layers, activations, and functions of one array.
        **named: the same with names, in place of all layers without names.

    Returns:
        A Layer whose parameters are a tuple, one entry a layer ({} for an activation). If the
        layers have names, the parameters are a dict of the names.

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
    return chain("serial", named_layers(layers, named, "serial"))


def chain(function: str, layers: LayersByName) -> Layer:
    """Return the layer of a function that applies layers one after the other."""
    after: After = "preceding"
    for layer in layers.values():
        after = after if layer.after == "preceding" else layer.after
    return _composed(function, layers, after)


@constructor
def parallel(*layers: Any, combine: Callable[..., Any] | None = None, **named: Any) -> Layer:
    """Apply layers side by side, all to the same input.

    Args:
        *layers: Layers, activations, and functions of one array.
        combine: a function of the outputs, such as `activax.swiglu`. By default `apply` returns the
            outputs as a tuple.
        **named: layers with names, in place of all layers without names.

    Returns:
        A Layer whose parameters are a tuple, one entry a layer. If the layers have names, the
        parameters are a dict of the names.

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
    sides = named_layers(layers, named, "parallel")
    after = combine if isinstance(combine, Activation) else None
    return _composed("parallel", sides, after, combine or (lambda *outputs: outputs))


@constructor
def residual(*layers: Any, scale: float = 1.0, **named: Any) -> Layer:
    """Add to the input the output of layers that are applied one after the other.

    Formula:
        y = x + scale layers(x)

    Args:
        *layers: Layers, activations, and functions of one array; together they keep the shape.
        scale: the factor of their output. With 1 / sqrt(number of residual layers) the second
            moment does not grow with depth.
        **named: layers with names, in place of all layers without names.

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
    body = chain("residual", named_layers(layers, named, "residual"))

    def apply_sum(params: Params, x: Array, *, key: Array | None = None, **data: Any) -> Array:
        check_x("residual", x, single=True)
        with jax.named_scope("residual"):
            y = body.apply(params, x, key=key, **data)
        if y.shape != x.shape:
            raise ValueError(
                f"residual: the layers must keep the shape of x; they map {x.shape} to {y.shape}"
            )
        return x + (y if scale == 1 else scale * y)

    return Layer(
        body.init,
        apply_sum,
        stochastic=body.stochastic,
        takes_preceding=True,
        parts=body.parts,
        takes=body.takes,
    )


def _composed(
    function: str, layers: LayersByName, after: After, combine: Callable[..., Any] | None = None
) -> Layer:
    """Return the layer of layers in a row, or side by side if `combine` takes their outputs."""
    in_a_row = combine is None
    scope = "serial" if in_a_row else "parallel"
    scopes = {name: name if isinstance(name, str) else f"{scope}[{name}]" for name in layers}
    takes = dict.fromkeys(name for layer in layers.values() for name in layer.takes)
    draws = tuple(i for i, layer in enumerate(layers.values()) if layer.stochastic)

    def init_all(key: Array, example: Example, *, preceding: Source = None) -> Params:
        params, name = {}, None
        try:
            for i, (name, layer) in enumerate(layers.items()):
                with jax.named_scope(scopes[name]):
                    own = jax.random.fold_in(key, i)
                    params[name], output = init(layer, own, example, preceding)
                if in_a_row:
                    example, preceding = output, output_of(layer, preceding)
        except Exception as error:
            error.add_note(f"in layer {name!r} of {function}")
            raise
        return params if isinstance(name, str) else tuple(params.values())

    def apply_all(params: Params, x: Any, *, key: Array | None = None, **data: Any) -> Any:
        _check_entries(function, params, layers)
        unsplit = key is None or len(draws) < 2  # a layer that draws alone takes the key itself
        keys = iter([key] * len(draws) if unsplit else _split(key, len(layers), draws))
        outputs, name = [], None
        try:
            for name, layer in layers.items():
                given = taken(layer, data)
                if layer.stochastic:
                    given["key"] = next(keys)
                with jax.named_scope(scopes[name]):
                    y = layer.apply(params[name], x, **given)
                if in_a_row:
                    x = y
                else:
                    outputs.append(y)
        except Exception as error:
            error.add_note(f"in layer {name!r} of {function}")
            raise
        return x if combine is None else combine(*outputs)

    def parts(params: Params, x: Any) -> Iterator[Part]:
        for name, layer in layers.items():
            yield Part(name, layer, params[name], x)
            if in_a_row and x is not None:
                x = apply(layer, params[name], x, None)

    return Layer(
        init_all,
        apply_all,
        stochastic=bool(draws),
        takes_preceding=True,
        after=after,
        parts=parts,
        takes=takes,
    )


# Compiled: without, an eager call dispatches the split and each slice, in three times the time.
@functools.partial(jax.jit, static_argnums=(1, 2), inline=True)
def _split(key: Array, number: int, chosen: tuple[int, ...]) -> tuple[Array, ...]:
    """Split a key for a number of layers, and return the keys of the chosen layers."""
    keys = jax.random.split(key, number)
    return tuple(keys[i] for i in chosen)


def named_layers(layers: tuple[Any, ...], named: dict[str, Any], function: str) -> LayersByName:
    """Return the layers by name, or by number if they have no names."""
    if layers and named:
        raise TypeError(
            f"{function}: layers must be all with names or all without; got {len(layers)} without, "
            f"and {', '.join(named)}"
        )
    if named:
        return {n: as_layer(item, f"{function}: layer {n!r}") for n, item in named.items()}
    return {i: as_layer(item, f"{function}: layer {i}") for i, item in enumerate(layers)}


def _check_entries(function: str, params: Params, layers: LayersByName) -> None:
    """Raise unless the parameters have one entry for each layer."""
    check_params(function, params, tuple, list, Mapping)
    found = params if isinstance(params, Mapping) else range(len(params))
    if layers.keys() != set(found):
        raise ValueError(
            f"{function}: has {_listed(layers)}, but the parameters are of {_listed(found)}; "
            "were they made by the init of another network?"
        )


def _listed(names: Collection[int | str]) -> str:
    """Return the names, or the number of layers without names."""
    if names and all(isinstance(name, str) for name in names):
        return f"the layers {', '.join(map(str, names))}"
    return f"{len(names)} layers"
