"""Sums of squares and exponentials, NaN, and inputs that are not real, over tables of functions."""

import functools
import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import activax
from activax import diagnostics, initializers, nn, theory, training
from activax.diagnostics import plot_data

pytestmark = pytest.mark.optimized

KEY = jax.random.key(0)
SCALES = (1e-30, 1e-12, 1.0, 3e4, 1e19, 1e20, 1e37)
DTYPES = ("float16", "bfloat16", "float32", "float64")
NORMS = {"layer_norm": (nn.layer_norm, True), "rms_norm": (nn.rms_norm, False)}


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
    x = 1e4 + jax.random.uniform(KEY, (4, 256), minval=-1, maxval=1)
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
    return halves.std, whole["std"], whole["rms"], tapped(x)["rms"], flow.gradient_norm


@pytest.mark.parametrize("scale", SCALES)
def test_diagnostics_square_without_leaving_the_range(scale):
    x = scale * jax.random.normal(KEY, (64, 3))
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


def test_affinity_does_not_depend_on_the_scale_of_the_outputs():
    x = jax.random.normal(KEY, (64, 2))
    for scale in (1e-25, 1e25):
        found = diagnostics.affinity(lambda x, s=scale: s * x**2, x)
        assert_allclose(found, diagnostics.affinity(jnp.square, x), 1e-4)


@pytest.mark.parametrize("shape", [(100_000,), (1000, 100)])
def test_a_large_mean_does_not_blur_the_standard_deviation(shape):
    x = 1e6 + jax.random.uniform(KEY, shape, minval=-1, maxval=1)
    found, expected = diagnostics.statistics(x), np.std(np.asarray(x, float))
    assert_allclose(found.std, expected, 1e-6)
    merged = diagnostics.statistics(x[:300]) + diagnostics.statistics(x[300:])
    assert_allclose(merged.std, expected, 1e-4)  # means are rounded to 0.06


@pytest.mark.parametrize("empty", [[1e6] * 5, [], [np.nan, np.inf]])
def test_statistics_without_deviation_have_none(empty):
    assert diagnostics.statistics(np.float32(empty)).std == 0


EMPTY = {  # of nothing
    "softmax": 0, "softmin": 0, "log_softmax": -np.inf, "sparsemax": 0, "standardize": 0,
    "logsumexp": -np.inf, "logmeanexp": np.nan,
}  # fmt: skip


@jax.jit
def of_masks(x, where):
    def one(name):
        f = functools.partial(getattr(activax, name), where=where)
        slope = jax.grad(lambda x: sum(jnp.sum(row) for row in f(x)))(x)
        return f(x), slope, getattr(activax, name)(x)

    return {name: one(name) for name in EMPTY}


def test_every_mask_that_is_empty_gives_what_is_said_of_nothing():
    masked = {name for name, f in activax.catalog.items() if "where" in f.parameters}
    assert masked == set(EMPTY)
    x = jnp.array([[1.0, 2.0], [1.0, 2.0]])
    where = jnp.array([[False, False], [True, True]])
    for name, (value, slope, unmasked) in of_masks(x, where).items():
        assert_array_equal(value[0], np.full(value[0].shape, EMPTY[name]), name)
        assert_allclose(value[1], unmasked[1], 1e-6, err_msg=name)
        assert_array_equal(slope[0], 0, name)
        assert jnp.isfinite(slope[1]).all(), name


LACKING = {  # parameters of jax.nn that ours do not take
    ("gelu", "approximate"): "gelu and gelu_tanh are two definitions",
    ("glu", "x"): "gate and value are two arrays",
    ("logsumexp", "a"): "x, as everywhere",
    ("logsumexp", "b"): "weights are added to x as logarithms",
    ("logsumexp", "return_sign"): "without negative weights the sum is positive",
    ("standardize", "mean"): "the statistics are those of x",
    ("standardize", "variance"): "the statistics are those of x",
}


def test_activations_take_the_parameters_of_their_namesakes_in_jax():
    lacking = {
        (name, parameter)
        for name, f in activax.catalog.items()
        if hasattr(jax.nn, name)
        for parameter in inspect.signature(getattr(jax.nn, name)).parameters
        if parameter not in inspect.signature(f).parameters
    }
    assert lacking == set(LACKING)


