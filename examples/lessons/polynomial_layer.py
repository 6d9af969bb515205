"""A layer of units a x^2 + b x + c is one polynomial of degree 2, however wide it is.

With d inputs, at most (d + 1)(d + 2) / 2 of its units are linearly independent. With one input the
layer is one parabola, which bends one way, whereas every ReLU bends at a place of its own. But if
the target is quadratic, such a layer is the target exactly, and there this unit wins. We draw
random units, count the independent ones, and let least squares find the outer weights.

The coefficients are coupled: the number of steps that gradient descent needs for a, b and c grows
with the condition number of the Hessian of the squared loss. Centring removes the part of it that
is due to the mean of the inputs. Only an orthonormal basis removes the part due to the degree.

Caveat: this is one layer. L layers have the degree 2^L, if the signals stay finite: see the lesson
`polynomial_units`.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from matplotlib.figure import Figure
from numpy.polynomial import Polynomial, hermite_e
from rich.table import Table
from scipy.special import factorial

import activax
from examples.lessons.lesson import Claim, main, spread, table

Unit = Callable[[Array], Array]
UNITS: dict[str, Unit] = {"ReLU": activax.relu, "x^2": jnp.square}
COUNTS = [4, 21, 64, 128]  # units of a layer
INPUTS = [1, 2, 5, 10]
SEEDS = 4
LINE = np.linspace(-1, 1, 1001)[:, None]
WAVE = np.sin(4 * LINE[:, 0] + 1)
BALL = np.random.default_rng(0).standard_normal((1001, 10))
FORM = np.einsum("ni,ij,nj->n", BALL[:, :5], BALL[:5, 5:], BALL[:, :5])

DEGREES = [1, 2, 4, 8]
MEAN = 3  # the mean of normal inputs


class Measured(NamedTuple):
    ranks: dict[str, list[int]]  # by unit
    waves: dict[str, np.ndarray]  # by unit, fits of WAVE
    forms: dict[str, np.ndarray]  # by unit, fits of FORM
    conditions: dict[str, np.ndarray]  # by basis, at DEGREES


def measure() -> Measured:
    return Measured(
        {name: ranks(unit) for name, unit in UNITS.items()},
        {name: fits(unit, LINE, WAVE) for name, unit in UNITS.items()},
        {name: fits(unit, BALL[:, :5], FORM) for name, unit in UNITS.items()},
        conditions(),
    )


def features(unit: Unit, x: np.ndarray, seed: int) -> np.ndarray:
    """Return the outputs of units with random directions, each centred at a different input."""
    rng = np.random.default_rng(seed)
    directions = rng.standard_normal((x.shape[1], COUNTS[-1]))
    centres = rng.permutation(x)[: COUNTS[-1]]
    with jax.enable_x64(True):
        return np.asarray(unit(x @ directions - (centres * directions.T).sum(1)))


def ranks(unit: Unit) -> list[int]:
    """Return the number of independent units among COUNTS[-1], for each of INPUTS."""
    return [int(np.linalg.matrix_rank(features(unit, BALL[:, :d], seed=0))) for d in INPUTS]


def fits(unit: Unit, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the outputs of layers with the best outer weights, (seeds, COUNTS, points)."""

    def fit(layer: np.ndarray, count: int) -> np.ndarray:
        columns = np.c_[layer[:, :count], np.ones(len(x))]
        return columns @ np.linalg.lstsq(columns[::2], y[::2], rcond=None)[0]

    layers = [features(unit, x, seed) for seed in range(SEEDS)]
    return np.array([[fit(layer, count) for count in COUNTS] for layer in layers])


