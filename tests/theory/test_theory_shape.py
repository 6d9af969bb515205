"""Breakpoints, steepest slopes and lowest values, against declarations and mpmath."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from mpmath import mp

import activax
from activax.theory import Breakpoint, Minimum, breakpoints, lipschitz, minimum

SLOPED = np.append(np.sinh(np.linspace(-6, 6, 121)), [-1e-6, 1e-6])


def test_declared_kinks_are_breakpoints_and_all_others_are_smoother(elementwise):
    """Value or slope jump at a declared kink; at other breakpoints neither does."""
    rough = [point.x for point in breakpoints(elementwise) if point.order < 2]
    inside = [x for x in rough if elementwise.domain[0] < x < elementwise.domain[1]]
    if elementwise.surrogate:  # of levels: no number falls on some jumps, as on 1 / 3 of pact
        inside = [x for x in inside if x in elementwise.kinks or float(np.float32(x)) == x]
    assert tuple(inside) == elementwise.kinks


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("function", "points"),
    [
        (jnp.tanh, ()),
        (lambda x: jnp.tanh(1e4 * (x - 0.3)), ()),
        (lambda x: jnp.tanh(x.astype(jnp.float32)), ()),
        (lambda x: jnp.exp(x * x), ()),
        (jax.nn.softplus, ()),
        (jnp.zeros_like, ()),
        (lambda x: jnp.clip(x, -0.3, 2.5), ((-0.3, 1), (2.5, 1))),
        (lambda x: (x > 0.1) * x, ((0.1, 0),)),
        (lambda x: jnp.maximum(x - 1 / 3, 0) ** 2, ((1 / 3, 2),)),
        (lambda x: jnp.maximum(x + 77, 0) ** 3, ()),
        (lambda x: jnp.sqrt(jnp.abs(x)), ((0.0, 1),)),
        (activax.sparse_plus, ((-1.0, 2), (1.0, 2))),
        (activax.elu, ((0.0, 2),)),
        (activax.elu.bind(alpha=0.5), ((0.0, 1),)),
        (activax.step.bind(threshold=0.7), ((0.7, 0),)),
        (activax.prelu.bind(negative_slope=jnp.array([0.1, 1.0])), ((0.0, 1),)),
    ],
)
def test_breakpoints(function, points):
    assert breakpoints(function) == tuple(Breakpoint(*point) for point in points)


def test_no_slope_exceeds_the_lipschitz_constant(elementwise):
    """Some slope comes within 3% of the constant, so the constant is not too large."""
    if elementwise.domain != (-math.inf, math.inf):
        with pytest.raises(ValueError, match=f"lipschitz: .*{elementwise.name} is NaN at"):
            lipschitz(elementwise)
        return
    bound = lipschitz(elementwise)
    with mp.workdps(40):
        h = mp.mpf(10) ** -15
        value = lambda x: elementwise.reference(mp, mp.mpf(x), **elementwise.parameters)  # noqa: E731
        beside = [kink + side * 1e-9 for kink in elementwise.kinks for side in (-1, 1)]
        steepest = [*elementwise.kinks, -1e6, 1e6] if bound == math.inf else []
        points = [*SLOPED.tolist(), *beside, *steepest]
        slopes = [abs(value(x + h) - value(x - h)) / (2 * h) for x in points]
    if bound == math.inf:
        assert max(slopes) > 100
    else:
        assert 0.97 * bound < max(slopes) <= bound * (1 + 1e-12)


@pytest.mark.parametrize("name", ["hard_shrink", "round_ste", "fsq", "rsigelu", "pact", "step"])
def test_a_jump_has_no_lipschitz_constant(name):
    assert lipschitz(activax.get(name)) == math.inf
    assert lipschitz(activax.rbf_nt) == pytest.approx(2.0)  # rounding far away is no jump


def stationary(function, near):
    """Return the x at which the slope of `function` is 0, and the value there, by mpmath."""
    with mp.workdps(40):
        x = mp.findroot(lambda x: mp.diff(function, x), near)
        return float(x), float(function(x))


def of(activation):
    return lambda x: activation.reference(mp, x, **activation.parameters)


@pytest.mark.parametrize(
    ("smooth", "near"),
    [
        (activax.gelu, 1.4),
        (activax.gelu_tanh, 1.4),
        (activax.silu, 2.4),
        (activax.mish, 1.5),
        (activax.lisht, 1.5),
        (activax.sqrt_softplus, 0.5),
        (activax.laplace_cdf_gate, 0.7),
    ],
)
def test_the_steepest_slope_matches_mpmath(smooth, near):
    _, slope = stationary(lambda x: mp.diff(of(smooth), x), near)
    assert lipschitz(smooth) == pytest.approx(slope, rel=1e-14)


@pytest.mark.parametrize(
    ("function", "constant"),
    [
        (jnp.sin, 1.0),
        (lambda x: jnp.tanh(1000 * (x - 0.3)), 1000.0),
        (lambda x: 3 * jnp.abs(x - 0.123), 3.0),
        (activax.hard_silu, 1.5),
        (activax.softplus, 1.0),  # reached only in the limit
        (activax.leaky_relu.bind(negative_slope=-2.0), 2.0),
        (activax.prelu.bind(negative_slope=jnp.array([0.5, 3.0])), 3.0),
        (jnp.zeros_like, 0.0),
        (jnp.floor, math.inf),
        (activax.step, math.inf),
        (lambda x: jnp.sqrt(jnp.abs(x - 0.2)), math.inf),
        (jnp.square, math.inf),
        (lambda x: x * jnp.log1p(jnp.abs(x)), math.inf),
        (lambda x: x * jnp.sin(x), math.inf),
    ],
)
def test_lipschitz_constants(function, constant):
    assert lipschitz(function) == pytest.approx(constant, rel=1e-13)


@pytest.mark.parametrize(
    ("smooth", "near"),
    [(activax.gelu, -0.75), (activax.silu, -1.3), (activax.mish, -1.2), (activax.xielu, -1)],
)
def test_the_lowest_value_matches_mpmath(smooth, near):
    x, value = stationary(of(smooth), near)
    assert minimum(smooth) == pytest.approx(Minimum(x, value), rel=1e-13)


@pytest.mark.parametrize(
    ("function", "x", "value"),
    [
        (activax.relu, 0.0, 0.0),
        (activax.hard_tanh, -1.0, -1.0),
        (activax.hard_silu, -1.5, -0.375),
        (activax.star_relu, 0.0, -0.4472),
        (activax.tanh, -math.inf, -1.0),
        (jnp.tanh, -math.inf, -1.0),
        (activax.softsign, -math.inf, -1.0),
        (activax.squareplus, -math.inf, 0.0),
        (lambda x: activax.sigmoid(-x), math.inf, 0.0),
        (activax.identity, -math.inf, -math.inf),
        (lambda x: -jnp.log1p(jnp.abs(x)), -math.inf, -math.inf),
        (lambda x: -jnp.exp(x), math.inf, -math.inf),
        (jnp.cos, -math.pi, -1.0),
        (lambda x: (x - 0.3) ** 2, 0.3, 0.0),
        (jnp.ones_like, 0.0, 1.0),
    ],
)
def test_minima(function, x, value):
    assert minimum(function) == pytest.approx(Minimum(x, value), rel=1e-14)


@pytest.mark.parametrize("call", [lipschitz, minimum, breakpoints])
def test_functions_that_are_refused(call):
    with pytest.raises(TypeError, match=f"{call.__name__}: needs an elementwise activation"):
        call(activax.softmax)
    if call is not breakpoints:
        with pytest.raises(ValueError, match=f"{call.__name__}: .* is NaN at -9965"):
            call(jnp.log)


def test_inside_of_jit_in_a_float32_program():
    seen = []

    @jax.jit
    def program(x):
        seen.append((lipschitz(jnp.sin), minimum(jnp.cos), breakpoints(jnp.abs)))
        return x

    program(1.0)
    assert seen == [(lipschitz(jnp.sin), minimum(jnp.cos), breakpoints(jnp.abs))]
