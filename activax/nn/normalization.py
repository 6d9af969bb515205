"""Normalisation along the last axis."""

import functools
import operator
from collections.abc import Callable
from typing import Any, Literal, get_args

import jax
import jax.numpy as jnp
from jax import Array

from activax.core.arguments import check_axis, inexact_dtype, real, widen
from activax.core.rule import differentiable
from activax.nn.checks import check_epsilon, check_last_axis
from activax.nn.constructor import constructor
from activax.nn.layer import Example, Layer, Params
from activax.numerics.mode import PLAIN, tracing
from activax.numerics.squares import hidden, over_power, over_root_mean_square

KeptArray = Literal["normal", "output"]


@constructor
def layer_norm(*, epsilon: float = 1e-5, keep: KeptArray = "normal") -> Layer:
    """Normalise the last axis to mean 0 and variance 1, then scale and shift it.

    The statistics of 16-bit inputs are computed in float32.

    Formula:
        y = (x - mean(x)) / sqrt(var(x) + epsilon) scale + bias

    Args:
        epsilon: the number added to the variance.
        keep: what the backward pass keeps beside a number for each row: "normal", the normalised x
            (float32 for 16-bit inputs), or "output", y itself, an array that the next linear layer
            keeps anyway. From y, slopes are right to the rounding of y, and NaN where the scale is
            0.

    Returns:
        A Layer with parameters {"scale": (features,), "bias": (features,)}.

    Raises:
        ValueError: an epsilon that is negative or not finite; an unknown keep; in `init`, an
            example without axes; in `apply`, an input whose last axis does not fit.
        TypeError: in `apply`, complex x.

    Example:
        >>> layer = activax.nn.layer_norm()
        >>> params = layer.init(jax.random.key(0), jnp.zeros(3))
        >>> layer.apply(params, jnp.array([-1.0, 0.0, 1.0])).round(3)
        Array([-1.225,  0.   ,  1.225], dtype=float32)

    Paper:
        Ba, Kiros & Hinton 2016, Layer Normalization, arXiv:1607.06450; Yang et al. 2024, Reducing
        Fine-Tuning Memory Overhead by Approximate and Memory-Sharing Backpropagation,
        arXiv:2406.16282, for keep="output".
    """
    return _norm("layer_norm", epsilon, keep, centred=True)


@constructor
def rms_norm(*, epsilon: float = 1e-6, keep: KeptArray = "normal") -> Layer:
    """Divide the last axis by its root mean square, then scale it.

    The mean square of 16-bit inputs is computed in float32.

    Formula:
        y = x / sqrt(mean(x^2) + epsilon) scale

    Args:
        epsilon: the number added to the mean square.
        keep: what the backward pass keeps beside a number for each row: "normal", the normalised x
            (float32 for 16-bit inputs), or "output", y itself, an array that the next linear layer
            keeps anyway. From y, slopes are right to the rounding of y, and NaN where the scale is
            0.

    Returns:
        A Layer with parameters {"scale": (features,)}.

    Raises:
        ValueError: an epsilon that is negative or not finite; an unknown keep; in `init`, an
            example without axes; in `apply`, an input whose last axis does not fit.
        TypeError: in `apply`, complex x.

    Example:
        >>> layer = activax.nn.rms_norm()
        >>> params = layer.init(jax.random.key(0), jnp.zeros(2))
        >>> layer.apply(params, jnp.array([1.0, 7.0])).round(3)
        Array([0.2, 1.4], dtype=float32)

    Paper:
        Zhang & Sennrich 2019, Root Mean Square Layer Normalization, arXiv:1910.07467.
    """
    return _norm("rms_norm", epsilon, keep, centred=False)


def _norm(function: str, epsilon: float, keep: KeptArray, *, centred: bool) -> Layer:
    """Return a layer that divides by the root mean square; `centred` takes off the mean first."""
    check_epsilon(function, epsilon)
    if keep not in get_args(KeptArray):
        raise ValueError(
            f"{function}: keep must be one of {', '.join(get_args(KeptArray))}; got {keep!r}"
        )

    def init(key: Array, example: Example) -> Params:
        check_axis(function, example, -1)
        size, dtype = example.shape[-1], inexact_dtype(example.dtype)
        scale = {"scale": jnp.ones(size, dtype)}
        return {**scale, "bias": jnp.zeros(size, dtype)} if centred else scale

    def apply(params: Params, x: Array) -> Array:
        check_last_axis(function, x, params["scale"].shape[0])
        x = real(function, "x", x)
        x = x.astype(inexact_dtype(x.dtype))
        # Not `broadcast_to`: its gradient gathers arrays that are sharded over Explicit axes.
        affine = [jnp.expand_dims(widen(params[name]), range(x.ndim - 1)) for name in names]
        whole: Callable[..., Array] = functools.partial(_affine_unit, centred, epsilon)
        if keep == "output":
            whole = differentiable(
                whole,
                functools.partial(_kept_output, centred, epsilon),
                functools.partial(_from_output, centred),
                pin=True,
            )
        return whole(x, *affine)

    names = ("scale", "bias") if centred else ("scale",)
    return Layer(init, apply, axes=dict.fromkeys(names, ("norm",)))


def _affine_unit(centred: bool, epsilon: float, x: Array, scale: Array, *bias: Array) -> Array:
    normal, _ = normal_and_factor(centred, epsilon, widen(x))
    return sum(bias, normal * scale).astype(x.dtype)


def _kept_output(centred: bool, epsilon: float, x: Array, *affine_and_out: Array) -> Any:
    *affine, out = affine_and_out
    _, slope = _unit_with_rule(centred, epsilon, widen(x))
    return out, slope, affine


def _from_output(centred: bool, kept: Any, tangents: tuple[Any, ...]) -> Array:
    """Return the tangent of the output, whose normal part is (output - bias) / scale."""
    out, slope, (scale, *bias) = kept
    normal = (sum((-one for one in bias), widen(out))) / scale
    of_x, of_scale, *of_bias = tangents
    terms = [one for one in of_bias if one is not None]
    if of_x is not None:
        terms.append(_moved(centred, normal, slope, widen(of_x))[0] * scale)
    if of_scale is not None:
        terms.append(normal * of_scale)
    return jnp.broadcast_to(functools.reduce(operator.add, terms), out.shape).astype(out.dtype)


def normal_and_factor(centred: bool, epsilon: float, x: Array) -> tuple[Array, Array]:
    """Return (y, d) with y = d x and d = 1 / sqrt(mean square + epsilon); `centred` centres x."""
    unit = _unit if tracing.value in PLAIN else _unit_with_rule
    return unit(centred, epsilon, x)


def _unit(centred: bool, epsilon: float, x: Array) -> tuple[Array, Array]:
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
    (x,), (t,) = primals, tangents
    y, slope = _unit_with_rule(centred, epsilon, x)
    moved, along = _moved(centred, y, slope, t)
    return (y, slope), (moved, -slope * along)


def _moved(centred: bool, y: Array, slope: Array, t: Array) -> tuple[Array, Array]:
    """Return the tangent of y = slope x when x moves by t, and the mean of y slope t.

    There is no cube of a root, which would leave the range. If x is centred, the mean of y is 0. So
    the two means of the transposed map are independent: on a mesh, they share one all-reduce.
    """
    t = slope * t
    along = jnp.mean(y * t, -1, keepdims=True)
    rest = t - jnp.mean(t, -1, keepdims=True) if centred else t
    return rest - y * along, along
