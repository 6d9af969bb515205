"""The promises about dtypes, shapes, masks, layouts and parameters.

Numbers, special values and kinks are those of every activation: `test_entry.py` checks them.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax

FLOATS = (jnp.float16, jnp.bfloat16, jnp.float32)
EXACT = (jnp.bool_, jnp.int8, jnp.uint8, jnp.int32)


def inputs(activation, x):
    """Return x once for each input of the activation."""
    return (x,) * activation.inputs


def planned(activation, shape, dtype):
    """Return the shapes and dtypes of the output and of the slopes."""

    def out_and_slopes(x):
        out, vjp = jax.vjp(activation, *inputs(activation, x))
        return out, *vjp(out)

    return jax.eval_shape(out_and_slopes, jax.ShapeDtypeStruct(shape, dtype))


@pytest.mark.thorough
def test_dtype_and_shape_of_floats_are_kept(activation):
    """Check an empty array; what resizes has the shape that its formula gives."""
    shape = (3, 0, 2)
    for dtype in FLOATS:
        out, *slopes = planned(activation, shape, dtype)
        assert {out.dtype, *(slope.dtype for slope in slopes)} == {jnp.dtype(dtype)}
        assert {slope.shape for slope in slopes} == {shape}
        assert out.shape == shape or activation.resizes


@pytest.mark.thorough
@pytest.mark.every
def test_float64_is_kept(activation):
    """Check value and slopes; `test_entry.py` checks the dtypes of the others."""
    with jax.enable_x64(True):
        found = planned(activation, (2, 4), jnp.float64)
    assert {array.dtype for array in found} == {np.dtype(jnp.float64)}


@pytest.mark.thorough
def test_a_call_outside_of_a_program_and_the_formula_have_the_values_inside(activation):
    x = inputs(activation, np.linspace(-3, 3, 8, dtype=np.float32))
    inside = jax.jit(lambda *x: (activation(*x), activation.formula(*x)))(*x)
    for values in inside:
        np.testing.assert_allclose(values, activation(*x), rtol=1e-6, atol=1e-6)


def test_a_scalar_is_an_array_without_axes(elementwise):
    assert elementwise(jnp.array(0.5)).shape == elementwise(0.5).shape == ()
    assert elementwise(0.5) == elementwise(jnp.array([0.5]))[0]


def test_gated_takes_scalars(gated):
    assert gated(0.5, 2.0) == gated(jnp.array([0.5]), jnp.array([2.0]))[0]


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore:invalid value")  # jax.nn.softmax casts -inf to int
@jax.numpy_dtype_promotion("standard")
def test_integers_are_promoted_as_in_jax_nn(activation):
    """Check for the dtype of the namesake in jax.nn, or for the default float."""
    arrays = [np.array([0, 1, 2, 3]).astype(dtype) for dtype in EXACT]

    @jax.jit
    def both(arrays, rows):
        of_integers = [activation(*inputs(activation, x)) for x in arrays]
        return of_integers, activation(*inputs(activation, rows))

    gots, wants = jax.device_get(both(arrays, np.stack(arrays).astype(np.float32)))
    for x, got, want in zip(arrays, gots, wants, strict=True):
        np.testing.assert_allclose(got.astype(np.float32), want, rtol=1e-6, err_msg=str(x.dtype))
        try:
            assert got.dtype == jax.eval_shape(getattr(jax.nn, activation.name), x).dtype
        except (AttributeError, TypeError):
            assert got.dtype == jnp.float32


def magnitudes(dtype, count):
    """Return numbers of both signs and of every magnitude that the dtype has."""
    largest = float(jnp.finfo(dtype).max)
    positive = np.minimum(np.geomspace(1e-30, largest, count), largest).astype(dtype)
    return np.concatenate([positive, -positive])


@pytest.mark.thorough
def test_slopes_along_an_axis_are_finite(along_axis):
    slope = jax.grad(lambda x: along_axis(x).sum())
    rows = [magnitudes(dtype, 50) for dtype in FLOATS]
    for found in jax.jit(lambda rows: [slope(row) for row in rows])(rows):
        assert np.isfinite(found).all(), found.dtype


SHAPES = [(), (3,), (2, 1), (2, 3), (4, 1, 1)]


@pytest.mark.thorough
def test_parameters_broadcast_and_their_gradients_have_their_shape(trainable):
    """Compare with arrays that are broadcast before the call, whose slopes are summed."""
    x = np.linspace(-2, 2, 6, dtype=np.float32).reshape(2, 3)
    for name in trainable.trainable:

        def value_and_slope(x, p, name=name):
            value, vjp = jax.vjp(lambda p: trainable(x, **{name: p}), p)
            return value, *vjp(jnp.ones_like(value))

        def both(p, value_and_slope=value_and_slope):
            full = jnp.broadcast_shapes(x.shape, p.shape)
            whole, back = jax.vjp(lambda p: jnp.broadcast_to(p, full), p)
            value, slope = value_and_slope(jnp.broadcast_to(x, full), whole)
            return value_and_slope(x, p), (value, *back(slope))

        start = trainable.parameters[name]
        ps = [
            np.float32(start + np.linspace(0, 1, np.prod(shape, dtype=int))).reshape(shape)
            for shape in SHAPES
        ]
        found = jax.jit(lambda ps, both=both: [both(p) for p in ps])(ps)
        for shape, ((value, slope), (want, summed)) in zip(SHAPES, found, strict=True):
            np.testing.assert_allclose(value, want, rtol=1e-6)
            np.testing.assert_allclose(slope, summed, rtol=1e-5, atol=1e-6)
            assert slope.shape == shape


def test_16_bit_parameters_get_16_bit_gradients(trainable):
    x, p = jax.ShapeDtypeStruct((6,), jnp.float32), jax.ShapeDtypeStruct((), jnp.bfloat16)
    for name in trainable.trainable:
        slope = jax.grad(lambda p, x, name=name: trainable(x, **{name: p}).sum())
        assert jax.eval_shape(slope, p, x).dtype == jnp.bfloat16


@pytest.mark.thorough
def test_parameters_are_not_rounded_to_16_bits(trainable):
    """Check that x is compared with a parameter in float32, for the value and for every slope."""
    x = np.linspace(-4, 4, 17, dtype=np.float32)
    for name in trainable.trainable:

        @jax.jit
        def values_and_slopes(p, name=name):
            def total(x, p):
                return trainable(x, **{name: p}).astype(jnp.float32).sum()

            xs = [x.astype(dtype) for dtype in (jnp.float32, jnp.float16, jnp.bfloat16)]
            return [(trainable(x, **{name: p}), *jax.grad(total, (0, 1))(x, p)) for x in xs]

        for p in (0.1, 0.3):  # above and below their neighbours in 16 bits
            wants, *others = jax.device_get(values_and_slopes(np.full(x.shape, p, np.float32)))
            for gots in others:
                for got, want in zip(gots, wants, strict=True):
                    np.testing.assert_allclose(got.astype(np.float32), want, rtol=0.02, atol=0.02)


@pytest.mark.thorough
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


@pytest.mark.thorough
@pytest.mark.parametrize("shape", [(), (3,), (1, 3), (2, 1)])
def test_a_mask_broadcasts(maskable, shape):
    x, where = np.arange(6, dtype=np.float32).reshape(2, 3), np.ones(shape, bool).ravel()
    where[0] = False
    where = where.reshape(shape)

    @jax.jit
    def both(x, where):
        return maskable(x, where), maskable(x, jnp.broadcast_to(where, x.shape))

    np.testing.assert_array_equal(*both(x, where))


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


@pytest.mark.thorough
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
