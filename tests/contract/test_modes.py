"""A result depends on its arguments alone: not on what ran before, in which dtype or thread."""

import concurrent.futures
import dataclasses
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax

pytestmark = pytest.mark.optimized

DTYPES = ("bfloat16", "float16", "float32", "float64")


def called_by_others(f):
    """Return activations of a user whose formulas call the public activation f."""

    def shape_of(x):
        return (x,) if f.kind == "elementwise" else (x, x)

    @activax.elementwise(
        lambda x: jax.jvp(lambda x: f(*shape_of(x)), (x,), (jnp.ones_like(x),))[1],
        reference=lambda mp, x: x,
    )
    def calls(x):
        return f(*shape_of(x))

    if f.kind != "elementwise":
        return [calls]

    @activax.piecewise(f, f, edges=(0.0,))
    def pieces(x):
        "Both pieces are f."

    return [calls, pieces]


def value_and_slope(f):
    def both(*xs):
        out, pull = jax.vjp(f, *xs)
        return out, pull(jnp.ones_like(out))

    return both


def program(f, dtype):
    """Return the traced program of value and slope as text."""
    with jax.enable_x64(dtype == "float64"):
        x = jax.ShapeDtypeStruct((4,), dtype)
        inputs = getattr(f, "inputs", 1)
        return str(jax.make_jaxpr(value_and_slope(f))(*[x] * inputs))


def run(f, dtype, points):
    with jax.enable_x64(dtype == "float64"):
        xs = [jnp.asarray(points, dtype)] * getattr(f, "inputs", 1)
        return [np.asarray(a) for a in jax.tree.leaves(value_and_slope(f)(*xs))]


def anew(activation):
    """Return the same activation, of which nothing has been traced."""
    return activax.Activation(dataclasses.replace(activation._definition))


@pytest.mark.thorough
def test_a_program_is_the_same_whatever_was_traced_before(pointwise):
    f = anew(pointwise)
    half = program(called_by_others(f)[0], "bfloat16")
    after_half = program(f, "float32")
    f = anew(pointwise)
    single = program(f, "float32")
    assert after_half == single
    assert program(called_by_others(f)[0], "bfloat16") == half


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["tanh", "gelu", "softplus"])
def test_results_are_the_same_bits_after_16_bit_calls(name):
    f, points = activax.get(name), np.linspace(-6, 6, 257)
    others = called_by_others(f)
    alone = run(f, "float32", points)
    jax.clear_caches()
    for other, dtype in itertools.product(others, ("bfloat16", "float32")):
        run(other, dtype, points)
        jax.jit(other)(jnp.asarray(points, dtype))
    for got in (run(f, "float32", points), run(jax.jit(f), "float32", points)):
        for a, b in zip(got, alone, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.thorough
def test_threads_do_not_share_a_mode():
    points = np.linspace(-6, 6, 257)
    (calls, pieces), tanh = called_by_others(activax.tanh), activax.tanh
    work = [(f, dtype) for f in (calls, pieces, tanh) for dtype in ("bfloat16", "float32")]
    alone = []
    for f, dtype in work:
        jax.clear_caches()
        alone.append(run(f, dtype, points))
    jax.clear_caches()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda item: run(*item, points), work * 4))
    for got, want in zip(together, alone * 4, strict=True):
        for a, b in zip(got, want, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.slow
def test_every_order_of_dtypes_gives_the_same_bits(pointwise):
    points = np.linspace(-6, 6, 33)
    others = called_by_others(pointwise)
    alone = {}
    for f, dtype in itertools.product((*others, pointwise), DTYPES):
        jax.clear_caches()
        alone[f, dtype] = run(f, dtype, points)
    for order in itertools.permutations(DTYPES):
        jax.clear_caches()
        for f, dtype in itertools.product((*others, pointwise), order):
            for a, b in zip(run(f, dtype, points), alone[f, dtype], strict=True):
                np.testing.assert_array_equal(a, b, err_msg=f"{f} {dtype} {order}")


@pytest.mark.thorough
def test_levels_of_few_bits_do_not_depend_on_the_mode_of_their_first_use():
    x = jnp.linspace(-4.0, 4.0, 257)
    slopes = []
    for first in ("float32", "bfloat16"):
        lean = activax.lean(anew(activax.tanh), bits=3)
        run(called_by_others(lean)[0], first, np.zeros(4))
        slopes.append(jax.grad(lambda x, lean=lean: lean(x).sum())(x))
    np.testing.assert_array_equal(*slopes)
