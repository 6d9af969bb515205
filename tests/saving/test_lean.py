"""Lean activations: their residuals, the accuracy of their slopes, and every transformation."""

import functools
import itertools
import pickle

import drawn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import test_compose_jax
import test_transforms
from against_reference import inside
from jax import lax
from representatives import marks, of_each_signature
from scipy.special import ndtri

import activax
from activax.bench import kept, temporary

SLOW = pytest.mark.slow
EXACT = ("mask", "output", "output+branch", "input")
ELEMENTWISE = [a for a in activax.catalog.values() if a.kind == "elementwise"]
CASES = [
    pytest.param(a, policy, id=f"{a.name}-{policy}", marks=mark)
    for a, mark in marks(ELEMENTWISE, of_each_signature).items()
    for policy in activax.policies(a)
    if policy in EXACT
]
# Cases of representatives, for what depends on the policy and not on what meets it.
LEAN = [
    pytest.param(a, policy, id=f"{a.name}-{policy}", marks=mark)
    for a, mark in marks(ELEMENTWISE).items()
    for policy in activax.policies(a)
    if policy in EXACT and policy != "input"
]
DTYPES = ("float32", "bfloat16")
# An activation of each mechanism, and the bits of its code; softmax keeps its output by default.
CODES = {
    activax.lean(activax.relu): 1,
    activax.lean(activax.prelu): 1,
    activax.lean(activax.abs): 2,
    activax.lean(activax.softplus): 0,
    activax.lean(activax.gelu): 1,
    activax.lean(activax.relu, keep="input"): 0,
    activax.lean(activax.softmax, keep="input"): 0,
}
MECHANISMS = list(CODES)


def slopes(f, x):
    return jax.jit(lambda x: jax.jvp(f, (x,), (jnp.ones_like(x),))[1])(x)


def grid(activation, dtype="float32"):
    points = np.concatenate([np.linspace(-12, 12, 2001), np.random.default_rng(0).normal(size=500)])
    return inside(points, activation).astype(dtype)


@pytest.mark.thorough
@pytest.mark.parametrize(("definition", "policy"), CASES)
def test_slopes_are_right_to_the_rounding_of_what_is_kept(definition, policy):
    """A rounded output belongs to another input, so the slope may err by that difference."""
    lean = activax.lean(definition, policy)

    @jax.jit
    def values_and_slopes(xs):
        return [[(f(x), slopes(f, x)) for f in (lean, definition)] for x in xs]

    @jax.jit
    def derivatives(x):
        first, second = jax.jvp(lambda x: slopes(definition, x), (x,), (jnp.ones_like(x),))
        return definition(x), first, jnp.abs(second)

    xs = [grid(definition, dtype) for dtype in DTYPES]
    for x, ((value, got), (want_value, want)) in zip(xs, values_and_slopes(xs), strict=True):
        np.testing.assert_array_equal(value, want_value)
        if policy in ("input", "mask"):
            np.testing.assert_array_equal(got, want)
            continue
        with jax.enable_x64(True):
            exact = map(np.asarray, derivatives(np.float64(x)))
        assert_within_rounding(policy, np.float64(got), *exact, x.dtype)


def assert_within_rounding(policy, got, out, first, second, dtype):
    """Assert that slopes err no more than inputs whose outputs round alike differ in slope."""
    info = jnp.finfo(dtype)
    # Values err by at most 4 ulp in float32, and by 0.55 ulp in 16 bits.
    units = 4 if dtype == "float32" else 0.55
    off = np.maximum(units * float(info.eps) * np.abs(out), float(info.smallest_normal))
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = off / np.abs(first)
        if policy == "output+branch":  # the output is flat at the minimum
            moved = np.minimum(moved, np.sqrt(2 * off / second))
        curved = np.where(second > 0, second * moved, 0)
    allowed = 1.5 * curved + (4 * float(info.eps) + 3e-6) * np.abs(first) + 1e-37
    assert (np.abs(got - first) <= allowed)[np.abs(out) < float(info.max)].all()


