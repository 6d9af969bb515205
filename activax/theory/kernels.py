"""Kernels of wide, fully connected networks: that of the Gaussian process, and the tangent one."""

import dataclasses
import math
import operator
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.typing import ArrayLike

from activax.core.arguments import cast, compute_dtype, inexact_dtype, real
from activax.numerics.selects import root
from activax.theory.closed_forms import closed_form
from activax.theory.correlation import CORRELATION_ULPS
from activax.theory.duals import dual_of
from activax.theory.moments import second_moment
from activax.theory.quadrature import check_variance
from activax.theory.sampling import ScalarFunction, sampler

# From the variances of rows and columns, which broadcast, and their correlations.
Expectation = Callable[[Any, Any, Array], Array]


@dataclasses.dataclass(frozen=True, eq=False)
class Kernel:
    """A kernel of inputs in JAX; see `nngp` and `ntk`.

    Attributes:
        activation: that between the layers.
        depth: the number of hidden layers.
        sigma_w: the scale of the weights.
        sigma_b: the scale of the biases.
        q: the variance of the first pre-activations that all inputs must have, or None.
        error: the largest estimated error of the series of a layer; 0 for closed forms.
    """

    activation: ScalarFunction
    depth: int
    sigma_w: float
    sigma_b: float
    q: float | None
    error: float
    _caller: str = dataclasses.field(repr=False)
    _tangent: bool = dataclasses.field(repr=False)
    # E f(u) f(v) and, of a tangent kernel, E f'(u) f'(v) of each layer.
    _layers: tuple[tuple[Expectation, Expectation | None], ...] = dataclasses.field(repr=False)

    def __call__(self, x1: ArrayLike, x2: ArrayLike | None = None) -> Array:
        """The kernel of the rows of x1 and those of x2, or of x1 if there is no x2.

        Args:
            x1: (n1, features), real.
            x2: (n2, features), or None.

        Returns:
            (n1, n2), in the dtype of the inputs; 16 bits are computed in 32.

        Raises:
            TypeError: complex inputs.
            ValueError: inputs of another rank or of different widths; if q is given, rows whose
                first pre-activations have another variance. Traced rows are taken as if scaled to
                it.
        """
        one, two = self._rows("x1", x1), self._rows("x2", x1 if x2 is None else x2)
        if one.shape[1] != two.shape[1]:
            raise ValueError(
                f"{self._caller}: x1 and x2 must have the same number of features; got the shapes "
                f"{one.shape} and {two.shape}"
            )
        dtype = jnp.result_type(one.dtype, two.dtype)
        one, two = (cast(x, compute_dtype(dtype)) for x in (one, two))
        return cast(self._between(one, two, x2 is None), dtype)

    def _rows(self, name: str, x: ArrayLike) -> Array:
        """Real rows in a floating dtype, whose first pre-activations have the variance q."""
        rows = real(self._caller, name, x)
        if rows.ndim != 2 or rows.shape[1] == 0:
            raise ValueError(
                f"{self._caller}: {name} must have the shape (inputs, features), with features; "
                f"got {rows.shape}"
            )
        rows = cast(rows, inexact_dtype(rows.dtype))
        if self.q is not None and not isinstance(x, jax.core.Tracer):
            given = np.asarray(x, float)
            found = self.sigma_w**2 * np.mean(given * given, -1) + self.sigma_b**2
            wrong = np.abs(found / self.q - 1) > float(jnp.finfo(rows.dtype).eps) ** 0.5
            for row in np.flatnonzero(wrong):
                raise ValueError(
                    f"{self._caller}: sigma_w^2 |x|^2 / features + sigma_b^2 must be q={self.q} "
                    f"for every input; that of {name}[{row}] is {found[row]}. Scale the "
                    "inputs to one norm, and pass the q that belongs to it."
                )
        return rows

    def _variance(self, x: Array) -> Array:
        """That of the first pre-activations, (n, 1)."""
        return self.sigma_w**2 * jnp.mean(x * x, -1, keepdims=True) + self.sigma_b**2

    def _between(self, x1: Array, x2: Array, itself: bool) -> Array:
        weights, biases = self.sigma_w**2, self.sigma_b**2
        products = jnp.matmul(x1, x2.T, precision=lax.Precision.HIGHEST) / x1.shape[1]
        kernel = tangent = weights * products + biases
        rows, columns = self._variance(x1), self._variance(x2).T
        for product, slopes in self._layers:
            rho = _settled(kernel * (_inverse_root(rows) * _inverse_root(columns)))
            if itself:
                # An input that is NaN is not like itself either.
                same = jnp.eye(len(rho), dtype=bool) & ~jnp.isnan(rho)
                rho = jnp.where(same, 1, rho)
            kernel = weights * product(rows, columns, rho) + biases
            if slopes:
                tangent = kernel + weights * slopes(rows, columns, rho) * tangent
            rows, columns = (
                weights * product(q, q, jnp.ones_like(q)) + biases for q in (rows, columns)
            )
        return tangent if self._tangent else kernel


