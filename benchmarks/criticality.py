"""Compute the gain and the critical point of elementwise activations, for their pages.

    python -m benchmarks.criticality --fn tanh --json criticality.json

The points have q = 1. Where none exists, the record has the reason.
"""

import math
import sys
import warnings
from collections.abc import Sequence

import activax
from activax import Activation, theory
from activax.cli import Parser, arguments
from benchmarks._lib import publishing
from benchmarks._lib.claims import Record
from benchmarks._lib.tracked import tracked
from benchmarks.traits import has_traits

COMMITTED = publishing.RESULTS / "criticality.json"
COLUMNS = ("op", "gain", "sigma_w", "sigma_b", "stable", "reason")


def measure(activation: Activation[...]) -> Record:
    """Return the gain and the critical point of an activation at its default parameters."""
    row: Record = dict.fromkeys(COLUMNS) | {"op": activation.name}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of results with less than 10 digits
        try:
            gain = theory.gain(activation)
            row["gain"] = gain if math.isfinite(gain) else None
            point = theory.critical(activation)
            row |= {"sigma_w": point.sigma_w, "sigma_b": point.sigma_b, "stable": point.stable}
        except ValueError as error:
            row["reason"] = str(error).partition(": ")[2]
    return row


def main(argv: Sequence[str] | None = None) -> int:
    """Compute the records, print them, and write them on demand."""
    parser = Parser(prog="benchmarks.criticality", description=__doc__.partition("\n")[0])
    arguments.add_activations(parser, one=arguments.elementwise_argument, help="default: all")
    parser.add_argument("--json", type=arguments.output_file, metavar="FILE")
    options = parser.parse_args(argv)
    chosen = options.activations or [*filter(has_traits, activax.catalog.values())]
    records = [measure(activation) for activation in tracked(chosen)]
    lines = [[_short(row[column]) for column in COLUMNS] for row in records]
    publishing.publish(COLUMNS, lines, records, options.json, argv)
    return 0


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else "" if value is None else str(value)


if __name__ == "__main__":
    sys.exit(main())
