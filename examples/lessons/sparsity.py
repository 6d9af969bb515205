"""Half of a ReLU layer is silent, and silence is not death; what do its zeros save?

At the start, pre-activations are as often negative as positive, so half of ReLU's answers are
exactly 0, in every layer.

A dead unit is silent on every input, and learns nothing. With independent inputs there would be no
dead units. But from layer to layer inputs become more alike: their correlation rho goes to 1, and a
unit that is silent on one input is silent on all. Let a standard normal number a be the part of a
unit's signal that all inputs share. Given a, the unit is silent on one input with the probability

    p(a) = Phi(-a sqrt(rho / (1 - rho))),

and on all n inputs with p(a)^n. The mean of p(a)^n over a is the share of dead units. So depth
kills units, at an unchanged share of zeros.

The product h W needs only the rows of W whose h is not 0. Decoding one vector at a time is bound by
reading W, so zeros save bytes. Since shapes are static, the rows are gathered into a capacity that
is fixed beforehand: the number of zeros must be known in advance.

Caveat: bytes are not time. A gathered row costs more than a row read in order, so half of zeros
does not pay. Nine zeros in ten do pay, here, for one vector; a batch needs every row that any of
its vectors needs. And a fresh network has half: more zeros take a bias, as here, or training, which
is not shown.
"""

import functools
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from matplotlib.figure import Figure
from rich.table import Table
from scipy.stats import norm

import activax
from activax import diagnostics, initializers, theory
from examples.lessons.lesson import Claim, main, table

WIDTH, DEPTH, NETWORKS, INPUTS = 128, 30, 16, 512
LAYERS = np.array([1, 3, 10, 30])
BATCHES = [1, 2, 4, 8, 16]
HIDDEN, OUT = 4096, 1024
ZEROS = np.array([0.5, 0.8, 0.9, 0.95, 0.99])
ROUNDS = 25


class Deep(NamedTuple):
    """Measurements in each layer of networks, (NETWORKS, DEPTH)."""

    zeros: Array | np.ndarray  # the share of answers that are 0
    dead: Array | np.ndarray  # the share of units that are dead
    rho: Array | np.ndarray  # the mean cosine of two inputs' pre-activations
    needed: Array | np.ndarray  # the share of units that a batch needs, (..., BATCHES)


class Product(NamedTuple):
    """The product h W by all rows and by gathered rows."""

    active: int  # the number of rows whose h is not 0
    capacity: int  # the number of rows that are read
    error: float  # the largest difference, relative to the largest value
    whole: float  # median milliseconds with all rows
    gathered: float  # median milliseconds with gathered rows


class Measured(NamedTuple):
    deep: Deep
    rho: np.ndarray  # in theory
    products: list[Product]  # at ZEROS


def measure() -> Measured:
    keys = jax.random.split(jax.random.key(0), NETWORKS)
    deep = Deep(*(np.asarray(share, np.float64) for share in jax.jit(jax.vmap(observe))(keys)))
    he = theory.gain(activax.relu)
    rho = theory.propagate(activax.relu, he, depth=DEPTH - 1).rho
    weight = jax.random.normal(jax.random.key(1), (HIDDEN, OUT))
    return Measured(deep, rho, [multiply(zeros, weight) for zeros in ZEROS.tolist()])


def observe(key: Array) -> Deep:
    """Return the measurements in one network with He's initialisation."""
    inputs, weights = jax.random.split(key)
    he = initializers.variance_scaling(activax.relu, batch_axis=0)

    def layer(h: Array, weight: Array) -> tuple[Array, Deep]:
        y = activax.relu(h)
        rows = h / jnp.linalg.norm(h, axis=1, keepdims=True)
        rho = (jnp.sum(rows.sum(0) ** 2) / INPUTS - 1) / (INPUTS - 1)
        needed = [jnp.mean((y > 0).reshape(-1, size, WIDTH).any(1)) for size in BATCHES]
        dead = jnp.mean(diagnostics.dead(activax.relu, h))
        return y @ weight, Deep(jnp.mean(y == 0), dead, rho, jnp.stack(needed))

    x = jax.random.normal(inputs, (INPUTS, WIDTH))
    return jax.lax.scan(layer, x, he(weights, (DEPTH, WIDTH, WIDTH)))[1]


