"""a x^2 + b x + c as the unit: strong alone, in deep networks it explodes or vanishes.

A layer of such units maps the variance of its signals to a polynomial of it. So the logarithm of
the variance doubles from layer to layer: above a threshold up to overflow, below it, where c is 0,
down to zero. For x^2 no initialisation cures that: the gain that keeps the variance puts the
threshold exactly there. What is close to a line stays in range for long.

Its coefficients couple: how many steps gradient descent needs for a, b and c is the condition
number of the Hessian of the squared loss. Centred inputs cure what the range of the inputs did;
what the degree did only an orthonormal basis cures.

A layer of any width is still one polynomial of degree 2. With d inputs no more than
(d + 1)(d + 2) / 2 of its units say something new, and with one input it is one parabola, which
bends one way. ReLUs each bend at their own place. But a target that is quadratic is exactly that
polynomial, and there this unit wins.

Caveat: this is about depth and step sizes, not about worth. In two layers x^2 reads digits as well
as ReLU, at the rates at which it stays finite, and a unit near a line does so in four. Depth gives
back the degree, 2^L in L layers. And who computes on encrypted numbers has only sums and products,
so needs these units.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from matplotlib.figure import Figure
from numpy.polynomial import Polynomial, hermite_e, legendre
from rich.table import Table
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import activax
from activax import nn, training
from activax.theory import Blowup, blowup, gain
from examples.lessons.lesson import Claim, main, table


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
HALF = Start("x^2/2 + x/2 + 1/4", (0.5, 0.5, 0.25), 2.0)
STARTS = [UP, DOWN, TOSS, SLOW, HALF, HALF._replace(variance=0.2), NEAR]
LAYERS, WIDTH, NETWORKS = 32, 512, 6

DEGREES = [1, 2, 4, 8]
LAWS = {  # Gauss's points and weights, exact up to degree 39, and the orthogonal polynomials
    "uniform": (*legendre.leggauss(20), legendre.legvander),
    "normal": (*hermite_e.hermegauss(20), hermite_e.hermevander),
}
RANGES = {  # the law of the inputs, their scale and their shift
    "uniform, -1 to 1": ("uniform", 1, 0),
    "uniform, 0 to 10": ("uniform", 5, 5),
    "normal, mean 0": ("normal", 1, 0),
    "normal, mean 3": ("normal", 1, 3),
}

UNITS = {"ReLU": activax.relu, "x^2": quadratic}
COUNTS = [4, 21, 64, 128]
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


def signals() -> np.ndarray:
    """Pre-activations in random networks, (seeds, layers, starts, units)."""
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

    keys = jax.random.split(jax.random.key(0, impl="rbg"), NETWORKS)
    return np.asarray(jax.jit(lambda keys: jax.lax.map(network, keys))(keys))


class Fate(NamedTuple):
    """The layers in which random networks overflow, and in which they become 0."""

    overflow: list[int]
    zero: list[int]


def fates(signals: np.ndarray) -> dict[Start, Fate]:
    def first(layers: np.ndarray) -> list[int]:
        return sorted(layers.argmax(1)[layers.any(1)].tolist())

    infinite, zero = ~np.isfinite(signals).all(-1), (signals == 0).all(-1)
    return {s: Fate(first(infinite[..., i]), first(zero[..., i])) for i, s in enumerate(STARTS)}


def conditions(law: str, scale: float, shift: float) -> np.ndarray:
    """Condition numbers of the Hessian, (3 bases, DEGREES)."""
    u, weights, orthogonal = LAWS[law]
    weights = weights / weights.sum()
    x = scale * u + shift
    centred = (x - weights @ x) / np.sqrt(weights @ (x - weights @ x) ** 2)

    def condition(basis: np.ndarray) -> float:  # the Hessian is 2 E p(x) p(x)^T
        singular = np.linalg.svd(np.sqrt(weights)[:, None] * basis, compute_uv=False)
        return (singular[0] / singular[-1]) ** 2

    def orthonormal(degree: int) -> np.ndarray:
        basis = orthogonal(u, degree)
        return basis / np.sqrt(weights @ basis**2)

    powers = [[condition(np.vander(z, n + 1)) for n in DEGREES] for z in (x, centred)]
    return np.array([*powers, [condition(orthonormal(n)) for n in DEGREES]])


def features(unit: activax.Activation[...], x: np.ndarray, seed: int) -> np.ndarray:
    """Units of random direction, each centred at another of the inputs."""
    rng = np.random.default_rng(seed)
    directions = rng.standard_normal((x.shape[1], COUNTS[-1]))
    centres = rng.permutation(x)[: COUNTS[-1]]
    with jax.enable_x64(True):
        return np.asarray(unit(x @ directions - (centres * directions.T).sum(1)))


def ranks(unit: activax.Activation[...]) -> np.ndarray:
    """How many of COUNTS units of INPUTS inputs are independent."""
    layers = [features(unit, BALL[:, :d], seed=0) for d in INPUTS]
    return np.array([[np.linalg.matrix_rank(layer[:, :n]) for n in COUNTS] for layer in layers])


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
    gradient: np.ndarray  # its norm, (steps, RATES, seeds)

    def lost(self) -> np.ndarray:
        """Which runs became non-finite."""
        return ~np.isfinite(self.gradient).all(0)

    def best(self) -> np.ndarray:
        """The accuracy of each seed at the best rate."""
        return self.accuracy[self.accuracy.mean(1).argmax()]


def train(unit: activax.Activation[...], depth: int) -> Trained:
    images, labels = load_digits(return_X_y=True)
    images = ((images - images.mean()) / images.std()).astype(np.float32)
    x, held_out, y, truth = train_test_split(
        images, labels, test_size=0.25, stratify=labels, random_state=0
    )
    network = nn.mlp(*[32] * depth, 10, activation=unit)  # starts with the unit's own gain
    optimizer = optax.inject_hyperparams(optax.sgd)

    def loss(params: Any, batch: tuple[Array, Array], key: Array) -> Array:
        x, labels = batch
        logits = network.apply(params, x)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    def start(rate: Array, key: Array) -> training.State:
        return training.init(network.init(key, x), optimizer(learning_rate=rate), key)

    def each(f: Callable[..., Any], *axes: tuple[int | None, int | None]) -> Callable[..., Any]:
        """For every rate and seed."""
        return jax.vmap(jax.vmap(f, axes[1]), axes[0])

    keys = jax.random.split(jax.random.key(0, impl="rbg"), SEEDS)  # compiles in less time
    state = each(start, (0, None), (None, 0))(RATES, keys)
    step = jax.jit(each(training.step(loss, optimizer(learning_rate=0.0)), (0, None), (0, None)))
    batches = training.batches((x, y), 64, jax.random.key(1))
    state, history = training.fit(step, state, batches, 300, progress=False)
    logits = jax.jit(each(network.apply, (0, None), (0, None)))(state.params, held_out)
    accuracy = np.mean(np.asarray(logits).argmax(-1) == truth, axis=-1)
    return Trained(accuracy, history["grad_norm"])


class Measured(NamedTuple):
    signals: np.ndarray  # (networks, layers, starts, units)
    conditions: dict[str, np.ndarray]  # by the range of inputs
    ranks: dict[str, np.ndarray]  # by unit
    waves: dict[str, np.ndarray]  # by unit, fits of WAVE
    forms: dict[str, np.ndarray]  # by unit, fits of FORM
    trained: dict[tuple[str, int], Trained]  # by unit and depth


def measure() -> Measured:
    return Measured(
        signals(),
        {name: conditions(*inputs) for name, inputs in RANGES.items()},
        {name: ranks(unit) for name, unit in UNITS.items()},
        {name: fits(unit, LINE, WAVE) for name, unit in UNITS.items()},
        {name: fits(unit, BALL[:, :5], FORM) for name, unit in UNITS.items()},
        {run: train(unit, run[1]) for run, unit in TRAINED.items()},
    )


def tables(measured: Measured) -> Iterator[Table]:
    rows = []
    for start, fate in fates(measured.signals).items():
        theory = start.theory()
        overflow = f"{spread(fate.overflow)} ({theory.overflow or '-'})"
        zero = f"{spread(fate.zero)} ({theory.underflow or '-'})"
        rows.append([start.unit, start.variance, theory.threshold, overflow, zero])
    columns = ["", "variance", "threshold", "overflow in layer", "0 in layer"]
    title = f"{NETWORKS} networks of width {WIDTH}, {LAYERS} layers (theory)"
    yield table(title, columns, rows)

    bases = ["powers of x", "of standardised x", "orthonormal"]
    rows = [
        [name, basis, *map(float, row)]
        for name, conditions in measured.conditions.items()
        for basis, row in zip(bases, conditions, strict=True)
    ]
    columns = ["inputs", "coefficients of", *(f"degree {n}" for n in DEGREES)]
    yield table("Condition of the Hessian", columns, rows)

    units = [f"{n} units" for n in COUNTS]
    rows = [
        [name, d, *row]
        for name, ranks in measured.ranks.items()
        for d, row in zip(INPUTS, ranks.tolist(), strict=True)
    ]
    yield table("Independent units of a random layer", ["", "inputs", *units], rows)
    rows = [
        [name, target, *map(spread, errors(fitted[name], y).T)]
        for target, fitted, y in (("wave", measured.waves, WAVE), ("form", measured.forms, FORM))
        for name in UNITS
    ]
    yield table("Relative error of the best fit by such a layer", ["", "target", *units], rows)

    rows = [
        [name, depth, spread(100 * run.best()), run.lost().sum(), spread(run.gradient[0, 0])]
        for (name, depth), run in measured.trained.items()
    ]
    runs = RATES.size * SEEDS
    columns = ["", "layers", "% right at the best", f"of {runs} not finite", "first gradient"]
    yield table(f"Digits, {RATES.size} rates, {SEEDS} seeds", columns, rows)


def spread(numbers: Sequence[float] | np.ndarray) -> str:
    """The smallest to the largest."""
    if len(numbers) == 0:
        return "-"
    low, high = f"{min(numbers):.3g}", f"{max(numbers):.3g}"
    return low if low == high else f"{low} to {high}"


def claims(measured: Measured) -> Iterator[Claim]:
    fate = fates(measured.signals)
    far = [s for s in STARTS if s not in (TOSS, SLOW)]
    theory = {s: (s.theory().overflow, s.theory().underflow) for s in far}
    yield Claim(
        f"x^2 overflows float32 in layer {spread(fate[UP].overflow)} if its inputs have the "
        f"variance 1, and is exactly 0 in layer {spread(fate[DOWN].zero)} if they have 0.1: in "
        f"theory in {theory[UP][0]} and {theory[DOWN][1]}",
        all(
            ended == ([] if layer is None else [layer] * NETWORKS)
            for start in far
            for ended, layer in zip(fate[start], theory[start], strict=True)
        ),
    )
    threshold = blowup(TOSS.coefficients[::-1], sigma_w=gain(quadratic)).threshold
    up, down = fate[TOSS]
    yield Claim(
        f"with the gain {gain(quadratic):.3f} x^2 keeps a variance of 1, and its threshold is "
        f"{threshold:.3f}: {len(up)} of {NETWORKS} networks that start at a threshold overflow and "
        f"{len(down)} become 0, the last in layer {max(up + down)}",
        abs(threshold - 1) < 1e-9 and min(len(up), len(down)) > 0 and len(up + down) == NETWORKS,
    )
    slow, expected = fate[SLOW].overflow, SLOW.theory().overflow
    yield Claim(
        f"a smaller a takes longer: {SLOW.unit} overflows in layers {spread(slow)}, in theory in "
        f"{expected}, as width adds noise to what drifts",
        len(slow) == NETWORKS and abs(np.mean(slow) - expected) < 0.25 * expected,
    )

    (raw, centred, orthonormal) = measured.conditions["normal, mean 3"]
    yield Claim(
        f"normal inputs of mean 3 give a, b and c a Hessian of condition {raw[1]:,.0f}, centred "
        f"ones of {centred[1]:.2f} = 3 + 2 sqrt 2, but {centred[-1]:.0e} at degree {DEGREES[-1]}; "
        f"in Hermite's polynomials it is {orthonormal[-1]:.0f}",
        raw[1] > 1e3 * centred[1]
        and abs(centred[1] - (3 + 8**0.5)) < 1e-9
        and abs(orthonormal - 1).max() < 1e-9 < 1e6 < centred[-1],
    )

    most = [(d + 1) * (d + 2) // 2 for d in INPUTS]
    relu, square = (measured.ranks[name] for name in UNITS)
    yield Claim(
        f"of {COUNTS[-1]} units x^2 only {', '.join(map(str, square[:, -1]))} are independent if "
        f"they have {', '.join(map(str, INPUTS))} inputs: (d + 1) (d + 2) / 2; of ReLUs "
        f"{spread(relu[:, -1])}",
        # A ReLU centred at an outermost input is the same as nothing there.
        np.array_equal(square, np.minimum.outer(most, COUNTS))
        and (relu >= np.array(COUNTS) - 1).all(),
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
        f"{spread(square.gradient[0, 0])}, of ReLUs at {spread(relu.gradient[0, 0])}",
        square.best().mean() < relu.best().mean() - 0.2
        and square.lost().mean() > 0.4 > 0 == relu.lost().sum()
        and np.ptp(np.log(square.gradient[0, 0])) > 2 * np.ptp(np.log(relu.gradient[0, 0])),
    )
    two, usual = (measured.trained[name, 2].best().mean() for name in ("x^2", "ReLU"))
    near = measured.trained[NEAR.unit, 4].best().mean()
    yield Claim(
        f"but two layers of x^2 read {two:.1%}, of ReLUs {usual:.1%}, and four of {NEAR.unit} read "
        f"{near:.1%}",
        two > usual - 0.01 and near > relu.best().mean() - 0.01,  # seeds differ by as much
    )


def draw(measured: Measured, figure: Figure) -> None:
    depth, width, steps = figure.subplots(1, 3, width_ratios=(5, 4, 4))
    colors = {"x^2": "C3", SLOW.unit: "C1", NEAR.unit: "C2", "ReLU": "C0"}

    size = np.sqrt(np.mean(measured.signals.astype(np.float64) ** 2, axis=-1))
    for start in (UP, TOSS, DOWN, SLOW, NEAR):
        depth.plot(size[:, :, STARTS.index(start)].T, color=colors[start.unit], linewidth=0.8)
        variances = [start.variance]
        while len(variances) < LAYERS and 1e-80 < variances[-1] < 1e80:
            variances.append(Polynomial(start.theory().map)(variances[-1]))
        depth.plot(np.sqrt(variances), ".", color="black", markersize=2.5)
    for name, color in (("$x^2$", "C3"), ("$x^2/5 + x$", "C1"), ("near a line", "C2")):
        depth.plot([], color=color, label=name)
    depth.plot([], ".", color="black", label="theory")
    depth.set(title="deep: the signals", xlabel="layer", ylabel="root mean square", yscale="log")
    depth.set(ylim=(1e-40, 1e40), yticks=[1e-36, 1e-18, 1, 1e18, 1e36])
    depth.legend(frameon=False, fontsize="small", loc="lower right")

    width.plot(LINE, WAVE, color="0.8", linewidth=5, label="target")
    for name, fitted in measured.waves.items():
        label = f"{COUNTS[1]} ${name}$" if name == "x^2" else f"{COUNTS[1]} {name}s"
        width.plot(LINE, fitted[0, 1], color=colors[name], label=label)
    width.set(title="wide: one layer", xlabel="input", xticks=(-1, 0, 1), yticks=(-1, 0, 1))
    width.set_ylim(-1.7, 2.3)
    width.legend(frameon=False, fontsize="small", loc="upper left")

    for name in ("x^2", NEAR.unit, "ReLU"):
        norms = measured.trained[name, 4].gradient[:, RATES.size // 2]
        finite = np.isfinite(norms)
        steps.plot(1 + np.arange(len(norms)), norms, color=colors[name], linewidth=0.8)
        for norm, last in zip(norms.T, finite.sum(0), strict=True):
            if last < len(norms):
                steps.plot(last, norm[last - 1], "x", color=colors[name])
    steps.plot([], "x", color="C3", label="then not finite")
    steps.set(title="training four layers", xlabel="step at rate 0.01", ylabel="gradient norm")
    steps.set(xscale="log", yscale="log")
    steps.legend(frameon=False, fontsize="small", loc="upper left")


if __name__ == "__main__":
    main(__spec__.name)
