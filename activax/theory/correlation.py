"""The correlation of two normal numbers, and the angle that it is the cosine of."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from activax.core.arguments import cast, compute_dtype, inexact_dtype, real

ROUNDING = 16  # units in the last place by which a computed correlation may exceed 1


def correlation(caller: str, rho: Any) -> Array:
    """A correlation as a float of at least 32 bits, between -1 and 1.

    Raises:
        TypeError: a complex number.
        ValueError: one that exceeds 1 by more than rounding; of a traced one this is not known,
            and it counts as 1.
    """
    given, rho = rho, real(caller, "rho", rho)
    dtype = inexact_dtype(rho.dtype)
    if not isinstance(given, jax.core.Tracer):
        largest = float(np.abs(np.asarray(given, float)).max(initial=0))
        if largest > 1 + ROUNDING * float(jnp.finfo(dtype).eps):
            raise ValueError(
                f"{caller}: rho is a correlation, so between -1 and 1; got one of size {largest}"
            )
    return within(cast(rho, compute_dtype(dtype)))


def within(rho: Array) -> Array:
    """What is beyond 1 in size as 1; at 1 itself, unlike that of `clip`, the derivative stays."""
    return jnp.where(rho > 1, 1, jnp.where(rho < -1, -1, rho))


@jax.custom_jvp
def angle(rho: Array) -> Array:
    """arccos(rho), to the last digits of 1 - |rho|.

    Its derivative at 1 and -1, which is infinite, is given as 0, by symmetry: the angle is a
    distance.
    """
    return 2 * jnp.arctan2(jnp.sqrt(1 - rho), jnp.sqrt(1 + rho))


@angle.defjvp
def _angle_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (rho,), (tangent,) = primals, tangents
    end = jnp.abs(rho) >= 1
    safe = jnp.where(end, 0, rho)
    return angle(rho), jnp.where(end, 0, -tangent / jnp.sqrt((1 - safe) * (1 + safe)))
