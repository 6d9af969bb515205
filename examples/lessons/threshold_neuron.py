"""The threshold neuron fires or does not; what it can say, and how it can learn.

One neuron fires where w x + b >= 0, so it draws one line. One line is enough for AND, OR and NOT,
whose weights are written down here, but not for XOR. Linear programming tells for every Boolean
function whether such weights exist. Two hidden neurons, OR and AND, make XOR.

Gradients do not find such weights: the slope of a threshold is 0 wherever it exists, so nothing
flows back. Therefore `activax.step` has a surrogate slope, a bump around the threshold. Its
`formula` has the true slope, with which only the weights behind the last threshold ever move.

Spiking neurons are thresholds in time. A membrane gathers charge, leaks, fires when the charge
reaches 1, and then loses a charge of 1. A layer of such neurons is one `jax.lax.scan`. Digits are
shown as random spikes, more frequent for brighter pixels, and are learned through 16 such neurons.

Caveat: a surrogate slope is not the slope of anything that the network computes, so nothing
guarantees descent, and some starts never find XOR. Nor do digits need spikes: a linear map of the
spike counts reads them no worse. The lesson shows only that thresholds can learn.
"""

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from matplotlib.figure import Figure
from rich.table import Table
from scipy.optimize import linprog
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

import activax
from activax import nn
from activax.theory import moments
from examples.lessons import learning
from examples.lessons.learning import Learned
from examples.lessons.lesson import Claim, main, table

Fire = Callable[[Array], Array]
FIRES: dict[str, Fire] = {
    "surrogate slope": activax.step.bind(sharpness=2.0),
    "true slope": activax.step.formula,
}
BITS = (0, 1)
CORNERS = np.array(list(itertools.product(BITS, repeat=2)), np.float32)
GATES = {  # weights and bias; NOT is of the second input
    "AND": ([1.0, 1.0], -1.5),
    "OR": ([1.0, 1.0], -0.5),
    "NOT": ([0.0, -1.0], 0.5),
}
TWO_LAYERS = (  # XOR: a layer of OR and AND, and a neuron that fires for the first alone
    {"weight": jnp.array([[1.0, 1.0], [1.0, 1.0]]), "bias": jnp.array([-0.5, -1.5])},
    {},
    {"weight": jnp.array([[1.0], [-1.0]]), "bias": jnp.array([-0.5])},
)
TRUTHS = {"AND": [0, 0, 0, 1], "OR": [0, 1, 1, 1], "NOT": [1, 0, 1, 0], "XOR": [0, 1, 1, 0]}
XOR = CORNERS, np.array(TRUTHS["XOR"])
STARTS = 200  # random weights from which XOR is learned
LEAK = 0.9  # the share of a membrane's charge that is left after a step
CURRENTS = [0.09, 0.15, 0.3]  # into a membrane at each step; the first leaks away before it fires
TIMES = 10  # steps for which an image is shown
SEEDS = 4


class Measured(NamedTuple):
    gates: dict[str, list[int]]  # the outputs at CORNERS
    realised: dict[int, list[tuple[int, ...]]]  # truth tables of one neuron, by number of inputs
    gradients: dict[str, float]  # by slope: the largest of TWO_LAYERS' hidden weights
    xor: dict[str, Learned]  # from STARTS random weights
    digits: dict[str, Learned]
    linear: float  # accuracy on digits without a hidden layer
    membranes: Array  # (times, CURRENTS)
    spikes: Array


def measure() -> Measured:
    signals = {name: CORNERS @ jnp.array(weights) + bias for name, (weights, bias) in GATES.items()}
    signals["XOR"] = xor(TWO_LAYERS, activax.step)
    gradients, by_xor, by_digits = {}, {}, {}
    (x, y), (held_out, truth) = shown, asked = digits()
    batches = learning.batches(shown, size=64, steps=200)
    for name, fire in FIRES.items():
        first, *_ = jax.grad(lambda params, fire: xor(params, fire).sum())(TWO_LAYERS, fire)
        gradients[name] = float(abs(first["weight"]).max())
        network = nn.serial(nn.dense(4), fire, nn.dense(2))
        by_xor[name] = learn(network, learning.whole(XOR, steps=400), XOR, STARTS)
        network = nn.serial(spiking(16, fire), spike_rate, nn.dense(10))
        by_digits[name] = learn(network, batches, asked, SEEDS)
    linear = LogisticRegression(max_iter=1000).fit(spike_rate(x), y)
    return Measured(
        {name: activax.step(signal).tolist() for name, signal in signals.items()},
        {inputs: [t for t in truths(inputs) if one_neuron(inputs, t)] for inputs in (1, 2, 3)},
        *(gradients, by_xor, by_digits, linear.score(spike_rate(held_out), truth)),
        *integrate(jnp.tile(jnp.array(CURRENTS), (60, 1)), activax.step),
    )


