"""Measure the overhead of a call: eager and compiled calls on tiny arrays.

python -m benchmarks.dispatch --fn silu --json dispatch.json
"""

import functools
import sys
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

import activax
from activax import nn
from activax.bench.results.tables import markdown_table
from activax.bench.timing.stopwatch import race
from activax.bench.workloads import peers
from activax.cli import arguments
from benchmarks._lib import publishing
from benchmarks._lib.python_calls import Calls

ELEMENTS = 64
FUNCTIONS = ("relu", "gelu", "gelu_tanh", "silu", "tanh", "mish", "softmax", "swiglu")
COLUMNS = ("op", "call", "activax us", "jax.nn us", "jax.nn / activax")


def measure(name: str, repeats: int) -> list[dict[str, Any]]:
    """Time an eager call, a compiled call and an eager `jax.grad` of both libraries in turn."""
    activation = arguments.activation(name)
    x = [jnp.linspace(-3.0, 3.0, ELEMENTS)] * activation.inputs
    rivals = {"activax": activation, "jax.nn": peers.find_peer("jax", activation.name)}
    makers: dict[str, Callable[[Any], Callable[..., Any]]] = {
        "eager": lambda f: f,
        "jit": jax.jit,
        "eager grad": lambda f: jax.grad(lambda *x: f(*x).sum()),
    }
    records = []
    for call, make in makers.items():
        programs = {label: Calls(make(f), x) for label, f in rivals.items() if f}
        for label, timing in race(programs, repeats=repeats, sample_s=0.02).items():
            seconds = timing.seconds._asdict()
            records.append({"op": name, "call": call, "implementation": label, **seconds})
    return records


def measure_network(repeats: int) -> list[dict[str, Any]]:
    """Time an eager network with dropout, with a key and without one, in turn."""
    network = nn.mlp(16, 16, 2, activation=nn.serial(activax.gelu, nn.dropout(0.1)))
    x, key = jnp.ones((8, 4)), jax.random.key(0)
    params = network.init(key, x)
    programs = {
        f"eager, {name}": Calls(functools.partial(network.apply, params, x, key=given), ())
        for name, given in {"key": key, "no key": None}.items()
    }
    timings = race(programs, repeats=repeats, sample_s=0.02)
    return [
        {"op": "mlp, dropout", "call": call, "implementation": "activax",
         **timing.seconds._asdict()}
        for call, timing in timings.items()
    ]  # fmt: skip


def rows(records: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Return the cells of a line for each op and call."""
    found = {(r["op"], r["call"], r["implementation"]): 1e6 * r["median"] for r in records}
    lines = []
    for op, call in dict.fromkeys((op, call) for op, call, _ in found):
        ours, theirs = found[op, call, "activax"], found.get((op, call, "jax.nn"))
        others = ["", ""] if theirs is None else [f"{theirs:.1f}", f"{theirs / ours:.2f}"]
        lines.append([op, call, f"{ours:.1f}", *others])
    return lines


def markdown(records: Sequence[dict[str, Any]]) -> str:
    return markdown_table(COLUMNS, rows(records))


def main(argv: Sequence[str] | None = None) -> int:
    command = publishing.command(
        "dispatch", __doc__, arguments.activation, arguments.sample_count, repeats=15
    )
    options = command.parse_args(argv)
    names = [a.name for a in options.activations] if options.activations else FUNCTIONS
    records = [record for name in names for record in measure(name, options.repeats)]
    if not options.activations:
        records += measure_network(options.repeats)
    publishing.publish(COLUMNS, rows(records), records, options.json, argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
