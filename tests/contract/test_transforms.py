"""The transformations of JAX, to third order, and the arrays that reverse mode keeps."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from against_reference import inside, of_vector
from jax import lax
from mpmath import mp

import activax

# A function of each number through an activation of each kind, in JAX and for the reference.
THROUGH = {
    "elementwise": lambda f, x: f(x),
    "gated": lambda f, x: f(x, 1.5 - x),
    "along axis": lambda f, x: jnp.reshape(
        f(jnp.stack([x, 1 - x, x * x, x / 2], axis=-1)), (*x.shape, -1)
    )[..., 0],
}
EXACT = {
    "elementwise": lambda a, f, x: f(mp, x, **a.parameters),
    "gated": lambda a, f, x: f(mp, x, 1.5 - x),
    "along axis": lambda a, f, x: of_vector(a, f)(
        [x, 1 - x, x * x, x / 2], *(a.parameters[name] for name in a.trainable)
    )[0],
}
POINTS = np.append(np.linspace(-4.3, 4.4, 15), [-30.0, 0.0, 30.0])


def way(activation):
    return activation.kind if activation.kind in EXACT else "along axis"


def through(activation):
    return functools.partial(THROUGH[way(activation)], activation)


def forward(f):
    """Return the slope at each number in forward mode."""
    return lambda x: jax.jvp(f, (x,), (jnp.ones_like(x),))[1]


def reverse(f):
    """Return the slope at each number in reverse mode."""
    return jax.grad(lambda x: f(x).sum())


def exact_derivative(activation, x, order, side):
    f = activation.surrogate or activation.reference
    along = functools.partial(EXACT[way(activation)], activation, f)
    return float(mp.diff(along, x, order, direction=side))


def modes_of(order):
    return list(itertools.product((forward, reverse), repeat=order))


IN_TURN = (forward, reverse, forward), (reverse, forward, reverse)


@pytest.mark.thorough
def test_all_modes_to_third_order(activation):
    """Check third orders in turn; the other third orders take long to compile."""
    check_modes(activation, [*modes_of(1), *modes_of(2), *IN_TURN])


@pytest.mark.slow
def test_other_modes_of_third_order(activation):
    check_modes(activation, [mode for mode in modes_of(3) if mode not in IN_TURN])


def check_modes(activation, modes):
    """Check slopes in each mode, wherever the reference has a derivative."""
    points = inside(POINTS, activation)
    nested = [functools.reduce(lambda f, mode: mode(f), m, through(activation)) for m in modes]
    with jax.enable_x64(True):  # one program, which compiles in less time than one for each mode
        got = jax.jit(lambda x: [f(x) for f in nested])(points)
    exact = {}
    for order in {len(mode) for mode in modes}:
        with mp.workdps(60):
            left, right = (
                np.array([exact_derivative(activation, x, order, side) for x in points])
                for side in (-1, 1)
            )
        there = np.isclose(left, right, rtol=1e-12, atol=1e-12)
        assert there.mean() >= 0.8
        exact[order] = there, left[there]
    for mode, slope in zip(modes, got, strict=True):
        there, want = exact[len(mode)]
        name = " of ".join(m.__name__ for m in reversed(mode))
        np.testing.assert_allclose(slope[there], want, rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.thorough
def test_transformations_agree(activation):
    """Compare with the slopes of Python's loop, which runs each operation as it comes.

    `test_compose_jax.py` has `linearize`, `linear_transpose` and `checkpoint`.
    """
    f = through(activation)
    each = jax.vmap(f)

    def summed(xs):
        return lax.scan(lambda total, x: (total + f(x), None), 0.0, xs)[0]

    def looped(x):
        return lax.while_loop(lambda c: c[0] < 1, lambda c: (c[0] + 1, f(c[1])), (0, x))[1]

    def transformed(x):
        one = jnp.ones_like(x)
        return {
            "vmap": jax.vmap(jax.grad(f))(x),
            "grad(jit)": jax.vmap(jax.grad(jax.jit(f)))(x),
            "jvp": jax.jvp(each, (x,), (one,))[1],
            "scan": jax.grad(summed)(x),
            "cond": jax.vmap(jax.grad(lambda x: lax.cond(x > 9, jnp.sin, f, x)))(x),
            "while_loop": jax.jvp(jax.vmap(looped), (x,), (one,))[1],
        }

    x = jnp.linspace(-4.3, 4.4, 15)
    values, slopes = jax.jit(lambda x: (each(x), transformed(x)))(x)
    loop = [jax.value_and_grad(f)(v) for v in x]
    want_values, want = (jnp.stack(column) for column in zip(*loop, strict=True))
    np.testing.assert_allclose(values, want_values, rtol=2e-6, atol=1e-6)
    for name, slope in slopes.items():
        np.testing.assert_allclose(slope, want, rtol=2e-6, atol=1e-6, err_msg=name)


@pytest.mark.thorough
def test_python_scalars(elementwise):
    slopes = map(jax.jit(jax.grad(elementwise)), (1.5, np.float32(1.5)))
    np.testing.assert_allclose(*slopes, rtol=1e-6)
    np.testing.assert_allclose(elementwise(2), elementwise(2.0), rtol=1e-6)


def test_no_trace_on_a_second_call(activation):
    """Check that neither the values of arrays nor those of numbers make JAX trace again."""
    width = 2 if activation.kind == "gated" else 1
    x, y, other = jnp.ones((3, 8)), jnp.zeros((3, 8)), jnp.ones((8, 4))
    moved = {name: 2.0 * activation.parameters[name] for name in activation.trainable}
    activation(*[x] * width)
    with jax.no_tracing(True):
        activation(*[y] * width)
        activation(*[x] * width, **moved)
        activation.bind(**moved)(*[y] * width)
        with pytest.raises(RuntimeError, match="re-tracing"):
            activation(*[other] * width)


def kept_bytes(activate, halves):
    """Return the bytes that reverse mode keeps of two layers with an activation between them."""
    x, up = jnp.ones((64, 16)), jnp.ones((16, 32 * halves))

    def hidden(x, up):
        return activate(*jnp.split(x @ up, halves, axis=-1)).reshape(64, -1)

    def layer(x, up, down):
        return hidden(x, up) @ down

    down = jnp.ones((jax.eval_shape(hidden, x, up).shape[1], 16))

    return sum(array.nbytes for array in activax.bench.kept(layer, x, up, down))


@pytest.mark.thorough
def test_at_most_one_array_is_kept_between_two_layers(activation):
    """Check the bytes beyond those of matrix products; a gated unit keeps its two halves."""
    if activation.kind == "gated":
        full, baseline = 2, kept_bytes(lambda gate, value: gate + value, 2)
        kept = kept_bytes(activation, 2)
    else:
        full, baseline = 1, kept_bytes(activax.identity, 1)
        kept = kept_bytes(activation, 1)
    hidden, slack = 64 * 32 * 4, 64  # slack for parameters, which are scalars
    assert baseline == hidden
    wide = [jax.ShapeDtypeStruct((64, 32), jnp.float32)] * activation.inputs
    following = 4 * jax.eval_shape(activation, *wide).size  # the product keeps the output
    assert kept <= following + full * hidden + slack