def xor(params: Any, fire: Fire, x: np.ndarray = CORNERS) -> Array:
    """Return the signal of the last of two layers."""
    return nn.serial(nn.dense(2), fire, nn.dense(1)).apply(params, x)[..., 0]


def truths(inputs: int) -> list[tuple[int, ...]]:
    """Return every Boolean function, as the last column of its truth table."""
    return list(itertools.product(BITS, repeat=2**inputs))


def one_neuron(inputs: int, truth: tuple[int, ...]) -> bool:
    """Return True if one neuron computes the Boolean function `truth`.

    It does if some w and b have w x + b >= 1 where `truth` is 1 and w x + b <= -1 elsewhere.
    """
    rows = np.array([(*corner, 1) for corner in itertools.product(BITS, repeat=inputs)])
    signed = np.where(truth, -1, 1)[:, None] * rows
    return linprog(0 * rows[0], signed, -np.ones(len(rows)), bounds=(None, None)).success


def integrate(charges: Array, fire: Fire) -> tuple[Array, Array]:
    """Return the membranes and their spikes over time, which is the first axis."""

    def tick(membrane: Array, charge: Array) -> tuple[Array, tuple[Array, Array]]:
        membrane = LEAK * membrane + charge
        spike = fire(membrane - 1)
        return membrane - spike, (membrane, spike)

    return jax.lax.scan(tick, jnp.zeros_like(charges[0]), charges)[1]


def spiking(features: int, fire: Fire) -> nn.Layer:
    """Return a layer of leaky integrate-and-fire neurons, for spikes (images, times, units)."""
    synapses = nn.dense(features)

    def apply(params: Any, spikes: Array) -> Array:
        charges = synapses.apply(params, spikes)
        return integrate(charges.swapaxes(0, 1), fire)[1].swapaxes(0, 1)

    return nn.Layer(synapses.init, apply)


def spike_rate(spikes: Array) -> Array:
    return spikes.mean(1)


def digits() -> list[tuple[np.ndarray, np.ndarray]]:
    """Return images as random spikes; a quarter of the images is held out.

    The probability of a spike is the brightness of the pixel.
    """
    images, labels = load_digits(return_X_y=True)
    rate = np.repeat(images[:, None] / 16, TIMES, axis=1)
    spikes = (np.random.default_rng(0).random(rate.shape) < rate).astype(np.float32)
    x, held_out, y, truth = train_test_split(
        spikes, labels, test_size=0.25, stratify=labels, random_state=0
    )
    return [(x, y), (held_out, truth)]


def learn(network: nn.Layer, batches: Any, asked: Any, seeds: int) -> Learned:
    """Train a network for each seed."""
    run = partial(learning.learn, network, optax.adam(0.02))
    found = jax.jit(jax.vmap(run, (None, None, 0)))(batches, asked, learning.keys(seeds))
    return jax.tree.map(np.asarray, found)


def tables(measured: Measured) -> Iterator[Table]:
    rows = [[name, *map(round, fired)] for name, fired in measured.gates.items()]
    corners = [f"{a:.0f}, {b:.0f}" for a, b in CORNERS]
    yield table("By hand: does it fire at ...", ["", *corners], rows)
    rows = [[k, 2**2**k, len(found)] for k, found in measured.realised.items()]
    yield table("Boolean functions", ["inputs", "all", "by one neuron"], rows)
    rows = []
    for name, runs in measured.digits.items():
        share, read = np.mean(measured.xor[name].accuracy == 1), runs.accuracy
        shares = (f"{share:.0%}", f"{read.mean():.1%}", f"{np.ptp(read):.1%}")
        rows.append([name, measured.gradients[name], *shares])
    columns = ["hidden neurons", "gradient", "XOR learned", "digits", "spread over seeds"]
    yield table("Learning through thresholds", columns, rows)


