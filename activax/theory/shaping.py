"""Deep Kernel Shaping and Tailored Activation Transformation of any activation."""

import functools
import math
import operator
from collections.abc import Callable, Iterator
from typing import Any, Literal, NamedTuple

import numpy as np

from activax._activation import Activation
from activax._affine import affine
from activax.functions.piecewise import leaky_relu
from activax.theory.breakpoints import Breakpoint, breakpoints
from activax.theory.moments import moments
from activax.theory.quadrature import panels
from activax.theory.roots import root
from activax.theory.sampling import Sampler, sampler

Method = Literal["dks", "tat"]

# What the largest subnetwork makes of a number, if each non-linear layer makes layer(it) of it.
SubnetMax = Callable[[float, Callable[[float], float]], float]

ORDER, REACH = 16, 10.0
STEPS = np.arange(-REACH, REACH + 1)  # where panels end, of z
BENDS = np.outer([1, -1], 2.0 ** np.arange(-1, 7)).ravel()  # and of the input of the function
SHIFTS = np.sinh(np.linspace(-4, 4, 129))  # where in_shift is looked for: 1/16 apart near 0, to 27
SCALES = 2.0 ** np.arange(-14.0, 7)
RESIDUAL, ENOUGH = 1e-9, 1e-13  # the largest of a solution, and where the search for it ends


class Shaped(NamedTuple):
    """A transformed activation, and what it solves.

    Attributes:
        activation: scale f(in_scale x + in_shift) + shift, as an Activation; of a leaky ReLU, one
            with another slope, scaled.
        slope: C'(1), of the map of the correlation of two inputs from layer to layer; gradients
            grow as it says.
        curvature: C''(1); inf where the slope jumps.
        at_zero: C(0), the correlation to which uncorrelated inputs are brought.
        parallel: Q'(1), by how much a layer multiplies a small change of the variance.
        residual: the largest violation of the equations that it solves.
    """

    activation: Activation[...]
    slope: float
    curvature: float
    at_zero: float
    parallel: float
    residual: float


