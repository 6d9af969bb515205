"""Feed-forward layers: values, arrays kept for the backward pass, and every transformation."""

import functools

import chex
import drawn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawn import KEY
from jax import lax

import activax
from activax import nn
from activax.bench import kept, matrix_flops

X = drawn.normal(8, 16)
HIDDEN = 64
SAVE_ACTIVATIONS = jax.checkpoint_policies.save_only_these_names("activax_activation")

BOUND = activax.prelu.bind(negative_slope=np.full(HIDDEN, 0.25, np.float32))
LEARNED = nn.learned(activax.swish, axis=-1)
CLAMPED = activax.clamped_swiglu.bind(alpha=1.5, limit=0.5)


def plain(activation):
    return nn.ffn(HIDDEN, activation=activation), nn.serial(
        nn.dense(HIDDEN), activation, nn.dense(16)
    )


def evaluating(layer):
    """Return a layer that draws random numbers as a layer that draws none."""
    apply = functools.partial(layer.apply, key=None)
    return nn.Layer(layer.init, apply, stochastic=False)


def gated(activation, bias):
    side = nn.dense(HIDDEN, bias=bias)
    return nn.gated_ffn(HIDDEN, activation=activation, bias=bias), nn.serial(
        nn.parallel(side, side, combine=activation), nn.dense(16, bias=bias)
    )


LAYERS = {
    **{a.name: plain(a) for a in (activax.gelu, activax.relu, activax.silu, activax.softmax)},
    "function": plain(jnp.sin),
    "bound": plain(BOUND),
    "learned": plain(LEARNED),
    "random": tuple(map(evaluating, plain(activax.rrelu))),
    "swiglu": gated(activax.swiglu, bias=False),
    "reglu": gated(activax.reglu, bias=True),
    "situ_glu": gated(activax.situ_glu, bias=False),
    "clamped": gated(CLAMPED, bias=True),
    "bilinear": gated(lambda gate, value: gate * value, bias=False),
}
each_layer = pytest.mark.parametrize(("layer", "composed"), LAYERS.values(), ids=LAYERS)


def parts(params):
    """Return the parameters of a feed-forward layer in the form of its composition."""
    down = params["down"]
    if "gate" in params:
        return (params["gate"], params["up"]), down
    return params["up"], params.get("activation", {}), down


def planned(layer, x=X):
    """Return the shapes of the parameters."""
    return jax.eval_shape(layer.init, KEY, x)


def close(a, b):
    chex.assert_trees_all_close(a, b, rtol=1e-4, atol=1e-5)


def products(f, *args):
    """Count the floating-point operations of the matrix products in a gradient."""

    def loss(*args):
        return jnp.sum(f(*args) ** 2)

    return matrix_flops(jax.grad(loss, argnums=tuple(range(len(args)))), *args)


@pytest.mark.thorough
@each_layer
def test_values_and_gradients_are_those_of_the_composition(layer, composed):
    def value_and_slopes(apply, params):
        out, vjp = jax.vjp(apply, params, X)
        return out, vjp(out)

    @jax.jit
    def both(params):
        return value_and_slopes(layer.apply, params), value_and_slopes(
            lambda p, x: composed.apply(parts(p), x), params
        )

    close(*both(drawn.params(layer, X)))


@pytest.mark.thorough
@each_layer
def test_parameters_have_the_shapes_and_variances_of_the_composition(layer, composed):
    ours, theirs = parts(layer.init(KEY, X)), composed.init(KEY, X)
    chex.assert_trees_all_equal_shapes_and_dtypes(ours, theirs)
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        if a.ndim == 2:
            assert float(jnp.std(a) / jnp.std(b)) == pytest.approx(1, rel=0.15)


@pytest.mark.thorough
@each_layer
@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_only_preactivations_are_kept(layer, composed, dtype):
    """A gated unit keeps 64 bits a hidden element in float32, others 32; in bfloat16, half."""
    x = X.astype(dtype)
    params = planned(layer, x)
    number = 2 if "gate" in params else 1
    arrays = kept(layer.apply, params, x)
    assert [(a.shape, a.dtype) for a in arrays] == [((8, HIDDEN), dtype)] * number


