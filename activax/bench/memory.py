"""What reverse mode keeps."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array


def kept(f: Callable[..., Any], *args: Any) -> list[Array]:
    """The arrays that `jax.vjp(f, *args)` stores for the backward pass, beyond its arguments.

    Each buffer counts once. This is what is kept at a boundary of the program (`jax.vjp`, a scan,
    a checkpoint); inside one compiled program XLA may recompute some of it.

    Args:
        f: a function of arrays or of trees of arrays.
        *args: concrete arguments.

    Example:
        >>> x = jnp.ones((4, 4))
        >>> activax.bench.kept(activax.gelu, x)  # x itself, which is an argument
        []
        >>> sum(array.nbytes for array in activax.bench.kept(jax.nn.gelu, x)) > 4 * x.nbytes
        True
    """
    _, backward = jax.vjp(f, *args)
    given = {_buffer(leaf) for leaf in jax.tree.leaves(args) if isinstance(leaf, Array)}
    arrays = (leaf for leaf in jax.tree.leaves(backward) if isinstance(leaf, Array))
    unique = {_buffer(array): array for array in arrays}
    return [array for buffer, array in unique.items() if buffer not in given]


def _buffer(array: Array) -> int:
    if jnp.issubdtype(array.dtype, jax.dtypes.prng_key):
        array = jax.random.key_data(array)
    return array.unsafe_buffer_pointer() if array.size else id(array)