@pytest.mark.thorough
@pytest.mark.parametrize(("definition", "policy"), LEAN)
def test_higher_orders(definition, policy):
    """Second derivatives agree in all four ways, and third derivatives are finite."""
    lean = activax.lean(definition, policy)
    x = grid(definition)
    x = x[np.all([np.abs(x - kink) > 1e-2 for kink in (*definition.kinks, 0.0)], axis=0)]
    want = slopes(lambda x: slopes(definition, x), x)
    modes = (jax.jacfwd, jax.grad)
    orders = [
        functools.reduce(lambda f, m: m(f), ways, lean) for ways in itertools.product(modes, modes)
    ]
    thirds = [jax.grad(orders[0]), jax.jacfwd(orders[-1])]
    got = jax.jit(jax.vmap(lambda x: [f(x) for f in orders + thirds]))(x)
    for second in got[:4]:
        np.testing.assert_allclose(second, want, rtol=5e-4, atol=5e-4)
    assert np.isfinite(got).all()


def per_element(layer, activation, dtype):
    """Return the bits an element that reverse mode keeps beyond arguments and scalars."""
    x, w = (jax.ShapeDtypeStruct(shape, dtype) for shape in ((64, 128), (128, 128)))
    arrays = kept(functools.partial(layer, activation), x, w)
    return 8 * sum(array.nbytes for array in arrays if array.size > 1) / x.size


def between_layers(activation, x, w):
    return activation(x @ w) @ w


def before_a_sum(activation, x, w):
    return x + activation(x @ w)


@pytest.mark.parametrize("dtype", DTYPES)
def test_bits_that_are_kept(elementwise, dtype):
    width = 8 * jnp.dtype(dtype).itemsize
    free = per_element(between_layers, activax.identity, dtype)
    for policy in activax.policies(elementwise):
        if policy.startswith("bits"):
            continue  # tested below
        lean = activax.lean(elementwise, policy)
        between, before = (
            per_element(layer, lean, dtype) for layer in (between_layers, before_a_sum)
        )
        if policy == "mask":
            assert between - free == before <= 2
        else:
            extra = {"output": 0, "output+branch": 1, "input": width}[policy]
            assert between - free <= extra
            assert before <= {"output": width, "output+branch": width + 1, "input": width}[policy]


@pytest.mark.thorough
@pytest.mark.parametrize("bits", [1, 2, 3, 4])
def test_few_bits_that_are_kept(bits):
    check_few_bits(activax.gelu, bits)


@pytest.mark.slow
@pytest.mark.parametrize("bits", [1, 2, 3, 4])
def test_few_bits_of_every_activation_are_kept(elementwise, bits):
    if elementwise.domain[0] < 0:  # slopes of normal inputs have levels
        check_few_bits(elementwise, bits)


def check_few_bits(activation, bits):
    lean = activax.lean(activation, bits=bits)
    free = per_element(between_layers, activax.identity, "bfloat16")
    assert per_element(between_layers, lean, "bfloat16") - free == bits
    assert per_element(before_a_sum, lean, "bfloat16") == bits


FEWEST = {
    0: "sigmoid tanh elu selu celu softplus relu_squared log_sigmoid softsign exponential",
    1: "relu leaky_relu prelu relu6 relu_n hard_tanh hard_sigmoid hard_silu hard_mish gelu "
    "gelu_tanh quick_gelu silu swish mish rrelu hard_shrink soft_shrink threshold",
    2: "abs",
}


@pytest.mark.thorough
@pytest.mark.parametrize("bits", FEWEST)
@pytest.mark.parametrize("dtype", [*DTYPES, "float16"])
def test_the_least_of_each(bits, dtype):
    free = per_element(between_layers, activax.identity, dtype)
    for name in FEWEST[bits].split():
        lean = activax.lean(activax.catalog[name])
        assert per_element(between_layers, lean, dtype) - free == bits, name


def test_a_scan_hoists_no_arrays(activation):
    """Scalars of a formula must not become arrays outside of the loop, which every step reads."""
    if activation.resizes:  # changes the shape of the carry
        return
    x = jax.ShapeDtypeStruct((16, 16), "float32")
    for f in {activation, activax.lean(activation)}:

        def loss(x, f=f):
            def layer(x, _):
                return f(*[jnp.sin(x)] * f.inputs), None

            return jnp.sum(lax.scan(layer, x, None, 3)[0])

        equations = jax.make_jaxpr(jax.grad(loss))(x).jaxpr.eqns
        forward = next(e for e in equations if e.primitive.name == "scan")
        assert sum(v.aval.size for v in forward.invars) < 2 * x.size, f


