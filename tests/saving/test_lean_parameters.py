"""Lean activations are exact in the whole range of each parameter, or keep more."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from representatives import marks, of_each_signature

import activax
from activax import nn
from activax.bench import kept

ELEMENTWISE = [a for a in activax.catalog.values() if a.kind == "elementwise"]
PARAMETERS = [
    pytest.param(a, name, id=f"{a.name}-{name}", marks=mark)
    for a, mark in marks(ELEMENTWISE, of_each_signature).items()
    for name in a.trainable
]
LEANER = [case for case in PARAMETERS if activax.lean(case.values[0]).keep]
X = np.linspace(-4, 4, 33, dtype=np.float32)[:, None]
NUMBERS = (-3.0, -0.5, 0.0, 0.5, 3.0)


def exact(activation):
    """Return the lean activations of every policy with exact residuals."""
    policies = activax.policies(activation)
    return [activax.lean(activation, p) for p in policies if not p.startswith("bits")]


def value_and_slopes(f, x, p):
    out, vjp = jax.vjp(f, x, p)
    return out, *vjp(jnp.cos(out))


def assert_same(lean, got, want):
    """Assert equality; the slope by the input may err if it comes from a rounded output."""
    rounded = lean.keep.startswith("output")
    np.testing.assert_array_equal(got[0], want[0])
    np.testing.assert_allclose(got[1], want[1], rtol=0, atol=2e-3 if rounded else 0)
    np.testing.assert_allclose(got[2], want[2], rtol=1e-6)


@pytest.mark.thorough
@pytest.mark.parametrize(("activation_", "name"), PARAMETERS)
def test_arrays(activation_, name):
    """The parameter is traced, with a channel for each number: both signs and 0."""
    p = jnp.array([number for number in NUMBERS if number in activation_.ranges[name]])[None]
    leans = exact(activation_)

    @jax.jit
    def results(x, p):
        def of(f):
            return value_and_slopes(lambda x, p: f(x, **{name: p}), x, p)

        return of(activation_), [of(f) for f in leans]

    want, gots = results(jnp.broadcast_to(X, (len(X), p.size)), p)
    for lean, got in zip(leans, gots, strict=True):
        assert_same(lean, got, want)


@pytest.mark.thorough
@pytest.mark.parametrize(("activation_", "name"), LEANER)
def test_numbers(activation_, name):
    """A number may be bound before or after `lean`, or passed in the call.

    A policy that is wrong for the number gives way to another policy.
    """
    lean = activax.lean(activation_)
    calls = [
        (number, f)
        for number in NUMBERS[::2]
        if number in activation_.ranges[name]
        for f in (
            *exact(activation_.bind(**{name: number})),
            lean.bind(**{name: number}),
            functools.partial(lean, **{name: number}),
        )
    ]

    @jax.jit
    def results(x):
        def slope(f):
            return jax.jvp(f, (x,), (jnp.ones_like(x),))

        return [(slope(activation_.bind(**{name: n})), slope(f)) for n, f in calls]

    for want, got in results(np.append(X.ravel(), np.float32([-np.inf, np.inf]))):
        np.testing.assert_array_equal(got[0], want[0])
        np.testing.assert_allclose(got[1], want[1], rtol=0, atol=2e-3)


def extra_bits(f, alpha):
    """Return the bits an element that reverse mode keeps beside the input of the product."""
    x, w = jax.ShapeDtypeStruct((64, 64), "bfloat16"), jax.ShapeDtypeStruct((64, 64), "bfloat16")
    arrays = kept(lambda x, w: f(x @ w, alpha) @ w, x, w)
    return 8 * sum(array.nbytes for array in arrays if array.size > 1) / x.size - 16


def test_elu_keeps_a_bit_where_the_output_does_not_tell_the_side():
    lean = activax.lean(activax.elu)
    assert jax.grad(activax.lean(activax.elu.bind(alpha=-2.0)))(-1.0) == pytest.approx(
        -0.7357588823
    )
    assert [extra_bits(lean, a) for a in (1.0, 0.0, -2.0, jnp.ones(()))] == [0, 0, 1, 1]
    assert activax.lean(activax.elu.bind(alpha=-2.0)).keep == "output+branch"
    assert activax.lean(activax.elu.bind(alpha=jnp.array(2.0))).keep == "output+branch"
    bound = lean.bind(alpha=jnp.array([-2.0, 2.0]))
    slope = jax.grad(lambda x: bound(x).sum())(-jnp.ones(2))
    np.testing.assert_allclose(slope, np.exp(-1) * np.array([-2.0, 2.0]), rtol=1e-6)
    for alpha in (-2.0, jnp.array(2.0)):
        with pytest.raises(ValueError, match=r"can keep 'output\+branch', .*; got 'output'"):
            activax.lean(activax.elu.bind(alpha=alpha), keep="output")


def test_alpha_that_is_trained_across_0():
    """Descend from 0.5 to -0.5, lean and plain at one learning rate."""
    x = jnp.linspace(-2, 2, 16)

    def loss(w, alpha, f):
        return jnp.mean((f(w * x, alpha) - activax.elu(0.5 * x, -0.5)) ** 2)

    def trained(f):
        def descend(state, _):
            slopes = jax.grad(loss, (0, 1))(*state, f)
            return jax.tree.map(lambda p, g: p - 0.3 * g, state, slopes), state

        return jax.lax.scan(descend, (jnp.array(1.0), jnp.array(0.5)), None, 200)

    (last, path), (want, _) = trained(activax.lean(activax.elu)), trained(activax.elu)
    assert path[1].min() < 0 < path[1].max()
    np.testing.assert_allclose(last, want, rtol=1e-3)


MASKED = marks(a for a in ELEMENTWISE if "mask" in activax.policies(a))


@pytest.mark.parametrize(
    "masked", [pytest.param(a, id=a.name, marks=mark) for a, mark in MASKED.items()]
)
def test_affine_maps_of_either_sign(masked):
    maps = [(-2.0, 1.5), (1.0, -0.5), (-1.0, -3.0)]
    plains = [activax.affine(masked, scale=s, in_scale=i, in_shift=0.3) for s, i in maps]

    @jax.jit
    def slopes(x):
        def slope(f):
            return jax.jvp(f, (x,), (jnp.ones_like(x),))[1]

        return [(slope(f), slope(activax.lean(f, "mask"))) for f in plains]

    for want, got in slopes(X):
        np.testing.assert_array_equal(got, want)


def test_gated_units(random_params):
    """A lean unit and a layer that recomputes the unit have the gradients of the plain unit."""
    unit = activax.clamped_swiglu.bind(alpha=-2.0, limit=1.5, offset=-0.5)
    x = jnp.asarray(np.random.default_rng(0).normal(size=(5, 8)), jnp.float32)
    layer = nn.gated_ffn(6, activation=unit)
    params = random_params(layer, x)

    def by_hand(f, params, x):
        gate, up, down = (params[name]["weight"] for name in ("gate", "up", "down"))
        return f(x @ gate, x @ up) @ down

    applied = [
        layer.apply,
        *(functools.partial(by_hand, f) for f in (unit, activax.lean(unit, "input"))),
    ]
    compare(applied, params, x)


@pytest.mark.thorough
@pytest.mark.parametrize("alpha", [-2.0, 0.0, [-2.0, -1.0, 0.0, 0.5, 1.0, 2.0]])
def test_feed_forward_layers(alpha, random_params):
    """Take a lean unit with a number, and one with a trained parameter for each channel."""
    x = jnp.asarray(np.random.default_rng(0).normal(size=(5, 8)), jnp.float32)
    lean = activax.lean(activax.elu)
    learned = isinstance(alpha, list)
    unit = nn.learned(lean, axis=-1) if learned else lean.bind(alpha=alpha)
    layer = nn.ffn(6, activation=unit)
    params = random_params(layer, x)
    if learned:
        params["activation"]["elu"]["alpha"] = jnp.array(alpha)

    def by_hand(f, params, x):
        values = {"alpha": params["activation"]["elu"]["alpha"][None] if learned else alpha}
        up, down = ((params[n]["weight"], params[n]["bias"][None]) for n in ("up", "down"))
        return f(x @ up[0] + up[1], **values) @ down[0] + down[1]

    compare([layer.apply, *(functools.partial(by_hand, f) for f in (activax.elu, lean))], params, x)


def compare(applied, params, x):
    """Assert that the functions have the same gradients by parameters and input."""

    @jax.jit
    def gradients(params, x):
        return [
            jax.grad(lambda p, x, f=f: jnp.sum(jnp.sin(f(p, x))), (0, 1))(params, x)
            for f in applied
        ]

    first, *others = gradients(params, x)
    for other in others:
        jax.tree.map(
            lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4), first, other
        )
