"""The arrays that programs read: more than the last-level cache holds, so they come from memory."""

import itertools
from pathlib import Path

import jax
import jax.numpy as jnp
from jax import Array

WIDTH = 1024  # the last axis, along which vector activations act
MOST = 256  # arrays, so that tiny ones do not become a million objects


def last_level_cache() -> int:
    """Bytes of the largest CPU cache; 64 MiB, more than most have, where Linux does not tell."""
    caches = Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size")
    return max((2**10 * int(c.read_text().strip().rstrip("K")) for c in caches), default=2**26)


class Pool:
    """Equal arrays of normal numbers at different addresses, handed out in rotation."""

    def __init__(self, size: int, dtype: str):
        first = jax.random.normal(jax.random.key(0), (size // WIDTH, WIDTH), dtype)
        count = min(last_level_cache() // first.nbytes + 1, MOST)
        self.arrays = [first, *(jnp.array(first, copy=True) for _ in range(count - 1))]
        self._turn = itertools.cycle(self.arrays)

    @property
    def array_nbytes(self) -> int:
        return self.arrays[0].nbytes

    @property
    def exceeds_cache(self) -> bool:
        return self.array_nbytes * len(self.arrays) > last_level_cache()

    def take(self, count: int) -> list[Array]:
        """The next arrays in turn."""
        return list(itertools.islice(self._turn, count))
