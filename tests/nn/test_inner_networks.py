"""Layers that papers call activations, with a network inside: against their formulas in NumPy."""

import chex
import drawn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from along_a_direction import assert_value_and_gradient
from drawn import KEY
from numpy.testing import assert_allclose, assert_array_equal

import activax
from activax import nn, training

IMAGES, SEQUENCES = drawn.normal(2, 5, 4, 6), drawn.normal(2, 5, 6)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def relu(x):
    return np.maximum(x, 0)


def normalize(params, x):
    centred = x - x.mean(-1, keepdims=True)
    unit = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    return unit * params["scale"] + params["bias"]


def affine(params, x):
    return x @ params["weight"] + params["bias"]


def network(params, x, spatial, between=relu):
    means = x.mean(tuple(range(-spatial - 1, -1)), keepdims=True)
    return affine(params["down"], between(affine(params["up"], means)))


def depthwise(params, x):
    weight = params["weight"][:, :, 0]
    high, wide, _ = weight.shape
    pads = [((n - 1) // 2, n // 2) for n in (high, wide)]
    padded = np.pad(x, [*[(0, 0)] * (x.ndim - 3), *pads, (0, 0)])
    rows, columns = x.shape[-3:-1]
    sums = sum(
        padded[..., i : i + rows, j : j + columns, :] * weight[i, j]
        for i in range(high)
        for j in range(wide)
    )
    return sums + params["bias"]


def acon(x, p1, p2, beta):
    return (p1 - p2) * x * sigmoid(beta * (p1 - p2) * x) + p2 * x


def lines(params, x, spatial, pieces, shared=False):
    turns = 2 * sigmoid(network(params, x, spatial)) - 1
    turns = turns.reshape(*turns.shape[:-1], 2 * pieces, 1 if shared else x.shape[-1])
    turns = np.moveaxis(turns, -2, 0)
    start = np.arange(pieces) == 0
    return np.max(
        [(start[k] + turns[k]) * x + turns[pieces + k] / 2 for k in range(pieces)], axis=0
    )


def evonorm(params, x, groups, spatial):
    of_group = x.reshape(*x.shape[:-1], groups, -1)
    axes = (*range(x.ndim - 1 - spatial, x.ndim - 1), x.ndim)
    deviation = np.sqrt(of_group.var(axes, keepdims=True) + 1e-5)
    y = (x * sigmoid(params["sharpness"] * x)).reshape(of_group.shape) / deviation
    return y.reshape(x.shape) * params["scale"] + params["bias"]


def spatial_gating(params, x):
    u, v = np.split(x, 2, -1)
    mixed = np.einsum("st,...sf->...tf", params["weight"], normalize(params["norm"], v))
    return u * (mixed + params["bias"][:, None])


def highway(params, x):
    t = sigmoid(affine(params["gate"], x))
    return t * np.tanh(affine(params["layers"][0], x)) + (1 - t) * x


def waves(params, x):
    turns = 2 * np.pi * x @ params["frequencies"]
    return np.concatenate((np.sin(turns), np.cos(turns)), -1)


# A layer, an input, and the formula.
CASES = {
    "funnel_relu": (
        nn.funnel_relu((3, 2)), IMAGES, lambda p, x: np.maximum(x, depthwise(p["conv"], x)),
    ),
    "funnel_relu with a norm": (
        nn.funnel_relu(norm=nn.layer_norm()), IMAGES,
        lambda p, x: np.maximum(x, normalize(p["norm"], depthwise(p["conv"], x))),
    ),
    "se_gate": (nn.se_gate(3), IMAGES, lambda p, x: x * sigmoid(network(p, x, 2))),
    "se_gate of sequences": (
        nn.se_gate(3, activation=activax.tanh, gate=activax.arctan, spatial=1), SEQUENCES,
        lambda p, x: x * np.arctan(network(p, x, 1, np.tanh)),
    ),
    "meta_acon": (
        nn.meta_acon(3), IMAGES,
        lambda p, x: acon(
            x, p["p1"], p["p2"], sigmoid(network(p["beta"], x, 2, lambda x: x))
        ),
    ),
    "meta_acon with norms": (
        nn.meta_acon(3, norm=nn.layer_norm(), spatial=1), SEQUENCES,
        lambda p, x: acon(
            x, p["p1"], p["p2"],
            sigmoid(normalize(p["norm"], network(
                p["beta"], x, 1, lambda x: normalize(p["beta"]["activation"], x)
            ))),
        ),
    ),
    "dynamic_relu": (nn.dynamic_relu(3), IMAGES, lambda p, x: lines(p, x, 2, 2)),
    "dynamic_relu of three lines": (
        nn.dynamic_relu(3, pieces=3, shared=True, spatial=1), SEQUENCES,
        lambda p, x: lines(p, x, 1, 3, shared=True),
    ),
    "evonorm_s0": (nn.evonorm_s0(2), IMAGES, lambda p, x: evonorm(p, x, 2, 2)),
    "evonorm_s0 of sequences": (
        nn.evonorm_s0(3, spatial=1), SEQUENCES, lambda p, x: evonorm(p, x, 3, 1),
    ),
    "spatial_gating_unit": (nn.spatial_gating_unit(), SEQUENCES, spatial_gating),
    "highway": (nn.highway(nn.dense(6), activax.tanh), SEQUENCES, highway),
    "fourier_features": (nn.fourier_features(4, trained=True), SEQUENCES, waves),
}  # fmt: skip
each = pytest.mark.parametrize(("layer", "x", "formula"), CASES.values(), ids=CASES)


@pytest.mark.thorough
@each
def test_values_and_gradients_are_those_of_the_formula(layer, x, formula):
    slopes = assert_value_and_gradient(layer.apply, formula, drawn.params(layer, x), x)
    assert all(np.any(slope != 0) for slope in jax.tree.leaves(slopes))


@pytest.mark.thorough
@each
@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16])
def test_half_precision(layer, x, formula, dtype):
    x = jnp.asarray(x, dtype)
    params = drawn.params(layer, x)

    @jax.jit
    def results(params, x):
        y, pull = jax.vjp(layer.apply, params, x)
        return y, pull(jnp.ones_like(y)), jax.vmap(layer.apply, (None, 0))(params, x)

    y, grads, one_by_one = results(params, x)
    assert y.dtype == dtype
    eps = float(jnp.finfo(dtype).eps)
    chex.assert_trees_all_close(one_by_one, y, rtol=4 * eps, atol=4 * eps)
    wanted = formula(*jax.tree.map(lambda a: np.asarray(a).astype(float), (params, x)))
    assert_allclose(np.asarray(y).astype(float), wanted, rtol=10 * eps, atol=10 * eps)
    assert all(jnp.all(jnp.isfinite(g)) and jnp.any(g != 0) for g in jax.tree.leaves(grads))


