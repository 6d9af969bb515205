"""Hard units: piecewise linear or quadratic stand-ins for tanh, sigmoid, silu and mish."""

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.residuals import Residual, from_branch, from_piece
from activax.numerics.selects import at_least, choose, clip, flag, magnitude, root_above

__all__ = [
    "hard_mish",
    "hard_sigmoid",
    "hard_sigmoid_02",
    "hard_sigmoid_half",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "sparse_sigmoid",
    "sqreu",
]


def _within(bound: float, slope: float) -> Residual:
    """Return the residual of a slope that is constant where |x| < bound, and 0 elsewhere."""
    return from_piece(
        lambda x: ~(magnitude(x) >= bound), lambda inside: jnp.where(inside, slope, 0.0)
    )


@elsewhere({"jax flax keras mlx": "hard_tanh", "torch": "hardtanh"})
@elementwise(
    lambda out: jnp.where(jnp.abs(out) < 1, 1.0, out - out),  # keeps NaN
    keep="output",
    lean=(_within(1, 1.0),),
    reference=lambda mp, x: min(max(x, -1), 1),
    kinks=(-1.0, 1.0),
    ulps=0,
    integers=True,
)
def hard_tanh(x: Array) -> Array:
    """Piecewise linear tanh.

    Formula:
        hard_tanh(x) = min(max(x, -1), 1); the slope at -1 and at 1 is 0

    Args:
        x: an array of any shape and real dtype; integers stay integers.

    Example:
        >>> activax.hard_tanh(jnp.array([-2.0, 0.5, 2.0]))
        Array([-1. ,  0.5,  1. ], dtype=float32)

    Paper:
        Collobert 2004, Large Scale Machine Learning (thesis).
    """
    lowest = 0 if jnp.issubdtype(x.dtype, jnp.unsignedinteger) else -1  # -1 would wrap around
    return clip(x, lowest, 1)


@elsewhere(
    {"jax flax keras": "hard_sigmoid", "torch": "hardsigmoid", "timm": "hard_sigmoid hardsigmoid"}
)
@elementwise(
    lambda inside: choose(inside, 1 / 6, 0.0),
    keep=lambda x, out: (flag(x, (x > -3) & (x < 3)),),
    lean=(_within(3, 1 / 6),),
    reference=lambda mp, x: min(max(x + 3, 0), 6) / 6,
    kinks=(-3.0, 3.0),
    ulps=2,
)
def hard_sigmoid(x: Array) -> Array:
    """Piecewise linear sigmoid, in the x/6 form.

    Formula:
        hard_sigmoid(x) = min(max(x + 3, 0), 6) / 6; the slope at -3 and at 3 is 0

    Example:
        >>> activax.hard_sigmoid(jnp.array([-3.0, 0.0, 3.0]))
        Array([0. , 0.5, 1. ], dtype=float32)

    Paper:
        Howard et al. 2019, Searching for MobileNetV3, arXiv:1905.02244.
    """
    return clip(x + 3.0, 0, 6) / 6


@elsewhere(
    {"keras2": "hard_sigmoid", "onnx": "HardSigmoid"},
    jax="jnp.clip(0.2 * x + 0.5, 0, 1)",
    torch="(0.2 * x + 0.5).clamp(0, 1)",
)
@elementwise(
    lambda inside: choose(inside, 0.2, 0.0),
    keep=lambda x, out: (flag(x, (x > -2.5) & (x < 2.5)),),
    lean=(_within(2.5, 0.2),),
    reference=lambda mp, x: min(max(x + 2.5, 0), 5) / 5,
    kinks=(-2.5, 2.5),
    ulps=2,
)
def hard_sigmoid_02(x: Array) -> Array:
    """Piecewise linear sigmoid of slope 0.2, the form of Theano, Keras 2 and ONNX.

    Formula:
        hard_sigmoid_02(x) = min(max(0.2 x + 0.5, 0), 1); the slope at -2.5 and at 2.5 is 0

    Example:
        >>> activax.hard_sigmoid_02(jnp.array([-2.5, 0.0, 1.0]))
        Array([0. , 0.5, 0.7], dtype=float32)

    Paper:
        None; the operator HardSigmoid of ONNX at its defaults.
    """
    return clip(x + 2.5, 0, 5) / 5


