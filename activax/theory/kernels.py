"""Kernels of wide, fully connected networks: the Gaussian process and the tangent kernel."""

import dataclasses
import math
import operator
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.typing import ArrayLike

from activax.core.arguments import cast, compute_dtype, inexact_dtype, real
from activax.numerics.selects import root
from activax.theory.closed_forms import Expectation, closed_form
from activax.theory.correlation import CORRELATION_ULPS
from activax.theory.duals import dual_of
from activax.theory.moments import second_moment
from activax.theory.quadrature import check_variance
from activax.theory.sampling import ScalarFunction, sampler


@dataclasses.dataclass(frozen=True, eq=False)
class Kernel:
    """A kernel as a JAX function of inputs; see `nngp` and `ntk`.

    Attributes:
        activation: the activation between the layers.
        depth: the number of hidden layers.
        sigma_w: the scale of the weights.
        sigma_b: the scale of the biases.
        q: the variance of the first pre-activations, which must be the same for all inputs; None
            if inputs may have any norm.
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
    # For each layer E f(u) f(v) and, for a tangent kernel, E f'(u) f'(v).
    _layers: tuple[tuple[Expectation, Expectation | None], ...] = dataclasses.field(repr=False)

    def __call__(self, x1: ArrayLike, x2: ArrayLike | None = None) -> Array:
        """Return the kernel between the rows of x1 and the rows of x2.

        Args:
            x1: (n1, features), real.
            x2: (n2, features); None stands for x1.

        Returns:
            (n1, n2), in the dtype of the inputs; 16-bit inputs are computed in float32.

        Raises:
            TypeError: an input is complex.
            ValueError: the inputs are not matrices with the same number of features; or q is given
                and the first pre-activations of a row have another variance. Traced rows are not
                checked, and count as if they were scaled to q.
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
        """Return `x` in a floating dtype, after checking its shape and the variance q."""
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
                    f"for every input; got {found[row]} for {name}[{row}]. Scale the inputs to "
                    "one norm, and pass the q that follows from it."
                )
        return rows

    def _variance(self, x: Array) -> Array:
        """Return the variance of the first pre-activations, (n, 1)."""
        return self.sigma_w**2 * jnp.mean(x * x, -1, keepdims=True) + self.sigma_b**2

    def _between(self, x1: Array, x2: Array, itself: bool) -> Array:
        weights, biases = self.sigma_w**2, self.sigma_b**2
        products = jnp.matmul(x1, x2.T, precision=lax.Precision.HIGHEST) / x1.shape[1]
        kernel = tangent = weights * products + biases
        rows, columns = self._variance(x1), self._variance(x2).T
        for product, slopes in self._layers:
            rho = _settled(kernel * (_inverse_root(rows) * _inverse_root(columns)))
            if itself:
                # A NaN input keeps a NaN correlation with itself.
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
    """Return the kernel of the Gaussian process that a wide, random network tends to.

    The kernel is the covariance of one output at two inputs, over the random weights. The network
    has a dense layer, `depth` hidden layers f(h), and a dense layer at the end. In neural-tangents
    that is serial(Dense, f, Dense, f, ..., Dense), with f `depth` times.

    Formula:
        K_0(x, y) = sigma_w^2 x.y / features + sigma_b^2;
        K_l(x, y) = sigma_w^2 E f(u) f(v) + sigma_b^2, l = 1 ... depth, where u and v are normal
        with the variances K_{l-1}(x, x), K_{l-1}(y, y) and the covariance K_{l-1}(x, y)

    With a closed form of its dual, see `dual`, an activation takes inputs of any norm. With any
    other activation all inputs must have the same norm, from which q follows, and making the kernel
    takes about a second a layer.

    Args:
        activation: an elementwise Activation, or any function of an array that acts on each
            element. For a bound array the result is the mean over its elements.
        depth: the number of hidden layers, at least 1.
        sigma_w: the weights, also of the output, have the variance sigma_w^2 / fan-in.
        sigma_b: the biases have the variance sigma_b^2.
        q: sigma_w^2 |x|^2 / features + sigma_b^2, if it is the same for all inputs x.

    Returns:
        `Kernel`: kernel(x1, x2) of arrays (n1, features) and (n2, features) is an array (n1, n2),
        and kernel(x) stands for kernel(x, x). The kernel is a JAX function, in the dtype of the
        inputs, and positive semidefinite to rounding.

        `jax.grad` is finite also where two inputs coincide or an input is 0. Where the kernel has a
        kink at coinciding inputs (step, and the tangent kernel of relu), the slope of the angle
        counts as 0. With sigma_b = 0 the gradient at an input of 0 is 0. Inputs whose angle is
        below 1e-7 (float64) or 2e-3 (float32) count as parallel.

    Raises:
        TypeError: the activation is not elementwise, or the depth is not an integer.
        ValueError: the depth is below 1, a scale is out of its range, q is missing or less than
            sigma_b^2, or E f^2 or E f'^2 is infinite.

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
    """Return the neural tangent kernel of a wide, fully connected network.

    The kernel is the inner product of the gradients of one output at two inputs. The network is
    that of `nngp` in the NTK parametrisation. Every weight and bias is a standard normal parameter,
    which the forward pass scales by sigma_w / sqrt(fan-in) or sigma_b. All of them are trained.

    Formula:
        T_0 = K_0; T_l(x, y) = K_l(x, y) + sigma_w^2 E f'(u) f'(v) T_{l-1}(x, y), l = 1 ... depth;
        K, u and v as for `nngp`

    The slope is the one that JAX takes: 0 for sign, and for a spiking neuron its surrogate, which
    has no closed form.

    Args:
        activation: as for `nngp`.
        depth: the number of hidden layers, at least 1.
        sigma_w: the scale of the weights.
        sigma_b: the scale of the biases.
        q: as for `nngp`.

    Returns:
        `Kernel`, as for `nngp`.

    Raises:
        TypeError: as for `nngp`.
        ValueError: as for `nngp`.

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
                f"{caller}: {activation!r} has no closed form, so all inputs must have one norm; "
                "scale them to it and pass q = sigma_w^2 |x|^2 / features + sigma_b^2"
            )
        variance = float(q)
        for _ in range(depth):
            dual = dual_of(caller, activation, variance, variance)
            layers.append((_of_one_norm(dual), _of_one_norm(dual.slopes) if tangent else None))
            error = max(error, dual.error)
            variance = sigma_w**2 * second_moment(activation, variance) + sigma_b**2
    return Kernel(activation, depth, sigma_w, sigma_b, q, error, caller, tangent, tuple(layers))


def _inverse_root(q: Array) -> Array:
    """Return 1 / sqrt(q), and 1 for q = 0, whose covariances are all 0."""
    return 1 / jnp.where(q <= 0, 1, root(q))


def _settled(rho: Array) -> Array:
    """Set correlations within rounding of 1 or -1 to 1 or -1.

    Near 1 the angle is sqrt(2 (1 - rho)): a rounding error eps in rho becomes sqrt(eps) in the
    angle. Each layer whose activation jumps takes another root of it.
    """
    alike = jnp.abs(rho) > 1 - CORRELATION_ULPS * jnp.finfo(rho.dtype).eps
    return rho + lax.stop_gradient(jnp.where(alike, jnp.sign(rho), rho) - rho)


def _of_one_norm(dual: Callable[[Array], Array]) -> Expectation:
    return lambda q1, q2, rho: dual(rho)