def errors(fitted: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the error at points outside the fit, relative to the target's deviation."""
    return np.sqrt(np.mean((fitted - y)[..., 1::2] ** 2, axis=-1)) / y.std()


def conditions() -> dict[str, np.ndarray]:
    """Return the condition numbers of the Hessian by basis, at DEGREES."""
    z, weights = hermite_e.hermegauss(20)  # means over normal z, exact up to degree 39
    roots = np.sqrt(weights / weights.sum())[:, None]
    bases: dict[str, Callable[[int], np.ndarray]] = {
        "powers of x": lambda n: np.vander(z + MEAN, n + 1),
        f"powers of x - {MEAN}": lambda n: np.vander(z, n + 1),
        "Hermite's polynomials": lambda n: (
            hermite_e.hermevander(z, n) / np.sqrt(factorial(np.arange(n + 1)))
        ),
    }

    def condition(basis: np.ndarray) -> float:  # the Hessian is 2 E p(x) p(x)^T
        return np.linalg.cond(roots * basis) ** 2

    return {name: np.array([condition(p(n)) for n in DEGREES]) for name, p in bases.items()}


def tables(measured: Measured) -> Iterator[Table]:
    rows = [[name, *ranks] for name, ranks in measured.ranks.items()]
    title = f"Independent units among {COUNTS[-1]} random units, by the number of inputs"
    yield table(title, ["", *map(str, INPUTS)], rows)

    units = [f"{n} units" for n in COUNTS]
    rows = [
        [name, target, *map(spread, errors(fitted[name], y).T)]
        for target, fitted, y in (("wave", measured.waves, WAVE), ("form", measured.forms, FORM))
        for name in UNITS
    ]
    yield table("Relative error of the best fit by such a layer", ["", "target", *units], rows)

    rows = [[name, *row.tolist()] for name, row in measured.conditions.items()]
    columns = ["coefficients of", *(f"degree {n}" for n in DEGREES)]
    yield table(f"Condition of the Hessian, normal x of mean {MEAN}", columns, rows)


def claims(measured: Measured) -> Iterator[Claim]:
    relu, square = measured.ranks.values()
    yield Claim(
        f"of {COUNTS[-1]} units x^2 only {', '.join(map(str, square))} are independent if they "
        f"have {', '.join(map(str, INPUTS))} inputs: (d + 1) (d + 2) / 2; of ReLUs {spread(relu)}",
        # A ReLU that is centred at an outermost input may be 0 at all inputs.
        square == [(d + 1) * (d + 2) // 2 for d in INPUTS] and min(relu) >= COUNTS[-1] - 1,
    )
    parabola = Polynomial.fit(LINE[::2, 0], WAVE[::2], 2)(LINE[:, 0])
    off = np.abs(measured.waves["x^2"] - parabola).max()
    missed = {name: errors(fitted, WAVE) for name, fitted in measured.waves.items()}
    yield Claim(
        f"at every width the best fit of a wave by units x^2 is the best parabola, to {off:.0e}; "
        f"its relative error stays {missed['x^2'].max():.2f}, and {COUNTS[-1]} ReLUs reach "
        f"{spread(missed['ReLU'][:, -1])}",
        off < 1e-9 and missed["ReLU"][:, -1].max() < 0.01,
    )
    missed = {name: errors(fitted, FORM) for name, fitted in measured.forms.items()}
    yield Claim(
        f"{COUNTS[1]} units x^2 fit a quadratic form of 5 inputs to a relative error of "
        f"{missed['x^2'][:, 1].max():.0e}; {COUNTS[-1]} ReLUs reach "
        f"{spread(missed['ReLU'][:, -1])}",
        missed["x^2"][:, 1:].max() < 1e-9 < 0.1 < missed["ReLU"].min(),
    )

    raw, centred, orthonormal = measured.conditions.values()
    yield Claim(
        f"with normal inputs of mean {MEAN} the Hessian of a, b and c has the condition number "
        f"{raw[1]:,.0f}; centring makes it {centred[1]:.2f} = 3 + 2 sqrt 2, but {centred[-1]:.0e} "
        f"at degree {DEGREES[-1]}; in Hermite's polynomials it is {orthonormal[-1]:.0f}",
        raw[1] > 1e3 * centred[1]
        and abs(centred[1] - (3 + 8**0.5)) < 1e-9
        and abs(orthonormal - 1).max() < 1e-9 < 1e6 < centred[-1],
    )


def draw(measured: Measured, figure: Figure) -> None:
    wave, width, coupled = figure.subplots(1, 3)
    colors = {"ReLU": "C0", "x^2": "C3"}
    wave.plot(LINE, WAVE, color="0.8", linewidth=5, label="target")
    for name, fitted in measured.waves.items():
        label = f"{COUNTS[1]} ${name}$" if name == "x^2" else f"{COUNTS[1]} {name}s"
        wave.plot(LINE, fitted[0, 1], color=colors[name], label=label)
    wave.set(title="one layer", xlabel="input", xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    wave.set_ylim(-1.7, 2.5)
    wave.legend(loc="upper left")

    for target, fitted, y, style in (
        ("a wave", measured.waves, WAVE, "o-"),
        ("a quadratic form", measured.forms, FORM, "s:"),
    ):
        for name, color in colors.items():
            missed = errors(fitted[name], y).mean(0)
            width.plot(COUNTS, missed, style, color=color)
        width.plot([], style, color="black", label=target)
    width.set(title="its best fit", xlabel="units", ylabel="relative error", yscale="log")
    width.set(xscale="log", xticks=COUNTS, xticklabels=COUNTS)
    width.minorticks_off()
    width.legend(loc="center right")

    for (name, condition), marker in zip(measured.conditions.items(), "os^", strict=True):
        coupled.plot(DEGREES, condition, marker=marker, label=name)
    coupled.set(title="its coefficients", xlabel="degree", ylabel="condition", yscale="log")
    coupled.set(xticks=DEGREES, ylim=(0.1, 1e20))
    coupled.legend(loc="upper left")


if __name__ == "__main__":
    main(__spec__.name)
