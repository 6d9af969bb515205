"""Count the bits that every activation keeps for the backward pass, as it is and lean.

    python -m benchmarks.kept_bits --fn tanh --json kept-bits.json

`activax.bench.positions` counts, at a boundary of the program, so the bits depend on no backend.
Between linear layers the output counts for nothing, because the second layer keeps it anyway.
What resizes is left out: its output has no element for each element of the input.
"""

import sys
from collections.abc import Sequence

import activax
from activax import Activation
from activax.bench import positions
from activax.cli import Parser, arguments
from benchmarks._lib import publishing
from benchmarks._lib.claims import Record
from benchmarks._lib.tracked import tracked

COMMITTED = publishing.RESULTS / "kept-bits.json"
COLUMNS = ("op", "dtype", "alone", "between layers", "lean", "lean, between layers")


def dtypes(activation: Activation[...]) -> tuple[str, ...]:
    """Return the dtypes of a record: a complex number has one of 64 bits."""
    return ("complex64",) if activation.kind == "complex" else ("float32", "bfloat16")


def measure(activation: Activation[...], dtype: str) -> Record:
    """Return the bits an element of an activation, and of the leanest that is exact or as near."""
    leanest = activax.lean(activation)
    own = positions(activation, dtype)
    lean = own if leanest is activation else positions(leanest, dtype)
    values = (
        activation.name, dtype, own.alone, own.before_linear, leanest.keep or "",
        lean.before_linear,
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def main(argv: Sequence[str] | None = None) -> int:
    """Count, print the records, and write them on demand."""
    parser = Parser(prog="benchmarks.kept_bits", description=__doc__.partition("\n")[0])
    arguments.add_activations(parser, one=arguments.activation, help="default: all")
    parser.add_argument("--json", type=arguments.output_file, metavar="FILE")
    options = parser.parse_args(argv)
    chosen = options.activations or activax.catalog.values()
    records = [
        measure(activation, dtype)
        for activation in tracked([a for a in chosen if not a.resizes])
        for dtype in dtypes(activation)
    ]
    lines = [[str(row[column]) for column in COLUMNS] for row in records]
    publishing.publish(COLUMNS, lines, records, options.json, argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
