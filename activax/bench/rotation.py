"""The arguments that programs read in turn: more than the last cache holds, so from memory."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

MOST = 256  # sets, so that tiny ones do not become a million objects
SCALE = 3.0  # standard deviations: zeros cost less than numbers do, and so may one branch only


def last_level_cache() -> int:
    """Bytes of the largest cache of the default device, or more where nothing tells."""
    if jax.default_backend() != "cpu":
        return 2**27  # the largest of today's: 126 MB on a B200, 128 MiB on a TPU v5e
    caches = Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size")
    return max((2**10 * int(c.read_text().strip().rstrip("K")) for c in caches), default=2**26)


def concrete(specs: Any) -> Any:
    """Random normal numbers for each `jax.ShapeDtypeStruct` of a tree; its arrays as they are.

    Raises:
        ValueError: a spec of numbers that are not real.
    """
    keys = (jax.random.key(i) for i in itertools.count())

    def fill(spec: Any) -> jax.Array:
        if not isinstance(spec, jax.ShapeDtypeStruct):
            return jnp.asarray(spec)
        if not jnp.issubdtype(spec.dtype, jnp.floating):
            raise ValueError(f"measure: give an array for a spec of {spec.dtype}; only real ones "
                             f"are drawn at random")  # fmt: skip
        return SCALE * jax.random.normal(next(keys), spec.shape, spec.dtype)

    return jax.tree.map(fill, specs)


class Rotation:
    """Equal trees of arrays at different addresses, handed out in turn."""

    def __init__(self, arguments: Any):
        nbytes = sum(array.nbytes for array in jax.tree.leaves(arguments))
        count = min(max(last_level_cache() // max(nbytes, 1) + 1, 2), MOST)
        self.sets = [arguments]
        self.sets += [jax.tree.map(jnp.copy, arguments) for _ in range(count - 1)]
        self._turn: Iterator[Any] = itertools.cycle(self.sets)

    def take(self) -> Any:
        return next(self._turn)
