"""Statistics and taps: values, merges, transformations, and no memory for the backward pass."""

import functools
import itertools

import drawn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from numpy.testing import assert_allclose

import activax
from activax import bench, diagnostics
from activax.diagnostics import merge, merge_along, merge_over, sink, statistics, tap
from activax.diagnostics.exact_counts import Count

KEY = jax.random.key(0)
summarize = jax.jit(diagnostics.summarize)  # one program instead of one an operation
X = drawn.normal(6, 5, 4)
X[0, :, 1], X[1, 2], X[2, 3, 0] = 0, np.inf, np.nan
WITHOUT_INFINITY = X.copy()
WITHOUT_INFINITY[1] = 1


def brute_force(x):
    """Compute the summary of a whole array in float64."""
    x = np.asarray(x, np.float64).ravel()
    finite = x[np.isfinite(x)]
    return {
        "elements": x.size,
        "mean": finite.mean(),
        "std": finite.std(),
        "rms": np.sqrt((finite**2).mean()),
        "min": finite.min(),
        "max": finite.max(),
        "zero_share": (x == 0).mean(),
        "nonfinite_share": 1 - len(finite) / x.size,
    }


def assert_same(found, expected, rtol=1e-5):
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert_allclose(found[name], value, rtol, 1e-6, err_msg=name)


def assert_merged(found, x, **options):
    """Assert that merged statistics equal the statistics of the whole, with exact counts."""
    whole = statistics(x, **options)
    assert_same(summarize(found), summarize(whole))
    for name in ("count", "zeros", "nonfinite"):
        np.testing.assert_array_equal(getattr(found, name).total(), getattr(whole, name).total())


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize("shape", [(120,), (6, 5, 4)])
def test_statistics_are_those_of_brute_force(dtype, shape):
    x = X.reshape(shape).astype(dtype)
    assert_same(summarize(statistics(x)), brute_force(x.astype("float32")))


@pytest.mark.parametrize("per", [1, (0, -1), (0, 1, 2)])
def test_axes_that_stay(per):
    axes = sorted(axis % 3 for axis in (per if isinstance(per, tuple) else (per,)))
    found = summarize(statistics(WITHOUT_INFINITY, per=per))
    shape = tuple(X.shape[axis] for axis in axes)
    assert {value.shape for value in found.values()} == {shape}
    for place in itertools.product(*map(range, shape)):
        index = [slice(None)] * 3
        for axis, i in zip(axes, place, strict=True):
            index[axis] = i
        part = WITHOUT_INFINITY[tuple(index)]
        if np.isfinite(part).any():
            assert_same({name: value[place] for name, value in found.items()}, brute_force(part))


def test_integers_and_booleans_are_counted_as_numbers():
    assert_same(summarize(statistics(jnp.arange(5))), brute_force(np.arange(5)))
    assert summarize(statistics(jnp.array([True, False])))["mean"] == 0.5


def test_a_large_mean_costs_the_deviation_no_digits():
    x = 1e4 + jax.random.normal(KEY, (512, 64))
    assert_same(summarize(merge_along(statistics(x, per=0))), brute_force(x), rtol=1e-4)


def test_what_is_not_finite_is_counted_and_does_no_harm():
    found = summarize(statistics(jnp.array([jnp.nan, 2.0, -jnp.inf, jnp.inf])))
    assert (found["mean"], found["max"], found["nonfinite_share"]) == (2, 2, 0.75)
    none = summarize(statistics(jnp.full(3, jnp.nan)))
    assert none["nonfinite_share"] == 1
    assert all(jnp.isnan(none[name]) for name in ("mean", "std", "rms", "min", "max"))
    assert jnp.isnan(summarize(statistics(jnp.zeros((0, 3))))["zero_share"])


@pytest.mark.thorough
def test_batches_layers_and_members_merge():
    assert_merged(merge(statistics(X[:2]), statistics(X[2:])), X)
    assert_merged(sum(map(statistics, X), diagnostics.Statistics.empty()), X)
    assert_merged(merge_along(statistics(X, per=(0, 2))), X, per=-1)
    assert_merged(merge_along(statistics(X, per=(0, 2)), axis=-1), X, per=0)
    shared = jax.vmap(lambda x: merge_over(statistics(x, per=-1), "rows"), axis_name="rows")
    over = jax.jit(shared)(X)
    assert_merged(jax.tree.map(lambda a: a[3], over), X, per=-1)


