"""Gaussian moments of an activation, and the gains that follow from them."""

import functools
import math
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from activax.core.activation import Activation
from activax.core.notebook import displayed
from activax.theory.breakpoints import breakpoints
from activax.theory.quadrature import (
    FARTHEST,
    REACH,
    check_variance,
    expectations,
    warn_if_inaccurate,
)
from activax.theory.sampling import ScalarFunction, sampler


@displayed
class Moments(NamedTuple):
    """Moments of f(x), for an activation f and a normal x of mean 0 and variance q.

    Attributes:
        mean: E f(x).
        second: E f(x)^2.
        fourth: E f(x)^4.
        variance: E (f(x) - mean)^2.
        growth: d/dq E f(x)^2, the factor of a small change of the variance.
        slope: E f'(x)^2.
        curvature: E f''(x)^2; inf where the slope jumps.
        error: the largest estimated error of these moments, relative to the mean of the absolute
            integrand.
    """

    mean: float
    second: float
    fourth: float
    variance: float
    growth: float
    slope: float
    curvature: float
    error: float


# moments_at(q) -> the fields of Moments without `error`, and the error of each field.
MomentsAt = Callable[[float], tuple[list[float], list[float]]]


def moments(activation: ScalarFunction, q: float = 1.0) -> Moments:
    """Return the Gaussian moments of an activation, to about 14 digits.

    Adaptive Gauss-Legendre panels compute them in float64, also in a float32 program and inside
    `jax.jit`. Kinks need not be declared: panels close in on them. Two things go unseen: a feature
    that lies between sample points, which are 0.01 apart near 0, and the rounding of a float32
    number that the function holds in a closure.

    Formula:
        moments(f, q) = E f(x), E f(x)^2, ...; x normal of mean 0 and variance q

    Args:
        activation: an elementwise Activation, or any function of an array that acts on each
            element. For a bound array the result is the mean over its elements.
        q: the variance of the pre-activation, positive.

    Returns:
        Python numbers, as `Moments`. A moment that diverges or exceeds float64 is inf. The slope
        is the one that JAX takes; for a spiking neuron that is its surrogate.

    Raises:
        TypeError: the activation is not elementwise, or depends on traced values.
        ValueError: q is not positive and finite, or the activation is NaN within 12 standard
            deviations of 0.

    Warns:
        UserWarning: the estimated error is above 1e-10.

    Example:
        >>> activax.theory.moments(activax.relu).second
        0.5
        >>> round(activax.theory.moments(activax.tanh, q=10.0).slope, 12)
        0.16557242077
        >>> activax.theory.moments(lambda x: jnp.maximum(x, 0.3)).curvature
        inf

    Paper:
        Poole et al. 2016, Exponential expressivity in deep neural networks through transient chaos,
        arXiv:1606.05340.
    """
    values, errors = moments_of("moments", activation, 2)(float(q))
    warn_if_inaccurate("moments", activation, max(errors))
    return Moments._make([*values, max(errors)])


SECOND = Moments._fields.index("second")


def second_moment(activation: ScalarFunction, q: float = 1.0) -> float:
    """Return E activation(x)^2 for a normal x of variance q, without evaluating slopes.

    Args:
        activation: as for `moments`.
        q: the variance of the pre-activation, positive.

    Returns:
        A Python number.

    Raises:
        TypeError: as for `moments`.
        ValueError: as for `moments`.

    Example:
        >>> activax.theory.second_moment(activax.relu)
        0.5
    """
    values, errors = moments_of("second_moment", activation, 0)(float(q))
    warn_if_inaccurate("second_moment", activation, errors[SECOND])
    return values[SECOND]


Kind = Literal["forward", "backward", "variance"]
# For each kind of gain: the moment that the gain brings to 1, and the derivatives that it needs.
GAINS: dict[str, tuple[str, int]] = {
    "forward": ("second", 0),
    "backward": ("slope", 1),
    "variance": ("variance", 0),
}


