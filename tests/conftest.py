"""Tests run over the catalogue, so an activation is tested on the day of its definition.

A test that takes one of the arguments in CHOSEN is a test of a mechanism. By default it runs on
`representatives`, the first activation of each signature; with `-m slow` it runs on all the others.
A test with the marker `every` runs on every activation by default. That is for cheap tests and for
the contract in `contract/test_entry.py`, which checks what is an activation's own: its numbers.
"""

import gc
from collections.abc import Iterable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from representatives import representatives

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


# The activations that the name of an argument stands for.
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
    """Return the presets of these peers that are activations of this kind."""
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
        every = metafunc.definition.get_closest_marker("every")
        default = set(chosen if every else representatives(chosen))
        if metafunc.config.getoption("markexpr") == "not slow":  # to collect the rest takes time
            chosen = [a for a in chosen if a in default]
        marks = {a: () if a in default else pytest.mark.slow for a in chosen}
        metafunc.parametrize(argument, [pytest.param(a, id=a.name, marks=marks[a]) for a in chosen])
    peers = getattr(metafunc.module, "PEERS", PRESETS)
    for argument, kind in {"preset": "activation", "elementwise_preset": "elementwise"}.items():
        if argument in metafunc.fixturenames:
            metafunc.parametrize(argument, presets(peers, kind))
