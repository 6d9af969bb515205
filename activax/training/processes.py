"""Agreement of the processes that train one network, checked before their first step."""

import hashlib
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import NamedSharding, PartitionSpec

from activax.training.state import Batch

MOST_SHOWN = 200  # characters of a description in a message


def everywhere(state: Any) -> NamedSharding:
    """Return the sharding that replicates arrays over the mesh of a state.

    Raises:
        ValueError: a state with an array that lies in one process alone.
    """
    leaves = jax.tree.leaves(state)
    if any(not isinstance(x, jax.Array) or x.is_fully_addressable for x in leaves):
        raise ValueError(
            "fit: with several processes every array of the state must lie on a mesh of all of "
            "them; place it there: jax.device_put(state, NamedSharding(mesh, PartitionSpec()))"
        )
    meshes = [x.sharding.mesh for x in leaves if isinstance(x.sharding, NamedSharding)]
    return NamedSharding(meshes[0], PartitionSpec())


def check_agreement(step: Any, state: Any, batch: Batch) -> None:
    """Raise ValueError if the processes have different programs, or data of different shapes."""
    for name, tree in (("state", state), ("batch", batch)):
        shapes = _described(tree)
        _check_same(name, shapes, f"; process {jax.process_index()} has {shapes[:MOST_SHOWN]}")
    if isinstance(step, jax.stages.Wrapped):
        _check_same("step", step.lower(state, batch).as_text(), ". Start all with the same code.")


def explain(error: BaseException) -> None:
    """Note on an error of the runtime that another process may have caused it."""
    if jax.process_count() > 1 and isinstance(error, jax.errors.JaxRuntimeError):
        error.add_note(
            f"fit: process {jax.process_index()} of {jax.process_count()} lost the others; one was "
            "killed or failed, as its own output may say. Start all processes again, or another "
            "number of them: with `checkpoint` the training goes on from the newest checkpoint."
        )


def _check_same(name: str, text: str, hint: str) -> None:
    digest = np.frombuffer(hashlib.sha256(text.encode()).digest(), np.uint8)
    gathered = np.asarray(multihost_utils.process_allgather(digest))
    others = np.flatnonzero((gathered != gathered[0]).any(-1))
    if others.size:
        raise ValueError(
            f"fit: {name} must be the same in all processes; processes {others.tolist()} differ "
            f"from process 0{hint}"
        )


def _described(tree: Any) -> str:
    paths = jax.tree.leaves_with_path(tree)
    return ", ".join(f"{jax.typeof(leaf)} {jax.tree_util.keystr(path)}" for path, leaf in paths)
