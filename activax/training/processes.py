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
    _check_same("state", _described(state))
    _check_same("batch", _described(batch))
    if isinstance(step, jax.stages.Wrapped):
        _check_same("program of the step", step.lower(state, batch).as_text())


def _check_same(name: str, text: str) -> None:
    digest = np.frombuffer(hashlib.sha256(text.encode()).digest(), np.uint8)
    gathered = np.asarray(multihost_utils.process_allgather(digest))
    differ = (gathered != gathered[0]).any(-1)
    if differ.any():
        raise ValueError(
            f"fit: all processes must have the same {name}; processes "
            f"{np.flatnonzero(differ).tolist()} differ from process 0; "
            f"process {jax.process_index()} has {text[:MOST_SHOWN]}"
        )


def _described(tree: Any) -> str:
    paths = jax.tree.leaves_with_path(tree)
    return ", ".join(f"{jax.tree_util.keystr(path)}: {jax.typeof(leaf)}" for path, leaf in paths)