def test_both_algorithms_of_standardize_are_the_stable_one():
    x = 1e4 + jax.random.uniform(KEY, (4, 64))
    outputs = [activax.standardize(x, algorithm=name) for name in ("fast", "stable")]
    assert_array_equal(*outputs)
    assert_array_equal(outputs[0], activax.standardize(x))
    assert jax.grad(lambda x: activax.standardize(x, algorithm="fast")[0, 0])(x).any()
    with pytest.raises(ValueError, match="standardize: algorithm must be 'fast' or 'stable'; got"):
        activax.standardize(x, algorithm="slow")


# NaN

ROWS = np.float32([[1.0, 1.0], [np.nan, 1.0], [1.0, -1.0]])
CLOSED = [activax.relu, activax.leaky_relu, activax.abs, activax.relu_squared, activax.gelu,
          activax.exponential, jnp.sin, jnp.cos, jax.lax.erf, jnp.sign]  # fmt: skip


UNITS = [*CLOSED, activax.tanh]


@pytest.mark.parametrize("kernel", [theory.nngp, theory.ntk])
def test_kernels_show_nan(kernel):
    kernels = [kernel(f, depth=2, sigma_w=1.0, q=1.0 if f is activax.tanh else None) for f in UNITS]

    is_nan = np.isnan(ROWS).any(-1)
    for unit, found in zip(UNITS, jax.jit(lambda x: [k(x) for k in kernels])(ROWS), strict=True):
        assert_array_equal(jnp.isnan(found), is_nan[:, None] | is_nan[None, :], str(unit))


def test_duals_show_nan_in_value_and_slope():
    duals = [theory.dual(f) for f in UNITS]

    @jax.jit
    def evaluated(rho):
        slopes = [d.slopes(rho) for d in duals if d.activation is not jnp.sign]  # which has none
        derivatives = [jax.vmap(jax.grad(d))(rho) for d in duals]
        return [d(rho) for d in duals], [d.derivative(rho) for d in duals], slopes, derivatives

    for found in jax.tree.leaves(evaluated(jnp.array([0.5, jnp.nan]))):
        assert_array_equal(jnp.isnan(found), [False, True])


def test_theory_of_scaled_and_shaped_activations_shows_nan():
    for f in (theory.scaled(activax.relu)[0], theory.scaled(activax.gelu, "geometric")[0]):
        assert jnp.isnan(f(jnp.nan))
        assert jnp.isnan(jax.grad(f)(jnp.nan))


WITH_NAN = np.float32([[1.0, np.nan], [2.0, 3.0]])


def health(x, cotangents=None):
    state = diagnostics.health_init(activax.relu, 2)
    state = diagnostics.health_update(state, activax.relu, x, cotangents)
    return diagnostics.health_report(state)


def tapped(x):
    _, seen = jax.grad(lambda a, s: jnp.sum(diagnostics.tap(a, s) * x), (0, 1))(
        jnp.ones_like(x), diagnostics.sink()
    )
    return diagnostics.summarize(seen)


# Functions that show a NaN: by a number that counts it, by a NaN, or by an error.
SHOWS = {
    "statistics": lambda x: diagnostics.statistics(x).nonfinite.total(),
    "merge": lambda x: (diagnostics.statistics(x) + diagnostics.statistics(x)).nonfinite.total(),
    "summarize": lambda x: diagnostics.summarize(diagnostics.statistics(x))["nonfinite_share"],
    "tap": lambda x: tapped(x)["nonfinite_share"],
    "health_report": lambda x: health(x).nonfinite_share[1],
    "unit_health": lambda x: diagnostics.watch(activax.relu, diagnostics.unit_health)(x)[1][
        "relu"
    ].sizes.nonfinite.total()[1],
    "gradient_flow": lambda x: np.isnan(
        diagnostics.gradient_flow(lambda w: jnp.sum(w * x), x)[""].gradient_norm
    ),
    "first_nonfinite": lambda x: diagnostics.first_nonfinite(lambda p, x: x, {}, x) is not None,
    "binned": lambda x: plot_data.binned("f", {"x": x}, 2)[1]["x"].nonfinite,
    "traced_norms": lambda x: np.isnan(norms_of(x).norm),
    "linear_map of weights": lambda x: linear(x),
}
REFUSES = {
    "dead": lambda x: diagnostics.dead(activax.relu, x),
    "jacobian_spectrum": lambda x: diagnostics.jacobian_spectrum(activax.relu, x),
    "affinity": lambda x: diagnostics.affinity(activax.relu, jnp.tile(x, (4, 1))),
    "linear_map": lambda x: diagnostics.linear_map(lambda p, x: x, {}, x),
    "linear_regions": lambda x: diagnostics.linear_regions(activax.relu, x[0], x[1]),
}


