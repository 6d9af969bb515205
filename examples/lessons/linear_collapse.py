"""A stack of linear layers is one linear layer; with an activation between them it is not.

Measured: the difference between a stack of linear layers and the single map that it folds into, at
several depths, in float32 and float64. For several activations and depths: the share of a network's
output that the best affine fit explains, and the change of its Jacobian from one input to another.

Caveat: non-linearity is a matter of degree. With a leaky ReLU of slope 0.9 a network stays nearly
affine at all of these depths. And a network is not better because it is far from affine.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from matplotlib.figure import Figure
from rich.table import Table

import activax
from activax import diagnostics, nn
from examples.lessons.lesson import Claim, main, table

WIDTH, INPUTS = 64, 16
DEPTHS = (1, 3, 10)
STACKS = (2, 10, 50)
ACTIVATIONS = {
    "identity": activax.identity,
    "leaky_relu, 0.9": activax.leaky_relu.bind(negative_slope=0.9),
    "relu": activax.relu,
    "tanh": activax.tanh,
    "gelu": activax.gelu,
}


class Measured(NamedTuple):
    """The measurements.

    Attributes:
        errors: the relative error of a folded stack, by dtype and depth.
        explained: the R² of the best affine fit, by activation and depth.
        change: the change of the Jacobian, by activation and depth.
    """

    errors: dict[str, dict[int, float]]
    explained: dict[str, dict[int, float]]
    change: dict[str, dict[int, float]]


def folding_error(depth: int, dtype: Any) -> float:
    """Return the relative error between a stack of linear layers and its folded map."""
    x = jax.random.normal(jax.random.key(0), (256, WIDTH), dtype)
    stack = nn.serial(*[nn.dense(WIDTH)] * depth)
    params = stack.init(jax.random.key(1), x)
    folded, y = diagnostics.linear_map(stack, params)(x), stack.apply(params, x)
    return float(jnp.max(jnp.abs(y - folded)) / jnp.max(jnp.abs(y)))


def network(activation: activax.Activation, depth: int, x: Array) -> diagnostics.Affinity:
    """Return the affinity of a network of `depth` hidden layers."""
    layers = nn.mlp(*[WIDTH] * depth, 1, activation=activation)
    params = layers.init(jax.random.key(2), x)
    return diagnostics.affinity(lambda x: layers.apply(params, x), x)


def measure() -> Measured:
    x = jax.random.normal(jax.random.key(3), (256, INPUTS))
    errors = {"float32": {depth: folding_error(depth, jnp.float32) for depth in STACKS}}
    with jax.enable_x64(True):
        errors["float64"] = {depth: folding_error(depth, jnp.float64) for depth in STACKS}
    found = {
        name: {depth: network(activation, depth, x) for depth in DEPTHS}
        for name, activation in ACTIVATIONS.items()
    }
    return Measured(
        errors,
        {name: {depth: float(a.r2) for depth, a in row.items()} for name, row in found.items()},
        {name: {depth: float(a.change) for depth, a in row.items()} for name, row in found.items()},
    )


def tables(measured: Measured) -> Iterator[Table]:
    yield table(
        "a stack of linear layers against the one map that it folds into, largest relative error",
        ["dtype", *(f"{depth} layers" for depth in STACKS)],
        [[dtype, *row.values()] for dtype, row in measured.errors.items()],
    )
    yield table(
        "hidden layers: what the best affine fit explains, and how much the Jacobian changes",
        ["activation", *(f"R², {d}" for d in DEPTHS), *(f"change, {d}" for d in DEPTHS)],
        [
            [name, *measured.explained[name].values(), *measured.change[name].values()]
            for name in ACTIVATIONS
        ],
    )


def claims(measured: Measured) -> Iterator[Claim]:
    explained, change = measured.explained, measured.change
    worst = {dtype: max(row.values()) for dtype, row in measured.errors.items()}
    deep = DEPTHS[-1]
    yield Claim(
        f"of a network of {deep} hidden layers one affine map explains "
        f"{explained['identity'][deep]:.1%} without an activation, "
        f"{explained['relu'][deep]:.0%} with ReLU",
        explained["identity"][deep] > 1 - 1e-5 and explained["relu"][deep] < 0.5,
    )
    # Rounding errors add up as the square root of the number of products, 50 x 64.
    yield Claim(
        f"{STACKS[-1]} linear layers are one to {worst['float32']:.0e} in float32 and to "
        f"{worst['float64']:.0e} in float64",
        worst["float32"] < 2e-5 and worst["float64"] < 4e-14,
    )
    yield Claim(
        "with every activation but the identity, the Jacobian changes from input to input",
        change["identity"][deep] < 1e-4
        and all(change[name][deep] > 1e-2 for name in ACTIVATIONS if name != "identity"),
    )
    yield Claim(
        "and the deeper the network, the less an affine map explains",
        all(
            explained[name][DEPTHS[0]] > explained[name][deep]
            for name in ACTIVATIONS
            if name != "identity"
        ),
    )


def draw(measured: Measured, figure: Figure) -> None:
    left, right = figure.subplots(1, 2)
    for name in ACTIVATIONS:
        left.plot(DEPTHS, measured.explained[name].values(), "o-", label=name)
        right.plot(DEPTHS, measured.change[name].values(), "o-", label=name)
    left.set(ylabel="R² of the best affine fit", ylim=(0, 1.05))
    right.set(ylabel="change of the Jacobian", ylim=(-0.05, 1.6))
    for axes in (left, right):
        axes.set(xlabel="hidden layers", xticks=DEPTHS)
        axes.grid(alpha=0.3)
    right.legend()


if __name__ == "__main__":
    main(__spec__.name)
