"""Masks, NaN, and inputs that are not real, over tables of functions."""

import functools
import inspect

import drawn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawn import KEY
from numpy.testing import assert_allclose, assert_array_equal

import activax
from activax import diagnostics, nn, theory, training
from activax.diagnostics import plot_data

EMPTY = {  # of nothing
    "softmax": 0, "softmin": 0, "log_softmax": -np.inf, "sparsemax": 0, "standardize": 0,
    "logsumexp": -np.inf, "logmeanexp": np.nan, "mellowmax": np.nan,
    "softmax_one": 0, "softmax_sink": 0, "softpick": 0, "scalable_softmax": 0,
    "softplus_normalise": 0, "l1_relu_normalise": 0, "spherical_softmax": 0, "taylor_softmax": 0,
    "entmax15": 0, "alpha_entmax": 0, "sigsoftmax": 0,
    "temperature_softmax": 0, "temperature_log_softmax": -np.inf,
}  # fmt: skip


@jax.jit
def of_masks(x, where):
    def one(name):
        f = functools.partial(getattr(activax, name), where=where)
        slope = jax.grad(lambda x: sum(jnp.sum(row) for row in f(x)))(x)
        return f(x), slope, getattr(activax, name)(x)

    return {name: one(name) for name in EMPTY}


@pytest.mark.thorough
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
    x = np.float32(1e4 + np.random.default_rng(0).uniform(size=(4, 64)))
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


@pytest.mark.thorough
@pytest.mark.parametrize("kernel", [theory.nngp, theory.ntk])
def test_kernels_show_nan(kernel):
    kernels = [kernel(f, depth=2, sigma_w=1.0, q=1.0 if f is activax.tanh else None) for f in UNITS]

    is_nan = np.isnan(ROWS).any(-1)
    for unit, found in zip(UNITS, jax.jit(lambda x: [k(x) for k in kernels])(ROWS), strict=True):
        assert_array_equal(jnp.isnan(found), is_nan[:, None] | is_nan[None, :], str(unit))


@pytest.mark.thorough
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
        assert np.isnan(jax.jit(jax.value_and_grad(f))(np.nan)).all()


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
    "affinity": lambda x: diagnostics.affinity(activax.relu, np.tile(x, (4, 1))),
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


@pytest.mark.thorough
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
    "rotary": nn.rotary(),
    "transformer_block": nn.transformer_block(2, 8),
    "mlp": nn.mlp(8, 4, activation=activax.gelu),
    "ffn": nn.ffn(8, activation=activax.gelu),
    "gated_ffn": nn.gated_ffn(8, activation=activax.swiglu),
    "experts": nn.experts(4, 2, 8),
    "kan": nn.kan(4, size=5),
    "learned": nn.learned(activax.prelu),
    "funnel_relu": nn.funnel_relu(),
    "se_gate": nn.se_gate(2),
    "meta_acon": nn.meta_acon(2),
    "dynamic_relu": nn.dynamic_relu(2),
    "evonorm_s0": nn.evonorm_s0(2),
    "spatial_gating_unit": nn.spatial_gating_unit(),
    "fourier_features": nn.fourier_features(4),
    "highway": nn.highway(nn.dense(4)),
    "positions": nn.positions(8),
    "residual": nn.residual(nn.dense(4)),
    "parallel": nn.parallel(nn.dense(4), nn.dense(4), combine=jnp.add),
    "serial": nn.serial(nn.dense(4)),
    "scan": nn.scan(nn.dense(4), 2),
}
LINEAR = ("dense", "conv", "dropout", "positions", "residual", "parallel", "serial", "scan")
SELECTING = ("max_pool", "dropout")  # their results have the dtype of x


def test_the_table_of_layers_has_them_all():
    ours = {n for n in dir(nn) if inspect.isfunction(getattr(nn, n))}
    others = {"offload_preactivations", "save_preactivations", "summary"}
    assert ours - set(LAYERS) - others == {"embedding", "tied"}


@pytest.mark.parametrize("name", LAYERS)
def test_layers_compute_or_refuse_complex_input_and_cut_none(name):
    layer, real = LAYERS[name], drawn.normal(2, 4, 4, 4)
    params, both = drawn.params(layer, real), real + 1j * real
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
          "attention", "rotary", "kan", "learned", "positions", "funnel_relu", "se_gate",
          "meta_acon", "dynamic_relu", "evonorm_s0", "spatial_gating_unit",
          "fourier_features"]  # of which the others are made  # fmt: skip


@pytest.mark.thorough
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
    assert y.dtype == (dtype if name in SELECTING else jnp.float32)
    assert_allclose(y.astype(jnp.float32), expected, 1e-5, 1e-5)


# Ratios, and to what is 0


def test_affinity_does_not_depend_on_the_scale_of_the_outputs():
    x = drawn.normal(64, 2)
    square, *others = jax.jit(
        lambda x: [diagnostics.affinity(lambda x, s=s: s * x**2, x) for s in (1.0, 1e-25, 1e25)]
    )(x)
    for scaled in others:
        assert_allclose(scaled, square, 1e-4)


@pytest.mark.thorough
def test_biases_that_start_at_zero_are_no_fault_of_the_flow():
    network = nn.serial(nn.dense(3), activax.relu, nn.dense(1))
    x = np.ones((4, 2), np.float32)
    params = network.init(KEY, x)
    flow = jax.jit(
        lambda params: diagnostics.gradient_flow(
            lambda p: jnp.sum(network.apply(p, x) ** 2), params, update=0.1
        )
    )(params)
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