def nngp(
    activation: ScalarFunction,
    *,
    depth: int,
    sigma_w: float,
    sigma_b: float = 0.0,
    q: float | None = None,
) -> Kernel:
    """The kernel of the Gaussian process that a random, wide, fully connected network is.

    The covariance of one output, over the random weights, of the network that reads each input by a
    dense layer, has `depth` hidden layers f(h) and ends with a dense layer: in neural-tangents
    serial(Dense, f, Dense, f, ..., Dense), with as many f as `depth`.

    Formula:
        K_0(x, y) = sigma_w^2 x.y / features + sigma_b^2;
        K_l(x, y) = sigma_w^2 E f(u) f(v) + sigma_b^2, l = 1 ... depth, where u and v are normal
        with the variances K_{l-1}(x, x), K_{l-1}(y, y) and the covariance K_{l-1}(x, y)

    What has a closed form, see `dual`, takes inputs of any norm. For another activation all inputs
    must have the same norm, to which belongs q, and each layer takes about a second, once.

    Args:
        activation: an elementwise Activation, or any function of an array that acts on each
            element. For a bound array the result is the mean over its elements.
        depth: the number of hidden layers, at least 1.
        sigma_w: the weights have the variance sigma_w^2 / fan-in, those of the output too.
        sigma_b: the biases have the variance sigma_b^2.
        q: sigma_w^2 |x|^2 / features + sigma_b^2, if all inputs x have the same.

    Returns:
        `Kernel`: kernel(x1, x2) of arrays (n1, features) and (n2, features) is (n1, n2), and
        kernel(x) that of x with itself. It is JAX, in the dtype of the inputs, and positive
        semidefinite to rounding. `jax.grad` is finite too where inputs coincide or are 0; where a
        kernel has a kink there, as those of step do and the tangent kernel of relu, it is as if
        the angle had slope 0, and with sigma_b = 0 that at an input of 0 is 0. Inputs whose
        angle is below 1e-7, in float32 2e-3, count as parallel.

    Raises:
        TypeError: an activation that is not elementwise, or a depth that is not an integer.
        ValueError: a depth below 1, a scale out of its range, q that is missing or less than
            sigma_b^2, or an activation whose E f^2 or E f'^2 is infinite.

    Warns:
        UserWarning: the estimated error is above 1e-10.

    Example:
        >>> kernel = activax.theory.nngp(activax.relu, depth=2, sigma_w=2**0.5)
        >>> kernel(jnp.array([[1.0, 1.0], [1.0, -1.0], [0.0, 0.0]])).round(4)
        Array([[2.    , 0.9875, 0.    ],
               [0.9875, 2.    , 0.    ],
               [0.    , 0.    , 0.    ]], dtype=float32)
        >>> kernel = activax.theory.nngp(activax.tanh, depth=1, sigma_w=1.0, q=1.0)
        >>> kernel(jnp.array([[1.0, 1.0]])).round(4)
        Array([[0.3943]], dtype=float32)

    Paper:
        Lee, Bahri, Novak, Schoenholz, Pennington & Sohl-Dickstein 2018, Deep Neural Networks as
        Gaussian Processes, arXiv:1711.00165.
    """
    return _kernel("nngp", activation, depth, sigma_w, sigma_b, q)


