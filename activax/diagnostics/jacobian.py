"""The Jacobian of a network at each of its inputs, and its singular values."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from activax.core.arguments import cast, inexact_dtype


class Spectrum(NamedTuple):
    """The singular values of the Jacobian at each of n inputs.

    Attributes:
        singular_values: (n, min(outputs, inputs)), the largest first.
    """

    singular_values: Array

    @property
    def mean_square(self) -> Array:
        """Return the mean squared singular value, (n,): the growth of a small random change."""
        return jnp.mean(self.singular_values**2, -1)

    @property
    def largest(self) -> Array:
        """Return the largest singular value, (n,): the slope in the steepest direction."""
        return self.singular_values[:, 0]

    @property
    def condition(self) -> Array:
        """Return the largest over the smallest singular value, (n,); inf if the smallest is 0."""
        smallest = self.singular_values[:, -1]
        return jnp.where(smallest == 0, jnp.inf, self.largest / smallest)

    @property
    def spread(self) -> Array:
        """Return the variance of the squared singular values over the square of their mean, (n,).

        The spread is 0 for an isometry, a network that keeps all angles and all ratios of lengths.
        """
        largest = self.largest[:, None]
        squares = jnp.square(self.singular_values / jnp.where(largest == 0, 1, largest))
        # All singular values of a zero Jacobian are equal, so its spread is 0 instead of 0 / 0.
        return jnp.where(self.largest == 0, 0, jnp.var(squares, -1) / jnp.mean(squares, -1) ** 2)


def jacobian_spectrum(apply: Callable[[Array], Any], x: Array) -> Spectrum:
    """Return the singular values of the Jacobian of a network, at each input.

    The Jacobians come from `jax.jacfwd`, or `jax.jacrev` if there are fewer outputs than inputs,
    and their singular values from `jnp.linalg.svd`. The computation runs under `jax.jit`, and holds
    n * outputs * inputs numbers.

    Formula:
        sigma_i(J), J = d apply(x) / d x of one row x

    Args:
        apply: the network, `(n, ...) -> (n, ...)`, which maps each row by itself; for a Layer,
            `functools.partial(layer.apply, params)`.
        x: inputs of shape (n, ...); each row is flattened for its Jacobian.

    Returns:
        `Spectrum(singular_values)`, with `mean_square`, `largest`, `condition` and `spread`.

    Raises:
        ValueError: x that is empty, not finite or without a second axis; a network that does not
            map rows to rows.

    Example:
        >>> spectrum = activax.diagnostics.jacobian_spectrum(activax.relu, jnp.array([[3.0, -1.0]]))
        >>> spectrum.singular_values
        Array([[1., 0.]], dtype=float32)
        >>> spectrum.mean_square
        Array([0.5], dtype=float32)

    Paper:
        Pennington, Schoenholz & Ganguli 2017, Resurrecting the Sigmoid in Deep Learning through
        Dynamical Isometry, arXiv:1711.04735.
    """
    rows = finite_rows("jacobian_spectrum", x)
    return Spectrum(jnp.linalg.svd(jacobians("jacobian_spectrum", apply, rows), compute_uv=False))


def jacobians(caller: str, apply: Callable[[Array], Any], rows: Array) -> Array:
    """Return the Jacobian of a network at each row, (n, outputs, inputs)."""

    def output(row: Array) -> Array:
        return of_rows(caller, apply, row.reshape(1, *rows.shape[1:])).ravel()

    flat = rows.reshape(len(rows), -1)
    outputs = jax.eval_shape(output, flat[0]).size
    jacobian = jax.jacfwd if flat.shape[1] <= outputs else jax.jacrev
    return jax.vmap(jacobian(output))(flat)


def of_rows(caller: str, apply: Callable[[Array], Any], rows: Array) -> Array:
    """Return the outputs of a network for rows, flattened to (n, outputs)."""
    out = apply(rows)
    if not isinstance(out, jax.Array) or out.shape[:1] != rows.shape[:1]:
        raise ValueError(
            f"{caller}: the network must map an array (n, ...) to an array (n, ...); it maps "
            f"{rows.shape} to {jax.tree.map(jnp.shape, out)}"
        )
    return out.reshape(len(rows), -1)


def finite_rows(caller: str, x: Any) -> Array:
    """Return x in floats; raise ValueError unless x has finite rows (n, ...)."""
    x = jnp.asarray(x)
    if x.ndim < 2 or 0 in x.shape:
        raise ValueError(f"{caller}: x must have the shape (n, ...), not empty; got {x.shape}")
    check_finite(caller, "x", x)
    return cast(x, inexact_dtype(x.dtype))


def check_finite(caller: str, name: str, x: Array) -> None:
    """Raise ValueError if x has a NaN or an infinity; a traced x passes."""
    if not is_traced(x) and not np.isfinite(x).all():
        where = tuple(np.argwhere(~np.isfinite(x))[0].tolist())
        raise ValueError(f"{caller}: {name} must be finite; got {x[where]} at {where}")


def is_traced(*arrays: Array) -> bool:
    """Return whether any array is traced, as under `jax.jit`, so that its numbers are unknown."""
    return any(isinstance(array, jax.core.Tracer) for array in arrays)
