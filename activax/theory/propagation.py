"""The variance, the correlation and the gradient in a deep network of random weights."""

import math
from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike

from activax.core.notebook import displayed
from activax.theory.bivariate_quadrature import PairExpectations, pair
from activax.theory.breakpoints import breakpoints
from activax.theory.moments import Moments, moments_of
from activax.theory.quadrature import check_variance, warn_if_inaccurate
from activax.theory.sampling import ScalarFunction, sampler

# Below this gap first order in the gap is exact, but for kinks, which add a relative 3e-6.
ALIKE = 1e-11
FACTOR_ROUNDING = 1e-12  # a factor within this of 1 counts as 1


@displayed
class Propagation(NamedTuple):
    """The layers 0 to `depth` of a wide network of random weights.

    Layer 0 is the first pre-activations.

    Attributes:
        q: the variance of the pre-activations of each layer, (depth + 1,).
        gap: 1 - rho of each layer, with full relative accuracy next to rho = 1; (depth + 1,).
        chi: the factor of E |gradient|^2 from each layer back to the layer before, (depth,). It is
            also the factor of a small gap from layer to layer.
        parallel: the factor by which each layer multiplies a small change of q, (depth,).
        noise: the relative standard deviation of q in networks of the given width, to first order;
            None without a width. Above about 1 the theory does not describe a single network.
        depth_q: the number of layers in which a change of q shrinks by a factor of e; inf if it
            does not shrink.
        depth_rho: the same for a change of rho: the depth to which two inputs can be told apart.
        overflow: the first layer whose pre-activations exceed the dtype, or None.
        underflow: the first layer whose pre-activations are below the smallest normal number of the
            dtype, or None.
        error: the largest estimated relative error of one layer.
    """

    q: np.ndarray
    gap: np.ndarray
    chi: np.ndarray
    parallel: np.ndarray
    noise: np.ndarray | None
    depth_q: float
    depth_rho: float
    overflow: int | None
    underflow: int | None
    error: float

    @property
    def rho(self) -> np.ndarray:
        """Return the correlation of two inputs at each layer."""
        return 1 - self.gap

    @property
    def gradient(self) -> float:
        """Return E |gradient|^2 at layer 0, divided by E |gradient|^2 at the last layer."""
        return float(np.prod(self.chi))


