"""The health of units, by several definitions beside each other."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from activax import theory
from activax.core.activation import Activation
from activax.core.arguments import cast, inexact_dtype, real, widen
from activax.diagnostics.cotangents import Cotangents
from activax.diagnostics.jacobian import check_finite
from activax.diagnostics.merging import Statistics
from activax.diagnostics.statistics import statistics

FLAT = 1e-6  # the largest magnitude of a slope that counts as 0


def dead(activation: Activation[...], inputs: Array, *, tolerance: float = FLAT) -> Array:
    """Return which units pass no gradient for any row, because their slope is 0 at every input.

    Args:
        activation: an elementwise activation.
        inputs: the inputs of the activation, of shape (..., units).
        tolerance: the largest magnitude of a slope that counts as 0.

    Returns:
        A boolean array of shape (units,), True for a dead unit.

    Raises:
        TypeError: an activation that is not elementwise, or complex inputs.
        ValueError: inputs that are not finite. Under `jax.jit` the numbers are unknown and nothing
            is raised; a unit with a slope of NaN is not dead.

    Example:
        >>> activax.diagnostics.dead(activax.relu, jnp.array([[-1.0, 1.0], [-2.0, -1.0]]))
        Array([ True, False], dtype=bool)
    """
    _check_elementwise("dead", activation)
    inputs = real("dead", "inputs", inputs)
    check_finite("dead", "inputs", inputs)
    return _without_slope(steepness(lambda x: activation(x), inputs)[1], tolerance)


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Health:
    """The state of the units of a layer after some batches; a pytree.

    `a + b` is the health after the batches of a, followed by the batches of b.
    """

    sizes: Statistics  # of the magnitudes of each unit's outputs
    saturation: Statistics  # of an indicator for each row: 1 if the unit is flat, else 0
    without_slope: Array  # the latest consecutive batches in which no row had a slope
    batches: Array  # the number of batches
    without_gradient: Array  # the latest consecutive batches in which no gradient came
    gradients: Array  # the number of batches with cotangents
    steepest: Array  # the slope that saturation is relative to; NaN if slopes have no bound

    def __add__(self, other: "Health") -> "Health":
        if not isinstance(other, Health):
            return NotImplemented
        return Health(
            sizes=self.sizes + other.sizes,
            saturation=self.saturation + other.saturation,
            without_slope=_add_run(self.without_slope, other.without_slope, other.batches),
            batches=self.batches + other.batches,
            without_gradient=_add_run(
                self.without_gradient, other.without_gradient, other.gradients
            ),
            gradients=self.gradients + other.gradients,
            steepest=other.steepest,
        )


class HealthReport(NamedTuple):
    """Shares and flags of each unit; the docstring of `health_report` defines them."""

    zero_share: Array
    nonfinite_share: Array
    dead: Array
    dormancy: Array
    dormant: Array
    zero_gradient: Array
    saturated_share: Array
    saturated: Array


def health_init(activation: Activation[...], units: int) -> Health:
    """Return the state before the first batch.

    Call `health_init` outside of `jax.jit`, because it searches for the activation's steepest
    slope.

    Args:
        activation: an elementwise activation.
        units: the size of the last axis of the activation's inputs.

    Raises:
        TypeError: an activation that is not elementwise.

    Example:
        >>> activax.diagnostics.health_init(activax.tanh, 3).steepest
        Array(1., dtype=float32)
    """
    _check_elementwise("health_init", activation)
    return before_batches(units, theory.lipschitz(activation))


def before_batches(units: int, steepest: float) -> Health:
    """Return the state before the first batch, given the steepest slope of the activation."""
    none, never = jnp.zeros(units, jnp.uint32), jnp.zeros((), jnp.uint32)
    return Health(
        sizes=Statistics.empty((units,)),
        saturation=Statistics.empty((units,)),
        without_slope=none,
        batches=never,
        without_gradient=none,
        gradients=never,
        steepest=jnp.float32(steepest if math.isfinite(steepest) else math.nan),
    )


def health_update(
    health: Health,
    activation: Activation[...],
    inputs: Array,
    cotangents: Array | Cotangents | None = None,
    *,
    tolerance: float = FLAT,
    flat: float = 0.01,
) -> Health:
    """Return the state after one more batch; also under `jax.jit`, and as the carry of a scan.

    Args:
        health: the state so far.
        activation: the activation that `health_init` was given; its parameters may have changed.
        inputs: the inputs of the activation, of shape (..., units).
        cotangents: the gradient of the loss with respect to the inputs, or the gradient of a sink
            that taps each unit of the inputs. Without cotangents zero_gradient stays as it is.
        tolerance: the largest magnitude of a slope that counts as 0.
        flat: a unit is flat on a row if its slope is at most this share of the steepest slope.

    Raises:
        TypeError: an activation that is not elementwise.
        ValueError: inputs or cotangents of another number of units.

    Example:
        >>> health = activax.diagnostics.health_init(activax.tanh, 2)
        >>> x = jnp.array([[9.0, 1.0], [8.0, 9.0]])
        >>> health = activax.diagnostics.health_update(health, activax.tanh, x)
        >>> activax.diagnostics.health_report(health).saturated_share
        Array([1. , 0.5], dtype=float32)
    """
    _check_elementwise("health_update", activation)
    _check_units("inputs", inputs.shape[-1:], health)
    came = None
    if cotangents is not None:
        came = _gradient_came(cotangents)
        _check_units("cotangents", came.shape, health)
    outputs, slopes = steepness(lambda x: activation(x), inputs)
    return health + of_batch(health.steepest, outputs, slopes, came, tolerance=tolerance, flat=flat)


def of_batch(
    steepest: Array,
    outputs: Array,
    slopes: Array,
    came: Array | None = None,
    *,
    tolerance: float = FLAT,
    flat: float = 0.01,
) -> Health:
    """Return the health of one batch.

    `slopes` are magnitudes. `came` tells for each unit whether a gradient came; None if unknown.
    """
    none = jnp.zeros(outputs.shape[-1], jnp.uint32)
    is_flat = (widen(slopes) <= flat * steepest).astype(jnp.float32)
    is_flat = jnp.where(jnp.isnan(slopes), jnp.nan, is_flat)
    return Health(
        sizes=statistics(jnp.abs(widen(outputs)), per=-1),
        saturation=statistics(is_flat, per=-1),
        without_slope=_without_slope(slopes, tolerance).astype(jnp.uint32),
        batches=jnp.uint32(1),
        without_gradient=none if came is None else (~came).astype(jnp.uint32),
        gradients=jnp.uint32(came is not None),
        steepest=steepest,
    )


def health_report(
    health: Health, *, dead_after: int = 1, tau: float = 0.025, saturated_from: float = 0.95
) -> HealthReport:
    """Return shares and flags of each unit; no definition follows from another.

    | name | meaning |
    |---|---|
    | zero_share | the share of all outputs that are exactly 0; below 1, ordinary sparsity |
    | nonfinite_share | the share of all outputs that are NaN or infinite |
    | dead | no row of the last `dead_after` batches had a slope, so no gradient could pass |
    | dormancy | the unit's mean output magnitude, divided by the mean over the layer's units |
    | dormant | tau-dormant: a dormancy of `tau` or less, however steep the unit is |
    | zero_gradient | no gradient came in the last `dead_after` batches, could it pass or not |
    | saturated_share | the share of rows on which the slope is near 0 beside the steepest slope |
    | saturated | a saturated_share of `saturated_from` or more |

    Args:
        health: a state; a scan over layers may have put an axis in front.
        dead_after: the number of consecutive batches that make a unit dead, or without gradient.
        tau: the largest dormancy of a dormant unit.
        saturated_from: the least saturated_share of a saturated unit.

    Returns:
        A HealthReport of arrays of shape (..., units). Before the first batch, shares are NaN and
        flags are False. If the activation's slope has no bound, saturated_share is NaN and
        saturated is False.

    Raises:
        ValueError: dead_after below 1.

    Example:
        >>> health = activax.diagnostics.health_init(activax.relu, 2)
        >>> x = jnp.array([[-1.0, 1.0], [-2.0, -1.0]])
        >>> health = activax.diagnostics.health_update(health, activax.relu, x)
        >>> report = activax.diagnostics.health_report(health)
        >>> report.zero_share, report.dead
        (Array([1. , 0.5], dtype=float32), Array([ True, False], dtype=bool))

    Paper:
        Sokar et al. 2023, The dormant neuron phenomenon in deep reinforcement learning,
        arXiv:2302.12902.
    """
    if dead_after < 1:
        raise ValueError(f"health_report: dead_after must be at least 1 batch; got {dead_after}")
    number = health.sizes.count.total()
    size = jnp.where(number > 0, health.sizes.mean, jnp.nan)
    layer = jnp.mean(size, -1, keepdims=True)
    dormancy = jnp.where(layer == 0, 0, size / jnp.where(layer == 0, 1, layer))
    saturated_share = jnp.where(
        (number > 0) & ~jnp.isnan(health.steepest[..., None]), health.saturation.mean, jnp.nan
    )
    nonfinite = health.sizes.nonfinite.total()
    return HealthReport(
        zero_share=health.sizes.zeros.total() / (number + nonfinite),
        nonfinite_share=nonfinite / (number + nonfinite),
        dead=health.without_slope >= dead_after,
        dormancy=dormancy,
        dormant=dormancy <= tau,
        zero_gradient=health.without_gradient >= dead_after,
        saturated_share=saturated_share,
        saturated=saturated_share >= saturated_from,
    )


def steepness(function: Callable[[Array], Array], inputs: Array) -> tuple[Array, Array]:
    """Return the outputs of an elementwise function, and the magnitudes of its slopes."""
    inputs = cast(inputs, inexact_dtype(inputs.dtype))
    outputs, slopes = jax.jvp(function, (inputs,), (jnp.ones_like(inputs),))
    return outputs, jnp.abs(slopes)


def _without_slope(slopes: Array, tolerance: float) -> Array:
    return jnp.all(slopes <= tolerance, axis=range(slopes.ndim - 1))


def _gradient_came(cotangents: Array | Cotangents) -> Array:
    """Return for each unit whether a gradient came."""
    if isinstance(cotangents, Cotangents):
        return (cotangents.magnitudes > 0) | (cotangents.nonfinite > 0)
    return jnp.any(cotangents != 0, axis=range(cotangents.ndim - 1))


def _add_run(before: Array, latest: Array, batches: Array) -> Array:
    """Return the length of the run of consecutive batches, after `batches` more of them.

    `before` is the length of the earlier run. `latest` is the length of the run at the end of the
    new batches; if the run covers all of them, it continues the earlier run.
    """
    return jnp.where(latest == batches[..., None], before + latest, latest)


def _check_elementwise(caller: str, activation: Any) -> None:
    if not isinstance(activation, Activation) or activation.kind != "elementwise":
        raise TypeError(f"{caller}: needs an elementwise activation; {activation!r} is not")


def _check_units(name: str, shape: tuple[int, ...], health: Health) -> None:
    if shape != health.without_slope.shape:
        raise ValueError(
            f"health_update: {name} must be of {health.without_slope.shape[-1]} units, as the "
            f"state is; got {shape}"
        )
