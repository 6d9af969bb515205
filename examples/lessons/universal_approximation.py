"""One hidden layer comes as close to a continuous function as you like. At what cost?

The target is a parabola on [-1, 1]. For ReLU the weights can be written down: n pieces of a
polygon, whose error |a| h^2 / 8, with pieces of length h = 2 / n, no polygon of n pieces beats.
Thresholds make a staircase, whose error falls only as 1 / n. For smooth units least squares finds
the outer weights: their error falls exponentially, until it meets the rounding.

Smooth units do not even need width: as f(t + h x) bends like a parabola, two of them are enough,
with outer weights of 1 / h^2. What they gain in error they lose in digits, as large terms cancel:
an error means little without the largest weight beside it.

Depth is cheaper than width: each layer of three ReLUs folds the interval once more, so the pieces
double from layer to layer where one layer has to buy them one by one.

Caveat: that weights exist does not mean that training finds them. A thousand steps of Adam leave
the same networks far above. And units that are themselves polynomials are this target exactly: the
theorem says that every activation can, not which one should.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from matplotlib.figure import Figure
from rich.table import Table

import activax
from activax import nn, training
from examples.lessons.lesson import Claim, main, table


class Parabola(NamedTuple):
    a: float
    b: float
    c: float

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return (self.a * x + self.b) * x + self.c


class Network(NamedTuple):
    """One hidden layer: bias + sum of outer f(inner x + shift) over the units."""

    f: Callable[[Array], Array]
    inner: np.ndarray
    shift: np.ndarray
    outer: np.ndarray
    bias: float

    def error(self, target: Parabola, dtype: type = np.float64) -> float:
        """The largest on [-1, 1], where the network computes in that dtype."""
        inner, shift, outer, bias = (np.asarray(w, dtype) for w in self[1:])
        with jax.enable_x64(True):
            hidden = self.f(jnp.asarray(X.astype(dtype)[:, None] * inner + shift))
        return float(np.abs(np.asarray(hidden) @ outer + bias - target(X)).max())

    def largest(self) -> float:
        return max(float(np.abs(weights).max()) for weights in self[1:])


TARGET = Parabola(0.7, -0.4, 0.2)
SQUARE = Parabola(0.25, 0.5, 0.25)  # u^2 for u = (x + 1) / 2, which is in [0, 1]
X = np.linspace(-1, 1, 2**12 + 1)  # all corners of the polygons are among them
ACTIVATIONS = {
    "ReLU": activax.relu,
    "threshold": activax.step.bind(sharpness=2.0),
    "tanh": activax.tanh,
    "GELU": activax.gelu,
}
WIDTHS = np.array([4, 8, 16, 32, 64])
SEEDS = 5
LAYERS = np.array([1, 2, 4, 6, 8])
BENDS = {"tanh": float(np.arctanh(3**-0.5)), "GELU": 0.0}  # where the curvature is largest
BENDINGS = [1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5]  # h of two smooth units


def polygon(target: Parabola, n: int) -> Network:
    """ReLUs: chords of n pieces, lowered by half of how far they are above the parabola."""
    h = 2 / n
    corners = -1 + h * np.arange(n)
    outer = np.full(n, 2 * target.a * h)  # by how much the slope changes at each corner
    outer[0] = (target(-1 + h) - target(-1)) / h
    bias = target(-1) - target.a * h**2 / 8
    return Network(activax.relu, np.ones(n), -corners, outer, bias)


def staircase(target: Parabola, n: int) -> Network:
    """Thresholds: on each of n + 1 treads, on which the target varies as much, its mid-range."""
    way = np.concatenate([[0], np.abs(np.diff(target(X))).cumsum()])
    edges = np.interp(np.linspace(0, way[-1], n + 2), way, X)
    bottom = np.clip(-target.b / (2 * target.a), edges[:-1], edges[1:])
    values = np.stack([target(edges[:-1]), target(bottom), target(edges[1:])])
    levels = (values.min(0) + values.max(0)) / 2
    return Network(activax.step, np.ones(n), -edges[1:-1], np.diff(levels), levels[0])


def fitted(f: Callable[[Array], Array], n: int) -> Network:
    """Units f(x - t) with t evenly spaced, and the outer weights of least squares."""
    centres = (2 * np.arange(n) + 1) / n - 1
    with jax.enable_x64(True):
        hidden = np.asarray(f(jnp.asarray(X[:, None] - centres)))
    columns = np.c_[hidden, np.ones(len(X))]
    weights, *_ = np.linalg.lstsq(columns, TARGET(X), rcond=1e-15)
    return Network(f, np.ones(n), -centres, weights[:-1], weights[-1])


def two_units(f: Callable[[Array], Array], t: float, h: float) -> Network:
    """f(t + h x) and f(t - h x): their sum bends, their difference rises."""
    with jax.enable_x64(True):
        value, slope = float(f(jnp.array(t))), float(jax.grad(f)(t))
        curvature = float(jax.grad(jax.grad(f))(t))
    bend, rise = TARGET.a / (h**2 * curvature), TARGET.b / (2 * h * slope)
    outer = np.array([bend + rise, bend - rise])
    return Network(f, np.array([h, -h]), np.array([t, t]), outer, TARGET.c - 2 * bend * value)


def squares(target: Parabola) -> Network:
    """a (x + s)^2 + c' by two squared ReLUs, one for either sign of x + s."""
    s = target.b / (2 * target.a)
    outer = np.array([target.a, target.a])
    return Network(activax.relu_squared, np.array([1, -1]), np.array([s, -s]), outer, target(-s))