# Numbers of the authors' code, or of the code that stands in its place


def batch_norm(mean=0.0, variance=1.0):
    """Return batch normalisation as it evaluates."""
    return lambda x: (x - mean) / (variance + 1e-5) ** 0.5


def image(rows):
    return np.float32(rows)[..., None]


def by_channel(rows):
    return np.float32(rows).T


def of_network(up, down, up_bias=0.0, down_bias=0.0):
    up, down = np.float32(up).T, np.float32(down).T
    bias = {"up": np.full(up.shape[1], up_bias), "down": np.full(down.shape[1], down_bias)}
    return {
        name: {"weight": weight, "bias": np.float32(bias[name])}
        for name, weight in (("up", up), ("down", down))
    }


def filters(kernel):
    return {"conv": {"weight": np.float32(kernel)[..., None, None], "bias": np.zeros(1, "f")}}


PICTURE = image([[0.5, -1, 2], [0.3, 1.5, 0.2], [-0.7, 0.9, -0.4]])
CROSS = [[0, 0.1, 0], [0.2, -0.5, 0.2], [0, 0.1, 0]]
PIXEL = np.float32([[[0.5, -1.2]]])
ACON = nn.meta_acon(1, norm=batch_norm())
CHANNELS = by_channel([[0.5, -1, 2], [0.3, 1.5, 0.2]])
LINE = np.float32([[-1.5], [-0.2], [0.4], [2]])
PAIRS = by_channel([[0.5, -1], [2, 0.3]])
TOKENS = np.float32([[0.5, -1, 2, 0.3], [1.5, 0.2, -0.7, 0.9]])
UNIT = {"scale": np.ones(2, "f"), "bias": np.zeros(2, "f")}
TURNS = {"frequencies": by_channel([[0.3, -0.2], [0.1, 0.5], [-0.4, 0.25]])}


