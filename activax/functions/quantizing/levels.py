"""Roundings to evenly spaced levels, whose slopes are those of the function before the rounding."""

from fractions import Fraction
from typing import Any

import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.ranges import POSITIVE, Range
from activax.core.residuals import from_piece
from activax.functions.quantizing.whole_numbers import check_whole
from activax.numerics.rounding import round_ratio, whole_minus_ratio
from activax.numerics.selects import choose, clip, flag, magnitude

__all__ = [
    "dorefa",
    "dorefa_act",
    "floor_ste",
    "lsq",
    "lsq_act",
    "pact",
    "round_ste",
]

UP_TO_8 = Range(1.0, 8.0)
MOST = 1023.0  # up to here `round_ratio` is exact


@elementwise(
    lambda **statics: 1.0,
    keep=lambda x, out, *, step: (),
    reference=lambda mp, x, *, step: mp.nint(x / mp.mpf(step)) * mp.mpf(step),
    surrogate=lambda mp, x, *, step: x,
    kinks=lambda step: tuple(step * (k + 0.5) for k in range(-8, 8)),
    ranges={"step": POSITIVE},
)
def round_ste(x: Array, *, step: float = 1.0) -> Array:
    """Rounding to multiples of a step, with the slope 1.

    Formula:
        round_ste(x) = step round(x / step), ties to even; the slope is 1

    Args:
        step: the distance of the levels. `.kinks` are the sixteen jumps next to 0.

    Example:
        >>> activax.round_ste(jnp.array([-1.7, 0.45, 2.6]))
        Array([-2.,  0.,  3.], dtype=float32)
        >>> float(jax.grad(activax.round_ste)(0.45))
        1.0

    Paper:
        Bengio, Léonard & Courville 2013, Estimating or Propagating Gradients Through Stochastic
        Neurons for Conditional Computation, arXiv:1308.3432.
    """
    if step == 1:
        return jnp.round(x)
    far = ~(magnitude(x / step) < 2.0**23)  # where the step is below the distance of the floats
    return jnp.where(far, x, round_ratio(x, step) * step)


@elementwise(
    lambda: 1.0,
    keep=lambda x, out: (),
    reference=lambda mp, x: mp.floor(x),
    surrogate=lambda mp, x: x,
    kinks=tuple(float(k) for k in range(-8, 9)),
    ulps=0,
)
def floor_ste(x: Array) -> Array:
    """Floor, with the slope 1.

    Formula:
        floor_ste(x) = floor(x); the slope is 1

    Args:
        x: an array of any shape and real dtype. `.kinks` are the seventeen jumps next to 0.

    Example:
        >>> activax.floor_ste(jnp.array([-1.7, 0.45, 2.6]))
        Array([-2.,  0.,  2.], dtype=float32)

    Paper:
        None; floor_ste of vector-quantize-pytorch.
    """
    return jnp.floor(x)


def _levels(bits: float) -> int:
    return 2 ** int(bits) - 1


def _ties(end: float, levels: int) -> list[float]:
    """Return the floats among end (k + 1/2) / levels; a tie between two floats is no input."""
    exact = [Fraction(end) * (2 * k + 1) / (2 * levels) for k in range(levels)]
    return [float(tie) for tie in exact if Fraction(float(tie)) == tie]


@elementwise(
    lambda inside, *, k_bit: choose(inside, 1.0, 0.0),
    keep=lambda x, out, *, k_bit: (flag(x, (x >= 0) & (x <= 1)),),
    lean=(
        from_piece(
            lambda x, *, k_bit: ~((x < 0) | (x > 1)),
            lambda inside, *, k_bit: jnp.where(inside, 1.0, 0.0),
        ),
    ),
    reference=lambda mp, x, *, k_bit: (
        mp.nint(_levels(k_bit) * min(max(x, mp.zero), mp.one)) / _levels(k_bit)
    ),
    surrogate=lambda mp, x, *, k_bit: min(max(x, mp.zero), mp.one),
    kinks=lambda k_bit: (0.0, *_ties(1.0, _levels(k_bit)), 1.0),
    ranges={"k_bit": UP_TO_8},
    ulps=1,
)
def dorefa_act(x: Array, *, k_bit: int = 2) -> Array:
    """Rounding to 2^k_bit levels between 0 and 1, with the slope of a clamp: DoReFa's activation.

    Formula:
        dorefa_act(x) = round(n min(max(x, 0), 1)) / n, n = 2^k_bit - 1, ties to even; the slope at
        0 and at 1 is 1, and the slopes are those of min(max(x, 0), 1)

    Args:
        k_bit: the bits of a level, a whole number.

    Example:
        >>> activax.dorefa_act(jnp.array([-0.2, 0.45, 0.81]))
        Array([0.        , 0.33333334, 0.6666667 ], dtype=float32)

    Paper:
        Zhou, Wu, Ni, Zhou, Wen & Zou 2016, DoReFa-Net: Training Low Bitwidth Convolutional Neural
        Networks with Low Bitwidth Gradients, arXiv:1606.06160.
    """
    n = 2 ** check_whole("dorefa_act", "k_bit", k_bit) - 1
    return round_ratio(clip(x, 0.0, 1.0), 1.0, n) / n


def _pact_reference(mp: Any, x: Any, alpha: Any, *, bits: float) -> Any:
    n = _levels(bits)
    return mp.nint(min(max(x, mp.zero), alpha) * n / alpha) * alpha / n


