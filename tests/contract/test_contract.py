"""The promises about dtypes, shapes, special values, kinks and parameters."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from against_reference import digits, inside, variants
from mpmath import mp

import activax

FLOATS = (jnp.float16, jnp.bfloat16, jnp.float32)
EXACT = (jnp.bool_, jnp.int8, jnp.uint8, jnp.int32)


@pytest.fixture(autouse=True)
def precise():
    with mp.workdps(digits(jnp.float32)):
        yield


def inputs(activation, x):
    """Return x once for each input of the activation."""
    return (x, x) if activation.kind == "gated" else (x,)


def exact(activation):
    """Return the reference as a function of the input alone."""
    return lambda x: activation.reference(mp, x, **activation.parameters)


@pytest.mark.every
@pytest.mark.parametrize("shape", [(2, 4), (3, 0, 2)])
def test_dtype_and_shape_of_floats_are_kept(activation, shape):
    """Check shapes and dtypes; the output of a reduction has the shape that its formula gives."""

    def out_and_slope(x):
        out, vjp = jax.vjp(activation, *inputs(activation, x))
        return out, *vjp(out)

    def planned(dtype):
        return jax.eval_shape(out_and_slope, jax.ShapeDtypeStruct(shape, dtype))

    for dtype in FLOATS:
        out, slope, *_ = planned(dtype)
        assert out.dtype == slope.dtype == dtype
        assert slope.shape == shape
        assert out.shape == shape or activation.kind == "reduction"
    with jax.enable_x64(True):
        assert {array.dtype for array in planned(jnp.float64)} == {np.dtype(jnp.float64)}


def test_a_scalar_is_an_array_without_axes(elementwise):
    assert elementwise(jnp.array(0.5)).shape == elementwise(0.5).shape == ()
    assert elementwise(0.5) == elementwise(jnp.array([0.5]))[0]


def test_gated_takes_scalars(gated):
    assert gated(0.5, 2.0) == gated(jnp.array([0.5]), jnp.array([2.0]))[0]


@pytest.mark.filterwarnings("ignore:invalid value")  # jax.nn.softmax casts -inf to int
@jax.numpy_dtype_promotion("standard")
def test_integers_are_promoted_as_in_jax_nn(activation):
    """Check for the dtype of the namesake in jax.nn, or for the default float."""
    arrays = [jnp.array([0, 1, 2, 3], dtype) for dtype in EXACT]
    gots = jax.jit(lambda xs: [activation(*inputs(activation, x)) for x in xs])(arrays)
    rows = jnp.stack([x.astype(jnp.float32) for x in arrays])
    wants = activation(*inputs(activation, rows))
    for x, got, want in zip(arrays, gots, wants, strict=True):
        np.testing.assert_allclose(
            got.astype(jnp.float32), want, rtol=1e-6, err_msg=str(x.dtype)
        )  # two programs
        try:
            assert got.dtype == jax.eval_shape(getattr(jax.nn, activation.name), x).dtype
        except (AttributeError, TypeError):
            assert got.dtype == jnp.float32


def test_nan_in_gives_nan_out(activation):
    nan = jnp.full(4, jnp.nan)
    assert jnp.isnan(activation(*inputs(activation, nan))).all()


def test_nan_in_gives_nan_slope(activation):
    """Check that NaN passes, unless the slope is the same everywhere and so independent of x."""

    def weighted(*xs):
        out = activation(*xs)
        return jnp.sum(out * jnp.arange(1.0, 1 + out.size).reshape(out.shape))

    x = jnp.array([1.0, 2.0, 4.0, 3.0])
    slope = jax.jit(jax.grad(weighted))
    at = [slope(*inputs(activation, s * x)) for s in (-5.0, 0.5, jnp.nan)]
    assert jnp.isnan(at[2]).all() or (at[0] == at[1]).all()


def limit(elementwise, end):
    """Return the limit of the reference; NaN if the domain ends before."""
    if not inside(np.array([end * 1e6]), elementwise).size:
        return np.nan
    far = float(exact(elementwise)(mp.mpf(end) * 10**8))
    return np.sign(far) * np.inf if abs(far) > 1e3 else far


def test_the_limit_is_returned_at_infinity(elementwise):
    want = [limit(elementwise, end) for end in (-1, 1)]
    ends = [jnp.array([-jnp.inf, jnp.inf], dtype) for dtype in FLOATS]
    for got in jax.jit(lambda xs: [elementwise(x) for x in xs])(ends):
        eps = float(jnp.finfo(got.dtype).eps)
        np.testing.assert_allclose(got.astype(float), want, rtol=eps, atol=1e-5)


@pytest.mark.parametrize("end", [-1, 1])
def test_the_limit_of_a_gated_unit_is_returned_at_infinity(gated, end):
    """Check values and slopes; the closed end of the gate takes any value, 0 too."""
    value = jnp.array([-3.0, -0.5, 1.0, 2.0] + [0.0] * (end < 0))
    gate = jnp.full(value.shape, end * jnp.inf)
    far = np.array([float(gated.reference(mp, mp.mpf(end) * 10**6, v)) for v in value.tolist()])
    limit = np.where(abs(far) > 1e3, np.copysign(np.inf, far), far)
    np.testing.assert_allclose(gated(gate, value), limit, rtol=1e-6)
    slopes = jax.jit(jax.grad(lambda g, v: gated(g, v).sum(), (0, 1)))(gate, value)
    assert not any(jnp.isnan(slope).any() for slope in slopes)


def magnitudes(dtype, count):
    """Return numbers of both signs and of every magnitude that the dtype has."""
    largest = float(jnp.finfo(dtype).max)
    positive = np.minimum(np.geomspace(1e-30, largest, count), largest).astype(dtype)
    return jnp.concatenate([positive, -positive])


@pytest.mark.parametrize("dtype", FLOATS, ids=lambda dtype: dtype.__name__)
def test_slopes_along_an_axis_are_finite(along_axis, dtype):
    slope = jax.jit(jax.grad(lambda x: along_axis(x).sum()))
    assert jnp.isfinite(slope(magnitudes(dtype, 50))).all()


@pytest.mark.parametrize("dtype", FLOATS, ids=lambda dtype: dtype.__name__)
def test_slopes_of_a_gated_unit_are_finite(gated, dtype):
    """Check up to a quarter of the largest number, where only exact slopes overflow."""
    largest, x = float(jnp.finfo(dtype).max), magnitudes(dtype, 10) / 4
    pairs = [a.ravel() for a in jnp.meshgrid(x, x)]
    by_each = jax.jit(jax.grad(lambda g, v: gated(g, v).astype(jnp.float32).sum(), (0, 1)))
    for slope, order in zip(by_each(*pairs), [(1, 0), (0, 1)], strict=True):
        assert not jnp.isnan(slope).any()
        for at in np.stack(pairs, 1)[jnp.isinf(slope)].astype(float):
            assert abs(mp.diff(lambda g, v: gated.reference(mp, g, v), tuple(at), order)) > largest


@pytest.mark.parametrize("dtype", FLOATS, ids=lambda dtype: dtype.__name__)
def test_slopes_are_finite_at_every_finite_input(elementwise, dtype):
    """Check that a slope is infinite only where the exact slope is too large for the dtype."""
    largest = float(jnp.finfo(dtype).max)
    x = jnp.asarray(inside(np.asarray(magnitudes(dtype, 50)), elementwise))
    names = elementwise.trainable
    by_each = jax.grad(
        lambda x, *p: elementwise(x, **dict(zip(names, p, strict=True))).sum(),
        argnums=range(1 + len(names)),
    )
    compiled = jax.jit(by_each)
    for variant in variants(elementwise):
        parameters = [jnp.full(x.shape, variant.parameters[name], jnp.float32) for name in names]
        slopes = compiled(x, *parameters)
        assert not any(jnp.isnan(slope).any() for slope in slopes)
        for at in x[jnp.isinf(slopes[0])]:
            assert abs(mp.diff(exact(variant), float(at))) > largest


def pieces(activation):
    """Return the elementwise functions: the variants, or the two factors of a gated unit."""
    return activation.factors or tuple(variants(activation))


def test_kinks_are_where_value_or_slope_jumps(pointwise):
    """Check that no integer but the declared kinks is a kink."""
    for variant in pieces(pointwise):
        integers = inside(np.arange(-8.0, 9.0), variant)
        candidates = {*integers.tolist(), *variant.kinks}
        jumps = {
            x
            for x in candidates
            for of in (values_beside, slopes_beside)
            if abs(np.subtract(*of(variant, x))) > 1e-9
        }
        assert jumps == set(variant.kinks)


def test_value_and_slope_at_a_kink(pointwise):
    """Check for the value of the reference, and for a slope between those of the two sides."""
    for variant in pieces(pointwise):
        for kink in variant.kinks:
            left, right = slopes_beside(variant, kink)
            value, slope = jax.value_and_grad(variant)(kink)
            assert float(value) == pytest.approx(float(exact(variant)(mp.mpf(kink))))
            assert min(left, right) - 1e-6 <= slope <= max(left, right) + 1e-6


STEP = 1e-20  # from a kink to a point beside it; no difference reaches across


def values_beside(activation, x):
    """Return the values of the reference on the left and on the right."""
    return tuple(float(exact(activation)(mp.mpf(x) + side * STEP)) for side in (-1, 1))


def slopes_beside(activation, x):
    """Return the slopes of the reference, or of the surrogate, on the left and on the right."""
    f = activation.surrogate or activation.reference
    at = functools.partial(f, mp, **activation.parameters)
    return tuple(float(mp.diff(at, mp.mpf(x) + side * STEP)) for side in (-1, 1))


def test_parameters_broadcast_and_their_gradients_have_their_shape(trainable):
    x = jnp.linspace(-2, 2, 6).reshape(2, 3)
    for name in trainable.trainable:

        @jax.jit
        def value_and_slope(x, p, name=name):
            value, vjp = jax.vjp(lambda p: trainable(x, **{name: p}), p)
            return value, *vjp(jnp.ones_like(value))

        for shape in [(), (3,), (2, 1), (2, 3), (4, 1, 1)]:
            p = trainable.parameters[name] + jnp.linspace(0, 1, np.prod(shape, dtype=int))
            p = p.reshape(shape)
            full = jnp.broadcast_shapes(x.shape, shape)
            value, slope = value_and_slope(x, p)
            each_value, each_slope = value_and_slope(
                jnp.broadcast_to(x, full), jnp.broadcast_to(p, full)
            )
            np.testing.assert_allclose(value, each_value, rtol=1e-6)
            _, sum_to_shape = jax.vjp(lambda p, full=full: jnp.broadcast_to(p, full), p)
            np.testing.assert_allclose(slope, *sum_to_shape(each_slope), rtol=1e-5, atol=1e-6)
            assert slope.shape == shape


def test_16_bit_parameters_get_16_bit_gradients(trainable):
    x = jnp.linspace(-2, 2, 6)
    for name in trainable.trainable:
        p = jnp.array(trainable.parameters[name], jnp.bfloat16)
        slope = jax.grad(lambda p, name=name: trainable(x, **{name: p}).sum())(p)
        assert slope.dtype == jnp.bfloat16


@pytest.mark.parametrize("dtype", [jnp.float16, jnp.bfloat16])
def test_parameters_are_not_rounded_to_16_bits(trainable, dtype):
    """Check that x is compared with a parameter in float32, for the value and for every slope."""
    x = jnp.linspace(-4, 4, 17)
    for name in trainable.trainable:

        @jax.jit
        def value_and_slopes(x, p, name=name):
            def total(x, p):
                return trainable(x, **{name: p}).astype(jnp.float32).sum()

            return trainable(x, **{name: p}), *jax.grad(total, (0, 1))(x, p)

        for p in (0.1, 0.3):  # above and below their neighbours in 16 bits
            p = jnp.full(x.shape, p)
            for got, want in zip(
                value_and_slopes(x.astype(dtype), p), value_and_slopes(x, p), strict=True
            ):
                np.testing.assert_allclose(got.astype(jnp.float32), want, rtol=0.02, atol=0.02)


def test_only_what_where_selects_counts(maskable):
    x, where = jnp.array([1.0, jnp.inf, 2.0, 3.0]), jnp.array([True, False, True, True])
    chosen = jnp.array([0, 2, 3])
    want = maskable(x[chosen])
    np.testing.assert_allclose(selected(maskable(x, where), chosen), want, rtol=1e-6)
    for row in (x, jnp.full(4, jnp.nan)):
        both = maskable(jnp.stack([row, x]), jnp.stack([jnp.zeros_like(where), where]))
        np.testing.assert_allclose(selected(both[1], chosen), want, rtol=1e-6)
        empty = maskable(x[:0])  # NaN where it is a mean, a number where it is a sum
        assert jnp.isnan(both[0]).any() == jnp.isnan(empty).any()


def selected(out, chosen):
    """Return the chosen elements; a reduction has no elements."""
    return out[chosen] if out.ndim else out


def test_a_row_of_which_nothing_is_selected_has_slope_0(maskable):
    x, where = jnp.array([1.0, jnp.nan, jnp.inf]), jnp.zeros(3, bool)
    out, vjp = jax.vjp(lambda x: maskable(x, where), x)
    assert (vjp(jnp.ones_like(out))[0] == 0).all()


def test_one_acts_along_its_axis(along_axis):
    x = jnp.arange(24.0).reshape(4, 2, 3) / 7
    want = jax.vmap(jax.vmap(along_axis))(jnp.moveaxis(x, 0, -1))
    got = along_axis(x, axis=0)
    np.testing.assert_allclose(got if got.ndim == 2 else jnp.moveaxis(got, 0, -1), want, rtol=1e-6)


def test_several_axes_are_one_long_one(maskable):
    x = jnp.arange(24.0).reshape(4, 2, 3) / 7
    if "tuple" not in maskable.section("Args"):
        with pytest.raises(TypeError, match=r"axis must be one integer; got \(0, 2\)"):
            maskable(x, axis=(0, 2))
        return
    want = jax.vmap(maskable)(x.transpose(1, 0, 2).reshape(2, 12))
    got = maskable(x, axis=(0, 2))
    np.testing.assert_allclose(
        got if got.ndim == 1 else got.transpose(1, 0, 2).reshape(2, 12), want, rtol=1e-6
    )


@pytest.mark.parametrize("shape", [(), (3,), (1, 3), (2, 1)])
def test_a_mask_broadcasts(maskable, shape):
    x, where = jnp.arange(6.0).reshape(2, 3), jnp.ones(shape, bool).ravel().at[0].set(False)
    where = where.reshape(shape)
    want = maskable(x, jnp.broadcast_to(where, x.shape))
    np.testing.assert_array_equal(maskable(x, where), want)


@pytest.mark.parametrize("layout", ["gate_value", "value_gate", "interleaved"])
def test_a_packed_array_is_split_as_its_layout_says(gated, layout):
    packed = jnp.arange(12.0).reshape(2, 6) - 5
    gate, value = {
        "gate_value": (packed[:, :3], packed[:, 3:]),
        "value_gate": (packed[:, 3:], packed[:, :3]),
        "interleaved": (packed[:, ::2], packed[:, 1::2]),
    }[layout]
    np.testing.assert_array_equal(gated(packed, layout=layout), gated(gate, value))
    np.testing.assert_array_equal(gated(packed.T, layout=layout, axis=0), gated(gate, value).T)
    for half, want in zip(activax.split(packed, layout), (gate, value), strict=True):
        np.testing.assert_array_equal(half, want)


@pytest.mark.parametrize("x", [-jnp.inf, jnp.inf])
def test_a_parameter_of_zero_has_a_limit_too(trainable, x):
    """Check that 0 times infinity is not NaN."""
    for name in trainable.trainable:
        if 0.0 in trainable.ranges[name]:
            assert not jnp.isnan(trainable(x, **{name: 0.0}))


def test_weak_types_stay_weak(elementwise):
    """Check weak types, by which a Python number promotes nothing, as in jax.nn."""
    assert (jnp.ones((), jnp.bfloat16) * elementwise(1.0)).dtype == jnp.bfloat16
    assert not elementwise(jnp.float32(1.0)).weak_type


def test_masked_elements_count_for_nothing(maskable):
    """Check that masked values, NaN or not, change neither results nor slopes."""
    where = jnp.array([True, True, False])

    def entropy(x, where=None):
        out = jnp.log(jnp.abs(maskable(x, where)) + 1e-30)
        return jnp.sum(out if where is None or not out.ndim else jnp.where(where, out, 0.0))

    x = jnp.arange(3.0)
    value, grad = jax.value_and_grad(entropy)(x, where)
    want, grad_of_two = jax.value_and_grad(entropy)(x[:2])
    np.testing.assert_allclose(value, want, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(grad, jnp.append(grad_of_two, 0.0), rtol=1e-5, atol=1e-6)
    poisoned = jnp.where(where, 1.0, jnp.nan)
    out, tangent = jax.jvp(lambda x: maskable(x, where), (x,), (poisoned,))
    back = poisoned if out.ndim else 1.0
    pulled = jax.vjp(lambda x: maskable(x, where), x)[1](back)[0]
    assert jnp.isfinite(tangent).all()
    assert jnp.isfinite(pulled).all()
