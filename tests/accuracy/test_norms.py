"""Sums of squares, right to the last bits at every scale: norms, deviations and spectra."""

import functools

import drawn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawn import KEY
from numpy.testing import assert_allclose

from activax import diagnostics, nn

SCALES = (1e-30, 1e-12, 1.0, 3e4, 1e19, 1e20, 1e37)
DTYPES = ("float16", "bfloat16", "float32", "float64")
NORMS = {
    f"{norm.__name__}-{keep}": (functools.partial(norm, keep=keep), norm is nn.layer_norm)
    for norm in (nn.layer_norm, nn.rms_norm)
    for keep in ("normal", "output")
}


def exact(x, t, epsilon, centred):
    """Return a norm and the cotangent of its input, in NumPy's widest float."""
    x, t = (np.asarray(a).astype(np.longdouble) for a in (x, t))
    x = x - x.mean(-1, keepdims=True) if centred else x
    inverse = 1 / np.sqrt((x * x).mean(-1, keepdims=True) + epsilon)
    y = x * inverse
    t = t - y * (y * t).mean(-1, keepdims=True)
    return y, inverse * (t - t.mean(-1, keepdims=True) if centred else t)


@functools.partial(jax.jit, static_argnums=(0, 1))
def value_and_slope(name, epsilon, x, t):
    layer = NORMS[name][0](epsilon=epsilon)
    y, pullback = jax.vjp(lambda x: layer.apply(layer.init(KEY, x[0]), x), x)
    return y, pullback(t)[0]


@pytest.mark.thorough
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("epsilon", [0.0, 1e-5])
@pytest.mark.parametrize("name", NORMS)
def test_norms_are_right_at_every_scale(name, epsilon, dtype):
    info = jnp.finfo(dtype)
    least, most, eps = float(info.tiny), float(info.max), float(info.eps)
    scales = np.array([s for s in SCALES if 8 * least < s < most / 8])[:, None, None]
    rows = np.array([[-1.8, 1.8, 0.3, 0.1], [1, -2, 4, 0.5]])
    along = np.array([[0.5, -1, 2, 0.25], [1, 3, -2, 1]])
    with jax.enable_x64(True):
        x = jnp.array(rows * scales, dtype)
        t = jnp.array(np.broadcast_to(along, x.shape), dtype)
        found = [np.asarray(a, float) for a in value_and_slope(name, epsilon, x, t)]
    value, slope = (a.astype(float) for a in exact(x, t, epsilon, NORMS[name][1]))
    assert_allclose(found[0], value, 4 * eps, 4 * eps)
    slope = np.where(np.abs(slope) > most, np.sign(slope) * np.inf, slope)
    # An element may be a difference of larger ones; below `least` it may be 0.
    size = np.where(np.isfinite(slope), np.abs(slope), 0).max(-1, keepdims=True)
    near = np.abs(found[1] - slope) <= 16 * eps * size + 2 * least
    assert (near | (found[1] == slope)).all(), scales.ravel()[(~near).any((1, 2))]


@pytest.mark.thorough
@pytest.mark.parametrize("name", NORMS)
def test_norms_show_nan_and_differentiate_in_every_mode(name):
    make, centred = NORMS[name]
    layer = make(epsilon=0.0)
    x = jnp.array([[1.0, 2.0, 4.0], [1.0, jnp.nan, 0.0], [3.0, -3.0, 0.5]])
    apply = functools.partial(layer.apply, layer.init(KEY, x))

    def formula(x):
        x = x - x.mean() if centred else x
        return x * jax.lax.rsqrt(jnp.mean(x * x))

    @jax.jit
    def evaluated(x, row, far, near):
        slope = jax.grad(lambda x: apply(x)[:, 0].sum())(x)
        pairs = [
            (derivative(apply)(row), derivative(formula)(row))
            for derivative in (jax.jacfwd, jax.jacrev, jax.hessian)
        ]
        mapped = jax.vmap(apply)(x)
        return (apply(x), mapped, slope), [*pairs, (apply(far), formula(near))]

    found, pairs = evaluated(x, x[0], jnp.array([3e38, -3e38, -3e38]), jnp.array([3.0, -3, -3]))
    for one in found:
        assert jnp.isnan(one[1]).all()
        assert jnp.isfinite(one[::2]).all()
    for ours, right in pairs:
        assert_allclose(ours, right, 1e-5, 1e-6)


def test_layer_norm_keeps_digits_beside_a_large_mean():
    x = np.float32(1e4 + np.random.default_rng(0).uniform(-1, 1, (4, 256)))
    layer = nn.layer_norm()
    value, _ = exact(x, x, 1e-5, True)
    rounding = float(jnp.finfo(x.dtype).eps) * 1e4 / 0.577
    assert_allclose(layer.apply(layer.init(KEY, x), x), value.astype(float), 0, 2 * rounding)


@jax.jit
def measured(x):
    """Return two deviations, two root mean squares and a norm, each by its own way."""
    halves = diagnostics.statistics(x[:20], per=-1) + diagnostics.statistics(x[20:], per=-1)
    whole = diagnostics.summarize(diagnostics.statistics(x))
    flow = diagnostics.gradient_flow(lambda w: jnp.sum(w * x), x)[""]
    tapped = jax.grad(lambda s: jnp.sum(diagnostics.tap(jnp.ones_like(x), s) * x))
    seen = diagnostics.summarize(tapped(diagnostics.sink()))
    return halves.std, whole["std"], whole["rms"], seen["rms"], flow.gradient_norm


@pytest.mark.parametrize("scale", SCALES)
def test_diagnostics_square_without_leaving_the_range(scale):
    x = np.float32(scale) * drawn.normal(64, 3)
    wide = np.asarray(x, float)
    of_units, deviation, rms, drawn_rms, norm = measured(x)
    assert_allclose(of_units, wide.std(0), 1e-6)
    assert_allclose(deviation, wide.std(), 1e-6)
    assert_allclose([rms, drawn_rms], np.sqrt((wide**2).mean()), 1e-6)
    assert_allclose(norm, np.sqrt((wide**2).sum()), 1e-6)
    spectrum = diagnostics.Spectrum(
        scale * jnp.array([[4.0, 2.0, 1.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    )
    assert_allclose(spectrum.spread, [42 / 49, 0.5, 0.0], 1e-6)
    assert_allclose(spectrum.condition, [4, np.inf, np.inf])


@pytest.mark.parametrize("shape", [(100_000,), (1000, 100)])
def test_a_large_mean_does_not_blur_the_standard_deviation(shape):
    x = np.float32(1e6 + np.random.default_rng(0).uniform(-1, 1, shape))

    @jax.jit
    def deviations(x):
        merged = diagnostics.statistics(x[:300]) + diagnostics.statistics(x[300:])
        return diagnostics.statistics(x).std, merged.std

    (whole, merged), expected = deviations(x), np.std(np.asarray(x, float))
    assert_allclose(whole, expected, 1e-6)
    assert_allclose(merged, expected, 1e-4)  # means are rounded to 0.06


@pytest.mark.parametrize("empty", [[1e6] * 5, [], [np.nan, np.inf]])
def test_statistics_without_deviation_have_none(empty):
    assert diagnostics.statistics(np.float32(empty)).std == 0
