"""Batches in shuffled order, on one device or spread over the devices of all processes."""

from collections.abc import Iterable, Iterator

import jax
import numpy as np
from jax import Array
from jax.sharding import Sharding

from activax.training.state import Batch


def batches(
    data: Batch, size: int, key: Array, *, start: int = 0, sharding: Sharding | None = None
) -> Iterator[Batch]:
    """Return an endless iterator of shuffled batches, which only the data and the key determine.

    Every epoch is a new permutation of the rows. Rows that do not fill a last batch are left out.
    With a sharding, each process reads the rows of its own devices alone, and the batches are the
    same on any number of processes.

    Args:
        data: a tree of arrays with the same number of rows; with a sharding also memory-mapped
            ones, the same for all processes.
        size: the number of rows of a batch, of all processes together.
        key: a PRNG key.
        start: the number of batches to skip; the `step` of a state, to go on where training
            stopped.
        sharding: the sharding of each array of a batch, such as `NamedSharding(mesh, P("data"))`;
            None for NumPy arrays.

    Raises:
        ValueError: a negative start, arrays of different numbers of rows, or a size that is not
            between 1 and the number of rows, or that the sharding does not divide.

    Example:
        >>> next(activax.training.batches(np.arange(4), 4, jax.random.key(0))).shape
        (4,)
    """
    rows = {np.shape(leaf)[0] if np.ndim(leaf) else 0 for leaf in jax.tree.leaves(data)}
    if start < 0:
        raise ValueError(f"batches: start must not be negative; got {start}")
    if len(rows) != 1 or 0 in rows:
        raise ValueError(f"batches: all leaves must be arrays of as many rows; got {sorted(rows)}")
    (total,) = rows
    if not 1 <= size <= total:
        raise ValueError(f"batches: size must be between 1 and {total} rows; got {size}")
    data = jax.tree.map(np.asarray, data)
    orders = _shuffled_rows(size, total, key, start)
    if sharding is None:
        return (jax.tree.map(lambda leaf, rows=rows: leaf[rows], data) for rows in orders)
    here = _rows_of_process(sharding, size)
    local = (jax.tree.map(lambda leaf, rows=rows: leaf[rows[here]], data) for rows in orders)
    return _assembled(local, sharding, size)


def global_batches(local: Iterable[Batch], sharding: Sharding) -> Iterator[Batch]:
    """Return batches over all processes, each made of the rows that the processes read.

    Args:
        local: the batches of this process, such as an iterator of Grain gives them: each array
            holds the rows of the devices of this process, in their order.
        sharding: the sharding of each array of a batch, such as `NamedSharding(mesh, P("data"))`.

    Example:
        >>> from jax.sharding import NamedSharding, PartitionSpec as P
        >>> rows = NamedSharding(jax.make_mesh((1,), ("data",)), P("data"))
        >>> batch = next(activax.training.global_batches([{"x": np.ones((4, 2))}], rows))
        >>> batch["x"].shape, batch["x"].sharding == rows
        ((4, 2), True)
    """
    return _assembled(local, sharding, None)


def _assembled(local: Iterable[Batch], sharding: Sharding, size: int | None) -> Iterator[Batch]:
    def assemble(leaf: np.ndarray) -> Array:
        shape = None if size is None else (size, *leaf.shape[1:])
        return jax.make_array_from_process_local_data(sharding, leaf, shape)

    return (jax.tree.map(assemble, batch) for batch in local)


def _rows_of_process(sharding: Sharding, size: int) -> np.ndarray:
    """Return which rows of a batch the devices of this process hold, without repetition."""
    try:
        places = sharding.addressable_devices_indices_map((size,))
    except ValueError as error:
        raise ValueError(
            f"batches: the sharding must divide the size; got {size} rows and {sharding}: {error}"
        ) from None
    slices = {place[0].indices(size)[:2] for place in places.values() if place is not None}
    return np.concatenate([np.arange(first, last) for first, last in sorted(slices)])


def _shuffled_rows(size: int, total: int, key: Array, start: int) -> Iterator[np.ndarray]:
    epoch, first = divmod(start, total // size)
    while True:
        order = np.asarray(jax.random.permutation(jax.random.fold_in(key, epoch), total))
        for i in range(first, total // size):
            yield order[i * size : (i + 1) * size]
        epoch, first = epoch + 1, 0