def claims(measured: Measured) -> Iterator[Claim]:
    learns, stuck = (runs.accuracy for runs in measured.digits.values())
    yield Claim(
        f"16 spiking neurons read {learns.mean():.1%} of held-out digits when they learn through a "
        f"surrogate slope, {stuck.mean():.1%} with the true one (a linear map of the spike counts: "
        f"{measured.linear:.1%})",
        learns.mean() > 0.93 and learns.min() > stuck.max() + 0.1,
    )
    two, three = (len(measured.realised[k]) for k in (2, 3))
    missing = set(truths(2)) - set(measured.realised[2])
    yield Claim(
        f"one neuron computes {two} of the 16 Boolean functions of two inputs, all but XOR and its "
        f"negation, and {three} of the 256 of three",
        (two, three) == (14, 104) and missing == {(0, 1, 1, 0), (1, 0, 0, 1)},
    )
    yield Claim(
        "weights by hand make AND, OR and NOT of one neuron, and XOR of two hidden ones",
        measured.gates == TRUTHS,
    )
    passed = moments(activax.step.formula).slope
    through, blocked = measured.gradients.values()
    yield Claim(
        f"the mean squared true slope is {passed:.0f}, so hidden weights get a gradient of "
        f"{blocked:.0f}; with a surrogate slope they get {through:.2f}",
        passed == blocked == 0 < through,
    )
    found, by_chance = (np.mean(runs.accuracy == 1) for runs in measured.xor.values())
    yield Claim(
        f"of {STARTS} random starts {found:.0%} learn XOR with 4 hidden neurons through a "
        f"surrogate slope, {by_chance:.0%} through the true one, which leaves hidden weights as "
        "they were",
        found > by_chance + 0.3,
    )
    counts = [round(count) for count in measured.spikes.sum(0).tolist()]
    yield Claim(
        f"a spike is 0 or 1 for every current: in 60 steps the current {CURRENTS[0]}, which the "
        f"leak exceeds, makes {counts[0]} spikes, {CURRENTS[1]} makes {counts[1]} and "
        f"{CURRENTS[2]} makes {counts[2]}",
        counts[0] == 0 < counts[1] < counts[2] and set(np.unique(measured.spikes)) == {0.0, 1.0},
    )


def draw(measured: Measured, figure: Figure) -> None:
    panels = figure.subplot_mosaic([["plane", i, "digits"] for i in range(3)])

    plane = panels["plane"]
    grid = np.linspace(-0.5, 1.5, 401, dtype=np.float32)
    signal = xor(TWO_LAYERS, activax.step, np.stack(np.meshgrid(grid, grid), axis=-1))
    plane.contourf(grid, grid, activax.step(signal), levels=[0.5, 1.5], colors=["#cfe3f3"])
    for name in ("OR", "AND"):
        x = -GATES[name][1] / 2  # the middle of the line at which the neuron starts to fire
        plane.axline((x, x), slope=-1, color="black", linewidth=1)
        plane.text(x + 0.05, x + 0.05, name, rotation=-45, ha="center", va="center")
    plane.scatter(*CORNERS.T, c=XOR[1], cmap="binary", edgecolors="black", s=60, zorder=3)
    plane.set(title="XOR of two thresholds", xlabel="first input", ylabel="second input")
    plane.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), xticks=(0, 1), yticks=(0, 1), aspect="equal")

    for i, current in enumerate(CURRENTS):
        axis, spikes = panels[i], np.flatnonzero(measured.spikes[:, i])
        axis.plot(measured.membranes[:, i], color="C0")
        axis.axhline(1, color="black", linestyle=":", linewidth=1)
        axis.eventplot(spikes, lineoffsets=1.5, linelengths=0.3, color="C3")
        axis.text(59, -0.4, f"current {current}", ha="right")
        axis.set(ylim=(-0.5, 1.8), yticks=(0, 1), xticks=(0, 20, 40, 60))
    panels[0].set(title="membrane and spikes", xticklabels=[])
    panels[1].set(ylabel="charge", xticklabels=[])
    panels[2].set(xlabel="step")

    accuracy = panels["digits"]
    for name, runs in measured.digits.items():
        accuracy.plot(100 * runs.history["accuracy"].mean(0), label=name)
    accuracy.axhline(10, color="black", linestyle=":", linewidth=1)
    accuracy.text(200, 11, "chance", ha="right")
    accuracy.set(title="digits by spikes", ylim=(0, 100))
    accuracy.set(xlabel="training step", ylabel="accuracy on the batch, %")
    accuracy.legend(loc=(0.15, 0.15))


if __name__ == "__main__":
    main(__spec__.name)
