"""Activations that rise never fall from one float32 to the next."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax
from activax.bench import slope
from benchmarks._lib.order import CHUNKS, Order, order
from benchmarks.monotone import swept

pytestmark = pytest.mark.optimized

RISING = [
    row["op"] for row in swept() if row["implementation"] == "activax" and not row["descents"]
]
# One chunk in 32 between 2^-12 and 2^7, of either sign, each time at another place in the binade.
BINADE = CHUNKS // 2 // 256  # chunks
PLACES = [
    sign + exponent * BINADE + 5 * exponent % BINADE
    for sign in (0, CHUNKS // 2)
    for exponent in range(127 - 12, 127 + 7)
]


@pytest.mark.thorough
@pytest.mark.parametrize("name", RISING)
def test_no_descents(name):
    activation = activax.get(name)
    value, by_sign = jax.jit(activation), jax.jit(slope(activation))
    counts = sum((order(value, by_sign, place) for place in PLACES), Order())
    assert counts.pairs > 0
    assert counts.descents == 0, counts.at


def test_a_descent_is_counted():
    def falls_once(x):
        return jnp.where(x > 1.5, x - 0.1, x)

    one = int(np.float32(1.5).view(np.uint32)) // (2**32 // CHUNKS)
    counts = order(jax.jit(falls_once), jax.jit(jax.vmap(jax.grad(falls_once))), one)
    assert (counts.descents, counts.at) == (1, "1.5")