def propagate(
    activation: ScalarFunction,
    sigma_w: float,
    sigma_b: float = 0.0,
    *,
    depth: int,
    q0: float = 1.0,
    rho0: float = 0.0,
    width: int | None = None,
    dtype: DTypeLike = jnp.float32,
) -> Propagation:
    """Follow the variance, the correlation and the gradient through a deep random network.

    The network has fully connected layers h <- W f(h) + b, in the limit of large width. A network
    of finite width scatters about this limit by `noise`, which dominates unless depth / width is
    small.

    Formula:
        q <- sigma_w^2 E f(u)^2 + sigma_b^2,  q rho <- sigma_w^2 E f(u) f(v) + sigma_b^2,
        chi = sigma_w^2 E f'(u)^2; u and v normal of variance q and correlation rho

    Args:
        activation: an elementwise Activation, or any function of an array that acts on each
            element. For a bound array the result is the mean over its elements.
        sigma_w: the weights have the variance sigma_w^2 / fan-in.
        sigma_b: the biases have the variance sigma_b^2.
        depth: the number of layers to follow.
        q0: the variance of the first pre-activations.
        rho0: the correlation of the first pre-activations of two inputs.
        width: the width of the layers, for `noise`.
        dtype: the floating dtype for `overflow` and `underflow`.

    Returns:
        `Propagation`, with NumPy arrays and Python numbers. If q becomes 0 or a moment exceeds
        float64, the arrays end at that layer.

    Raises:
        TypeError: the activation is not elementwise.
        ValueError: a variance, scale, correlation, depth or width is out of its range.

    Warns:
        UserWarning: the estimated error is above 1e-10.

    Example:
        >>> he = activax.theory.propagate(activax.gelu, sigma_w=2**0.5, depth=50)
        >>> f"{he.q[-1]:.0e} {he.gradient:.0e}"  # both the signal and its gradient vanish
        '3e-14 6e-14'
        >>> relu = activax.theory.propagate(activax.relu, sigma_w=2**0.5, depth=2, width=100)
        >>> relu.rho.round(6).tolist(), relu.noise.round(6).tolist()
        ([0.0, 0.31831, 0.493731], [0.0, 0.223607, 0.316228])

    Paper:
        Schoenholz, Gilmer, Ganguli & Sohl-Dickstein 2016, Deep Information Propagation,
        arXiv:1611.01232.
    """
    check_variance("propagate", q0)
    for name, value, valid, rule in (
        ("sigma_w", sigma_w, 0 < sigma_w < math.inf, "positive and finite"),
        ("sigma_b", sigma_b, 0 <= sigma_b < math.inf, "at least 0 and finite"),
        ("rho0", rho0, -1 <= rho0 <= 1, "between -1 and 1"),
        ("depth", depth, depth >= 1, "at least 1"),
        ("width", width, width is None or width >= 1, "at least 1"),
    ):
        if not valid:
            raise ValueError(f"propagate: {name} must be {rule}; got {value}")
    values_at, pair_at = moments_of("propagate", activation, 2), _pairs_of(activation)
    weights, biases = sigma_w**2, sigma_b**2
    variances, gaps, spreads = [float(q0)], [1.0 - rho0], [0.0]
    chi, parallel, errors, slopes = [], [], [], 0.0
    for _ in range(depth):
        q, gap = variances[-1], gaps[-1]
        values, inexact = values_at(q)
        found = Moments._make([*values, max(inexact)])
        two = pair_at(q, gap, found)
        following = weights * found.second + biases
        if not (0 < following < math.inf and math.isfinite(found.fourth + two.apart + two.slopes)):
            variances.append(following)
            break
        chi.append(weights * found.slope)
        parallel.append(weights * found.growth)
        errors.append(max(found.error, two.error))
        slopes = weights * two.slopes
        # Given a layer, the next one is normal, and its variance is a mean over the width. The
        # variance of this mean is added to the noise of the layers before.
        chance = weights**2 * (found.fourth - found.second**2) / (width or 1)
        spreads.append(parallel[-1] ** 2 * spreads[-1] + chance)
        variances.append(following)
        gaps.append(weights * two.apart / following)
    warn_if_inaccurate("propagate", activation, max(errors, default=0.0))
    sizes, info = np.sqrt(variances), jnp.finfo(dtype)
    last = len(gaps)
    return Propagation(
        q=np.array(variances[:last]),
        gap=np.array(gaps),
        chi=np.array(chi),
        parallel=np.array(parallel),
        noise=None if width is None else np.sqrt(spreads) / np.array(variances[:last]),
        depth_q=_depth(parallel[-1]) if parallel else 0.0,
        depth_rho=_depth(slopes),
        overflow=_first_layer(sizes > float(info.max)),
        underflow=_first_layer(sizes < float(info.tiny)),
        error=max(errors, default=0.0),
    )


def _pairs_of(activation: ScalarFunction) -> Callable[[float, float, Moments], PairExpectations]:
    """Return a function from q, 1 - rho and the moments at q to the expectations of two inputs."""
    sample, rough = sampler("propagate", activation, 2), breakpoints(activation)
    kinks = [point.x for point in rough]
    jumps = any(point.order == 0 for point in rough)

    def pair_at(q: float, gap: float, found: Moments) -> PairExpectations:
        if gap == 0 or (gap < ALIKE and not jumps):
            apart = q * gap * found.slope
            return PairExpectations(apart, found.second - apart, found.slope, 0.0)
        return pair(sample, q, gap, kinks, found.second)

    return pair_at


def _depth(factor: float) -> float:
    """Return the number of layers in which a quantity times `factor` a layer shrinks by e."""
    size = abs(factor)
    return math.inf if size >= 1 - FACTOR_ROUNDING else -1 / math.log(size) if size > 0 else 0.0


def _first_layer(where: np.ndarray) -> int | None:
    return int(where.argmax()) if where.any() else None
