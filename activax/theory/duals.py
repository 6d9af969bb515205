"""The dual of an activation: what it does to the correlation of two inputs."""

import dataclasses
import functools
import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike

from activax.core.arguments import cast, inexact_dtype
from activax.theory.closed_forms import closed_form
from activax.theory.correlation import correlation
from activax.theory.dual_series import fit_series
from activax.theory.moments import Moments, moments_of
from activax.theory.quadrature import check_variance, warn_if_inaccurate
from activax.theory.sampling import ScalarFunction


@dataclasses.dataclass(frozen=True, eq=False)
class Dual:
    """The dual activation, a function of the correlation; see `dual`.

    Attributes:
        activation: the activation f.
        q1: the variance of u.
        q2: the variance of v.
        closed: whether it is a closed form; else it is a series.
        error: the largest estimated error of the series, relative to sqrt(E f(u)^2 E f(v)^2), or
            that of the slopes; 0 for a closed form.
    """

    activation: ScalarFunction
    q1: float
    q2: float
    closed: bool
    error: float
    _product: Callable[[Array], Array] = dataclasses.field(repr=False)
    _slopes: Callable[[Array], Array] = dataclasses.field(repr=False)

    def __call__(self, rho: ArrayLike) -> Array:
        """E f(u) f(v) at a correlation."""
        return self._evaluate(self._product, rho)

    def derivative(self, rho: ArrayLike) -> Array:
        """Its derivative in the correlation; where infinite, at 1 and -1 if f jumps, it is 0."""

        def derivative(rho: Array) -> Array:
            return jax.jvp(self._product, (rho,), (jnp.ones_like(rho),))[1]

        return self._evaluate(derivative, rho)

    def slopes(self, rho: ArrayLike) -> Array:
        """E f'(u) f'(v) with the slopes that JAX takes, which a tangent kernel needs.

        The derivative is sqrt(q1 q2) times it, unless f jumps or its slope is a surrogate.
        """
        return self._evaluate(self._slopes, rho)

    def _evaluate(self, function: Callable[[Array], Array], rho: ArrayLike) -> Array:
        return cast(function(correlation("dual", rho)), inexact_dtype(jnp.asarray(rho).dtype))


def dual(activation: ScalarFunction, q1: float = 1.0, q2: float | None = None) -> Dual:
    """The dual activation: the covariance of two outputs, by the correlation of the inputs.

    A closed form for those linear on each side of 0 (relu, leaky_relu, abs ...), relu_squared,
    gelu, step at 0 and exponential, and of JAX for sin, cos, exp, erf, sign, abs, square and
    jax.nn.relu. For all others quadrature in float64 makes, in about a second, a Chebyshev series
    in the angle arccos(rho); also in a float32 program and, while tracing, in `jax.jit`. For an
    activation without bound arrays it is made once.

    Formula:
        dual(f)(rho) = E f(u) f(v); u and v normal of mean 0, variances q1 and q2, and correlation
        rho. Its derivative in rho is sqrt(q1 q2) E f'(u) f'(v) where f does not jump

    Args:
        activation: an elementwise Activation, or any function of an array that acts on each
            element. For a bound array the result is the mean over its elements.
        q1: the variance of u, positive.
        q2: that of v; None is q1.

    Returns:
        `Dual`, a function of an array of correlations, in JAX, with `derivative` and `slopes`. It
        returns the dtype that it is given; `jax.grad` is right at 1 and -1 too. Second derivatives
        of a series have about 6 digits. A correlation beyond 1 in size is an error, or if traced
        counts as 1.

    Raises:
        TypeError: an activation that is not elementwise, or that depends on traced values.
        ValueError: a variance that is not positive and finite, or an activation whose E f^2 or
            E f'^2 is not.

    Warns:
        UserWarning: the estimated error is above 1e-10.

    Example:
        >>> kappa = activax.theory.dual(activax.relu)
        >>> kappa(jnp.array([-1.0, 0.0, 1.0]))
        Array([0.        , 0.15915494, 0.5       ], dtype=float32)
        >>> kappa.derivative(jnp.array([-1.0, 0.0, 1.0]))
        Array([0.  , 0.25, 0.5 ], dtype=float32)
        >>> round(float(jax.grad(activax.theory.dual(activax.tanh))(1.0)), 6)
        0.464403

    Paper:
        Daniely, Frostig & Singer 2016, Toward Deeper Understanding of Neural Networks: The Power of
        Initialization and a Dual View on Expressivity, arXiv:1602.05897.
    """
    return dual_of("dual", activation, float(q1), float(q1 if q2 is None else q2))


def dual_of(caller: str, activation: ScalarFunction, q1: float, q2: float) -> Dual:
    """`dual`, for a caller."""
    for q in (q1, q2):
        check_variance(caller, q)
        values, _ = moments_of(caller, activation, 1)(q)
        for name in ("second", "slope"):
            moment = values[Moments._fields.index(name)]
            if not math.isfinite(moment):
                raise ValueError(
                    f"{caller}: {activation!r} has no kernel at q={q}, since its {name} is "
                    f"{moment}; take a smaller variance, or an activation that grows less"
                )
    form, error = closed_form(activation), 0.0
    if form is None or form.slopes is None:
        table = fit_series(caller, activation, q1, q2)
        error = table.error
        warn_if_inaccurate(caller, activation, error)
    product = functools.partial(form.product, q1, q2) if form else table.product
    slopes = functools.partial(form.slopes, q1, q2) if form and form.slopes else table.slopes
    return Dual(activation, q1, q2, form is not None, error, product, slopes)
