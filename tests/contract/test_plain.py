"""`activax.plain`: functions without custom rules, for Taylor mode, converters and exporters."""

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental.jet import jet

import activax

X = jnp.array([[0.3, -0.7, 1.1, 0.6]])
CUSTOM = re.compile(r"\bcustom_(jvp|vjp|vmap)")


def operations(f, *args):
    """Return the number of StableHLO operations in the lowered function."""
    return len(re.findall(r"\b(?:stablehlo|chlo)\.\w+", jax.jit(f).lower(*args).as_text()))


def inputs_of(activation):
    return [jnp.abs(X) if activation.domain[0] == 0 else X] * activation.inputs


@pytest.mark.thorough
def test_no_rule_is_left_and_values_are_the_same(activation):
    plain, x = activax.plain(activation), inputs_of(activation)
    assert not CUSTOM.search(str(jax.make_jaxpr(plain)(*x)))
    np.testing.assert_allclose(jax.jit(plain)(*x), activation(*x), rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_16_bit_inputs_are_rounded_once(dtype):
    x = jnp.linspace(-4, 4, 101, dtype=dtype)
    got = activax.plain(activax.gelu)(x)
    assert got.dtype == dtype
    want = activax.gelu(x)
    close = np.isclose(got.astype("float32"), want.astype("float32"), rtol=jnp.finfo(dtype).eps)
    assert close.all()


def test_taylor_mode_needs_it():
    with pytest.raises(Exception, match="Tracer|process_custom_jvp_call"):  # by JAX's version
        jet(activax.gelu, (X,), ([jnp.ones_like(X)] * 2,))
    value, (first, second) = jet(
        activax.plain(activax.gelu), (X,), ([jnp.ones_like(X), jnp.zeros_like(X)],)
    )
    np.testing.assert_allclose(value, activax.gelu(X), rtol=1e-6)
    np.testing.assert_allclose(first, jax.vmap(jax.vmap(jax.grad(activax.gelu)))(X), rtol=1e-5)
    curve = jax.vmap(jax.vmap(jax.grad(jax.grad(activax.gelu))))(X)
    np.testing.assert_allclose(second, curve, rtol=1e-5)


def ours():
    nn = activax.nn
    net = nn.serial(
        nn.ffn(8, activation=activax.silu),
        nn.gated_ffn(8, activation=activax.swiglu),
        nn.learned(activax.prelu),
        nn.layer_norm(),
        nn.rms_norm(),
        activax.lean(activax.gelu),
        nn.dense(1),
    )
    params = net.init(jax.random.key(0), X)
    return lambda x: net.apply(params, x)


def linen():
    from flax import linen

    net = linen.Sequential([linen.Dense(4), activax.gelu, linen.Dense(1), activax.tanh])
    params = net.init(jax.random.key(0), X)
    return lambda x: net.apply(params, x)


def nnx():
    from flax import nnx

    rngs = nnx.Rngs(0)
    return nnx.Sequential(
        nnx.Linear(4, 4, rngs=rngs), activax.mish, nnx.Linear(4, 1, rngs=rngs), activax.softplus
    )


def equinox():
    import equinox

    net = equinox.nn.MLP(4, 1, 4, 1, activation=activax.silu, key=jax.random.key(0))
    return equinox.filter_jit(lambda x: jax.vmap(net)(x))


def haiku():
    import haiku

    net = haiku.without_apply_rng(
        haiku.transform(lambda x: haiku.nets.MLP([4, 1], activation=activax.elu)(x))
    )
    params = net.init(jax.random.key(0), X)
    return lambda x: net.apply(params, x)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("module", "make"),
    [("jax", ours), ("flax", linen), ("flax", nnx), ("equinox", equinox), ("haiku", haiku)],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_networks_of_every_library(module, make, standard_promotion):
    pytest.importorskip(module)
    with jax.numpy_rank_promotion("allow"):
        network = make()
        want = network(X)  # what was traced with rules serves no plain function, and the reverse
        plain = activax.plain(network)
        assert CUSTOM.search(str(jax.make_jaxpr(network)(X)))
        assert not CUSTOM.search(str(jax.make_jaxpr(plain)(X)))
        value, (slope,) = jet(plain, (X,), ([jnp.ones_like(X)],))
        _, along = jax.jvp(network, (X,), (jnp.ones_like(X),))
        assert CUSTOM.search(str(jax.make_jaxpr(network)(X)))
    np.testing.assert_allclose(value, want, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(slope, along, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("ours", "peer"),
    [
        (activax.gelu, lambda x: jax.nn.gelu(x, approximate=False)),
        (activax.tanh, jnp.tanh),
        (activax.silu, jax.nn.silu),
        (activax.sigmoid, jax.nn.sigmoid),
        (activax.exponential, jnp.exp),
    ],
    ids=["gelu", "tanh", "silu", "sigmoid", "exponential"],
)
def test_exporters_meet_no_more_operations_than_of_jax_nn(ours, peer):
    assert operations(activax.plain(ours), X) <= operations(peer, X)


def test_composites_carry_the_name(activation):
    lowered = jax.jit(activax.plain(activation, composite=True)).lower(*inputs_of(activation))
    assert f'stablehlo.composite "activax.{activation.name}"' in lowered.as_text()


def test_a_composite_computes_the_same():
    got = jax.jit(activax.plain(activax.swiglu, composite=True))(X, X)
    np.testing.assert_allclose(got, activax.swiglu(X, X), rtol=1e-6)


def test_what_cannot_be_called_is_refused():
    with pytest.raises(TypeError, match=r"plain: f must be an activation or a function .*got int"):
        activax.plain(3)


def test_no_nan_constant_is_selected_from(activation):
    """Check programs for NaN constants, which fail under `jax_debug_nans` without compilation."""
    x, *others = inputs_of(activation)

    def total(x):
        return jnp.sum(activation(x, *others))

    for f in (total, jax.grad(total), jax.grad(lambda x: jnp.sum(jax.grad(total)(x)))):
        assert not re.search(r"\bnan:f", str(jax.make_jaxpr(f)(x)))


@pytest.mark.thorough
@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("name", ["abs", "log1mexp", "relu_n", "hard_shrink", "clamped_swiglu"])
def test_debug_nans_passes_on_ordinary_inputs(name, compiled):
    activation = activax.get(name)
    x, *others = inputs_of(activation)

    def total(x):
        return jnp.sum(activation(x, *others))

    with jax.debug_nans(True), jax.disable_jit(not compiled):
        assert jnp.isfinite(jax.value_and_grad(total)(x)[1]).all()
        with pytest.raises(FloatingPointError):
            jax.grad(total)(x.at[0, 0].set(jnp.nan)) if compiled else activation(x * jnp.nan)


@pytest.mark.thorough
def test_16_bit_inputs_pass_without_compilation(activation):
    """Under `jax.disable_jit`, as people debug, value and gradient are those of a program."""

    def total(*arrays):
        return jnp.sum(activation(*arrays).astype("float32"))

    for dtype in ("bfloat16", "float16"):
        x = [array.astype(dtype) for array in inputs_of(activation)]
        want = activation(*x), jax.grad(total)(*x)
        with jax.disable_jit(), jax.debug_nans(True):
            got = activation(*x), jax.grad(total)(*x)
        for a, b in zip(got, want, strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_allclose(
                a.astype("float32"), b.astype("float32"), rtol=4e-2, atol=1e-3
            )


def test_a_conversion_passes_without_compilation():
    """The conversion is a primitive, whose evaluation must not compile a program of itself."""
    with jax.disable_jit():
        out = activax.relu(jnp.array([1.5, -2.0], "bfloat16"))
    assert out.dtype == "bfloat16"
    assert out.tolist() == [1.5, 0.0]
