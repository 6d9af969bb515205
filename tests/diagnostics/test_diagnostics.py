"""The health of units, the flow of gradients, and what reverse mode keeps."""

import math

import drawn
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax import lax
from numpy.testing import assert_allclose

import activax
from activax import bench, diagnostics, nn
from activax.diagnostics import gradient_flow, health_init, health_report

health_update = jax.jit(diagnostics.health_update)  # one program instead of one an operation

X = np.float32([[-1.0, 1.0, -30.0], [-2.0, -1.0, -40.0]])
BATCHES = drawn.normal(4, 5, 3) * np.float32([0.1, 1.0, 20.0])
BATCHES[1:, :, 0] = -50.0


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        (activax.relu, [True, False, True]),
        (activax.leaky_relu, [False, False, False]),
        (activax.sigmoid, [False, False, True]),
    ],
)
def test_a_unit_is_dead_if_no_row_passes_a_gradient(unit, expected):
    assert diagnostics.dead(unit, X).tolist() == expected


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["relu", "gelu"])
def test_health_is_that_of_brute_force_as_the_carry_of_a_scan(name):
    unit = activax.get(name)
    steepest = activax.theory.lipschitz(unit)

    def update(health, x):
        return health_update(health, unit, x), None

    health, _ = jax.jit(lambda state: lax.scan(update, state, BATCHES))(health_init(unit, 3))
    report = health_report(health, dead_after=3, tau=0.1, saturated_from=0.5)
    y = np.asarray(unit(BATCHES)).reshape(-1, 3)
    slopes = np.abs(jax.vmap(jax.grad(unit))(BATCHES.ravel())).reshape(4, 5, 3)
    flat = (slopes <= 0.01 * steepest).mean((0, 1))
    size = np.abs(y).mean(0)
    assert_allclose(report.zero_share, (y == 0).mean(0), rtol=1e-6)
    np.testing.assert_array_equal(report.dead, (slopes[1:] <= 1e-6).all((0, 1)))
    assert_allclose(report.dormancy, size / size.mean(), rtol=1e-5)
    np.testing.assert_array_equal(report.dormant, size <= 0.1 * size.mean())
    assert_allclose(report.saturated_share, flat, rtol=1e-6)
    np.testing.assert_array_equal(report.saturated, flat >= 0.5)
    assert report.dead[0]
    assert not report.dead[1]


@pytest.mark.thorough
def test_a_unit_recovers_from_death_and_rests_without_gradient():
    health = health_init(activax.relu, 2)
    deadly, lively = jnp.full((4, 2), -1.0), jnp.ones((4, 2))
    gradient = jnp.array([[0.0, 0.0], [0.0, 2.0]])
    for x in (deadly, deadly):
        health = health_update(health, activax.relu, x, gradient)
    assert health_report(health, dead_after=2).dead.tolist() == [True, True]
    assert health_report(health, dead_after=3).dead.tolist() == [False, False]
    assert health_report(health, dead_after=2).zero_gradient.tolist() == [True, False]
    health = health_update(health, activax.relu, lively)
    assert health_report(health).dead.tolist() == [False, False]
    assert health_report(health, dead_after=2).zero_gradient.tolist() == [True, False]


@pytest.mark.thorough
def test_the_gradient_of_units_comes_from_a_tap():
    def loss(sink):
        hidden = diagnostics.tap(X, sink)
        return jnp.sum(hidden * jnp.array([[0.0, 1.0, jnp.nan]]))

    seen = jax.grad(loss)(diagnostics.sink(3))
    health = health_update(health_init(activax.relu, 3), activax.relu, X, seen)
    assert health_report(health).zero_gradient.tolist() == [True, False, False]


def test_health_without_batches_or_bound_is_not_known():
    report = health_report(health_init(activax.tanh, 2))
    shares = report.zero_share, report.dormancy, report.saturated_share
    assert all(jnp.isnan(share).all() for share in shares)
    assert not any(flags.any() for flags in (report.dead, report.dormant, report.saturated))
    health = health_update(health_init(activax.relu_squared, 3), activax.relu_squared, X)
    report = health_report(health)
    assert jnp.isnan(report.saturated_share).all()  # slopes of relu_squared have no bound
    assert report.dead.tolist() == [True, False, True]
    silent = health_update(health_init(activax.relu, 3), activax.relu, -jnp.ones((2, 3)))
    assert health_report(silent).dormant.all()


def test_health_takes_activations_with_parameters(trainable):
    state = jax.eval_shape(lambda: diagnostics.Health(
        sizes=diagnostics.Statistics.empty((3,)), saturation=diagnostics.Statistics.empty((3,)),
        without_slope=jnp.zeros(3, jnp.uint32), batches=jnp.zeros((), jnp.uint32),
        without_gradient=jnp.zeros(3, jnp.uint32), gradients=jnp.zeros((), jnp.uint32),
        steepest=jnp.ones(())))  # fmt: skip
    after = jax.eval_shape(lambda state, x: health_update(state, trainable, x), state, X)
    assert jax.tree.map(lambda a: (a.shape, a.dtype), after) == jax.tree.map(
        lambda a: (a.shape, a.dtype), state
    )


