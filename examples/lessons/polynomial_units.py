"""a x^2 + b x + c as the unit: strong alone, in deep networks it explodes or vanishes.

A layer of such units maps the variance of its inputs to a polynomial of that variance. So the
logarithm of the variance doubles from layer to layer: above a threshold until it overflows, below
the threshold, if c = 0, until it is zero. For x^2 no initialisation cures this: the gain that keeps
the variance puts the threshold exactly at that variance. A unit close to a line stays in range for
many layers.

Caveat: this is about depth and step sizes, not about worth. In two layers x^2 reads digits as well
as ReLU, at the rates at which it stays finite; a unit near a line does so in four. Computations on
encrypted numbers have only sums and products, so they need these units. The lesson
`polynomial_layer` shows what one layer can represent.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from matplotlib.figure import Figure
from numpy.polynomial import Polynomial
from rich.table import Table

import activax
from activax import nn
from activax.study.digits.images import digits
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
    """Quadratic unit a x^2 + b x + c."""
    return (a * x + b) * x + c


class Start(NamedTuple):
    """A unit, and the variance that its networks start from."""

    unit: str
    coefficients: tuple[float, float, float]  # a, b, c
    variance: float  # the variance of the first pre-activations

    def theory(self) -> Blowup:
        return blowup(self.coefficients[::-1], q0=self.variance)


UP = Start("x^2", (1, 0, 0), 1.0)
DOWN = Start("x^2", (1, 0, 0), 0.1)
TOSS = Start("x^2", (1, 0, 0), 1 / 3)  # its threshold
SLOW = Start("x^2/5 + x", (0.2, 1, 0), 1.0)
NEAR = Start("x^2/10 + 9x/10 + 1/10", (0.1, 0.9, 0.1), 1.0)  # near a line
STARTS = [UP, DOWN, TOSS, SLOW, NEAR]
LAYERS, WIDTH, NETWORKS = 32, 512, 6

TRAINED = {  # units, and the layers of their networks
    "ReLU": (activax.relu, (2, 4)),
    "x^2": (quadratic, (2, 4)),
    NEAR.unit: (quadratic.bind(**dict(zip("abc", NEAR.coefficients, strict=True))), (4,)),
}
RATES = np.array([0.1, 0.03, 0.01, 0.003, 0.001], np.float32)
SEEDS = 4


def signals() -> dict[Start, np.ndarray]:
    """Return the pre-activations in random networks, (networks, layers, units)."""
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


class Trained(NamedTuple):
    """The training of one kind of network, at all rates and seeds."""

    accuracy: np.ndarray  # on held-out digits, (RATES, seeds)
    gradient: np.ndarray  # its norm, (RATES, seeds, steps)

    def lost(self) -> np.ndarray:
        """Return True for each run that became non-finite."""
        return ~np.isfinite(self.gradient).all(-1)

    def best(self) -> np.ndarray:
        """Return the accuracy of each seed at the best rate."""
        return self.accuracy[self.accuracy.mean(1).argmax()]


def train(unit: activax.Activation[...], depth: int) -> Trained:
    shown, held_out = digits()
    network = nn.mlp(*[32] * depth, 10, activation=unit)  # starts with the unit's own gain

    def run(rate: Array, key: Array, batches: Any) -> learning.Learned:
        return learning.learn(network, optax.sgd(rate), batches, held_out, key)

    by_seed_and_rate = jax.vmap(jax.vmap(run, (None, 0, None)), (0, None, None))
    batches = learning.batches(shown, size=64, steps=300)
    found = jax.jit(by_seed_and_rate)(RATES, learning.keys(SEEDS), batches)
    return Trained(np.asarray(found.accuracy), np.asarray(found.history["grad_norm"]))


class Measured(NamedTuple):
    signals: dict[Start, np.ndarray]  # (networks, layers, units)
    trained: dict[tuple[str, int], Trained]  # by unit and depth


def measure() -> Measured:
    trained = {
        (name, depth): train(unit, depth)
        for name, (unit, depths) in TRAINED.items()
        for depth in depths
    }
    return Measured(signals(), trained)


def tables(measured: Measured) -> Iterator[Table]:
    rows = []
    for start, z in measured.signals.items():
        theory, (overflow, zero) = start.theory(), map(spread, fate(z))
        ends = f"{overflow} ({theory.overflow or '-'})", f"{zero} ({theory.underflow or '-'})"
        rows.append([start.unit, start.variance, theory.threshold, *ends])
    columns = ["", "variance", "threshold", "overflow in layer", "0 in layer"]
    title = f"{NETWORKS} networks of width {WIDTH}, {LAYERS} layers (theory)"
    yield table(title, columns, rows)

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
        f"{threshold:.3f}; of {NETWORKS} networks that start at their threshold {len(over)} "
        f"overflow and {len(under)} become 0, the last in layer {max(over + under)}",
        abs(threshold - 1) < 1e-9
        and min(len(over), len(under)) > 0
        and len(over + under) == NETWORKS,
    )
    slow, expected = fates[SLOW].overflow, SLOW.theory().overflow
    yield Claim(
        f"a smaller a takes longer: {SLOW.unit} overflows in layers {spread(slow)}, in theory in "
        f"{expected}; the finite width adds noise to the drift",
        len(slow) == NETWORKS and abs(np.mean(slow) - expected) < 0.25 * expected,
    )

    square, relu = (measured.trained[name, 4] for name in ("x^2", "ReLU"))
    yield Claim(
        f"four layers of x^2 read {square.best().mean():.0%} of held-out digits, four of ReLU "
        f"{relu.best().mean():.0%}; of {square.lost().size} runs {square.lost().sum()} became "
        f"non-finite, with ReLU {relu.lost().sum()}; the gradients started at "
        f"{spread(square.gradient[0, :, 0])}, with ReLU at {spread(relu.gradient[0, :, 0])}",
        square.best().mean() < relu.best().mean() - 0.2
        and square.lost().mean() > 0.4 > 0 == relu.lost().sum()
        and np.ptp(np.log(square.gradient[0, :, 0])) > 2 * np.ptp(np.log(relu.gradient[0, :, 0])),
    )
    two, usual = (measured.trained[name, 2].best().mean() for name in ("x^2", "ReLU"))
    near = measured.trained[NEAR.unit, 4].best().mean()
    yield Claim(
        f"but two layers of x^2 read {two:.1%}, two of ReLU {usual:.1%}, and four of {NEAR.unit} "
        f"{near:.1%}",
        two > usual - 0.01 and near > relu.best().mean() - 0.01,  # seeds differ by as much
    )


def draw(measured: Measured, figure: Figure) -> None:
    deep, steps = figure.subplots(1, 2)
    colors = {"ReLU": "C0", SLOW.unit: "C1", NEAR.unit: "C2", "x^2": "C3"}

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
    deep.legend(loc="lower right")

    for name, label in (("x^2", "$x^2$"), (NEAR.unit, "near a line"), ("ReLU", "ReLU")):
        steps.plot([], color=colors[name], label=label)
        for norms in measured.trained[name, 4].gradient[RATES.size // 2]:
            steps.plot(1 + np.arange(len(norms)), norms, color=colors[name], linewidth=0.8)
            last = np.isfinite(norms).sum()
            if last < len(norms):
                steps.plot(last, norms[last - 1], "x", color=colors[name])
    steps.plot([], "x", color="C3", label="then not finite")
    steps.set(title="training four layers", xlabel="step at rate 0.01", ylabel="gradient norm")
    steps.set(xscale="log", yscale="log", ylim=(0.2, 1e7))
    steps.legend(loc="upper right")


if __name__ == "__main__":
    main(__spec__.name)
