"""The equations of Deep Kernel Shaping and Tailored Activation Transformation, and their solution.

The transformed activation is

    g(z) = scale f(u) + shift,  u = in_scale z + in_shift,  z standard normal.

A layer maps the variance 1 + d to Q(1 + d) and the correlation c to C(c). If Q(1) = 1, then

    Q'(1) = E g(z) g'(z) z,  C(0) = (E g)^2,  C'(1) = E g'(z)^2,  C''(1) = E g''(z)^2.

Let m = E f(u), and write E for means over z. Two conditions give the output's scale and shift:

    DKS, C(0) = 0 and Q(1) = 1:   scale^2 E (f - m)^2 = 1,  E g = 0;
    TAT, C'(1) = 1 and Q(1) = 1:  scale^2 in_scale^2 E f'^2 = 1,
                                  (E g / scale)^2 = in_scale^2 E f'^2 - E (f - m)^2.

The other two are equations for in_scale and in_shift. With o = E g / scale,

    DKS:  C'(1) = in_scale^2 E f'^2 / E (f - m)^2,
          Q'(1) = in_scale E (f - m) f' z / E (f - m)^2 = 1;
    TAT:  C''(1) = in_scale^2 E f''^2 / E f'^2,
          Q'(1) = (E (f - m) f' z + o E f' z) / (in_scale E f'^2) = 1.

For each in_shift the first equation gives in_scale by false position; the second one, along these
pairs, gives in_shift. DKS is Martens et al. 2021, arXiv:2110.01765; TAT is Zhang, Botev & Martens
2022, arXiv:2203.08120.
"""

import functools
import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from activax.core.activation import Activation
from activax.core.affine import affine
from activax.theory.breakpoints import Breakpoint
from activax.theory.false_position import find_root
from activax.theory.moments import moments
from activax.theory.quadrature import panels
from activax.theory.sampling import Numbers, Sampler, ScalarFunction

ORDER, NORMAL_RANGE = 16, 10.0
STEPS = np.arange(-NORMAL_RANGE, NORMAL_RANGE + 1)  # the ends of panels in z
BENDS = np.outer([1, -1], 2.0 ** np.arange(-1, 7)).ravel()  # ends of panels in u
IN_SHIFTS = np.sinh(np.linspace(-4, 4, 129))  # the grid for in_shift: 1/16 apart near 0, up to 27
IN_SCALES = 2.0 ** np.arange(-14.0, 7)  # the grid for in_scale
RESIDUAL = 1e-9  # the largest violation that a solution may have
STOP_RESIDUAL = 1e-13  # the violation at which false position stops


class Averages(NamedTuple):
    """Means of f(u), f'(u) and f''(u) over z; m is the mean of f(u)."""

    mean: Numbers
    variance: Numbers  # E (f - m)^2
    cross: Numbers  # E (f - m) f' z
    tilt: Numbers  # E f' z
    slope: Numbers  # E f'^2
    bend: Numbers  # E f''^2


class Conditions:
    """The conditions of one method on in_scale and in_shift.

    Attributes:
        signs: the signs that E g may have.
        what: the name of the condition that determines in_scale.
        sample: f and its derivatives.
        local: the value that this condition asks for.
        marks: inputs of f at which panels end.
    """

    signs: tuple[int, ...] = (1,)
    what = ""

    def __init__(self, sample: Sampler, rough: tuple[Breakpoint, ...], local: float):
        self.sample, self.local = sample, local
        self.marks = np.array([0.0, *BENDS, *(point.x for point in rough)])

    def averages(self, in_scale: np.ndarray, in_shift: float) -> Averages:
        """Return the means at scales (n,) and one shift."""
        scale = in_scale[:, None]
        steps = np.broadcast_to(STEPS, (len(scale), len(STEPS)))
        edges = np.concatenate([steps, (self.marks - in_shift) / scale], -1)
        z, weights = panels(edges, (-NORMAL_RANGE, NORMAL_RANGE), ORDER)
        weights *= np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
        with np.errstate(over="ignore", invalid="ignore"):
            samples = self.sample((scale * z + in_shift).ravel())[..., 0]
            f, slope, bend = np.where(weights.ravel() > 0, samples, 0.0).reshape(3, *z.shape)
            mean = (weights * f).sum(-1)
            moved = f - mean[:, None]
            integrands = moved**2, moved * slope * z, slope * z, slope**2, bend**2
            return Averages(mean, *((weights * i).sum(-1) for i in integrands))

    def curve(self, a: Averages, in_scale: Numbers) -> Numbers:
        """Return C'(1) or C''(1)."""
        raise NotImplementedError

    def change(self, a: Averages, in_scale: Numbers, sign: int) -> Numbers:
        """Return Q'(1)."""
        raise NotImplementedError

    def output(self, a: Averages, in_scale: float, sign: int) -> dict[str, float]:
        """Return the scale and the shift of the output."""
        raise NotImplementedError

    def residual(self, shaped: Activation[...]) -> float:
        """Return the largest violation of the conditions by a transformed activation."""
        raise NotImplementedError