NETWORK = nn.serial(jnp.sin, nn.dense(1))
PARAMS = drawn.params(NETWORK, X)


def loss(params, x):
    return jnp.mean(NETWORK.apply(params, x) ** 2), "more"


@pytest.mark.thorough
def test_gradient_flow_is_that_of_brute_force():
    optimizer = optax.sgd(0.1, momentum=0.9)
    state = optimizer.init(PARAMS)

    def update(gradients):
        return optimizer.update(gradients, state, PARAMS)[0]

    gradients = jax.grad(loss, has_aux=True)(PARAMS, X)[0]
    flow = jax.jit(lambda params, x: gradient_flow(loss, params, x, update=update))(PARAMS, X)
    assert set(flow) == {"1/weight", "1/bias"}
    for name in ("weight", "bias"):
        found = flow[f"1/{name}"]
        step = np.linalg.norm(update(gradients)[1][name])
        weight = np.linalg.norm(PARAMS[1][name])
        assert_allclose(found.gradient_norm, np.linalg.norm(gradients[1][name]), rtol=1e-5)
        assert_allclose(found.parameter_norm, weight, rtol=1e-5)
        with np.errstate(divide="ignore"):
            assert_allclose(found.update_ratio, step / weight, rtol=1e-4)
        summary = diagnostics.summarize(found.statistics)
        assert_allclose(summary["mean"], np.mean(gradients[1][name]), rtol=1e-5)
    plain = gradient_flow(loss, PARAMS, X, update=0.1)["1/weight"]
    assert_allclose(plain.update_ratio, 0.1 * plain.gradient_norm / plain.parameter_norm, rtol=1e-6)
    assert gradient_flow(loss, PARAMS, X)["1/weight"].update_ratio is None


@pytest.mark.thorough
def test_norms_stay_in_range():
    for scale in (1e-30, 1e30):
        params = {"w": jnp.array([3.0, 4.0])}
        flow = gradient_flow(lambda p, scale=scale: scale * jnp.sum(p["w"]), params)
        assert_allclose(flow["w"].gradient_norm, scale * math.sqrt(2), rtol=1e-5)
    half = gradient_flow(lambda p: 300 * jnp.sum(p), jnp.zeros(6, jnp.float16))[""]
    assert_allclose(half.gradient_norm, 300 * math.sqrt(6), rtol=1e-3)
    assert gradient_flow(jnp.sum, jnp.zeros((0, 2)))[""].gradient_norm == 0


BAD = [
    (lambda: diagnostics.dead(activax.softmax, X), TypeError,
     "dead: needs an elementwise activation; activax.softmax"),
    (lambda: health_init(jnp.tanh, 3), TypeError, "health_init: needs an elementwise activation"),
    (lambda: health_update(health_init(activax.relu, 2), activax.relu, X), ValueError,
     r"health_update: inputs must be of 2 units, as the state is; got \(3,\)"),
    (lambda: health_update(health_init(activax.relu, 3), activax.relu, X, diagnostics.sink()),
     ValueError, r"health_update: cotangents must be of 3 units, as the state is; got \(\)"),
    (lambda: health_report(health_init(activax.relu, 3), dead_after=0), ValueError,
     "health_report: dead_after must be at least 1 batch; got 0"),
    (lambda: gradient_flow(loss, {}, X), ValueError,
     "gradient_flow: params must hold arrays; got {}"),
    (lambda: gradient_flow(NETWORK.apply, PARAMS, X), ValueError,
     r"gradient_flow: the loss must be a scalar; got an array of shape \(2, 1\)"),
    (lambda: gradient_flow(loss, PARAMS, X, update=lambda g: g[0]), ValueError,
     "gradient_flow: update must return a tree like params; got"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_errors_name_function_argument_and_rule(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_kept_counts_each_buffer_once_and_no_argument():
    x = jnp.ones((4, 8))
    assert bench.kept(activax.gelu, x) == []
    (output,) = bench.kept(activax.relu, x)
    assert output.shape == x.shape
    weights = jnp.ones((8, 8))
    kept = bench.kept(lambda w: activax.relu(x @ w) @ w, weights)
    assert [array.shape for array in kept] == [(4, 8), (4, 8)]  # x and the output of relu


def test_kept_takes_keys_and_empty_arrays():
    kept = bench.kept(activax.rrelu, jnp.ones(3), jax.random.key(0))
    assert [array.nbytes for array in kept if array.size > 1] == [3]
    assert sum(array.nbytes for array in bench.kept(activax.relu, jnp.ones((0, 3)))) == 0
