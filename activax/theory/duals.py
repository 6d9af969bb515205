"""The dual of an activation: the covariance of two outputs by the correlation of two inputs."""

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
    """A dual activation: a function of the correlation; see `dual`.

    Attributes:
        activation: the activation f.
        q1: the variance of u.
        q2: the variance of v.
        closed: True for a closed form, False for a series.
        error: the largest estimated error of the series, relative to sqrt(E f(u)^2 E f(v)^2), and
            of the series of the slopes, relative to sqrt(E f'(u)^2 E f'(v)^2); 0 for closed forms.
    """

    activation: ScalarFunction
    q1: float
    q2: float
    closed: bool
    error: float
    _product: Callable[[Array], Array] = dataclasses.field(repr=False)
    _slopes: Callable[[Array], Array] = dataclasses.field(repr=False)

    def __call__(self, rho: ArrayLike) -> Array:
        """Return E f(u) f(v) at the correlation `rho`."""
        return self._evaluate(self._product, rho)

    def derivative(self, rho: ArrayLike) -> Array:
        """Return the derivative in the correlation.

        If f jumps, the derivative at 1 and -1 is infinite, and 0 is returned there.
        """

        def derivative(rho: Array) -> Array:
            return jax.jvp(self._product, (rho,), (jnp.ones_like(rho),))[1]

        return self._evaluate(derivative, rho)

    def slopes(self, rho: ArrayLike) -> Array:
        """Return E f'(u) f'(v) with the slopes that JAX takes, as a tangent kernel needs them.

        The derivative is sqrt(q1 q2) E f'(u) f'(v), unless f jumps or its slope is a surrogate.
        """
        return self._evaluate(self._slopes, rho)

    def _evaluate(self, function: Callable[[Array], Array], rho: ArrayLike) -> Array:
        return cast(function(correlation("dual", rho)), inexact_dtype(jnp.asarray(rho).dtype))


def dual(activation: ScalarFunction, q1: float = 1.0, q2: float | None = None) -> Dual:
    """Return the dual activation: the covariance of two outputs by the correlation of the inputs.

    There are closed forms for

    - activations that are linear on each side of 0 (relu, leaky_relu, abs ...);
    - relu_squared, gelu, step at 0 and exponential;
    - these functions of JAX: sin, cos, exp, erf, sign, abs, square and jax.nn.relu.

    For other functions quadrature in float64 makes a Chebyshev series in the angle arccos(rho). It
    takes about a second, also in a float32 program and inside `jax.jit`. The series of an
    activation without bound arrays is made once.

    Formula:
        dual(f)(rho) = E f(u) f(v), where u and v are normal of mean 0, variances q1 and q2, and
        correlation rho; if f does not jump, its derivative is sqrt(q1 q2) E f'(u) f'(v)

    Args:
        activation: an elementwise Activation, or any function of an array that acts on each
            element. For a bound array the result is the mean over its elements.
        q1: the variance of u, positive.
        q2: the variance of v, positive; None stands for q1.

    Returns:
        `Dual`, a JAX function of an array of correlations, with `derivative` and `slopes`. The
        result has the dtype of the correlations. `jax.grad` is right at 1 and -1 too; second
        derivatives of a series have about 6 digits. A correlation beyond 1 in size raises
        ValueError; a traced one is clipped.

    Raises:
        TypeError: the activation is not elementwise, or depends on traced values.
        ValueError: a variance is not positive and finite, or E f^2 or E f'^2 is not finite.

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
    """Return `dual(activation, q1, q2)`, with errors in the name of `caller`."""
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
        series = fit_series(caller, activation, q1, q2)
        error = series.error
        warn_if_inaccurate(caller, activation, error)
    product = functools.partial(form.product, q1, q2) if form else series.product
    slopes = functools.partial(form.slopes, q1, q2) if form and form.slopes else series.slopes
    return Dual(activation, q1, q2, form is not None, error, product, slopes)
