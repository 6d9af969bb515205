"""The bases of `nn.kan` beside the layers of jaxkan, in value and slope."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from activax.nn.kan import BASES

layers = pytest.importorskip("jaxkan.layers")

X = np.linspace(-1.9, 1.95, 40, dtype=np.float32)
BUMPS = {"type": "gaussian", "std": 4 / 7 / np.sqrt(2)}


@pytest.fixture(autouse=True)
def code_of_others():
    """Allow the promotions of dtype and of rank on which jaxkan relies."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


def basis_of(layer):
    """Return the functions of a layer of one input and one output, an array of one row each."""

    def basis(x):
        terms = layer.basis(x[:, None])
        terms = jnp.concatenate(terms, -1) if isinstance(terms, tuple) else terms
        return terms[0] if terms.shape[-1] == len(x) else terms[:, 0].T

    return basis


def made(kind, **options):
    return basis_of(getattr(layers, kind)(n_in=1, n_out=1, add_bias=False, **options))


LAYERS = {
    "b_spline": lambda: made("SplineLayer", k=3, G=5, grid_range=(-1, 1), grid_e=1.0),
    "chebyshev": lambda: made("ChebyshevLayer", D=7, flavor="modified"),
    "fourier": lambda: made("FourierLayer", D=4),
    "legendre": lambda: made("LegendreLayer", D=7),
    "radial_basis": lambda: made("RBFLayer", D=8, kernel=BUMPS, grid_range=(-2.0, 2.0), grid_e=1.0),
}


@pytest.mark.parametrize("name", LAYERS)
def test_value_and_slope(name):
    known = BASES[name]
    ours = lambda x: jnp.stack(known.functions(x, 8, *(known.interval or ())))  # noqa: E731
    ones = (jnp.ones_like(jnp.asarray(X)),)
    got, want = (jax.jvp(jax.jit(f), (jnp.asarray(X),), ones) for f in (ours, LAYERS[name]()))
    for one, other in zip(got, want, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=2e-5)


def test_the_default_chebyshev_slope_loses_all_digits_there_where_tanh_is_nearly_1():
    """The arccos of tanh(x) has no digits there; ours is a recursion in tanh(x)."""
    there = made("ChebyshevLayer", D=7, flavor="default")
    far, one = (jnp.array([12.0]),), (jnp.ones(1),)
    exact = 1 / np.cosh(12.0) ** 2
    assert jax.jvp(there, far, one)[1][1, 0] > 100 * exact
    ours = jax.jvp(lambda x: jnp.stack(BASES["chebyshev"].functions(x, 8)), far, one)[1]
    np.testing.assert_allclose(ours[:3, 0], [0, exact, 4 * exact], rtol=1e-5)
