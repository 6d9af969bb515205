"""The health of units, by several definitions side by side."""

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
from activax.diagnostics.statistics import Statistics, statistics

FLAT = 1e-6  # the largest magnitude of a slope that counts as 0


def dead(activation: Activation[...], inputs: Array, *, tolerance: float = FLAT) -> Array:
    """Which units pass no gradient for any row: their activation's slope is 0 everywhere.

    Args:
        activation: an elementwise activation.
        inputs: what goes into the activation, of shape (..., units).
        tolerance: the largest magnitude of a slope that counts as 0.

    Returns:
        A boolean array of shape (units,).

    Raises:
        TypeError: an activation that is not elementwise, or complex inputs.
        ValueError: inputs that are not finite; under `jax.jit`, where that is not known, a unit
            with a slope of NaN is not dead.

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
    """What is known of the units of a layer after some batches; a pytree.

    `a + b` is the health after the batches of a and then those of b.
    """

    sizes: Statistics  # of the magnitude of each unit's output
    saturation: Statistics  # of 1 for each row on which the unit is flat, and 0 for the others
    without_slope: Array  # the latest batches in a row in which no row had a slope
    batches: Array  # how many there were
    without_gradient: Array  # the latest batches in a row in which no gradient came
    gradients: Array  # how many batches had cotangents
    steepest: Array  # the slope that saturation is measured by; NaN if there is no bound

    def __add__(self, other: "Health") -> "Health":
        if not isinstance(other, Health):
            return NotImplemented
        return Health(
            sizes=self.sizes + other.sizes,
            saturation=self.saturation + other.saturation,
            without_slope=_in_a_row(self.without_slope, other.without_slope, other.batches),
            batches=self.batches + other.batches,
            without_gradient=_in_a_row(
                self.without_gradient, other.without_gradient, other.gradients
            ),
            gradients=self.gradients + other.gradients,
            steepest=other.steepest,
        )


class HealthReport(NamedTuple):
    """Shares and flags of each unit; `health_report` says what they mean."""

    zero_share: Array
    nonfinite_share: Array
    dead: Array
    dormancy: Array
    dormant: Array
    zero_gradient: Array
    saturated_share: Array
    saturated: Array


def health_init(activation: Activation[...], units: int) -> Health:
    """The state before the first batch.

    Call it outside of `jax.jit`: it looks for the activation's steepest slope.

    Args:
        activation: an elementwise activation.
        units: the size of the last axis of its inputs.

    Raises:
        TypeError: an activation that is not elementwise.

    Example:
        >>> activax.diagnostics.health_init(activax.tanh, 3).steepest
        Array(1., dtype=float32)
    """
    _check_elementwise("health_init", activation)
    return before_batches(units, theory.lipschitz(activation))


def before_batches(units: int, steepest: float) -> Health:
    """The state of an activation whose steepest slope is known."""
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
    """The state after one more batch; for use in `jax.jit`, and as the carry of a scan.

    Args:
        health: the state so far.
        activation: the activation that `health_init` was given; its parameters may have changed.
        inputs: what goes into the activation, of shape (..., units).
        cotangents: the gradient of the loss with respect to the inputs, of their shape, or what a
            `tap` of each unit received there. Without it zero_gradient stays as it is.
        tolerance: the largest magnitude of a slope that counts as 0.
        flat: the share of its steepest slope up to which a unit counts as saturated.

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
    """What one batch says, whose slopes are magnitudes; `came`: which units a gradient came to."""
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
    """What the definitions say of each unit; none of them follows from another.

    | name | what it means |
    |---|---|
    | zero_share | the share of all outputs that are exactly 0: ordinary sparsity, if below 1 |
    | nonfinite_share | the share of all outputs that are NaN or infinite |
    | dead | no row of the last `dead_after` batches had a slope, so no gradient could pass |
    | dormancy | the mean magnitude of the outputs, over its mean in the layer |
    | dormant | tau-dormant: a dormancy of `tau` or less, however steep the unit is |
    | zero_gradient | in the last `dead_after` batches no gradient came, whether one could or not |
    | saturated_share | the share of rows on which the slope is near 0 beside its steepest |
    | saturated | a saturated_share of `saturated_from` or more |

    Args:
        health: a state, or one with the layers of a scan in front.
        dead_after: how many batches in a row make a unit dead, or without gradient.
        tau: the largest dormancy of a dormant unit.
        saturated_from: the least saturated_share of a saturated unit.

    Returns:
        A HealthReport of arrays of shape (..., units). Shares are NaN before the first batch, and
        saturated_share where the activation's slope has no bound; flags are False there.

    Raises:
        ValueError: a number of batches below 1.

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
    """The outputs of a function of each element, and the magnitudes of its slopes."""
    inputs = cast(inputs, inexact_dtype(inputs.dtype))
    outputs, slopes = jax.jvp(function, (inputs,), (jnp.ones_like(inputs),))
    return outputs, jnp.abs(slopes)


def _without_slope(slopes: Array, tolerance: float) -> Array:
    return jnp.all(slopes <= tolerance, axis=range(slopes.ndim - 1))


def _gradient_came(cotangents: Array | Cotangents) -> Array:
    """For each unit."""
    if isinstance(cotangents, Cotangents):
        return (cotangents.magnitudes > 0) | (cotangents.nonfinite > 0)
    return jnp.any(cotangents != 0, axis=range(cotangents.ndim - 1))


def _in_a_row(before: Array, latest: Array, batches: Array) -> Array:
    """How many of the last batches in a row, where `batches` is how many there were lately."""
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
