"""The entmax family against the library of its authors, in value and slopes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax

torch = pytest.importorskip("torch")
entmax = pytest.importorskip("entmax")

RANDOM = np.random.default_rng(0)
X, T = 2 * RANDOM.normal(size=(2, 8, 6))


def pulled(function, *inputs):
    """Return the value in float64 and the slopes of the sum that T weighs, by torch."""
    tensors = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in inputs]
    out = function(*tensors)
    out.backward(torch.tensor(T))
    return [out.detach(), *(tensor.grad for tensor in tensors)]


@pytest.mark.parametrize("name", ["sparsemax", "entmax15"])
def test_the_exact_ones(name):
    theirs = pulled(lambda x: getattr(entmax, name)(x, dim=-1), X)
    with jax.enable_x64(True):
        out, pull = jax.vjp(getattr(activax, name), jnp.asarray(X))
        for ours, want in zip((out, *pull(jnp.asarray(T))), theirs, strict=True):
            np.testing.assert_allclose(ours, want, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("alpha", [1.05, 1.3, 1.5, 1.9, 2.0, 2.5])
def test_any_alpha(alpha):
    """Compare the slope by a learned alpha a row, too."""
    alphas = np.full((8, 1), alpha)
    theirs = pulled(lambda x, a: entmax.entmax_bisect(x, a, dim=-1, n_iter=60), X, alphas)
    with jax.enable_x64(True):
        inputs = jnp.asarray(X), jnp.asarray(alphas)
        out, pull = jax.vjp(lambda x, a: activax.alpha_entmax(x, alpha=a), *inputs)
        for ours, want in zip((out, *pull(jnp.asarray(T))), theirs, strict=True):
            np.testing.assert_allclose(ours, want, rtol=1e-7, atol=1e-9)
