"""Every test runs over the catalogue: an activation is tested on the day it is defined."""

from collections.abc import Collection, Iterable
from typing import Any

import jax
import pytest

import activax
from activax._presets import PRESETS

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
# Ours that presets name and that are not defined yet.
PENDING = {
    "abs", "exponential", "gelu_clipped", "gumbel_softmax", "hard_mish", "hard_shrink",
    "hard_sigmoid_02", "hard_sigmoid_half", "hardmax", "laplace_cdf_gate", "lisht", "log1mexp",
    "logmeanexp", "logsumexp", "maxout", "soft_shrink", "softmin", "sparse_plus", "sparsemax",
    "sqrt_softplus", "standardize", "tanh_shrink", "threshold", "thresholded_linear_unit",
    "thresholded_relu", "xielu",
}  # fmt: skip
MISSING = pytest.mark.xfail(raises=ValueError, strict=True, reason="not defined yet")


def presets(peers: Iterable[str], kinds: Collection[str]) -> list[Any]:
    """The presets of these peers that are activations of these kinds, or not defined yet."""
    chosen = []
    for peer in peers:
        for name, ours in PRESETS[peer].items():
            if str(ours) in PENDING:
                chosen.append(pytest.param(f"{peer}.{name}", marks=MISSING))
            elif activax.get(ours).kind in kinds:
                chosen.append(f"{peer}.{name}")
    return chosen


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise by the argument's name: a kind, for the activations of the catalogue.

    `preset` and `elementwise_preset` are the names of other libraries; a module that has PEERS
    takes those of these.
    """
    for argument in KINDS.keys() & set(metafunc.fixturenames):
        chosen = [a for a in activax.catalog.values() if a.kind in KINDS[argument]]
        metafunc.parametrize(argument, chosen, ids=[a.name for a in chosen])
    peers = getattr(metafunc.module, "PEERS", PRESETS)
    for argument, kind in {"preset": "activation", "elementwise_preset": "elementwise"}.items():
        if argument in metafunc.fixturenames:
            metafunc.parametrize(argument, presets(peers, KINDS[kind]))