def test_counts_are_exact_beyond_32_bits():
    most = Count.of(jnp.uint32(2**32 - 1))
    total, expected = most, 2**32 - 1
    for _ in range(10):
        total = jax.tree.map(lambda *parts: jnp.stack(parts), total, total, most).summed(jnp.sum)
        expected = 2 * expected + 2**32 - 1
    assert int(total.blocks) * 65536 + int(total.rest) == expected > 2**42
    doubled = functools.reduce(lambda state, _: state + state, range(40), statistics(jnp.ones(3)))
    assert float(doubled.count.total()) == 3 * 2**40


def network(x, weights, wrap=lambda f: f, scanned=True):
    """Apply layers, and return the statistics of each layer beside the output."""

    def layer(x, w):
        h = activax.gelu(x @ w)
        return x + h, statistics(h, per=-1)

    if scanned:
        return lax.scan(wrap(layer), x, weights)
    found = []
    for w in weights:
        x, one = layer(x, w)
        found.append(one)
    return x, jax.tree.map(lambda *parts: jnp.stack(parts), *found)


WEIGHTS, ROWS = 0.3 * drawn.normal(3, 8, 8), drawn.normal(6, 8)


@pytest.mark.thorough
def test_statistics_of_a_network_under_scan_remat_jit_vmap_and_grad():
    def loss(weights, x):
        y, found = network(x, weights, jax.checkpoint)
        return jnp.sum(y**2), found

    _, expected = network(ROWS, WEIGHTS, scanned=False)
    gradient, found = jax.jit(jax.grad(loss, has_aux=True))(WEIGHTS, ROWS)
    assert_same(summarize(found), summarize(expected))
    bare = jax.grad(lambda weights: jnp.sum(network(ROWS, weights)[0] ** 2))(WEIGHTS)
    assert_allclose(gradient, bare, rtol=1e-5, atol=1e-6)
    batches = jnp.stack([ROWS[:3], ROWS[3:]])
    _, mapped = jax.jit(jax.vmap(loss, (None, 0)))(WEIGHTS, batches)
    assert_same(summarize(merge_along(mapped)), summarize(expected), rtol=1e-4)


def test_statistics_are_the_carry_of_a_scan():
    def add(state, x):
        return state + statistics(x), None

    state, _ = jax.jit(lambda x: lax.scan(add, diagnostics.Statistics.empty(), x))(X)
    assert_merged(state, X)


@pytest.mark.parametrize("f", [activax.gelu, activax.relu, activax.lean(activax.silu), jnp.sin])
def test_reverse_mode_keeps_nothing_for_statistics_and_taps(f):
    def watched(x, drain):
        out = f(tap(2 * x, drain))
        return out, statistics(out)

    bare, kept = bench.kept(lambda x: f(2 * x), ROWS), bench.kept(watched, ROWS, sink())
    assert [array for array in kept if array.size > 1] == bare


@pytest.mark.thorough
def test_a_scanned_network_keeps_no_array_for_statistics_or_taps():
    """Compare the memory that XLA plans for each further layer."""
    rows, width = 512, 64

    def loss(weights, sinks, x, watched):
        def layer(x, own):
            w, drain = own
            h = activax.gelu(x @ w)
            return (tap(h, drain), statistics(h)) if watched else (h, None)

        y, found = lax.scan(layer, x, (weights, sinks))
        return jnp.sum(y**2), found

    def temporary(depth, watched):
        gradient = jax.grad(functools.partial(loss, watched=watched), (0, 1), has_aux=True)
        weights = jax.ShapeDtypeStruct((depth, width, width), "float32")
        sinks = jax.eval_shape(lambda: sink(depth))
        return bench.temporary(gradient, weights, sinks, jnp.ones((rows, width)))

    plain, watched = (temporary(12, w) - temporary(4, w) for w in (False, True))
    assert watched - plain < rows * width  # eight arrays have 32 times as many bytes


@pytest.mark.parametrize(
    ("wrap", "units"), [(lambda f: f, ()), (jax.checkpoint, (8,))], ids=["layer", "unit-remat"]
)
def test_taps_see_the_cotangents_of_every_layer(wrap, units):
    def loss(weights, sinks, probes, x):
        def layer(x, own):
            w, drain, probe = own
            return jnp.tanh(tap(x @ w + probe, drain)), None

        return jnp.sum(lax.scan(wrap(layer), x, (weights, sinks, probes))[0] ** 2)

    probes = jnp.zeros((3, 6, 8))  # the gradient of an added probe is the cotangent
    gradient = jax.jit(jax.grad(loss, (1, 2)))
    seen, cotangents = gradient(WEIGHTS, sink((3, *units)), probes, ROWS)
    assert_taps(seen, cotangents, axes=(1,) if units else (1, 2))


