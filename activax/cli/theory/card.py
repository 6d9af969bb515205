"""The theory of one activation, as numbers for JSON."""

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import activax
from activax import theory
from activax.theory.moments import GAINS

COEFFICIENTS = 8
HE, OWN_GAIN, CRITICAL, HALF_STABLE = "He", "own gain", "critical", "half-stable"

Card = dict[str, Any]


class Start(NamedTuple):
    """An initialisation.

    The weights have variance sigma_w^2 / fan-in, the biases have variance sigma_b^2, and the first
    pre-activations have variance q.
    """

    sigma_w: float
    sigma_b: float
    q: float


def card(
    activation: activax.Activation[...],
    variances: Sequence[float],
    sigma_b: float | None,
    depth: int,
) -> Card:
    """Return the numbers of `activax theory`; the reason stands in place of one that is missing.

    Args:
        activation: an elementwise activation.
        variances: the variances of pre-activations to give moments for.
        sigma_b: a scale of biases to give a critical point for, or None.
        depth: the number of layers to follow.

    Raises:
        ValueError: the activation has no moments.
    """
    with noted() as notes:
        points = critical_points(activation, sigma_b)
        found = {
            "name": activation.name,
            "moments": {q: theory.moments(activation, q)._asdict() for q in variances},
            "gains": {kind: _or_reason(theory.gain, activation, kind=kind) for kind in GAINS},
            "lipschitz": theory.lipschitz(activation),
            "minimum": theory.minimum(activation)._asdict(),
            "breakpoints": [point._asdict() for point in theory.breakpoints(activation)],
            "hermite": theory.hermite(activation, COEFFICIENTS).tolist(),
            "critical": {
                label: point
                if isinstance(point, str)
                else point._asdict() | {"spread": spread(activation, point)}
                for label, point in points.items()
            },
            "self_normalizing": self_normalizing(activation),
            "depth": depth,
            "propagation": {
                label: followed(activation, start, depth)
                for label, start in starts(activation, points).items()
            },
        }
    return found | {"notes": notes}


def self_normalizing(activation: activax.Activation[...]) -> dict[str, Any] | str:
    """Return the map to an activation that keeps mean 0 and variance 1, and its facts."""
    found = _or_reason(theory.self_normalize, activation)
    if isinstance(found, str):
        return found
    return {name: getattr(found, name) for name in ("scale", "shift", "parallel", "stable", "chi")}


def spread(activation: activax.Activation[...], point: theory.Critical) -> float | str | None:
    """Return what each layer adds to the variance of the Jacobian's squared singular values.

    The weights are orthogonal. At q = 0 the result is None.
    """
    if not point.q:
        return None
    found = _or_reason(theory.isometry, activation, sigma_w=point.sigma_w, q=point.q)
    return found if isinstance(found, str) else float(found.variance)


def critical_points(
    activation: activax.Activation[...], sigma_b: float | None
) -> dict[str, theory.Critical | str]:
    """Return the critical points: at q = 1, without biases, with sigma_b, and half-stable."""
    wanted: dict[str, dict[str, Any]] = {"q = 1": {}, "sigma_b = 0": {"sigma_b": 0.0}}
    if sigma_b:
        wanted[f"sigma_b = {sigma_b:g}"] = {"sigma_b": sigma_b}
    wanted[HALF_STABLE] = {"half_stable": True}
    return {
        label: _or_reason(theory.critical, activation, **which) for label, which in wanted.items()
    }


def starts(
    activation: activax.Activation[...], points: dict[str, theory.Critical | str]
) -> dict[str, Start]:
    """Return the initialisations to compare, by name.

    These are He's gain, the activation's own gain, and the first of these critical points that
    exists with a variance above 0: half-stable, stable, any. Equal initialisations share one entry
    with all their names.
    """
    named = {HE: Start(2**0.5, 0.0, 1.0)}
    own = _or_reason(theory.gain, activation)
    if not isinstance(own, str):
        named[OWN_GAIN] = Start(own, 0.0, 1.0)
    usable = {
        label: point for label, point in points.items() if not isinstance(point, str) and point.q
    }
    stable = [label for label, point in usable.items() if point.stable]
    best = next(
        (label for label in (HALF_STABLE, *reversed(stable), *usable) if label in usable), ""
    )
    if best:
        named[HALF_STABLE if best == HALF_STABLE else CRITICAL] = Start(*usable[best][:3])
    labels: dict[tuple[float, ...], list[str]] = {}
    for label, start in named.items():
        labels.setdefault(tuple(round(number, 12) for number in start), []).append(label)
    return {" = ".join(same): named[same[0]] for same in labels.values()}


def followed(activation: activax.Activation[...], start: Start, depth: int) -> dict[str, Any]:
    """Return the path of signals and gradients through a deep network."""
    path = theory.propagate(
        activation, start.sigma_w, start.sigma_b, depth=depth, q0=start.q, rho0=0.5
    )
    return {
        **start._asdict(),
        "last_q": float(path.q[-1]),
        "last_rho": float(path.rho[-1]),
        "layers": len(path.q) - 1,
        "gradient": path.gradient,
        "depth_q": path.depth_q,
        "depth_rho": path.depth_rho,
        "overflow": path.overflow,
        "underflow": path.underflow,
    }


def without_infinities(value: Any) -> Any:
    """Return a tree with texts for the numbers that JSON lacks."""
    match value:
        case dict():
            return {key: without_infinities(one) for key, one in value.items()}
        case list():
            return [*map(without_infinities, value)]
        case float() if not math.isfinite(value):
            return str(value)
    return value


def _or_reason(
    function: Callable[..., Any], activation: activax.Activation[...], **options: Any
) -> Any:
    """Return the result of a function of theory, or the reason why there is none."""
    try:
        return function(activation, **options)
    except ValueError as reason:
        return str(reason).partition(": ")[2]


@contextmanager
def noted() -> Iterator[list[str]]:
    """Collect the warnings of a block as texts, each once."""
    notes: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield notes
    notes += dict.fromkeys(str(one.message) for one in caught)