def folded(u: np.ndarray, layers: int) -> np.ndarray:
    """u^2 on [0, 1] by three ReLUs a layer: two fold the interval, one carries the sum on."""
    saw = square = u
    for layer in range(1, layers + 1):
        low, high, carried = activax.relu(np.stack([saw, saw - 0.5, square]))
        saw = 2 * low - 4 * high
        square = carried - saw / 4**layer
    return square


def trained(f: Callable[[Array], Array]) -> np.ndarray:
    """The errors of networks that Adam has trained on the same target, one a seed."""
    network = nn.mlp(int(WIDTHS[-1]), 1, activation=f)
    x = X[::16, None].astype(np.float32)
    y = TARGET(x)

    def loss(params: Any, batch: tuple[Array, Array], key: Array) -> Array:
        x, y = batch
        return jnp.mean((network.apply(params, x) - y) ** 2)

    optimizer = optax.adam(optax.cosine_decay_schedule(0.02, 1000))
    keys = jax.random.split(jax.random.key(0, impl="rbg"), SEEDS)  # compiles in less time
    params = jax.vmap(lambda key: network.init(key, x))(keys)
    state = jax.vmap(lambda params, key: training.init(params, optimizer, key))(params, keys)
    step = jax.jit(jax.vmap(training.step(loss, optimizer), (0, None)))
    state, _ = training.fit(step, state, itertools.repeat((x, y)), 1000, progress=False)
    answers = jax.vmap(lambda params: network.apply(params, x))(state.params)
    return np.abs(np.asarray(answers) - y).max((1, 2))


class Measured(NamedTuple):
    built: dict[str, list[Network]]  # by activation, at WIDTHS
    errors: dict[str, np.ndarray]  # of these
    trained: dict[str, np.ndarray]  # errors, of each seed
    pairs: dict[str, np.ndarray]  # at BENDINGS: largest weight, error in float64, in float32
    deep: np.ndarray  # the error of u^2, at LAYERS
    wide: np.ndarray  # of one layer of as many units
    polynomial: float  # the error of two squared ReLUs


def measure() -> Measured:
    built = {
        "ReLU": [polygon(TARGET, n) for n in WIDTHS],
        "threshold": [staircase(TARGET, n) for n in WIDTHS],
        "tanh": [fitted(activax.tanh, n) for n in WIDTHS],
        "GELU": [fitted(activax.gelu, n) for n in WIDTHS],
    }
    errors = {name: np.array([net.error(TARGET) for net in nets]) for name, nets in built.items()}
    pairs = {}
    for name, t in BENDS.items():
        nets = [two_units(ACTIVATIONS[name], t, h) for h in BENDINGS]
        rows = [[n.largest(), n.error(TARGET), n.error(TARGET, np.float32)] for n in nets]
        pairs[name] = np.array(rows)
    u = (X + 1) / 2
    with jax.enable_x64(True):
        deep = np.array([np.abs(folded(u, m) - u**2).max() for m in LAYERS.tolist()])
    wide = np.array([polygon(SQUARE, 3 * m).error(SQUARE) for m in LAYERS])
    learned = {name: trained(f) for name, f in ACTIVATIONS.items()}
    return Measured(built, errors, learned, pairs, deep, wide, squares(TARGET).error(TARGET))


