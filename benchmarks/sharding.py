"""Compile a language model of 7 billion parameters for eight H200, beside plain JAX and Flax.

    python -m benchmarks.sharding --json sharding.json

Nothing is allocated and nothing runs. The program is that of the loss and its gradient. Blocks
either keep what their backward pass reads, or keep their input and compute all else again.
"""

import itertools
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.sharding import AbstractMesh, AxisType, NamedSharding, PartitionSpec

from activax.bench import Program, compile_for
from activax.bench.results import machine
from activax.bench.results.tables import markdown_table
from activax.cli import Parser, arguments
from benchmarks._lib import publishing
from benchmarks._lib.claims import Record
from benchmarks._lib.sharded_models import MODELS, Model, Sizes

# The devices along the axes "data", which splits the batch, and "model".
LAYOUTS = {"fsdp 8": (8, 1), "megatron 8": (1, 8), "fsdp 2 x megatron 4": (2, 4)}
KEPT = {"all": False, "block inputs": True}  # whether blocks are computed again
KINDS = ("all-gather", "reduce-scatter", "all-reduce")
COLUMNS = (
    *("layout", "blocks keep", "written in", *KINDS),
    *("around the layers", "parameters", "temporary"),
)
WHEEL = "jax-cuda13-plugin"  # which holds the compiler
MEBI, GIBI = 2**20, 2**30


def step(model: Model, mesh: AbstractMesh) -> Callable[[Any, Array], tuple[Array, Any]]:
    """Return the function from parameters and texts to the loss and its gradient."""

    def loss(params: Any, texts: Array) -> Array:
        logits = model.apply(params, texts[:, :-1]).astype(jnp.float32)
        hits = jax.nn.one_hot(texts[:, 1:], logits.shape[-1])
        return -jnp.mean(jnp.sum(jax.nn.log_softmax(logits) * hits, -1))

    def loss_and_gradient(params: Any, texts: Array) -> tuple[Array, Any]:
        value, gradient = jax.value_and_grad(loss)(params, texts)
        places = jax.tree.map(lambda spec: NamedSharding(mesh, spec), model.specs)
        return value, jax.lax.with_sharding_constraint(gradient, places)

    return loss_and_gradient


def compiled(name: str, layout: str, sizes: Sizes, *, remat: bool) -> Program:
    """Compile the step of a model for eight H200."""
    mesh = AbstractMesh(LAYOUTS[layout], ("data", "model"), axis_types=(AxisType.Auto,) * 2)
    model = MODELS[name](sizes, mesh, remat=remat)

    def placed(array: jax.ShapeDtypeStruct, spec: PartitionSpec) -> jax.ShapeDtypeStruct:
        return array.update(sharding=NamedSharding(mesh, spec))

    params = jax.tree.map(placed, model.params, model.specs)
    texts = jax.ShapeDtypeStruct((sizes.batch, sizes.length + 1), jnp.int32)
    inputs = params, placed(texts, PartitionSpec("data"))
    return compile_for("h200", step(model, mesh), *inputs, devices=mesh.size)


def measure(name: str, layout: str, kept: str, sizes: Sizes) -> Record:
    """Return what the program of a model sends and needs on each device.

    Bytes of a collective are those of the whole array: what a reduce-scatter reads, and what others
    write. A loop runs once a layer; what runs once is around the layers.
    """
    program = compiled(name, layout, sizes, remat=KEPT[kept])
    number: Counter[str] = Counter()
    sent: Counter[str] = Counter()
    for kernel in program.collectives:
        place = kernel.kind if kernel.runs > 1 else "around"
        number[place] += kernel.runs
        sent[place] += kernel.runs * max(kernel.read, kernel.written)
    around = sent.pop("around", 0)
    return {
        "layout": layout,
        "kept": kept,
        "implementation": name,
        "collectives": {kind: number[kind] / sizes.layers for kind in sent},
        "bytes": {kind: size / sizes.layers for kind, size in sent.items()},
        "around_bytes": around,
        "argument_bytes": program.argument_bytes,
        "temp_bytes": program.temp_bytes,
    }


def rows(records: Sequence[Record]) -> list[list[str]]:
    """Return the cells of a line for each record."""
    return [
        [
            record["layout"],
            record["kept"],
            record["implementation"],
            *(_sent(record, kind) for kind in KINDS),
            f"{record['around_bytes'] / MEBI:,.0f} MiB",
            *(f"{record[of] / GIBI:.2f} GiB" for of in ("argument_bytes", "temp_bytes")),
        ]
        for record in records
    ]


def _sent(record: Record, kind: str) -> str:
    """Return the number of collectives of a layer, and their bytes."""
    number = record["collectives"].get(kind)
    return f"{number:g}: {record['bytes'][kind] / MEBI:.3g} MiB" if number else ""


def markdown(records: Sequence[Record]) -> str:
    return markdown_table(COLUMNS, rows(records))


def main(argv: Sequence[str] | None = None) -> int:
    command = Parser(prog="benchmarks.sharding", description=(__doc__ or "").partition("\n")[0])
    command.add_argument("--json", type=arguments.output_file, metavar="FILE")
    options = command.parse_args(argv)
    jax.config.update("jax_platforms", "cpu")  # the compilers' plugins would look for devices
    try:
        records = [
            measure(name, layout, kept, Sizes())
            for layout, kept, name in itertools.product(LAYOUTS, KEPT, MODELS)
        ]
    except ModuleNotFoundError as missing:
        command.error(str(missing))
    wheels = {name: machine.version(name) for name in (WHEEL, "flax")}
    facts = {"sizes": Sizes()._asdict(), "wheels": wheels}
    publishing.publish(
        COLUMNS, rows(records), records, options.json, ["benchmarks.sharding"], **facts
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
