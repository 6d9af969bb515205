"""Sigmoidal activations that cap logits, or take the place of a normalisation."""

import math

import jax.numpy as jnp
from jax import Array, lax

from activax.core.elementwise import elementwise
from activax.core.ranges import POSITIVE
from activax.core.residuals import from_output
from activax.numerics import transcendental
from activax.numerics.normal import ERF_SLOPE
from activax.numerics.selects import FAR, clip, largest_finite, limit_product
from activax.numerics.transcendental import SHIFT, UNSHIFT, polynomial, tanh_slope

__all__ = ["derf", "soft_cap"]

# (sinh(v) - v) / v^3 in powers of v^2, to float64 for |v| <= 2.
_SINH_REST = [1 / math.factorial(2 * k + 3) for k in range(13)]


def _soft_cap_by_cap(x: Array, cap: Array) -> Array:
    # tanh(z) - z tanh'(z) = (sinh(2 z) - 2 z) tanh'(z) / 2, whose left side cancels next to 0.
    z = clip(x / cap, -FAR, FAR)
    v = 2 * clip(z, -1.0, 1.0)
    near = v * v * v * polynomial(v * v, _SINH_REST) * tanh_slope(v / 2) / 2
    return jnp.where(jnp.abs(z) < 1, near, transcendental.tanh(z) - z * tanh_slope(z))


@elementwise(
    lambda x, cap: tanh_slope(x / cap),
    _soft_cap_by_cap,
    lean=(from_output(lambda out, cap: (1 - out / cap) * (1 + out / cap)),),
    reference=lambda mp, x, cap: cap - 2 * cap / (mp.exp(2 * x / cap) + 1),
    ranges={"cap": POSITIVE},
    ulps=(4, 175),  # of the slope in the tail, where 2 x / cap is up to 87 and twice rounded
)
def soft_cap(x: Array, cap: Array | float = 30.0) -> Array:
    """Soft cap: x where |x| is small beside the cap, and the cap, smoothly, where it is large.

    Formula:
        soft_cap(x) = cap tanh(x / cap)

    Args:
        cap: the limit of |soft_cap(x)|; Gemma 2 has 50 for logits of attention and 30 for those of
            the output. A number or an array that broadcasts against x.

    Example:
        >>> activax.soft_cap(jnp.array([-3.0, 0.0, 300.0]))
        Array([-2.9900398,  0.       , 30.       ], dtype=float32)

    Paper:
        Gemma Team 2024, Gemma 2: Improving Open Language Models at a Practical Size,
        arXiv:2408.00118.
    """
    z = x / cap
    # Next to 0 the result is x to the last bit, where z may be flushed to 0.
    return jnp.where(jnp.abs(z) < 2.0**-60, x, cap * transcendental.tanh(z))


def _erf_slope(x: Array, alpha: Array, s: Array, *, shift: int = 0) -> Array:
    """Return 2^shift times the derivative of erf at alpha x + s."""
    z = clip(limit_product(x, alpha) + s, -FAR, FAR)
    return transcendental.exp(-z * z, shift=shift) * ERF_SLOPE


def _derf_by_alpha(x: Array, alpha: Array, s: Array, weight: Array, bias: Array) -> Array:
    far = largest_finite(x) * UNSHIFT
    return weight * (clip(x, -far, far) * _erf_slope(x, alpha, s, shift=SHIFT) * UNSHIFT)


@elementwise(
    lambda x, alpha, s, weight, bias: weight * (alpha * _erf_slope(x, alpha, s)),
    _derf_by_alpha,
    lambda x, alpha, s, weight, bias: weight * _erf_slope(x, alpha, s),
    lambda x, alpha, s, weight, bias: lax.erf(limit_product(x, alpha) + s),
    lambda x, alpha, s, weight, bias: jnp.ones_like(x),
    reference=lambda mp, x, alpha, s, weight, bias: weight * (1 - mp.erfc(alpha * x + s)) + bias,
)
def derf(
    x: Array,
    alpha: Array | float = 0.5,
    s: Array | float = 0.0,
    weight: Array | float = 1.0,
    bias: Array | float = 0.0,
) -> Array:
    """Dynamic erf: takes the place of a layer's normalisation, element by element.

    Formula:
        derf(x) = weight erf(alpha x + s) + bias

    Args:
        alpha: the scale of x, one number in the paper; a number or an array that broadcasts
            against x.
        s: the shift, one number in the paper; broadcasts as alpha does.
        weight: the scale of the result, one a channel in the paper; broadcasts as alpha does.
        bias: the number added, one a channel in the paper; broadcasts as alpha does.

    Example:
        >>> activax.derf(jnp.array([-4.0, 0.0, 1.0]))
        Array([-0.9953222,  0.       ,  0.5204999], dtype=float32)

    Paper:
        Chen, Lu, Zhu, Sun & Liu 2025, Stronger Normalization-Free Transformers, arXiv:2512.10938.
    """
    product = limit_product(x, alpha)
    # Next to 0 the erf is a line to the last bit, where the product may be flushed to 0.
    near = (jnp.abs(product) < 2.0**-60) & (jnp.abs(alpha) < 1) & (s == 0)
    return weight * jnp.where(near, x * (alpha * ERF_SLOPE), lax.erf(product + s)) + bias
