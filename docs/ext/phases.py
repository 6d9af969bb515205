"""The picture of signals in wide random networks: variance, correlation and critical points.

The plain formula is evaluated on one grid of inputs for all activations, operation by operation, as
in `activax.atlas.lines`. Integrals over the normal distribution are sums over that grid.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from activax import Activation
from activax.atlas.lines import in_operations
from activax.theory.hermite import weighted_polynomials
from docs.ext import svg

WIDTH, HEIGHT, SIDE = 430, 160, 98  # of the picture and of a panel, in pixels
CAPTION = (
    "Signals of variance 1 in a wide network of random weights, at the critical point or, where "
    "there is none, with the gain. Left and in the middle: the variance of a unit and the "
    "correlation of two inputs, behind a layer over those before it; dashed is what stays the "
    "same. Right, with a dot at variance 1: the points (`sigma_b`, `sigma_w`) at which a small "
    "difference of two inputs stays as it is. Above them it grows with depth, below it fades."
)
MOST = 4.0  # the largest variance
VARIANCES = np.linspace(1 / 16, MOST, 64)  # with 1 among them
NORMAL = np.linspace(-6.5, 6.5, 262)  # without 0, where kinks are
WEIGHTS = np.exp(-(NORMAL**2) / 2) / np.exp(-(NORMAL**2) / 2).sum()
CORRELATIONS = np.linspace(0, 1, 65)
DEGREES = 48  # of Hermite polynomials; what is left is of higher degrees
CONSTANT = 1e-3  # the relative change of a mean that is the same at all variances


class Means(NamedTuple):
    """Means of an activation of normal numbers, by their variance, and its Hermite coefficients.

    Attributes:
        square: E[f(sqrt(q) z)^2] for each q of VARIANCES.
        slope: E[f'(sqrt(q) z)^2].
        hermite: the squares of the normalised coefficients at q = 1, up to DEGREES.
    """

    square: np.ndarray
    slope: np.ndarray
    hermite: np.ndarray


HERMITE = weighted_polynomials(NORMAL, WEIGHTS, DEGREES + 1)


def means(activation: Activation[...]) -> Means:
    """Return the means of an elementwise activation."""
    x = np.sqrt(VARIANCES)[:, None] * NORMAL
    inputs = jnp.asarray(x.ravel(), jnp.float32)
    with jax.disable_jit():
        both = jax.jvp(in_operations(activation), (inputs,), (jnp.ones_like(inputs),))
    value, slope = (np.asarray(y, np.float64).reshape(x.shape) for y in both)
    (unit,) = np.flatnonzero(VARIANCES == 1)
    return Means(value**2 @ WEIGHTS, slope**2 @ WEIGHTS, (HERMITE @ value[unit]) ** 2)


def correlation(of: Means, sigma_w: float, sigma_b: float) -> np.ndarray:
    """Return the correlation of two signals behind a layer, for each of CORRELATIONS before it."""
    (unit,) = np.flatnonzero(VARIANCES == 1)
    rest = of.square[unit] - of.hermite.sum()
    powers = CORRELATIONS[:, None] ** np.arange(DEGREES + 2)
    covariance = sigma_w**2 * powers @ [*of.hermite, rest] + sigma_b**2
    return covariance / covariance[-1]


def critical_points(of: Means) -> tuple[np.ndarray, np.ndarray]:
    """Return (sigma_b, sigma_w) at which a small difference of two signals stays as it is.

    For each variance q there is at most one point that keeps it:
        sigma_w^2 E[f'^2] = 1,   sigma_b^2 = q - sigma_w^2 E[f^2].
    Where E[f'^2] does not depend on q, sigma_w is the same for every sigma_b.
    """
    if np.ptp(of.slope) < CONSTANT * of.slope.max():
        return np.array([0.0, 1.0]), np.full(2, of.slope[0] ** -0.5)
    with np.errstate(divide="ignore", invalid="ignore"):
        sigma_w = of.slope**-0.5
        square = VARIANCES - sigma_w**2 * of.square
    found = np.isfinite(square) & (square >= -CONSTANT * VARIANCES)
    return np.sqrt(np.maximum(square[found], 0)), sigma_w[found]


def draw(activation: Activation[...], point: dict[str, Any]) -> str:
    """Return the picture at a point of `benchmarks.criticality`: critical, or with the gain."""
    critical = point["sigma_w"] is not None
    sigma_w, sigma_b = (point["sigma_w"], point["sigma_b"]) if critical else (point["gain"], 0.0)
    of = means(activation)
    left, middle, right = (34 + i * (SIDE + 44) for i in range(3))
    variance = svg.Panel(left, 22, SIDE, SIDE, (0, MOST), (0, MOST))
    alike = svg.Panel(middle, 22, SIDE, SIDE, (0, 1), (0, 1))
    after = sigma_w**2 * of.square + sigma_b**2
    parts = [
        svg.text(left, 14, "variance"),
        variance.axes("before the layer"),
        variance.curve([0, MOST], [0, MOST], svg.SAME),
        variance.curve(VARIANCES, after, svg.SIGNAL),
        svg.text(middle, 14, "correlation"),
        alike.axes("before the layer"),
        alike.curve([0, 1], [0, 1], svg.SAME),
        alike.curve(CORRELATIONS, correlation(of, sigma_w, sigma_b), svg.SIGNAL),
    ]
    across, up = critical_points(of)
    if critical and len(across) > 1:
        most = max(1.0, float(across.max()))
        low, high = float(up.min()), float(up.max())
        room = max(0.5 * (high - low), 0.3 * low)
        phase = svg.Panel(right, 22, SIDE, SIDE, (0, most), (max(low - room, 0), high + room))
        parts += [
            svg.text(right, 14, "sigma_w, critical"),
            phase.axes("sigma_b"),
            phase.curve(across, up, svg.SIGNAL),
            phase.mark(sigma_b, sigma_w, svg.SIGNAL),
            svg.text(right + SIDE - 4, 22 + 12, "chaotic", "end"),
            svg.text(right + SIDE - 4, 22 + SIDE - 5, "ordered", "end"),
        ]
    title = f"{activation.name}: variance and correlation from layer to layer, critical points"
    return svg.picture(WIDTH, HEIGHT, parts, title)
