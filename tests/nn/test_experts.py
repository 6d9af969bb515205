"""Experts against a reference in NumPy, what they keep, their router, and their shards."""

import functools

import chex
import drawn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from along_a_direction import assert_value_and_gradient
from drawn import KEY

import activax
from activax import diagnostics, nn
from activax.bench import kept, matrix_flops

NUMBER, FEATURES, HIDDEN = 5, 6, 7
X = drawn.normal(2, 4, FEATURES)


def silu(x):
    return x / (1 + np.exp(-x))


UNITS = {
    "swiglu": (activax.swiglu, lambda gate, up: silu(gate) * up),
    "silu": (activax.silu, silu),
}


def softmax(x):
    return np.exp(x - x.max()) / np.exp(x - x.max()).sum()


def affine(params, x, *of):
    weight, bias = (params.get(name) for name in ("weight", "bias"))
    return x @ weight[of] + (0 if bias is None else bias[of])


def routed(params, x, top_k, weighting):
    """Return the chosen experts of one token, and their weights."""
    logits = affine(params["router"], x)
    scores = softmax(logits) if weighting != "sigmoid" else 1 / (1 + np.exp(-logits))
    chosen = np.argsort(-(scores + params.get("balance_bias", 0)), kind="stable")[:top_k]
    weights = scores[chosen] / (1 if weighting == "softmax" else scores[chosen].sum())
    return chosen, weights


def reference(params, x, top_k, weighting, unit):
    """Return the sum of experts by loops over tokens and choices, in float64."""
    names = [name for name in ("gate", "up") if name in params]
    y = np.zeros_like(x)
    for at in np.ndindex(x.shape[:-1]):
        for e, weight in zip(*routed(params, x[at], top_k, weighting), strict=True):
            hidden = unit(*(affine(params[name], x[at], e) for name in names))
            y[at] += weight * affine(params["down"], hidden, e)
    return y


OPTIONS = {
    "one": (1, "swiglu", {}),
    "two": (2, "silu", {"bias": True, "weighting": "top_k_softmax"}),
    "three": (3, "swiglu", {"bias": True, "weighting": "sigmoid", "balance_bias": True}),
    "four": (4, "silu", {"weighting": "sigmoid"}),
    "all": (NUMBER, "swiglu", {"balance_bias": True}),
}
each = pytest.mark.parametrize(("top_k", "unit", "options"), OPTIONS.values(), ids=OPTIONS)


def quick(*names):
    """Run the test on these options by default, and on all with `-m slow`."""
    marks = {name: () if name in names else pytest.mark.slow for name in OPTIONS}
    cases = [pytest.param(*OPTIONS[name], id=name, marks=marks[name]) for name in OPTIONS]
    return pytest.mark.parametrize(("top_k", "unit", "options"), cases)


def made(top_k, unit, options):
    return nn.experts(NUMBER, top_k, HIDDEN, activation=UNITS[unit][0], **options)


def compare(params, x, top_k, unit, options):
    """Assert value and gradient; the reference sees the balance bias, but no gradient does."""

    def exact(params, x):
        return reference(params, x, top_k, options.get("weighting", "softmax"), UNITS[unit][1])

    still = {"balance_bias"} & params.keys()
    apply = made(top_k, unit, options).apply
    return assert_value_and_gradient(apply, exact, params, x, seed=1, still=still)


@quick("three")
def test_values_and_gradients_are_those_of_the_reference(top_k, unit, options):
    params = drawn.params(made(top_k, unit, options), X)
    compare(params, X, top_k, unit, options)


def test_experts_without_tokens():
    """All tokens visit expert 3: the others are empty, and have no gradient."""
    options = {"bias": True, "balance_bias": True}
    params = drawn.params(made(1, "swiglu", options), X)
    params["balance_bias"] = np.array([0, 0, 0, 9, 0], np.float32)
    slopes = compare(params, X, 1, "swiglu", options)
    assert not np.any(slopes["balance_bias"])
    for name in ("gate", "up", "down"):
        for array in slopes[name].values():
            moved = np.any(array, axis=tuple(range(1, array.ndim)))
            assert moved.tolist() == [False, False, False, True, False]


