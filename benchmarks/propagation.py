"""Compare wide random networks with `theory.propagate`: variance, correlation and gradients.

    python -m benchmarks.propagation --json propagation.json

Every network is drawn anew; ± is the standard deviation over networks.
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
from activax.bench.results.tables import markdown_table
from activax.cli import Parser, arguments
from benchmarks._lib import publishing
from benchmarks._lib.deep_networks import (
    Ensemble,
    Initialisation,
    at_critical_point,
    at_own_gain,
    at_scale,
    follow,
    random_layers,
)
from benchmarks._lib.publishing import mean_and_deviation

DEPTH, RHO = 30, 0.5
NETWORKS = {100: 200, 400: 100, 1600: 16}  # their number, by width
QUICK = {16: 4}
SHOWN = 400  # the width that the README shows
STARTS: dict[str, dict[str, Initialisation]] = {
    "relu": {"He": at_scale(2**0.5)},
    "gelu": {
        "own gain": at_own_gain,
        "half-stable": at_critical_point(half_stable=True),
    },
    "tanh": {
        "critical, sigma_b = 0.3": at_critical_point(sigma_b=0.3),
        "5/3": at_scale(5 / 3),
    },
    "silu": {"He": at_scale(2**0.5)},
    "selu": {"LeCun": at_scale(1.0)},
}
COLUMNS = (
    "", "width", "q", "q, measured", "noise", "noise, measured", "correlation",
    "correlation, measured", "gradient", "gradient, measured",
)  # fmt: skip


class Measured(NamedTuple):
    """Facts of one network.

    Attributes:
        q: the variance at the last layer.
        rho: the correlation of two inputs at the last layer.
        gradient: |gradient|^2 at the first layer over that at the last.
    """

    q: Array
    rho: Array
    gradient: Array


def network(ensemble: Ensemble, depth: int, width: int, key: Array) -> Measured:
    """Measure a random network that reads two inputs of variance ensemble.q, correlation RHO."""
    for_inputs, for_layers, for_gradient = jax.random.split(key, 3)
    one, other = ensemble.q**0.5 * jax.random.normal(for_inputs, (2, width))
    first = jnp.stack([one, RHO * one + (1 - RHO**2) ** 0.5 * other])
    layers = random_layers(for_layers, ensemble, depth, width)

    def read(h: Array) -> tuple[Array, Array]:
        return follow(ensemble, layers, h)

    last, back, seen = jax.vjp(read, first, has_aux=True)
    outward = jax.random.normal(for_gradient, last.shape)
    (inward,) = back(outward)
    # Given the layer before, pre-activations are normal with this covariance.
    features = ensemble.activation(seen[-1])
    covariance = ensemble.sigma_w**2 / width * features @ features.T + ensemble.sigma_b**2
    q = jnp.diagonal(covariance)
    return Measured(
        q[0],
        covariance[0, 1] / jnp.sqrt(q[0] * q[1]),
        jnp.sum(inward[0] ** 2) / jnp.sum(outward[0] ** 2),
    )


def measure(function: str, name: str, width: int, networks: int) -> dict[str, Any]:
    """Return the record of as many networks, beside the numbers of theory."""
    activation = activax.get(function)
    ensemble = STARTS[function][name](activation, DEPTH)
    path = theory.propagate(
        activation,
        ensemble.sigma_w,
        ensemble.sigma_b,
        depth=DEPTH,
        q0=ensemble.q,
        rho0=RHO,
        width=width,
    )
    assert path.noise is not None
    one = partial(network, ensemble, DEPTH, width)
    # The networks run one after the other, because the weights of all would not fit in memory.
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
    """Return the cells of a line for each record."""
    lines = []
    for record in records:
        theirs = record["theory"]
        spread = statistics.stdev(record["q"]) / statistics.mean(record["q"])
        lines.append(
            [
                f"{record['op']}, {record['start']}",
                str(record["width"]),
                f"{theirs['q']:.3g}",
                mean_and_deviation(record["q"], ".3g", ".2g"),
                f"{theirs['noise']:.2g}",
                f"{spread:.2g}",
                f"{theirs['rho']:.3f}",
                mean_and_deviation(record["rho"], ".3f"),
                f"{theirs['gradient']:.3g}",
                mean_and_deviation(record["gradient"], ".3g", ".2g"),
            ]
        )
    return lines


def markdown(records: Sequence[dict[str, Any]]) -> str:
    return markdown_table(COLUMNS, rows(records))


def summary(records: Sequence[dict[str, Any]]) -> str:
    """Return the table of the width in SHOWN."""
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
    publishing.publish(COLUMNS, rows(records), records, options.json, argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
