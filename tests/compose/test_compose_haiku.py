"""An activation inside Haiku's transformed functions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from numpy.testing import assert_allclose

import activax

hk = pytest.importorskip("haiku", reason="needs dm-haiku")

X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(4, 3)


def transformed(network):
    """Return `apply(params, x)` and the parameters of a Haiku network."""
    pure = hk.without_apply_rng(hk.transform(network))
    return pure.apply, pure.init(jax.random.key(0), X)


def sequential(activation):
    return transformed(lambda x: hk.Sequential([hk.Linear(8), activation, hk.Linear(2)])(x))


def mlp(activation):
    return transformed(lambda x: hk.nets.MLP([8, 8, 2], activation=activation)(x))


def learned_prelu(x):
    slope = hk.get_parameter("negative_slope", (8,), init=hk.initializers.Constant(0.25))
    return activax.prelu.bind(negative_slope=slope)(x)


@pytest.mark.thorough
@pytest.mark.parametrize("build", [sequential, mlp])
def test_drop_in(build):
    ours, params = build(activax.silu)
    theirs, their_params = build(jax.nn.silu)
    assert jax.tree.all(jax.tree.map(jnp.array_equal, params, their_params))
    assert_allclose(jax.jit(ours)(params, X), theirs(params, X), rtol=1e-5, atol=1e-6)


@pytest.mark.thorough
@pytest.mark.parametrize("build", [sequential, mlp])
def test_grad(build):
    apply, params = build(activax.gelu)
    check_grads(lambda p: apply(p, X), (params,), order=1, modes=("fwd", "rev"), rtol=1e-2)


@pytest.mark.thorough
@pytest.mark.parametrize("transform", [lambda f: f, hk.remat], ids=["plain", "remat"])
def test_learned_slope(transform):
    """`hk.get_parameter` makes the array and `bind` gives it to the activation."""

    def network(x):
        return hk.Linear(1)(transform(learned_prelu)(hk.Linear(8)(x)))

    apply, params = transformed(network)
    gradient = jax.jit(jax.grad(lambda p: jnp.sum(apply(p, X))))(params)
    assert jnp.any(gradient["~"]["negative_slope"] != 0)
    check_grads(lambda p: apply(p, X), (params,), order=1, modes=("rev",), rtol=1e-2)


def test_initialisers_are_those_of_linear():
    """Haiku gives no key to an initialiser, so the key comes from the transformed function."""
    init = activax.initializers.variance_scaling(activax.relu)

    def network(x):
        return hk.Linear(64, w_init=lambda *a: init(hk.next_rng_key(), *a))(x)

    _, params = transformed(network)
    assert float(jnp.std(params["linear"]["w"]) * 3**0.5) == pytest.approx(2**0.5, rel=0.2)
