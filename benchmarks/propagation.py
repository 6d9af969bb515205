"""Wide random networks against `theory.propagate`: variance, correlation and gradients by width.

    python -m benchmarks.propagation --json propagation.json

Every network is drawn anew; `±` is the standard deviation over networks.
"""

import statistics
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

import activax
from activax import theory
from activax.bench.records import markdown_table
from activax.cli import Parser, arguments
from benchmarks import plain, report

DEPTH, RHO = 30, 0.5
NETWORKS = {100: 200, 400: 100, 1600: 16}  # of each width
QUICK = {16: 4}
SHOWN = 400  # the width in the README
STARTS: dict[str, dict[str, plain.Initialisation]] = {
    "relu": {"He": plain.scaled(2**0.5)},
    "gelu": {"own gain": plain.own_gain, "half-stable": plain.critical(half_stable=True)},
    "tanh": {"critical, sigma_b = 0.3": plain.critical(sigma_b=0.3), "5/3": plain.scaled(5 / 3)},
    "silu": {"He": plain.scaled(2**0.5)},
    "selu": {"LeCun": plain.scaled(1.0)},
}
COLUMNS = (
    "", "width", "q", "q, measured", "noise", "noise, measured", "correlation",
    "correlation, measured", "gradient", "gradient, measured",
)  # fmt: skip


class Measured(NamedTuple):
    """Of a network: variance and correlation at the last layer, and |gradient|^2 at the first layer
    by that at the last."""

    q: Array
    rho: Array
    gradient: Array


def network(start: plain.Start, depth: int, width: int, key: Array) -> Measured:
    """A random network that reads two inputs of variance start.q and correlation RHO."""
    for_inputs, for_layers, for_gradient = jax.random.split(key, 3)
    one, other = start.q**0.5 * jax.random.normal(for_inputs, (2, width))
    first = jnp.stack([one, RHO * one + (1 - RHO**2) ** 0.5 * other])
    layers = plain.hidden(for_layers, start, depth, width)

    def read(h: Array) -> tuple[Array, Array]:
        return plain.follow(start, layers, h)

    last, back, seen = jax.vjp(read, first, has_aux=True)
    outward = jax.random.normal(for_gradient, last.shape)
    (inward,) = back(outward)
    # Given the layer before, pre-activations are normal, of this covariance.
    features = start.activation(seen[-1])
    covariance = start.sigma_w**2 / width * features @ features.T + start.sigma_b**2
    q = jnp.diagonal(covariance)
    return Measured(
        q[0],
        covariance[0, 1] / jnp.sqrt(q[0] * q[1]),
        jnp.sum(inward[0] ** 2) / jnp.sum(outward[0] ** 2),
    )


def measure(function: str, name: str, width: int, networks: int) -> dict[str, Any]:
    """A record of as many networks, and what theory says of them."""
    activation = activax.get(function)
    start = STARTS[function][name](activation, DEPTH)
    path = theory.propagate(
        activation, start.sigma_w, start.sigma_b, depth=DEPTH, q0=start.q, rho0=RHO, width=width
    )
    assert path.noise is not None
    one = partial(network, start, DEPTH, width)
    # One after the other: together their weights would not fit.
    found = jax.jit(lambda keys: jax.lax.map(one, keys))(
        jax.random.split(jax.random.key(0), networks)
    )
    return {
        "op": function,
        "start": name,
        "width": width,
        "depth": DEPTH,
        "theory": {
            "q": float(path.q[-1]),
            "noise": float(path.noise[-1]),
            "rho": float(path.rho[-1]),
            "gradient": path.gradient,
        },
        **{name: np.asarray(values).tolist() for name, values in found._asdict().items()},
    }


def rows(records: Sequence[dict[str, Any]]) -> list[list[str]]:
    """The cells of a line for each record."""
    lines = []
    for record in records:
        theirs = record["theory"]
        spread = statistics.stdev(record["q"]) / statistics.mean(record["q"])
        lines.append(
            [
                f"{record['op']}, {record['start']}",
                str(record["width"]),
                f"{theirs['q']:.3g}",
                _spread(record["q"]),
                f"{theirs['noise']:.2g}",
                f"{spread:.2g}",
                f"{theirs['rho']:.3f}",
                f"{statistics.mean(record['rho']):.3f} ± {statistics.stdev(record['rho']):.3f}",
                f"{theirs['gradient']:.3g}",
                _spread(record["gradient"]),
            ]
        )
    return lines


def _spread(values: Sequence[float]) -> str:
    return f"{statistics.mean(values):.3g} ± {statistics.stdev(values):.2g}"


def markdown(records: Sequence[dict[str, Any]]) -> str:
    return markdown_table(COLUMNS, rows(records))


def summary(records: Sequence[dict[str, Any]]) -> str:
    """Of one width."""
    return markdown([record for record in records if record["width"] == SHOWN])


def main(argv: Sequence[str] | None = None) -> int:
    command = Parser(prog="benchmarks.propagation", description=(__doc__ or "").partition("\n")[0])
    arguments.add_activations(command, one=arguments.choice(*STARTS), default=[*STARTS])
    command.add_argument("--quick", action="store_true", help="few narrow networks")
    command.add_argument("--json", type=arguments.output_file, metavar="FILE")
    options = command.parse_args(argv)
    records = [
        measure(function, name, width, networks)
        for function in options.activations
        for name in STARTS[function]
        for width, networks in (QUICK if options.quick else NETWORKS).items()
    ]
    report.publish(COLUMNS, rows(records), records, options.json, argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