@pytest.mark.thorough
@quick("three")
def test_bfloat16_is_near_the_reference(top_k, unit, options):
    layer, x = made(top_k, unit, options), X.astype(jnp.bfloat16)
    params = drawn.params(layer, x)
    assert params.get("balance_bias", X).dtype == np.float32  # small steps are not rounded away

    def total(params, x):
        y = layer.apply(params, x)
        assert y.dtype == x.dtype
        return jnp.sum(y.astype(jnp.float32) ** 2)

    both = jax.jit(jax.value_and_grad(total))
    value, slopes = both(params, x)
    wide = jax.tree.map(np.float64, (params, x))
    weighting = options.get("weighting", "softmax")
    exact = reference(*wide, top_k, weighting, UNITS[unit][1])
    np.testing.assert_allclose(value, np.sum(exact**2), rtol=0.03)
    _, expected = both(*jax.tree.map(np.float32, (params, x)))
    for a, b in zip(jax.tree.leaves(slopes), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(np.float32(a), b, rtol=0.1, atol=0.05 * np.max(np.abs(b)))


def applied(layer, params_of=None, x=X):
    """Apply a layer to parameters of another, or of its own, for shapes alone."""
    params = jax.eval_shape((params_of or layer).init, KEY, X)
    return jax.eval_shape(layer.apply, params, x)


def total_of(layer):
    return lambda params, x: jnp.sum(layer.apply(params, x) ** 2)


def test_any_number_of_leading_axes():
    layer = made(2, "swiglu", {})
    params = drawn.params(layer, X)
    shapes = (2, 4, FEATURES), (1, 1, 8, FEATURES), (FEATURES,), (2, 0, FEATURES)

    @jax.jit
    def results(params):
        return [layer.apply(params, X.ravel()[: np.prod(s)].reshape(s)) for s in shapes]

    y, flat, one, none = results(params)
    chex.assert_trees_all_close(flat.reshape(y.shape), y, rtol=1e-5, atol=1e-6)
    chex.assert_trees_all_close(one, y[0, 0], rtol=1e-5, atol=1e-6)
    assert none.shape == (2, 0, FEATURES)


# What the backward pass keeps and repeats


@each
def test_only_preactivations_and_choices_are_kept(top_k, unit, options):
    layer = made(top_k, unit, options)
    params = jax.eval_shape(layer.init, KEY, X)
    arrays = kept(layer.apply, params, X)
    wide = [a for a in arrays if a.shape[-1] in (FEATURES, HIDDEN)]
    assert [a.shape for a in wide] == [(8 * top_k, HIDDEN)] * (2 if unit == "swiglu" else 1)
    # The logits; of each choice the weight, the expert, the row and its place.
    assert sum(a.nbytes for a in arrays if a not in wide) <= 4 * 8 * (2 * NUMBER + 5 * top_k)


def test_no_product_is_repeated():
    """The backward pass of a product has two, and the router's is computed once."""
    layer = made(2, "swiglu", {})
    params = jax.eval_shape(layer.init, KEY, X)
    experts = 3 * 2 * (8 * 2) * FEATURES * HIDDEN
    forward = experts + 2 * 8 * FEATURES * NUMBER
    assert matrix_flops(layer.apply, params, X) == forward
    assert matrix_flops(jax.grad(total_of(layer), (0, 1)), params, X) == 3 * forward


def test_policies_of_a_block_find_the_preactivations():
    layer = made(2, "swiglu", {})
    params = jax.eval_shape(layer.init, KEY, X)
    block = jax.checkpoint(
        lambda p, x: x + layer.apply(p, jnp.tanh(x)), policy=nn.save_preactivations
    )
    assert [a.shape for a in kept(block, params, X)] == [(16, HIDDEN)] * 2


# Experts in networks

NETWORK = nn.serial(nn.scan(nn.residual(nn.rms_norm(), nn.experts(NUMBER, 2, HIDDEN)), 3))
watched = diagnostics.watch(NETWORK.apply, diagnostics.router_losses)


def losses(params, x, top_k=2, weighting="softmax"):
    """Return the losses and loads of a layer by their formulas."""
    tokens = x.reshape(-1, FEATURES)
    shares = np.stack([softmax(affine(params["router"], token)) for token in tokens])
    chosen = [routed(params, token, top_k, weighting)[0] for token in tokens]
    load = np.bincount(np.concatenate(chosen), minlength=NUMBER) / (top_k * len(tokens))
    z = np.log(np.exp(affine(params["router"], tokens)).sum(-1)) ** 2
    return NUMBER * np.sum(load * shares.mean(0)), z.mean(), load


@pytest.mark.thorough
def test_losses_of_routers_in_a_scan():
    params = drawn.params(NETWORK, X)

    @jax.jit
    @functools.partial(jax.grad, has_aux=True)
    def slopes_of(params, x):
        y, seen = watched(params, x)
        return sum(r.balance.sum() + r.z.sum() for r in seen.values()), (y, seen)

    slopes, (y, seen) = slopes_of(params, X)
    chex.assert_trees_all_close(y, jax.jit(NETWORK.apply)(params, X), rtol=1e-5, atol=1e-6)
    (found,) = seen.values()
    assert found.load.shape == (3, NUMBER)
    np.testing.assert_allclose(found.load.sum(-1), 1, rtol=1e-6)
    assert np.all(found.balance > 0.9)
    assert np.any(slopes[0][1]["router"]["weight"][2])


def test_losses_are_those_of_their_formulas():
    layer = nn.experts(NUMBER, 2, HIDDEN)
    params = drawn.params(layer, X)
    look = diagnostics.watch(layer.apply, diagnostics.router_losses)

    @jax.jit
    @functools.partial(jax.grad, has_aux=True)
    def slope_of_z(params):
        _, seen = look(params, X)
        return seen["activax_router"].z, seen["activax_router"]

    slopes, found = slope_of_z(params)
    slope = slopes["router"]["weight"]
    chex.assert_trees_all_close(tuple(found), losses(params, X), rtol=1e-5, atol=1e-6)
    step = np.zeros_like(slope, np.float64)
    step[1, 2] = 1e-6
    wide = jax.tree.map(np.float64, params)
    up, down = ({**wide, "router": {"weight": wide["router"]["weight"] + s}} for s in (step, -step))
    z = (losses(up, X)[1] - losses(down, X)[1]) / 2e-6
    np.testing.assert_allclose(slope[1, 2], z, rtol=1e-4)


def test_steps_of_the_balance_spread_the_load():
    """The rule of DeepSeek-V3: raise the number of an expert with less than its part."""
    layer = nn.experts(4, 1, HIDDEN, balance_bias=True)
    x = drawn.normal(256, FEATURES)
    params = drawn.params(layer, x)
    params["router"]["weight"][:, 0] += 1
    params["balance_bias"][:] = 0
    look = jax.jit(diagnostics.watch(layer.apply, diagnostics.router_losses))
    spread = []
    for _ in range(60):
        load = look(params, x)[1]["activax_router"].load
        spread.append(float(np.max(load)))
        params["balance_bias"] += 0.02 * np.sign(1 / 4 - np.asarray(load))
    assert spread[0] > 0.35
    assert spread[-1] < 0.3


def test_a_key_and_parameters_reach_the_activation():
    noisy = nn.experts(NUMBER, 2, HIDDEN, activation=activax.rrelu)
    params = drawn.params(noisy, X)
    apply = jax.jit(noisy.apply)
    first, again, other = (apply(params, X, key=jax.random.key(i)) for i in (0, 0, 1))
    assert np.all(first == again)
    assert np.any(first != other)
    learned = nn.experts(NUMBER, 2, HIDDEN, activation=nn.learned(activax.prelu, axis=-1))
    planned = jax.eval_shape(learned.init, KEY, X)
    assert planned["activation"]["prelu"]["negative_slope"].shape == (HIDDEN,)
    slopes = jax.jit(jax.grad(total_of(learned)))(drawn.params(learned, X), X)
    assert np.all(slopes["activation"]["prelu"]["negative_slope"])


@pytest.mark.slow
def test_every_expert_starts_as_a_feed_forward_layer():
    network = nn.serial(activax.relu, nn.experts(3, 1, 256))
    params = jax.jit(network.init)(KEY, np.zeros((8, 256), np.float32))[1]

    def spread(name):
        weight = params[name]["weight"]
        return jnp.std(weight, (-2, -1)) * weight.shape[-2] ** 0.5

    np.testing.assert_allclose(spread("gate"), [2**0.5] * 3, rtol=0.03)
    np.testing.assert_allclose(spread("down"), activax.theory.gain(activax.swiglu), rtol=0.03)
    assert len(np.unique(params["up"]["weight"][:, 0, 0])) == 3


BAD = [
    (lambda: nn.experts(4, 5, 8), ValueError,
     "experts: top_k must be at most number; got 5 of 4 experts"),
    (lambda: nn.experts(4, 1, 8, weighting="sigmoid"), ValueError,
     "experts: top_k must be above 1 for weighting='sigmoid', where a single weight is 1"),
    (lambda: nn.experts(4, 2, 8, weighting="noisy"), ValueError,
     "experts: weighting must be one of softmax, top_k_softmax, sigmoid; got 'noisy'"),
    (lambda: nn.experts(4, 2, 8, reduce=3), TypeError, "experts: reduce must be a function; got 3"),
    (lambda: nn.experts(4, 2, 8).init(KEY, jnp.zeros(())), ValueError,
     "experts: the example's last axis must"),
    (lambda: applied(nn.experts(4, 2, 8), x=X[..., :3]), ValueError,
     r"experts: the last axis of x must be 6, .*; got x of shape \(2, 4, 3\)"),
    (lambda: applied(nn.experts(4, 2, 8), nn.experts(3, 2, 8)), ValueError,
     "experts: must have the parameters of 4 experts over 1 devices; got those of 3"),
    (lambda: applied(nn.experts(4, 2, 8), x=1j * X), TypeError,
     "experts: x must be real; got complex"),
    (lambda: nn.transformer_block(2, feed_forward=nn.ffn(8), activation=activax.relu), ValueError,
     "transformer_block: activation is for hidden; the layer feed_forward has its own; got"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_errors_name_function_argument_and_rule(call, error, message):
    with pytest.raises(error, match=f"^{message}") as raised:
        call()
    assert "\n" not in str(raised.value)
