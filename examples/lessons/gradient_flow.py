"""A gradient passes fifty layers, or does not: the scale of the first weights decides.

Let the weights have the variance sigma_w^2 / fan-in. Each layer, passed backwards, multiplies the
mean square of a gradient by

    chi = sigma_w^2 E f'(h)^2.

Fifty factors of 1.2 explode, fifty factors of 0.8 vanish. The theory of wide networks gives chi for
every activation; we measure how well random networks follow it.

The customary scales have other origins. Here 1 is taken for sigmoid and ReLU; it keeps the signal
of a linear layer. 5/3 for tanh was found by trial. He's sqrt(2), taken for GELU, belongs to ReLU.
The cure is to solve for chi = 1, together with a size of the signal that every layer keeps.
`nn.mlp(..., init="critical")` starts networks so, and `initializers.critical` makes the weights.

Caveat: this is the start of training, in networks wider than deep. Training moves the weights.
Networks of the same scale scatter, more so the deeper they are for their width; no scale cures
that. And a gradient of the right size need not be useful: few units of a sigmoid pass it on.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from matplotlib.figure import Figure
from rich.table import Table

import activax
from activax import initializers, theory
from examples.lessons.lesson import Claim, main, table

WIDTH, DEPTH, NETWORKS = 256, 50, 8
BACK = np.array([5, 10, 20, DEPTH - 1])  # layers before the last


class Scale(NamedTuple):
    """The scale of the weights, the biases and the first signals of a network."""

    sigma_w: float
    sigma_b: float
    q: float  # the variance of the first pre-activations


class Case(NamedTuple):
    """An activation with its customary and its critical scale."""

    f: activax.Activation[...]
    gain: float  # the customary sigma_w
    point: dict[str, Any]  # the arguments of theory.critical


CASES = {
    "sigmoid": Case(activax.sigmoid, initializers.torch_gain("sigmoid"), {"sigma_b": 0.0}),
    "tanh": Case(activax.tanh, initializers.torch_gain("tanh"), {"q": 1.0}),
    "ReLU": Case(activax.relu, 1.0, {"q": 1.0}),
    "GELU": Case(activax.gelu, initializers.torch_gain("relu"), {"half_stable": True}),
}


class Draws(NamedTuple):
    """The random numbers of the networks, before they are scaled."""

    first: Array  # pre-activations
    weights: Array
    biases: Array
    direction: Array  # the output is last @ direction; its gradient is taken


class Flow(NamedTuple):
    """The gradient norms of networks at one scale, divided by the norm at the last layer."""

    scale: Scale
    norms: np.ndarray  # (NETWORKS, DEPTH)
    theory: np.ndarray  # (DEPTH,)

    @property
    def typical(self) -> np.ndarray:
        """Return the geometric mean over the networks: norms are products of random factors."""
        return np.exp(np.log(self.norms).mean(0))


class Measured(NamedTuple):
    customary: dict[str, Flow]
    critical: dict[str, Flow]
    carriers: dict[str, float]  # the share of units that pass the gradient on, at criticality


def measure() -> Measured:
    draws = draw_networks()
    customary, critical, carriers = {}, {}, {}
    for name, (f, gain, which) in CASES.items():
        point = theory.critical(f, **which)
        scale = Scale(point.sigma_w, point.sigma_b, point.q)
        customary[name] = flow(f, Scale(gain, 0.0, 1.0), draws)
        critical[name] = flow(f, scale, draws)
        carriers[name] = share(f, point.q)
    return Measured(customary, critical, carriers)


def draw_networks() -> Draws:
    matrices, vectors = jax.random.split(jax.random.key(0))
    init = initializers.variance_scaling(1.0, batch_axis=(0, 1))
    weights = init(matrices, (NETWORKS, DEPTH - 1, WIDTH, WIDTH))
    drawn = jax.random.normal(vectors, (NETWORKS, DEPTH + 1, WIDTH))
    return Draws(drawn[:, 0], weights, drawn[:, 2:], drawn[:, 1])


def flow(f: activax.Activation[...], scale: Scale, draws: Draws) -> Flow:
    found = gradients(f, scale, draws)
    # float64, since the squares exceed the range of float32
    norms = np.linalg.norm(np.asarray(found, np.float64), axis=-1)
    # rho0 = 1 skips the correlation of two inputs, which plays no part here.
    wide = theory.propagate(f, *scale[:2], depth=DEPTH - 1, q0=scale.q, rho0=1.0)
    growth = np.append(np.cumprod(wide.chi[::-1])[::-1], 1.0)
    return Flow(scale, norms / norms[:, -1:], np.sqrt(growth))


@jax.jit
def gradients(f: activax.Activation[...], scale: Scale, draws: Draws) -> Array:
    """Return the gradients at all pre-activations, (NETWORKS, DEPTH, WIDTH)."""
    sigma_w, sigma_b, q = scale

    def output(shifts: Array, network: Draws) -> Array:
        def layer(h: Array, drawn: tuple[Array, Array, Array]) -> tuple[Array, None]:
            weight, bias, shift = drawn
            return sigma_w * f(h) @ weight + sigma_b * bias + shift, None

        first = jnp.sqrt(q) * network.first + shifts[0]
        last, _ = jax.lax.scan(layer, first, (network.weights, network.biases, shifts[1:]))
        return last @ network.direction

    return jax.vmap(jax.grad(output), (None, 0))(jnp.zeros((DEPTH, WIDTH)), draws)


def share(f: activax.Activation[...], q: float) -> float:
    """Return (E f'^2)^2 / E f'^4, the share of units that pass a gradient on.

    If a share p of the units has one slope and the rest has slope 0, the result is p.
    """

    def slope(x: Array) -> Array:
        return jax.jvp(f, (x,), (jnp.ones_like(x),))[1]

    found = theory.moments(slope, q)
    return found.second**2 / found.fourth


def scatter(carriers: float) -> float:
    """Return the standard deviation of the log norm at layer 1, by chance on the way back.

    One layer back, each element of a gradient is a normal number times f'. So the squared norm has
    the relative variance (3 E f'^4 / (E f'^2)^2 - 1) / width. The variances of all layers add up.
    """
    return float(np.sqrt((DEPTH - 1) * (3 / carriers - 1) / WIDTH)) / 2


def tables(measured: Measured) -> Iterator[Table]:
    columns = ["", "sigma_w", *(f"{k} back" for k in BACK), "in theory"]
    for title, flows in (("customary", measured.customary), ("critical", measured.critical)):
        rows = [
            [name, flow.scale.sigma_w]
            + [f"{x:.1e}" for x in (*flow.typical[-1 - BACK], flow.theory[0])]
            for name, flow in flows.items()
        ]
        yield table(f"Gradient norm / norm at the last layer, {title} scale", columns, rows)
    columns = ["", "sigma_b", "q", "lowest, highest", "scatter", "of theory", "carried by"]
    rows = []
    for name, (scale, norms, _) in measured.critical.items():
        first, carriers = norms[:, 0], measured.carriers[name]
        extent = f"{first.min():.2f}, {first.max():.2f}"
        times = [f"x {np.exp(log):.1f}" for log in (np.log(first).std(ddof=1), scatter(carriers))]
        rows.append([name, *scale[1:], extent, *times, f"{carriers:.0%}"])
    yield table(f"{NETWORKS} networks of the critical scale, at layer 1", columns, rows)


def claims(measured: Measured) -> Iterator[Claim]:
    customary = {name: flow.typical[0] for name, flow in measured.customary.items()}
    critical = {name: flow.typical[0] for name, flow in measured.critical.items()}
    yield Claim(
        f"{BACK[-1]} layers back the gradient is "
        + ", ".join(f"{norm:.3g} ({name})" for name, norm in customary.items())
        + " times as large; at the critical scale "
        + ", ".join(f"{norm:.2f} ({name})" for name, norm in critical.items()),
        max(customary[name] for name in ("sigmoid", "ReLU", "GELU")) < 1e-5
        and customary["tanh"] > 30
        and all(1 / 4 < norm < 4 for norm in critical.values()),
    )
    flows = [*measured.customary.values(), *measured.critical.values()]
    growth = [(flow.typical[0] / flow.theory[0]) ** (1 / BACK[-1]) for flow in flows]
    off = max(abs(factor - 1) for factor in growth)
    yield Claim(
        f"in all eight cases the typical factor a layer is within {off:.1%} of sqrt(chi)",
        off < 0.03,  # over all layers this is a factor of 4, by which single networks differ
    )
    carriers, sigma_w = measured.carriers, measured.critical["sigmoid"].scale.sigma_w
    yield Claim(
        f"a sigmoid's gradient survives only with sigma_w = {sigma_w:.0f}, where "
        f"{carriers['sigmoid']:.0%} of the units carry it; for ReLU {carriers['ReLU']:.0%} do",
        sigma_w > 10
        and carriers["sigmoid"] < 0.25 < 0.45 < min(carriers[n] for n in ("tanh", "ReLU", "GELU")),
    )
    log = {n: np.log(flow.norms[:, 0]).std(ddof=1) for n, flow in measured.critical.items()}
    yield Claim(
        "networks of the same critical scale scatter by a factor of "
        + ", ".join(f"{np.exp(deviation):.1f} ({name})" for name, deviation in log.items())
        + f", at depth / width = {DEPTH / WIDTH:.1f}",
        # 8 networks give the deviation to a quarter, and the forward pass may add to it.
        all(log[name] > scatter(carriers[name]) / 2 for name in CASES),
    )


def draw(measured: Measured, figure: Figure) -> None:
    before, after = figure.subplots(1, 2)
    layers = np.arange(1, DEPTH + 1)
    for axis, flows in ((before, measured.customary), (after, measured.critical)):
        for i, (name, flow) in enumerate(flows.items()):
            axis.plot(layers, flow.theory, color=f"C{i}", linewidth=1)
            shown = slice(i, None, 6)  # offsets, so that the bars of the activations do not overlap
            middle = flow.typical[shown]
            bars = middle - flow.norms.min(0)[shown], flow.norms.max(0)[shown] - middle
            label = rf"{name}, $\sigma_w$ = {flow.scale.sigma_w:.3g}"
            style = {"fmt": "o", "color": f"C{i}", "markersize": 3, "linewidth": 1}
            axis.errorbar(layers[shown], middle, bars, label=label, **style)
        axis.set_yscale("log")
        axis.legend()
    before.set(title="customary scale", ylabel="gradient norm / the last layer's")
    before.set_xlabel("layer (lines: theory of wide networks)")
    after.set(title="critical scale", ylim=(0.02, 50))
    after.set_xlabel(f"layer (bars: lowest to highest of {NETWORKS} networks)")


if __name__ == "__main__":
    main(__spec__.name)
