"""Affine maps of networks: folding into one map, and the distance from the best map."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from activax.core.arguments import cast, inexact_dtype
from activax.diagnostics.gradients import norm
from activax.diagnostics.jacobian import (
    check_finite,
    finite_rows,
    is_traced,
    jacobians,
    of_rows,
)
from activax.nn.composition import serial
from activax.nn.layer import Layer, Params, activation_of, apply

# Jacobians that differ by so many times the dtype's epsilon are equal up to rounding.
JACOBIAN_ROUNDING = 16.0
# The magnitudes of the inputs at which a network must have one Jacobian to be affine everywhere.
PROBE_SCALES = (0.01, 1.0, 100.0)


class LinearMap(NamedTuple):
    """The affine map x weight + bias.

    Attributes:
        weight: (inputs, outputs), or (..., inputs, outputs) for one map an input.
        bias: (outputs,) or (..., outputs).
    """

    weight: Array
    bias: Array

    def __call__(self, x: Array) -> Array:
        y = jnp.matmul(x[..., None, :], self.weight)[..., 0, :]
        return y + jnp.expand_dims(self.bias, range(y.ndim - self.bias.ndim))


def linear_map(network: Any, params: Params, x: Array | None = None) -> LinearMap:
    """Fold an affine network, or the affine piece of a network at an input, into one map.

    A stack of layers without activations is one affine map. A piecewise linear network, such as one
    of ReLUs, is one affine map for all inputs that switch the same units as `x`. Other networks are
    refused. Without `x` the Jacobian must be the same at inputs of many sizes; with `x` the
    Jacobian must be constant near `x`. Under `jax.jit` the numbers are unknown, so nothing is
    checked.

    Formula:
        weight = J(x)^T, bias = f(x) - x weight; J the Jacobian, x = 0 if it is not given

    Args:
        network: a Layer, a list of layers, activations and functions as in `activax.nn.serial`, or
            a function `(params, x) -> y`. The network maps the last axis, each row by itself.
        params: the parameters of the network; for a list, one entry a layer.
        x: inputs of shape (..., inputs), each of which gets a map. A Layer that is affine
            everywhere needs no `x`.

    Returns:
        `LinearMap(weight, bias)`, which can be called.

    Raises:
        ValueError: a network without layers, or one that is not affine; the message names the layer
            if it is known. A function without x, or x that is not finite.

    Example:
        >>> from activax.nn import dense, serial
        >>> network = serial(dense(16), dense(16), dense(2))
        >>> params = network.init(jax.random.key(0), jnp.zeros((1, 3)))
        >>> folded = activax.diagnostics.linear_map(network, params)
        >>> folded.weight.shape, folded.bias.shape
        ((3, 2), (2,))
        >>> x = jnp.array([[1.0, -2.0, 3.0]])
        >>> bool(jnp.allclose(folded(x), network.apply(params, x), rtol=1e-5, atol=1e-5))
        True
    """
    layer = _as_network(network, params)
    if x is None:
        weight = _first_weight(layer, params)
        if weight is None:
            raise ValueError(
                "linear_map: params must hold a weight that tells the size of the input; got none. "
                "Give an input x"
            )
        rows = _probes(weight)
        fold: Fold = _fold_everywhere
        rule = "give an input x for the affine piece of a piecewise linear network about it"
    else:
        x = jnp.asarray(x)
        if x.ndim < 1 or 0 in x.shape:
            raise ValueError(f"linear_map: x must have the shape (..., inputs); got {x.shape}")
        check_finite("linear_map", "x", x)
        rows, fold = cast(x, inexact_dtype(x.dtype)).reshape(-1, x.shape[-1]), _fold_near
        rule = "only a piecewise linear network, as of ReLUs, is affine about its inputs"
    found, affine = _fold_layer(fold, layer, params, rows)
    if not is_traced(affine) and not affine:
        raise ValueError(
            f"linear_map: {_culprit(layer, params, rows, fold) or 'the network'} is not "
            f"affine; {rule}"
        )
    if x is None:
        return found
    return LinearMap(*(of.reshape(*x.shape[:-1], *of.shape[1:]) for of in found))


class Affinity(NamedTuple):
    """The closeness of a network to an affine map on given inputs.

    Attributes:
        r2: the share of the variance of the outputs that the best affine map explains; 1 if the
            network is affine on the inputs.
        change: the root mean squared difference of the Jacobians at two inputs, divided by the root
            mean square of the Jacobian; 0 if the network is affine, about sqrt(2) if the Jacobians
            are unrelated.
    """

    r2: Array
    change: Array


def affinity(apply: Callable[[Array], Any], x: Array) -> Affinity:
    """Measure how close a network is to an affine map on given inputs.

    Formula:
        r2 = 1 - min over W, b of sum |f(x_i) - x_i W - b|^2 / sum |f(x_i) - mean f|^2,
        change^2 = mean over i != j of |J(x_i) - J(x_j)|^2 / mean |J(x_i)|^2

    Args:
        apply: the network, `(n, ...) -> (n, ...)`, which maps each row by itself.
        x: inputs of shape (n, ...); each row is flattened. n must be more than the elements of a
            row + 1, or some affine map would fit any outputs.

    Returns:
        `Affinity(r2, change)`, two scalars.

    Raises:
        ValueError: too few inputs, inputs that are not finite, or a network that does not map rows
            to rows.

    Example:
        >>> x = jax.random.normal(jax.random.key(0), (512, 8))
        >>> r2, change = activax.diagnostics.affinity(lambda x: 2 * x + 1, x)
        >>> float(r2), float(change)
        (1.0, 0.0)
        >>> r2, change = activax.diagnostics.affinity(activax.relu, x)
        >>> f"{r2:.2f} {change:.2f}"  # relu(x) - x / 2 has no linear part
        '0.73 1.00'
    """
    rows = finite_rows("affinity", x)
    jacobian = jacobians("affinity", apply, rows)
    inputs, outputs = rows.reshape(len(rows), -1), of_rows("affinity", apply, rows)
    number, size = inputs.shape
    if number <= size + 1:
        raise ValueError(
            f"affinity: needs more than {size + 1} inputs of {size} elements, or some affine map "
            f"fits any outputs; got {number}"
        )
    inputs, outputs = (a - a.mean(0, keepdims=True) for a in (inputs, outputs))
    rest = outputs - inputs @ jnp.linalg.lstsq(inputs, outputs)[0]
    unexplained = _ratio_or_zero(norm(rest), norm(outputs)) ** 2
    apart = jacobian - jacobian.mean(0, keepdims=True)
    # The mean squared difference of two Jacobians is twice their variance.
    between = (2 * number / (number - 1)) ** 0.5
    return Affinity(1 - unexplained, between * _ratio_or_zero(norm(apart), norm(jacobian)))


def _ratio_or_zero(part: Array, whole: Array) -> Array:
    """Return part / whole, or 0 if the whole is 0."""
    return jnp.where(whole == 0, 0.0, part / jnp.where(whole == 0, 1.0, whole))


def _as_network(network: Any, params: Params) -> Layer:
    if not isinstance(network, Layer):
        if callable(network):
            stochastic = getattr(network, "stochastic", False)  # if it is the `apply` of a Layer
            return Layer(lambda key, example: None, network, stochastic=stochastic)
        network = serial(*network)
    if network.parts and next(network.parts(params, None), None) is None:
        raise ValueError("linear_map: the network has no layers")
    return network


def _first_weight(layer: Layer, params: Params) -> Array | None:
    """Return the weight that reads the input, by the order of the layers.

    The order of the leaves in the tree of parameters is another: it sorts named layers by name.
    """
    if layer.parts:
        found = (_first_weight(part.layer, part.params) for part in layer.parts(params, None))
        return next((weight for weight in found if weight is not None), None)
    for path, leaf in jax.tree_util.tree_flatten_with_path(params)[0]:
        if path and path[-1] == jax.tree_util.DictKey("weight") and leaf.ndim == 2:
            weight: Array = leaf
            return weight
    return None


def _probes(weight: Array) -> Array:
    """Return inputs for a weight: the origin, and inputs of many sizes and directions."""
    size, dtype = weight.shape[0], weight.dtype
    drawn = jax.random.normal(jax.random.key(0), (8, size), dtype)
    return jnp.concatenate(
        [jnp.zeros((1, size), dtype), *(scale * drawn for scale in PROBE_SCALES)]
    )


# Maps a function and rows of inputs to one or several maps, and whether the function is affine.
Fold = Callable[[Callable[[Array], Any], Array], tuple[LinearMap, Array]]


def _fold_layer(fold: Fold, layer: Layer, params: Params, rows: Array) -> tuple[LinearMap, Array]:
    @jax.jit
    def compiled(params: Params, rows: Array) -> tuple[LinearMap, Array]:
        return fold(lambda rows: apply(layer, params, rows, None), rows)

    return compiled(params, rows)


def _fold_everywhere(function: Callable[[Array], Any], probes: Array) -> tuple[LinearMap, Array]:
    """Return the map at the origin, and whether Jacobian and values at all probes agree with it."""
    jacobian = jacobians("linear_map", function, probes)
    values = of_rows("linear_map", function, probes)
    found = LinearMap(jacobian[0].T, values[0])
    eps = float(jnp.finfo(jacobian.dtype).eps)
    allowed = JACOBIAN_ROUNDING * eps * _largest(jacobian[0])
    same = _largest(jacobian - jacobian[:1]) <= allowed
    return found, same & (_largest(values - found(probes)) <= eps**0.5 * _largest(values))


def _fold_near(function: Callable[[Array], Any], rows: Array) -> tuple[LinearMap, Array]:
    """Return a map for each row, and whether the derivative of the Jacobian is 0 at all rows."""
    direction = jax.random.normal(jax.random.key(0), rows.shape, rows.dtype)
    jacobian_at = functools.partial(jacobians, "linear_map", function)
    jacobian, change = jax.jvp(jacobian_at, (rows,), (direction,))
    weight, values = jnp.swapaxes(jacobian, 1, 2), of_rows("linear_map", function, rows)
    found = LinearMap(weight, values - jnp.matmul(rows[:, None, :], weight)[:, 0, :])
    eps = float(jnp.finfo(jacobian.dtype).eps)
    return found, _largest(change) <= JACOBIAN_ROUNDING * eps * _largest(jacobian)


def _largest(array: Array) -> Array:
    return jnp.max(jnp.abs(array))


def _culprit(layer: Layer, params: Params, rows: Array, fold: Fold) -> str:
    """Return the name of the first layer that is not affine, or "" if no layer is known."""
    for part in layer.parts(params, rows) if layer.parts else ():
        if not _fold_layer(fold, part.layer, part.params, part.x)[1]:
            inside = activation_of(part.layer) or _culprit(part.layer, part.params, part.x, fold)
            if part.name is None:  # repeated
                return str(inside or "")
            return f"layer {part.name!r} ({inside})" if inside else f"layer {part.name!r}"
    return ""