def norms_of(x):
    tracer = training.trace_norms()
    return training.traced_norms(tracer.update({"w": x}, tracer.init({"w": x}))[1])["gradients"][
        "w"
    ]


def linear(x):
    with pytest.raises(ValueError, match="not affine"):
        diagnostics.linear_map(nn.dense(2, bias=False), {"weight": x})
    return True


@pytest.mark.parametrize("name", SHOWS)
def test_diagnostics_show_nan(name):
    assert float(SHOWS[name](WITH_NAN)) > 0


@pytest.mark.parametrize("name", REFUSES)
def test_diagnostics_refuse_nan_where_nothing_could_show_it(name):
    with pytest.raises(ValueError, match="must be finite"):
        REFUSES[name](WITH_NAN)


def test_saturation_leaves_out_slopes_that_are_nan():
    x = jnp.array([[9.0, 9.0], [jnp.nan, 0.0]])
    state = diagnostics.health_update(diagnostics.health_init(activax.tanh, 2), activax.tanh, x)
    assert_array_equal(diagnostics.health_report(state).saturated_share, [1.0, 0.5])


# Inputs that are not real floats

LAYERS = {
    "dense": nn.dense(3),
    "conv": nn.conv(3),
    "max_pool": nn.max_pool(2),
    "avg_pool": nn.avg_pool(2),
    "layer_norm": nn.layer_norm(),
    "rms_norm": nn.rms_norm(),
    "dropout": nn.dropout(0.5),
    "attention": nn.attention(2),
    "transformer_block": nn.transformer_block(2, 8),
    "mlp": nn.mlp(8, 4, activation=activax.gelu),
    "ffn": nn.ffn(8, activation=activax.gelu),
    "gated_ffn": nn.gated_ffn(8, activation=activax.swiglu),
    "learned": nn.learned(activax.prelu),
    "positions": nn.positions(8),
    "residual": nn.residual(nn.dense(4)),
    "parallel": nn.parallel(nn.dense(4), nn.dense(4), combine=jnp.add),
    "serial": nn.serial(nn.dense(4)),
    "scan": nn.scan(nn.dense(4), 2),
}
LINEAR = ("dense", "conv", "dropout", "positions", "residual", "parallel", "serial", "scan")


def test_the_table_of_layers_has_them_all():
    ours = {n for n in dir(nn) if inspect.isfunction(getattr(nn, n))}
    others = {"offload_preactivations", "save_preactivations", "summary"}
    assert ours - set(LAYERS) - others == {"embedding"}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_compute_or_refuse_complex_input_and_cut_none(name):
    layer, real = LAYERS[name], jax.random.normal(KEY, (2, 4, 4, 4))
    params, both = layer.init(KEY, real), jax.lax.complex(real, real)
    with jax.numpy_dtype_promotion("standard"):
        if name not in LINEAR:
            with pytest.raises(TypeError, match="must be real; got complex64"):
                layer.apply(params, both, key=None)
            return
        y, of_real, of_zero = jax.jit(
            lambda p: [layer.apply(p, x, key=None) for x in (both, real, jnp.zeros_like(real))]
        )(params)
    assert_allclose(y.real, of_real, 1e-3, 1e-4)
    assert_allclose(y.imag, of_real - of_zero, 1e-3, 1e-4)


SIMPLE = ["dense", "conv", "max_pool", "avg_pool", "layer_norm", "rms_norm", "dropout",
          "attention", "learned", "positions"]  # of which the others are made  # fmt: skip


@pytest.mark.parametrize("dtype", [jnp.int32, jnp.bool_])
@pytest.mark.parametrize("name", SIMPLE)
def test_layers_of_integers_and_booleans_are_those_of_floats(name, dtype):
    layer = LAYERS[name]
    x = jnp.arange(128).reshape(2, 4, 4, 4).astype(dtype)
    with jax.numpy_dtype_promotion("standard"):
        params = layer.init(KEY, x)
        y, expected = jax.jit(
            lambda p: [layer.apply(p, x.astype(d), key=None) for d in (dtype, float)]
        )(params)
    assert y.dtype == (dtype if name in ("max_pool", "dropout") else jnp.float32)
    assert_allclose(y.astype(jnp.float32), expected, 1e-5, 1e-5)