def slopes(p1, p2, **bias):
    p1, p2 = (np.broadcast_to(np.float32(p), 2) for p in (p1, p2))
    return {"beta": of_network([[0.3, -0.2]], [[0.5], [-0.4]], 0.1, **bias), "p1": p1, "p2": p2}


def turned(theta):
    """Return the parameters of a network that ignores its input, with 2 sigmoid(y) - 1 = theta."""
    return of_network([[0]], [[0]] * 4, down_bias=2 * np.arctanh(theta))


def gating(weight, bias):
    return {"weight": by_channel(weight), "bias": np.float32(bias), "norm": UNIT}


def swish_norm(sharpness):
    return {"sharpness": np.float32(sharpness) * np.ones(2, "f"), **UNIT}


def mixed(gate, h, x):
    """Return a highway layer of one element whose gate and layers ignore x."""
    params = {
        "gate": {"weight": np.zeros((1, 1), "f"), "bias": np.float32([gate])},
        "layers": ({},),
    }
    return nn.highway(lambda x: 0 * x + h), params, np.float32([x])


W = [[0.2, -0.1], [0.4, 0.3]]
# A layer, parameters, an input and the output.
POINTS = [
    (nn.funnel_relu(norm=batch_norm()), filters(np.full((3, 3), 1 / 9)), PICTURE, image(
        [[0.5, 0.3888869445, 2], [0.3, 1.5, 0.3555537778], [0.2222211111, 0.9, 0.2444432222]])),
    (nn.funnel_relu(norm=batch_norm()), filters(CROSS), PICTURE, image(
        [[0.5, 1.14999425, 2], [0.3, 1.5, 0.3599982], [0.5599972, 0.9, 0.399998]])),
    (nn.funnel_relu(norm=batch_norm(0.1, 0.5)), filters(CROSS), PICTURE, image(
        [[0.5, 1.484909391, 2], [0.3, 1.5, 0.3676918493], [0.6505317334, 0.9, 0.4242598261]])),
    (ACON, slopes(1, 0), PIXEL, [[[0.2848310205, -0.4414376806]]]),
    (ACON, slopes([1.3, 0.8], [-0.4, 0.2]), PIXEL, [[[0.3244437903, -0.5420388454]]]),
    (ACON, slopes(1, 0, down_bias=[1, -1]), PIXEL, [[[0.2979265726, -0.5169486306]]]),
    (nn.dynamic_relu(1, spatial=1), turned([0, 0, 0, 0]), LINE, [[0], [0], [0.4], [2]]),
    (nn.dynamic_relu(1, spatial=1), turned([0.2, -0.3, 0.1, 0.05]), LINE,
     [[0.475], [0.085], [0.53], [2.45]]),
    (nn.dynamic_relu(1, spatial=1), turned([-0.5, 0.4, -0.2, 0.3]), LINE,
     [[-0.45], [0.07], [0.31], [0.95]]),
    (nn.se_gate(1, spatial=1), of_network([[0.4, 0.6]], [[1], [-1]]), CHANNELS, by_channel(
        [[0.3228281531, -0.6456563062, 1.291312612], [0.1063031081, 0.5315155407, 0.07086873875]])),
    (nn.se_gate(1, spatial=1), of_network([[0.4, 0.6]], [[1], [-1]], 0.0, [0.5, -0.5]), CHANNELS,
     by_channel([[0.3751300528, -0.7502601056, 1.500520211],
                 [0.07492196832, 0.3746098416, 0.04994797888]])),
    (nn.se_gate(1, spatial=1), of_network([[-0.4, -0.6]], [[1], [-1]]), CHANNELS,
     by_channel([[0.25, -0.5, 1], [0.15, 0.75, 0.1]])),
    (nn.evonorm_s0(1, spatial=1), swish_norm(1), PAIRS,
     by_channel([[0.2924556146, -0.2527182893], [1.655330961, 0.1619372681]])),
    (nn.evonorm_s0(2, spatial=1), swish_norm(1), PAIRS,
     by_channel([[0.4149691989, -0.3585853744], [2.072449371, 0.2027430146]])),
    (nn.evonorm_s0(1, spatial=1), swish_norm([0.5, -2]), PAIRS,
     by_channel([[0.2641323952, -0.3547665937], [0.03380248523, 0.09989067321]])),
    (nn.spatial_gating_unit(), gating(np.zeros((2, 2)), [1, 1]), TOKENS, [[0.5, -1], [1.5, 0.2]]),
    (nn.spatial_gating_unit(), gating(W, [1, 1]), TOKENS,
     [[0.6499989173, -0.7000021653], [1.649999363, 0.1800000849]]),
    (nn.spatial_gating_unit(), gating(W, [0.5, -0.5]), TOKENS,
     [[0.3999989173, -0.2000021653], [-0.6000006366, -0.1199999151]]),
    (*mixed(0.7, -1.2, 0.4), [-0.6691004355]),
    (*mixed(-1.5, 0.8, 2.0), [1.781089371]),
    (*mixed(2.5, 3.0, -1.0), [2.69656728]),
    (nn.fourier_features(3), TURNS, np.float32([0.2, -0.5]),
     [0.8443279255, -0.9921147013, -0.9602936857, 0.535826795, 0.1253332336, 0.278991106]),
    (nn.fourier_features(3), TURNS, np.float32([0.9, 0.4]),
     [0.9297764859, 0.9685831611, -0.9980267284, 0.3681245527, -0.2486898872, -0.06279051953]),
    (nn.fourier_features(3), TURNS, np.float32([-1.1, 0.7]),
     [-0.1873813146, 0.9980267284, -0.6613118653, -0.9822872507, 0.06279051953, -0.7501110696]),
]  # fmt: skip


