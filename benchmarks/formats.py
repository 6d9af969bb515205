"""Train with what the backward pass keeps in formats of few bits, in float32 and in bfloat16.

    python -m benchmarks.formats --json formats.json

The tasks are those of `benchmarks.few_bits`. On digits, residual feed-forward layers keep their
pre-activations in a format; on text, attention besides keeps queries, keys, values and what its
heads read. All variants begin with the same parameters and see the same batches.
"""

import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from activax import nn
from activax.bench.ranking import FORMATS
from activax.bench.results.machine import describe
from activax.cli import Parser, arguments
from activax.nn.normalization import KeptArray
from activax.study.digits.images import CLASSES
from benchmarks import few_bits
from benchmarks._lib import publishing
from benchmarks.few_bits import COLUMNS, EXACT
from examples.lessons import modularity


class Kept(NamedTuple):
    """The format of what linear maps make, and the array that norms keep."""

    store: str | None = None
    norm: KeptArray = "normal"


VARIANTS = {
    EXACT: Kept(),
    **{name: Kept(name) for name in FORMATS},
    "norms' output": Kept(norm="output"),
}
# By dtype the variants; the baseline of bfloat16 is exact storage in bfloat16.
TRAINED = {"float32": tuple(VARIANTS), "bfloat16": (EXACT, "int8/128", "e4m3/128")}


def reader_of_digits(kept: Kept) -> nn.Layer:
    """Return the network of `few_bits.reader_of_digits` with feed-forward layers of one region."""
    layer = nn.ffn(few_bits.HIDDEN, store=kept.store, prevent_cse=False)
    block = nn.residual(nn.layer_norm(keep=kept.norm), layer)
    return nn.serial(nn.dense(few_bits.WIDTH), nn.scan(block, few_bits.LAYERS), nn.dense(CLASSES))


def reader_of_text(kept: Kept) -> nn.Layer:
    """Return the Transformer of the lesson."""
    block = nn.transformer_block(
        4, modularity.HIDDEN, causal=True, norm=nn.rms_norm(keep=kept.norm), store=kept.store,
        prevent_cse=False,
    )  # fmt: skip
    return modularity.reader(block)


READERS: dict[str, Callable[[Kept], nn.Layer]] = {
    "text": reader_of_text,
    "digits": reader_of_digits,
}


def computed_in(network: nn.Layer, dtype: str) -> nn.Layer:
    """Return the network whose parameters stay float32 and whose arithmetic is in a dtype."""

    def cast(tree: Any, dtype: Any) -> Any:
        return jax.tree.map(
            lambda a: a.astype(dtype) if jnp.issubdtype(a.dtype, jnp.floating) else a, tree
        )

    def apply(params: Any, x: Any, *, key: Any = None) -> Any:
        return cast(network.apply(cast(params, dtype), cast(x, dtype), key=key), jnp.float32)

    return nn.Layer(network.init, apply, stochastic=network.stochastic)


def measure(task: str, dtype: str, seeds: int, steps: int | None) -> Iterator[dict[str, Any]]:
    """Train the network of a task with each variant of a dtype."""
    networks = {name: computed_in(READERS[task](VARIANTS[name]), dtype) for name in TRAINED[dtype]}
    return few_bits.measure(task, f"gelu, {dtype}", networks, seeds, steps)


def main(argv: Sequence[str] | None = None) -> int:
    command = Parser(prog="benchmarks.formats", description=(__doc__ or "").partition("\n")[0])
    arguments.add_list(command, "--task", one=arguments.choice(*READERS), default=[*READERS])
    dtypes = arguments.choice(*TRAINED)
    arguments.add_list(command, "--dtype", one=dtypes, default=[*TRAINED])
    command.add_argument("--seeds", type=few_bits.several_seeds, default=5, metavar="N", help="(5)")
    command.add_argument("--steps", type=arguments.positive, metavar="N", help="(of the task)")
    command.add_argument("--json", type=arguments.output_file, metavar="FILE")
    options = command.parse_args(argv)
    here = describe(list(sys.argv[1:] if argv is None else argv))
    records: list[dict[str, Any]] = []
    for dtype, task in itertools.product(options.dtype, options.task):
        for record in measure(task, dtype, options.seeds, options.steps):
            records.append(record)
            if options.json:  # after each training: a run takes a quarter of an hour
                publishing.save(options.json, {"environment": here, "records": records})
    publishing.print_table(COLUMNS, few_bits.rows(records))
    return 0


if __name__ == "__main__":
    sys.exit(main())
