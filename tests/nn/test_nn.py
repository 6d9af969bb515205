"""Layers: shapes, gains, randomness, planned parameters, and errors for wrong shapes."""

import itertools

import chex
import drawn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawn import KEY

import activax
from activax import nn

X = drawn.normal(8, 5)


def network() -> nn.Layer:
    return nn.serial(
        nn.dense(16),
        activax.gelu,
        nn.residual(nn.layer_norm(), nn.dense(16), nn.learned(activax.prelu, axis=-1)),
        nn.dropout(0.5),
        nn.parallel(nn.dense(6), nn.dense(6), combine=activax.swiglu),
        activax.rrelu,
        lambda x: 2 * x,
        nn.dense(3, bias=False),
    )


def test_parameters_are_plain_trees_that_eval_shape_plans():
    planned = jax.eval_shape(network().init, KEY, jax.ShapeDtypeStruct(X.shape, X.dtype))
    made = jax.jit(network().init)(KEY, X)
    chex.assert_trees_all_equal_shapes_and_dtypes(planned, made)
    assert all(isinstance(node, tuple | dict) for node in (made, *made))
    assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(made))


@pytest.mark.thorough
def test_apply_is_pure_and_compiles():
    layer = network()
    params = drawn.params(layer, X)
    y = layer.apply(params, X, key=None)
    assert y.shape == (8, 3)

    @jax.jit
    def compiled(params, x):
        def total(params):
            return jnp.sum(layer.apply(params, x, key=None) ** 2)

        one_by_one = jax.vmap(layer.apply, (None, 0))(params, x, key=None)
        return layer.apply(params, x, key=None), one_by_one, jax.grad(total)(params)

    together, one_by_one, grads = compiled(params, X)
    np.testing.assert_allclose(together, y, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(one_by_one, y, rtol=1e-5, atol=1e-6)
    assert all(jnp.any(leaf != 0) for leaf in jax.tree.leaves(grads))


def test_a_key_makes_it_random_and_repeats():
    layer = network()
    params, apply = drawn.params(layer, X), jax.jit(layer.apply)
    first, again, other = (apply(params, X, key=jax.random.key(i)) for i in (0, 0, 1))
    chex.assert_trees_all_equal(first, again)
    assert jnp.any(first != other)
    assert jnp.any(first != apply(params, X, key=None))


def test_layers_of_one_network_draw_different_numbers():
    layer = nn.serial(nn.dropout(0.5), nn.dropout(0.5))
    kept = jnp.mean(layer.apply(({}, {}), jnp.ones(10_000), key=KEY) != 0)
    assert abs(kept - 0.25) < 0.02


@pytest.mark.thorough
@pytest.mark.parametrize("unit", [activax.relu, activax.gelu, activax.silu, activax.tanh])
def test_pre_activations_keep_their_second_moment(unit):
    # With the gain of the following activation, silu would reach 3.3 here.
    layer = nn.serial(nn.dense(1024), unit, nn.dropout(0.1), nn.dense(1024), unit, nn.dense(1024))
    x = drawn.normal(64, 1024)
    y = layer.apply(layer.init(KEY, x), x, key=None)
    assert 0.9 < jnp.mean(y**2) < 1.1


def test_gated_layers_keep_the_second_moment():
    """The gain goes to the down-projection, which reads the product of gate and value."""
    x = drawn.normal(64, 512)
    side = nn.dense(512, bias=False)
    composed = nn.serial(nn.parallel(side, side, combine=activax.swiglu), nn.dense(512))
    for layer in (nn.gated_ffn(512, activation=activax.swiglu), composed):
        y = layer.apply(layer.init(KEY, x), x)
        assert 0.93 < jnp.mean(y**2) < 1.07


def test_learned_activations_set_the_gain_too():
    plain, learned = (
        nn.serial(item, nn.dense(4)).init(KEY, X)[1]["weight"]
        for item in (activax.prelu, nn.learned(activax.prelu))
    )
    chex.assert_trees_all_equal(plain, learned)


@pytest.mark.parametrize(
    "layers",
    [
        (nn.serial(nn.dense(4), activax.relu), nn.dense(4)),
        (nn.serial(activax.relu, nn.dropout(0.1)), nn.dense(4)),
        (activax.relu, nn.serial(nn.dropout(0.1), nn.dense(4))),
        (activax.relu, nn.parallel(nn.dense(4))),
    ],
)
def test_the_gain_passes_through_compositions(layers):
    x = np.zeros((1, 4096), np.float32)
    params = nn.serial(*layers).init(KEY, x)
    weight = [leaf for leaf in jax.tree.leaves(params) if leaf.ndim == 2][-1]
    assert float(jnp.std(weight) * weight.shape[0] ** 0.5) == pytest.approx(2**0.5, rel=0.5)
    plain = nn.serial(layers[0], lambda x: x, layers[1]).init(KEY, x)
    without = [leaf for leaf in jax.tree.leaves(plain) if leaf.ndim == 2][-1]
    assert float(jnp.std(weight) / jnp.std(without)) == pytest.approx(2**0.5, rel=0.5)


def test_bound_arrays_are_parameters_of_the_network():
    prelu = activax.prelu.bind(negative_slope=jnp.full(5, 0.25))
    layer = nn.serial(prelu, activax.gelu)
    params = layer.init(KEY, X)
    assert params[0]["prelu"]["negative_slope"].shape == (5,)
    grads = jax.grad(lambda p: jnp.sum(layer.apply(p, X)))(params)
    assert jnp.all(grads[0]["prelu"]["negative_slope"] != 0)
    deeper = nn.serial(nn.dense(5), prelu, nn.dense(2))
    planned = jax.eval_shape(deeper.init, KEY, X)
    assert jax.eval_shape(deeper.apply, planned, X).shape == (8, 2)


def test_mlp_is_dense_activation_dense():
    params = jax.eval_shape(nn.mlp(7, 6, 2, activation=activax.relu).init, KEY, X)
    assert [p["weight"].shape for p in params[::2]] == [(5, 7), (7, 6), (6, 2)]


@pytest.mark.thorough
@pytest.mark.parametrize("unit", [activax.gelu, activax.tanh, nn.learned(activax.prelu)])
def test_critical_networks_keep_the_critical_variance(unit):
    """Inputs of second moment 1 give the critical variance from the first pre-activations on."""
    layer = nn.mlp(*[512] * 8, activation=unit, init="critical")
    x = drawn.normal(32, 100)
    params = layer.init(KEY, x)
    q = {"gelu": 3.561553}.get(getattr(unit, "name", ""), 1.0)
    for depth in (1, 15):
        h = nn.mlp(*[512] * (depth // 2 + 1), activation=unit).apply(params[:depth], x)
        assert jnp.mean(h**2) == pytest.approx(q, rel=0.15)


def test_dense_starts_its_bias_as_it_is_told():
    layer = nn.dense(4096, bias_init=jax.nn.initializers.normal(0.5))
    params = layer.init(KEY, X)
    assert float(jnp.std(params["bias"])) == pytest.approx(0.5, rel=0.1)
    chex.assert_trees_all_equal(params["weight"], nn.dense(4096).init(KEY, X)["weight"])


def test_dense_computes_x_weight_plus_bias():
    params = {"weight": jnp.arange(6.0).reshape(2, 3), "bias": jnp.array([1.0, 0.0, -1.0])}
    y = nn.dense(3).apply(params, jnp.array([1.0, 2.0]))
    np.testing.assert_allclose(y, [7.0, 9.0, 11.0])


def test_layer_norm_in_half_precision_computes_in_single():
    x = (1e3 + jnp.arange(64.0)).astype(jnp.float16)
    layer = nn.layer_norm()
    y = layer.apply(layer.init(KEY, x), x)
    assert y.dtype == jnp.float16
    assert abs(float(jnp.mean(y.astype(jnp.float32) ** 2)) - 1) < 1e-2


def test_layer_norm_of_integers_is_of_floats():
    layer, x = nn.layer_norm(), jnp.array([1, 2, 5])
    y = layer.apply(layer.init(KEY, x), x)
    np.testing.assert_allclose(y, layer.apply(layer.init(KEY, x), x.astype(float)), rtol=1e-6)


@pytest.mark.parametrize(("axis", "shape"), [(None, ()), (1, (3,)), (-1, (4,))])
def test_learned_has_parameters_a_channel(axis, shape):
    x = drawn.normal(2, 3, 4)
    layer = nn.learned(activax.swish.bind(beta=2.0), axis=axis)
    params = layer.init(KEY, x)
    assert params["swish"]["beta"].shape == shape
    np.testing.assert_allclose(layer.apply(params, x), activax.swish(x, 2.0), rtol=1e-6)
    assert jax.grad(lambda p: layer.apply(p, x).sum())(params)["swish"]["beta"].shape == shape


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16, jnp.float32])
def test_parameters_and_results_have_the_dtype_of_the_example(dtype):
    x, layer = X.astype(dtype), network()
    params = jax.eval_shape(layer.init, KEY, x)
    assert {leaf.dtype for leaf in jax.tree.leaves(params)} == {jnp.dtype(dtype)}
    assert jax.eval_shape(layer.apply, params, x, key=KEY).dtype == dtype


def test_a_layer_may_be_two_plain_functions():
    scale = nn.Layer(lambda key, example: {"s": jnp.ones(())}, lambda params, x: params["s"] * x)
    layer = nn.serial(scale, activax.relu)
    assert layer.apply(layer.init(KEY, X), X, key=KEY).shape == X.shape


DENSE = nn.dense(3)
PARAMS = drawn.params(DENSE, X)
BAD = [
    (lambda: nn.dense(0), ValueError, "dense: features must be a positive integer; got 0"),
    (lambda: nn.dense(2.5), ValueError, "dense: features must be a positive integer; got 2.5"),
    (lambda: DENSE.init(KEY, jnp.zeros(())), ValueError, "dense: the example's last"),
    (lambda: DENSE.apply(PARAMS, jnp.zeros((8, 4))), ValueError,
     r"dense: the last axis of x must be 5, .*got x of shape \(8, 4\)"),
    (lambda: nn.dense(3, bias=False, bias_init=jnp.zeros), ValueError,
     "dense: bias_init initialises a bias, but bias=False; leave one of them out"),
    (lambda: nn.mlp(3, activation=activax.relu, init="he"), ValueError,
     "mlp: init must be 'critical', 'lecun', 'siren' or a function of initializers; got 'he'"),
    (lambda: nn.mlp(3, activation=activax.relu, init=3), TypeError,
     "mlp: init must be 'critical', .* or a function of initializers; got int"),
    (lambda: nn.mlp(3, activation=activax.softplus, init="critical"), ValueError,
     "critical: activax.softplus has no critical point at q = 1"),
    (lambda: nn.mlp(3, activation=nn.layer_norm(), init="critical"), TypeError,
     "critical: needs a function; got Layer"),
    (lambda: nn.dropout(1.0), ValueError, "dropout: rate must be at least 0 and below 1; got 1.0"),
    (lambda: nn.layer_norm(epsilon=-1), ValueError, "layer_norm: epsilon must be finite and no"),
    (lambda: nn.layer_norm().apply({"scale": jnp.ones(2), "bias": jnp.ones(2)}, X), ValueError,
     "layer_norm: the last axis of x must be 2"),
    (lambda: nn.serial(3), TypeError, "serial: layer 0: must be a Layer, an activation or a"),
    (lambda: nn.serial(activax.swiglu), TypeError, "activax.swiglu needs two arrays"),
    (lambda: nn.serial(DENSE).apply((PARAMS, PARAMS), X), ValueError,
     "serial: has 1 layers, but the parameters are of 2"),
    (lambda: nn.parallel(DENSE).apply((), X), ValueError, "parallel: has 1 layers"),
    (lambda: nn.residual(DENSE).apply((PARAMS,), X), ValueError,
     r"residual: the layers must keep the shape of x; they map \(8, 5\) to \(8, 3\)"),
    (lambda: nn.learned(activax.relu), TypeError, "learned: needs an activation with array"),
    (lambda: nn.learned(activax.prelu, axis=-1).apply(
        {"prelu": {"negative_slope": jnp.ones(4)}}, X), ValueError,
     r"learned: negative_slope of prelu has shape \(4,\), but axis -1 of x has size 5"),
    (lambda: nn.layer_norm().init(KEY, jnp.zeros(())), ValueError, "layer_norm: axis -1 is out of"),
    (lambda: nn.learned(activax.prelu, axis=5).init(KEY, X), ValueError, "learned: axis 5 is out"),
    (lambda: nn.mlp(activation=activax.relu), ValueError, "mlp: needs at least one size"),
    (lambda: nn.mlp(3, -1, activation=activax.relu), ValueError, "mlp: each size must be a pos"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_errors_name_function_argument_and_rule(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_errors_in_a_network_say_where():
    layer = nn.serial(nn.dense(4), nn.residual(nn.dense(4)))
    params = drawn.params(layer, X)
    wrong = (params[0], ({"weight": jnp.zeros((2, 4)), "bias": jnp.zeros(4)},))
    with pytest.raises(ValueError, match="dense: the last axis") as caught:
        layer.apply(wrong, X)
    assert list(itertools.chain(caught.value.__notes__)) == [
        "in layer 0 of residual",
        "in layer 1 of serial",
    ]
