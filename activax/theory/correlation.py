"""The correlation rho of two normal numbers, and the angle arccos(rho)."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from activax.core.arguments import cast, compute_dtype, inexact_dtype, real

CORRELATION_ULPS = 16  # units in the last place by which a computed correlation may exceed 1


def correlation(caller: str, rho: Any) -> Array:
    """Return `rho` as an array of at least 32 bits, clipped to [-1, 1].

    Raises:
        TypeError: `rho` is complex.
        ValueError: an element of `rho` exceeds 1 in size by more than rounding. A traced `rho` has
            no known values, so it is clipped without a check.
    """
    given, rho = rho, real(caller, "rho", rho)
    dtype = inexact_dtype(rho.dtype)
    if not isinstance(given, jax.core.Tracer):
        largest = float(np.abs(np.asarray(given, float)).max(initial=0))
        if largest > 1 + CORRELATION_ULPS * float(jnp.finfo(dtype).eps):
            raise ValueError(
                f"{caller}: rho is a correlation, so between -1 and 1; got one of size {largest}"
            )
    return within(cast(rho, compute_dtype(dtype)))


def within(rho: Array) -> Array:
    """Clip `rho` to [-1, 1]. At 1 and -1 the derivative is 1, where that of `jnp.clip` is 1/2."""
    return jnp.where(rho > 1, 1, jnp.where(rho < -1, -1, rho))


@jax.custom_jvp
def angle(rho: Array) -> Array:
    """Return arccos(rho), with full relative accuracy next to rho = 1 and rho = -1.

        arccos(rho) = 2 atan2(sqrt(1 - rho), sqrt(1 + rho))

    The derivative at 1 and -1 is infinite. The rule returns 0 there, as for |x| at 0: the angle is
    a distance, so its two one-sided slopes cancel.
    """
    return 2 * jnp.arctan2(jnp.sqrt(1 - rho), jnp.sqrt(1 + rho))


@angle.defjvp
def _angle_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (rho,), (tangent,) = primals, tangents
    end = jnp.abs(rho) >= 1
    safe = jnp.where(end, 0, rho)
    return angle(rho), jnp.where(end, 0, -tangent / jnp.sqrt((1 - safe) * (1 + safe)))