@pytest.mark.thorough
@pytest.mark.parametrize(("layer", "params", "x", "expected"), POINTS)
def test_check_points(layer, params, x, expected):
    assert_allclose(layer.apply(params, x), expected, rtol=1e-5, atol=1e-6)


# The start

STARTS = {
    "funnel_relu": (nn.funnel_relu((1, 1)), 1.0),
    "se_gate": (nn.se_gate(16), 0.25),
    "meta_acon": (nn.meta_acon(16), 0.7),
    "dynamic_relu": (nn.dynamic_relu(16), 0.5),
    "evonorm_s0": (nn.evonorm_s0(8), 0.356),
    "spatial_gating_unit": (nn.spatial_gating_unit(), 1.0),
    "fourier_features": (nn.fourier_features(64), 0.5),
}


@pytest.mark.thorough
@pytest.mark.parametrize(("layer", "moment"), STARTS.values(), ids=STARTS)
def test_the_second_moment_at_the_start(layer, moment):
    x = drawn.normal(4, 8, 8, 256)
    y = layer.apply(layer.init(KEY, x), x)
    assert float(jnp.mean(y**2)) == pytest.approx(moment, rel=0.15)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("unit", "source"),
    [
        (nn.dynamic_relu(16), activax.relu),
        (nn.evonorm_s0(8), activax.swish),
        (nn.serial(activax.tanh, nn.se_gate(16)), activax.tanh),
    ],
    ids=repr,
)
def test_what_reads_them_has_the_gain_of(unit, source):
    weight = nn.serial(unit, nn.dense(256)).init(KEY, drawn.normal(1, 2, 2, 256))[1]["weight"]
    assert float(jnp.std(weight)) * 16 == pytest.approx(activax.theory.gain(source), rel=0.02)


