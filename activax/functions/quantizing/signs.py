"""Functions whose values are -1, 1 and perhaps 0."""

from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.arguments import widen
from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.ranges import NOT_NEGATIVE, POSITIVE
from activax.core.residuals import from_piece
from activax.numerics.selects import FAR, choose, clip, flag, limit_product, magnitude
from activax.numerics.transcendental import SHIFT, UNSHIFT, tanh, tanh_slope

__all__ = [
    "approx_sign",
    "ede_sign",
    "rsign",
    "sgn",
    "sign",
    "sign_ste",
    "ste_sign",
    "ste_tern",
    "swish_sign",
    "ternary_ste",
]


@elsewhere({"jax.numpy": "sign", "torch": "sign sgn", "onnx": "Sign"})
@elementwise(
    lambda: 0.0,
    keep=lambda x, out: (),
    reference=lambda mp, x: mp.sign(x),
    kinks=(0.0,),
    ulps=0,
)
def sign(x: Array) -> Array:
    """Sign of the input; its slope is 0, so nothing in front of it learns.

    Formula:
        sign(x) = -1 if x < 0, 0 if x = 0, 1 if x > 0; the slope is 0

    Example:
        >>> activax.sign(jnp.array([-2.0, 0.0, 3.0]))
        Array([-1.,  0.,  1.], dtype=float32)

    Paper:
        Rosenblatt 1958, The Perceptron: A Probabilistic Model for Information Storage and
        Organization in the Brain.
    """
    return jnp.sign(x)


def _bipolar(x: Array) -> Array:
    """Return 1 where x >= 0 and -1 elsewhere."""
    return choose(flag(x, x >= 0), jnp.ones_like(x), -jnp.ones_like(x))


def _exact_bipolar(x: Any) -> int:
    return 1 if x >= 0 else -1


def _inside(x: Array, *, clip_value: float, **others: float) -> Array:
    return flag(x, magnitude(x) <= clip_value)


def _not_outside(x: Array, *, clip_value: float, **others: float) -> Array:
    return ~(magnitude(x) > clip_value)


def _clipped_surrogate(mp: Any, x: Any, *, clip_value: float, **others: float) -> Any:
    return min(max(x, -mp.mpf(clip_value)), mp.mpf(clip_value))


# What estimators with the slope of a clamp keep: the side of the clamp, one byte or one bit.
_CLIPPED: dict[str, Any] = {
    "keep": lambda x, out, **statics: (_inside(widen(x), **statics),),
    "lean": (from_piece(_not_outside, lambda inside, **others: jnp.where(inside, 1.0, 0.0)),),
    "surrogate": _clipped_surrogate,
}


def _clipped_slope(inside: Array, **others: float) -> Array:
    return choose(inside, 1.0, 0.0)


@elementwise(
    _clipped_slope,
    **_CLIPPED,
    reference=lambda mp, x, *, clip_value: mp.mpf(_exact_bipolar(x)),
    kinks=lambda clip_value: (-clip_value, 0.0, clip_value),
    ranges={"clip_value": POSITIVE},
    ulps=0,
)
def sign_ste(x: Array, *, clip_value: float = 1.0) -> Array:
    """Sign with the slope of a clamp: the straight-through estimator of binarized networks.

    Formula:
        sign_ste(x) = 1 if x >= 0 else -1; the slope at a clamp is the inside one, and the slopes
        are those of min(max(x, -clip_value), clip_value)

    Args:
        clip_value: the largest |x| that learns.

    Example:
        >>> activax.sign_ste(jnp.array([-2.0, 0.0, 3.0]))
        Array([-1.,  1.,  1.], dtype=float32)
        >>> jax.vmap(jax.grad(activax.sign_ste))(jnp.array([-2.0, 0.0, 1.0]))
        Array([0., 1., 1.], dtype=float32)

    Paper:
        Courbariaux, Hubara, Soudry, El-Yaniv & Bengio 2016, Binarized Neural Networks: Training
        Deep Neural Networks with Weights and Activations Constrained to +1 or -1, arXiv:1602.02830.
    """
    return _bipolar(x)


@elementwise(
    _clipped_slope,
    **_CLIPPED,
    reference=lambda mp, x, *, threshold, clip_value: (
        mp.mpf(_exact_bipolar(x)) if abs(x) >= threshold else mp.zero
    ),
    kinks=lambda threshold, clip_value: (-clip_value, -threshold, threshold, clip_value),
    ranges={"threshold": NOT_NEGATIVE, "clip_value": POSITIVE},
    ulps=0,
)
def ternary_ste(x: Array, *, threshold: float = 0.05, clip_value: float = 1.0) -> Array:
    """Sign with a dead zone, and the slope of a clamp.

    Formula:
        ternary_ste(x) = -1 if x <= -threshold, 1 if x >= threshold, else 0; the slope at a clamp is
        the inside one, and the slopes are those of min(max(x, -clip_value), clip_value)

    Args:
        threshold: the least |x| that is not 0. Ternary weight networks take 0.7 times the mean of
            |x|.
        clip_value: the largest |x| that learns.

    Example:
        >>> activax.ternary_ste(jnp.array([-0.3, 0.01, 2.0]))
        Array([-1.,  0.,  1.], dtype=float32)

    Paper:
        Li, Zhang & Liu 2016, Ternary Weight Networks, arXiv:1605.04711; with this threshold in
        Larq.
    """
    return jnp.where(magnitude(x) < threshold, 0.0, _bipolar(x))