def assert_taps(seen, cotangents, axes, rtol=1e-5):
    expected = {
        "elements": np.full(seen.count.shape, np.prod([cotangents.shape[a] for a in axes])),
        "mean": np.mean(cotangents, axes),
        "magnitude": np.mean(np.abs(cotangents), axes),
        "rms": np.sqrt(np.mean(np.square(cotangents), axes)),
        "zero_share": np.mean(np.equal(cotangents, 0), axes),
        "nonfinite_share": np.zeros(seen.count.shape),
    }
    assert_same(summarize(seen), expected, rtol)


def test_a_sink_adds_up_over_a_mapped_batch_and_over_taps():
    def loss(drain, x):
        return jnp.sum(activax.relu(tap(tap(x, drain), drain)) ** 2)

    def mean_loss(drain):
        return jnp.mean(jax.vmap(loss, (None, 0))(drain, ROWS))

    seen = jax.grad(mean_loss)(sink())
    cotangents = np.maximum(ROWS, 0) * 2 / len(ROWS)
    assert seen.count == 2 * ROWS.size
    assert_allclose(seen.magnitudes, 2 * np.abs(cotangents).sum(), rtol=1e-5)
    assert summarize(seen)["zero_share"] == np.mean(cotangents == 0)


def test_taps_count_what_is_not_finite_and_see_vanishing_gradients():
    def loss(drain, x):
        return jnp.sum(1e-30 * jnp.sqrt(tap(x, drain)))

    found = summarize(jax.grad(loss)(sink(), jnp.array([0.0, 1.0, 4.0])))
    assert_allclose(found["magnitude"], (0.5 + 0.25) / 2 * 1e-30, rtol=1e-5)
    assert_allclose(found["nonfinite_share"], 1 / 3, rtol=1e-6)


def test_a_tap_passes_gradients_and_their_derivatives():
    def loss(x, drain=None):
        return jnp.sum(activax.tanh(x if drain is None else tap(x, drain)))

    x = jnp.array([0.3, -1.2])
    assert_allclose(jax.grad(loss)(x, sink()), jax.grad(loss)(x), rtol=1e-6)
    push = jax.jvp(lambda x: jax.grad(loss)(x, sink()), (x,), (x,))[1]
    assert_allclose(push, jax.jvp(jax.grad(loss), (x,), (x,))[1], rtol=1e-6)


BAD = [
    (
        lambda: statistics(jnp.ones(3, complex)),
        TypeError,
        "statistics: x must be real; got complex",
    ),
    (lambda: statistics(X, per=3), ValueError, r"statistics: axis 3 is out of range for an array"),
    (lambda: statistics(X, per=0.5), TypeError, "statistics: axis must be an integer or a tuple"),
    (
        lambda: jax.eval_shape(statistics, jax.ShapeDtypeStruct((2**16, 2**17), "float32")),
        ValueError,
        r"statistics: at most 2\^32 - 1 elements go into one number; got 8589934592 of an array of "
        r"shape \(65536, 131072\). Keep an axis with `per`",
    ),
    (
        lambda: statistics(X) + statistics(X, per=-1),
        ValueError,
        r"merge: a and b must be statistics of the same shape; got shapes \(\) and \(4,\)",
    ),
    (lambda: merge_along(statistics(X)), ValueError, "merge_along: axis 0 is out of range"),
    (
        lambda: merge_along(statistics(jnp.ones(65537), per=0)),
        ValueError,
        "merge_over: at most 65536 sets merge at once; got 65537",
    ),
    (
        lambda: diagnostics.summarize(X),
        TypeError,
        "summarize: needs what statistics returned, or the gradient",
    ),
    (lambda: tap(X, statistics(X)), TypeError, "tap: sink must be what activax.diagnostics.sink"),
    (lambda: tap(X, jnp.zeros(4)), TypeError, "tap: sink must be what activax.diagnostics.sink"),
    (lambda: tap(jnp.arange(4), sink()), TypeError, "tap: x must be floating-point, or nothing"),
    (
        lambda: tap(X, sink(3)),
        ValueError,
        r"tap: the sink must be of shape \(\), or \(4,\) for one of each unit of x; got \(3,\) for "
        r"x of shape \(6, 5, 4\). In a scan over layers",
    ),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_errors_name_function_argument_and_rule(call, error, message):
    with pytest.raises(error, match=message):
        call()