@each_layer
def test_a_scan_stacks_only_preactivations_and_inputs(layer, composed):
    params = jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct((3, *leaf.shape), leaf.dtype), planned(layer)
    )

    def scanned(params, x):
        return lax.scan(lambda x, p: (x + layer.apply(p, x), None), x, params)[0]

    number = 2 if "gate" in params else 1
    stacked = [a.shape for a in kept(scanned, params, X)]
    assert sorted(stacked) == [(3, 8, 16)] + [(3, 8, HIDDEN)] * number


@pytest.mark.thorough
@each_layer
def test_no_product_is_repeated(layer, composed):
    params = planned(layer)
    assert products(layer.apply, params, X) == products(
        lambda p, x: composed.apply(parts(p), x), params, X
    )


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["softmax", "bound", "clamped"])
def test_transformations(name):
    """Take an activation along an axis, one with parameters of its own, and a gated one."""
    layer, composed = LAYERS[name]
    params, one = drawn.params(layer, X), jnp.ones_like(X)

    def results(apply):
        def f(params, x):
            return jnp.sum(apply(params, x) ** 2)

        def along(t):
            return f(params, X + t)

        def scanned(params, x):
            return jnp.sum(lax.scan(lambda x, _: (x + apply(params, x), None), x, length=2)[0])

        remat = jax.checkpoint(f, policy=jax.checkpoint_policies.dots_saveable)
        return {
            "jvp": jax.jvp(apply, (params, X), (params, one)),
            "hessian": jax.hessian(along)(0.5),
            "vmap": jax.vmap(jax.grad(f), (None, 0))(params, jnp.stack([X, -X])),
            "remat": jax.grad(remat)(params, X),
            "scan": jax.grad(scanned)(params, X),
        }

    ours = jax.jit(lambda: results(layer.apply))()
    close(ours, jax.jit(lambda: results(lambda p, x: composed.apply(parts(p), x)))())


# Policies


def block_kept(policy, layer, params):
    """Return the arrays that a whole block keeps; its layer reads tanh(x) in place of x."""
    block = jax.checkpoint(lambda p, x: x + layer.apply(p, jnp.tanh(x)), policy=policy)
    return kept(block, params, X)


@pytest.mark.thorough
@each_layer
def test_policies_of_a_block(layer, composed):
    params = planned(layer)
    number = 2 if "gate" in params else 1
    for policy, arrays in (
        (None, 0),
        (nn.save_preactivations, number),
        (nn.offload_preactivations, number),
        (SAVE_ACTIVATIONS, 1),
    ):
        assert [a.shape for a in block_kept(policy, layer, params)] == [(8, HIDDEN)] * arrays


def test_offloaded_preactivations_are_on_the_host():
    layer = nn.gated_ffn(HIDDEN)
    params = drawn.params(layer, X)
    for policy, offloaded in ((nn.save_preactivations, 0), (nn.offload_preactivations, 2)):
        block = jax.checkpoint(layer.apply, policy=policy)
        jaxpr = jax.make_jaxpr(lambda p, x, f=block: jax.vjp(f, p, x)[1])(params, X).jaxpr
        spaces = [str(var.aval.memory_space) for var in jaxpr.outvars]
        assert sum("Host" in space for space in spaces) == offloaded
        close(
            jax.jit(jax.grad(lambda p, f=block: jnp.sum(f(p, X))))(params), gradient(layer, params)
        )


def gradient(layer, params):
    return jax.jit(jax.grad(lambda p: jnp.sum(layer.apply(p, X))))(params)


def test_policy_of_the_layer_itself():
    layer = nn.ffn(HIDDEN, policy=SAVE_ACTIVATIONS)
    params = drawn.params(layer, X)
    assert [a.shape for a in kept(layer.apply, params, X)] == [(8, HIDDEN)] * 2
    close(gradient(layer, params), gradient(nn.ffn(HIDDEN), params))


def test_prevent_cse_changes_no_value():
    layer = nn.gated_ffn(HIDDEN, prevent_cse=False)
    params = drawn.params(layer, X)
    text = str(jax.make_jaxpr(lambda p: gradient(layer, p))(params))
    assert "prevent_cse=False" in text
    assert "prevent_cse=True" not in text
    close(gradient(layer, params), gradient(nn.gated_ffn(HIDDEN), params))


# Layers in networks


def test_a_key_reaches_the_activation():
    layer = nn.serial(nn.ffn(HIDDEN, activation=activax.rrelu))
    params = drawn.params(layer, X)
    apply = jax.jit(layer.apply)
    first, again, other = (apply(params, X, key=jax.random.key(i)) for i in (0, 0, 1))
    assert jnp.all(first == again)
    assert jnp.any(first != other)