def expectations(rho: np.ndarray) -> dict[str, np.ndarray]:
    """Return the theory of each layer, from the correlation rho of its inputs."""
    a = np.linspace(-8, 8, 4001)
    silent = norm.logcdf(-a * np.sqrt(rho / (1 - rho))[:, None])
    dead = np.trapezoid(norm.pdf(a) * np.exp(INPUTS * silent), a)
    return {"zeros": np.full(DEPTH, 0.5), "rho": rho, "dead": dead}


@jax.jit
def whole(h: Array, weight: Array) -> Array:
    return h @ weight


@functools.partial(jax.jit, static_argnames="capacity")
def gathered(h: Array, weight: Array, capacity: int) -> Array:
    """Return h @ weight, if at most `capacity` elements of h are not 0."""
    rows = jnp.nonzero(h, size=capacity, fill_value=HIDDEN)[0]  # spare places are out of bounds
    return h.at[rows].get(mode="fill", fill_value=0) @ weight.at[rows].get(mode="clip")


def multiply(zeros: float, weight: Array) -> Product:
    bias = norm.ppf(1 - zeros)
    h = activax.relu(jax.random.normal(jax.random.key(2), HIDDEN) + bias)
    # Five standard deviations of the number of zeros.
    spare = 5 * (HIDDEN * zeros * (1 - zeros)) ** 0.5
    capacity = round(HIDDEN * (1 - zeros) + spare)
    ways = (lambda: whole(h, weight)), (lambda: gathered(h, weight, capacity))
    exact, result = (np.asarray(way()) for way in ways)
    seconds = [[clock(way) for way in ways] for _ in range(ROUNDS)]  # alternately
    error = np.abs(result - exact).max() / np.abs(exact).max()
    milliseconds = 1e3 * np.median(seconds, 0)
    return Product(int(jnp.count_nonzero(h)), capacity, float(error), *milliseconds.tolist())


def clock(way: Callable[[], Array]) -> float:
    start = time.perf_counter()
    way().block_until_ready()
    return time.perf_counter() - start


def tables(measured: Measured) -> Iterator[Table]:
    deep, at = measured.deep, LAYERS - 1
    rows = []
    for name, expected in expectations(measured.rho).items():
        seen = getattr(deep, name)[:, at]
        means = zip(seen.mean(0), seen.std(0, ddof=1), strict=True)
        rows.append([name, *(f"{mean:z.2f} +- {deviation:.2f}" for mean, deviation in means)])
        rows.append(["  in theory", *(f"{share:.2f}" for share in expected[at])])
    yield table(f"By layer, of {NETWORKS} networks", ["", *map(str, LAYERS)], rows)
    rows = [
        [f"layer {layer}", *(f"{share:.3f}" for share in deep.needed[:, layer - 1].mean(0))]
        for layer in (1, DEPTH)
    ]
    yield table("Share of rows that a batch needs", ["", *map(str, BATCHES)], rows)
    rows = [
        [
            f"{zeros:.0%}",
            product.active,
            product.capacity,
            f"{product.capacity / HIDDEN:.1%}",
            product.whole,
            product.gathered,
        ]
        for zeros, product in zip(ZEROS, measured.products, strict=True)
    ]
    columns = ["zeros", "active rows", "read", "of the bytes", "ms, all rows", "gathered"]
    yield table(f"One vector of {HIDDEN} times {HIDDEN} x {OUT}", columns, rows)


