"""Deep Kernel Shaping and Tailored Activation Transformation of any activation."""

import math
import operator
from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from activax.core.activation import Activation
from activax.core.affine import affine
from activax.core.notebook import displayed
from activax.functions.piecewise.rectifiers import leaky_relu
from activax.theory.breakpoints import breakpoints
from activax.theory.false_position import find_root
from activax.theory.moments import moments
from activax.theory.sampling import Sampler, ScalarFunction, sampler
from activax.theory.shaping_conditions import DKS, TAT, solved

Method = Literal["dks", "tat"]

# subnet_max(x, layer) -> the largest result of any subnetwork for the number x. Each non-linear
# layer maps a number y to layer(y).
SubnetMax = Callable[[float, Callable[[float], float]], float]


@displayed
class Shaped(NamedTuple):
    """A transformed activation, and the properties of a layer with it.

    Q maps the variance of a layer's inputs to that of its outputs, C their correlation.

    Attributes:
        activation: scale f(in_scale x + in_shift) + shift, as an Activation. For a leaky ReLU it is
            a leaky ReLU with another slope, scaled.
        slope: C'(1), the factor of E |gradient|^2 a layer.
        curvature: C''(1); inf if the slope jumps.
        at_zero: C(0), the correlation of outputs whose inputs are uncorrelated.
        parallel: Q'(1), the factor by which a layer multiplies a small change of the variance.
        residual: the largest violation of the conditions.
    """

    activation: Activation[...]
    slope: float
    curvature: float
    at_zero: float
    parallel: float
    residual: float


def shape(
    activation: ScalarFunction,
    depth: int | None = None,
    method: Method = "dks",
    *,
    subnet_max: SubnetMax | None = None,
    zeta: float = 1.5,
    tau: float = 0.3,
    eta: float = 0.9,
) -> Shaped:
    """Transform an activation so that a plain network of a given depth can be trained.

    Neither skip connections nor normalisation are needed. The weights must have variance 1 / fan-in
    (or be orthogonal, of gain 1), the biases must be 0, and the mean square of each input 1. Let Q
    map the variance of a layer's inputs to that of its outputs, and C their correlation. The
    conditions are:

    - "dks": Q(1) = 1, Q'(1) = 1, C(0) = 0, and C'(1) such that the slope of the network's map of
      correlations is zeta; in a plain network C'(1) = zeta^(1 / depth). It serves any activation;
      its authors train with second-order optimisers.
    - "tat": Q(1) = 1, Q'(1) = 1, C'(1) = 1, and C''(1) such that the curvature of the network's map
      is tau; in a plain network C''(1) = tau / depth. The slope must not jump. For relu and leaky
      relus the negative slope is chosen instead, so that the network maps correlation 0 to eta.

    Args:
        activation: an elementwise Activation, or any function of an array that acts on each
            element; numbers may be bound to it, arrays not.
        depth: the number of non-linear layers of a plain network.
        method: "dks" or "tat".
        subnet_max: describes any other network, in place of the depth. It is a function
            (x, layer) -> number, which applies `layer` to a number wherever the network has a
            non-linear layer, and returns the largest result of any subnetwork. A plain network of 2
            layers is `lambda x, layer: layer(layer(x))`. A sum of branches, whose weights add up to
            1, is the weighted sum of their results.
        zeta: for "dks", the slope of the network's map of correlations at 1, above 1.
        tau: for "tat", the curvature of the network's map of correlations at 1, positive.
        eta: for "tat" with a leaky ReLU, the network's correlation of uncorrelated inputs, between
            0 and 1.

    Returns:
        `Shaped`. Of several solutions the one with the least |in_shift| is taken; of two with equal
        |in_shift|, the positive one. in_scale is positive, and the least one for this in_shift.

    Raises:
        TypeError: the activation is not elementwise or has arrays bound to it, or not exactly one
            of depth and subnet_max is given.
        ValueError: an argument is out of its range, the slope jumps with "tat", or the conditions
            have no solution, with the reason.

    Example:
        >>> shaped = activax.theory.shape(activax.tanh, depth=50, method="tat")
        >>> round(shaped.slope, 9), round(50 * shaped.curvature, 9)
        (1.0, 0.3)
        >>> relu = activax.theory.shape(activax.relu, depth=100, method="tat").activation
        >>> round(float(relu(1.0)), 4), round(float(relu(-1.0)), 4)
        (1.2284, -0.7007)

    Paper:
        Martens et al. 2021, Rapid training of deep neural networks without skip connections or
        normalization layers using Deep Kernel Shaping, arXiv:2110.01765; Zhang, Botev & Martens
        2022, Deep Learning without Shortcuts: Shaping the Kernel with Tailored Rectifiers,
        arXiv:2203.08120.
    """
    if (depth is None) == (subnet_max is None):
        raise TypeError("shape: give either depth or subnet_max")
    for name, value, valid, rule in (
        ("depth", depth, depth is None or depth >= 1, "at least 1"),
        ("method", method, method in ("dks", "tat"), "'dks' or 'tat'"),
        ("zeta", zeta, 1 < zeta < math.inf, "above 1 and finite"),
        ("tau", tau, 0 < tau < math.inf, "positive and finite"),
        ("eta", eta, 0 < eta < 1, "between 0 and 1"),
    ):
        if not valid:
            raise ValueError(f"shape: {name} must be {rule}; got {value!r}")
    network = subnet_max or _plain(operator.index(depth or 0))
    sample, rough = sampler("shape", activation, 2), breakpoints(activation)
    if method == "dks":
        local = _local(lambda mu: network(1.0, lambda x: mu * x), 1.0, zeta, "zeta")
        return _shaped(*solved(activation, DKS(sample, rough, local)))
    if _is_leaky(sample):
        return _tailored_leaky(network, eta)
    for point in rough:
        if point.order < 2:
            raise ValueError(
                f"shape: {activation!r} has no tailored transformation ('tat'), since its "
                f"{('value', 'slope')[point.order]} jumps at {point.x:g}, which makes C''(1) "
                "infinite; use 'dks', or a leaky relu"
            )
    local = _local(lambda bend: network(0.0, lambda x: x + bend), 0.0, tau, "tau")
    return _shaped(*solved(activation, TAT(sample, rough, local)))


