"""A parameter of a user's activation may have any name."""

import inspect
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawn import KEY

import activax

X = np.array([-1.0, 0.5, 2.0], np.float32)
# Names that the mechanism, its decorators or their callers use or once reserved.
NAMES = """
    residual recompute where key keys masks self cls mp out kept own parameters inputs arrays
    statics args kwargs name value values slope policy keep axis dtype shape definition function
    given operands tangents primals mode formula plain reference gate static_argnames
""".split()  # noqa: SIM905


def declared(source, name):
    namespace = {"jnp": jnp, "__name__": __name__}
    exec(source.replace("NAME", name), namespace)  # a signature cannot be spelt otherwise
    return namespace["f"], namespace["slopes"]


POSITIONAL = """
def f(x, NAME=2.0):
    return NAME * x * x
slopes = lambda x, NAME: 2 * NAME * x, lambda x, NAME: x * x
"""
STATIC = """
def f(x, *, NAME=2.0):
    return NAME * x * x
slopes = (lambda x, *, NAME: 2 * NAME * x,)
"""


@pytest.mark.thorough
@pytest.mark.parametrize("name", NAMES)
def test_a_positional_parameter(name):
    f, slopes = declared(POSITIONAL, name)
    act = activax.elementwise(*slopes, reference=lambda mp, x, p: p * x * x)(f)
    assert act.trainable == (name,)
    layer = activax.nn.learned(act)

    @jax.jit
    def results(x, p):
        slope = jax.grad(lambda b: b(x).sum())(act.bind(**{name: p}))
        params = layer.init(KEY, x)
        tripled = act(x, 3.0), act(x, **{name: p})
        return tripled, slope.arrays[name], layer.apply(params, x, key=KEY)

    tripled, slope, doubled = results(X, np.float32(3))
    for value in tripled:
        np.testing.assert_allclose(value, 3 * X * X)
    np.testing.assert_allclose(slope, (X * X).sum())
    np.testing.assert_allclose(doubled, 2 * X * X)


@pytest.mark.thorough
@pytest.mark.parametrize("name", NAMES)
def test_a_static_parameter(name):
    f, slopes = declared(STATIC, name)
    lean = activax.from_output(slopes[0])
    act = activax.elementwise(*slopes, reference=lambda mp, x, **p: 2 * x * x, lean=(lean,))(f)
    bound = act.bind(**{name: 3.0})
    kept, doubled = activax.lean(bound, "input"), activax.affine(bound, scale=2.0)

    @jax.jit
    def results(x):
        slopes = [jax.grad(lambda x, f=f: f(x).sum())(x) for f in (bound, kept)]
        return act(x, **{name: 3.0}), doubled(x), slopes

    value, twice, slopes = results(X)
    np.testing.assert_allclose(value, 3 * X * X)
    np.testing.assert_allclose(twice, 6 * X * X)
    for slope in slopes:
        np.testing.assert_allclose(slope, 6 * X)


def test_a_vector_takes_parameters_named_like_masks_and_keys():
    @activax.vector(
        lambda t, *, axis, residual: residual * t,
        lambda t, *, axis, residual: jnp.broadcast_to(t, X.shape),
        reference=lambda mp, x, where, residual: [residual * v + where for v in x],
        keep=lambda x, where, out, **statics: (),
    )
    def shifted(x, where=0.5, *, axis=-1, residual=2.0):
        return residual * x + where

    np.testing.assert_allclose(shifted(X, 1.0, residual=3.0), 3 * X + 1)
    assert shifted.trainable == ("where",)
    assert shifted.keys == ()


def test_keys_and_masks_have_any_name_too():
    @activax.elementwise(
        lambda x, draw: jnp.ones_like(x),
        reference=lambda mp, x, draw: x,
        keys=("draw",),
    )
    def noisy(x, draw=None):
        return x if draw is None else x + jax.random.normal(draw, x.shape, x.dtype)

    assert (noisy(X) == X).all()
    assert (noisy(X, jax.random.key(0)) != X).all()
    layer = activax.nn.serial(noisy)
    params = layer.init(jax.random.key(0), X)
    assert (layer.apply(params, X, key=jax.random.key(1)) != X).all()

    @activax.vector(
        lambda counted, t, *, axis: jnp.where(counted, t, 0),
        reference=lambda mp, x: x,
        keep=lambda x, counted, out, **statics: (counted,),
        masks=("counted",),
    )
    def masked(x, counted=None, *, axis=-1):
        return jnp.where(counted, x, 0)

    np.testing.assert_array_equal(masked(X, X > 0), jnp.where(X > 0, X, 0))
    with pytest.raises(TypeError, match=r"masked: counted must be boolean; got float32"):
        masked(X, X)


def test_a_declared_key_must_be_a_parameter():
    with pytest.raises(TypeError, match=r"f: keys and masks must name positional .*got 'seed'"):
        activax.elementwise(lambda x: x, reference=lambda mp, x: x, keys=("seed",))(
            declared(STATIC, "p")[0]
        )


def test_a_missing_slope_says_how_keys_are_declared():
    def f(x, key=None):
        return x

    with pytest.raises(TypeError, match=r"needs one slope .*\(x, key\), or .*; got 1\. PRNG keys"):
        activax.elementwise(lambda x, key: 1.0, reference=lambda mp, x: x)(f)


def test_every_catalogue_key_and_mask_is_declared():
    for activation in activax.catalog.values():
        none = [
            name
            for name, p in inspect.signature(activation).parameters.items()
            if p.default is None and p.kind is not p.KEYWORD_ONLY and activation.kind != "gated"
        ]
        definition = activation._definition
        assert set(none) == {*definition.keys, *definition.masks}
        assert pickle.loads(pickle.dumps(activation)) is activation
