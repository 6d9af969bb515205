"""a x^2 + b x + c as the unit: strong alone, in deep networks it explodes or vanishes.

A layer of such units maps the variance of its signals to a polynomial of it. So the logarithm of
the variance doubles from layer to layer: above a threshold up to overflow, below it, where c is 0,
down to zero. For x^2 no initialisation cures that: the gain that keeps the variance puts the
threshold exactly there. What is close to a line stays in range for long.

Its coefficients couple: how many steps gradient descent needs for a, b and c is the condition
number of the Hessian of the squared loss. Centred inputs cure what the mean of the inputs did; what
the degree did only an orthonormal basis cures.

A layer of any width is still one polynomial of degree 2. With d inputs no more than
(d + 1)(d + 2) / 2 of its units say something new, and with one input it is one parabola, which
bends one way. ReLUs each bend at their own place. But a target that is quadratic is exactly that
polynomial, and there this unit wins.

Caveat: this is about depth and step sizes, not about worth. In two layers x^2 reads digits as well
as ReLU, at the rates at which it stays finite, and a unit near a line does so in four. Depth gives
back the degree, 2^L in L layers. And who computes on encrypted numbers has only sums and products,
so needs these units.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from matplotlib.figure import Figure
from numpy.polynomial import Polynomial, hermite_e
from rich.table import Table
from scipy.special import factorial

import activax
from activax import nn
from activax.cli.digits import load
from activax.theory import Blowup, blowup, gain
from examples.lessons import learning
from examples.lessons.lesson import Claim, main, spread, table


@activax.elementwise(
    lambda x, a, b, c: 2 * a * x + b,
    lambda x, a, b, c: x * x,
    lambda x, a, b, c: x,
    lambda x, a, b, c: jnp.ones_like(x),
    reference=lambda mp, x, a, b, c: (a * x + b) * x + c,
)
def quadratic(
    x: Array, a: Array | float = 1.0, b: Array | float = 0.0, c: Array | float = 0.0
) -> Array:
    """a x^2 + b x + c."""
    return (a * x + b) * x + c


class Start(NamedTuple):
    unit: str
    coefficients: tuple[float, float, float]  # a, b, c
    variance: float  # of the first pre-activations

    def theory(self) -> Blowup:
        return blowup(self.coefficients[::-1], q0=self.variance)


UP = Start("x^2", (1, 0, 0), 1.0)
DOWN = Start("x^2", (1, 0, 0), 0.1)
TOSS = Start("x^2", (1, 0, 0), 1 / 3)  # its threshold
SLOW = Start("x^2/5 + x", (0.2, 1, 0), 1.0)
NEAR = Start("x^2/10 + 9x/10 + 1/10", (0.1, 0.9, 0.1), 1.0)  # to a line
STARTS = [UP, DOWN, TOSS, SLOW, NEAR]
LAYERS, WIDTH, NETWORKS = 32, 512, 6

DEGREES = [1, 2, 4, 8]
MEAN = 3  # of normal inputs

UNITS = {"ReLU": activax.relu, "x^2": quadratic}
COUNTS = [4, 21, 64, 128]  # units of a layer
INPUTS = [1, 2, 5, 10]
LINE = np.linspace(-1, 1, 1001)[:, None]
WAVE = np.sin(4 * LINE[:, 0] + 1)
BALL = np.random.default_rng(0).standard_normal((1001, 10))
FORM = np.einsum("ni,ij,nj->n", BALL[:, :5], BALL[:5, 5:], BALL[:, :5])

TRAINED = {(name, depth): unit for name, unit in UNITS.items() for depth in (2, 4)} | {
    (NEAR.unit, 4): quadratic.bind(**dict(zip("abc", NEAR.coefficients, strict=True)))
}
RATES = np.array([0.1, 0.03, 0.01, 0.003, 0.001], np.float32)
SEEDS = 4


def signals() -> dict[Start, np.ndarray]:
    """Pre-activations in random networks, (networks, layers, units)."""
    a, b, c = jnp.array([start.coefficients for start in STARTS]).T[:, :, None]
    scale = jnp.sqrt(jnp.array([[start.variance] for start in STARTS]))
    bound = (3 / WIDTH) ** 0.5  # weights of variance 1 / WIDTH

    def network(key: Array) -> Array:
        def layer(z: Array, key: Array) -> tuple[Array, Array]:
            weight = jax.random.uniform(key, (WIDTH, WIDTH), minval=-bound, maxval=bound)
            return quadratic(z, a, b, c) @ weight, z

        first, *keys = jax.random.split(key, LAYERS + 1)
        z = jax.random.normal(first, (1, WIDTH))
        z = scale * z / jnp.sqrt(jnp.mean(z**2))
        return jax.lax.scan(layer, z, jnp.stack(keys))[1]

    drawn = jax.jit(lambda keys: jax.lax.map(network, keys))(learning.keys(NETWORKS))
    return {start: np.asarray(drawn[:, :, i]) for i, start in enumerate(STARTS)}


class Fate(NamedTuple):
    """The layers in which random networks overflow, and in which they become 0."""

    overflow: list[int]
    zero: list[int]


def fate(z: np.ndarray) -> Fate:
    ends = ~np.isfinite(z).all(-1), (z == 0).all(-1)
    return Fate(*(sorted(end.argmax(1)[end.any(1)].tolist()) for end in ends))


def conditions() -> dict[str, np.ndarray]:
    """Condition numbers of the Hessian, by what the coefficients belong to, at DEGREES."""
    z, weights = hermite_e.hermegauss(20)  # sums for means of normal z, exact up to degree 39
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


def features(unit: activax.Activation[...], x: np.ndarray, seed: int) -> np.ndarray:
    """Units of random direction, each centred at another of the inputs."""
    rng = np.random.default_rng(seed)
    directions = rng.standard_normal((x.shape[1], COUNTS[-1]))
    centres = rng.permutation(x)[: COUNTS[-1]]
    with jax.enable_x64(True):
        return np.asarray(unit(x @ directions - (centres * directions.T).sum(1)))


def ranks(unit: activax.Activation[...]) -> list[int]:
    """How many of the most units of INPUTS inputs are independent."""
    return [int(np.linalg.matrix_rank(features(unit, BALL[:, :d], seed=0))) for d in INPUTS]


def fits(unit: activax.Activation[...], x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """What a layer with the best outer weights says, (seeds, COUNTS, points)."""

    def fit(layer: np.ndarray, count: int) -> np.ndarray:
        columns = np.c_[layer[:, :count], np.ones(len(x))]
        return columns @ np.linalg.lstsq(columns[::2], y[::2], rcond=None)[0]

    layers = [features(unit, x, seed) for seed in range(SEEDS)]
    return np.array([[fit(layer, count) for count in COUNTS] for layer in layers])


def errors(fitted: np.ndarray, y: np.ndarray) -> np.ndarray:
    """At the points that a fit has not seen, relative to the target's deviation."""
    return np.sqrt(np.mean((fitted - y)[..., 1::2] ** 2, axis=-1)) / y.std()


