"""What Deep Kernel Shaping and Tailored Activation Transformation ask of a layer, solved."""

import functools
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from activax.core.activation import Activation
from activax.core.affine import affine
from activax.theory.breakpoints import Breakpoint
from activax.theory.false_position import find_root
from activax.theory.moments import moments
from activax.theory.quadrature import panels
from activax.theory.sampling import Sampler, ScalarFunction

ORDER, NORMAL_RANGE = 16, 10.0
STEPS = np.arange(-NORMAL_RANGE, NORMAL_RANGE + 1)  # where panels end, of z
BENDS = np.outer([1, -1], 2.0 ** np.arange(-1, 7)).ravel()  # and of the input of the function
SHIFTS = np.sinh(np.linspace(-4, 4, 129))  # where in_shift is looked for: 1/16 apart near 0, to 27
SCALES = 2.0 ** np.arange(-14.0, 7)
RESIDUAL, ENOUGH = 1e-9, 1e-13  # the largest of a solution, and where the search for it ends


class Averages(NamedTuple):
    """Over u = in_scale z + in_shift, z standard normal; f is the function and m its mean."""

    mean: Any
    variance: Any  # E (f - m)^2
    cross: Any  # E (f - m) f' z
    tilt: Any  # E f' z
    slope: Any  # E f'^2
    bend: Any  # E f''^2


class Conditions:
    """What scale and shift of the input must solve; those of the output follow.

    C'(1) or C''(1), which is to be `local`, gives the scale for each shift, and Q'(1) = 1 the
    shift. `signs` are the branches that the output's shift may take.
    """

    signs: tuple[int, ...] = (1,)
    what = ""

    def __init__(self, sample: Sampler, rough: tuple[Breakpoint, ...], local: float):
        self.sample, self.local = sample, local
        self.marks = np.array([0.0, *BENDS, *(point.x for point in rough)])

    def averages(self, in_scale: np.ndarray, in_shift: float) -> Averages:
        """At scales (n,)."""
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

    def curve(self, a: Averages, in_scale: Any) -> Any:
        """C'(1) or C''(1)."""
        raise NotImplementedError

    def change(self, a: Averages, in_scale: Any, sign: int) -> Any:
        """Q'(1)."""
        raise NotImplementedError

    def output(self, a: Averages, in_scale: float, sign: int) -> dict[str, float]:
        """The scale and the shift of the output."""
        raise NotImplementedError

    def residual(self, shaped: Activation[...]) -> float:
        """The largest violation, of an activation that is done."""
        raise NotImplementedError


class DKS(Conditions):
    what = "C'(1)"

    def curve(self, a: Averages, in_scale: Any) -> Any:
        return in_scale**2 * a.slope / a.variance

    def change(self, a: Averages, in_scale: Any, sign: int) -> Any:
        return in_scale * a.cross / a.variance

    def output(self, a: Averages, in_scale: float, sign: int) -> dict[str, float]:
        scale = 1 / math.sqrt(a.variance)
        return {"scale": scale, "shift": -scale * float(a.mean)}

    def residual(self, shaped: Activation[...]) -> float:
        found = moments(shaped)
        violations = found.second - 1, found.growth - 1, found.mean, found.slope - self.local
        return max(map(abs, violations))


class TAT(Conditions):
    what = "C''(1)"
    signs = (1, -1)

    def curve(self, a: Averages, in_scale: Any) -> Any:
        return in_scale**2 * a.bend / a.slope

    def offset(self, a: Averages, in_scale: Any, sign: int) -> Any:
        """What is to be the mean of the output, over its scale, by Q(1) = 1 = C'(1)."""
        return sign * np.sqrt(np.maximum(in_scale**2 * a.slope - a.variance, 0))

    def change(self, a: Averages, in_scale: Any, sign: int) -> Any:
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
    """The first solution in the order of |in_shift| whose equations hold, and their residual."""
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
                shift = find_root(functools.partial(excess, sign), low, high, *ends, ENOUGH)
            scale, a, _ = along(shift)
            if a is None:
                continue
            output = conditions.output(a, scale, sign)
            shaped = affine(activation, in_scale=scale, in_shift=shift, **output)
            residual = conditions.residual(shaped)
            if residual <= RESIDUAL:
                return shaped, residual
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


def _along(conditions: Conditions, shift: float) -> tuple[float, Averages | None, float]:
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
    scale = find_root(excess, low, high, excess(low), excess(high), ENOUGH * conditions.local)
    averages = conditions.averages(np.array([scale]), shift)
    return scale, Averages(*(value[0] for value in averages)), most