@pytest.mark.thorough
def test_trained_numbers_start_as_documented():
    params = nn.meta_acon(4).init(KEY, jnp.zeros((2, 2, 1024)))
    for name in ("p1", "p2"):
        assert float(jnp.std(params[name])) == pytest.approx(1, rel=0.1)
    assert np.any(params["p1"] != params["p2"])
    unit = nn.evonorm_s0(2).init(KEY, IMAGES)
    assert {name: set(value.tolist()) for name, value in unit.items()} == {
        "sharpness": {1.0}, "scale": {1.0}, "bias": {0.0},
    }  # fmt: skip
    gate = nn.spatial_gating_unit().init(KEY, jnp.zeros((64, 4)))
    assert float(jnp.std(gate["weight"])) == pytest.approx(1e-6, rel=0.05)
    assert_array_equal(gate["bias"], np.ones(64))
    assert_array_equal(
        nn.highway(activax.relu).init(KEY, SEQUENCES)["gate"]["bias"], -2 * np.ones(6)
    )


@pytest.mark.thorough
def test_with_a_network_of_zeros_dynamic_relu_is_relu():
    layer = nn.dynamic_relu(4, weight_init=jax.nn.initializers.zeros)
    assert_array_equal(layer.apply(layer.init(KEY, IMAGES), IMAGES), relu(IMAGES))


# Fourier features


@pytest.mark.thorough
def test_fixed_frequencies_are_not_trained():
    layer = nn.fourier_features(4)
    params = layer.init(KEY, SEQUENCES)
    slope = jax.grad(lambda p: jnp.sum(layer.apply(p, SEQUENCES) ** 3))(params)
    assert_array_equal(slope["frequencies"], np.zeros((6, 4)))
    assert training.decay_mask(params) == {"frequencies": False}


def test_phases_of_many_turns_keep_their_digits():
    x = jnp.float32([1000.25, 1.0, -8191.125])[:, None]
    layer, params = nn.fourier_features(1), {"frequencies": jnp.ones((1, 1))}
    half = 0.5**0.5
    assert_allclose(layer.apply(params, x), [[1, 0], [0, 1], [-half, half]], atol=1e-6)


# Large numbers, random numbers, the table and errors


@pytest.mark.thorough
def test_evonorm_holds_for_large_and_small_numbers():
    layer, params = nn.evonorm_s0(2), nn.evonorm_s0(2).init(KEY, IMAGES)
    grown = layer.apply(params, 1e30 * IMAGES)
    deviation = np.float64(IMAGES).reshape(2, 20, 2, 3).std((1, 3)).repeat(3, -1)[:, None, None]
    assert_allclose(grown, relu(IMAGES) / deviation, rtol=1e-5, atol=1e-6)


DRAWING = [
    (nn.funnel_relu(norm=nn.dropout(0.5)), IMAGES),
    (nn.se_gate(4, activation=activax.rrelu), IMAGES),
    (nn.meta_acon(4, norm=nn.dropout(0.5)), IMAGES),
    (nn.dynamic_relu(4, activation=activax.rrelu), IMAGES),
    (nn.spatial_gating_unit(norm=nn.dropout(0.5)), SEQUENCES),
    (nn.highway(nn.dropout(0.5)), SEQUENCES),
]