def shape(
    activation: Callable[..., Any],
    depth: int | None = None,
    method: Method = "dks",
    *,
    subnet_max: SubnetMax | None = None,
    zeta: float = 1.5,
    tau: float = 0.3,
    eta: float = 0.9,
) -> Shaped:
    """Transform an activation so that a plain network of a given depth can be trained.

    Neither skip connections nor normalisation are needed. The weights are to have variance
    1 / fan-in (or be orthogonal, of gain 1), the biases are 0, and the mean square of each input
    is 1. The conditions, of the maps of the variance Q and of the correlation C of one layer:

    - "dks": Q(1) = 1, Q'(1) = 1, C(0) = 0, C'(1) such that the network's is zeta: in a plain one
      zeta^(1 / depth). Of any activation; its authors train with it by second-order optimisers.
    - "tat": Q(1) = 1, Q'(1) = 1, C'(1) = 1, and C''(1) such that the network's is tau: in a plain
      one tau / depth. The slope must not jump. Of relu and leaky relus the negative slope is
      chosen instead, so that the network brings the correlation 0 to eta.

    Args:
        activation: an elementwise Activation, or any function of an array that acts on each
            element; numbers may be bound to it, arrays not.
        depth: the number of non-linear layers of a plain network.
        method: "dks" or "tat".
        subnet_max: in place of the depth, for any other network: a function of a number and of
            layer, a function of a number, that applies it wherever the network has a non-linear
            layer, and returns the largest result of any subnetwork. A plain network of 2 layers is
            `lambda x, layer: layer(layer(x))`; a sum of branches, of weights that add up to 1, is
            the weighted sum of what each returns.
        zeta: of "dks", the slope of the network's map of correlations at 1, above 1.
        tau: of "tat", the curvature of that map at 1, positive.
        eta: of "tat" with a leaky ReLU, the network's correlation of uncorrelated inputs, between 0
            and 1.

    Returns:
        `Shaped`. Of several solutions the one with the least magnitude of in_shift, the positive
        one if there are both, and with the least in_scale, which is positive.

    Raises:
        TypeError: an activation that is not elementwise or has arrays bound to it, or not one of
            depth and subnet_max.
        ValueError: an argument out of its range, a slope that jumps with "tat", or, with the
            reason, that the conditions cannot be met.

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
        return _solved(activation, _DKS(sample, rough, local))
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
    return _solved(activation, _TAT(sample, rough, local))


def _plain(depth: int) -> SubnetMax:
    def network(x: float, layer: Callable[[float], float]) -> float:
        for _ in range(depth):
            x = layer(x)
        return x

    return network


def _local(network: Callable[[float], float], low: float, target: float, name: str) -> float:
    """What each layer must have, from that of a linear one, so that the network has the target."""
    least, most = network(low), network(target)
    if not least < target <= most:
        raise ValueError(
            f"shape: subnet_max must give less than {name} = {target:g} for linear layers, and no "
            f"less for layers that have it each; got {least:g} and {most:g}"
        )
    return root(lambda x: network(x) - target, low, target, least - target, most - target)


# Leaky rectifiers


def _is_leaky(sample: Sampler) -> bool:
    """Whether it is s max(x, 0) + s a min(x, 0), 0 <= a < 1."""
    x = np.array([0.25, 1.0, 3.0, 1e3])
    right, left = sample(x)[0, :, 0], -sample(-x)[0, :, 0]
    straight = np.allclose([right, left], [right[1] * x, left[1] * x], rtol=1e-12, atol=0)
    return bool(straight and right[1] != 0 and 0 <= left[1] / right[1] < 1)


def _leaky_map(negative_slope: float) -> Callable[[float], float]:
    """Of the correlation of two inputs of a leaky ReLU to that of its outputs."""
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
    negative_slope = root(excess, 0.0, 1.0, most, excess(1.0))
    scale = math.sqrt(2 / (1 + negative_slope**2))
    return Shaped(
        activation=affine(leaky_relu.bind(negative_slope=negative_slope), scale=scale),
        slope=1.0,
        curvature=math.inf,
        at_zero=_leaky_map(negative_slope)(0.0),
        parallel=1.0,
        residual=abs(excess(negative_slope)),
    )


# All others


class _Averages(NamedTuple):
    """Over u = in_scale z + in_shift, z standard normal; f is the function and m its mean."""

    mean: Any
    variance: Any  # E (f - m)^2
    cross: Any  # E (f - m) f' z
    tilt: Any  # E f' z
    slope: Any  # E f'^2
    bend: Any  # E f''^2


class _Conditions:
    """What scale and shift of the input must solve; those of the output follow.

    C'(1) or C''(1), which is to be `local`, gives the scale for each shift, and Q'(1) = 1 the
    shift. `signs` are the branches that the output's shift may take.
    """

    signs: tuple[int, ...] = (1,)
    what = ""

    def __init__(self, sample: Sampler, rough: tuple[Breakpoint, ...], local: float):
        self.sample, self.local = sample, local
        self.marks = np.array([0.0, *BENDS, *(point.x for point in rough)])

    def averages(self, in_scale: np.ndarray, in_shift: float) -> _Averages:
        """At scales (n,)."""
        scale = in_scale[:, None]
        steps = np.broadcast_to(STEPS, (len(scale), len(STEPS)))
        edges = np.concatenate([steps, (self.marks - in_shift) / scale], -1)
        z, weights = panels(edges, (-REACH, REACH), ORDER)
        weights *= np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        with np.errstate(over="ignore", invalid="ignore"):
            samples = self.sample((scale * z + in_shift).ravel())[..., 0]
            f, slope, bend = np.where(weights.ravel() > 0, samples, 0.0).reshape(3, *z.shape)
            mean = (weights * f).sum(-1)
            moved = f - mean[:, None]
            integrands = moved**2, moved * slope * z, slope * z, slope**2, bend**2
            return _Averages(mean, *((weights * i).sum(-1) for i in integrands))

    def curve(self, a: _Averages, in_scale: Any) -> Any:
        """C'(1) or C''(1)."""
        raise NotImplementedError

    def change(self, a: _Averages, in_scale: Any, sign: int) -> Any:
        """Q'(1)."""
        raise NotImplementedError

    def output(self, a: _Averages, in_scale: float, sign: int) -> dict[str, float]:
        """The scale and the shift of the output."""
        raise NotImplementedError

    def residual(self, shaped: Activation[...]) -> float:
        """The largest violation, of an activation that is done."""
        raise NotImplementedError


class _DKS(_Conditions):
    what = "C'(1)"

    def curve(self, a: _Averages, in_scale: Any) -> Any:
        return in_scale**2 * a.slope / a.variance

    def change(self, a: _Averages, in_scale: Any, sign: int) -> Any:
        return in_scale * a.cross / a.variance

    def output(self, a: _Averages, in_scale: float, sign: int) -> dict[str, float]:
        scale = 1 / math.sqrt(a.variance)
        return {"scale": scale, "shift": -scale * float(a.mean)}

    def residual(self, shaped: Activation[...]) -> float:
        found = moments(shaped)
        violations = found.second - 1, found.growth - 1, found.mean, found.slope - self.local
        return max(map(abs, violations))


