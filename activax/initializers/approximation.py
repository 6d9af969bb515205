"""Parameters of a learned unit that make it approximate a given function."""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from activax.core.activation import Activation
from activax.core.declaration import check_elementwise

NODES = 256
MOST_STEPS = 200


def approximate(
    unit: Activation[...],
    target: Callable[..., Any],
    *,
    interval: tuple[float, float] = (-3.0, 3.0),
) -> Activation[...]:
    """Bind the parameters of a unit to numbers with which it approximates a function.

    The sum of squared differences is minimised at the Chebyshev nodes of the interval, in float64,
    from the parameters that are bound to the unit or are its defaults. Outside of the interval
    nothing is asked of the unit.

    Args:
        unit: an elementwise activation with parameters, such as `activax.pau_a`.
        target: an activation or another function of an array, element by element.
        interval: the ends of the interval.

    Returns:
        The unit with a number bound to each parameter; `activax.nn.learned` starts from there.

    Raises:
        TypeError: a unit that is not elementwise or has no parameters; a target that is no
            function.
        ValueError: ends that are not finite or not in order, or a target that is not finite
            between them.

    Example:
        >>> unit = activax.initializers.approximate(activax.pau_b, activax.gelu)
        >>> x = jnp.linspace(-3.0, 3.0)
        >>> bool(jnp.max(jnp.abs(unit(x) - activax.gelu(x))) < 1e-3)
        True

    Paper:
        Marquardt 1963, An Algorithm for Least-Squares Estimation of Nonlinear Parameters.
    """
    check_elementwise("approximate", "unit", unit)
    if not unit.trainable:
        raise TypeError(f"approximate: unit must have array parameters; {unit!r} has none")
    if not callable(target):
        raise TypeError(f"approximate: target must be a function; got {type(target).__name__}")
    low, high = interval
    if not -math.inf < low < high < math.inf:
        raise ValueError(
            f"approximate: interval must be two finite numbers in order; got {interval}"
        )
    angles = np.pi * (np.arange(NODES) + 0.5) / NODES
    nodes = (low + high) / 2 + (high - low) / 2 * np.cos(angles)
    start = np.array([float(unit.parameters[name]) for name in unit.trainable])
    with jax.enable_x64(True):
        x = jnp.asarray(nodes)
        wanted = jnp.asarray(target(x), x.dtype)
        if not jnp.isfinite(wanted).all():
            raise ValueError(f"approximate: target must be finite on {interval}")

        @jax.jit
        def difference(numbers: Any) -> Any:
            return unit.formula(x, **dict(zip(unit.trainable, numbers, strict=True))) - wanted

        found = _least_squares(difference, jax.jit(jax.jacfwd(difference)), start)
    return unit.bind(**dict(zip(unit.trainable, found.tolist(), strict=True)))


def _least_squares(
    difference: Callable[..., Any], slopes: Callable[..., Any], start: np.ndarray
) -> np.ndarray:
    """Return the numbers of the least sum of squares next to `start` (Levenberg-Marquardt)."""
    numbers, left = start, np.asarray(difference(start))
    damping = 1e-3
    for _ in range(MOST_STEPS):
        matrix = np.asarray(slopes(numbers))
        damped = np.sqrt(damping) * np.diag(np.linalg.norm(matrix, axis=0))
        right = np.concatenate([-left, np.zeros_like(numbers)])
        moved = numbers + np.linalg.lstsq(np.concatenate([matrix, damped]), right)[0]
        after = np.asarray(difference(moved))
        if np.linalg.norm(after) < np.linalg.norm(left):
            numbers, left, damping = moved, after, damping / 10
        else:
            damping *= 10
    return numbers
