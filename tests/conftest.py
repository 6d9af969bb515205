"""Tests run over the catalogue, so an activation is tested on the day of its definition.

A test that takes one of the arguments in CHOSEN is a test of a mechanism. By default it runs on
`representatives`, which together show each mechanism; with `-m slow` it runs on all the others.
A test with the marker `every` runs on every activation by default. That is for cheap tests and for
the contract in `contract/test_entry.py`, which checks what is an activation's own: its numbers.
"""

import contextlib
import gc
from collections.abc import Iterable

import compiling
import drawn
import jax
import jax.numpy as jnp
import pytest
from representatives import marks, representatives

import activax
from activax.catalogue.presets import PRESETS

# An implicit promotion, of dtype or of rank, is an error in the library and in the tests.
jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Collect less garbage: imported objects stay, and programs leave no garbage in cycles."""
    gc.freeze()
    gc.set_threshold(100_000)


@pytest.fixture(scope="module", autouse=True)
def programs_of_a_module(request):
    """Drop programs after a module of tests: the next does not use them, and they take gigabytes.

    A module with the marker `optimized` gets the programs that users get. The others ask nothing of
    the last bits, and their programs compile in less time.
    """
    optimized = request.node.get_closest_marker("optimized") is not None
    with contextlib.nullcontext() if optimized else compiling.quickly():
        yield
    jax.clear_caches()


@pytest.fixture
def standard_promotion():
    """Use JAX's default promotion, for code of others that relies on it."""
    with jax.numpy_dtype_promotion("standard"):
        yield


@pytest.fixture
def few_sets(monkeypatch):
    """Let the arguments of benchmarks rotate through a few sets, which takes less time."""
    from activax.bench.timing import rotation

    monkeypatch.setattr(rotation, "MOST_SETS", 3)


@pytest.fixture
def random_params():
    """Return a function that draws parameters for a layer, without compiling."""
    return lambda layer, example: jax.tree.map(jnp.asarray, drawn.params(layer, example))


# The activations that the name of an argument stands for.
CHOSEN = {
    "entry": lambda a: True,
    "activation": lambda a: a.kind not in ("complex", "matrix"),
    "complex_valued": lambda a: a.kind == "complex",
    "elementwise": lambda a: a.kind == "elementwise",
    "trainable": lambda a: a.kind == "elementwise" and a.trainable,
    "pointwise": lambda a: a.kind in ("elementwise", "gated"),
    "along_axis": lambda a: a.kind in ("vector", "reduction", "expansion"),
    "along_axes": lambda a: a.kind in ("vector", "reduction", "expansion", "matrix"),
    "maskable": lambda a: "where" in a.parameters,
    "gated": lambda a: a.kind == "gated",
    "certified": lambda a: a.kind == "elementwise" and a.tier == "certified",
    "budgeted": lambda a: a.kind == "gated" or (a.kind == "elementwise" and a.tier == "certified"),
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
        if metafunc.definition.get_closest_marker("every"):
            marked = dict.fromkeys(chosen, ())
        elif metafunc.config.getoption("markexpr").endswith("not slow"):
            # to collect the rest takes time
            marked = dict.fromkeys(representatives(chosen), ())
        else:
            marked = marks(chosen)
        cases = [pytest.param(a, id=a.name, marks=mark) for a, mark in marked.items()]
        metafunc.parametrize(argument, cases)
    peers = getattr(metafunc.module, "PEERS", PRESETS)
    for argument, kind in {"preset": "activation", "elementwise_preset": "elementwise"}.items():
        if argument in metafunc.fixturenames:
            metafunc.parametrize(argument, presets(peers, kind))
