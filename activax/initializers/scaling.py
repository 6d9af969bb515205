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
from activax.theory.sampling import ScalarFunction

Initializer = Callable[..., Array]
FanMode = Literal["fan_in", "fan_out", "fan_avg"]
Distribution = Literal["normal", "truncated_normal", "uniform"]


def variance_scaling(
    gain: ScalarFunction | float = 1.0,
    mode: FanMode = "fan_in",
    distribution: Distribution = "truncated_normal",
    *,
    kind: Kind = "forward",
    **axes: Any,
) -> Initializer:
    """Return an initialiser of random weights of variance gain^2 / fan.

    With relu it is He's initialisation, without a gain LeCun's, and with "fan_avg" Glorot's. A gain
    keeps the scale of one pass. In a network of tens of layers the other pass may still explode or
    vanish; for gelu and silu even the scale that the gain keeps is unstable. See `critical`.

    Args:
        gain: a number, or the activation whose output the weights read, of which
            `activax.theory.gain` is taken.
        mode: "fan_in", "fan_out" or "fan_avg".
        distribution: "normal", "truncated_normal" or "uniform".
        kind: the kind of gain: "forward"; "backward", which with the mode "fan_out" keeps the scale
            of gradients; or "variance", if a normalisation subtracts the mean.
        **axes: `in_axis`, `out_axis`, `batch_axis` of `jax.nn.initializers.variance_scaling`.

    Returns:
        An initialiser, `(key, shape, dtype) -> array`.

    Raises:
        TypeError: the activation has no gain.
        ValueError: the mode, distribution or kind is unknown, or the gain is not positive.

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
    gain: ScalarFunction | float = 1.0, column_axis: int = -1, *, kind: Kind = "forward"
) -> Initializer:
    """Return an initialiser of random orthogonal weights times a gain.

    Weights with more outputs than inputs keep the length of a vector, and so make its elements
    smaller. `critical(..., distribution="orthogonal")` undoes that.

    Args:
        gain: a number, or the activation whose output the weights read, of which
            `activax.theory.gain` is taken.
        column_axis: the axis that is orthonormal.
        kind: the kind of gain: "forward", "backward" or "variance".

    Returns:
        An initialiser, `(key, shape, dtype) -> array`.

    Raises:
        TypeError: the activation has no gain.
        ValueError: the kind is unknown, or the gain is not positive.

    Example:
        >>> weight = activax.initializers.orthogonal()(jax.random.key(0), (3, 3))
        >>> bool(jnp.allclose(weight @ weight.T, jnp.eye(3), atol=1e-5))
        True

    Paper:
        Saxe, McClelland & Ganguli 2013, Exact Solutions to the Nonlinear Dynamics of Learning in
        Deep Linear Neural Networks, arXiv:1312.6120.
    """
    return widened(_resharded(jax.nn.initializers.orthogonal(gain_of(gain, kind), column_axis)))


def delta_orthogonal(
    gain: ScalarFunction | float = 1.0, column_axis: int = -1, *, kind: Kind = "forward"
) -> Initializer:
    """Return an initialiser of convolutions: an orthogonal matrix at the centre, and 0 elsewhere.

    Args:
        gain: a number, or the activation whose output the weights read, of which
            `activax.theory.gain` is taken.
        column_axis: the axis that is orthonormal.
        kind: the kind of gain: "forward", "backward" or "variance".

    Returns:
        An initialiser, `(key, shape, dtype) -> array`, for kernels of 3, 4 or 5 axes that have at
        least as many outputs as inputs.

    Raises:
        TypeError: the activation has no gain.
        ValueError: the kind is unknown, or the gain is not positive. The initialiser raises it for
            a kernel with another number of axes, or with fewer outputs than inputs.

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
    make = jax.nn.initializers.delta_orthogonal(gain_of(gain, kind), column_axis)
    return widened(_resharded(make))


def _resharded(init: Initializer) -> Initializer:
    """Return `init` with `out_sharding`; each device decomposes the whole matrix, as JAX does."""

    def make(
        key: Array, shape: tuple[int, ...], dtype: DTypeLike, out_sharding: Any = None
    ) -> Array:
        weights = init(key, shape, dtype)
        return weights if out_sharding is None else jax.sharding.reshard(weights, out_sharding)

    return make


def widened(init: Initializer) -> Initializer:
    """Return `init` computed in at least float32 and rounded once to the dtype.

    JAX draws in the dtype itself. 8 random bits are too few for weights, some 8-bit formats give
    NaN, and there is no QR decomposition of 16-bit matrices.
    """

    def make(
        key: Array, shape: tuple[int, ...], dtype: DTypeLike | None = None, **sharding: Any
    ) -> Array:
        dtype = jnp.result_type(float if dtype is None else dtype)
        real = not jnp.issubdtype(dtype, jnp.complexfloating)
        if real and not jnp.finfo(dtype).min < 0:
            raise TypeError(
                f"initializers: dtype must have 0 and negative numbers; got {dtype}. Make and keep "
                "the weights in float32."
            )
        wide = compute_dtype(dtype) if real else dtype
        return cast(init(key, shape, wide, **sharding), dtype)

    return make