ALIKE = [pytest.param(name, marks=SLOW) for name in ("gelu_tanh", "silu", "mish", "softplus")]


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["relu", "gelu", "tanh", *ALIKE])
@pytest.mark.parametrize("scanned", [True, False], ids=["scan", "unrolled"])
def test_temporary_memory_of_layers(name, scanned):
    """A float32 step of [2048, 256 -> 1024] needs at most 5 MiB more than with identity.

    A hidden array of one layer has 8 MiB. By default there is one activation of each policy.
    """
    lean = activax.lean(activax.catalog[name])
    least, needed = (temporary_of_layers(f, scanned) for f in (activax.identity, lean))
    assert needed - least <= 5 * 2**20


@functools.cache
def temporary_of_layers(activation, scanned, depth=6):
    shapes = (depth, 256, 1024), (depth, 1024, 256), (2048, 256)
    *weights, x = (jax.ShapeDtypeStruct(shape, "float32") for shape in shapes)

    def layer(x, weights):
        up, down = weights
        return activation(x @ up) @ down, None

    def loss(weights, x):
        if scanned:
            x, _ = lax.scan(layer, x, weights)
        else:
            for i in range(depth):
                x, _ = layer(x, [w[i] for w in weights])
        return jnp.mean(x * x)

    def step(weights, x):
        return jax.tree.map(lambda w, g: w - 0.1 * g, weights, jax.grad(loss)(weights, x))

    return temporary(step, weights, x)


# Transformations


@pytest.mark.thorough
@pytest.mark.parametrize("lean", MECHANISMS, ids=repr)
@pytest.mark.parametrize(
    "check",
    [
        test_transforms.test_transformations_agree,
        test_compose_jax.test_jit_may_donate,
        test_compose_jax.test_linearize_and_transpose,
        test_compose_jax.test_forward_over_reverse,
        test_compose_jax.test_checkpoint,
        test_compose_jax.test_export,
        test_compose_jax.test_eval_shape,
        test_compose_jax.test_argument,
    ],
)
def test_as_any_activation(lean, check):
    check(lean)


@pytest.mark.parametrize("lean", MECHANISMS, ids=repr)
def test_named_residuals_are_what_a_policy_saves(lean):
    """Under `save_only_these_names` only the code and the input of the block are kept."""

    def block(x, w):
        return jnp.sum(lean(x @ w) ** 2)

    policy = jax.checkpoint_policies.save_only_these_names("activax_residual")
    x = jax.ShapeDtypeStruct((64, 64), "float32")
    arrays = kept(jax.checkpoint(block, policy=policy), x, x)
    assert sum(a.nbytes for a in arrays if a.size > 1) == CODES[lean] * x.size / 8


@pytest.mark.thorough
@pytest.mark.parametrize("lean", MECHANISMS, ids=repr)
def test_vmap_both_ways_of_grad(lean):
    x = np.linspace(-3, 3, 40, dtype=np.float32).reshape(5, 8)

    def loss(x):
        return jnp.sum(jnp.cos(lean(x)))

    @jax.jit
    def mapped(x):
        return [
            jax.vmap(jax.grad(loss))(x),
            jax.vmap(jax.grad(loss), 1, 1)(x.T).T,
            jax.jacrev(jax.vmap(loss))(x)[jnp.arange(5), jnp.arange(5)],
            jax.jacfwd(jax.vmap(loss))(x)[jnp.arange(5), jnp.arange(5)],
        ]

    slope = jax.jit(jax.grad(loss))
    want = np.stack([slope(row) for row in x])
    for got in mapped(x):
        np.testing.assert_allclose(got, want, rtol=1e-5, atol=1e-6)


@pytest.mark.thorough
@pytest.mark.parametrize("shape", [(), (0,), (1,), (7,), (5, 3), (3, 0), (64, 256), (12, 8, 3)])
@pytest.mark.parametrize("bits", [1, 2, 3, 4])
def test_packing_any_shape(shape, bits):
    from activax.core.packing import Packed

    codes = np.random.default_rng(0).integers(0, 2**bits, shape, np.uint8)

    @jax.jit
    def there_and_back(codes):
        packed = Packed.pack(codes, bits)
        return packed.unpack(), packed.data

    unpacked, data = there_and_back(codes)
    np.testing.assert_array_equal(unpacked, codes)
    if codes.size and all(size % 8 == 0 for size in shape) and shape:
        assert sum(array.nbytes for array in data) == codes.size * bits / 8