@elementwise(
    lambda x, alpha, *, bits: choose(flag(x, (x >= 0) & (x <= alpha)), 1.0, 0.0),
    lambda x, alpha, *, bits: choose(flag(x, x >= alpha), 1.0, 0.0),
    lean=(
        from_piece(
            lambda x, alpha, *, bits: ~((x < 0) | (x > alpha)),
            lambda inside, alpha, *, bits: jnp.where(inside, 1.0, 0.0),
        ),
    ),
    reference=_pact_reference,
    surrogate=lambda mp, x, alpha, *, bits: min(max(x, mp.zero), alpha),
    kinks=lambda alpha, bits: (0.0, *_ties(alpha, _levels(bits)), alpha),
    ranges={"alpha": POSITIVE, "bits": UP_TO_8},
)
def pact(x: Array, alpha: Array | float = 10.0, *, bits: int = 4) -> Array:
    """Rounding to 2^bits levels between 0 and a trained end, with the slope of a clamp: PACT.

    Formula:
        pact(x) = alpha round(n min(max(x, 0), alpha) / alpha) / n, n = 2^bits - 1, ties to even;
        the slope at a clamp is the inside one, and the slopes are those of min(max(x, 0), alpha)

    Args:
        alpha: the upper end; a number or an array that broadcasts against x. The paper has one a
            layer, with weight decay. Its slope is 1 for x >= alpha, and 0 elsewhere.
        bits: the bits of a level, a whole number.

    Example:
        >>> activax.pact(jnp.array([-1.7, 4.45, 12.6]))
        Array([ 0.      ,  4.666667, 10.      ], dtype=float32)

    Paper:
        Choi, Wang, Venkataramani, Chuang, Srinivasan & Gopalakrishnan 2018, PACT: Parameterized
        Clipping Activation for Quantized Neural Networks, arXiv:1805.06085.
    """
    n = 2 ** check_whole("pact", "bits", bits) - 1
    return alpha * (round_ratio(clip(x, 0.0, alpha), alpha, n) / n)


def _within(x: Array, step: Array, low: int, high: int) -> Array:
    return flag(x, (x >= low * step) & (x <= high * step))


def _lsq_slope_by_step(
    x: Array, step: Array, *, low: int, high: int, gradient_scale: float
) -> Array:
    end = jnp.where(x < 0, float(low), float(high))
    inside = whole_minus_ratio(_lsq_level(x, step, low, high), x, step)
    return gradient_scale * choose(_within(x, step, low, high), inside, end)


def _lsq_level(x: Array, step: Array | float, low: int, high: int) -> Array:
    return round_ratio(clip(x, low * step, high * step), step)


def _exact_level(mp: Any, x: Any, step: Any, low: int, high: int) -> Any:
    return min(max(mp.nint(x / step), low), high)


def _lsq_surrogate_by_step(
    mp: Any, x: Any, step: Any, *, low: int, high: int, gradient_scale: float
) -> Any:
    inside = low * step <= x <= high * step
    level = _exact_level(mp, x, step, low, high)
    return gradient_scale * (level * step - (x * mp.log(step) if inside else 0))


def _lsq_kinks(step: float, low: int, high: int) -> tuple[float, ...]:
    """Return the jumps that are floats, of the ends and of the ties between levels."""
    halves = range(2 * low + 1, 2 * high, 2)
    exact = [Fraction(step) * n / 2 for n in (2 * low, *halves, 2 * high)]
    return tuple(float(jump) for jump in exact if Fraction(float(jump)) == jump)


@elementwise(
    lambda x, step, *, low, high, **others: choose(_within(x, step, low, high), 1.0, 0.0),
    _lsq_slope_by_step,
    lean=(
        from_piece(
            lambda x, step, *, low, high, **others: ~((x < low * step) | (x > high * step)),
            lambda inside, step, **statics: jnp.where(inside, 1.0, 0.0),
        ),
    ),
    reference=lambda mp, x, step, *, low, high, gradient_scale: (
        _exact_level(mp, x, step, low, high) * step
    ),
    surrogate=(
        lambda mp, x, step, *, low, high, gradient_scale: min(max(x, low * step), high * step),
        _lsq_surrogate_by_step,
    ),
    kinks=_lsq_kinks,
    ranges={
        "step": POSITIVE,
        "low": Range(-MOST, 0.0),
        "high": Range(1.0, MOST),
        "gradient_scale": POSITIVE,
    },
)
def lsq(
    x: Array,
    step: Array | float = 0.25,
    *,
    low: int = 0,
    high: int = 15,
    gradient_scale: float = 1.0,
) -> Array:
    """Rounding to multiples of a trained step between two clamps: learned step size quantization.

    Formula:
        lsq(x) = step round(min(max(x / step, low), high)), ties to even; the slope at a clamp is
        the inside one. The slope by x is 1 between the clamps; the slope by the step is
        round(x / step) - x / step there, and low or high outside, times gradient_scale

    Args:
        step: the distance of the levels; a number or an array that broadcasts against x. The paper
            begins with 2 mean(|x|) / sqrt(high), one a layer, or one a channel of weights.
        low: the lowest level, a whole number: 0, or -2^(bits - 1) where x has both signs.
        high: the highest level, a whole number: 2^bits - 1, or 2^(bits - 1) - 1.
        gradient_scale: a factor on the slope by the step alone. The paper takes
            1 / sqrt(n high), where n elements share a step.

    Example:
        >>> activax.lsq(jnp.array([-0.7, 1.45, 5.1]))
        Array([0.  , 1.5 , 3.75], dtype=float32)
        >>> float(jax.grad(activax.lsq, 1)(1.375, 0.25, gradient_scale=0.1))  # (6 - 5.5) / 10
        0.05000000074505806

    Paper:
        Esser, McKinstry, Bablani, Appuswamy & Modha 2020, Learned Step Size Quantization,
        arXiv:1902.08153.
    """
    low, high = (check_whole("lsq", n, v) for n, v in {"low": low, "high": high}.items())
    return step * _lsq_level(x, step, low, high)


dorefa, lsq_act = dorefa_act, lsq
