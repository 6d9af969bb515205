"""Rectifiers with random slopes and random shifts."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.ranges import NOT_NEGATIVE, POSITIVE
from activax.core.residuals import from_piece
from activax.numerics.selects import choose, flag, limit_product, negative_part
from activax.numerics.transcendental import logistic

__all__ = ["noisy_relu", "nrelu", "probact", "rrelu", "rrelu_paper", "rt_relu"]


def _share(key: Array | None, dtype: Any, *operands: Any) -> Array | float:
    """Return the place of each slope between its ends: uniform in [0, 1), or 1/2 without a key."""
    if key is None:
        return 0.5
    shape = jnp.broadcast_shapes(*map(jnp.shape, operands))
    return jnp.asarray(jax.random.uniform(key, shape, jnp.float32), dtype)


def _between(lower: Any, upper: Any, share: Array | float) -> Any:
    return lower + (upper - lower) * share


def _drawn_slope(positive: Array, key: Array | None, lower: Array, upper: Array) -> Array:
    share = _share(key, lower.dtype, positive, lower, upper)
    return jnp.where(positive, 1.0, _between(lower, upper, share))


def _kept(x: Array, key: Array | None, lower: Array, upper: Array, out: Array) -> tuple[Any, ...]:
    """Return x, the key, both ends (without a key, the middle twice) and the piece of x.

    The key draws the same slopes again, so the backward pass keeps one byte an element.
    """
    ends = (lower, upper) if key is not None else (_between(lower, upper, 0.5),) * 2
    return (x, key, *ends, flag(x, x > 0))


def _slope_by_x(x: Array, key: Array | None, lower: Array, upper: Array, positive: Array) -> Array:
    below = lower if key is None else _drawn_slope(positive > 0, key, lower, upper)
    return choose(positive, 1.0, below)


def _by_lower(x: Array, key: Array | None, lower: Array, upper: Array, positive: Array) -> Array:
    return limit_product(negative_part(x), 1 - _share(key, x.dtype, x, lower, upper))


def _by_upper(x: Array, key: Array | None, lower: Array, upper: Array, positive: Array) -> Array:
    return limit_product(negative_part(x), _share(key, x.dtype, x, lower, upper))


@elsewhere({"torch tfa": "rrelu"}, jax="jax.nn.leaky_relu(x, 11 / 48)")
@elementwise(
    _slope_by_x,
    _by_lower,
    _by_upper,
    keep=_kept,
    lean=(from_piece(lambda x, key, lower, upper: x > 0, _drawn_slope),),
    reference=lambda mp, x, key, lower, upper: x + min(x, 0) * ((lower + upper) / 2 - 1),
    kinks=(0.0,),
    ulps=1,
    keys=("key",),
)
def rrelu(
    x: Array,
    key: Array | None = None,
    lower: Array | float = 1 / 8,
    upper: Array | float = 1 / 3,
) -> Array:
    """Randomised leaky rectifier: each element draws its slope below 0 in training.

    Formula:
        rrelu(x) = x if x >= 0 else a x, where a is uniform between lower and upper with a key, and
        (lower + upper) / 2 without; the slope at 0 is the left one; torch's form (the paper divides
        by a in [3, 8])

    Args:
        key: a PRNG key, or None for evaluation.
        lower: one end of the slopes; a number or an array that broadcasts against x.
        upper: the other end, likewise. The slope with respect to each end is right for the drawn
            place between them.

    Example:
        >>> activax.rrelu(jnp.array([-1.0, 2.0]))
        Array([-0.22916667,  2.        ], dtype=float32)
        >>> activax.rrelu(jnp.array([-1.0, 2.0]), jax.random.key(0), lower=0.5, upper=0.5)
        Array([-0.5,  2. ], dtype=float32)

    Paper:
        Xu, Wang, Chen & Li 2015, Empirical Evaluation of Rectified Activations in Convolutional
        Network, arXiv:1505.00853.
    """
    slope = _between(lower, upper, _share(key, x.dtype, x, lower, upper))
    return jnp.where(x >= 0, x, limit_product(x, slope))


def _divisor(key: Array | None, lower: Array | float, upper: Array | float, x: Array) -> Array:
    return _between(lower, upper, _share(key, x.dtype, x, lower, upper))


def _over_divisor(x: Array, key: Array | None, lower: Array, upper: Array) -> Array:
    return choose(flag(x, x > 0), 1.0, 1 / _divisor(key, lower, upper, x))


def _inverse_slope(positive: Array, key: Array | None, lower: Array, upper: Array) -> Array:
    return 1 / _drawn_slope(positive, key, lower, upper)


def _by_divisor(x: Array, key: Array | None, lower: Array, upper: Array) -> Array:
    divisor = _divisor(key, lower, upper, x)
    return -negative_part(x) / divisor / divisor


@elementwise(
    _over_divisor,
    lambda x, key, lower, upper: (
        _by_divisor(x, key, lower, upper) * (1 - _share(key, x.dtype, x, lower, upper))
    ),
    lambda x, key, lower, upper: (
        _by_divisor(x, key, lower, upper) * _share(key, x.dtype, x, lower, upper)
    ),
    lean=(from_piece(lambda x, key, lower, upper: x > 0, _inverse_slope),),
    reference=lambda mp, x, key, lower, upper: max(x, 0) + 2 * min(x, 0) / (lower + upper),
    kinks=(0.0,),
    keys=("key",),
    ranges={"lower": POSITIVE, "upper": POSITIVE},
)
def rrelu_paper(
    x: Array, key: Array | None = None, lower: Array | float = 3.0, upper: Array | float = 8.0
) -> Array:
    """Randomised leaky rectifier as published: each element draws a divisor below 0 in training.

    `activax.rrelu` is torch's form, which multiplies.

    Formula:
        rrelu_paper(x) = x if x >= 0 else x / a, where a is uniform between lower and upper with a
        key, and (lower + upper) / 2 without; the slope at 0 is the left one

    Args:
        key: a PRNG key, or None for evaluation.
        lower: one end of the divisors; a number or an array that broadcasts against x.
        upper: the other end, likewise.

    Example:
        >>> activax.rrelu_paper(jnp.array([-5.5, 2.0]))
        Array([-1.,  2.], dtype=float32)

    Paper:
        Xu, Wang, Chen & Li 2015, Empirical Evaluation of Rectified Activations in Convolutional
        Network, arXiv:1505.00853.
    """
    return jnp.where(x >= 0, x, x / _divisor(key, lower, upper, x))


def _normal(key: Array | None, x: Array, *parameters: Array | float) -> Array | float:
    """Return standard normal noise for each element, or 0 without a key."""
    if key is None:
        return 0.0
    shape = jnp.broadcast_shapes(*map(jnp.shape, (x, *parameters)))
    return jnp.asarray(jax.random.normal(key, shape, jnp.float32), x.dtype)


def _with_sigmoid_noise(x: Array, key: Array | None) -> Array:
    return x + _normal(key, x) * jnp.sqrt(logistic(x))


@elementwise(
    lambda x, key: choose(
        flag(x, _with_sigmoid_noise(x, key) > 0),
        1 + _normal(key, x) * (jnp.sqrt(logistic(x)) * logistic(-x) / 2),
        0.0,
    ),
    reference=lambda mp, x, key: max(x, mp.zero),
    kinks=(0.0,),
    keys=("key",),
)
def noisy_relu(x: Array, key: Array | None = None) -> Array:
    """Noisy rectified linear unit: Gaussian noise whose variance is the sigmoid of the input.

    Formula:
        noisy_relu(x) = max(x + sqrt(sigmoid(x)) e, 0), where e is standard normal noise with a key,
        and 0 without; the slope at 0 is 0

    Args:
        key: a PRNG key, or None for evaluation.

    Example:
        >>> activax.noisy_relu(jnp.array([-1.0, 2.0]))
        Array([0., 2.], dtype=float32)

    Paper:
        Nair & Hinton 2010, Rectified Linear Units Improve Restricted Boltzmann Machines.
    """
    return jnp.maximum(_with_sigmoid_noise(x, key), 0)


@elementwise(
    lambda x, key, sigma: choose(flag(x, x > 0), 1.0, 0.0),
    lambda x, key, sigma: _normal(key, x, sigma),
    lean=(from_piece(lambda x, key, sigma: x > 0, lambda on, key, sigma: jnp.where(on, 1.0, 0.0)),),
    reference=lambda mp, x, key, sigma: max(x, mp.zero),
    kinks=(0.0,),
    keys=("key",),
)
def probact(x: Array, key: Array | None = None, sigma: Array | float = 1.0) -> Array:
    """Rectified linear unit plus Gaussian noise of a trained size: ProbAct.

    Formula:
        probact(x) = max(x, 0) + sigma e, where e is standard normal noise with a key, and 0
        without; the slope at 0 is 0

    Args:
        key: a PRNG key, or None for evaluation.
        sigma: the deviation of the noise; a number or an array that broadcasts against x. Its slope
            is the noise.

    Example:
        >>> activax.probact(jnp.array([-1.0, 2.0]))
        Array([0., 2.], dtype=float32)

    Paper:
        Shridhar, Lee, Hayashi, Mehta, Iwana, Kang, Uchida, Ahmed & Dengel 2019, ProbAct: A
        Probabilistic Activation Function for Deep Neural Networks, arXiv:1905.10761.
    """
    return jnp.maximum(x, 0) + sigma * _normal(key, x, sigma)


def _shifted(x: Array, key: Array | None, sigma: Array | float) -> Array:
    return x + sigma * _normal(key, x, sigma)


@elementwise(
    lambda x, key, sigma: choose(flag(x, _shifted(x, key, sigma) > 0), 1.0, 0.0),
    lambda x, key, sigma: (
        choose(flag(x, _shifted(x, key, sigma) > 0), 1.0, 0.0) * _normal(key, x, sigma)
    ),
    reference=lambda mp, x, key, sigma: max(x, mp.zero),
    kinks=(0.0,),
    keys=("key",),
    ranges={"sigma": NOT_NEGATIVE},
)
def rt_relu(x: Array, key: Array | None = None, sigma: Array | float = 0.75) -> Array:
    """Rectified linear unit of an input that is randomly shifted in training: RT-ReLU.

    Formula:
        rt_relu(x) = max(x + sigma e, 0), where e is standard normal noise with a key, and 0
        without; the slope at 0 is 0

    Args:
        key: a PRNG key, or None for evaluation.
        sigma: the deviation of the shifts; a number or an array that broadcasts against x.

    Example:
        >>> activax.rt_relu(jnp.array([-1.0, 2.0]))
        Array([0., 2.], dtype=float32)

    Paper:
        Cao, Pang, Li & Liang 2018, Randomly translational activation inspired by the input
        distributions of ReLU.
    """
    return jnp.maximum(_shifted(x, key, sigma), 0)


nrelu = noisy_relu
