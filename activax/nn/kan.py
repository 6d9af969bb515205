"""The layer of Kolmogorov-Arnold networks, which has a learned function on every edge."""

import math
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from activax import initializers
from activax.core.activation import Activation
from activax.core.arguments import cast, inexact_dtype, real, widen
from activax.core.declaration import check_elementwise
from activax.functions.self_gated.units import silu
from activax.nn.checks import check_functions, check_last_axis, check_size
from activax.nn.constructor import constructor
from activax.nn.explicit_axes import Sharding
from activax.nn.layer import AxisNames, Example, Layer, Params
from activax.nn.linear import add_bias
from activax.numerics import bases
from activax.numerics.mode import PLAIN, tracing
from activax.numerics.transcendental import tanh

BESIDE_BASE = 0.1  # the standard deviation of coefficients beside a base, of that without one


class Basis(NamedTuple):
    """Functions whose sums are the functions on the edges.

    Attributes:
        functions: `functions(x, size)`, or `functions(x, size, low, high)` on an interval.
        interval: the interval by default; None where the functions have none.
        base: whether the paper adds silu.
        sizes: the numbers of functions that are possible.
    """

    functions: Callable[..., list[Array]]
    interval: tuple[float, float] | None = None
    base: bool = False
    sizes: range = range(1, 10_000)


BASES = {
    "b_spline": Basis(bases.cubic_splines, (-1.0, 1.0), base=True, sizes=range(4, 10_000)),
    "relu": Basis(bases.hinge_products, (0.0, 1.0), sizes=range(4, 10_000)),
    "radial_basis": Basis(bases.bumps, (-2.0, 2.0), base=True, sizes=range(2, 10_000)),
    "chebyshev": Basis(lambda x, size: bases.chebyshev_polynomials(tanh(x), size)),
    "legendre": Basis(lambda x, size: bases.legendre_polynomials(tanh(x), size)),
    "fourier": Basis(bases.waves, sizes=range(2, 10_000, 2)),
}