@elsewhere({"jax keras": "sparse_sigmoid"}, torch="(0.5 * x + 0.5).clamp(0, 1)")
@elementwise(
    lambda inside: choose(inside, 0.5, 0.0),
    keep=lambda x, out: (flag(x, (x > -1) & (x < 1)),),
    lean=(_within(1, 0.5),),
    reference=lambda mp, x: min(max(x + 1, 0), 2) / 2,
    kinks=(-1.0, 1.0),
    ulps=1,
)
def hard_sigmoid_half(x: Array) -> Array:
    """Piecewise linear sigmoid of slope 1/2, the derivative of sparse_plus.

    Formula:
        hard_sigmoid_half(x) = min(max((x + 1) / 2, 0), 1); the slope at -1 and at 1 is 0

    Example:
        >>> activax.hard_sigmoid_half(jnp.array([-1.0, 0.0, 0.5]))
        Array([0.  , 0.5 , 0.75], dtype=float32)

    Paper:
        Courbariaux, Bengio & David 2015, BinaryConnect: Training Deep Neural Networks with binary
        weights during propagations, arXiv:1511.00363.
    """
    return clip(x + 1.0, 0, 2) / 2


def _branches(out: Array, right: Array, slope: Array, *, end: float) -> Array:
    """Return the slope with the sign of its branch: 1 from `end` on, 0 where left and out is 0."""
    left = jnp.where(out < 0, -slope, out)
    return jnp.where(right, jnp.where(out < end, slope, 1.0), left)


def _hard_silu_slope_at(out: Array, right: Array) -> Array:
    # The root is |2 x + 3| / 6.
    return _branches(out, right, root_above((out + 0.375) * (2 / 3)), end=3.0)


@elsewhere(
    {
        "jax flax keras": "hard_silu hard_swish",
        "torch hf mlx": "hardswish",
        "timm": "hard_swish hardswish",
        "onnx": "HardSwish",
    }
)
@elementwise(
    lambda x: choose(flag(x, (x > -3) & (x < 3)), (2 * x + 3) / 6, jnp.where(x < 0, 0.0, 1.0)),
    lean=(from_branch(lambda x: x > -1.5, _hard_silu_slope_at),),
    reference=lambda mp, x: x * min(max(x + 3, 0), 6) / 6,
    kinks=(-3.0, 3.0),
    ulps=(3, 2),
)
def hard_silu(x: Array) -> Array:
    """Piecewise polynomial silu.

    Formula:
        hard_silu(x) = x min(max(x + 3, 0), 6) / 6; the slope at -3 is 0 and at 3 is 1

    Example:
        >>> activax.hard_silu(jnp.array([-1.5, 0.0, 4.0]))
        Array([-0.375,  0.   ,  4.   ], dtype=float32)

    Paper:
        Howard et al. 2019, Searching for MobileNetV3, arXiv:1905.02244.
    """
    return at_least(x, -3.0) * (clip(x + 3.0, 0, 6) / 6)


def _hard_mish_slope_at(out: Array, right: Array) -> Array:
    return _branches(out, right, root_above(2 * out + 1), end=0.0)  # the root is |x + 1|


@elsewhere(
    {"timm": "hard_mish"},
    jax="0.5 * x * jnp.clip(x + 2, 0, 2)",
    torch="0.5 * x * (x + 2).clamp(0, 2)",
)
@elementwise(
    lambda x: choose(flag(x, (x > -2) & (x < 0)), x + 1, jnp.where(x < 0, 0.0, 1.0)),
    lean=(from_branch(lambda x: x > -1, _hard_mish_slope_at),),
    reference=lambda mp, x: x * min(max(x + 2, 0), 2) / 2,
    kinks=(-2.0,),
    ulps=2,
)
def hard_mish(x: Array) -> Array:
    """Piecewise polynomial mish.

    Formula:
        hard_mish(x) = x min(max(x + 2, 0), 2) / 2; the slope at -2 is 0

    Example:
        >>> activax.hard_mish(jnp.array([-1.0, 0.0, 4.0]))
        Array([-0.5,  0. ,  4. ], dtype=float32)

    Paper:
        Misra, H-Mish, https://github.com/digantamisra98/H-Mish.
    """
    return at_least(x, -2.0) * (clip(x + 2.0, 0, 2) / 2)


hard_swish = hard_silu
sparse_sigmoid = hard_sigmoid_half
sqreu = hard_mish
