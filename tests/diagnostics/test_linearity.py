"""Linearity of networks: folded maps, affinity, linear pieces and Jacobians."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax
from activax import diagnostics, nn

D1 = 64  # the width at which the affinity of random networks was measured


def network(*layers, inputs=8, dtype=np.float32, seed=0):
    """Return a network, random parameters for all its weights and biases, and inputs."""
    layer, drawn = nn.serial(*layers), np.random.default_rng(seed)
    example = jax.ShapeDtypeStruct((1, inputs), dtype)
    shapes = jax.eval_shape(layer.init, jax.random.key(0), example)

    def draw(leaf):
        scale = (2 / leaf.shape[0]) ** 0.5 if leaf.ndim == 2 else 0.1
        return jnp.asarray(scale * drawn.normal(size=leaf.shape), leaf.dtype)

    x = jnp.asarray(drawn.normal(size=(32, inputs)), dtype)
    return layer, jax.tree.map(draw, shapes), x


def jitted(diagnostic, apply):
    return jax.jit(functools.partial(diagnostic, apply))


LINEAR = {
    "a stack": (nn.dense(16), nn.dense(24), nn.dense(5)),
    "a residual": (nn.residual(nn.dense(12), nn.dense(8)), nn.dense(3)),
    "a sum": (nn.parallel(nn.dense(6), nn.dense(6), combine=jnp.add),),
    "what is linear as it is bound": (
        nn.dense(6),
        activax.leaky_relu.bind(negative_slope=1.0),
        nn.dropout(0.5),
        lambda x: 2 * x - 1,
    ),
}


@pytest.mark.thorough
@pytest.mark.parametrize("layers", LINEAR.values(), ids=LINEAR)
def test_linear_layers_fold_into_one_map(layers):
    layer, params, x = network(*layers)
    folded = diagnostics.linear_map(layer, params)
    y = layer.apply(params, x, key=None)
    np.testing.assert_allclose(folded(x), y, rtol=2e-5, atol=2e-5)


def test_an_affine_network_is_the_same_map_about_every_input():
    layer, params, x = network(*LINEAR["a residual"])
    everywhere = diagnostics.linear_map(layer, params)
    about = diagnostics.linear_map(layer, params, x[0])
    np.testing.assert_allclose(about.weight, everywhere.weight, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(about.bias, everywhere.bias, rtol=1e-5, atol=5e-6)


def orthogonal(drawn, size, gain=1.0):
    return gain * np.linalg.qr(drawn.normal(size=(size, size)))[0]


@pytest.mark.parametrize(("dtype", "error"), [(np.float32, 2e-6), (np.float64, 4e-15)])
def test_a_deep_stack_folds_to_rounding(dtype, error):
    depth, drawn = 50, np.random.default_rng(0)
    with jax.enable_x64(dtype == np.float64):
        weights = [jnp.asarray(orthogonal(drawn, D1), dtype) for _ in range(depth)]
        params = tuple({"weight": weight} for weight in weights)
        folded = diagnostics.linear_map([nn.dense(D1)] * depth, params)
        product = functools.reduce(np.matmul, map(np.asarray, weights))
        np.testing.assert_allclose(folded.weight, product, atol=error)


def test_the_piece_of_a_relu_network_is_the_product_of_its_active_weights():
    layer, params, x = network(nn.dense(16), activax.relu, nn.dense(12), activax.relu, nn.dense(3))
    folded = diagnostics.linear_map(layer, params, x.reshape(4, 8, 8))
    assert folded.weight.shape == (4, 8, 8, 3)
    assert folded.bias.shape == (4, 8, 3)
    np.testing.assert_allclose(
        folded(x.reshape(4, 8, 8)), layer.apply(params, x).reshape(4, 8, 3), rtol=1e-5, atol=1e-5
    )
    dense = [(np.asarray(own["weight"]), np.asarray(own["bias"])) for own in params[::2]]
    for i, row in enumerate(np.asarray(x)):
        weight, bias = np.eye(8), np.zeros(8)
        for j, (w, b) in enumerate(dense):
            weight, bias = weight @ w, bias @ w + b
            active = (row @ weight + bias > 0) | (j == len(dense) - 1)
            weight, bias = weight * active, bias * active
        np.testing.assert_allclose(folded.weight.reshape(32, 8, 3)[i], weight, atol=1e-5)
        np.testing.assert_allclose(folded.bias.reshape(32, 3)[i], bias, atol=1e-5)


def test_a_map_holds_for_the_whole_region():
    layer, params, x = network(nn.dense(16), activax.hard_tanh, nn.dense(3))
    folded = diagnostics.linear_map(layer, params, x[0])
    near = x[:1] + 1e-4 * x
    np.testing.assert_allclose(folded(near), layer.apply(params, near), rtol=1e-5, atol=1e-6)


def test_any_function_of_parameters_folds():
    def apply(params, x):
        return activax.relu(x @ params) @ params.T

    weights, x = jnp.array([[1.0, -1.0], [2.0, 3.0]]), jnp.array([1.0, -0.1])
    folded = diagnostics.linear_map(apply, weights, x)  # the first unit fires
    np.testing.assert_allclose(folded.weight, weights[:, :1] @ weights[:, :1].T)
    np.testing.assert_allclose(folded.bias, 0.0, atol=1e-7)
    compiled = jax.jit(functools.partial(diagnostics.linear_map, apply))(weights, x)
    np.testing.assert_allclose(compiled.weight, folded.weight)
    smooth = jax.jit(lambda w, x: diagnostics.linear_map(lambda w, x: jnp.tanh(x @ w), w, x))
    assert smooth(weights, x).weight.shape == (2, 2)  # not checked under jit


def test_affinity_of_affine_functions_is_exact():
    layer, params, _ = network(*LINEAR["a stack"])
    x = jax.random.normal(jax.random.key(3), (64, 8))
    for apply in (jnp.ones_like, functools.partial(layer.apply, params)):
        found = jitted(diagnostics.affinity, apply)(x)
        assert found == pytest.approx((1.0, 0.0), abs=1e-6)


def test_affinity_agrees_with_least_squares_and_with_every_pair():
    layer, params, x = network(nn.dense(6), activax.gelu, nn.dense(4), inputs=3)
    apply = functools.partial(layer.apply, params)
    r2, change = jitted(diagnostics.affinity, apply)(x)
    design, y = np.column_stack([x, np.ones(len(x))]), np.asarray(apply(x))
    rest = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    assert float(r2) == pytest.approx(1 - (rest**2).sum() / ((y - y.mean(0)) ** 2).sum(), abs=1e-5)
    each = np.asarray(jax.jit(jax.vmap(jax.jacfwd(lambda row: apply(row[None])[0])))(x))
    apart = np.mean([((a - b) ** 2).sum() for i, a in enumerate(each) for b in each[:i]])
    assert float(change) == pytest.approx((apart / (each**2).sum((1, 2)).mean()) ** 0.5, rel=1e-5)


def test_affinity_tells_a_bend_from_a_slight_one():
    """Compare relu with a leaky relu of slope 0.9, in random networks of one hidden layer."""

    def measured(activation):
        layer, params, _ = network(nn.dense(D1), activation, nn.dense(D1), inputs=16)
        x = jax.random.normal(jax.random.key(1), (128, 16))
        return jitted(diagnostics.affinity, functools.partial(layer.apply, params))(x)

    leaky, relu = measured(activax.leaky_relu.bind(negative_slope=0.9)), measured(activax.relu)
    assert 1 > leaky.r2 > 0.99 > 0.85 > relu.r2 > 0.6
    assert 0 < leaky.change < 0.1 < 0.8 < relu.change < 1.2


def crossings(params, a, b):
    """Return the breakpoints of a ReLU network on a segment, from signs of its pre-activations."""
    a, b = np.asarray(a), np.asarray(b)
    t, values = np.array([0.0, 1.0]), np.stack([a, b])
    *hidden, last = [(np.asarray(p["weight"]), np.asarray(p["bias"])) for p in params if p]
    for weight, bias in hidden:
        h = values @ weight + bias
        with np.errstate(divide="ignore", invalid="ignore"):
            share = h[:-1] / (h[:-1] - h[1:])
        cuts = (t[:-1, None] + share * np.diff(t)[:, None])[(share > 0) & (share < 1)]
        finer = np.unique(np.concatenate([t, cuts]))
        h = np.stack([np.interp(finer, t, column) for column in h.T], 1)
        t, values = finer, np.maximum(h, 0)
    slopes = np.diff(values @ last[0] + last[1], axis=0) / np.diff(t)[:, None]
    bends = np.abs(np.diff(slopes, axis=0)).max(1) > 1e-9 * np.abs(slopes).max()
    return t[1:-1][bends]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("hidden", "outputs"), [((64,), 1), ((32, 32), 1), ((32, 32), 4), ((8, 8, 8, 8), 2)], ids=str
)
def test_linear_regions_are_those_of_the_signs(hidden, outputs):
    with jax.enable_x64(True):
        layers = [part for size in hidden for part in (nn.dense(size), activax.relu)]
        layer, params, x = network(*layers, nn.dense(outputs), dtype=np.float64)
        apply, ends = functools.partial(layer.apply, params), 3 * x.reshape(-1, 2, 8)
        for a, b in ends[:3]:
            want, got = crossings(params, a, b), diagnostics.linear_regions(apply, a, b)
            assert got.number == len(want) + 1
            np.testing.assert_allclose(got.breakpoints, want, atol=1e-9)


def test_linear_regions_in_float32_agree_to_its_rounding():
    layer, params, x = network(nn.dense(32), activax.relu, nn.dense(32), activax.relu, nn.dense(2))
    want = crossings(jax.tree.map(lambda leaf: np.asarray(leaf, float), params), x[0], x[1])
    got = diagnostics.linear_regions(functools.partial(layer.apply, params), x[0], x[1])
    np.testing.assert_allclose(got.breakpoints, want, atol=2e-5)


def sawtooth(x, teeth=6):
    for _ in range(teeth):
        x = 2 * activax.relu(x) - 4 * activax.relu(x - 0.5)
    return x


STEPS = {
    "a line": (lambda x: 3 * x, []),
    "a constant": (jnp.zeros_like, []),
    "a sawtooth": (sawtooth, np.arange(1, 64) / 64),
    "a hat": (lambda x: activax.relu(1e-2 - abs(x - 0.43)), [0.42, 0.43, 0.44]),
    "a jump": (lambda x: jnp.where(x > 0.3, 2.0, 1.0), [0.3]),
    "kinks at both ends": (lambda x: abs(x) + abs(x - 1), []),
}


@pytest.mark.parametrize(("function", "breakpoints"), STEPS.values(), ids=STEPS)
def test_linear_regions_of_known_functions(function, breakpoints):
    got = diagnostics.linear_regions(function, jnp.array([0.0]), jnp.array([1.0]))
    assert got.number == len(breakpoints) + 1
    np.testing.assert_allclose(got.breakpoints, breakpoints, atol=1e-5)


@pytest.mark.parametrize("shape", [(3, 7), (7, 3)])
def test_the_spectrum_is_that_of_the_weights(shape):
    weight = jax.random.normal(jax.random.key(0), shape)
    x = jax.random.normal(jax.random.key(1), (4, shape[0]))
    spectrum = jitted(diagnostics.jacobian_spectrum, lambda x: x @ weight + 1)(x)
    want = np.linalg.svd(weight, compute_uv=False)
    np.testing.assert_allclose(spectrum.singular_values, np.tile(want, (4, 1)), rtol=1e-5)
    np.testing.assert_allclose(spectrum.largest, np.full(4, want[0]), rtol=1e-5)
    np.testing.assert_allclose(spectrum.condition, np.full(4, want[0] / want[-1]), rtol=1e-5)
    np.testing.assert_allclose(spectrum.mean_square, np.full(4, np.mean(want**2)), rtol=1e-5)


def test_the_spectrum_takes_images():
    images = jax.random.normal(jax.random.key(0), (3, 4, 4, 2))

    def pooled(x):
        return activax.relu(x).mean((1, 2))

    values = jitted(diagnostics.jacobian_spectrum, pooled)(images).singular_values
    want = jnp.sqrt((images > 0).sum((1, 2))) / 16  # the channels do not mix
    np.testing.assert_allclose(values, -jnp.sort(-want), rtol=1e-5)


def test_the_spread_of_orthogonal_relu_networks_is_what_theory_says():
    depth, width, drawn = 3, 64, np.random.default_rng(0)
    layer = nn.serial(*[nn.dense(width), activax.relu] * depth)
    x = jnp.asarray(drawn.normal(size=(1, width)), jnp.float32)

    @jax.jit
    @jax.vmap
    def spread(weights):
        params = [own for weight in weights for own in ({"weight": weight}, {})]
        return diagnostics.jacobian_spectrum(lambda x: layer.apply(params, x), x).spread[0]

    networks = [[orthogonal(drawn, width, 2**0.5) for _ in range(depth)] for _ in range(8)]
    spreads = spread(jnp.asarray(networks, jnp.float32))
    want = activax.theory.isometry(activax.relu, depth=depth, weights="orthogonal").variance
    assert jnp.mean(spreads) == pytest.approx(want, rel=0.15)


DENSE = network(nn.dense(4), nn.dense(3))
RELU = network(nn.dense(4), nn.serial(nn.dense(3), activax.relu))
ENDS = jnp.zeros(2), jnp.ones(2)
NAN = jnp.array([[0.0, 1.0], [jnp.nan, 1.0]])
ERRORS = {
    "an empty network": (
        lambda: diagnostics.linear_map(nn.serial(), ()),
        ValueError,
        "linear_map: the network has no layers",
    ),
    "an empty list": (
        lambda: diagnostics.linear_map([], (), jnp.ones(3)),
        ValueError,
        "linear_map: the network has no layers",
    ),
    "a smooth layer": (
        lambda: diagnostics.linear_map([jnp.negative, activax.gelu], ({}, {}), jnp.ones(3)),
        ValueError,
        r"linear_map: layer 1 \(activax\.gelu\) is not affine; only a piecewise linear network",
    ),
    "a kink inside": (
        lambda: diagnostics.linear_map(*RELU[:2]),
        ValueError,
        r"linear_map: layer 1 \(layer 1 \(activax\.relu\)\) is not affine; give an input x",
    ),
    "a jump of slope 0": (
        lambda: diagnostics.linear_map(*network(nn.dense(4), jnp.sign)[:2]),
        ValueError,
        r"linear_map: layer 1 is not affine; give",
    ),
    "a function without x": (
        lambda: diagnostics.linear_map(lambda params, x: x, {}),
        ValueError,
        "linear_map: params must hold a weight that tells the size of the input; got none",
    ),
    "x without axes": (
        lambda: diagnostics.linear_map(*DENSE[:2], 1.0),
        ValueError,
        r"linear_map: x must have the shape \(\.\.\., inputs\); got \(\)",
    ),
    "x that is not finite": (
        lambda: diagnostics.linear_map(*DENSE[:2], jnp.full(8, jnp.inf)),
        ValueError,
        r"linear_map: x must be finite; got inf at \(0,\)",
    ),
    "x of another size": (
        lambda: diagnostics.linear_map(*DENSE[:2], jnp.ones(7)),
        ValueError,
        "dense: the last axis of x must be 8",
    ),
    "too few inputs": (
        lambda: diagnostics.affinity(lambda x: x, jnp.ones((4, 3))),
        ValueError,
        "affinity: needs more than 4 inputs of 3 elements, or some affine map fits any outputs",
    ),
    "one input without rows": (
        lambda: diagnostics.affinity(lambda x: x, jnp.ones(3)),
        ValueError,
        r"affinity: x must have the shape \(n, \.\.\.\), not empty; got \(3,\)",
    ),
    "no inputs": (
        lambda: diagnostics.jacobian_spectrum(lambda x: x, jnp.ones((0, 3))),
        ValueError,
        r"jacobian_spectrum: x must have the shape \(n, \.\.\.\), not empty; got \(0, 3\)",
    ),
    "NaN": (
        lambda: diagnostics.jacobian_spectrum(lambda x: x, NAN),
        ValueError,
        r"jacobian_spectrum: x must be finite; got nan at \(1, 0\)",
    ),
    "a network of two outputs": (
        lambda: diagnostics.jacobian_spectrum(lambda x: (x, x), jnp.ones((2, 3))),
        ValueError,
        r"jacobian_spectrum: the network must map an array \(n, \.\.\.\) to an array \(n, .*\); it "
        r"maps \(1, 3\) to \(\(1, 3\), \(1, 3\)\)",
    ),
    "a network that reduces": (
        lambda: diagnostics.jacobian_spectrum(jnp.sum, jnp.ones((2, 3))),
        ValueError,
        r"to an array \(n, \.\.\.\); it maps \(1, 3\) to \(\)",
    ),
    "a smooth network": (
        lambda: diagnostics.linear_regions(activax.tanh, *ENDS),
        ValueError,
        "linear_regions: the network must have at most 10000 linear pieces between a and b; got",
    ),
    "ends of two shapes": (
        lambda: diagnostics.linear_regions(activax.relu, jnp.ones(2), jnp.ones(3)),
        ValueError,
        r"linear_regions: a and b must have one shape; got \(2,\), \(3,\)",
    ),
    "one end": (
        lambda: diagnostics.linear_regions(activax.relu, jnp.ones(2), jnp.ones(2)),
        ValueError,
        "linear_regions: a and b must differ; got the same input twice",
    ),
    "an end that is not finite": (
        lambda: diagnostics.linear_regions(activax.relu, jnp.ones(2), NAN[1]),
        ValueError,
        r"linear_regions: b must be finite; got nan at \(0,\)",
    ),
    "16 bits": (
        lambda: diagnostics.linear_regions(activax.relu, *jnp.bfloat16(ENDS)),
        ValueError,
        "linear_regions: bfloat16 is too coarse to tell pieces apart; use float32 or float64",
    ),
    "an overflow between": (
        lambda: diagnostics.linear_regions(lambda x: 1 / activax.relu(0.5 - x), *ENDS),
        ValueError,
        "linear_regions: the network must be finite between a and b",
    ),
    "regions of a sum": (
        lambda: diagnostics.linear_regions(jnp.sum, *ENDS),
        ValueError,
        r"linear_regions: the network must map an array \(n, \.\.\.\) to an array \(n, ",
    ),
    "no resolution": (
        lambda: diagnostics.linear_regions(activax.relu, *ENDS, resolution=0.0),
        ValueError,
        r"linear_regions: resolution must be in \(0, 1\]; got 0\.0",
    ),
    "regions under jit": (
        lambda: jax.jit(lambda a, b: diagnostics.linear_regions(activax.relu, a, b).number)(*ENDS),
        TypeError,
        "linear_regions: a and b must be known numbers; got traced ones",
    ),
}


@pytest.mark.thorough
@pytest.mark.parametrize(("call", "error", "match"), ERRORS.values(), ids=ERRORS)
def test_bad_input_is_explained(call, error, match):
    with pytest.raises(error, match=match):
        call()