class Trained(NamedTuple):
    accuracy: np.ndarray  # on held-out digits, (RATES, seeds)
    gradient: np.ndarray  # its norm, (RATES, seeds, steps)

    def lost(self) -> np.ndarray:
        """Which runs became non-finite."""
        return ~np.isfinite(self.gradient).all(-1)

    def best(self) -> np.ndarray:
        """The accuracy of each seed at the best rate."""
        return self.accuracy[self.accuracy.mean(1).argmax()]


def train(unit: activax.Activation[...], depth: int) -> Trained:
    shown, held_out = load()
    network = nn.mlp(*[32] * depth, 10, activation=unit)  # starts with the unit's own gain

    def run(rate: Array, key: Array, batches: Any) -> learning.Learned:
        return learning.learn(network, optax.sgd(rate), batches, held_out, key)

    by_seed_and_rate = jax.vmap(jax.vmap(run, (None, 0, None)), (0, None, None))
    batches = learning.batches(shown, size=64, steps=300)
    found = jax.jit(by_seed_and_rate)(RATES, learning.keys(SEEDS), batches)
    return Trained(np.asarray(found.accuracy), np.asarray(found.history["grad_norm"]))


class Measured(NamedTuple):
    signals: dict[Start, np.ndarray]  # (networks, layers, units)
    conditions: dict[str, np.ndarray]
    ranks: dict[str, list[int]]  # by unit
    waves: dict[str, np.ndarray]  # by unit, fits of WAVE
    forms: dict[str, np.ndarray]  # by unit, fits of FORM
    trained: dict[tuple[str, int], Trained]  # by unit and depth


def measure() -> Measured:
    return Measured(
        signals(),
        conditions(),
        {name: ranks(unit) for name, unit in UNITS.items()},
        {name: fits(unit, LINE, WAVE) for name, unit in UNITS.items()},
        {name: fits(unit, BALL[:, :5], FORM) for name, unit in UNITS.items()},
        {run: train(unit, run[1]) for run, unit in TRAINED.items()},
    )