class _TAT(_Conditions):
    what = "C''(1)"
    signs = (1, -1)

    def curve(self, a: _Averages, in_scale: Any) -> Any:
        return in_scale**2 * a.bend / a.slope

    def offset(self, a: _Averages, in_scale: Any, sign: int) -> Any:
        """What is to be the mean of the output, over its scale, by Q(1) = 1 = C'(1)."""
        return sign * np.sqrt(np.maximum(in_scale**2 * a.slope - a.variance, 0))

    def change(self, a: _Averages, in_scale: Any, sign: int) -> Any:
        return (a.cross + self.offset(a, in_scale, sign) * a.tilt) / (in_scale * a.slope)

    def output(self, a: _Averages, in_scale: float, sign: int) -> dict[str, float]:
        scale = 1 / (in_scale * math.sqrt(a.slope))
        shift = scale * (float(self.offset(a, in_scale, sign)) - float(a.mean))
        return {"scale": scale, "shift": shift}

    def residual(self, shaped: Activation[...]) -> float:
        found = moments(shaped)
        violations = found.second - 1, found.growth - 1, found.slope - 1
        return max(*map(abs, violations), abs(found.curvature / self.local - 1))


@np.errstate(divide="ignore", invalid="ignore")  # where the function is flat
def _solved(activation: Callable[..., Any], conditions: _Conditions) -> Shaped:
    """The first solution in the order of |in_shift| whose equations hold."""
    along = functools.cache(functools.partial(_along, conditions))

    def excess(sign: int, shift: float) -> float:
        """Q'(1) - 1 with the wanted curve; NaN where that is not to be had."""
        scale, a, _ = along(shift)
        return math.nan if a is None else conditions.change(a, scale, sign) - 1

    for low, high in _outward(SHIFTS.tolist()):
        for sign in conditions.signs:
            ends = excess(sign, low), excess(sign, high)
            if not ends[0] * ends[1] <= 0:
                continue
            if ends[0] == 0:
                shift = low
            else:
                shift = root(functools.partial(excess, sign), low, high, *ends, ENOUGH)
            scale, a, _ = along(shift)
            if a is None:
                continue
            output = conditions.output(a, scale, sign)
            shaped = affine(activation, in_scale=scale, in_shift=shift, **output)
            residual = conditions.residual(shaped)
            if residual <= RESIDUAL:
                found = moments(shaped)
                return Shaped(
                    shaped, found.slope, found.curvature, found.mean**2, found.growth, residual
                )
    tried = [along(shift) for shift in SHIFTS.tolist()]
    changes = [excess(sign, shift) for sign in conditions.signs for shift in SHIFTS.tolist()]
    if all(map(math.isnan, changes)):
        reason = (
            f"{conditions.what} is at most {max(most for *_, most in tried):.6g}, for any scale "
            "and shift of the input"
        )
    else:
        least, most = np.nanmin(changes), np.nanmax(changes)
        reason = f"with the latter, Q'(1) is from {1 + least:.6g} to {1 + most:.6g}"
    wanted = f"{conditions.what} = {conditions.local:.6g}"
    raise ValueError(
        f"shape: {activation!r} cannot have Q'(1) = 1 and {wanted} in each layer: {reason}"
    )


def _outward(points: list[float]) -> Iterator[tuple[float, float]]:
    """Neighbours, from the middle to both ends, the right ones first."""
    middle = len(points) // 2
    for i in range(middle):
        yield points[middle + i], points[middle + i + 1]
        yield points[middle - i - 1], points[middle - i]


def _along(conditions: _Conditions, shift: float) -> tuple[float, _Averages | None, float]:
    """At a shift, the least scale of the wanted curve, the averages there, and the most curve."""
    curve = conditions.curve(conditions.averages(SCALES, shift), SCALES)
    above = curve >= conditions.local
    most = float(np.nanmax(curve, initial=0.0))
    i = int(above.argmax())
    if i == 0 or not curve[i - 1] < conditions.local:
        return math.nan, None, most

    def excess(scale: float) -> float:
        a = conditions.averages(np.array([scale]), shift)
        return float(conditions.curve(a, scale)[0]) - conditions.local

    low, high = SCALES[i - 1 : i + 1].tolist()
    scale = root(excess, low, high, excess(low), excess(high), ENOUGH * conditions.local)
    averages = conditions.averages(np.array([scale]), shift)
    return scale, _Averages(*(value[0] for value in averages)), most
