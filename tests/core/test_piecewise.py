"""Activations built of pieces: a piece that is not taken spoils no derivative of any order."""

import copy
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax


@activax.piecewise(lambda x: 0.0, jnp.sqrt, edges=(0.0,))
def root(x):
    """The square root, and 0 below.

    Args:
        x: an array of any shape.
    """


@activax.piecewise(
    lambda x: -jnp.log1p(-x),
    lambda x: x,
    lambda x: 1 + jnp.log(x),
    edges=(0.0, 1.0),
    side="right",
    reference=lambda mp, x: -mp.log1p(-x) if x < 0 else x if x < 1 else 1 + mp.log(x),
)
def logs(x):
    """Logarithms at both ends."""


@activax.piecewise(
    lambda x, slope, width, *, power: slope * (x + width),
    lambda x, slope, width, *, power: 0.0,
    lambda x, slope, width, *, power: (x - width) ** power,
    edges=lambda width: (-width, width),
)
def gap(x, slope=0.5, width=1.0, *, power=2):
    """A line, a gap and a power."""


X = jnp.array([-jnp.inf, -3.0, -0.5, -0.0, 0.0, 0.5, 1.0, 4.0, jnp.inf, jnp.nan])
NONE, INF, NAN = 0.0, np.inf, np.nan
EXPECTED = {
    root: (
        [NONE, NONE, NONE, NONE, NONE, 0.5**0.5, 1.0, 2.0, INF, NAN],
        [NONE, NONE, NONE, NONE, NONE, 0.5**0.5, 0.5, 0.25, NONE, NAN],
    ),
    logs: (
        [-INF, -np.log(4), -np.log(1.5), 0.0, 0.0, 0.5, 1.0, 1 + np.log(4), INF, NAN],
        [0.0, 0.25, 1 / 1.5, 1.0, 1.0, 1.0, 1.0, 0.25, 0.0, NAN],
    ),
    gap: (
        [-INF, -1.0, NONE, NONE, NONE, NONE, NONE, 9.0, INF, NAN],
        [0.5, 0.5, NONE, NONE, NONE, NONE, NONE, 6.0, INF, NAN],
    ),
}
EACH = pytest.mark.parametrize("unit", EXPECTED, ids=lambda unit: unit.name)


@EACH
def test_value_and_slope_are_those_of_the_piece(unit):
    value, vjp = jax.vjp(unit, X)
    np.testing.assert_allclose(value, EXPECTED[unit][0], rtol=1e-6)
    np.testing.assert_allclose(*vjp(jnp.ones_like(X)), EXPECTED[unit][1], rtol=1e-6)
    tangent = jax.jvp(unit, (X,), (jnp.ones_like(X),))[1]
    np.testing.assert_allclose(tangent, EXPECTED[unit][1], rtol=1e-6)


def test_derivatives_of_third_order_are_those_of_the_piece():
    third = jax.jit(jax.vmap(jax.grad(jax.grad(jax.grad(root)))))
    want = [0.0, 0.0, 0.375, 0.375 / 32]
    np.testing.assert_allclose(third(jnp.array([-3.0, 0.0, 1.0, 4.0])), want, rtol=1e-6)


@pytest.mark.parametrize("dtype", [jnp.bfloat16, jnp.float16])
def test_16_bits_are_rounded_once(dtype):
    x = jnp.linspace(-4, 4, 33, dtype=dtype)
    np.testing.assert_array_equal(logs(x), logs(x.astype(jnp.float32)).astype(dtype))


def test_an_edge_belongs_to_the_side_that_is_asked_for():
    def zero(x):
        """Zero and one."""

    pieces = (lambda x: 0.0, lambda x: 1.0)
    left = activax.piecewise(*pieces, edges=(2.0,))(zero)
    right = activax.piecewise(*pieces, edges=(2.0,), side="right")(zero)
    assert (left(2.0), right(2.0)) == (0.0, 1.0)


