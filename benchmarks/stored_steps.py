"""Time the gradient of scanned layers that keep codes, over that of exact storage.

    python -m benchmarks.stored_steps --json stored-steps.json

The programs run in turn, A B C A B C ...; a ratio is one of neighbours in time. What counts is the
time that the process has the CPU, so that other programs on the machine count less.
"""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

import activax
from activax import nn
from activax.bench.memory.temporary import temporary_bytes
from activax.bench.ranking import FORMATS
from activax.bench.results.tables import markdown_table
from activax.cli import Parser, arguments
from benchmarks._lib import publishing

EXACT = "exact"
COLUMNS = ("layers", "store", "step over exact", "temporary MiB", "over exact")
LAYERS: dict[str, tuple[Callable[[str | None], nn.Layer], int, tuple[int, ...]]] = {
    "ffn": (lambda store: nn.ffn(1024, store=store, prevent_cse=False), 12, (1024, 256)),
    "transformer_block": (
        lambda store: nn.transformer_block(
            4, 768, activation=activax.swiglu, causal=True, norm=nn.rms_norm(keep="output"),
            store=store, prevent_cse=False,
        ), 4, (4, 256, 256),
    ),
}  # fmt: skip


def compiled(name: str, store: str | None) -> tuple[Any, tuple[Any, Any]]:
    """Return the compiled value and gradient of stacked layers, and its arguments."""
    make, times, shape = LAYERS[name]
    layer = make(store)
    network = nn.scan(nn.residual(layer) if name == "ffn" else layer, times)
    x = jax.random.normal(jax.random.key(1), shape)
    params = network.init(jax.random.key(0), x)

    def loss(params: Any, x: Any) -> Any:
        return jnp.mean(network.apply(params, x) ** 2)

    program = jax.jit(jax.value_and_grad(loss)).lower(params, x).compile()
    return program, (params, x)


def measure(name: str, repeats: int) -> list[dict[str, Any]]:
    """Return a record for exact storage and for each format."""
    steps = {
        store: compiled(name, None if store == EXACT else store) for store in (EXACT, *FORMATS)
    }
    seconds: dict[str, list[float]] = {store: [] for store in steps}
    for _ in range(1 + repeats):
        for store, (program, given) in steps.items():
            start = time.process_time()
            jax.block_until_ready(program(*given))
            seconds[store].append(time.process_time() - start)
    memory = {store: temporary_bytes(program) for store, (program, _) in steps.items()}

    def ratio(store: str) -> float:
        pairs = zip(seconds[store][1:], seconds[EXACT][1:], strict=True)  # the first call warms up
        return statistics.median(a / b for a, b in pairs)

    return [
        {"layers": name, "store": store, "step": ratio(store), "temporary_bytes": memory[store]}
        for store in steps
    ]


def rows(records: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Return the cells of a line for each record."""
    exact = {r["layers"]: r["temporary_bytes"] for r in records if r["store"] == EXACT}
    return [
        [
            record["layers"],
            record["store"],
            f"{record['step']:.2f}",
            f"{record['temporary_bytes'] / 2**20:.0f}",
            f"{record['temporary_bytes'] / exact[record['layers']]:.2f}",
        ]
        for record in records
    ]


def markdown(records: Sequence[dict[str, Any]]) -> str:
    return markdown_table(COLUMNS, rows(records))


def main(argv: Sequence[str] | None = None) -> int:
    command = Parser(prog="benchmarks.stored_steps", description=(__doc__ or "").partition("\n")[0])
    command.add_argument("--repeats", type=arguments.positive, default=15, metavar="N", help="(15)")
    command.add_argument("--json", type=arguments.output_file, metavar="FILE")
    options = command.parse_args(argv)
    records = [record for name in LAYERS for record in measure(name, options.repeats)]
    publishing.publish(COLUMNS, rows(records), records, options.json, argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
