"""Activations beside jax.nn, torch and keras at their defaults, and the differences."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax
from activax.bench.workloads import peers, torch_programs
from activax.initializers import torch_gains

PEERS = ("jax", "torch", "keras")


@pytest.fixture(autouse=True)
def code_of_others():
    """Allow the promotions of dtype and of rank on which peers rely."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


def both(preset):
    """Return ours and theirs as functions of an array: value and slope of a weighted sum."""
    peer, _, name = preset.partition(".")
    available = peers.functions(peer)
    if not available:
        pytest.skip(f"{peer} is not installed")
    if preset in peers.UNLIKE:
        pytest.skip(f"{preset} {peers.UNLIKE[preset]}")
    of_theirs = {"torch": value_and_slope_in_torch}.get(peer, value_and_slope)
    return (
        functools.partial(value_and_slope, activax.get(preset)),
        functools.partial(of_theirs, available[name]),
    )


def weights(shape):
    return np.cos(np.arange(np.prod(shape, dtype=int))).reshape(shape)


@functools.partial(jax.jit, static_argnums=0)
def value_and_slope(function, x):
    value, pull = jax.vjp(function, x)
    return value, *pull(jnp.asarray(weights(value.shape), value.dtype))


def value_and_slope_in_torch(function, x):
    torch = torch_programs.load_torch()
    x = torch.tensor(x, requires_grad=True)
    value = function(x)
    (slope,) = torch.autograd.grad(value, x, torch.tensor(weights(value.shape), dtype=x.dtype))
    return value.detach().numpy(), slope.numpy()


def test_value_and_slope(preset):
    """Compare on a grid that has no kink."""
    ours, theirs = both(preset)
    x = np.random.default_rng(0).permutation(np.linspace(-6.03, 6.07, 96)).reshape(8, 12)
    x = x if activax.get(preset).domain[0] < 0 else np.abs(x)
    for got, want in zip(ours(x.astype(np.float32)), theirs(x.astype(np.float32)), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=2e-6)


# Slopes of peers at kinks that differ from ours; both lie between those of the two sides.
SLOPES_AT_KINKS = {
    "jax.leaky_relu": {0.0: 1.0},
    "jax.hard_tanh": {-1.0: 1.0, 1.0: 1.0},
    "jax.sparse_sigmoid": {-1.0: 0.25, 1.0: 0.25},
    "keras.leaky_relu": {0.0: 1.0},
    "keras.LeakyReLU": {0.0: 1.0},
    "keras.hard_tanh": {-1.0: 1.0, 1.0: 1.0},
    "keras.sparse_sigmoid": {-1.0: 0.25, 1.0: 0.25},
}


def test_value_and_slope_at_kinks(elementwise_preset):
    ours, theirs = both(elementwise_preset)
    for kink in activax.get(elementwise_preset).kinks:
        x = np.full(1, kink, np.float32)
        (value, slope), (their_value, their_slope) = ours(x), theirs(x)
        documented = SLOPES_AT_KINKS.get(elementwise_preset, {}).get(kink, slope)
        np.testing.assert_allclose(value, their_value, rtol=1e-6)
        np.testing.assert_allclose(their_slope, documented, rtol=1e-6)


# Places where a peer has NaN, from infinity times 0 or over infinity; ours is the limit.
NAN_AT_INFINITY = {
    -np.inf: [
        "jax.silu", "jax.swish", "jax.hard_silu", "jax.hard_swish", "jax.gelu", "jax.mish",
        "jax.soft_sign", "jax.squareplus",
        "torch.silu", "torch.hardswish", "torch.gelu", "torch.mish", "torch.softsign",
        "keras.silu", "keras.swish", "keras.hard_silu", "keras.hard_swish", "keras.gelu",
        "keras.mish", "keras.softsign", "keras.squareplus", "keras.PReLU",
    ],
    np.inf: ["jax.soft_sign", "torch.softsign", "keras.softsign"],
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("end", NAN_AT_INFINITY)
def test_limits_at_infinity(elementwise_preset, end):
    ours, theirs = both(elementwise_preset)
    (got, _), (want, _) = (f(np.full(1, end, np.float32)) for f in (ours, theirs))
    if elementwise_preset in NAN_AT_INFINITY[end]:
        assert not np.isnan(got)
        assert np.isnan(want) or want == got  # a later version of the peer may have the limit
    else:
        np.testing.assert_array_equal(got, want)


def difference(a, b, x):
    """Return the largest difference between the values of preset a and of the peer's function b."""
    (one, _), (other, _) = both(a)[0](x), both(b)[1](x)
    return np.max(np.abs(one - other))


def test_which_gelu_is_the_default():
    x = np.linspace(-4, 4, 801, dtype=np.float32)
    for exact in ("torch.gelu", "keras.gelu"):
        if peers.functions(exact.partition(".")[0]):
            assert difference("torch.gelu", exact, x) < 1e-6
    assert difference("torch.gelu", "jax.gelu", x) == pytest.approx(4.73e-4, rel=1e-2)


def test_softplus_of_torch_is_the_identity_beyond_20():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    with jax.enable_x64(True):
        ours = np.asarray(activax.get("torch.softplus")(jnp.array([19.9, 20.1])))
    theirs = torch.nn.functional.softplus(torch.tensor([19.9, 20.1], dtype=torch.float64)).numpy()
    np.testing.assert_allclose(ours - theirs, [0.0, np.exp(-20.1)], rtol=1e-4, atol=1e-14)


def test_rrelu_draws_slopes_from_the_bounds_of_torch():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    ours = activax.get("torch.rrelu")(-jnp.ones(4096), jax.random.key(0))
    theirs = torch.nn.functional.rrelu(-torch.ones(4096), training=True).numpy()
    for slopes in (-np.asarray(ours), -theirs):
        assert 1 / 8 <= slopes.min() < 0.13
        assert 0.33 < slopes.max() <= np.float32(1 / 3)


def test_clamped_swiglu_is_that_of_torch_clamps():
    """Compare with gpt-oss, which uses torch.clamp; that passes the slope at the bound itself."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    x = np.random.default_rng(0).permutation([*np.linspace(-9, 9, 90), *[-7.0, 7.0] * 3])

    def gpt_oss(packed):
        gate, value = packed[..., ::2].clamp(max=7), packed[..., 1::2].clamp(-7, 7)
        return gate * torch.sigmoid(1.702 * gate) * (value + 1)

    unit = activax.clamped_swiglu.bind(layout="interleaved")
    got = value_and_slope(unit, x.astype(np.float32))
    want = value_and_slope_in_torch(gpt_oss, x.astype(np.float32))
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=2e-6)


def test_gains_are_those_of_torch():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    names = (*torch_gains.GAINS, "leaky_relu")
    for name in names:
        assert activax.initializers.torch_gain(name) == torch.nn.init.calculate_gain(name)
    for slope in (0.0, 0.2, 1):
        ours = activax.initializers.torch_gain("leaky_relu", slope)
        assert ours == torch.nn.init.calculate_gain("leaky_relu", slope)
