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


# Which activations an argument's name stands for.
CHOSEN = {
    "activation": lambda a: True,
    "elementwise": lambda a: a.kind == "elementwise",
    "along_axis": lambda a: a.kind in ("vector", "reduction"),
    "maskable": lambda a: "where" in a.parameters,
    "gated": lambda a: a.kind == "gated",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise over the catalogue by the argument's name."""
    for argument in CHOSEN.keys() & set(metafunc.fixturenames):
        chosen = [a for a in activax.catalog.values() if CHOSEN[argument](a)]
        metafunc.parametrize(argument, chosen, ids=[a.name for a in chosen])
