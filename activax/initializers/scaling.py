"""Random weights times the gain of an activation."""

from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import DTypeLike

from activax.core.arguments import cast, compute_dtype
from activax.theory import gain as gain_of
from activax.theory.moments import Kind

Initializer = Callable[..., Array]
Mode = Literal["fan_in", "fan_out", "fan_avg"]
Distribution = Literal["normal", "truncated_normal", "uniform"]


def variance_scaling(
    gain: Callable[..., Any] | float = 1.0,
    mode: Mode = "fan_in",
    distribution: Distribution = "truncated_normal",
    *,
    kind: Kind = "forward",
    **axes: Any,
) -> Initializer:
    """Random weights of variance gain^2 / fan.

    With relu it is He's initialisation, without a gain LeCun's, and with "fan_avg" Glorot's. A gain
    keeps the size of one pass. In a network of tens of layers the other pass may still explode or
    vanish, and for gelu and silu even the kept size is unstable: see `critical`.

    Args:
        gain: a number, or the activation whose output the weights read, of which
            `activax.theory.gain` is taken.
        mode: "fan_in", "fan_out" or "fan_avg".
        distribution: "normal", "truncated_normal" or "uniform".
        kind: which gain of an activation: "forward"; "backward", which keeps gradients, with the
            mode "fan_out"; or "variance", if a normalisation subtracts the mean.
        **axes: `in_axis`, `out_axis`, `batch_axis` of `jax.nn.initializers.variance_scaling`.

    Returns:
        An initialiser, `(key, shape, dtype) -> array`.

    Raises:
        TypeError: an activation that has no gain.
        ValueError: an unknown mode, distribution or kind, or a gain that is not positive.

    Example:
        >>> init = activax.initializers.variance_scaling(activax.relu)  # He's initialisation
        >>> init(jax.random.key(0), (64, 32)).shape
        (64, 32)

    Paper:
        He, Zhang, Ren & Sun 2015, Delving Deep into Rectifiers, arXiv:1502.01852.
    """
    scale = gain_of(gain, kind) ** 2
    return widened(jax.nn.initializers.variance_scaling(scale, mode, distribution, **axes))


def orthogonal(
    gain: Callable[..., Any] | float = 1.0, column_axis: int = -1, *, kind: Kind = "forward"
) -> Initializer:
    """Random orthogonal weights, times a gain.

    With more outputs than inputs they keep the length of a vector, and so make its elements
    smaller; `critical(..., distribution="orthogonal")` makes up for that.

    Args:
        gain: a number, or the activation whose output the weights read, of which
            `activax.theory.gain` is taken.
        column_axis: the axis that is orthonormal.
        kind: which gain of an activation: "forward", "backward" or "variance".

    Returns:
        An initialiser, `(key, shape, dtype) -> array`.

    Raises:
        TypeError: an activation that has no gain.
        ValueError: an unknown kind, or a gain that is not positive.

    Example:
        >>> weight = activax.initializers.orthogonal()(jax.random.key(0), (3, 3))
        >>> bool(jnp.allclose(weight @ weight.T, jnp.eye(3), atol=1e-5))
        True

    Paper:
        Saxe, McClelland & Ganguli 2013, Exact Solutions to the Nonlinear Dynamics of Learning in
        Deep Linear Neural Networks, arXiv:1312.6120.
    """
    return widened(jax.nn.initializers.orthogonal(gain_of(gain, kind), column_axis))


def delta_orthogonal(
    gain: Callable[..., Any] | float = 1.0, column_axis: int = -1, *, kind: Kind = "forward"
) -> Initializer:
    """A convolution that is an orthogonal matrix in the middle of its kernel and 0 around it.

    Args:
        gain: a number, or the activation whose output the weights read, of which
            `activax.theory.gain` is taken.
        column_axis: the axis that is orthonormal.
        kind: which gain of an activation: "forward", "backward" or "variance".

    Returns:
        An initialiser, `(key, shape, dtype) -> array`, for kernels of 3, 4 or 5 axes that have at
        least as many outputs as inputs.

    Raises:
        TypeError: an activation that has no gain.
        ValueError: an unknown kind, or a gain that is not positive; of the initialiser, a kernel
            of another number of axes, or of fewer outputs than inputs.

    Example:
        >>> kernel = activax.initializers.delta_orthogonal()(jax.random.key(0), (3, 3, 4, 4))
        >>> bool(jnp.allclose(kernel[1, 1] @ kernel[1, 1].T, jnp.eye(4), atol=1e-5))
        True
        >>> bool(jnp.any(kernel[0] != 0))
        False

    Paper:
        Xiao, Bahri, Sohl-Dickstein, Schoenholz & Pennington 2018, Dynamical Isometry and a Mean
        Field Theory of CNNs, arXiv:1806.05393.
    """
    return widened(jax.nn.initializers.delta_orthogonal(gain_of(gain, kind), column_axis))


def widened(init: Initializer) -> Initializer:
    """Return `init` computed in at least float32 and rounded once to the dtype.

    JAX draws in the dtype itself. Random bits of 8 are too few, some of the 8-bit formats give NaN,
    and QR decompositions of 16 bits do not exist.
    """

    def make(
        key: Array, shape: tuple[int, ...], dtype: DTypeLike | None = None, **sharding: Any
    ) -> Array:
        dtype = jnp.result_type(float if dtype is None else dtype)
        real = not jnp.issubdtype(dtype, jnp.complexfloating)
        if real and not jnp.finfo(dtype).min < 0:
            raise TypeError(
                f"initializers: dtype must have 0 and negative numbers; got {dtype}. Make the "
                "weights in float32, and keep them there."
            )
        wide = compute_dtype(dtype) if real else dtype
        return cast(init(key, shape, wide, **sharding), dtype)

    return make
