"""A small training in one of several processes, which the tests of faults start, stop and harm.

python small_training.py OUT PROCESS PROCESSES PORT FAULT
"""

import json
import os
import resource
import signal
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from activax import nn, training

STEPS, EVERY, FAULT_AT, ROWS = 12, 4, 7, 8
NETWORK = nn.serial(nn.dense(16), jnp.tanh, nn.dense(1))


def faulty(batches, out, fault, last):
    """Yield batches; before step FAULT_AT + 1 the last process meets the fault."""
    for number, batch in enumerate(batches):
        if number == FAULT_AT and last:
            while fault != "none" and str(EVERY) not in os.listdir(out):  # written meanwhile
                time.sleep(0.01)
            if fault == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if fault == "terminate":
                os.kill(os.getpid(), signal.SIGTERM)
            if fault == "kill while writing":
                os.rename = os.replace = lambda *args: os.kill(os.getpid(), signal.SIGKILL)
            if fault == "full disk":  # of files, not of the pipes that this process prints to
                resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        if fault == "terminate":  # the notice takes longer than a step
            time.sleep(0.5)
        yield batch


def train(out, process, processes, fault):
    """Train to step STEPS, and return the losses of the steps since the newest checkpoint."""
    x = np.random.default_rng(0).normal(size=(64, 3)).astype(np.float32)
    if fault == "shapes" and process:
        x = x[:, :2]
    scale = 2.0 if fault == "code" and process else 1.0

    def loss(params, batch, key):
        error = NETWORK.apply(params, batch) - jnp.sin(batch).sum(1)[:, None]
        return scale * jnp.mean(error**2), {"rows": error}  # which lie in several processes

    mesh = jax.make_mesh((jax.device_count(),), ("data",), axis_types=(AxisType.Auto,))
    replicated, spread = (NamedSharding(mesh, PartitionSpec(*axes)) for axes in ((), ("data",)))
    key, optimizer = jax.random.key(0), optax.adam(1e-2)

    def start(key):
        return training.init(NETWORK.init(key, jnp.zeros((1, 3))), optimizer, key)

    def batches(step):
        rows = training.batches(x, ROWS, key, start=step, sharding=spread)
        return faulty(rows, out, fault, process == processes - 1)

    _, history = training.fit(
        training.step(loss, optimizer),
        jax.jit(start, out_shardings=replicated)(key),
        batches,
        STEPS,
        every=EVERY,
        checkpoint=out,
    )
    return history["loss"].tolist()


def main(out, process, processes, port, fault):
    process, processes = int(process), int(processes)
    if processes > 1:
        jax.distributed.initialize(
            f"127.0.0.1:{port}", processes, process,
            heartbeat_timeout_seconds=10, shutdown_timeout_seconds=10,
        )  # fmt: skip
    print(json.dumps(train(out, process, processes, fault)))


if __name__ == "__main__":
    main(*sys.argv[1:])
