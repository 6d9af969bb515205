"""Every activation under every transformation of JAX, and inside every structure that JAX takes."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export, lax
from jax.ad_checkpoint import checkpoint_name
from numpy.testing import assert_allclose

import activax

X = np.linspace(-2.9, 2.9, 20, dtype=np.float32).reshape(5, 4)  # both signs, no kinks
POLICIES = (
    jax.checkpoint_policies.nothing_saveable,
    jax.checkpoint_policies.everything_saveable,
    jax.checkpoint_policies.dots_with_no_batch_dims_saveable,
    jax.checkpoint_policies.save_only_these_names("input"),
)


def close(a, b):
    jax.tree.map(lambda x, y: assert_allclose(x, y, rtol=1e-5, atol=1e-6), a, b)


def inputs(activation):
    if activation.kind == "gated":
        return X, np.cos(X)
    return (X if activation.domain[0] < 0 else np.abs(X),)


def learned(slope=0.25):
    return activax.prelu.bind(negative_slope=jnp.full(4, slope))


# Transformations


@pytest.mark.thorough
@pytest.mark.filterwarnings(
    "ignore:Some donated buffers"
)  # a reduction cannot reuse donated buffers
def test_jit_may_donate(activation):
    x, *rest = map(jnp.array, inputs(activation))
    expected = activation(x, *rest)
    close(jax.jit(activation, donate_argnums=0)(x, *rest), expected)
    assert x.is_deleted() or expected.shape != x.shape


@pytest.mark.thorough
def test_linearize_and_transpose(activation):
    def by_linearize(*x):
        out, linear = jax.linearize(activation, *x)
        return out, linear(*x), jax.linear_transpose(linear, *x)(out)

    def by_jvp_and_vjp(*x):
        out, vjp = jax.vjp(activation, *x)
        return *jax.jvp(activation, x, x), vjp(out)

    close(*jax.jit(lambda *x: (by_linearize(*x), by_jvp_and_vjp(*x)))(*inputs(activation)))


def forward_over_reverse(f, x, t, ct):
    """Return the derivative along t of the pullback of ct."""
    return jax.jvp(lambda *x: jax.vjp(f, *x)[1](ct), x, t)[1]


def reverse_over_forward(f, x, t, ct):
    """Return the pullback of ct through the derivative along t."""
    return jax.vjp(lambda *x: jax.jvp(f, x, t)[1], *x)[1](ct)


@pytest.mark.thorough
def test_forward_over_reverse(activation):
    """Both orders agree, and, unless slopes are surrogates, agree with the plain formula.

    The plain formula is computed in float64: JAX's slope of a saturated tanh loses its digits.
    """
    x = inputs(activation)
    t = tuple(np.sin(7 * a + np.float32(i)) for i, a in enumerate(x))
    out = jax.eval_shape(activation, *x)
    ct = np.cos(np.arange(out.size, dtype=np.float32)).reshape(out.shape)
    ways = forward_over_reverse, reverse_over_forward
    one, other = jax.jit(lambda *given: [way(activation, *given) for way in ways])(x, t, ct)
    close(one, other)
    if activation.surrogate is None:
        with jax.enable_x64(True):
            wide = jax.tree.map(np.float64, (x, t, ct))
            close(one, jax.jit(functools.partial(forward_over_reverse, activation.formula))(*wide))


@pytest.mark.thorough
def test_checkpoint(activation):
    """The gradient is the same for every checkpoint policy."""

    def loss(*x):
        hidden = activation(*(checkpoint_name(a @ jnp.eye(4), "input") for a in x))
        return jnp.sum(jnp.sin(hidden))

    def gradients(*x):
        remats = [jax.checkpoint(loss, policy=policy) for policy in POLICIES]
        return [jax.grad(f, argnums=tuple(range(len(x))))(*x) for f in (loss, *remats)]

    expected, *results = jax.jit(gradients)(*inputs(activation))
    close(results, [expected] * len(POLICIES))


@pytest.mark.thorough
def test_export(activation):
    """An artefact serves any batch size and three platforms, and is differentiable when loaded."""
    pytest.importorskip("flatbuffers", reason="jax.export serialises with flatbuffers")
    x = inputs(activation)
    shapes = [jax.ShapeDtypeStruct(export.symbolic_shape("batch, 4"), jnp.float32)] * len(x)
    exported = export.export(jax.jit(activation), platforms=("cpu", "cuda", "tpu"))(*shapes)
    restored = export.deserialize(exported.serialize(vjp_order=1))

    def out_and_pullback(f, *x):
        out, vjp = jax.vjp(f, *x)
        return out, vjp(out)

    ways = restored.call, activation
    close(*jax.jit(lambda *x: [out_and_pullback(way, *x) for way in ways])(*x))


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["relu", "silu", "swiglu", "softmax"])
def test_export_of_bfloat16(name):
    """An artefact serves all platforms, although activations round differently on a CPU."""
    pytest.importorskip("flatbuffers", reason="jax.export serialises with flatbuffers")
    activation = activax.get(name)
    x = [jnp.asarray(a, jnp.bfloat16) for a in inputs(activation)]
    exported = export.export(jax.jit(activation), platforms=("cpu", "cuda", "tpu"))(*x)
    out, vjp = jax.vjp(export.deserialize(exported.serialize(vjp_order=1)).call, *x)
    expected, expected_vjp = jax.vjp(activation, *x)
    jax.tree.map(np.testing.assert_array_equal, (out, vjp(out)), (expected, expected_vjp(out)))


@pytest.mark.thorough
def test_eval_shape(activation):
    shapes = [jax.ShapeDtypeStruct((7, 4), jnp.bfloat16) for _ in inputs(activation)]
    out = jax.eval_shape(activation, *shapes)
    assert out.dtype == jnp.bfloat16
    assert out.shape == activation(*(jnp.zeros(s.shape, s.dtype) for s in shapes)).shape


def test_control_flow():
    branches = [activax.relu, activax.gelu, learned()]
    for i, branch in enumerate(branches):
        close(lax.switch(i, branches, X), branch(X))
    close(lax.cond(True, activax.relu, activax.gelu, X), activax.relu(X))
    close(lax.map(activax.gelu, X), activax.gelu(X))


# Structures


def test_static_argument():
    """Equal activations share a compilation."""
    traced = []

    def apply(activation, x):
        traced.append(activation)
        return activation(x)

    apply = jax.jit(apply, static_argnums=0)
    for activation in (activax.elu, activax.elu.bind(alpha=0.5), activax.elu.bind(alpha=0.5)):
        close(apply(activation, X), activation(X))
    assert traced == [activax.elu, activax.elu.bind(alpha=0.5)]


@pytest.mark.thorough
def test_argument(activation):
    x = inputs(activation)
    close(jax.jit(lambda f, x: f(*x))(activation, x), activation(*x))


def test_argument_with_an_array():
    """The values of the array are traced, so new values do not compile again."""
    traced = []

    @jax.jit
    def apply(activation, x):
        traced.append(activation)
        return activation(x)

    for slope in (0.1, 0.2):
        close(apply(learned(slope), X), activax.prelu(X, slope))
    assert len(traced) == 1


def test_tree_map():
    tree = {"fixed": activax.gelu, "learned": [learned(1.0)], "bound": activax.elu.bind(alpha=2.0)}
    doubled = jax.tree.map(lambda leaf: 2 * leaf, tree)
    assert doubled["fixed"] is activax.gelu
    assert doubled["bound"] == activax.elu.bind(alpha=2.0)
    close(doubled["learned"][0](X), activax.prelu(X, 2.0))
    ((path, _),) = jax.tree.leaves_with_path(tree)
    assert jax.tree_util.keystr(path) == "['learned'][0].negative_slope"


def test_dictionary_key():
    table = {activax.gelu: "gelu", activax.elu.bind(alpha=0.5): "half"}
    assert table[jax.tree.map(jnp.sin, activax.gelu)] == "gelu"
    assert table[activax.elu.bind(alpha=0.5)] == "half"
    assert activax.elu not in table


@pytest.mark.parametrize("make", [lambda: activax.tanh, learned], ids=["tanh", "learned prelu"])
def test_loop_carries(make):
    def step(carry, _=None):
        activation, x, steps = carry
        return (activation, activation(x), steps + 1), None

    start = make(), X, 0
    expected = make(), make()(make()(make()(X))), 3
    close(lax.scan(step, start, length=3)[0], expected)
    close(lax.while_loop(lambda carry: carry[2] < 3, lambda carry: step(carry)[0], start), expected)


def test_stacked_layers():
    """An array with a leading axis holds the activations of several layers, for scan and vmap."""
    slopes = jnp.linspace(0.1, 0.3, 3)
    layers = activax.prelu.bind(negative_slope=slopes)
    each = [activax.prelu.bind(negative_slope=slope) for slope in slopes]
    close(lax.scan(lambda x, f: (f(x), None), X, layers)[0], each[2](each[1](each[0](X))))
    close(jax.vmap(lambda f, x: f(x), (0, None))(layers, X), jnp.stack([f(X) for f in each]))


def test_donated_arrays():
    activation = learned()
    update = jax.jit(lambda f: jax.tree.map(lambda leaf: leaf + 1, f), donate_argnums=0)
    close(update(activation)(X), activax.prelu(X, 1.25))
    assert all(leaf.is_deleted() for leaf in jax.tree.leaves(activation))


def test_eval_shape_of_an_initialiser():
    """`jax.eval_shape` of an initialiser has the structure of the model."""
    plan = jax.eval_shape(learned)
    assert jax.tree.structure(plan) == jax.tree.structure(learned())
    out = jax.eval_shape(lambda f, x: f(x), plan, X)
    assert out.shape == X.shape
