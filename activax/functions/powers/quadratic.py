"""Rectifiers with a quadratic piece."""

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.piecewise import piecewise
from activax.core.ranges import POSITIVE
from activax.core.residuals import from_output
from activax.numerics.selects import at_most, clip, limit_product, root
from activax.numerics.square_plus import square_plus

__all__ = ["relu2", "relu_squared", "smelu", "sparse_plus", "star_relu", "starrelu"]


@elsewhere(
    {"hf mlx": "relu2", "transformers.activations": "ReLUSquaredActivation", "te": "srelu"},
    jax="jnp.square(jax.nn.relu(x))",
    torch="F.relu(x).square()",
)
@elementwise(
    lambda x: 2 * jnp.maximum(x, 0),
    lean=(from_output(lambda out: 2 * root(out)),),
    reference=lambda mp, x: max(x, 0) ** 2,
    ulps=1,
)
def relu_squared(x: Array) -> Array:
    """Squared rectified linear unit.

    Formula:
        relu_squared(x) = max(x, 0)^2

    Example:
        >>> activax.relu_squared(jnp.array([-1.0, 3.0]))
        Array([0., 9.], dtype=float32)

    Paper:
        So et al. 2021, Primer: Searching for Efficient Transformers, arXiv:2109.08668.
    """
    positive = jnp.maximum(x, 0)
    return positive * positive


@elsewhere(
    jax="0.8944 * jnp.square(jax.nn.relu(x)) - 0.4472", torch="0.8944 * F.relu(x).square() - 0.4472"
)
@elementwise(
    lambda x, scale, bias: limit_product(jnp.maximum(x, 0), 2 * scale),
    lambda x, scale, bias: relu_squared.body(x),
    lambda x, scale, bias: 1.0,
    reference=lambda mp, x, scale, bias: scale * x * (x + abs(x)) / 2 + bias,
)
def star_relu(x: Array, scale: Array | float = 0.8944, bias: Array | float = -0.4472) -> Array:
    """Squared rectified linear unit, scaled and shifted to mean 0 and variance 1.

    Formula:
        star_relu(x) = scale max(x, 0)^2 + bias

    Args:
        scale: the factor; a number or an array that broadcasts against x. The default is
            1 / sqrt(5/4), which a standard normal x asks for.
        bias: the value at 0; a number or an array that broadcasts against x. The default is minus
            half the scale, which a standard normal x asks for.

    Example:
        >>> activax.star_relu(jnp.array([-1.0, 0.0, 2.0]))
        Array([-0.4472, -0.4472,  3.1304], dtype=float32)

    Paper:
        Yu et al. 2022, MetaFormer Baselines for Vision, arXiv:2210.13452.
    """
    positive = jnp.maximum(x, 0)
    far = (positive > 1e9) | (scale == 0)  # there is no root, or x^2 might overflow
    shift = bias / jnp.where(scale == 0, 1.0, scale)
    near = scale * square_plus(at_most(positive, 1e9), shift)
    return jnp.where(far, limit_product(positive, limit_product(positive, scale)) + bias, near)


@elsewhere({"jax keras": "sparse_plus"})
@elementwise(
    lambda x: clip(x + 1.0, 0, 2) / 2,
    lean=(from_output(lambda out: root(at_most(out, 1.0))),),
    reference=lambda mp, x: max(x, (min(max(x + 1, 0), 2) / 2) ** 2),
    ulps=2,
)
def sparse_plus(x: Array) -> Array:
    """Sparse softplus: a rectified linear unit with a quadratic bend.

    Formula:
        sparse_plus(x) = 0 if x <= -1, (x + 1)^2 / 4 if -1 < x < 1, x if x >= 1

    Example:
        >>> activax.sparse_plus(jnp.array([-1.0, 0.0, 2.0]))
        Array([0.  , 0.25, 2.  ], dtype=float32)

    Paper:
        Blondel, Martins & Niculae 2020, Learning with Fenchel-Young Losses, arXiv:1901.02324.
    """
    half = clip(x + 1.0, 0, 2) / 2
    return jnp.where(x < 1, half * half, x)


@piecewise(
    lambda x, beta: 0.0,
    lambda x, beta: (x + beta) * ((x + beta) / (4 * beta)),
    lambda x, beta: x,
    edges=lambda beta: (-beta, beta),
    kinks=(),
    reference=lambda mp, x, beta: max(x, 0) if abs(x) > beta else (x + beta) ** 2 / (4 * beta),
    ranges={"beta": POSITIVE},
)
def smelu(x: Array, beta: Array | float = 1.0) -> Array:
    """Smooth rectified linear unit with a quadratic bend of a chosen width.

    Formula:
        smelu(x) = 0 if x <= -beta, (x + beta)^2 / (4 beta) if -beta < x < beta, x if x >= beta

    Args:
        beta: half the width of the bend; a number or an array that broadcasts against x. At 1 the
            function is sparse_plus.

    Paper:
        Shamir, Lin & Coviello 2020, Smooth activations and reproducibility in deep networks,
        arXiv:2010.09931.
    """


relu2 = relu_squared
starrelu = star_relu