def ntk(
    activation: ScalarFunction,
    *,
    depth: int,
    sigma_w: float,
    sigma_b: float = 0.0,
    q: float | None = None,
) -> Kernel:
    """The neural tangent kernel of a wide, fully connected network: what gradient descent sees.

    Of the network of `nngp` in the NTK parametrisation, where every weight and bias is a standard
    normal parameter, scaled by sigma_w / sqrt(fan-in) or sigma_b in the forward pass, and all of
    them are trained: the product of the gradients of one output at two inputs.

    Formula:
        T_0 = K_0; T_l(x, y) = K_l(x, y) + sigma_w^2 E f'(u) f'(v) T_{l-1}(x, y), l = 1 ... depth;
        K, u and v as of `nngp`

    The slope is the one that JAX takes: of sign 0, and of a spiking neuron its surrogate, for which
    there is no closed form.

    Args:
        activation: as of `nngp`.
        depth: the number of hidden layers, at least 1.
        sigma_w: the scale of the weights.
        sigma_b: the scale of the biases.
        q: as of `nngp`.

    Returns:
        `Kernel`, as of `nngp`.

    Raises:
        TypeError: as of `nngp`.
        ValueError: as of `nngp`.

    Warns:
        UserWarning: the estimated error is above 1e-10.

    Example:
        >>> kernel = activax.theory.ntk(activax.relu, depth=2, sigma_w=2**0.5)
        >>> kernel(jnp.array([[1.0, 1.0], [1.0, -1.0]])).round(4)
        Array([[6.    , 1.3714],
               [1.3714, 6.    ]], dtype=float32)

    Paper:
        Jacot, Gabriel & Hongler 2018, Neural Tangent Kernel: Convergence and Generalization in
        Neural Networks, arXiv:1806.07572.
    """
    return _kernel("ntk", activation, depth, sigma_w, sigma_b, q)


def _kernel(
    caller: str,
    activation: ScalarFunction,
    depth: int,
    sigma_w: float,
    sigma_b: float,
    q: float | None,
) -> Kernel:
    tangent = caller == "ntk"
    for name, value, valid, rule in (
        ("depth", depth, operator.index(depth) >= 1, "at least 1"),
        ("sigma_w", sigma_w, 0 < sigma_w < math.inf, "positive and finite"),
        ("sigma_b", sigma_b, 0 <= sigma_b < math.inf, "at least 0 and finite"),
        ("q", q, q is None or q >= sigma_b**2, "at least sigma_b^2"),
    ):
        if not valid:
            raise ValueError(f"{caller}: {name} must be {rule}; got {value}")
    if q is not None:
        check_variance(caller, q)
    layers: list[tuple[Expectation, Expectation | None]] = []
    form, error = closed_form(activation), 0.0
    if form and (form.slopes or not tangent):
        layers = [(form.product, form.slopes if tangent else None)] * depth
    else:
        sampler(caller, activation, 1)
        if q is None:
            raise ValueError(
                f"{caller}: {activation!r} has no closed form, so that all inputs must have one "
                "norm; scale them to it and pass q = sigma_w^2 |x|^2 / features + sigma_b^2"
            )
        variance = float(q)
        for _ in range(depth):
            dual = dual_of(caller, activation, variance, variance)
            layers.append((_of_one_norm(dual), _of_one_norm(dual.slopes) if tangent else None))
            error = max(error, dual.error)
            variance = sigma_w**2 * second_moment(activation, variance) + sigma_b**2
    return Kernel(activation, depth, sigma_w, sigma_b, q, error, caller, tangent, tuple(layers))


def _inverse_root(q: Array) -> Array:
    """Of a variance; of 0, to which belong covariances of 0, it is 1."""
    return 1 / jnp.where(q <= 0, 1, root(q))


def _settled(rho: Array) -> Array:
    """A computed correlation; as 1 or -1 where only rounding keeps it from that.

    Angles go with the root of the rounding, and in each layer of what jumps with another root.
    """
    alike = jnp.abs(rho) > 1 - CORRELATION_ULPS * jnp.finfo(rho.dtype).eps
    return rho + lax.stop_gradient(jnp.where(alike, jnp.sign(rho), rho) - rho)


def _of_one_norm(dual: Callable[[Array], Array]) -> Expectation:
    return lambda q1, q2, rho: dual(rho)
