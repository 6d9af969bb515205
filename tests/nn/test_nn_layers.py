"""Layers of images and sequences: each against its formula in NumPy, and errors."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax
from activax import nn

KEY = jax.random.key(0)


def normal(*shape):
    return jnp.asarray(np.random.default_rng(1).normal(size=shape), jnp.float32)


# Windows


def slid(x, window, strides, pads, dilation, fill):
    """Return the windows of x, of shape (..., *places, channels, *window)."""
    axes = tuple(range(x.ndim - 1 - len(window), x.ndim - 1))
    pairs = dict(zip(axes, pads, strict=True))
    x = np.pad(x, [pairs.get(axis, (0, 0)) for axis in range(x.ndim)], constant_values=fill)
    reach = [(w - 1) * d + 1 for w, d in zip(window, dilation, strict=True)]
    views = np.lib.stride_tricks.sliding_window_view(x, reach, axes)
    places = [slice(None)] * x.ndim
    for axis, stride in zip(axes, strides, strict=True):
        places[axis] = slice(None, None, stride)
    return views[(*places, *(slice(None, None, d) for d in dilation))]


def same(sizes, window, strides, dilation):
    """Yield the padding of each axis that makes ceil(size / stride) places."""
    for n, w, s, d in zip(sizes, window, strides, dilation, strict=True):
        total = max((-(-n // s) - 1) * s + (w - 1) * d + 1 - n, 0)
        yield total // 2, total - total // 2


def padded(x, window, strides, padding, dilation):
    sizes = x.shape[-1 - len(window) : -1]
    known = {"SAME": tuple(same(sizes, window, strides, dilation)), "VALID": ((0, 0),) * len(sizes)}
    return known[padding] if isinstance(padding, str) else padding


CONVOLUTIONS = {
    "sequence": ((2, 9, 4), {"window": (3,)}),
    "strided": ((2, 7, 6, 4), {"window": (3, 2), "strides": (2, 1)}),
    "valid": ((7, 6, 4), {"window": (3, 3), "padding": "VALID", "strides": (2, 2)}),
    "dilated": ((2, 9, 8, 4), {"window": (3, 3), "dilation": (2, 3)}),
    "explicit": ((2, 5, 6, 4), {"window": (2, 3), "padding": ((1, 0), (0, 2))}),
    "grouped": ((2, 5, 5, 4), {"window": (3, 3), "groups": 2}),
    "depthwise": ((2, 5, 5, 4), {"window": (3, 3), "groups": 4, "bias": False}),
    "volume": ((2, 3, 4, 5, 4, 4), {"window": (2, 3, 3)}),
}


@pytest.mark.parametrize(("shape", "options"), CONVOLUTIONS.values(), ids=CONVOLUTIONS)
def test_conv_is_its_formula(shape, options, random_params):
    x, layer = normal(*shape), nn.conv(8, **options)
    params = random_params(layer, x)
    window, groups = options["window"], options.get("groups", 1)
    ones = (1,) * len(window)
    strides, dilation = (options.get(name, ones) for name in ("strides", "dilation"))
    pads = padded(x, window, strides, options.get("padding", "SAME"), dilation)
    views = slid(np.asarray(x), window, strides, pads, dilation, 0.0)
    weight = np.asarray(params["weight"])
    assert weight.shape == (*window, 4 // groups, 8)
    axis = -1 - len(window)  # of the channels
    expected = [
        np.tensordot(part, filters, [[*range(axis + 1, 0), axis], range(len(window) + 1)])
        for part, filters in zip(
            np.split(views, groups, axis), np.split(weight, groups, -1), strict=True
        )
    ]
    bias = np.asarray(params.get("bias", np.zeros(8)))
    np.testing.assert_allclose(
        layer.apply(params, x), np.concatenate(expected, -1) + bias, rtol=1e-4, atol=1e-5
    )


def test_a_window_of_all_of_x_is_a_dense_layer(random_params):
    x = normal(3, 4, 5, 2)
    layer, dense = nn.conv(6, (4, 5), padding="VALID"), nn.dense(6)
    params = random_params(layer, x)

    def as_dense(params, x):
        flat = {**params, "weight": params["weight"].reshape(-1, 6)}
        return dense.apply(flat, x.reshape(3, 1, 1, -1))

    ours, theirs = (
        jax.jit(jax.grad(lambda p, x, f=f: jnp.sum(jnp.sin(f(p, x))), argnums=(0, 1)))(params, x)
        for f in (layer.apply, as_dense)
    )
    chex.assert_trees_all_close(ours, theirs, rtol=1e-4, atol=1e-5)


def test_conv_keeps_the_second_moment_with_the_gain_of_what_it_reads():
    layer = nn.serial(
        nn.conv(128, 3, padding="VALID"),
        activax.relu,
        nn.conv(128, 3, padding="VALID", groups=4),
    )
    x = normal(8, 12, 12, 64)
    assert float(jnp.mean(layer.apply(layer.init(KEY, x), x) ** 2)) == pytest.approx(1, abs=0.1)


POOLS = [
    ((2, 6, 8, 3), (2, 2), (2, 2), "VALID"),
    ((2, 6, 8, 3), (2, 3), (2, 2), "SAME"),
    ((7, 5, 3), (3, 2), (1, 2), "SAME"),
    ((7, 5, 3), (3, 2), (1, 2), ((1, 2), (0, 1))),
    ((2, 3, 9, 3), (3,), (2,), "VALID"),
]


@pytest.mark.parametrize(("shape", "window", "strides", "padding"), POOLS)
def test_pools_are_their_formulas(shape, window, strides, padding):
    x = normal(*shape)
    pads = padded(x, window, strides, padding, (1,) * len(window))
    views = slid(np.asarray(x), window, strides, pads, (1,) * len(window), np.nan)
    inside = tuple(range(-len(window), 0))
    for make, reduce in ((nn.max_pool, np.nanmax), (nn.avg_pool, np.nanmean)):
        y = make(window, strides=strides, padding=padding).apply({}, x)
        np.testing.assert_allclose(y, reduce(views, inside), rtol=1e-5, atol=1e-6)


@pytest.mark.thorough
def test_max_pool_has_the_slope_of_the_first_of_the_greatest_in_every_mode():
    def pooled(x):
        return nn.max_pool((2,)).apply({}, x[:, None])[:, 0]

    x = jnp.array([1.0, 1.0, 2.0, 3.0])
    slope = [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    np.testing.assert_array_equal(jax.jacfwd(pooled)(x), slope)
    np.testing.assert_array_equal(jax.jacrev(pooled)(x), slope)
    curved = jax.hessian(lambda x: jnp.sum(pooled(x) ** 3))(x)
    np.testing.assert_array_equal(curved, jnp.diag(jnp.array([6.0, 0.0, 0.0, 18.0])))


def test_pools_pass_nan_on_and_take_integers():
    x = jnp.array([jnp.nan, 1.0, 2.0, jnp.nan, 3.0, 4.0])[:, None]
    for pool, last in ((nn.max_pool, 4.0), (nn.avg_pool, 3.5)):
        np.testing.assert_array_equal(pool((2,)).apply({}, x)[:, 0], [jnp.nan, jnp.nan, last])
    pixels = jnp.array([200, 255], jnp.uint8)[:, None]
    assert nn.max_pool((2,)).apply({}, pixels) == jnp.array([[255]], jnp.uint8)
    assert nn.avg_pool((2,)).apply({}, pixels) == 227.5


@pytest.mark.thorough
@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16])
def test_half_precision_is_computed_in_single_and_rounded_once(dtype):
    x = (300 * normal(4, 16, 16, 8)).astype(dtype)  # their squares overflow float16
    for layer in (nn.avg_pool((4, 4)), nn.rms_norm(), nn.layer_norm()):
        half, single = (
            layer.apply(layer.init(KEY, value), value) for value in (x, x.astype(jnp.float32))
        )
        chex.assert_trees_all_equal(half, single.astype(dtype))


def test_the_gain_passes_through_averages_but_not_through_maxima():
    def spread(pool):
        layer = nn.serial(activax.relu, pool, nn.conv(256))
        weight = layer.init(KEY, jnp.zeros((1, 4, 4, 64)))[2]["weight"]
        return float(jnp.std(weight)) * (9 * 64) ** 0.5

    assert spread(nn.avg_pool()) == pytest.approx(2**0.5, rel=0.02)
    assert spread(nn.max_pool()) == pytest.approx(1, rel=0.02)


# Embeddings and normalisations


def test_embedding_looks_rows_up():
    layer = nn.embedding(200, 16)
    ids = jnp.array([[1, 199], [1, 0]], jnp.uint8)
    params = layer.init(KEY, ids)
    np.testing.assert_array_equal(layer.apply(params, ids), params["weight"][ids])
    assert float(jnp.std(params["weight"])) == pytest.approx(1, abs=0.05)
    grads = jax.grad(lambda p: jnp.sum(layer.apply(p, ids)))(params)["weight"]
    np.testing.assert_array_equal(grads[:, 0], np.bincount(np.ravel(ids), minlength=200))


@pytest.mark.parametrize("ids", [[-1, 5], [4, 100], np.array([4, 200], np.uint8)])
def test_ids_out_of_range_give_nan(ids):
    layer = nn.embedding(4, 3)
    params = layer.init(KEY, jnp.asarray(ids))
    assert jnp.all(jnp.isnan(jax.jit(layer.apply)(params, jnp.asarray(ids))))


def test_positions_are_added():
    layer, x = nn.positions(10), normal(2, 3, 7, 4)
    params = layer.init(KEY, x)
    np.testing.assert_allclose(layer.apply(params, x), x + params["positions"][None, None, :7])


def test_rms_norm_is_its_formula():
    x = normal(5, 8)
    y = nn.rms_norm(epsilon=0.5).apply({"scale": jnp.arange(8.0)}, x)
    wide = np.asarray(x, np.float64)
    expected = wide / np.sqrt(np.mean(wide**2, -1, keepdims=True) + 0.5) * np.arange(8)
    np.testing.assert_allclose(y, expected, rtol=1e-5)


# Networks of these layers


def vision():
    return nn.serial(
        nn.conv(8, 3), activax.gelu, nn.max_pool(2), nn.rms_norm(),
        nn.residual(nn.conv(8, 3), activax.relu), nn.avg_pool(2),
        lambda x: jnp.mean(x, (-3, -2)), nn.dense(3),
    )  # fmt: skip


@pytest.mark.thorough
def test_a_network_of_images_in_half_precision(random_params):
    dtype = jnp.dtype(jnp.bfloat16)
    layer, x = vision(), normal(2, 8, 8, 1).astype(dtype)
    params = random_params(layer, x)
    assert {leaf.dtype for leaf in jax.tree.leaves(params)} == {dtype}

    @jax.jit
    def results(params, x):
        y, pull = jax.vjp(layer.apply, params, x)
        return y, jax.vmap(layer.apply, (None, 0))(params, x), pull(jnp.cos(y))

    y, one_by_one, grads = results(params, x)
    assert (y.shape, y.dtype) == ((2, 3), dtype)
    chex.assert_trees_all_close(one_by_one, y, rtol=5 * float(jnp.finfo(dtype).eps), atol=1e-6)
    assert all(jnp.all(jnp.isfinite(g)) and jnp.any(g != 0) for g in jax.tree.leaves(grads))


# Errors


def made(layer, shape):
    """Return a function of a shape that plans `apply`, with parameters for an example's shape."""
    params = jax.eval_shape(layer.init, KEY, jnp.zeros(shape))
    return lambda *shape: jax.eval_shape(layer.apply, params, jnp.zeros(shape))


