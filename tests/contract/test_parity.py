"""Activations beside jax.nn, torch and keras at their defaults, and the differences."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax
from activax.bench.workloads import peers, torch_programs
from activax.initializers import torch_gains

pytestmark = pytest.mark.optimized

# Libraries as definitions name them, of which `activax.bench.workloads.peers` has the functions.
PEERS = ("jax", "jax.numpy", "torch", "keras", "keras.layers")


@pytest.fixture(autouse=True)
def code_of_others():
    """Allow the promotions of dtype and of rank on which peers rely."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


def both(preset):
    """Return ours and theirs as functions of an array: value and slope of a weighted sum."""
    library = preset.partition(".")[0]
    if not peers.installed(library):
        pytest.skip(f"{library} is not installed")
    if preset in peers.UNLIKE:
        pytest.skip(f"{preset} {peers.UNLIKE[preset]}")
    run = {"torch": value_and_slope_in_torch}.get(library, value_and_slope)
    return (
        functools.partial(value_and_slope, activax.get(preset)),
        functools.partial(run, peers.of_preset(preset)),
    )


def weights(shape):
    return np.cos(np.arange(np.prod(shape, dtype=int))).reshape(shape)


@functools.partial(jax.jit, static_argnums=0)
def value_and_slope(function, *inputs):
    value, pull = jax.vjp(function, *inputs)
    return value, *pull(jnp.asarray(weights(value.shape), value.dtype))


def value_and_slope_in_torch(function, *inputs):
    torch = torch_programs.load_torch()
    inputs = [torch.tensor(x, requires_grad=True) for x in inputs]
    value = function(*inputs)
    cotangent = torch.tensor(weights(value.shape), dtype=value.dtype)
    slopes = torch.autograd.grad(value, inputs, cotangent)
    return tuple(array.detach().numpy(force=True) for array in (value, *slopes))


def grid(activation):
    """Return inputs without a kink among them."""
    x = np.random.default_rng(0).permutation(np.linspace(-6.03, 6.07, 96)).reshape(8, 12)
    x = x if activation.domain[0] < 0 else np.abs(x)
    return [x.astype(np.float32), x[::-1].astype(np.float32)][: activation.inputs]


@pytest.mark.thorough
def test_value_and_slope(preset):
    ours, theirs = both(preset)
    (x, *_) = grid(activax.get(preset))
    for got, want in zip(ours(x), theirs(x), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=2e-6)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("name", "library"),
    [(n, lib) for n, a in activax.catalog.items() for lib in a.elsewhere.expressions],
)
def test_value_and_slope_of_an_expression(name, library):
    """Compare with the line that, as the definition says, users of another library write."""
    activation = activax.catalog[name]
    theirs = peers.find_peer(library, name)
    if theirs is None:
        pytest.skip(f"{library} is not installed")
    run = value_and_slope
    if library == "torch":
        theirs, run = theirs.function, value_and_slope_in_torch
    inputs = grid(activation)
    for got, want in zip(value_and_slope(activation, *inputs), run(theirs, *inputs), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-4, atol=5e-6)


@pytest.mark.thorough
def test_value_and_slope_at_kinks(elementwise_preset):
    """torch has our slope at a kink; those of others lie between the slopes on both sides."""
    ours, theirs = both(elementwise_preset)
    kinks = np.asarray(activax.get(elementwise_preset).kinks, np.float32)
    (value, slope), (their_value, their_slope) = ours(kinks), theirs(kinks)
    np.testing.assert_allclose(value, their_value, rtol=1e-6)
    if elementwise_preset.startswith("torch."):
        np.testing.assert_allclose(slope, their_slope, rtol=1e-6)
    else:
        sides = [ours(kinks + side)[1] for side in np.float32([-1e-5, 1e-5])]
        assert np.all(np.min(sides, 0) - 1e-4 <= their_slope)
        assert np.all(their_slope <= np.max(sides, 0) + 1e-4)


@pytest.mark.thorough
@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("end", [-np.inf, np.inf])
def test_limits_at_infinity(elementwise_preset, end):
    """Ours is the limit, which waves have not; that of a peer may be NaN, of infinity times 0."""
    ours, theirs = both(elementwise_preset)
    (got, _), (want, _) = (f(np.full(1, end, np.float32)) for f in (ours, theirs))
    assert np.isnan(want) or want == got
    (low, high), family = (
        getattr(activax.get(elementwise_preset), f) for f in ("domain", "family")
    )
    assert np.isnan(got) == (family == "periodic" or not low <= end <= high)


def difference(a, b, x):
    """Return the largest difference between the values of preset a and of the peer's function b."""
    (one, _), (other, _) = both(a)[0](x), both(b)[1](x)
    return np.max(np.abs(one - other))


def test_which_gelu_is_the_default():
    x = np.linspace(-4, 4, 801, dtype=np.float32)
    for exact in ("torch.gelu", "keras.gelu"):
        if peers.installed(exact.partition(".")[0]):
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
    names = (*torch_gains.TORCH_GAINS, "leaky_relu")
    for name in names:
        assert activax.initializers.torch_gain(name) == torch.nn.init.calculate_gain(name)
    for slope in (0.0, 0.2, 1):
        ours = activax.initializers.torch_gain("leaky_relu", slope)
        assert ours == torch.nn.init.calculate_gain("leaky_relu", slope)
