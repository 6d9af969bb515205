"""Measure the costs that a program pays once: the import, and compiling each activation.

python -m benchmarks.startup --json startup.json
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import jax

import activax
from activax.bench.results.tables import markdown_table
from activax.bench.workloads import peers
from activax.cli import arguments
from benchmarks._lib import publishing

SHAPE = (1024, 1024)
COLUMNS = ("op", "activax ms", "jax.nn ms", "activax instructions", "jax.nn instructions")
IMPORT = (
    "import time, jax, jax.numpy; start = time.perf_counter(); import activax; "
    "print(time.perf_counter() - start)"
)


def import_seconds(repeats: int) -> list[float]:
    """Return the seconds of `import activax` from bytecode, in processes that have imported jax."""
    command = [sys.executable, "-c", IMPORT]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}

    def once() -> float:
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return float(run.stdout)

    once()
    return [once() for _ in range(repeats)]


def compile_cost(function: Callable[..., Any], inputs: int) -> tuple[float, int]:
    """Return the seconds to trace and compile a gradient, and the number of XLA's operations."""
    specs = [jax.ShapeDtypeStruct(SHAPE, "float32")] * inputs
    jax.clear_caches()
    start = time.perf_counter()
    gradient = jax.grad(lambda *x: function(*x).sum(), argnums=tuple(range(inputs)))
    lowered = jax.jit(gradient).lower(*specs)
    lowered.compile()
    seconds = time.perf_counter() - start
    return seconds, sum(" = " in line for line in lowered.as_text().splitlines())


def measure(activation: activax.Activation[...], repeats: int) -> dict[str, Any]:
    """Compile the gradients of an activation and of that of jax.nn in turn; return the record."""
    rivals = {"activax": activation, "jax.nn": peers.find_peer("jax", activation.name)}
    record: dict[str, Any] = {"op": activation.name}
    costs: dict[str, list[tuple[float, int]]] = {label: [] for label, f in rivals.items() if f}
    for _ in range(repeats):
        for label, found in costs.items():
            found.append(compile_cost(rivals[label], activation.inputs))
    for label, found in costs.items():
        seconds = [cost for cost, _ in found]
        record[label] = {
            "seconds": statistics.median(seconds), "low": min(seconds), "high": max(seconds),
            "operations": found[0][1],
        }  # fmt: skip
    return record


def rows(records: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Return the cells of a line for each op."""
    lines = []
    for record in records:
        both = [record.get(label) for label in ("activax", "jax.nn")]
        times = ["" if one is None else f"{1e3 * one['seconds']:.0f}" for one in both]
        counts = ["" if one is None else str(one["operations"]) for one in both]
        lines.append([record["op"], *times, *counts])
    return lines


def markdown(records: Sequence[dict[str, Any]]) -> str:
    return markdown_table(COLUMNS, rows(records))


def main(argv: Sequence[str] | None = None) -> int:
    command = publishing.command(
        "startup", __doc__, arguments.activation, arguments.positive, repeats=3
    )
    options = command.parse_args(argv)
    imports = import_seconds(options.repeats)
    chosen = options.activations or [
        a for a in activax.catalog.values() if peers.find_peer("jax", a.name)
    ]
    records = [measure(activation, options.repeats) for activation in chosen]
    print(f"import activax: {1e3 * statistics.median(imports):.0f} ms after import jax")
    publishing.publish(COLUMNS, rows(records), records, options.json, argv, import_seconds=imports)
    return 0


if __name__ == "__main__":
    sys.exit(main())