def test_parameters_are_differentiated_and_broadcast():
    x, slope, width = jnp.array([[-3.0, 0.0], [4.0, -3.0]]), jnp.array([0.5, 2.0]), jnp.array(1.0)
    by_slope, by_width = jax.grad(lambda s, w: gap(x, s, w).sum(), (0, 1))(slope, width)
    np.testing.assert_allclose(by_slope, [-2.0, -2.0])  # x + width at x = -3
    np.testing.assert_allclose(by_width, 0.5 - 6.0 + 2.0)
    assert gap.trainable == ("slope", "width")
    assert gap(4.0, power=3) == 27.0
    assert gap.bind(width=jnp.array([1.0, 2.0])).kinks == (-2.0, -1.0, 1.0, 2.0)


def test_transformations_and_empty_arrays():
    np.testing.assert_array_equal(jax.vmap(root)(X), jax.jit(root)(X))
    assert root(jnp.zeros((0, 3))).shape == (0, 3)


def test_it_is_an_activation_like_others():
    """A piecewise activation pickles by its name, prints, documents itself and has facts."""
    assert pickle.loads(pickle.dumps(root)) is copy.deepcopy(root) is root
    assert root.__doc__.startswith("root(x)\n\nThe square root, and 0 below.")
    assert root.section("Args") == "x: an array of any shape."
    assert root.kinks == (0.0,)
    assert jax.tree.leaves(root) == []
    assert activax.theory.moments(root).second == pytest.approx(1 / (2 * np.pi) ** 0.5, rel=1e-6)


def test_the_reference_is_the_one_given_or_the_formula():
    from mpmath import mp

    assert logs.reference(mp, 2) == pytest.approx(float(logs(2.0)))
    assert root.reference(mp, 4) == 2  # the formula in float64


def declared(*pieces, **options):
    return activax.piecewise(*pieces, **options)(lambda x: x)(X)


def identity(x):
    return x


ERRORS = {
    "a constant": (
        lambda: declared(identity, 0.0, edges=(0.0,)),
        TypeError,
        r"piecewise: piece 1 must be a function; got 0\.0\. For a constant write lambda x: 0\.0",
    ),
    "edges that do not fit": (
        lambda: declared(identity, identity, edges=(0.0, 1.0)),
        ValueError,
        "piecewise: 2 pieces need 1 edges between them; got 2",
    ),
    "computed edges that do not fit": (
        lambda: declared(identity, identity, edges=lambda: (0.0, 1.0)),
        ValueError,
        "<lambda>: 2 pieces need 1 edges between them; got 2",
    ),
    "edges in disorder": (
        lambda: declared(identity, identity, identity, edges=(1.0, 0.0)),
        ValueError,
        r"piecewise: edges must be finite and increasing; got \(1\.0, 0\.0\)",
    ),
    "an infinite edge": (
        lambda: declared(identity, identity, edges=(float("inf"),)),
        ValueError,
        r"piecewise: edges must be finite and increasing; got \(inf,\)",
    ),
    "another side": (
        lambda: declared(identity, identity, edges=(0.0,), side="middle"),
        ValueError,
        "piecewise: side must be 'left' or 'right'; got 'middle'",
    ),
    "a piece that reduces": (
        lambda: declared(identity, lambda x: x[:2], edges=(0.0,)),
        ValueError,
        r"<lambda>: piece 1 must act on each element; it turns the shape \(10,\) into \(2,\)",
    ),
}


@pytest.mark.parametrize(("call", "error", "match"), ERRORS.values(), ids=ERRORS)
def test_bad_input_is_explained(call, error, match):
    with pytest.raises(error, match=match):
        call()


def test_edges_without_a_jump_are_no_kinks():
    @activax.piecewise(lambda x: 0.0, jnp.square, edges=(0.0,), kinks=())
    def half_parabola(x):
        "x^2 on the right."

    assert half_parabola.kinks == ()
    assert activax.check(half_parabola).ok


def test_the_formula_knows_the_defaults():
    @activax.piecewise(lambda x, edge: -edge, lambda x, edge: x, edges=lambda edge: (edge,))
    def stairs(x, edge=1.0):
        "A step, then the identity."

    @activax.mix(activax.relu, activax.tanh)
    def blend(x, weight=0.25):
        "A rectifier with a bounded part."

    x = jnp.array([-2.0, 0.5, 3.0])
    for activation in (stairs, blend):
        np.testing.assert_allclose(activation.formula(x), activation(x), rtol=1e-6)