@pytest.mark.parametrize(("layer", "x"), DRAWING, ids=[repr(layer) for layer, _ in DRAWING])
def test_keys_reach_the_layers_inside(layer, x):
    params = jax.eval_shape(layer.init, KEY, x)
    with pytest.raises(TypeError, match="draws random numbers, so apply needs a key"):
        layer.apply(params, x)
    for key in (KEY, None):
        program = jax.make_jaxpr(lambda params, x, key=key: layer.apply(params, x, key=key))
        assert ("random_bits" in str(program(params, x))) == (key is not None)


def test_summary_shows_the_gate_and_the_layers_of_a_highway():
    rows = nn.summary(nn.highway(up=nn.dense(6), unit=activax.relu), SEQUENCES).rows
    assert [(row.path, row.parameters) for row in rows] == [
        ("gate", 42), ("layers/up", 42), ("layers/unit", 0),
    ]  # fmt: skip


def made(layer, shape):
    """Return a function of a shape that plans `apply`, with parameters for an example's shape."""
    params = jax.eval_shape(layer.init, KEY, jnp.zeros(shape))
    return lambda *shape: jax.eval_shape(layer.apply, params, jnp.zeros(shape))


BAD = [
    (lambda: nn.funnel_relu().init(KEY, jnp.zeros((5, 5))),
     r"funnel_relu: x must have 2 spatial axes and one of channels, last, .*shape \(5, 5\)"),
    (lambda: made(nn.funnel_relu(), (1, 5, 5, 3))(1, 5, 5, 2),
     r"funnel_relu: the last axis of x must be 3, .*got x of shape \(1, 5, 5, 2\)"),
    (lambda: nn.se_gate(4).init(KEY, jnp.zeros((5, 4))),
     r"se_gate: x must have spatial=2 axes and one of channels, last; got x of shape \(5, 4\)"),
    (lambda: made(nn.se_gate(4), (5, 5, 3))(5, 5, 2), "se_gate: the last axis of x must be 3, as"),
    (lambda: made(nn.meta_acon(4), (5, 5, 3))(5, 3), "meta_acon: x must have spatial=2 axes"),
    (lambda: made(nn.dynamic_relu(4), (5, 5, 3))(5, 5, 2), "dynamic_relu: the last axis of x must"),
    (lambda: nn.evonorm_s0(2).init(KEY, jnp.zeros((5, 5, 3))),
     r"evonorm_s0: the example's last axis must be a multiple of groups; got shape \(5, 5, 3\)"),
    (lambda: made(nn.evonorm_s0(1), (5, 5, 3))(5, 5, 2), "evonorm_s0: the last axis of x must be"),
    (lambda: nn.spatial_gating_unit().init(KEY, jnp.zeros((5, 3))),
     r"spatial_gating_unit: the last axis of x must be even, two halves; got x of shape \(5, 3\)"),
    (lambda: made(nn.spatial_gating_unit(), (5, 4))(6, 4),
     r"spatial_gating_unit: x must have 5 positions, .*got x of shape \(6, 4\)"),
    (lambda: made(nn.highway(nn.dense(4)), (5, 3))(5, 3),
     r"highway: the layers must keep the shape of x; they map \(5, 3\) to \(5, 4\)"),
    (lambda: nn.fourier_features(4).init(KEY, jnp.zeros(())),
     "fourier_features: the example's last axis must not be missing or empty"),
    (lambda: made(nn.fourier_features(4), (5, 3))(5, 2), "fourier_features: the last axis of x mu"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), BAD)
def test_errors_name_function_argument_and_rule(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("gate", [activax.softmax, jnp.tanh])
def test_gates_are_elementwise(gate):
    for make in (nn.highway, nn.se_gate, nn.meta_acon):
        with pytest.raises(TypeError, match=f"{make.__name__}: gate must be"):
            make(*(() if make is nn.highway else (4,)), gate=gate)