BAD = [
    (lambda: nn.conv(0), ValueError, "conv: features must be a positive integer; got 0"),
    (lambda: nn.conv(4, 0), ValueError, "conv: window must be a positive integer; got 0"),
    (lambda: nn.conv(4, (3, -1)), ValueError, "conv: each entry of window must be a positive int"),
    (lambda: nn.conv(4, ()), ValueError, r"window must be an integer or have at least one.*\(\)"),
    (lambda: nn.conv(4, (3,), strides=(1, 2)), ValueError,
     r"conv: strides must be an integer or have an entry for each of 1 axes; got \(1, 2\)"),
    (lambda: nn.conv(4, padding="full"), ValueError,
     r"conv: padding must be 'SAME', 'VALID', an integer.* of the 2 spatial axes.*; got 'full'"),
    (lambda: nn.conv(4, padding=((0, 1),)), ValueError, "conv: padding must be"),
    (lambda: nn.conv(4, padding=(1,)), ValueError, r"conv: padding must be.*got \(1,\)"),
    (lambda: nn.conv(4, padding=((0, -1), (0, 0))), ValueError, "conv: padding must be"),
    (lambda: nn.conv(4, groups=3), ValueError, "features must be a multiple of groups; got 4 and"),
    (lambda: nn.conv(4, groups=2).init(KEY, jnp.zeros((5, 5, 3))), ValueError,
     r"conv: the example's last axis must be a multiple of groups; got shape \(5, 5, 3\)"),
    (lambda: nn.conv(4).init(KEY, jnp.zeros((5, 5))), ValueError,
     r"conv: x must have 2 spatial axes and one of channels, last, .*got x of shape \(5, 5\)"),
    (lambda: made(nn.conv(4), (1, 5, 5, 3))(1, 5, 5, 2), ValueError,
     r"conv: x must have 3 channels, .*got x of shape \(1, 5, 5, 2\)"),
    (lambda: made(nn.conv(4, padding="VALID"), (1, 5, 5, 3))(1, 2, 5, 3), ValueError,
     r"conv: the window \(3, 3\) .* must fit into the spatial axes of x .*'VALID'; got x of shape"),
    (lambda: nn.max_pool(2).apply({}, jnp.zeros((2, 2))), ValueError, "max_pool: x must have 2 sp"),
    (lambda: nn.avg_pool(3).apply({}, jnp.zeros((2, 2, 1))), ValueError, "avg_pool: the window"),
    (lambda: nn.max_pool(2, padding=((0, 0), (2, 0))), ValueError,
     "max_pool: padding must be smaller than the window, or a window may hold nothing"),
    (lambda: nn.embedding(0, 4), ValueError, "embedding: size must be a positive integer; got 0"),
    (lambda: nn.embedding(4, 4, dtype=int), TypeError, "embedding: dtype must be a float; got int"),
    (lambda: nn.embedding(4, 4).init(KEY, jnp.zeros(3)), TypeError,
     "embedding: ids must be integers; got float32"),
    (lambda: nn.positions(-1), ValueError, "positions: length must be a positive integer"),
    (lambda: made(nn.positions(4), (4, 3))(5, 3), ValueError,
     r"positions: x must have at most 4 positions, of 3 features; got x of shape \(5, 3\)"),
    (lambda: made(nn.positions(4), (4, 3))(4, 2), ValueError, "positions: x must have"),
    (lambda: nn.positions(4).init(KEY, jnp.zeros(3)), ValueError, "positions: axis -2 is out of"),
    (lambda: nn.rms_norm(epsilon=-1.0), ValueError, "rms_norm: epsilon must be finite and not"),
    (lambda: made(nn.rms_norm(), (4, 3))(4, 2), ValueError, "rms_norm: the last axis of x must be"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_errors_name_function_argument_and_rule(call, error, message):
    with pytest.raises(error, match=message):
        call()