class DKS(Conditions):
    """The conditions of Deep Kernel Shaping."""

    what = "C'(1)"

    def curve(self, a: Averages, in_scale: Numbers) -> Numbers:
        return in_scale**2 * a.slope / a.variance

    def change(self, a: Averages, in_scale: Numbers, sign: int) -> Numbers:
        return in_scale * a.cross / a.variance

    def output(self, a: Averages, in_scale: float, sign: int) -> dict[str, float]:
        scale = 1 / math.sqrt(a.variance)
        return {"scale": scale, "shift": -scale * float(a.mean)}

    def residual(self, shaped: Activation[...]) -> float:
        found = moments(shaped)
        violations = found.second - 1, found.growth - 1, found.mean, found.slope - self.local
        return max(map(abs, violations))


class TAT(Conditions):
    """The conditions of Tailored Activation Transformation."""

    what = "C''(1)"
    signs = (1, -1)

    def curve(self, a: Averages, in_scale: Numbers) -> Numbers:
        return in_scale**2 * a.bend / a.slope

    def offset(self, a: Averages, in_scale: Numbers, sign: int) -> Numbers:
        """Return E g / scale, as Q(1) = 1 and C'(1) = 1 determine it."""
        return sign * np.sqrt(np.maximum(in_scale**2 * a.slope - a.variance, 0))

    def change(self, a: Averages, in_scale: Numbers, sign: int) -> Numbers:
        return (a.cross + self.offset(a, in_scale, sign) * a.tilt) / (in_scale * a.slope)

    def output(self, a: Averages, in_scale: float, sign: int) -> dict[str, float]:
        scale = 1 / (in_scale * math.sqrt(a.slope))
        shift = scale * (float(self.offset(a, in_scale, sign)) - float(a.mean))
        return {"scale": scale, "shift": shift}

    def residual(self, shaped: Activation[...]) -> float:
        found = moments(shaped)
        violations = found.second - 1, found.growth - 1, found.slope - 1
        return max(*map(abs, violations), abs(found.curvature / self.local - 1))


@np.errstate(divide="ignore", invalid="ignore")  # where the function is flat
def solved(activation: ScalarFunction, conditions: Conditions) -> tuple[Activation[...], float]:
    """Return the solution of least |in_shift|, and its largest violation of the conditions."""
    along = functools.cache(functools.partial(_scale_at, conditions))

    def excess(sign: int, shift: float) -> float:
        """Return Q'(1) - 1 at a shift and its scale; NaN if no scale gives `local`."""
        scale, a, _ = along(shift)
        return math.nan if a is None else conditions.change(a, scale, sign) - 1

    for low, high in _outward(IN_SHIFTS.tolist()):
        for sign in conditions.signs:
            ends = excess(sign, low), excess(sign, high)
            if not ends[0] * ends[1] <= 0:
                continue
            if ends[0] == 0:
                shift = low
            else:
                shift = find_root(functools.partial(excess, sign), low, high, *ends, STOP_RESIDUAL)
            scale, a, _ = along(shift)
            if a is None:
                continue
            output = conditions.output(a, scale, sign)
            shaped = affine(activation, in_scale=scale, in_shift=shift, **output)
            residual = conditions.residual(shaped)
            if residual <= RESIDUAL:
                return shaped, residual
    tried = [along(shift) for shift in IN_SHIFTS.tolist()]
    changes = [excess(sign, shift) for sign in conditions.signs for shift in IN_SHIFTS.tolist()]
    if all(map(math.isnan, changes)):
        reason = (
            f"{conditions.what} is at most {max(most for *_, most in tried):.6g}, for any scale "
            "and shift of the input"
        )
    else:
        least, most = np.nanmin(changes), np.nanmax(changes)
        reason = f"with the second, Q'(1) is from {1 + least:.6g} to {1 + most:.6g}"
    wanted = f"{conditions.what} = {conditions.local:.6g}"
    raise ValueError(
        f"shape: {activation!r} cannot have Q'(1) = 1 and {wanted} in each layer: {reason}"
    )


def _outward(points: list[float]) -> Iterator[tuple[float, float]]:
    """Yield neighbouring points from the middle to both ends, alternately right and left."""
    middle = len(points) // 2
    for i in range(middle):
        yield points[middle + i], points[middle + i + 1]
        yield points[middle - i - 1], points[middle - i]


def _scale_at(conditions: Conditions, shift: float) -> tuple[float, Averages | None, float]:
    """Solve C'(1) = local or C''(1) = local for in_scale, at a given in_shift.

    Returns:
        The least solution, the means there, and the largest C'(1) or C''(1) on the grid of scales.
        Without a solution the first two are NaN and None.
    """
    curve = conditions.curve(conditions.averages(IN_SCALES, shift), IN_SCALES)
    above = curve >= conditions.local
    most = float(np.nanmax(curve, initial=0.0))
    i = int(above.argmax())
    if i == 0 or not curve[i - 1] < conditions.local:
        return math.nan, None, most

    def excess(scale: float) -> float:
        a = conditions.averages(np.array([scale]), shift)
        return float(conditions.curve(a, scale)[0]) - conditions.local

    low, high = IN_SCALES[i - 1 : i + 1].tolist()
    scale = find_root(
        excess, low, high, excess(low), excess(high), STOP_RESIDUAL * conditions.local
    )
    averages = conditions.averages(np.array([scale]), shift)
    return scale, Averages(*(value[0] for value in averages)), most