@constructor
def kan(
    features: int,
    basis: str = "b_spline",
    *,
    size: int = 8,
    interval: tuple[float, float] | None = None,
    base: Activation[...] | Literal["paper"] | None = "paper",
    bias: bool = False,
    coefficient_init: initializers.Initializer | None = None,
    base_init: initializers.Initializer | None = None,
    out_sharding: Sharding = None,
) -> Layer:
    """Sum learned functions of the elements of the last axis, a function for each input and output.

    Reverse mode keeps x alone, and computes the functions of the basis again. For 16-bit inputs
    they are computed in float32 and rounded once.

    Formula:
        y_j = sum_i (base(x_i) base_ij + sum_k B_k(x_i) coefficients_ikj), plus bias_j if there is
        one

    Args:
        features: the size of the output's last axis.
        basis: "b_spline", cubic splines on size - 3 equal cells of the interval, which end 3 cells
            beyond; "relu", squared products of two hinges on the same cells; "radial_basis",
            Gaussian bumps at `size` points of the interval; "chebyshev" and "legendre", polynomials
            of tanh(x) below the degree `size`; or "fourier", size / 2 cosines and as many sines.
        size: the number of functions in the basis.
        interval: the ends of the interval; by default (-1, 1) of splines, (0, 1) of hinges and
            (-2, 2) of bumps. The other bases have none.
        base: an elementwise activation beside the learned functions, or None. "paper" is silu
            beside splines and bumps, and None beside polynomials and waves.
        bias: whether to add a bias, which starts at 0.
        coefficient_init: an initialiser of the coefficients, of shape (inputs, size, features). By
            default they are normal, so that y keeps the second moment of normal x; beside a base,
            a tenth of that. With `jax.nn.initializers.zeros` the layer starts as the base alone.
        base_init: an initialiser of the weight of the base; by default
            `initializers.variance_scaling` with the gain of the base.
        out_sharding: the sharding of the output, on a mesh of Explicit axes; needed where the
            contracted axis is sharded.

    Returns:
        A Layer with parameters {"coefficients": (inputs, size, features)}, {"base": (inputs,
        features)} if there is a base, and {"bias": (features,)} if there is a bias.

    Raises:
        ValueError: an unknown basis, or sizes or an interval that do not fit it; a base_init
            without a base; in `init`, an example without axes; in `apply`, an input whose last axis
            does not fit the coefficients.
        TypeError: a base that is not elementwise, an initialiser that is no function; in `apply`, a
            complex input.

    Example:
        >>> layer = activax.nn.kan(3, "chebyshev", size=5)
        >>> params = layer.init(jax.random.key(0), jnp.zeros((8, 2)))
        >>> layer.apply(params, jnp.zeros((8, 2))).shape
        (8, 3)
        >>> x = jax.ShapeDtypeStruct((8, 2), "float32")
        >>> activax.bench.kept(layer.apply, params, x)  # x alone, which is an argument
        []

    Paper:
        Liu et al. 2024, KAN: Kolmogorov-Arnold Networks, arXiv:2404.19756.
    """
    check_size("kan", "features", features)
    check_functions("kan", coefficient_init=coefficient_init, base_init=base_init)
    functions = _functions(basis, size, interval)
    beside = _base(basis, base)
    if beside is None and base_init is not None:
        raise ValueError("kan: base_init initialises a base, but there is none; leave it out")

    def root_mean_square(x: Array) -> Array:
        return jnp.sqrt(sum(term * term for term in functions(x)) / size)

    def init(key: Array, example: Example) -> Params:
        if not example.shape or not example.shape[-1]:
            raise ValueError(
                f"kan: the example's last axis must not be missing or empty; got {example.shape}"
            )
        dtype, inputs = inexact_dtype(example.dtype), example.shape[-1]
        of_functions, of_base = jax.random.split(key)
        make = coefficient_init or initializers.variance_scaling(root_mean_square)
        coefficients = make(of_functions, (inputs, size, features), dtype)
        if beside is not None and coefficient_init is None:
            coefficients = BESIDE_BASE * coefficients
        params: dict[str, Any] = {"coefficients": coefficients}
        if beside is not None:
            make = base_init or initializers.variance_scaling(beside)
            params["base"] = make(of_base, (inputs, features), dtype)
        if bias:
            params["bias"] = jnp.zeros((features,), dtype)
        return params

    def total(x: Array, coefficients: Array, weight: Array | None) -> Array:
        terms = cast(jnp.stack(functions(widen(x)), -1), x.dtype)
        y = jnp.einsum("...ik,ikj->...j", terms, coefficients, out_sharding=out_sharding)
        if beside is None or weight is None:
            return y
        return y + jnp.matmul(beside.inner(x), weight, out_sharding=out_sharding)

    def calling(region: Callable[..., Array]) -> Callable[[Params, Array], Array]:
        def apply(params: Params, x: Array) -> Array:
            x = real("kan", "x", x)
            coefficients = params["coefficients"]
            check_last_axis("kan", x, coefficients.shape[0])
            weight = None if beside is None else params["base"]
            return add_bias(params, region(cast(x, inexact_dtype(x.dtype)), coefficients, weight))

        return apply

    def recomputed(x: Array, coefficients: Array, weight: Array | None) -> Array:
        # Taylor mode knows no checkpoint.
        region = total if tracing.value in PLAIN else jax.checkpoint(total)
        return region(x, coefficients, weight)

    axes: dict[str, AxisNames] = {"coefficients": ("embed", None, "mlp")}
    if beside is not None:
        axes["base"] = ("embed", "mlp")
    if bias:
        axes["bias"] = ("mlp",)
    return Layer(init, calling(recomputed), inner=calling(total), axes=axes)


def _functions(
    basis: str, size: int, interval: tuple[float, float] | None
) -> Callable[[Array], list[Array]]:
    """Return the functions of a basis at the elements of an array."""
    if basis not in BASES:
        raise ValueError(f"kan: basis must be one of {', '.join(BASES)}; got {basis!r}")
    check_size("kan", "size", size)
    known = BASES[basis]
    if size not in known.sizes:
        even = " and even" if known.sizes.step == 2 else ""
        raise ValueError(
            f"kan: size must be at least {known.sizes.start}{even} for {basis!r}; got {size}"
        )
    if interval is None:
        ends = known.interval or ()
    elif known.interval is None:
        raise ValueError(f"kan: {basis!r} has no interval; leave it out; got {interval}")
    elif not -math.inf < interval[0] < interval[1] < math.inf:
        raise ValueError(f"kan: interval must be two finite numbers in order; got {interval}")
    else:
        ends = interval
    return lambda x: known.functions(x, size, *ends)


def _base(basis: str, base: Activation[...] | Literal["paper"] | None) -> Activation[...] | None:
    """Return the activation beside the learned functions, if there is one."""
    if base == "paper":
        return silu if BASES[basis].base else None
    if base is not None:
        check_elementwise("kan", "base", base)
    return base