def test_symbolic_dimensions():
    relu = activax.lean(activax.relu)
    for dimensions in ("n", "n, 8", "n, m"):
        shape = jax.export.symbolic_shape(dimensions)
        gradient = jax.jit(jax.grad(lambda x: jnp.sum(relu(x))))
        exported = jax.export.export(gradient)(jax.ShapeDtypeStruct(shape, "float32"))
        x = jnp.linspace(-1, 1, 24).reshape([24, 3, 8][: len(shape)] if len(shape) == 1 else (3, 8))
        np.testing.assert_array_equal(exported.call(x), x > 0)


# The object


def test_is_an_activation_again():
    lean = activax.lean(activax.elu.bind(alpha=0.5))
    assert repr(lean) == "activax.lean(activax.elu.bind(alpha=0.5), keep='output')"
    assert lean == activax.lean(activax.elu.bind(alpha=0.5), keep="output")
    assert lean != activax.elu.bind(alpha=0.5)
    assert lean.original == activax.elu.bind(alpha=0.5)
    assert (lean.keep, activax.elu.keep) == ("output", None)
    assert lean.bind(alpha=2.0) == activax.lean(activax.elu.bind(alpha=2.0))
    assert activax.lean(lean, keep="input") == activax.lean(lean.original, keep="input")
    assert jax.tree.leaves(lean) == []
    assert lean.ulps == (activax.elu.ulps[0], float("inf"))


@pytest.mark.parametrize(
    "lean",
    [
        activax.lean(activax.gelu),
        activax.lean(activax.elu.bind(alpha=0.5)),
        activax.lean(activax.swish.bind(beta=2.0), bits=3, deviation=2.0, dither=True),
    ],
    ids=repr,
)
def test_round_trips(lean):
    assert pickle.loads(pickle.dumps(lean)) == lean
    assert activax.get(lean.to_config()) == lean
    assert jax.tree.unflatten(jax.tree.structure(lean), []) == lean


def test_leaves_what_has_nothing_leaner():
    for name in ("softmax", "swiglu", "identity", "snake", "logsumexp"):
        assert activax.lean(activax.catalog[name]) is activax.catalog[name]


def test_trained_parameters():
    """The slope by the parameter needs the input; the slope by the input still needs only a bit."""
    x = jnp.linspace(-2, 2, 16)
    for activation, name in ((activax.prelu, "negative_slope"), (activax.swish, "beta")):
        lean = activax.lean(activation)

        def loss(x, parameter, f):
            return jnp.sum(jnp.sin(f(x, parameter)))

        got, want = (jax.grad(loss, (0, 1))(x, jnp.array(0.7), f) for f in (lean, activation))
        for a, b in zip(got, want, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)
        leaf = jax.tree.leaves(lean.bind(**{name: jnp.array(0.7)}))
        assert len(leaf) == 1


def test_float64_keeps_the_input_of_two_branches():
    with jax.enable_x64(True):
        x = jnp.linspace(-3, 3, 64)
        np.testing.assert_array_equal(
            slopes(activax.lean(activax.gelu), x), slopes(activax.gelu, x)
        )


# Slopes of a few bits

# Root mean square errors under N(0, 1) of the levels of Novikov et al., for 1 to 4 bits.
FEW_BIT = {"gelu": (0.197, 0.0895, 0.0438, 0.0244), "silu": (0.180, 0.0890, 0.0441, 0.0219)}


@pytest.mark.thorough
@pytest.mark.parametrize("name", FEW_BIT)
def test_levels_are_the_best(name):
    quantiles = (np.arange(1 << 15) + 0.5) / (1 << 15)
    f, x = activax.catalog[name], ndtri(quantiles).astype(np.float32)
    levels = [activax.lean(f, bits=bits) for bits in (1, 2, 3, 4)]
    others = [activax.lean(f, bits=bits, deviation=0.2) for bits in (1, 2, 3, 4)]
    exact, found, worse = jax.device_get(
        jax.jit(
            lambda x: (
                slopes(f, x),
                [slopes(lean, x) for lean in levels],
                [slopes(lean, x) for lean in others],
            )
        )(x)
    )
    for bits, rounded, narrow in zip((1, 2, 3, 4), found, worse, strict=True):
        assert len(np.unique(rounded)) == 2**bits
        error = np.mean((rounded - exact) ** 2)
        assert error**0.5 < FEW_BIT[name][bits - 1]
        assert np.mean((narrow - exact) ** 2) > error


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["relu", "gelu", "softplus", "snake", "log1mexp"])
def test_more_bits_have_less_error(name):
    check_errors_of_few_bits(activax.get(name))


