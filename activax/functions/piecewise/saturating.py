"""Units of three straight lines, of which the outer two are flatter or turn back."""

from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.elsewhere import elsewhere
from activax.core.piecewise import piecewise
from activax.core.ranges import POSITIVE, Range
from activax.numerics.selects import limit_product

__all__ = [
    "bounded_leaky_relu",
    "clamp",
    "lisa",
    "n_activation",
    "pilu",
    "plu",
    "s_shaped_relu",
]


def _line(x: Array, slope: Array, point: Array | float) -> Array:
    """Return the line through (point, point) with this slope."""
    return limit_product(x - point, slope) + point


def _s_shaped_reference(mp: Any, x: Any, t_l: Any, a_l: Any, t_r: Any, a_r: Any) -> Any:
    right, left = max(x - max(t_l, t_r), 0), min(x - t_l, 0)
    return x - right * (1 - a_r) - left * (1 - a_l)


@piecewise(
    lambda x, t_l, a_l, t_r, a_r: _line(x, a_l, t_l),
    lambda x, t_l, a_l, t_r, a_r: x,
    lambda x, t_l, a_l, t_r, a_r: _line(x, a_r, jnp.maximum(t_l, t_r)),
    edges=lambda t_l, t_r: (t_l, jnp.maximum(t_l, t_r)),
    kinks=lambda t_l, a_l, t_r, a_r: (
        *((t_l,) if a_l != 1 else ()),
        *((max(t_l, t_r),) if a_r != 1 else ()),
    ),
    reference=_s_shaped_reference,
)
def s_shaped_relu(
    x: Array,
    t_l: Array | float = 0.0,
    a_l: Array | float = 0.2,
    t_r: Array | float = 1.0,
    a_r: Array | float = 1.0,
) -> Array:
    """S-shaped rectified linear unit: the identity between two trained lines.

    Formula:
        s_shaped_relu(x) = t_l + a_l (x - t_l) if x <= t_l, x if t_l < x <= t_r,
        t_r + a_r (x - t_r) if x > t_r; the slope at a threshold is the left one

    Args:
        t_l: the left threshold; a number or an array that broadcasts against x.
        a_l: the slope left of it, likewise.
        t_r: the right threshold, likewise; below the left one it counts as that one.
        a_r: the slope right of it, likewise.

    Paper:
        Jin, Xu, Feng, Wei, Xiong & Yan 2015, Deep Learning with S-shaped Rectified Linear
        Activation Units, arXiv:1512.07030.
    """


@piecewise(
    lambda x, alpha, c: _line(x, alpha, -c),
    lambda x, alpha, c: x,
    lambda x, alpha, c: _line(x, alpha, c),
    edges=lambda c: (-c, c),
    kinks=lambda alpha, c: (-c, c) if alpha != 1 else (),
    reference=lambda mp, x, alpha, c: (
        max(alpha * (x + c) - c, min(alpha * (x - c) + c, x)) if alpha < 1 else x
    ),
    ranges={"alpha": Range(high=1.0), "c": POSITIVE},
)
def plu(x: Array, alpha: Array | float = 0.1, c: Array | float = 1.0) -> Array:
    """Piecewise linear unit: a tanh of three lines, which never saturates.

    Formula:
        plu(x) = max(alpha (x + c) - c, min(alpha (x - c) + c, x));
        the slope at a kink is the left one

    Args:
        alpha: the slope of the outer lines; a number or an array that broadcasts against x.
        c: where they begin, likewise.

    Paper:
        Nicolae 2018, PLU: The Piecewise Linear Unit Activation Function, arXiv:1809.09534.
    """


@piecewise(
    lambda x, alpha, beta, gamma: _line(x, beta, gamma),
    lambda x, alpha, beta, gamma: _line(x, alpha, gamma),
    edges=lambda gamma: (gamma,),
    kinks=lambda alpha, beta, gamma: (gamma,) if alpha != beta else (),
    reference=lambda mp, x, alpha, beta, gamma: (
        gamma + ((alpha + beta) * (x - gamma) + (alpha - beta) * mp.fabs(x - gamma)) / 2
    ),
)
def pilu(
    x: Array,
    alpha: Array | float = 1.0,
    beta: Array | float = 0.01,
    gamma: Array | float = 0.0,
) -> Array:
    """Piecewise linear unit of two lines that meet on the identity.

    Formula:
        pilu(x) = alpha x + gamma (1 - alpha) if x > gamma else beta x + gamma (1 - beta);
        the slope at gamma is beta

    Args:
        alpha: the slope above gamma; a number or an array that broadcasts against x.
        beta: the slope below gamma, likewise.
        gamma: where the lines meet, likewise.

    Paper:
        Inturrisi, Khoo, Kouzani & Pagliarella 2021, Piecewise linear units improve deep neural
        networks, arXiv:2108.00700.
    """