def gain(activation: ScalarFunction | float, kind: Kind = "forward") -> float:
    """Return the factor for weights that read an activation's output, which undoes its scale.

    - "forward": pre-activations of second moment 1 lead to second moment 1 in the next layer.
    - "variance": the variance stays 1 where a normalisation subtracts the mean.
    - "backward": gradients keep their second moment.

    Formula:
        gain(f) = 1 / sqrt(E f(z)^2), z standard normal; sqrt(2) for relu, as in He et al.;
        kind "backward": 1 / sqrt(E f'(z)^2); kind "variance": 1 / sqrt(Var f(z));
        gated unit f(gate) g(value) with independent gate and value: gain(f) gain(g)

    A gain keeps the scale of one pass only. For gelu and silu the second moment 1 is an unstable
    fixed point, so in a very deep network a gain does not even keep that; see `critical`.

    Args:
        activation: an elementwise or gated Activation, any function that acts on each element, or a
            number, which is returned unchanged.
        kind: "forward", "backward" or "variance"; for a gated unit only "forward".

    Returns:
        A Python number.

    Raises:
        TypeError: the activation is neither elementwise nor gated.
        ValueError: the kind is unknown, or the number or the moment of the activation is not
            positive and finite.

    Example:
        >>> round(activax.theory.gain(activax.relu), 12)
        1.414213562373
        >>> round(activax.theory.gain(activax.tanh), 5)
        1.59254
        >>> round(activax.theory.gain(activax.sigmoid, kind="variance"), 5)
        4.80131
        >>> round(activax.theory.gain(activax.reglu), 12)  # the value's gain is 1
        1.414213562373

    Paper:
        He, Zhang, Ren & Sun 2015, Delving Deep into Rectifiers, arXiv:1502.01852.
    """
    if kind not in GAINS:
        raise ValueError(f"gain: kind must be {', '.join(map(repr, GAINS))}; got {kind!r}")
    if isinstance(activation, str):
        raise TypeError(f"gain: needs a function or a number; use activax.get({activation!r})")
    if not callable(activation):
        value = float(activation)
        if not (0 < value < math.inf):
            raise ValueError(f"gain: a number must be positive and finite; got {value}")
        return value
    if isinstance(activation, Activation) and activation.factors:
        if kind != "forward":
            raise ValueError(
                f"gain: for a gated unit such as {activation!r} kind must be 'forward'; got "
                f"{kind!r}"
            )
        return math.prod(gain(factor) for factor in activation.factors)
    name, orders = GAINS[kind]
    index = Moments._fields.index(name)
    values, errors = moments_of("gain", activation, orders)(1.0)
    warn_if_inaccurate("gain", activation, errors[index])
    moment = values[index]
    if not (0 < moment < math.inf):
        raise ValueError(
            f"gain: {activation!r} has no gain of kind {kind!r}, since its {name} is {moment}; "
            "pass a number instead"
        )
    return 1 / math.sqrt(moment)


def moments_of(caller: str, activation: ScalarFunction, orders: int) -> MomentsAt:
    """Return a function of q with the fields of Moments that `orders` derivatives suffice for.

    The function caches its results. A static activation always gets the same function, so that all
    callers share the cache.
    """
    static = isinstance(activation, Activation) and not activation.arrays
    return (_static_moments_of if static else _moments_of)(caller, activation, orders)


def _moments_of(caller: str, activation: ScalarFunction, orders: int) -> MomentsAt:
    sample = sampler(caller, activation, orders)
    at_zero = float(sample(np.zeros(1))[0].mean())
    origin = at_zero if math.isfinite(at_zero) else 0.0
    rough: list[float] = []
    kinks = activation.kinks if isinstance(activation, Activation) else ()
    if orders == 2:
        found = breakpoints(activation)
        kinks = tuple(point.x for point in found)
        rough = [point.x for point in found if point.order < 2]

    def integrands(
        q: float, z: np.ndarray, fourth_root: np.ndarray, samples: np.ndarray
    ) -> np.ndarray:
        value, *derivatives = samples
        moved = value - origin  # subtracting f(0) keeps the digits of a small variance
        # d/dq E f(x)^2 = E (f(x)^2 - f(0)^2) (z^2 - 1) / (2 q), by parts; it also holds if f jumps.
        # Since E z^2 - 1 = 0, the constant f(0)^2 changes only the rounding.
        change = (fourth_root * moved) * (fourth_root * (value + origin)) * fourth_root**2
        return np.stack([
            moved * fourth_root**4,
            _square(value, fourth_root),
            (fourth_root * value) ** 4,
            _square(moved, fourth_root),
            change * (z * z - 1) / (2 * q),
            *(_square(derivative, fourth_root) for derivative in derivatives),
        ])  # fmt: skip

    @functools.lru_cache(maxsize=128)
    def at(q: float) -> tuple[list[float], list[float]]:
        check_variance(caller, q)
        values, errors = expectations(sample, functools.partial(integrands, q), q, kinks)
        if np.isnan(values).any():
            raise ValueError(
                f"{caller}: {activation!r} has no moments at q={q}: it, or its slope, is NaN "
                f"within {REACH:.0f} standard deviations of 0"
            )
        moved, second, fourth, spread, *rest = map(float, values)
        if any(abs(x) < FARTHEST * math.sqrt(q) for x in rough):
            rest[-1], errors[-1] = math.inf, 0.0
        variance = max(spread - moved**2, 0.0) if math.isfinite(spread) else math.inf
        return [origin + moved, second, fourth, variance, *rest], errors.tolist()

    return at


_static_moments_of = functools.lru_cache(maxsize=256)(_moments_of)


def _square(value: np.ndarray, fourth_root: np.ndarray) -> np.ndarray:
    """Return value^2 fourth_root^4, which may be finite where value^2 overflows."""
    return (fourth_root * value) ** 2 * fourth_root**2
