"""Initialisers draw in float32, and round to every dtype of floats."""

import functools

import jax
import jax.numpy as jnp
import pytest
from drawn import KEY
from numpy.testing import assert_array_equal

import activax
from activax import initializers, nn

pytestmark = pytest.mark.optimized

FLOATS = [name for name in dir(jnp) if name.startswith(("float4", "float8", "bfloat16", "float16"))]
UNSIGNED = "float8_e8m0fnu"
ONE_OF_EACH_WIDTH = ("bfloat16", "float16", "float8_e4m3fn", "float4_e2m1fn")
RECIPE_OPTIONS = {"critical": {"sigma_b": 0.5}}
SHAPES = {"delta_orthogonal": (1, 1, 8, 8)}  # of the others it is (8, 8)


def of_recipe(name, part):
    options = RECIPE_OPTIONS.get(name, {})
    return getattr(initializers.RECIPES[name](activax.tanh, first=False, **options), part)


def embedding(key, shape, dtype):
    return nn.embedding(*shape, dtype=dtype).init(key, jnp.zeros(1, int))["weight"]


def positions(key, shape, dtype):
    return nn.positions(shape[0]).init(key, jax.ShapeDtypeStruct(shape, dtype))["positions"]


def dense(key, shape, dtype):
    return nn.dense(8).init(key, jax.ShapeDtypeStruct(shape, dtype))["weight"]


# Functions without arguments, because some initialisers compute a gain when they are made.
INITIALISERS = {
    "variance_scaling": lambda: initializers.variance_scaling(activax.relu),
    "normal": lambda: initializers.variance_scaling(1.0, distribution="normal"),
    "uniform": lambda: initializers.variance_scaling(1.0, distribution="uniform"),
    "orthogonal": lambda: initializers.orthogonal(4.0),
    "delta_orthogonal": lambda: initializers.delta_orthogonal(4.0),
    **{
        f"{name} {part}": functools.partial(of_recipe, name, part)
        for name in initializers.RECIPES
        for part in ("weight", "bias")
    },
    "critical orthogonal": lambda: (
        initializers.critical(activax.tanh, distribution="orthogonal").weight
    ),
    "embedding": lambda: embedding,
    "positions": lambda: positions,
    "dense": lambda: dense,
}


@pytest.mark.thorough
@pytest.mark.parametrize("name", INITIALISERS)
def test_initialisers_are_drawn_in_single_and_rounded_to_every_float(name):
    """Check all floats on dense weights, and one of each width on the others: all round alike."""
    draw, shape = INITIALISERS[name](), SHAPES.get(name, (8, 8))
    dtypes = sorted(set(FLOATS) - {UNSIGNED}) if name == "dense" else ONE_OF_EACH_WIDTH
    single, *found = jax.jit(
        lambda key: [draw(key, shape, dtype) for dtype in ("float32", *dtypes)]
    )(KEY)
    for dtype, narrow in zip(dtypes, found, strict=True):
        rounded = single.astype(dtype).astype(jnp.float32)
        assert narrow.dtype == dtype
        assert_array_equal(narrow.astype(jnp.float32), rounded, err_msg=dtype)
        assert jnp.isfinite(rounded).all()


def test_weights_need_a_dtype_with_a_sign():
    with pytest.raises(TypeError, match=f"must have 0 and negative numbers; got {UNSIGNED}"):
        nn.dense(3).init(KEY, jax.ShapeDtypeStruct((2, 4), UNSIGNED))
