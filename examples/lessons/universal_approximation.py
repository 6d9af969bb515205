"""One hidden layer comes as close to a continuous function as you like. At what cost?

The target is a parabola a x^2 + b x + c on [-1, 1]. The weights of ReLUs can be written down: they
make a polygon of n pieces of length h = 2 / n, whose error |a| h^2 / 8 no polygon of n pieces
beats. Thresholds make a staircase, whose error falls only as 1 / n. For smooth units least squares
finds the outer weights, and the error falls exponentially, down to the rounding.

Smooth units do not even need width. For small h, f(t + h x) bends like a parabola, so two units are
enough, with outer weights of 1 / h^2. But large terms cancel, and digits are lost: an error must be
read together with the largest weight.

Depth is cheaper than width. Each layer of three ReLUs folds the interval once more, which doubles
the number of pieces; in one layer each piece costs a ReLU.

Caveat: weights that exist need not be found by training. A thousand steps of Adam leave the same
networks at far larger errors. And polynomial units are this target exactly, as `polynomial_layer`
shows: the theorem says that every activation can approximate, not which one to choose.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
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
from examples.lessons import learning
from examples.lessons.lesson import Claim, main, table

TARGET = Polynomial([0.2, -0.4, 0.7])
LOWEST = TARGET.deriv().roots().item()  # the x of the lowest value
SQUARE = Polynomial([0.25, 0.5, 0.25])  # u^2 with u = (x + 1) / 2 in [0, 1]
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
BENDS = {"tanh": float(np.arctanh(3**-0.5)), "GELU": 0.0}  # inputs of the largest curvature
BENDINGS = [1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5]  # h of two smooth units


class Network(NamedTuple):
    """One hidden layer: bias + sum over units of outer f(inner x + shift)."""

    f: Callable[[Array], Array]
    inner: np.ndarray
    shift: np.ndarray
    outer: np.ndarray
    bias: float

    def error(self, target: Polynomial, dtype: type = np.float64) -> float:
        """Return the largest error on [-1, 1] of the network computed in `dtype`."""
        inner, shift, outer, bias = (np.asarray(w, dtype) for w in self[1:])
        with jax.enable_x64(True):
            hidden = self.f(jnp.asarray(X.astype(dtype)[:, None] * inner + shift))
        return float(np.abs(np.asarray(hidden) @ outer + bias - target(X)).max())

    def largest(self) -> float:
        return max(float(np.abs(weights).max()) for weights in self[1:])


class Judged(NamedTuple):
    """The largest weights and errors of several networks."""

    largest: np.ndarray  # the largest weight
    double: np.ndarray  # the error in float64
    single: np.ndarray  # the error in float32


def judge(networks: Iterable[Network], target: Polynomial = TARGET) -> Judged:
    rows = [(n.largest(), n.error(target), n.error(target, np.float32)) for n in networks]
    return Judged(*np.transpose(rows))


def polygon(target: Polynomial, n: int) -> Network:
    """Return ReLUs that make n chords, lowered by half of their height above the parabola."""
    h, a = 2 / n, target.coef[2]
    corners = -1 + h * np.arange(n)
    outer = np.full(n, 2 * a * h)  # the change of the slope at each corner
    outer[0] = (target(-1 + h) - target(-1)) / h
    return Network(activax.relu, np.ones(n), -corners, outer, target(-1) - a * h**2 / 8)


def staircase(n: int) -> Network:
    """Return thresholds that make n + 1 treads, each at the mid-range of the target on it.

    The target varies equally on all treads.
    """
    way = np.concatenate([[0], np.abs(np.diff(TARGET(X))).cumsum()])
    edges = np.interp(np.linspace(0, way[-1], n + 2), way, X)
    low, high = edges[:-1], edges[1:]
    values = TARGET(np.stack([low, np.clip(LOWEST, low, high), high]))
    levels = (values.min(0) + values.max(0)) / 2
    return Network(activax.step, np.ones(n), -edges[1:-1], np.diff(levels), levels[0])


def fitted(f: Callable[[Array], Array], n: int) -> Network:
    """Return units f(x - t) with evenly spaced t, and outer weights by least squares."""
    centres = (2 * np.arange(n) + 1) / n - 1
    with jax.enable_x64(True):
        hidden = np.asarray(f(jnp.asarray(X[:, None] - centres)))
    columns = np.c_[hidden, np.ones(len(X))]
    weights, *_ = np.linalg.lstsq(columns, TARGET(X), rcond=1e-15)
    return Network(f, np.ones(n), -centres, weights[:-1], weights[-1])


def two_units(f: Callable[[Array], Array], t: float, h: float) -> Network:
    """Return the units f(t + h x) and f(t - h x), whose sum bends and whose difference rises."""
    with jax.enable_x64(True):
        value, slope = float(f(jnp.array(t))), float(jax.grad(f)(t))
        curvature = float(jax.grad(jax.grad(f))(t))
    c, b, a = TARGET.coef
    bend, rise = a / (h**2 * curvature), b / (2 * h * slope)
    outer = np.array([bend + rise, bend - rise])
    return Network(f, np.array([h, -h]), np.array([t, t]), outer, c - 2 * bend * value)


def folded(u: np.ndarray, layers: int) -> np.ndarray:
    """Return u^2 on [0, 1] by three ReLUs a layer: two fold the interval, one carries the sum."""
    saw = square = u
    for layer in range(1, layers + 1):
        low, high, carried = activax.relu(np.stack([saw, saw - 0.5, square]))
        saw = 2 * low - 4 * high
        square = carried - saw / 4**layer
    return square


def trained(f: Callable[[Array], Array]) -> np.ndarray:
    """Return the error of a network that Adam has trained on the target, for each seed."""
    network = nn.mlp(int(WIDTHS[-1]), 1, activation=f)
    x = X[::16, None].astype(np.float32)
    y = TARGET(x).astype(np.float32)

    def loss(params: Any, batch: tuple[Array, Array], key: Array) -> Array:
        x, y = batch
        return jnp.mean((network.apply(params, x) - y) ** 2)

    def run(key: Array, batches: Any) -> Array:
        optimizer = optax.adam(optax.cosine_decay_schedule(0.02, 1000))
        params, _ = learning.train(loss, optimizer, network.init(key, x), batches, key)
        return jnp.abs(network.apply(params, x) - y).max()

    batches = learning.whole((x, y), steps=1000)
    return np.array(jax.jit(jax.vmap(run, (0, None)))(learning.keys(SEEDS), batches), np.float64)


class Measured(NamedTuple):
    built: dict[str, Judged]  # by activation, at WIDTHS
    trained: dict[str, np.ndarray]  # the error of each seed
    pairs: dict[str, Judged]  # two units, at BENDINGS
    deep: np.ndarray  # the error of u^2, at LAYERS
    wide: np.ndarray  # the error of one layer of as many units


def measure() -> Measured:
    build: dict[str, Callable[[int], Network]] = {
        "ReLU": partial(polygon, TARGET),
        "threshold": staircase,
        "tanh": partial(fitted, activax.tanh),
        "GELU": partial(fitted, activax.gelu),
    }
    u = (X + 1) / 2
    with jax.enable_x64(True):
        deep = [np.abs(folded(u, layers) - u**2).max() for layers in LAYERS.tolist()]
    return Measured(
        {name: judge(map(network, WIDTHS)) for name, network in build.items()},
        {name: trained(f) for name, f in ACTIVATIONS.items()},
        {
            name: judge(two_units(ACTIVATIONS[name], t, h) for h in BENDINGS)
            for name, t in BENDS.items()
        },
        np.array(deep),
        judge((polygon(SQUARE, units) for units in 3 * LAYERS), SQUARE).double,
    )


def tables(measured: Measured) -> Iterator[Table]:
    rows = [[name, *built.double, built.largest[-1]] for name, built in measured.built.items()]
    columns = ["units", *map(str, WIDTHS), "largest weight"]
    yield table("One layer, built: largest error", columns, rows)
    rows = [
        [name, errors.min(), np.median(errors), errors.max()]
        for name, errors in measured.trained.items()
    ]
    columns = ["", "best", "median", "worst seed"]
    yield table(f"The same, {WIDTHS[-1]} units, trained", columns, rows)
    rows = [
        [name, h, *pair]
        for name, pairs in measured.pairs.items()
        for h, *pair in zip(BENDINGS, *pairs, strict=True)
    ]
    columns = ["", "h", "largest weight", "error in float64", "in float32"]
    yield table("Two units", columns, rows)
    rows = list(zip(3 * LAYERS, measured.deep, measured.wide, strict=True))
    yield table("x^2 on [0, 1]: error", ["ReLUs", "three a layer", "in one layer"], rows)


def claims(measured: Measured) -> Iterator[Claim]:
    errors = {name: built.double for name, built in measured.built.items()}
    theory = TARGET.coef[2] * (2 / WIDTHS) ** 2 / 8
    off = np.abs(errors["ReLU"] / theory - 1).max()
    yield Claim(
        f"{WIDTHS[-1]} ReLUs come within {errors['ReLU'][-1]:.2e} of a parabola: |a| h^2 / 8, to "
        f"{off:.0e} of it at every width",
        off < 1e-6,  # rounding
    )
    theory = (TARGET(-1) + TARGET(1) - 2 * TARGET(LOWEST)) / (2 * (WIDTHS + 1))
    off = np.abs(errors["threshold"] / theory - 1).max()
    yield Claim(
        f"n = {WIDTHS[-1]} thresholds come within {errors['threshold'][-1]:.2e}: the fall and rise "
        f"of the parabola over 2 (n + 1), to {off:.0e} of it at every width",
        off < 1e-2,  # the edges lie between the points
    )
    tanh, gelu, relu = (errors[name][WIDTHS == 16].item() for name in ("tanh", "GELU", "ReLU"))
    yield Claim(
        f"16 tanh come within {tanh:.0e}, 16 GELUs within {gelu:.0e}, 16 ReLUs within {relu:.0e}",
        max(tanh, gelu) < 1e-3 * relu,
    )
    times = {name: measured.trained[name].min() / errors[name][-1] for name in ACTIVATIONS}
    yield Claim(
        f"training does not find these weights: the best of {SEEDS} networks of {WIDTHS[-1]} units "
        "has an error larger than that of the built one by a factor of "
        + ", ".join(f"{ratio:,.0f} ({name})" for name, ratio in times.items()),
        min(times.values()) > 3,
    )
    for name, (weight, double, single) in measured.pairs.items():
        yield Claim(
            f"two {name} units come within {double.min():.0e}, with weights of "
            f"{weight[double.argmin()]:.0e}; in float32 within {single.min():.0e}",
            double.min() < 1e-7 < 1e-6 < single.min(),
        )
    needed = np.ceil((8 * measured.deep[-1]) ** -0.5)
    yield Claim(
        f"m = {LAYERS[-1]} layers of three ReLUs come within {measured.deep[-1]:.2e} = "
        f"2^-(2 m + 2) of x^2; one layer needs {needed:.0f} pieces for it",
        np.array_equal(measured.deep, 2.0 ** -(2 * LAYERS + 2)),
    )


def draw(measured: Measured, figure: Figure) -> None:
    width, cost, depth = figure.subplots(1, 3)
    colors = {name: f"C{i}" for i, name in enumerate(ACTIVATIONS)}
    for name, color in colors.items():
        errors = measured.built[name].double
        width.plot(WIDTHS, errors, "o-", color=color, label=name)
        trained = measured.trained[name]
        width.plot(np.full(SEEDS, WIDTHS[-1]), trained, "x", color=color)
    for name, (weight, double, single) in measured.pairs.items():
        cost.plot(weight, double, "o-", color=colors[name], label=f"{name}, float64")
        cost.plot(weight, single, "o:", color=colors[name], label=f"{name}, float32")
    depth.plot(3 * LAYERS, measured.wide, "o-", color="C0", label="in one layer")
    depth.plot(3 * LAYERS, measured.deep, "s-", color="C4", label="three a layer")

    width.set(title="one layer", xlabel="units", ylabel="largest error", xscale="log", yscale="log")
    width.set(xticks=WIDTHS[::2], xticklabels=WIDTHS[::2])
    width.set_ylim(1e-11, 3)
    width.minorticks_off()
    width.text(WIDTHS[-1], 0.5, "trained", ha="right")
    cost.set(title="two units", xlabel="largest weight", xscale="log", yscale="log")
    depth.set(title="$x^2$ by depth", xlabel="ReLUs", yscale="log", xticks=3 * LAYERS[1:])
    width.legend(loc="lower left", ncols=2)
    for axis in (cost, depth):
        axis.legend()


if __name__ == "__main__":
    main(__spec__.name)