def tables(measured: Measured) -> Iterator[Table]:
    rows = [
        [name, *map(short, errors), short(measured.built[name][-1].largest())]
        for name, errors in measured.errors.items()
    ]
    yield table(
        "One layer, built: largest error", ["units", *map(str, WIDTHS), "largest weight"], rows
    )
    rows = [
        [name, *map(short, np.sort(errors)[[0, SEEDS // 2, -1]])]
        for name, errors in measured.trained.items()
    ]
    columns = ["", "best", "median", "worst seed"]
    yield table(f"The same, {WIDTHS[-1]} units, trained", columns, rows)
    rows = [
        [name, short(h), *map(short, pair)]
        for name, pairs in measured.pairs.items()
        for h, pair in zip(BENDINGS, pairs, strict=True)
    ]
    columns = ["", "h", "largest weight", "error in float64", "in float32"]
    yield table("Two units", columns, rows)
    rows = [
        [3 * m, *map(short, pair)]
        for m, *pair in zip(LAYERS, measured.deep, measured.wide, strict=True)
    ]
    yield table("x^2 on [0, 1]: error", ["ReLUs", "three a layer", "in one layer"], rows)


def short(number: float) -> str:
    return f"{number:.1e}"


def claims(measured: Measured) -> Iterator[Claim]:
    errors = measured.errors
    theory = TARGET.a * (2 / WIDTHS) ** 2 / 8
    off = np.abs(errors["ReLU"] / theory - 1).max()
    yield Claim(
        f"{WIDTHS[-1]} ReLUs come within {errors['ReLU'][-1]:.2e} of a parabola: |a| h^2 / 8, to "
        f"{off:.0e} of it at every width",
        off < 1e-6,  # rounding
    )
    lowest = TARGET(-TARGET.b / (2 * TARGET.a))
    theory = (TARGET(-1) + TARGET(1) - 2 * lowest) / (2 * (WIDTHS + 1))
    off = np.abs(errors["threshold"] / theory - 1).max()
    yield Claim(
        f"{WIDTHS[-1]} thresholds come within {errors['threshold'][-1]:.2e}: all that it falls and "
        f"rises, over 2 (n + 1), to {off:.0e} of it at every width",
        off < 1e-2,  # the edges lie between the points
    )
    smooth = {name: errors[name][WIDTHS == 16].item() for name in BENDS}
    relu = errors["ReLU"][WIDTHS == 16].item()
    yield Claim(
        f"16 tanh come within {smooth['tanh']:.0e}, 16 GELUs within {smooth['GELU']:.0e}, where 16 "
        f"ReLUs come within {relu:.0e}",
        max(smooth.values()) < 1e-3 * relu,
    )
    times = {name: measured.trained[name].min() / errors[name][-1] for name in ACTIVATIONS}
    yield Claim(
        f"training does not find them: the best of {SEEDS} networks of {WIDTHS[-1]} units is off "
        "by more than the built one "
        + ", ".join(f"{ratio:,.0f} times ({name})" for name, ratio in times.items()),
        min(times.values()) > 3,
    )
    for name, (weight, double, single) in ((name, p.T) for name, p in measured.pairs.items()):
        yield Claim(
            f"two {name} units are enough for {double.min():.0e}, with weights of "
            f"{weight[double.argmin()]:.0e}; in float32 for {single.min():.0e}",
            double.min() < 1e-7 < 1e-6 < single.min(),
        )
    needed = np.ceil((8 * measured.deep[-1]) ** -0.5)
    yield Claim(
        f"{LAYERS[-1]} layers of three ReLUs make x^2 to {measured.deep[-1]:.2e} = 2^-(2 m + 2); "
        f"in one layer that takes {needed:.0f} pieces",
        np.array_equal(measured.deep, 2.0 ** -(2 * LAYERS + 2)),
    )
    yield Claim(
        f"and two squared ReLUs are the parabola itself, to {measured.polynomial:.0e}",
        measured.polynomial < 1e-15,
    )


def draw(measured: Measured, figure: Figure) -> None:
    width, cost, depth = figure.subplots(1, 3)
    for i, (name, errors) in enumerate(measured.errors.items()):
        width.plot(WIDTHS, errors, "o-", color=f"C{i}", markersize=3, label=name)
        learned = measured.trained[name]
        width.plot(np.full(SEEDS, WIDTHS[-1]), learned, "x", color=f"C{i}", markersize=5)
    for name, pairs in measured.pairs.items():
        color = f"C{list(ACTIVATIONS).index(name)}"
        weight, double, single = pairs.T
        cost.plot(weight, double, "o-", color=color, markersize=3, label=f"{name}, float64")
        cost.plot(weight, single, "o:", color=color, markersize=3, label=f"{name}, float32")
    depth.plot(3 * LAYERS, measured.wide, "o-", color="C0", markersize=3, label="in one layer")
    depth.plot(3 * LAYERS, measured.deep, "s-", color="C4", markersize=3, label="three a layer")

    width.set(title="one layer", xlabel="units", ylabel="largest error", xscale="log", yscale="log")
    width.set(xticks=WIDTHS[::2], xticklabels=WIDTHS[::2])
    width.set_ylim(1e-11, 3)
    width.minorticks_off()
    width.text(WIDTHS[-1], 0.5, "trained", ha="right")
    cost.set(title="two units", xlabel="largest weight", xscale="log", yscale="log")
    depth.set(title="$x^2$ by depth", xlabel="ReLUs", yscale="log", xticks=3 * LAYERS[1:])
    width.legend(frameon=False, fontsize="small", loc="lower left", ncols=2)
    for axis in (cost, depth):
        axis.legend(frameon=False, fontsize="small")


if __name__ == "__main__":
    main(__spec__.name)