def claims(measured: Measured) -> Iterator[Claim]:
    expected = expectations(measured.rho)
    seen = {name: getattr(measured.deep, name).mean(0) for name in expected}
    off = {name: np.abs(seen[name] - expected[name]).max() for name in expected}
    zeros, dead, rho = seen["zeros"], seen["dead"], seen["rho"]
    # Networks differ by 0.03 to 0.07. The tolerances are five standard errors of their mean.
    yield Claim(
        f"in every layer {zeros.min():.0%} to {zeros.max():.0%} of ReLU's answers are 0, but dead "
        f"units rise from {dead[0]:.0%} to {dead[-1]:.0%} in layer {DEPTH}: theory says "
        f"{expected['dead'][-1]:.0%}, from correlation alone",
        off["zeros"] < 0.05 and dead[0] == 0 and dead[-1] > 0.2 and off["dead"] < 0.08,
    )
    yield Claim(
        f"the correlation of inputs rises from {abs(rho[0]):.2f} to {rho[-1]:.2f}; theory differs "
        f"by at most {off['rho']:.3f}",
        off["rho"] < 0.05,
    )
    first, last = measured.deep.needed.mean(0)[[0, -1]]
    differ = np.abs(first - (1 - 0.5 ** np.array(BATCHES))).max()
    yield Claim(
        f"{BATCHES[-1]} inputs need {first[-1]:.0%} of the units of layer 1, which is 1 - 2^-batch "
        f"to {differ:.3f}, but {last[-1]:.0%} of those of layer {DEPTH}, where inputs are alike",
        differ < 0.01 and last[-1] < 0.7,  # shares of tens of thousands of units
    )
    product = measured.products[list(ZEROS).index(0.95)]
    error = max(product.error for product in measured.products)
    yield Claim(
        f"with 95% of zeros the product reads {product.capacity / HIDDEN:.1%} of the bytes, which "
        f"includes room for chance, and differs by {error:.0g}",
        product.capacity < 0.1 * HIDDEN
        and all(product.active <= product.capacity for product in measured.products)
        and error < 1e-5,  # sums in another order
    )


def draw(measured: Measured, figure: Figure) -> None:
    depth, batch, cost = figure.subplots(1, 3)
    layers, shown = np.arange(1, DEPTH + 1), slice(0, None, 3)
    names = {"zeros": "answers that are 0", "rho": "correlation", "dead": "dead units"}
    for i, (name, expected) in enumerate(expectations(measured.rho).items()):
        seen = getattr(measured.deep, name)[:, shown]
        style = {"fmt": "o", "color": f"C{i}", "markersize": 3, "linewidth": 1}
        depth.plot(layers, expected, color=f"C{i}", linewidth=1)
        depth.errorbar(layers[shown], seen.mean(0), seen.std(0), label=names[name], **style)
    depth.set(title="by depth", xlabel="layer (lines: theory)", ylabel="share, correlation")
    depth.set_ylim(-0.03, 1.4)
    depth.set_yticks([0, 0.5, 1])
    depth.legend(loc="upper right")

    sizes = np.geomspace(1, BATCHES[-1], 50)
    batch.plot(sizes, 100 * (1 - 0.5**sizes), color="black", linewidth=1, label=r"$1 - 2^{-b}$")
    for layer, marker in ((1, "o"), (DEPTH, "s")):
        needed = measured.deep.needed[:, layer - 1].mean(0)
        batch.plot(BATCHES, 100 * needed, marker, color="C4", label=f"layer {layer}")
    batch.set_xscale("log", base=2)
    batch.set(title="rows that a batch needs", xlabel="inputs in the batch $b$", ylabel="%")
    batch.set(xticks=BATCHES, xticklabels=BATCHES, ylim=(0, 105))
    batch.legend(loc="lower right")

    read = [100 * product.capacity / HIDDEN for product in measured.products]
    spent = [100 * product.gathered / product.whole for product in measured.products]
    cost.plot(100 * ZEROS, read, "o-", color="C0", label="bytes read")
    cost.plot(100 * ZEROS, spent, "s:", color="C3", label="time, here")
    cost.axhline(100, color="black", linewidth=1, linestyle=":")
    cost.set(title="reading active rows", xlabel="zeros, %", ylabel="% of reading all")
    cost.set_ylim(0)
    cost.set_xticks([50, 80, 90, 99])
    cost.legend(loc="upper right")


if __name__ == "__main__":
    main(__spec__.name)
