"""Facts of networks beside their scores: dead units, gradients, and sizes."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax import Array

from activax import bench, diagnostics
from activax.core.activation import Activation
from activax.diagnostics.units import FLAT
from activax.nn.checkpoint_names import PREACTIVATION
from activax.nn.layer import Params

NOT_YET = -1.0  # is no norm

Observed = Callable[[Params, Array], tuple[Array, Array | None]]


def with_dead_share(
    predict: Callable[[Params, Array], Array], activation: Activation[...], *specs: Any
) -> Observed:
    """Return `predict` with a second result: the share of hidden units that pass no gradient.

    The second result is None if the activation is not elementwise, its parameters are trained, or
    its calls cannot be found in the network.

    Args:
        predict: a function of parameters and inputs.
        activation: the activation of its hidden units.
        *specs: shapes and dtypes of the arguments.
    """

    def observe(point: diagnostics.Point) -> Array | None:
        x = _inputs(point, activation)
        return None if x is None else x.reshape(-1, x.shape[-1])

    def observed(params: Params, x: Array) -> tuple[Array, Array]:
        output, seen = diagnostics.watch(predict, observe)(params, x)
        layers: dict[int, list[Array]] = {}  # by the number of rows, to compile few slopes
        for inputs in seen.values():
            rows = inputs.shape[-2]
            units = jnp.moveaxis(inputs, -2, 0).reshape(rows, -1)  # a scan puts layers in front
            layers.setdefault(rows, []).append(units)
        joined = [jnp.concatenate(same, axis=1) for same in layers.values()]
        return output, jnp.mean(jnp.concatenate([_dead(activation, x) for x in joined]))

    def unobserved(params: Params, x: Array) -> tuple[Array, None]:
        return predict(params, x), None

    if activation.kind != "elementwise" or activation.arrays:
        return unobserved
    try:
        _, seen = jax.eval_shape(diagnostics.watch(predict, observe), *specs)
    except ValueError:  # nothing in the network has a name
        return unobserved
    return observed if seen else unobserved


def gradient_ends(gradient: Params) -> tuple[Array, Array] | None:
    """Return the norms of the gradients of the first and the last layer that has parameters.

    Only networks whose parameters are a tuple, as those of `nn.serial`, tell their order; None
    stands for all others.
    """
    if not isinstance(gradient, tuple | list):
        return None
    layers = [layer for layer in gradient if jax.tree.leaves(layer)]
    return (optax.tree.norm(layers[0]), optax.tree.norm(layers[-1])) if layers else None


def record_first_ends() -> optax.GradientTransformation:
    """Build an Optax transformation whose state is the `gradient_ends` of the first step.

    To record them while training compiles in less time than another gradient does.
    """

    def init(params: Params) -> Any:
        return jax.tree.map(lambda norm: jnp.full_like(norm, NOT_YET), gradient_ends(params))

    def update(updates: Params, state: Any, params: Params = None) -> tuple[Params, Any]:
        def first(before: Array, now: Array) -> Array:
            return jnp.where(before == NOT_YET, now, before)

        return updates, jax.tree.map(first, state, gradient_ends(updates))

    return optax.GradientTransformation(init, update)


def kept_bytes(loss: Callable[..., Array], params: Params, batch: Any, key: Any) -> int:
    """Return the bytes that reverse mode keeps for one batch."""
    kept = bench.kept(lambda params: loss(params, batch, key), params)
    return sum(array.nbytes for array in kept)


def _inputs(point: diagnostics.Point, activation: Activation[...]) -> Array | None:
    """Return the inputs of the activation at a point of a network; None if it is not there."""
    if point.name == PREACTIVATION:  # inside a feed-forward layer
        return point.output
    if point.name != activation.name or any(map(_is_traced, point.inputs[1:])):
        return None
    (x, *_) = point.inputs or (None,)
    return x if x is not None and x.shape == point.output.shape else None


def _dead(activation: Activation[...], x: Array) -> Array:
    """Return which units have no slope for any row, as `diagnostics.dead` does."""
    # Not ones: XLA would fold the slopes of an identity, which takes a second.
    direction = 0 * x + 1
    slopes = jax.jvp(activation, (x,), (direction,))[1]
    return jnp.all(jnp.abs(slopes) <= FLAT, axis=0)


def _is_traced(value: Any) -> bool:
    return isinstance(value, jax.core.Tracer)
