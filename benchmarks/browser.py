"""Count the results of the atlas in JavaScript that are not those of XLA, bit by bit.

    python -m benchmarks.browser --fn gelu silu
    python -m benchmarks.browser --json benchmarks/results/browser.json    # half an hour

Node evaluates the printed functions of `activax.atlas`, and XLA compiles the value, the slope and
the second derivative for this CPU, each alone. Inputs are 10^5 normal float32: of all magnitudes,
and most within 10 of 0. Needs Node on the path.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import activax
from activax import Activation
from activax.atlas.curves import DRAWN, Curves, curves, with_slopes
from activax.bench import ranks
from activax.bench.accuracy.floats import Floats
from activax.cli import Parser
from activax.cli.arguments import activation, add_activations, output_file
from benchmarks._lib import node, publishing
from benchmarks._lib.tracked import tracked

QUANTITIES = ("value", "slope", "second")
COLUMNS = ("op", *QUANTITIES, "ulps", "approximate")
POINTS = 100_000
SPECIAL = (0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0)


def points(count: int) -> Floats:
    """Return float32 of all magnitudes, uniform ones, standard normal ones and special ones.

    Subnormal numbers are left out: XLA takes them for zero in some operations.
    """
    random = np.random.default_rng(0)
    bits = random.integers(0, 2**32, count // 5, dtype=np.uint32).view(np.float32)
    bits = bits[np.isfinite(bits) & (abs(bits) >= np.finfo(np.float32).tiny)]
    parts = [
        bits,
        random.uniform(-100, 100, count // 10),
        random.uniform(-10, 10, count // 3),
        np.array(SPECIAL),
    ]
    x = np.concatenate(parts).astype(np.float32)
    return np.concatenate([x, random.normal(size=count - len(x)).astype(np.float32)])


def compiled(activation: Activation[...], printed: Curves, quantity: int, x: Floats) -> Floats:
    """Return one of QUANTITIES as XLA computes it, compiled alone."""
    function = with_slopes(activation, second=True)
    arrays = [jnp.asarray(x)]
    numbers = [jnp.float32(value) for value in printed.parameters.values()]
    for _ in range(activation.inputs - 1):
        arrays.append(jnp.full(len(x), numbers.pop(0)))
    out = jax.jit(lambda *given: function(*given)[quantity])(*arrays, *numbers)
    return np.broadcast_to(np.asarray(out), x.shape)


def difference(ours: Floats, theirs: Floats) -> tuple[int, int]:
    """Return how many float32 differ in their bits, and by how many ulp the finite ones do.

    NaN equals NaN.
    """
    both_nan = np.isnan(ours) & np.isnan(theirs)
    differ = (ours.view(np.uint32) != theirs.view(np.uint32)) & ~both_nan
    finite = differ & np.isfinite(ours) & np.isfinite(theirs)
    apart = np.abs(ranks(ours[finite]) - ranks(theirs[finite]))
    return int(differ.sum()), int(apart.max(initial=0))


def measure(
    chosen: Sequence[Activation[...]], x: Floats, evaluate: Callable[..., Floats] = node.evaluate
) -> list[dict[str, Any]]:
    """Return a record for each activation: the numbers of results that differ, and the ulps."""
    printed = {a.name: curves(a) for a in tracked(chosen, "print")}
    records = []
    for a in tracked(chosen, "compile"):
        own = printed[a.name]
        numbers = [float(np.float32(value)) for value in own.parameters.values()]
        rows = evaluate([(script.text, numbers) for script in own.single], x)
        found = [
            difference(row.astype(np.float32), compiled(a, own, i, x)) for i, row in enumerate(rows)
        ]
        counts = dict(zip(QUANTITIES, (count for count, _ in found), strict=True))
        inexact = sorted({name for script in own.single for name in script.approximate})
        ulps = [ulps for _, ulps in found]
        records.append({"op": a.name, **counts, "ulps": ulps, "approximate": inexact})
        jax.clear_caches()  # programs take gigabytes
    return records


def main(argv: Sequence[str] | None = None) -> None:
    parser = Parser(prog="benchmarks.browser", description=__doc__.partition("\n")[0])
    add_activations(parser, one=activation, help="default: all that the atlas draws")
    parser.add_argument("--json", type=output_file, metavar="FILE")
    options = parser.parse_args(argv)
    if not node.installed():
        parser.error("needs node on the path: install Node.js 18 or newer")
    every = options.activations or activax.catalog.values()
    records = measure([a for a in every if a.kind in DRAWN], points(POINTS))
    lines = [[str(row[column] or "") for column in COLUMNS] for row in records]
    publishing.publish(COLUMNS, lines, records, options.json, argv, points=POINTS)


if __name__ == "__main__":
    main()
