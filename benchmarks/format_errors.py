"""Compute the error of slopes and outputs that are computed from codes of their inputs.

    python -m benchmarks.format_errors --json format-errors.json

Rows of 1024 inputs are drawn at random, and their gradients with them: the gradient by the input is
the slope times that of the output, and the gradient by the weights behind the activation is the
output times that of their product. So the relative error of a gradient is that of the slope or of
the output, in the root mean square over all inputs.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

import activax
from activax.bench.ranking import FORMATS
from activax.bench.results.tables import markdown_table
from activax.cli import Parser, arguments
from benchmarks._lib import publishing

ROWS, SIZE = 256, 1024
UNITS = ("gelu", "silu", "swiglu")
# Inputs of one size, and inputs with outliers: a block's largest number sets its scale.
DISTRIBUTIONS: Mapping[str, Callable[[Array, tuple[int, ...]], Array]] = {
    "normal": jax.random.normal,
    "Student t, 3 degrees": lambda key, shape: jax.random.t(key, 3.0, shape),
}
COLUMNS = ("format", "op", "inputs", "slope off by", "output off by")


def measure() -> list[dict[str, Any]]:
    """Return a record for each format, activation and distribution."""
    return [
        {"format": format, "op": op, "inputs": inputs, **errors(op, draw, format)}
        for format in FORMATS
        for op in UNITS
        for inputs, draw in DISTRIBUTIONS.items()
    ]


def errors(op: str, draw: Callable[..., Array], format: str) -> dict[str, float]:
    """Return the relative errors of slope and output in the root mean square."""
    unit = activax.get(op)
    keys = jax.random.split(jax.random.key(0), unit.inputs)
    inputs = tuple(draw(key, (ROWS, SIZE)) for key in keys)

    def weighted(inputs: tuple[Array, ...], weights: Array) -> Array:
        return jnp.sum(weights * unit(*inputs))

    @jax.jit
    def gradients(inputs: tuple[Array, ...], weights: Array) -> Any:
        functions = weighted, activax.stored(weighted, format)
        return [jax.grad(f, argnums=(0, 1))(inputs, weights) for f in functions]

    # With weights of 1 the gradients are the slopes and the output.
    pairs = zip(*gradients(inputs, jnp.ones((ROWS, SIZE))), strict=True)
    return {
        name: float(np.linalg.norm(np.subtract(*pair)) / np.linalg.norm(pair[0]))
        for name, pair in zip(("slope", "output"), map(np.asarray, pairs), strict=True)
    }


def bits(format: str) -> float:
    """Return the bits of a number with its share of a scale of 32 bits."""
    name, _, block = format.partition("/")
    return 16 if not block else (4 if name == "int4" else 8) + 32 / int(block)


def markdown(records: Sequence[dict[str, Any]]) -> str:
    """Return a line for each format, with the errors of slope and output."""
    lines: dict[str, list[str]] = {}
    for record in records:
        line = lines.setdefault(record["format"], [f"{bits(record['format']):g}"])
        line.append(f"{100 * record['slope']:.2g} / {100 * record['output']:.2g}")
    heads = [f"{op}, {inputs}" for op in UNITS for inputs in DISTRIBUTIONS]
    cells = [[format, *line] for format, line in lines.items()]
    return markdown_table(("% of slope / output", "bits", *heads), cells)


def main(argv: Sequence[str] | None = None) -> int:
    command = Parser(
        prog="benchmarks.format_errors", description=(__doc__ or "").partition("\n")[0]
    )
    command.add_argument("--json", type=arguments.output_file, metavar="FILE")
    options = command.parse_args(argv)
    records = measure()
    rows = [
        [*(record[name] for name in ("format", "op", "inputs")),
         *(f"{record[name]:.1e}" for name in ("slope", "output"))]
        for record in records
    ]  # fmt: skip
    publishing.publish(COLUMNS, rows, records, options.json, argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
