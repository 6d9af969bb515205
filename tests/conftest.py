"""Every test runs over the catalogue: an activation is tested on the day it is defined."""

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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise by the argument's name: a key of KINDS over the catalogue, `preset` over peers.

    A module that has PEERS takes presets of those only.
    """
    if "preset" in metafunc.fixturenames:
        presets = [
            pytest.param(f"{peer}.{name}", marks=[MISSING] if str(ours) in PENDING else [])
            for peer in getattr(metafunc.module, "PEERS", PRESETS)
            for name, ours in PRESETS[peer].items()
        ]
        metafunc.parametrize("preset", presets)
    for argument in KINDS.keys() & set(metafunc.fixturenames):
        chosen = [a for a in activax.catalog.values() if a.kind in KINDS[argument]]
        metafunc.parametrize(argument, chosen, ids=[a.name for a in chosen])
