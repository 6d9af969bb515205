"""Train a small language model on the text that Python ships, on any number of processes.

As 1, 2 or 4 processes of one machine:

    python examples/distributed.py --processes 2 --out /tmp/language

Under Slurm, as one process a task, with a directory that all nodes share:

    srun python examples/distributed.py --out /shared/language

Started again with the same --out, on as many processes as there are now, the training goes on from
its newest checkpoint. SIGTERM, which Slurm sends before it takes a machine away, makes it write a
checkpoint and exit.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
from itertools import islice
from pydoc_data.topics import topics

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import AxisType, NamedSharding, PartitionSpec

import activax
from activax import nn, training

LENGTH, FEATURES, BLOCKS, ROWS = 64, 64, 2, 32  # ROWS are those of a batch, of all processes
DEAD_AFTER_S = 20  # without a sign of life from a process, the others end


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", required=True, help="the directory of checkpoints")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--every", type=int, default=50, help="the steps between checkpoints")
    parser.add_argument("--processes", type=int, default=1, help="on this machine")
    parser.add_argument("--process", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--coordinator", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.processes > 1 and arguments.process is None:
        return launch(arguments.processes)
    times = {"heartbeat_timeout_seconds": DEAD_AFTER_S, "shutdown_timeout_seconds": DEAD_AFTER_S}
    if arguments.process is not None:
        jax.distributed.initialize(
            arguments.coordinator, arguments.processes, arguments.process, **times
        )
    elif "SLURM_PROCID" in os.environ:
        jax.distributed.initialize(**times)  # which finds the other processes by Slurm's variables
    train(arguments.out, arguments.steps, arguments.every)
    return 0


def launch(processes: int) -> int:
    """Run this program in several processes, and return the exit code of the first that failed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        coordinator = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, *sys.argv, "--coordinator", coordinator, "--process"]
    running = [subprocess.Popen([*command, str(i)]) for i in range(processes)]
    signal.signal(signal.SIGTERM, lambda *_: [process.terminate() for process in running])
    return next(filter(None, [process.wait() for process in running]), 0)


def pieces() -> tuple[int, np.ndarray]:
    """Return the number of different characters, and rows of LENGTH + 1 characters as numbers."""
    known, ids = np.unique(list("\n".join(topics.values())), return_inverse=True)
    rows = np.lib.stride_tricks.sliding_window_view(ids.astype(np.int32), LENGTH + 1)[::LENGTH]
    return len(known), rows


def language_model(characters: int) -> nn.Layer:
    """Return a network from characters to the scores of each next character."""
    block = nn.transformer_block(
        4, 3 * FEATURES, activation=activax.swiglu, causal=True, norm=nn.rms_norm(),
        depth=BLOCKS, prevent_cse=False,
    )  # fmt: skip
    ids, places = nn.embedding(characters, FEATURES), nn.positions(LENGTH)
    return nn.serial(ids, places, nn.scan(block, BLOCKS), nn.rms_norm(), nn.dense(characters))


def train(out: str, steps: int, every: int) -> None:
    """Train from the newest checkpoint in `out`, and print what the held-out text costs."""
    characters, rows = pieces()
    held_out, shown = rows[: 4 * ROWS], rows[4 * ROWS :]
    network = language_model(characters)

    def loss(params, batch, key):
        scores = activax.log_softmax(network.apply(params, batch[:, :-1]))
        return -jnp.mean(jnp.take_along_axis(scores, batch[:, 1:, None], -1))

    # Each device has all parameters, and its share of the rows of a batch.
    mesh = jax.make_mesh((jax.device_count(),), ("data",), axis_types=(AxisType.Auto,))
    replicated, spread = (NamedSharding(mesh, PartitionSpec(*axes)) for axes in ((), ("data",)))
    key = jax.random.key(0)
    rate = optax.warmup_cosine_decay_schedule(0.0, 3e-3, steps // 10, steps)
    optimizer = optax.chain(
        optax.clip_by_global_norm(1.0), optax.adamw(rate, mask=training.decay_mask)
    )

    def start(key):
        return training.init(network.init(key, rows[:1, :-1]), optimizer, key)

    def batches(step):
        return training.batches(shown, ROWS, key, start=step, sharding=spread)

    def show(metrics, step):
        print(
            f"step {step}", *(f"{name} {value:.5f}" for name, value in metrics.items()), flush=True
        )

    state = jax.jit(start, out_shardings=replicated)(key)
    evaluated = islice(training.batches(held_out, ROWS, key, sharding=spread), 4)
    training.fit(
        training.step(loss, optimizer),
        state,
        batches,
        steps,
        every=every,
        callbacks=[training.evaluation(loss, evaluated), training.logger(show)],
        checkpoint=out,
        description=f"{jax.process_count()} processes",
    )


if __name__ == "__main__":
    sys.exit(main())
