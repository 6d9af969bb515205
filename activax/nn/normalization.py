"""Normalisation along the last axis."""

import jax
import jax.numpy as jnp
from jax import Array

from activax.core.arguments import check_axis, inexact_dtype, real, widen
from activax.nn.checks import check_epsilon
from activax.nn.constructor import constructor
from activax.nn.layer import Example, Layer, Params
from activax.numerics.mode import PLAIN, tracing
from activax.numerics.squares import hidden, over_power, over_root_mean_square


@constructor
def layer_norm(*, epsilon: float = 1e-5) -> Layer:
    """Normalise the last axis to mean 0 and variance 1, then scale and shift it.

    The statistics of 16-bit inputs are computed in float32.

    Formula:
        y = (x - mean(x)) / sqrt(var(x) + epsilon) scale + bias

    Args:
        epsilon: the number added to the variance.

    Returns:
        A Layer with parameters {"scale": (features,), "bias": (features,)}.

    Raises:
        ValueError: an epsilon that is negative or not finite; in `init`, an example without axes;
            in `apply`, an input whose last axis does not fit.
        TypeError: in `apply`, complex x.

    Example:
        >>> layer = activax.nn.layer_norm()
        >>> params = layer.init(jax.random.key(0), jnp.zeros(3))
        >>> layer.apply(params, jnp.array([-1.0, 0.0, 1.0])).round(3)
        Array([-1.225,  0.   ,  1.225], dtype=float32)

    Paper:
        Ba, Kiros & Hinton 2016, Layer Normalization, arXiv:1607.06450.
    """
    return _norm("layer_norm", epsilon, centred=True)


@constructor
def rms_norm(*, epsilon: float = 1e-6) -> Layer:
    """Divide the last axis by its root mean square, then scale it.

    The mean square of 16-bit inputs is computed in float32.

    Formula:
        y = x / sqrt(mean(x^2) + epsilon) scale

    Args:
        epsilon: the number added to the mean square.

    Returns:
        A Layer with parameters {"scale": (features,)}.

    Raises:
        ValueError: an epsilon that is negative or not finite; in `init`, an example without axes;
            in `apply`, an input whose last axis does not fit.
        TypeError: in `apply`, complex x.

    Example:
        >>> layer = activax.nn.rms_norm()
        >>> params = layer.init(jax.random.key(0), jnp.zeros(2))
        >>> layer.apply(params, jnp.array([1.0, 7.0])).round(3)
        Array([0.2, 1.4], dtype=float32)

    Paper:
        Zhang & Sennrich 2019, Root Mean Square Layer Normalization, arXiv:1910.07467.
    """
    return _norm("rms_norm", epsilon, centred=False)


def _norm(function: str, epsilon: float, *, centred: bool) -> Layer:
    """Return a layer that divides by the root mean square; `centred` takes off the mean first."""
    check_epsilon(function, epsilon)

    def init(key: Array, example: Example) -> Params:
        check_axis(function, example, -1)
        size, dtype = example.shape[-1], inexact_dtype(example.dtype)
        scale = {"scale": jnp.ones(size, dtype)}
        return {**scale, "bias": jnp.zeros(size, dtype)} if centred else scale

    def apply(params: Params, x: Array) -> Array:
        size = params["scale"].shape[0]
        if not x.shape or x.shape[-1] != size:
            raise ValueError(
                f"{function}: the last axis of x must be {size}, as in the example that init was "
                f"given; got x of shape {x.shape}"
            )
        x = real(function, "x", x)
        dtype = inexact_dtype(x.dtype)
        unit = _unit if tracing.value in PLAIN else _unit_with_rule
        normal, _ = unit(centred, epsilon, widen(x.astype(dtype)))
        # Not `broadcast_to`: its gradient gathers arrays that are sharded over Explicit axes.
        scale, *bias = (jnp.expand_dims(widen(params[name]), range(x.ndim - 1)) for name in names)
        return sum(bias, normal * scale).astype(dtype)

    names = ("scale", "bias") if centred else ("scale",)
    return Layer(init, apply, axes=dict.fromkeys(names, ("norm",)))


def _unit(centred: bool, epsilon: float, x: Array) -> tuple[Array, Array]:
    """Return (y, d) with y = d x and d = 1 / sqrt(mean square + epsilon); `centred` centres x."""
    power, plus = 1 / 16, epsilon  # so that 1 / (power root) is a normal number
    if centred:
        x, power, plus = x / 2, 1 / 8, epsilon / 4  # so that no difference overflows
        size = max(x.shape[-1], 1)
        shares, divisor = over_power(x, size)
        x = x - jnp.sum(shares, -1, keepdims=True) * (divisor / size)
    over_root = over_root_mean_square(x, power, plus=plus)
    # Hidden: XLA would multiply the inverse by the power, and on CPUs store d once for each x.
    return x * over_root * hidden(jnp.asarray(power, x.dtype)), hidden(over_root / 16)


_unit_with_rule = jax.custom_jvp(_unit, nondiff_argnums=(0, 1))


@_unit_with_rule.defjvp
def _(
    centred: bool, epsilon: float, primals: tuple[Array], tangents: tuple[Array]
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    # Without the cube of a root, which would leave the range. If x is centred, the mean of y is 0.
    # So the two means of the transposed map are independent: on a mesh, they share one all-reduce.
    (x,), (t,) = primals, tangents
    y, slope = _unit_with_rule(centred, epsilon, x)
    t = slope * t
    along = jnp.mean(y * t, -1, keepdims=True)
    rest = t - jnp.mean(t, -1, keepdims=True) if centred else t
    return (y, slope), (rest - y * along, -slope * along)
