"""Measure the error of elementwise activations over their inputs, for the pictures of their pages.

    python -m benchmarks.error_curves --fn tanh
    python -m benchmarks.error_curves --json benchmarks/results/error-curves.json    # 10 minutes

With --fn, a record that exists keeps its rows of other activations.

A bin goes from one of EDGES to the next, on both sides of 0. Each holds the largest error among
evenly spaced float32, or among all bfloat16, in hundredths of an ulp. Everything is evaluated
operation by operation, so that XLA compiles each operation once for all activations; last bits may
be others than in a compiled program. The exact results are those of the same definition in float64.
bfloat16 is float32, rounded, and is left out where `activation.rounding` counts no wrong result.
Results below FLUSHED do not count: their low parts are flushed to 0 between two operations.
"""

import itertools
import sys
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import activax
from activax import Activation
from activax.bench import near, ranks
from activax.bench.accuracy.floats import of_rank
from activax.bench.accuracy.ulps import errors_from_exact
from activax.cli import Parser, arguments
from benchmarks._lib import publishing
from benchmarks._lib.claims import Record
from benchmarks._lib.tracked import tracked

COMMITTED = publishing.RESULTS / "error-curves.json"
QUANTITIES = ("value", "slope")
DTYPES = ("float32", "bfloat16")
COLUMNS = ("op", *(f"{dtype} {quantity}" for dtype in DTYPES for quantity in QUANTITIES))
LARGEST = float(np.finfo(np.float32).max)
HALVES = [2.0 ** (k / 2) for k in range(-16, 17)]  # half octaves about 1
EDGES = np.array(
    [*(2.0**k for k in (-126, -64, -32, -16)), *HALVES, 2.0**16, 2.0**32, 2.0**64, LARGEST]
)
BINS = 2 * (len(EDGES) - 1)
FLUSHED = 2.0**-100
INPUTS = 64  # float32 in a bin
CORRECT = 50  # hundredths of an ulp, of a result that is rounded correctly


def float32_inputs() -> np.ndarray:
    """Return evenly spaced float32 of each bin."""
    ends = ranks(EDGES.astype(np.float32))
    places = [
        np.linspace(low, high, INPUTS, dtype=np.int64, endpoint=False)
        for low, high in itertools.pairwise(ends)
    ]
    positive = of_rank(np.concatenate(places), np.float32)
    return np.concatenate([-positive[::-1], positive])


def bfloat16_inputs() -> np.ndarray:
    """Return all normal numbers in bfloat16, as float32."""
    bits = np.arange(2**16, dtype=np.uint32) << 16
    x = bits.view(np.float32)
    return x[np.isfinite(x) & (np.abs(x) >= EDGES[0])]


def bins(x: np.ndarray) -> np.ndarray:
    """Return the bin of each input, from the most negative ones on."""
    place = np.clip(np.searchsorted(EDGES, np.abs(x), side="right") - 1, 0, BINS // 2 - 1)
    return np.where(x < 0, BINS // 2 - 1 - place, BINS // 2 + place)


def results(activation: Activation[...], x: Any) -> tuple[jax.Array, jax.Array]:
    """Return values and slopes, operation by operation."""
    with jax.disable_jit():
        value, slope = jax.jvp(activation, (x,), (jnp.ones_like(x),))
        return jnp.broadcast_to(value, x.shape), jnp.broadcast_to(slope, x.shape)


def measure(activation: Activation[...]) -> Record:
    """Return the largest errors in each bin, or None where bfloat16 is rounded correctly."""
    wrong = dict(zip(QUANTITIES, (activation.rounding or {}).get("bfloat16", (1, 1)), strict=True))
    row: Record = {"op": activation.name} | dict.fromkeys(COLUMNS[1:])
    for dtype, x in (("float32", float32_inputs()), ("bfloat16", bfloat16_inputs())):
        if dtype == "bfloat16" and not any(wrong.values()):
            continue
        got = results(activation, jnp.asarray(x))
        with jax.enable_x64(True):
            exact = results(activation, jnp.asarray(np.append(x, [0.0, -0.0]), jnp.float64))
        kinks = np.any([near(kink, x) for kink in activation.kinks], axis=0)
        for quantity, found, want in zip(QUANTITIES, got, exact, strict=True):
            if dtype == "float32" or wrong[quantity]:
                row[f"{dtype} {quantity}"] = largest(x, found.astype(dtype), want, ~kinks)
    return row


def largest(x: np.ndarray, found: jax.Array, want: jax.Array, counted: np.ndarray) -> list[int]:
    """Return the largest error in each bin, in hundredths of an ulp of the dtype of `found`."""
    with jax.enable_x64(True):
        wide = jnp.asarray(x, jnp.float64)
        error = np.asarray(errors_from_exact(wide, want[:-2], want[-2:], found))
    exact = np.abs(np.asarray(want[:-2]))
    counted = counted & np.isfinite(error) & ((exact == 0) | (exact >= FLUSHED))
    most = np.zeros(BINS)
    np.maximum.at(most, bins(x)[counted], error[counted])
    return [_short(100 * number) for number in most]


def _short(number: float) -> int:
    """Return a number as an integer of at most three digits and zeros."""
    return int(float(f"{number:.3g}"))


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print the largest errors, and write the record on demand."""
    parser = Parser(prog="benchmarks.error_curves", description=__doc__.partition("\n")[0])
    arguments.add_activations(parser, one=arguments.elementwise_argument, help="default: all")
    parser.add_argument("--json", type=arguments.output_file, metavar="FILE")
    options = parser.parse_args(argv)
    elementwise = [a for a in activax.catalog.values() if a.kind == "elementwise"]
    records = [measure(activation) for activation in tracked(options.activations or elementwise)]
    lines = [[row["op"], *(_largest(row[column]) for column in COLUMNS[1:])] for row in records]
    if options.activations and options.json and options.json.exists():
        fields = {"records": COLUMNS}
        rows = {row["op"]: row for row in publishing.read(options.json, fields)["records"]}
        rows |= {row["op"]: row for row in records}
        records = [rows[a.name] for a in elementwise if a.name in rows]
    publishing.publish(COLUMNS, lines, records, options.json, argv, edges=[*map(float, EDGES)])
    return 0


def _largest(hundredths: list[int] | None) -> str:
    return f"{max(hundredths or [CORRECT]) / 100:g}"


if __name__ == "__main__":
    sys.exit(main())
