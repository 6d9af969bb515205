"""Arguments that the backward pass keeps in few bits."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from drawn import KEY, normal
from jax import export
from jax.sharding import AbstractMesh, AxisType
from numpy.testing import assert_array_equal

import activax
from activax import nn
from activax.saving.storage import STORED_NAME, check_format, encode

# The rounding of each format: of a block's largest number for integers, else of each number.
ROUNDING = {
    "bfloat16": 2**-8,
    "int8/128": 1 / 254,
    "int4/32": 1 / 14,
    "e4m3/128": 2**-4,
    "e5m2/16": 2**-3,
}
SHAPES = [(), (1,), (5,), (3, 129), (2, 3, 128)]


def finish(h, down):
    return activax.gelu(h) @ down


H, DOWN = normal(6, 40), normal(40, 5, seed=1)


def loss(function):
    return lambda *args: jnp.sum(function(*args) ** 2)


def decoded(x, format, key=None):
    return encode(x, check_format("format", format), key).decode()


@pytest.mark.thorough
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("format", ROUNDING)
def test_numbers_come_back_to_the_rounding_of_the_format(format, dtype):
    block = int(format.partition("/")[2] or 1)
    for shape in SHAPES:
        x = (3 * normal(*shape)).astype(dtype)
        found = decoded(x, format)
        assert (found.dtype, found.shape) == (x.dtype, x.shape)
        x, found = (np.asarray(a, float).reshape(*a.shape[:-1], -1) for a in (x, found))
        allowed = abs(x)
        if format.startswith("int"):
            starts = np.arange(x.shape[-1]) // block
            largest = [abs(x[..., starts == s]).max(-1) for s in range(starts[-1] + 1)]
            allowed = np.stack(largest, -1)[..., starts]
        eps = float(jnp.finfo(dtype).eps)  # of the result; small floats have fewer digits
        assert (abs(found - x) <= (ROUNDING[format] * 1.001 + eps) * allowed + 1e-4).all()


def test_scales_are_those_of_blocks():
    x = jnp.concatenate(
        [jnp.full(4, 1e-30), jnp.full(4, 3e38), jnp.zeros(4), jnp.array([jnp.nan, 1])]
    )
    found = decoded(x, "int8/4")
    np.testing.assert_allclose(found[:12], x[:12], rtol=1e-6)
    assert np.isnan(found[12:]).all()


@pytest.mark.parametrize(
    ("format", "bytes_a_number"), [("int8/128", 1.08), ("int4/32", 1.2), ("e4m3/128", 1.08)]
)
@pytest.mark.parametrize("part", [127, 131, 257, 683])
def test_a_part_of_any_size_has_few_blocks(format, bytes_a_number, part):
    """A prime number of neighbours on each of eight devices is no number of tiny blocks."""
    mesh = AbstractMesh((8,), ("model",), axis_types=(AxisType.Auto,))
    chosen, x = check_format("format", format), jax.ShapeDtypeStruct((4, 8 * part), jnp.bfloat16)
    with jax.sharding.use_abstract_mesh(mesh):
        codes = jax.eval_shape(lambda x: encode(-x, chosen, None), x)
        assert jax.eval_shape(lambda codes: codes.decode(), codes).shape == x.shape
    assert codes.scales.shape[-2] % 8 == 0  # no block lies on two devices
    kept = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(codes))
    assert kept <= bytes_a_number * x.size


def test_numbers_are_rounded_at_random_with_a_key_and_right_in_the_mean():
    x = normal(50)
    found = jax.vmap(lambda key: decoded(x, "int4/32", key))(jax.random.split(KEY, 2000))
    found = np.asarray(found)
    step = np.repeat([abs(x[:32]).max(), abs(x[32:]).max()], [32, 18]) / 7
    assert (abs(found - x) <= step).all()
    assert (abs(found.mean(0) - x) < 4 * step / 2 / 2000**0.5).all()


@pytest.mark.thorough
@pytest.mark.parametrize("format", ROUNDING)
def test_values_are_exact_and_slopes_those_of_the_point_that_is_kept(format):
    lean = activax.stored(finish, format)
    assert_array_equal(jax.jit(lean)(H, DOWN), jax.jit(finish)(H, DOWN))
    value, pull = jax.vjp(lean, H, DOWN)
    point = decoded(H, format)
    for one, right in zip(pull(value), jax.vjp(finish, point, DOWN)[1](value), strict=True):
        np.testing.assert_allclose(one, right, 1e-5, 1e-5)


@pytest.mark.thorough
def test_transformations_agree():
    lean = activax.stored(finish, "int8/16")
    gradient = jax.grad(loss(lean))
    want = gradient(H, DOWN)
    rows = jax.vmap(gradient, (0, None))(H[:, None], DOWN)[:, 0]
    np.testing.assert_allclose(rows, want, 1e-5, 1e-5)
    tangent = normal(6, 40, seed=2)
    _, forward = jax.jvp(loss(lean), (H, DOWN), (tangent, jnp.zeros_like(DOWN)))
    np.testing.assert_allclose(forward, jnp.sum(want * tangent), 1e-4)
    named = jax.checkpoint_policies.save_only_these_names(STORED_NAME)
    for region in (jax.checkpoint(lean), jax.checkpoint(lean, policy=named)):
        np.testing.assert_allclose(jax.jit(jax.grad(loss(region)))(H, DOWN), want, 1e-4, 1e-4)

    def scanned(h):
        step = activax.stored(
            lambda h, w: (activax.tanh(h) @ w, None), "int8/16", prevent_cse=False
        )
        return jnp.sum(jax.lax.scan(step, h, jnp.stack([jnp.eye(40)] * 3))[0])

    def unrolled(h):
        for _ in range(3):
            h = activax.stored(activax.tanh, "int8/16")(h)
        return jnp.sum(h)

    np.testing.assert_allclose(jax.grad(scanned)(H), jax.grad(unrolled)(H), 1e-4, 1e-5)


def test_codes_alone_are_kept_where_a_policy_keeps_them():
    lean = activax.stored(finish, "int8/8")
    named = jax.checkpoint_policies.save_only_these_names(STORED_NAME)

    def block(x):
        return x + lean(x @ DOWN.T, DOWN)

    x = normal(64, 5)
    kept = activax.bench.kept(jax.checkpoint(block, policy=named), x)
    found = {(a.shape, a.dtype.name) for a in kept if a.shape[0] == 64}  # x is an argument
    assert found == {((64, 5, 8), "int8"), ((64, 5, 1), "float32")}


@pytest.mark.thorough
def test_other_arguments_are_kept_as_they_are():
    def function(tree, key, number):
        noise = jax.random.normal(key, tree["h"].shape)
        return jnp.sum(activax.gelu(tree["h"] + noise) * number) + tree["count"]

    tree = {"h": H, "count": jnp.array(3)}
    lean = activax.stored(function, "int8/8", key=jax.random.key(1))
    assert lean(tree, KEY, 2.0) == function(tree, KEY, 2.0)
    of_number = jax.grad(lean, argnums=2)(tree, KEY, 2.0)
    of_tree = jax.grad(lean, allow_int=True)(tree, KEY, 2.0)
    np.testing.assert_allclose(of_number, jax.grad(function, argnums=2)(tree, KEY, 2.0), 1e-2)
    exact = jax.grad(function, allow_int=True)(tree, KEY, 2.0)
    np.testing.assert_allclose(of_tree["h"], exact["h"], 1e-1, 1e-1)
    both = activax.stored(lambda a, b: jnp.sum(a * b), "int8/8", argnums=(0, 1))
    gradient = jax.grad(both)(H, 2 * H)
    assert_array_equal(gradient, decoded(2 * H, "int8/8"))


@pytest.mark.parametrize("format", ["int8/16", "e4m3/16"])
def test_exported_programs_have_the_gradient(format):
    lean = activax.stored(finish, format)
    exported = export.export(jax.jit(lean))(H, DOWN)
    restored = export.deserialize(exported.serialize(vjp_order=1))
    want = jax.jit(jax.grad(loss(lean), argnums=(0, 1)))(H, DOWN)
    found = jax.jit(jax.grad(loss(restored.call), argnums=(0, 1)))(H, DOWN)
    for one, right in zip(found, want, strict=True):
        np.testing.assert_allclose(one, right, 1e-5, 1e-5)


def test_a_second_derivative_through_codes_is_refused():
    lean = activax.stored(lambda h: jnp.sum(activax.tanh(h)), "int8/8")
    for second in (
        jax.hessian(lean),
        jax.jacfwd(jax.jacfwd(lean)),
        jax.grad(lambda h: jnp.sum(jax.grad(lean)(h))),
    ):
        with pytest.raises(TypeError, match="stored: the second derivative is not known"):
            second(normal(8))


@pytest.mark.thorough
@pytest.mark.parametrize("make", [nn.ffn, nn.gated_ffn])
def test_feed_forward_layers_keep_codes_of_their_preactivations(make):
    x = normal(16, 32)
    layer = make(64, store="int8/32")
    params = layer.init(KEY, x)
    arrays = 1 if make is nn.ffn else 2
    kept = activax.bench.kept(layer.apply, params, jax.ShapeDtypeStruct(x.shape, x.dtype))
    assert sum(a.nbytes for a in kept) == arrays * (16 * 64 + 16 * 2 * 4)
    plain = make(64)
    assert_array_equal(layer.apply(params, x), plain.apply(params, x))
    found, right = (jax.jit(jax.grad(loss(of.apply)))(params, x) for of in (layer, plain))
    for one, exact in zip(jax.tree.leaves(found), jax.tree.leaves(right), strict=True):
        assert np.linalg.norm(one - exact) <= 0.01 * np.linalg.norm(exact)


def test_the_gradient_of_twelve_layers_needs_half_of_the_memory():
    """Compare with gelu that keeps its pre-activation: 72 MiB, of which 60 are kept."""
    x = jax.ShapeDtypeStruct((1024, 256), "float32")

    def temporary(store):
        layer = nn.ffn(1024, store=store, prevent_cse=False)
        network = nn.scan(nn.residual(layer), 12)
        params = jax.eval_shape(network.init, KEY, x)
        program = jax.jit(jax.grad(loss(network.apply))).lower(params, x).compile()
        return program.memory_analysis().temp_size_in_bytes / 2**20

    assert temporary("int8/128") <= 52
    assert temporary(None) >= 70


FORMATS = (
    "must be bfloat16 or one of int8/BLOCK, int4/BLOCK, e4m3/BLOCK, e5m2/BLOCK, such as int8/128"
)


@pytest.mark.parametrize("format", ["int8", "int8/0", "int3/8", "bfloat16/8", "int8/8 ", 8])
def test_unknown_formats_are_refused(format):
    for owner, make in (
        ("stored: format", lambda: activax.stored(finish, format)),
        ("ffn: store", lambda: nn.ffn(8, store=format)),
    ):
        with pytest.raises(ValueError, match=f"{owner} {FORMATS}; got {format!r}"):
            make()


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: activax.stored(3, "int8/8"),
            TypeError,
            "stored: function must be callable; got int",
        ),
        (
            lambda: activax.stored(finish, "e4m3/8", key=KEY),
            ValueError,
            "stored: a key rounds integers; leave it out for e4m3/8",
        ),
        (
            lambda: activax.stored(finish, "int8/8")(H, down=DOWN),
            TypeError,
            "stored: pass all arguments by position; got down",
        ),
        (
            lambda: activax.stored(finish, "int8/8", argnums=(0, -1)),
            ValueError,
            "stored: argnums must be integers from 0 on; got \\(0, -1\\)",
        ),
        (
            lambda: activax.stored(finish, "int8/8", argnums=2)(H, DOWN),
            TypeError,
            "stored: argnums must be positions of arguments; got 2 of 2",
        ),
        (
            lambda: nn.gated_ffn(8, store="int8/8", policy=nn.save_preactivations),
            ValueError,
            "gated_ffn: give a policy or a store, not both",
        ),
    ],
)
def test_errors_name_function_argument_and_rule(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.thorough
def test_plain_functions_have_the_values():
    lean = activax.stored(functools.partial(jnp.sum), "int8/8")
    assert activax.plain(lean)(H) == jnp.sum(H)
