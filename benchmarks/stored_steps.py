"""Time the gradient of scanned layers that keep codes, over that of exact storage.

    python -m benchmarks.stored_steps --json stored-steps.json

`activax.bench.rank` runs the programs in turn, A B C A B C ...; a ratio is one of medians.
"""

import sys
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

import activax
from activax import nn
from activax.bench.ranking import FORMATS, rank
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


def measure(name: str, repeats: int) -> list[dict[str, Any]]:
    """Return a record for exact storage and for each format."""
    make, times, shape = LAYERS[name]

    def network(store: str | None) -> nn.Layer:
        layer = make(store)
        return nn.scan(nn.residual(layer) if name == "ffn" else layer, times)

    def loss_of(store: str | None) -> Callable[[Any, Any], Any]:
        apply = network(store).apply
        return lambda params, x: jnp.mean(apply(params, x) ** 2)

    x = jax.random.normal(jax.random.key(1), shape)
    params = network(None).init(jax.random.key(0), x)
    stores = {EXACT: None} | {store: store for store in FORMATS}
    found = {row.policy: row for row in rank(loss_of, stores, params, x, repeats=repeats)}
    return [
        {
            "layers": name,
            "store": store,
            "step": found[store].seconds / found[EXACT].seconds,
            "temporary_bytes": found[store].temporary_bytes,
        }
        for store in stores
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
    command.add_argument(
        "--repeats", type=arguments.sample_count, default=15, metavar="N", help="(15)"
    )
    command.add_argument("--json", type=arguments.output_file, metavar="FILE")
    options = command.parse_args(argv)
    records = [record for name in LAYERS for record in measure(name, options.repeats)]
    publishing.publish(COLUMNS, rows(records), records, options.json, argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