@pytest.mark.thorough
def test_the_gain_is_that_of_what_the_weights_read():
    def spread(layer, name):
        params = nn.serial(activax.relu, layer).init(KEY, jnp.zeros((1, 1024)))[1]
        weight = params[name]["weight"]
        return float(jnp.std(weight)) * weight.shape[0] ** 0.5

    relu = 2**0.5
    tanh = activax.theory.gain(activax.tanh)
    ordinary, unit = nn.ffn(1024, activation=activax.tanh), nn.gated_ffn(1024)
    assert spread(ordinary, "up") == pytest.approx(relu, rel=0.01)
    assert spread(ordinary, "down") == pytest.approx(tanh, rel=0.01)
    assert spread(unit, "gate") == pytest.approx(relu, rel=0.01)
    assert spread(unit, "down") == pytest.approx(activax.theory.gain(activax.swiglu), rel=0.01)
    plain = nn.gated_ffn(1024, activation=lambda gate, value: gate * value)
    assert spread(plain, "down") == pytest.approx(1, rel=0.01)
    constant = nn.ffn(8, weight_init=jax.nn.initializers.constant(2.0)).init(KEY, X)
    assert all(jnp.all(constant[name]["weight"] == 2) for name in ("up", "down"))


def test_sizes_and_biases():
    assert jax.tree.map(jnp.shape, nn.ffn(HIDDEN, 5).init(KEY, X)) == {
        "up": {"weight": (16, HIDDEN), "bias": (HIDDEN,)},
        "down": {"weight": (HIDDEN, 5), "bias": (5,)},
    }
    assert jax.tree.map(jnp.shape, nn.gated_ffn(HIDDEN).init(KEY, X[0])) == {
        "gate": {"weight": (16, HIDDEN)},
        "up": {"weight": (16, HIDDEN)},
        "down": {"weight": (HIDDEN, 16)},
    }


BAD = [
    (lambda: nn.ffn(0), ValueError, "ffn: hidden must be a positive integer; got 0"),
    (lambda: nn.gated_ffn(8, 2.5), ValueError, "gated_ffn: features must be a positive integer"),
    (lambda: nn.ffn(8, activation=activax.swiglu), TypeError,
     "ffn: activation must take one array; activax.swiglu is gated: use gated_ffn"),
    (lambda: nn.ffn(8, activation=3), TypeError, "ffn: activation: must be a Layer, an activation"),
    (lambda: nn.gated_ffn(8, activation=activax.silu), TypeError,
     "gated_ffn: activation must be gated, such as activax.swiglu; activax.silu is elementwise"),
    (lambda: nn.gated_ffn(8, activation=3), TypeError,
     "gated_ffn: activation must be a gated activation or a function of gate and value; got int"),
    (lambda: nn.ffn(8).init(KEY, jnp.zeros(())), ValueError, "ffn: the example's last axis must"),
    (lambda: nn.gated_ffn(8).apply(nn.gated_ffn(8).init(KEY, X), X[:, :3]), ValueError,
     r"gated_ffn: the last axis of x must be 16, .*got x of shape \(8, 3\)"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_errors_name_function_argument_and_rule(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.thorough
@pytest.mark.parametrize("bias", [False, True])
def test_a_fused_layer_is_the_layer_of_its_columns(bias):
    layer, fused = (nn.gated_ffn(HIDDEN, bias=bias, fused=fused) for fused in (False, True))
    params = drawn.params(layer, X)

    def columns(gate, up):
        return jnp.stack([gate, up], -1).reshape(*gate.shape[:-1], 2 * HIDDEN)

    gate_up = jax.tree.map(columns, params["gate"], params["up"])
    joined = {"gate_up": gate_up, "down": params["down"]}

    def with_slope(layer, params):
        y, pull = jax.vjp(functools.partial(layer.apply, params), X)
        return y, *pull(jnp.cos(y))

    close(jax.jit(with_slope, static_argnums=0)(fused, joined), with_slope(layer, params))
    shapes = jax.tree.map(lambda leaf: leaf.shape, planned(fused))
    assert jax.tree.map(jnp.shape, joined) == shapes
    assert [leaf.shape for leaf in kept(fused.apply, joined, X)] == [(8, 2 * HIDDEN)]