def tables(measured: Measured) -> Iterator[Table]:
    rows = []
    for start, z in measured.signals.items():
        theory, (overflow, zero) = start.theory(), map(spread, fate(z))
        ends = f"{overflow} ({theory.overflow or '-'})", f"{zero} ({theory.underflow or '-'})"
        rows.append([start.unit, start.variance, theory.threshold, *ends])
    columns = ["", "variance", "threshold", "overflow in layer", "0 in layer"]
    title = f"{NETWORKS} networks of width {WIDTH}, {LAYERS} layers (theory)"
    yield table(title, columns, rows)

    rows = [[name, *row.tolist()] for name, row in measured.conditions.items()]
    columns = ["coefficients of", *(f"degree {n}" for n in DEGREES)]
    yield table(f"Condition of the Hessian, normal x of mean {MEAN}", columns, rows)

    rows = [[name, *ranks] for name, ranks in measured.ranks.items()]
    columns = ["", *(f"{d} inputs" for d in INPUTS)]
    yield table(f"Independent ones of {COUNTS[-1]} random units", columns, rows)

    units = [f"{n} units" for n in COUNTS]
    rows = [
        [name, target, *map(spread, errors(fitted[name], y).T)]
        for target, fitted, y in (("wave", measured.waves, WAVE), ("form", measured.forms, FORM))
        for name in UNITS
    ]
    yield table("Relative error of the best fit by such a layer", ["", "target", *units], rows)

    rows = [
        [name, depth, spread(100 * run.best()), run.lost().sum(), spread(run.gradient[0, :, 0])]
        for (name, depth), run in measured.trained.items()
    ]
    runs = RATES.size * SEEDS
    columns = ["", "layers", "% right at the best", f"of {runs} not finite", "first gradient"]
    yield table(f"Digits, {RATES.size} rates, {SEEDS} seeds", columns, rows)


