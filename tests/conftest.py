"""Every test runs over the catalogue: an activation is tested on the day it is defined."""

import jax
import pytest

import activax

# An implicit promotion, of dtype or of rank, is an error in the library and in the tests.
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")


@pytest.fixture
def standard_promotion():
    """JAX's default promotion, for code of others that relies on it."""
    with jax.numpy_dtype_promotion("standard"):
        yield


KINDS = {
    "activation": ("elementwise", "vector", "gated"),
    "pointwise": ("elementwise", "gated"),
    "elementwise": ("elementwise",),
    "vector": ("vector",),
    "gated": ("gated",),
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise over the catalogue by the argument's name, which is a key of KINDS."""
    for argument in KINDS.keys() & set(metafunc.fixturenames):
        chosen = [a for a in activax.catalog.values() if a.kind in KINDS[argument]]
        metafunc.parametrize(argument, chosen, ids=[a.name for a in chosen])