@piecewise(
    lambda x, left, right: limit_product(x, left),
    lambda x, left, right: x,
    lambda x, left, right: _line(x, right, 1.0),
    edges=(0.0, 1.0),
    kinks=lambda left, right: (
        *((0.0,) if left != 1 else ()),
        *((1.0,) if right != 1 else ()),
    ),
    reference=lambda mp, x, left, right: x - (1 - right) * max(x - 1, 0) - (1 - left) * min(x, 0),
)
def lisa(x: Array, left: Array | float = 0.1, right: Array | float = 1.0) -> Array:
    """Linearised sigmoidal unit: the identity on [0, 1] between two lines.

    Formula:
        lisa(x) = left x if x <= 0, x if 0 < x <= 1, right (x - 1) + 1 if x > 1;
        the slope at a kink is the left one

    Args:
        left: the slope below 0; a number or an array that broadcasts against x.
        right: the slope above 1, likewise.

    Paper:
        Bawa & Kumar 2019, Linearized sigmoidal activation: A novel activation function with
        tractable non-linear characteristics to boost representation capability.
    """


@piecewise(
    lambda x, a, b: x - 2 * jnp.minimum(a, b),
    lambda x, a, b: -x,
    lambda x, a, b: x - 2 * jnp.maximum(a, b),
    edges=lambda a, b: (jnp.minimum(a, b), jnp.maximum(a, b)),
    kinks=lambda a, b: (min(a, b), max(a, b)) if a != b else (),
    reference=lambda mp, x, a, b: -x + 2 * max(x - max(a, b), 0) + 2 * min(x - min(a, b), 0),
)
def n_activation(x: Array, a: Array | float = -0.5, b: Array | float = 0.5) -> Array:
    """N-activation: three lines of slopes 1, -1 and 1, so that it keeps the length of gradients.

    Formula:
        n_activation(x) = x - 2 l if x <= l, -x if l < x <= h, x - 2 h if x > h, where
        l = min(a, b) and h = max(a, b); the slope at a kink is the left one

    Args:
        a: the place of one kink; a number or an array that broadcasts against x.
        b: the place of the other, likewise.

    Paper:
        Prach & Lampert 2023, 1-Lipschitz Neural Networks are more expressive with N-Activations,
        arXiv:2311.06103.
    """


@piecewise(
    lambda x, alpha, bound: limit_product(x, alpha),
    lambda x, alpha, bound: x,
    lambda x, alpha, bound: _line(x, alpha, bound),
    edges=lambda bound: (0.0, bound),
    kinks=lambda alpha, bound: (0.0, bound) if alpha != 1 else (),
    reference=lambda mp, x, alpha, bound: alpha * x + (1 - alpha) * min(max(x, 0), bound),
    ranges={"bound": POSITIVE},
)
def bounded_leaky_relu(x: Array, alpha: Array | float = 0.1, bound: Array | float = 1.0) -> Array:
    """Bounded rectified linear unit that leaks below 0 and above the bound.

    Formula:
        bounded_leaky_relu(x) = alpha x + (1 - alpha) min(max(x, 0), bound);
        the slope at a kink is the left one

    Args:
        alpha: the slope of the outer lines; a number or an array that broadcasts against x.
        bound: where the upper one begins, likewise.

    Paper:
        Liew, Khalil-Hani & Bakhteri 2016, Bounded activation functions for enhanced training
        stability of deep neural networks on visual pattern recognition problems.
    """


@elsewhere(jax="jnp.clip(x, -1, 1)", torch="F.hardtanh(x, -1.0, 1.0)")
@piecewise(
    lambda x, low, high: jnp.minimum(low, high),
    lambda x, low, high: x,
    lambda x, low, high: high,
    edges=lambda low, high: (jnp.minimum(low, high), high),
    kinks=lambda low, high: (low, high) if low < high else (),
    reference=lambda mp, x, low, high: min(max(x, low), high),
)
def clamp(x: Array, low: Array | float = -1.0, high: Array | float = 1.0) -> Array:
    """Identity between two bounds that are trained: hard_tanh with the parameters of torch.

    Formula:
        clamp(x) = min(max(x, low), high); the slope at low is 0 and at high is 1

    Args:
        low: the least value; a number or an array that broadcasts against x.
        high: the largest value, which wins over the least, likewise.

    Example:
        >>> activax.clamp(jnp.array([-2.0, 1.5, 5.0]), 0.0, 4.0)
        Array([0. , 1.5, 4. ], dtype=float32)

    Paper:
        None; torch.nn.functional.hardtanh, torch.clamp and the operator Clip of ONNX.
    """