FLOATS = [name for name in dir(jnp) if name.startswith(("float4", "float8", "bfloat16", "float16"))]
UNSIGNED = "float8_e8m0fnu"
INITIALISERS = {
    "variance_scaling": initializers.variance_scaling(activax.relu),
    "normal": initializers.variance_scaling(1.0, distribution="normal"),
    "uniform": initializers.variance_scaling(1.0, distribution="uniform"),
    "orthogonal": initializers.orthogonal(4.0),
    "delta_orthogonal": initializers.delta_orthogonal(4.0),
    **{
        f"{name} {part}": getattr(recipe(activax.tanh, first=first, **options), part)
        for name, recipe in initializers.RECIPES.items()
        for part in ("weight", "bias")
        for first, options in ((False, {"sigma_b": 0.5} if name == "critical" else {}),)
    },
    "critical orthogonal": initializers.critical(activax.tanh, distribution="orthogonal").weight,
    "embedding": lambda key, shape, dtype: nn.embedding(*shape[-2:], dtype=dtype).init(
        key, jnp.zeros(1, int)
    )["weight"],
    "positions": lambda key, shape, dtype: nn.positions(shape[0]).init(
        key, jax.ShapeDtypeStruct(shape, dtype)
    )["positions"],
    "dense": lambda key, shape, dtype: nn.dense(8).init(key, jax.ShapeDtypeStruct(shape, dtype))[
        "weight"
    ],
}


@pytest.mark.parametrize("name", INITIALISERS)
def test_initialisers_are_drawn_in_single_and_rounded_to_every_float(name):
    shape = (1, 1, 8, 8) if name == "delta_orthogonal" else (8, 8)
    dtypes = sorted(set(FLOATS) - {UNSIGNED})
    single, *found = jax.jit(
        lambda key: [INITIALISERS[name](key, shape, dtype) for dtype in ("float32", *dtypes)]
    )(KEY)
    for dtype, narrow in zip(dtypes, found, strict=True):
        rounded = single.astype(dtype).astype(jnp.float32)
        assert narrow.dtype == dtype
        assert_array_equal(narrow.astype(jnp.float32), rounded, err_msg=dtype)
        assert jnp.isfinite(rounded).all()


def test_weights_need_a_dtype_with_a_sign():
    with pytest.raises(TypeError, match=f"must have 0 and negative numbers; got {UNSIGNED}"):
        nn.dense(3).init(KEY, jax.ShapeDtypeStruct((2, 4), UNSIGNED))


# Ratios to what is 0


def test_biases_that_start_at_zero_are_no_fault_of_the_flow():
    network = nn.serial(nn.dense(3), activax.relu, nn.dense(1))
    x = jnp.ones((4, 2))
    params = network.init(KEY, x)
    flow = diagnostics.gradient_flow(
        lambda p: jnp.sum(network.apply(p, x) ** 2), params, update=0.1
    )
    curves = plot_data.norms("f", flow)["update_ratio"][""]
    assert {"0/weight", "2/weight"} <= set(curves)
    assert np.isfinite([*curves.values()]).all()
    still = diagnostics.gradient_flow(
        lambda p: 0.0 * jnp.sum(p["b"]), {"b": jnp.zeros(2)}, update=1
    )
    assert still["b"].update_ratio == 0
    lost = diagnostics.gradient_flow(lambda p: jnp.nan * jnp.sum(p), jnp.zeros(2), update=1.0)
    assert np.isnan(
        plot_data.norms("f", lost)["update_ratio"][""][""]
    )  # a NaN stays in the picture


def test_the_picture_of_the_first_step_marks_nothing():
    pytest.importorskip("matplotlib")
    params = {"weight": jnp.ones(2), "bias": jnp.zeros(2)}
    flow = diagnostics.gradient_flow(lambda p: jnp.sum(p["weight"] + p["bias"]), params, update=0.1)
    figure = diagnostics.plot.gradient_flow(flow)
    labels = [line.get_label() for axes in figure.axes for line in axes.lines]
    assert not [label for label in labels if "NaN" in label]
