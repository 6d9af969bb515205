"""Every test runs over the catalogue: an activation is tested on the day it is defined."""

import gc
from collections.abc import Iterable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax
from activax.catalogue.models import PRESETS

# An implicit promotion, of dtype or of rank, is an error in the library and in the tests.
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Collect less garbage: what is imported by now stays, and programs leave none in cycles."""
    gc.freeze()
    gc.set_threshold(100_000)


@pytest.fixture(scope="module", autouse=True)
def drop_programs():
    """What is compiled for a module of tests is of no use to the next, and would take gigabytes."""
    yield
    jax.clear_caches()


@pytest.fixture
def standard_promotion():
    """JAX's default promotion, for code of others that relies on it."""
    with jax.numpy_dtype_promotion("standard"):
        yield


@pytest.fixture
def few_sets(monkeypatch):
    """Benchmarks whose arguments rotate through a few sets, which takes less time."""
    from activax.bench import rotation

    monkeypatch.setattr(rotation, "MOST_SETS", 3)


@pytest.fixture
def random_params():
    """Parameters of a layer as its init plans them, biases included, made without compiling."""

    def make(layer, example):
        generator = np.random.default_rng(0)
        planned = jax.eval_shape(layer.init, jax.random.key(0), example)
        return jax.tree.map(
            lambda leaf: jnp.asarray(0.3 * generator.normal(size=leaf.shape), leaf.dtype), planned
        )

    return make


# Which activations an argument's name stands for.
CHOSEN = {
    "activation": lambda a: True,
    "elementwise": lambda a: a.kind == "elementwise",
    "trainable": lambda a: a.kind == "elementwise" and a.trainable,
    "pointwise": lambda a: a.kind in ("elementwise", "gated"),
    "along_axis": lambda a: a.kind in ("vector", "reduction"),
    "maskable": lambda a: "where" in a.parameters,
    "gated": lambda a: a.kind == "gated",
}


def presets(peers: Iterable[str], kind: str) -> list[str]:
    """The presets of these peers that are activations of this kind."""
    return [
        f"{peer}.{name}"
        for peer in peers
        for name, ours in PRESETS[peer].items()
        if CHOSEN[kind](activax.get(ours))
    ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise by the argument's name over activations of the catalogue.

    `preset` and `elementwise_preset` are the names of other libraries; a module that has PEERS
    takes those of these.
    """
    for argument in CHOSEN.keys() & set(metafunc.fixturenames):
        chosen = [a for a in activax.catalog.values() if CHOSEN[argument](a)]
        metafunc.parametrize(argument, chosen, ids=[a.name for a in chosen])
    peers = getattr(metafunc.module, "PEERS", PRESETS)
    for argument, kind in {"preset": "activation", "elementwise_preset": "elementwise"}.items():
        if argument in metafunc.fixturenames:
            metafunc.parametrize(argument, presets(peers, kind))
