"""Arguments in rotation: more than the last cache holds, so that programs read from memory."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

MOST_SETS = 256  # sets; tiny ones would need a million to exceed the cache
SCALE = 3.0  # the standard deviation: large enough for inputs in all branches of a function


def last_level_cache() -> int:
    """Return the bytes of the largest cache of the default device, or more if unknown."""
    if jax.default_backend() != "cpu":
        return 2**27  # no cache is larger: a B200 has 126 MB, a TPU v5e 128 MiB
    caches = Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size")
    return max((2**10 * int(c.read_text().strip().rstrip("K")) for c in caches), default=2**26)


def concrete(specs: Any) -> Any:
    """Fill each `jax.ShapeDtypeStruct` of a tree with random normal numbers; keep its arrays.

    Raises:
        ValueError: a spec is of numbers that are not real.
    """
    keys = (jax.random.key(i) for i in itertools.count())

    def fill(spec: Any) -> jax.Array:
        if not isinstance(spec, jax.ShapeDtypeStruct):
            return jnp.asarray(spec)
        if not jnp.issubdtype(spec.dtype, jnp.floating):
            raise ValueError(f"measure: give an array for a spec of {spec.dtype}; only floats "
                             f"are drawn at random")  # fmt: skip
        return SCALE * jax.random.normal(next(keys), spec.shape, spec.dtype)

    return jax.tree.map(fill, specs)


class Rotation:
    """Equal trees of arrays at different addresses, which are handed out in turn."""

    def __init__(self, arguments: Any):
        nbytes = sum(array.nbytes for array in jax.tree.leaves(arguments))
        count = min(max(last_level_cache() // max(nbytes, 1) + 1, 2), MOST_SETS)
        self.sets = [arguments]
        self.sets += [jax.tree.map(jnp.copy, arguments) for _ in range(count - 1)]
        self._turn: Iterator[Any] = itertools.cycle(self.sets)

    def take(self) -> Any:
        """Return the next tree."""
        return next(self._turn)
