"""Activations of complex numbers beside complextorch, in value and gradient."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax

torch = pytest.importorskip("torch")
theirs = pytest.importorskip("complextorch.nn")

RANDOM = np.random.default_rng(0)
Z = RANDOM.normal(size=(64, 2)).astype(np.float32).view(np.complex64)[:, 0]
T = RANDOM.normal(size=(64, 2)).astype(np.float32).view(np.complex64)[:, 0]
PAIRS = {
    "CVCardiod": activax.cardioid,
    "CVPolarSquash": activax.polar_squash,
    "CVPolarTanh": activax.polar_tanh,
    "CVSigLog": activax.siglog,
    "CVSplitCELU": activax.split_complex(activax.celu),
    "CVSplitELU": activax.split_complex(activax.elu),
    "CVSplitGELU": activax.split_complex(activax.gelu),
    "CVSplitReLU": activax.split_complex(activax.relu),
    "CVSplitSigmoid": activax.split_complex(activax.sigmoid),
    "CVSplitTanh": activax.split_complex(activax.tanh),
    "modReLU": activax.mod_relu.bind(bias=-0.1),
    "zAbsReLU": activax.z_abs_relu.bind(threshold=0.0),
    "zLeakyReLU": activax.z_leaky_relu,
    "zReLU": activax.z_relu,
}


def pulled(module):
    """Return the value, and the gradient of the real part of the sum that T weighs."""
    z = torch.tensor(Z, requires_grad=True)
    out = module(z)
    torch.sum((out * torch.tensor(T).conj()).real).backward()
    return out.detach().numpy(), z.grad.numpy()


@pytest.mark.parametrize("name", PAIRS)
def test_value_and_gradient(name):
    """torch returns the conjugate of what JAX does."""
    options = {"inplace": False} if name == "CVSplitReLU" else {}
    value, gradient = pulled(getattr(theirs, name)(**options))
    out, pull = jax.vjp(PAIRS[name], jnp.asarray(Z))
    np.testing.assert_allclose(out, value, rtol=2e-5, atol=2e-6)
    np.testing.assert_allclose(pull(jnp.conj(jnp.asarray(T)))[0].conj(), gradient, 1e-4, 1e-5)


def test_a_threshold():
    value, gradient = pulled(theirs.zAbsReLU(1.0))
    out, pull = jax.vjp(activax.z_abs_relu, jnp.asarray(Z))
    np.testing.assert_array_equal(out, value)
    np.testing.assert_allclose(pull(jnp.conj(jnp.asarray(T)))[0].conj(), gradient, 1e-6)


def test_the_split_rectifier_has_no_gradient_there():
    """The default overwrites what its backward pass reads."""
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        pulled(lambda z: theirs.CVSplitReLU()(1 * z))


def test_the_sigmoid_there_is_one_of_minus_z():
    """The docstring has exp(-z), the code exp(z)."""
    one = torch.tensor([1.0 + 0.0j])
    np.testing.assert_allclose(theirs.CVSigmoid()(one).numpy(), 1 / (1 + np.e), rtol=1e-6)