def _plain(depth: int) -> SubnetMax:
    def network(x: float, layer: Callable[[float], float]) -> float:
        for _ in range(depth):
            x = layer(x)
        return x

    return network


def _local(network: Callable[[float], float], low: float, target: float, name: str) -> float:
    """Return the slope or curvature of one layer for which the network has the target.

    Args:
        network: maps the value of every layer to that of the network.
        low: the value of a linear layer.
        target: the value for the network, `zeta` or `tau`.
        name: the name of the target, for errors.
    """
    least, most = network(low), network(target)
    if not least < target <= most:
        raise ValueError(
            f"shape: subnet_max must give less than {name} = {target:g} for linear layers, and at "
            f"least {target:g} if each layer alone has {target:g}; got {least:g} and {most:g}"
        )
    return find_root(lambda x: network(x) - target, low, target, least - target, most - target)


def _shaped(activation: Activation[...], residual: float) -> Shaped:
    found = moments(activation)
    return Shaped(activation, found.slope, found.curvature, found.mean**2, found.growth, residual)


# Leaky rectifiers


def _is_leaky(sample: Sampler) -> bool:
    """Return True if the function is s max(x, 0) + s a min(x, 0) with 0 <= a < 1."""
    x = np.array([0.25, 1.0, 3.0, 1e3])
    right, left = sample(x)[0, :, 0], -sample(-x)[0, :, 0]
    straight = np.allclose([right, left], [right[1] * x, left[1] * x], rtol=1e-12, atol=0)
    return bool(straight and right[1] != 0 and 0 <= left[1] / right[1] < 1)


def _leaky_map(negative_slope: float) -> Callable[[float], float]:
    """Return the map C from the correlation c of two inputs of a leaky ReLU to that of its outputs.

    C(c) = c + (1 - a)^2 / (pi (1 + a^2)) (sqrt(1 - c^2) - c arccos(c)),  a the negative slope
    """
    weight = (1 - negative_slope) ** 2 / (math.pi * (1 + negative_slope**2))

    def correlation(c: float) -> float:
        c = min(c, 1.0)
        return c + weight * (math.sqrt(1 - c * c) - c * math.acos(c))

    return correlation


def _tailored_leaky(network: SubnetMax, eta: float) -> Shaped:
    def excess(negative_slope: float) -> float:
        return network(0.0, _leaky_map(negative_slope)) - eta

    most = excess(0.0)
    if most < 0:
        raise ValueError(
            f"shape: no leaky relu brings the correlation 0 to eta = {eta:g}: relu itself brings "
            f"it to {most + eta:.5f}, a leak to less. Use relu as it is, or lower eta."
        )
    negative_slope = find_root(excess, 0.0, 1.0, most, excess(1.0))
    scale = math.sqrt(2 / (1 + negative_slope**2))
    return Shaped(
        activation=affine(leaky_relu.bind(negative_slope=negative_slope), scale=scale),
        slope=1.0,
        curvature=math.inf,
        at_zero=_leaky_map(negative_slope)(0.0),
        parallel=1.0,
        residual=abs(excess(negative_slope)),
    )