def _triangle(x: Array) -> Array:
    return 2 * clip(1 - magnitude(x), 0.0, 1.0)


def _quadratic_sign(x: Any) -> Any:
    x = min(max(x, -1), 1)
    return x * (2 - abs(x))


@elementwise(
    _triangle,
    reference=lambda mp, x: mp.mpf(_exact_bipolar(x)),
    surrogate=lambda mp, x: _quadratic_sign(x),
    kinks=(0.0,),
)
def approx_sign(x: Array) -> Array:
    """Sign with the slope of a quadratic approximation, a triangle.

    Formula:
        approx_sign(x) = 1 if x >= 0 else -1; the slopes are those of x (2 - |x|) for |x| < 1 and 0
        elsewhere

    Example:
        >>> jax.vmap(jax.grad(activax.approx_sign))(jnp.array([-2.0, 0.0, 0.5]))
        Array([0., 2., 1.], dtype=float32)

    Paper:
        Liu, Wu, Luo, Yang, Liu & Cheng 2018, Bi-Real Net: Enhancing the Performance of 1-bit CNNs
        With Improved Representational Capability and Advanced Training Algorithm, arXiv:1808.00278.
    """
    return _bipolar(x)


@elementwise(
    lambda x, alpha: _triangle(x - alpha),
    lambda x, alpha: -_triangle(x - alpha),
    reference=lambda mp, x, alpha: mp.mpf(_exact_bipolar(x - alpha)),
    surrogate=lambda mp, x, alpha: _quadratic_sign(x - alpha),
    kinks=lambda alpha: (alpha,),
)
def rsign(x: Array, alpha: Array | float = 0.0) -> Array:
    """Sign above and below a trained threshold, with the slopes of `approx_sign`: RSign.

    Formula:
        rsign(x) = 1 if x >= alpha else -1; the slopes are those of z (2 - |z|), z = x - alpha, for
        |z| < 1 and 0 elsewhere

    Args:
        alpha: the threshold; a number or an array that broadcasts against x. The paper has one a
            channel.

    Paper:
        Liu, Shen, Savvides & Cheng 2020, ReActNet: Towards Precise Binary Neural Network with
        Generalized Activation Functions, arXiv:2003.03488.
    """
    return choose(flag(x, x >= alpha), jnp.ones_like(x), -jnp.ones_like(x))


def _swish_sign_slope(u: Array) -> Array:
    """Return the slope of 2 s (1 + u (1 - s)) - 1 in u, for s = sigmoid(u)."""
    half = clip(u, -FAR, FAR) / 2
    # sech^2 is scaled, so that it underflows later than its product with u.
    return (1 - half * tanh(half)) * tanh_slope(half, shift=SHIFT) * UNSHIFT


def _swish_sign_surrogate(mp: Any, x: Any, beta: Any) -> Any:
    half = beta * x / 2
    return mp.tanh(half) + half / mp.cosh(half) ** 2


@elementwise(
    lambda x, beta: beta * _swish_sign_slope(beta * x),
    lambda x, beta: limit_product(x, _swish_sign_slope(beta * x)),
    reference=lambda mp, x, beta: mp.mpf(_exact_bipolar(x)),
    surrogate=_swish_sign_surrogate,
    kinks=(0.0,),
    ranges={"beta": POSITIVE},
)
def swish_sign(x: Array, beta: Array | float = 5.0) -> Array:
    """Sign with the slope of SignSwish, which is negative far from 0.

    Formula:
        swish_sign(x) = 1 if x >= 0 else -1; the slopes are those of 2 s (1 + u (1 - s)) - 1, where
        u = beta x and s = sigmoid(u)

    Args:
        beta: the sharpness of the surrogate, and its slope at 0; a number or an array that
            broadcasts against x.

    Example:
        >>> float(jax.grad(activax.swish_sign)(0.0))
        5.0

    Paper:
        Darabi, Belbahri, Courbariaux & Nia 2018, Regularized Binary Network Training,
        arXiv:1812.11800.
    """
    return _bipolar(x)


@elementwise(
    lambda x, t, k: k * (t * tanh_slope(t * x)),
    lambda x, t, k: limit_product(x, k * tanh_slope(t * x)),
    lambda x, t, k: tanh(t * x),
    reference=lambda mp, x, t, k: mp.sign(x),
    surrogate=lambda mp, x, t, k: k * mp.tanh(t * x),
    kinks=(0.0,),
    ranges={"t": POSITIVE, "k": POSITIVE},
)
def ede_sign(x: Array, t: Array | float = 0.1, k: Array | float = 10.0) -> Array:
    """Sign with the slope of a hyperbolic tangent that sharpens in training, of IR-Net.

    Formula:
        ede_sign(x) = sign(x); the slopes are those of k tanh(t x)

    Args:
        t: the sharpness, which the paper raises from 0.1 to 10; a number or an array that
            broadcasts against x.
        k: the height, likewise; the paper takes max(1 / t, 1).

    Paper:
        Qin, Gong, Liu, Shen, Wei, Yu & Song 2020, Forward and Backward Information Retention for
        Accurate Binary Neural Networks, arXiv:1909.10788.
    """
    return jnp.sign(x)


sgn = sign
ste_sign = sign_ste
ste_tern = ternary_ste