def claims(measured: Measured) -> Iterator[Claim]:
    fates = {start: fate(z) for start, z in measured.signals.items()}
    up, down = UP.theory().overflow, DOWN.theory().underflow
    yield Claim(
        f"x^2 overflows float32 in layer {spread(fates[UP].overflow)} if its inputs have the "
        f"variance 1, and is exactly 0 in layer {spread(fates[DOWN].zero)} if they have 0.1: in "
        f"theory in {up} and {down}",
        fates[UP] == ([up] * NETWORKS, [])
        and fates[DOWN] == ([], [down] * NETWORKS)
        and fates[NEAR] == ([], []),
    )
    threshold = blowup(TOSS.coefficients[::-1], sigma_w=gain(quadratic)).threshold
    over, under = fates[TOSS]
    yield Claim(
        f"with the gain {gain(quadratic):.3f} x^2 keeps a variance of 1, and its threshold is "
        f"{threshold:.3f}: {len(over)} of {NETWORKS} networks that start at a threshold overflow "
        f"and {len(under)} become 0, the last in layer {max(over + under)}",
        abs(threshold - 1) < 1e-9 and over and under and len(over + under) == NETWORKS,
    )
    slow, expected = fates[SLOW].overflow, SLOW.theory().overflow
    yield Claim(
        f"a smaller a takes longer: {SLOW.unit} overflows in layers {spread(slow)}, in theory in "
        f"{expected}, as width adds noise to what drifts",
        len(slow) == NETWORKS and abs(np.mean(slow) - expected) < 0.25 * expected,
    )

    raw, centred, orthonormal = measured.conditions.values()
    yield Claim(
        f"normal inputs of mean {MEAN} give a, b and c a Hessian of condition {raw[1]:,.0f}, "
        f"centred ones of {centred[1]:.2f} = 3 + 2 sqrt 2, but {centred[-1]:.0e} at degree "
        f"{DEGREES[-1]}; in Hermite's polynomials it is {orthonormal[-1]:.0f}",
        raw[1] > 1e3 * centred[1]
        and abs(centred[1] - (3 + 8**0.5)) < 1e-9
        and abs(orthonormal - 1).max() < 1e-9 < 1e6 < centred[-1],
    )

    relu, square = measured.ranks.values()
    yield Claim(
        f"of {COUNTS[-1]} units x^2 only {', '.join(map(str, square))} are independent if they "
        f"have {', '.join(map(str, INPUTS))} inputs: (d + 1) (d + 2) / 2; of ReLUs {spread(relu)}",
        # A ReLU centred at an outermost input is the same as nothing there.
        square == [(d + 1) * (d + 2) // 2 for d in INPUTS] and min(relu) >= COUNTS[-1] - 1,
    )
    parabola = Polynomial.fit(LINE[::2, 0], WAVE[::2], 2)(LINE[:, 0])
    off = np.abs(measured.waves["x^2"] - parabola).max()
    missed = {name: errors(fitted, WAVE) for name, fitted in measured.waves.items()}
    yield Claim(
        f"at every width the best fit of a wave by units x^2 is the best parabola, to {off:.0e}; "
        f"its error stays {missed['x^2'].max():.2f}, where that of {COUNTS[-1]} ReLUs is "
        f"{spread(missed['ReLU'][:, -1])}",
        off < 1e-9 and missed["ReLU"][:, -1].max() < 0.01,
    )
    missed = {name: errors(fitted, FORM) for name, fitted in measured.forms.items()}
    yield Claim(
        f"a quadratic form of 5 inputs is {COUNTS[1]} units x^2, to a relative error of "
        f"{missed['x^2'][:, 1].max():.0e}; that of {COUNTS[-1]} ReLUs is "
        f"{spread(missed['ReLU'][:, -1])}",
        missed["x^2"][:, 1:].max() < 1e-9 < 0.1 < missed["ReLU"].min(),
    )

    square, relu = (measured.trained[name, 4] for name in ("x^2", "ReLU"))
    yield Claim(
        f"four layers of x^2 read {square.best().mean():.0%} of held-out digits, of ReLUs "
        f"{relu.best().mean():.0%}; {square.lost().sum()} of {square.lost().size} runs became "
        f"non-finite, of ReLUs {relu.lost().sum()}; the gradients started at "
        f"{spread(square.gradient[0, :, 0])}, of ReLUs at {spread(relu.gradient[0, :, 0])}",
        square.best().mean() < relu.best().mean() - 0.2
        and square.lost().mean() > 0.4 > 0 == relu.lost().sum()
        and np.ptp(np.log(square.gradient[0, :, 0])) > 2 * np.ptp(np.log(relu.gradient[0, :, 0])),
    )
    two, usual = (measured.trained[name, 2].best().mean() for name in ("x^2", "ReLU"))
    near = measured.trained[NEAR.unit, 4].best().mean()
    yield Claim(
        f"but two layers of x^2 read {two:.1%}, of ReLUs {usual:.1%}, and four of {NEAR.unit} read "
        f"{near:.1%}",
        two > usual - 0.01 and near > relu.best().mean() - 0.01,  # seeds differ by as much
    )


def draw(measured: Measured, figure: Figure) -> None:
    deep, wide, steps = figure.subplots(1, 3, width_ratios=(5, 4, 4))
    colors = {"x^2": "C3", SLOW.unit: "C1", NEAR.unit: "C2", "ReLU": "C0"}

    for start, z in measured.signals.items():
        size = np.sqrt(np.mean(z.astype(np.float64) ** 2, axis=-1))
        deep.plot(size.T, color=colors[start.unit], linewidth=0.8)
        variances = [start.variance]
        while len(variances) < LAYERS and 1e-80 < variances[-1] < 1e80:
            variances.append(Polynomial(start.theory().map)(variances[-1]))
        deep.plot(np.sqrt(variances), ".", color="black", markersize=2.5)
    for name, color in (("$x^2$", "C3"), ("$x^2/5 + x$", "C1"), ("near a line", "C2")):
        deep.plot([], color=color, label=name)
    deep.plot([], ".", color="black", label="theory")
    deep.set(title="deep: the signals", xlabel="layer", ylabel="root mean square", yscale="log")
    deep.set(ylim=(1e-40, 1e40), yticks=[1e-36, 1e-18, 1, 1e18, 1e36])
    deep.legend(frameon=False, fontsize="small", loc="lower right")

    wide.plot(LINE, WAVE, color="0.8", linewidth=5, label="target")
    for name, fitted in measured.waves.items():
        label = f"{COUNTS[1]} ${name}$" if name == "x^2" else f"{COUNTS[1]} {name}s"
        wide.plot(LINE, fitted[0, 1], color=colors[name], label=label)
    wide.set(title="wide: one layer", xlabel="input", xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    wide.set_ylim(-1.7, 2.3)
    wide.legend(frameon=False, fontsize="small", loc="upper left")

    for name in ("x^2", NEAR.unit, "ReLU"):
        for norms in measured.trained[name, 4].gradient[RATES.size // 2]:
            steps.plot(1 + np.arange(len(norms)), norms, color=colors[name], linewidth=0.8)
            last = np.isfinite(norms).sum()
            if last < len(norms):
                steps.plot(last, norms[last - 1], "x", color=colors[name])
    steps.plot([], "x", color="C3", label="then not finite")
    steps.set(title="training four layers", xlabel="step at rate 0.01", ylabel="gradient norm")
    steps.set(xscale="log", yscale="log")
    steps.legend(frameon=False, fontsize="small", loc="upper left")


if __name__ == "__main__":
    main(__spec__.name)
