"""Vectors and reductions against jax.nn and closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax
from activax.catalogue.presets import PRESETS

X = jnp.asarray(np.random.default_rng(0).normal(size=(5, 6)), jnp.float32)
WHERE = X > -0.5  # no row without any


IN_JAX = [name for name in PRESETS["jax"] if activax.get(name).kind in ("vector", "reduction")]


def close(got, want):
    np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


@pytest.mark.thorough
@pytest.mark.parametrize("name", IN_JAX)
@pytest.mark.parametrize("axis", [-1, 0, (0, 1)])
def test_as_in_jax(name, axis):
    """Compare all elements, and those of a mask: jax.nn standardizes the masked ones, too."""
    ours, theirs = getattr(activax, name), getattr(jax.nn, name)
    close(ours(X, axis=axis), theirs(X, axis=axis))
    got, want = ours(X, WHERE, axis=axis), theirs(X, axis=axis, where=WHERE)
    counts = WHERE if got.shape == X.shape else True
    close(jnp.where(counts, got, 0), jnp.where(counts, want, 0))


@pytest.mark.parametrize("name", ["logsumexp", "logmeanexp"])
def test_keepdims_as_in_jax(name):
    for axis in (-1, 0, (0, 1)):
        got = getattr(activax, name)(X, axis=axis, keepdims=True)
        close(got, getattr(jax.nn, name)(X, axis=axis, keepdims=True))


def test_sparsemax_is_the_projection_onto_the_simplex():
    """Check the condition of optimality for every row: no point of the simplex is closer."""
    y = activax.sparsemax(4 * X)
    close(y.sum(-1), jnp.ones(5))
    gap = 4 * X - y  # the same wherever y > 0, and nowhere larger
    tau = jnp.max(gap, -1, keepdims=True)
    close(jnp.where(y > 0, gap, tau), jnp.broadcast_to(tau, gap.shape))
    assert (y == 0).any()
    assert (y >= 0).all()


def test_ties_go_to_the_first():
    tied = jnp.array([1.0, 3.0, 3.0, 3.0])
    for activation in (activax.hardmax, activax.one_hot_argmax_st, activax.gumbel_softmax_st):
        np.testing.assert_array_equal(activation(tied), [0, 1, 0, 0])
    slope = jax.grad(lambda x: activax.maxout(x, size=4).sum())(tied)
    np.testing.assert_array_equal(slope, [0, 1, 0, 0])


@pytest.mark.parametrize("name", ["softmax", "sparsemax", "gumbel_softmax"])
def test_infinite_elements_share_the_sum(name):
    activation = activax.get(name)
    np.testing.assert_array_equal(activation(jnp.array([jnp.inf, 0.0, jnp.inf])), [0.5, 0.0, 0.5])
    np.testing.assert_array_equal(activation(jnp.full(4, -jnp.inf)), jnp.full(4, 0.25))


def test_logarithms_of_shares_of_infinite_elements():
    two, four = -np.log(np.float32([2, 4]))
    close(activax.log_softmax(jnp.array([jnp.inf, 0.0, jnp.inf])), [two, -np.inf, two])
    close(activax.log_softmax(jnp.full(4, -jnp.inf)), np.full(4, four))
    close(activax.log_softmax(jnp.array([3.0, -jnp.inf, 3.0])), [two, -np.inf, two])


def test_standardize_does_not_lose_deviations_in_a_large_mean():
    deviations = jnp.array([-3.0, -1.0, 0.0, 4.0])
    close(activax.standardize(deviations + 2.0**20), activax.standardize(deviations))


def test_poly_norm_takes_a_weight_for_each_power():
    each = [activax.poly_norm(X, jnp.eye(3)[i]) for i in range(3)]
    weight = jnp.array([0.5, -1.0, 2.0])
    close(activax.poly_norm(X, weight, jnp.ones(1)), 1 + sum(map(jnp.multiply, weight, each)))
    slope = jax.grad(lambda w: activax.poly_norm(X, w).sum())(weight)
    close(slope, jnp.array([one.sum() for one in each]))
    close(each[0], X / jnp.sqrt(jnp.mean(X**2, -1, keepdims=True)))


def test_gumbel_samples_follow_the_softmax():
    logits = jnp.log(jnp.array([0.5, 0.3, 0.2]))
    keys = jax.random.split(jax.random.key(0), 4000)
    samples = jax.vmap(lambda key: activax.gumbel_softmax_st(logits, key))(keys)
    np.testing.assert_allclose(samples.mean(0), jnp.exp(logits), atol=0.03)


def test_gumbel_forms_draw_the_same_noise_and_have_the_same_slopes():
    key, t = jax.random.key(1), X[::-1]
    soft, hard = (
        jax.vjp(lambda x, f=f: f(x, key, temperature=0.5), X)
        for f in (activax.gumbel_softmax, activax.gumbel_softmax_st)
    )
    np.testing.assert_array_equal(hard[0], activax.hardmax(soft[0]))
    close(hard[1](t)[0], soft[1](t)[0])
    assert not jnp.array_equal(soft[0], activax.gumbel_softmax(X, temperature=0.5))
