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


def approximate(
    unit: Activation[...],
    target: Callable[..., Any],
    *,
    interval: tuple[float, float] = (-3.0, 3.0),
) -> Activation[...]:
    """Bind the parameters of a unit to numbers with which it approximates a function.

    The sum of squared differences is minimised at the Chebyshev nodes of the interval, in float64,
    by the method of Levenberg and Marquardt. It starts from the parameters that are bound to the
    unit or are its defaults. Outside of the interval nothing is asked of the unit.

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

        slopes = jax.jit(jax.jacfwd(difference))
        from scipy import optimize  # whose import takes 0.6 s

        found = optimize.least_squares(
            lambda numbers: np.asarray(difference(numbers)),
            start,
            lambda numbers: np.asarray(slopes(numbers)),
            method="lm",
            x_scale="jac",
        )
    return unit.bind(**dict(zip(unit.trainable, found.x.tolist(), strict=True)))
