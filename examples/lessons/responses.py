"""Four answers to "when do I respond?": ReLU, sigmoid, tanh and the threshold.

Every neuron computes a signal w x + b. Its activation decides what the next layer is told about the
signal: ReLU tells how far it is above zero, the sigmoid how likely, tanh which side and how surely,
the threshold yes or no. Only ReLU answers a signal eight times as strong with eight times as much.

The slope of the activation scales every error that comes back, so a neuron learns through it. Where
the slope is below 1 % of its maximum the neuron is saturated: it answers, but does not learn. We
count saturated neurons for normal inputs of growing scale, and compare with the normal
distribution.

Below zero, ReLU and the threshold are silent: their answer is exactly 0. For normal inputs of mean
mu and deviation sigma the silent share is Phi(-mu / sigma), so a bias sets the sparsity of a layer.

Caveat: the inputs here are normal, as in wide layers at initialisation; training changes them. And
silence is saturation too: ReLU learns nothing from half of its inputs, at every scale. But it
learns from every input that it answers.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from matplotlib.figure import Figure
from rich.table import Table
from scipy.stats import norm

import activax
from activax.theory import lipschitz, moments
from examples.lessons.lesson import Claim, main, table


class Response(NamedTuple):
    """An activation, and what it tells about its input."""

    f: Callable[[Array], Array]
    says: str
    awake: tuple[float, float]  # the interval where the slope is above 1 % of its maximum

    def saturated(self, sigma: np.ndarray) -> np.ndarray:
        """Return the share of normal inputs of deviation sigma outside the interval `awake`."""
        low, high = self.awake
        return 1 - norm.cdf(high / sigma) + norm.cdf(low / sigma)


# At EDGE tanh'(x) = 1 / cosh(x)^2 is 1 %; sigmoid'(x) = tanh'(x / 2) / 4.
EDGE = np.arccosh(10)
RESPONSES = {
    "ReLU": Response(activax.relu, "how far above zero", (0, np.inf)),
    "sigmoid": Response(activax.sigmoid, "how likely", (-2 * EDGE, 2 * EDGE)),
    "tanh": Response(activax.tanh, "which side, how surely", (-EDGE, EDGE)),
    # The formula has the true slope; `activax.step` itself learns through a surrogate.
    "threshold": Response(activax.step.formula, "yes or no", (0, 0)),
}
SIGNALS = [-4.0, -0.5, 0.5, 4.0]
SCALES = np.array([1.0, 2.0, 4.0, 8.0])
MEANS = np.array([-1.0, 0.0, 1.0])
SAMPLES = 400_000
# Five standard errors of a mean of numbers between 0 and 1; their deviation is at most 1 / 2.
TOLERANCE = 5 * 0.5 / SAMPLES**0.5


class Measured(NamedTuple):
    """The measurements of one response.

    `saturated`, `passed` and `silent` have two rows: measured, and by theory.
    """

    values: list[float]  # at SIGNALS
    slopes: list[float]
    saturated: np.ndarray  # the share of saturated inputs, at SCALES
    passed: np.ndarray  # the mean squared slope, at SCALES
    silent: np.ndarray  # the share of inputs whose answer is 0, at MEANS


def measure() -> dict[str, Measured]:
    z = jax.random.normal(jax.random.key(0), SAMPLES)
    return {name: respond(response, z) for name, response in RESPONSES.items()}


def respond(response: Response, z: Array) -> Measured:
    f = response.f
    at = jnp.array(SIGNALS)
    steepest = float(slope(f, jnp.linspace(-10, 10, 2001)).max())
    slopes = np.array([slope(f, scale * z) for scale in SCALES.tolist()], np.float64)
    zeros = np.array([f(z + mean) == 0 for mean in MEANS.tolist()])
    return Measured(
        values=f(at).tolist(),
        slopes=slope(f, at).tolist(),
        saturated=np.array([(slopes <= 0.01 * steepest).mean(1), response.saturated(SCALES)]),
        passed=np.array([(slopes**2).mean(1), [moments(f, q).slope for q in SCALES**2]]),
        silent=np.array([zeros.mean(1), norm.cdf(-MEANS) if f(at)[0] == 0 else [0, 0, 0]]),
    )


def slope(f: Callable[[Array], Array], x: Array) -> Array:
    return jax.jvp(f, (x,), (jnp.ones_like(x),))[1]


def tables(measured: dict[str, Measured]) -> Iterator[Table]:
    signals = [f"{signal:+}" for signal in SIGNALS]
    rows = [[name, RESPONSES[name].says, *m.values] for name, m in measured.items()]
    yield table("Answer to a signal of ...", ["", "", *signals], rows)
    rows = [[name, lipschitz(RESPONSES[name].f), *m.slopes] for name, m in measured.items()]
    yield table("Slope, by which the neuron learns", ["", "steepest", *signals], rows)
    scales = [f"sigma {scale:.0f}" for scale in SCALES]
    means = [f"mu / sigma {mean:+.0f}" for mean in MEANS]
    for title, columns, field in (
        ("Saturated share of normal inputs (theory)", scales, "saturated"),
        ("Mean squared slope (theory)", scales, "passed"),
        ("Share of outputs that are exactly 0 (theory)", means, "silent"),
    ):
        pairs = {name: getattr(m, field).T for name, m in measured.items()}
        rows = [[name, *(f"{m:.3f} ({t:.3f})" for m, t in pair)] for name, pair in pairs.items()]
        yield table(title, ["", *columns], rows)


def claims(measured: dict[str, Measured]) -> Iterator[Claim]:
    share = {name: m.saturated[0, SCALES == 4].item() for name, m in measured.items()}
    off = differ(m.saturated for m in measured.values())
    yield Claim(
        f"of normal inputs with sigma 4 {share['sigmoid']:.1%} saturate the sigmoid, "
        f"{share['tanh']:.1%} tanh, {share['ReLU']:.1%} ReLU and {share['threshold']:.0%} the "
        f"threshold; from theory the shares differ by at most {off:.4f}",
        off < TOLERANCE,
    )
    louder = {name: m.values[3] / m.values[2] for name, m in measured.items()}
    yield Claim(
        "a signal eight times as strong gets an answer "
        + ", ".join(f"{ratio:.2f} ({name})" for name, ratio in louder.items())
        + " times as strong",
        louder["ReLU"] == 8 > louder["tanh"] > louder["sigmoid"] > louder["threshold"] == 1,
    )
    negative = {name: m.values[0] for name, m in measured.items()}
    yield Claim(
        f"to -4 ReLU and the threshold say {negative['ReLU']:.0f}, the sigmoid a faint "
        f"{negative['sigmoid']:.3f}, tanh a firm {negative['tanh']:.3f}",
        negative["ReLU"] == negative["threshold"] == 0 < negative["sigmoid"] < 0.02
        and negative["tanh"] < -0.99,
    )
    passed = {name: m.passed[0] for name, m in measured.items()}
    off = differ(m.passed for m in measured.values())
    yield Claim(
        f"from sigma 1 to 8 the mean squared slope of tanh falls from {passed['tanh'][0]:.2f} to "
        f"{passed['tanh'][-1]:.2f}, for ReLU it stays {passed['ReLU'][-1]:.2f}, for the threshold "
        f"it is {passed['threshold'].max():.0f}; theory differs by at most {off:.4f}",
        off < TOLERANCE,
    )
    silent = {name: m.silent[0] for name, m in measured.items()}
    off = differ(m.silent for m in measured.values())
    below, at, above = silent["ReLU"]
    yield Claim(
        f"inputs with a mean one sigma below, at and one sigma above zero make {below:.1%}, "
        f"{at:.1%} and {above:.1%} of ReLU's answers exactly 0, and {silent['sigmoid'].max():.0%} "
        f"of the sigmoid's; Phi(-mu / sigma) differs by at most {off:.4f}",
        off < TOLERANCE,
    )


def differ(pairs: Iterable[np.ndarray]) -> float:
    """Return the largest difference between measurement and theory."""
    return max(np.abs(measured - theory).max() for measured, theory in pairs)


def draw(measured: dict[str, Measured], figure: Figure) -> None:
    panels = figure.subplot_mosaic(
        [["ReLU", "sigmoid", "share"], ["tanh", "threshold", "share"]], width_ratios=(3, 3, 4)
    )
    x = jnp.linspace(-8, 8, 1601)
    sigma = np.geomspace(0.5, 16, 200)
    for i, (name, response) in enumerate(RESPONSES.items()):
        axis, (low, high) = panels[name], response.awake
        axis.plot(x, response.f(x), color=f"C{i}")
        axis.plot(x, slope(response.f, x), color=f"C{i}", linestyle=":")
        for side in ((-8, max(low, -8)), (min(high, 8), 8)):
            axis.axvspan(*side, color="0.9", linewidth=0)
        axis.set(title=name, xlim=(-8, 8), ylim=(-1.2, 2.2), xticks=(-6, 0, 6), yticks=(-1, 0, 1))
        panels["share"].plot(sigma, 100 * response.saturated(sigma), color=f"C{i}", label=name)
        panels["share"].plot(SCALES, 100 * measured[name].saturated[0], "o", color=f"C{i}")
    panels["ReLU"].legend(["value", "slope"])
    panels["tanh"].set_xlabel("pre-activation; grey: saturated", loc="left")
    panels["share"].set_xscale("log", base=2)
    panels["share"].set(
        title="saturated inputs",
        xlabel="deviation of the pre-activation",
        ylabel="% (lines: theory, dots: measured)",
        xticks=SCALES,
        xticklabels=[f"{s:.0f}" for s in SCALES],
    )
    panels["share"].legend(loc=(0.01, 0.54))


if __name__ == "__main__":
    main(__spec__.name)