@pytest.mark.slow
def test_more_bits_have_less_error_in_every_activation(elementwise):
    check_errors_of_few_bits(elementwise)


def check_errors_of_few_bits(elementwise):
    """Assert that more bits err less, and not at all if there are as many levels as slopes."""
    x = drawn.normal(1 << 14)
    exact = np.float64(slopes(elementwise, x))
    if elementwise.domain[0] == 0:
        with pytest.raises(ValueError, match="has no finite slope for normal inputs"):
            slopes(activax.lean(elementwise, bits=2), x)
        return
    lean = {bits: activax.lean(elementwise, bits=bits) for bits in (1, 3)}
    for bits, activation in lean.items():
        assert per_element(before_a_sum, activation, "bfloat16") == bits
    errors = [np.mean((slopes(activation, x) - exact) ** 2) for activation in lean.values()]
    few = len(np.unique(exact)) <= 2
    assert all(more < 0.5 * less for less, more in itertools.pairwise(errors)) or few
    assert not few or max(errors) < 1e-12


def test_dither_is_right_in_the_mean():
    x = drawn.normal(1 << 17)
    exact = slopes(activax.gelu, x)
    narrow = (x > 0.05) & (x < 0.15)
    plain, dithered = (
        slopes(activax.lean(activax.gelu, bits=2, dither=dither), x) for dither in (False, True)
    )
    assert abs(jnp.mean(dithered - exact, where=narrow)) < 0.01
    assert abs(jnp.mean(plain - exact, where=narrow)) > 0.02
    assert dithered.min() >= exact.min() - 1e-3
    assert dithered.max() <= exact.max() + 1e-3


@pytest.mark.parametrize(
    "derive", [jax.hessian, lambda f: jax.jit(jax.hessian(f)), lambda f: jax.grad(jax.grad(f))]
)
@pytest.mark.parametrize("dither", [False, True])
def test_few_bits_have_no_second_derivative(derive, dither):
    with pytest.raises(TypeError, match=r"lean: the slope of activax.gelu of 2 bits has no deriv"):
        derive(activax.lean(activax.gelu, bits=2, dither=dither))(0.3)


def test_few_bits_in_every_mode_agree():
    f = activax.lean(activax.gelu, bits=2)
    x = jnp.linspace(-2, 2, 64)
    want = slopes(f, x)
    for got in (
        jax.vmap(jax.grad(f))(x),
        jax.grad(lambda x: f(x).sum())(x),
        jax.jacfwd(f)(x).sum(0),
    ):
        np.testing.assert_array_equal(got, want)


def test_few_bits_of_bound_numbers():
    lean = activax.lean(activax.leaky_relu.bind(negative_slope=0.3), bits=1)
    np.testing.assert_allclose(slopes(lean, jnp.array([-1.0, 1.0])), [0.3, 1.0], rtol=1e-6)
    with pytest.raises(TypeError, match="unknown parameter 'negative_slope'"):
        lean(1.0, negative_slope=0.1)


def test_errors():
    for call, message in {
        lambda: activax.lean(
            activax.gelu, keep="mask"
        ): r"lean: activax\.gelu can keep 'output\+br.*got 'mask'",
        lambda: activax.lean(activax.gelu, bits=5): "got 'bits5'",
        lambda: activax.lean(activax.softmax, bits=2): r"can keep 'input'; got 'bits2'",
        lambda: activax.lean(activax.gelu, dither=True): "dither are for slopes of few bits",
        lambda: activax.lean(activax.gelu, keep="input", bits=2): "contradict each other; give one",
        lambda: activax.lean(
            activax.gelu, bits=2, deviation=0.0
        ): "deviation must be positive.*got 0",
        lambda: activax.lean(
            activax.prelu.bind(negative_slope=jnp.ones(3)), bits=1
        ): "has arrays bound",
    }.items():
        with pytest.raises(ValueError, match=message):
            call()
    for function in (activax.lean, activax.policies):
        with pytest.raises(TypeError, match=f"{function.__name__}: activation must be one of acti"):
            function(jnp.tanh)


def test_policies_are_those_of_the_original():
    for lean in (activax.lean(activax.gelu), activax.lean(activax.gelu, bits=2)):
        assert activax.policies(lean) == activax.policies(activax.gelu)
