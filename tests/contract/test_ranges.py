"""Ranges of parameters: results are right in all of a range, and NaN or an error outside."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from against_reference import errors, within
from mpmath import mp
from representatives import marks

import activax
from activax.core.ranges import REAL

CATALOG = activax.catalog.values()
# Numbers of both signs, and the open end at 0 from nearby.
NUMBERS = (-40.0, -3.0, -1.0, -0.3, 0.0, 0.01, 0.3, 1.0, 3.0, 40.0)
X = np.float32([-30, -3.7, -1, -0.4, -1e-3, 0, 1e-3, 0.4, 1, 3.7, 30])
# Parameters that are no real numbers.
OTHERS = {"algorithm", "key", "where", "axis", "layout", "keepdims", "surrogate"}
# Keyword-only parameters are part of the program, so a few values stand for their ranges.
STATICS = [
    activax.laplace_cdf_gate.bind(mean=-2.0, deviation=0.02),
    activax.laplace_cdf_gate.bind(mean=0.0, deviation=30.0),
    activax.clamped_swiglu.bind(alpha=-1.0, limit=0.5, offset=-2.0),
    activax.clamped_swiglu.bind(alpha=0.0, limit=20.0, offset=0.0),
    activax.situ_glu.bind(gate_cap=0.1, value_cap=300.0),
    activax.xgeglu.bind(alpha=-0.5),
    activax.xswiglu.bind(alpha=2.0),
    activax.laaf.bind(n=0.1),
    activax.spocu.bind(alpha=-1.0, beta=0.0, gamma=0.3),
]


def inside(range_):
    return [number for number in NUMBERS if number in range_]


def beyond(range_):
    """Return numbers next to the ends and holes, on the outside."""
    ends = [range_.low - 1, range_.high + 1, *range_.excluded]
    return [number for number in ends if np.isfinite(number)]


BOUNDED = [
    pytest.param(activation, name, id=f"{activation.name}-{name}", marks=mark)
    for activation, mark in marks(CATALOG).items()
    for name, range_ in activation.ranges.items()
    if range_ != REAL
]


@pytest.mark.every
def test_every_parameter_has_a_range_which_the_docstring_says(entry):
    assert set(entry.ranges) == set(entry.parameters) - OTHERS
    lines = entry.section("Ranges").splitlines()
    for line, (name, range_) in zip(lines, entry.ranges.items(), strict=True):
        assert entry.parameters[name] in range_
        assert line.startswith(f"{name}: {range_}")
        assert ("NaN" in line) == (range_ != REAL and name in entry.trainable)


@pytest.mark.thorough
@pytest.mark.every
def test_numbers_outside_are_refused(entry):
    """Check the call, `bind`, gated units and lean activations."""
    x = jnp.ones((2,) * (1 + (entry.kind in ("vector", "matrix"))))
    inputs = (x,) * entry.inputs
    for name, range_ in entry.ranges.items():
        message = f"{entry.name}: {name} must be {range_}; got "
        for number in [*beyond(range_), np.nan, np.inf, np.float32(-np.inf)]:
            for scalar in (number, np.float32(number), np.float64(number)):
                for f in {entry, activax.lean(entry)}:
                    for call in (f.bind, functools.partial(f, *inputs)):
                        with pytest.raises(ValueError, match=message):
                            call(**{name: scalar})


@pytest.mark.parametrize(("activation_", "name"), BOUNDED)
def test_arrays_outside_give_nan(activation_, name):
    """Check value and every slope, for NaN at the elements concerned and at no other."""
    if name not in activation_.trainable:  # it is never an array
        return
    range_ = activation_.ranges[name]
    p = jnp.array([*beyond(range_), jnp.nan, *inside(range_)], jnp.float32)[:, None]
    x = jnp.asarray(np.random.default_rng(0).normal(size=(len(p), 3)), jnp.float32)
    outside = len(p) - len(inside(range_))
    if activation_.kind == "matrix":
        p, x = p[:, None], jnp.broadcast_to(x[:, None], (len(p), 3, 3))
    leans = {activax.lean(activation_, keep) for keep in activax.policies(activation_)[:3]}

    @jax.jit
    def results(x, p):
        exact = [f for f in leans if not (f.keep or "").startswith("bits")]
        inputs = activation_.inputs
        pulled = [jax.vjp(lambda x, p, f=f: f(*[x] * inputs, **{name: p}), x, p) for f in exact]
        return [(out, *vjp(jnp.ones_like(out))) for out, vjp in pulled]

    for result in results(x, p):
        for array in (array.reshape(len(p), -1) for array in result):
            np.testing.assert_array_equal(jnp.isnan(array).all(1), jnp.arange(len(p)) < outside)
            assert not jnp.isnan(array[outside:]).any()


def rows(activation):
    """Return inputs with each parameter in turn over its range, the others off their defaults."""
    names = activation.trainable
    others = [2 * activation.parameters[name] + 0.75 for name in names]
    at = [
        [number if i == j else value for j, value in enumerate(others)]
        for i, name in enumerate(names)
        for number in inside(activation.ranges[name])
    ]
    parameters = np.repeat(np.float32(at), len(X), axis=0)
    return [np.tile(X, len(at)), *parameters.T]


@pytest.mark.thorough
def test_value_and_slopes_are_right_in_the_whole_range(trainable):
    """Compare with the reference, within the bounds that hold at the defaults."""
    names, columns = trainable.trainable, rows(trainable)
    smooth = []
    for x, *parameters in zip(*(column.tolist() for column in columns), strict=True):
        numbers = dict(zip(names, parameters, strict=True))
        ends = [numbers[name] == trainable.ranges[name].low for name in names]
        at_end = x == 0 and any(ends)  # where a slope in the parameter is one-sided
        smooth.append(not at_end and x not in trainable.bind(**numbers).kinks)

    def named(f):
        return lambda x, *p: f(x, **dict(zip(names, p, strict=True)))

    fixed = {name: v for name, v in trainable.parameters.items() if name not in names}
    exact, *surrogates = (
        named(functools.partial(f, mp, **fixed))
        for f in (trainable.reference, *trainable.surrogates)
    )
    worst = errors(named(trainable), exact, surrogates, columns, np.array(smooth))
    assert within(worst, trainable, np.float32), f"wrong by {worst} ulps"


@pytest.mark.thorough
@pytest.mark.parametrize("bound", STATICS, ids=repr)
def test_value_and_slopes_are_right_for_static_numbers(bound):
    columns = [X, X[::-1]][: bound.inputs]
    pieces = bound.factors or (bound,)
    at_kink = [np.isin(x, f.kinks) for x, f in zip(columns, pieces, strict=True)]
    exact = functools.partial(bound.reference, mp, **bound.parameters)
    worst = errors(bound, exact, (), columns, ~np.logical_or.reduce(at_kink))
    assert within(worst, bound, np.float32), f"wrong by {worst} ulps"


VECTORS = np.random.default_rng(2).normal(size=(6, 4)).astype(np.float32) * 3
MOVING = [
    pytest.param(a, name, id=f"{a.name}-{name}")
    for a in CATALOG
    if a.kind == "vector"
    for name in a.trainable
]


@pytest.mark.thorough
@pytest.mark.parametrize(("vector", "name"), MOVING)
def test_vectors_are_right_in_the_whole_range(vector, name):
    """Check the derivative in a direction that moves the parameter, too."""
    numbers = inside(vector.ranges[name])
    x = np.resize(VECTORS, (len(numbers), 4))
    to, speed = x[:, ::-1], np.full(len(numbers), 0.25, np.float32)

    def along(x, dx, p, dp):
        return jax.jvp(lambda x, p: vector(x, **{name: p}), (x, p), (dx, dp))

    values, slopes = jax.jit(jax.vmap(along))(x, to, np.float32(numbers), speed)
    others = {n: vector.parameters[n] for n in vector.ranges if n != name}

    def component(f, i, j):
        start, at = float(np.float32(numbers[i])), x[i].astype(float)
        return lambda s: f(mp, list(at + s * to[i]), **others, **{name: start + s / 4})[j]

    for i in range(len(numbers)):
        for j in range(4):
            want = component(vector.reference, i, j)(mp.zero)
            slope = mp.diff(component(vector.surrogate or vector.reference, i, j), 0)
            assert values[i, j] == pytest.approx(float(want), rel=1e-5, abs=1e-6)
            assert slopes[i, j] == pytest.approx(float(slope), rel=1e-5, abs=1e-4)


def test_numbers_that_were_wrong():
    assert activax.softplus(3.0, -1.0) == pytest.approx(-0.0485873516, rel=1e-6)
    assert activax.softplus(-3.0, -2.0) == pytest.approx(-3.0012378, rel=1e-6)
    assert jax.grad(activax.softplus, 1)(3e38, 1e-30) == 0.0
    assert activax.soft_shrink.ranges["threshold"] == activax.Range(0.0)
    assert activax.hard_shrink(0.0, -1.0) == 0.0
    assert jax.grad(activax.hard_shrink)(0.0, -1.0) == 1.0
    assert activax.squareplus(1e-30, 0.0) == jnp.float32(1e-30)
    assert activax.erfact(40.0, 1e-6) == 40.0


# Numbers to anneal

ANNEALED = {
    activax.gumbel_softmax: ("temperature",),
    activax.gumbel_softmax_st: ("temperature",),
    activax.step: ("sharpness",),
    activax.rrelu: ("lower", "upper"),
}
EACH = pytest.mark.parametrize("annealed", ANNEALED, ids=lambda a: a.name)
SCALARS = [np.float16(0.75), np.float32(0.75), np.float64(0.75), np.int64(1), np.uint8(1)]


@EACH
def test_what_is_annealed_may_be_any_kind_of_number(annealed):
    """Check the call, and `bind`, which makes a Python number of a NumPy number."""
    x = jnp.linspace(-1, 1, 4)
    for name in ANNEALED[annealed]:
        for number in SCALARS:
            python = {name: float(number)}
            np.testing.assert_array_equal(annealed(x, **{name: number}), annealed(x, **python))
            assert annealed.bind(**{name: number}) == annealed.bind(**python)
            assert jax.tree.leaves(annealed.bind(**{name: number})) == []


@EACH
def test_annealing_compiles_nothing(annealed):
    """Check traced numbers in the call and in a bound array; a bound number is another program."""
    x, (name, *_), traces = jnp.linspace(-1, 1, 4), ANNEALED[annealed], []

    @jax.jit
    def in_call(x, value):
        traces.append("call")
        return annealed(x, **{name: value})

    @jax.jit
    def in_tree(x, f):
        traces.append("tree")
        return f(x)

    for value in (1.0, 0.5, 0.25):
        want = annealed(x, **{name: value})
        np.testing.assert_allclose(in_call(x, value), want, rtol=1e-6)
        np.testing.assert_allclose(
            in_tree(x, annealed.bind(**{name: jnp.array(value)})), want, rtol=1e-6
        )
    assert traces == ["call", "tree"]
    for value in (1.0, 0.5):
        in_tree(x, annealed.bind(**{name: value}))
    assert traces == ["call", "tree", "tree", "tree"]


def test_bounds_of_random_slopes_are_differentiated():
    """Check slopes by the bounds with a key and without, and with one bound a channel."""
    x, key = jnp.array([[-2.0, 3.0, -1.0]] * 400), jax.random.key(0)
    lower, upper = jnp.array([0.1, 0.2, 0.3]), jnp.array([[0.5]] * 400)

    @jax.jit
    def results(lower, upper):
        out, vjp = jax.vjp(lambda *bounds: activax.rrelu(x, key, *bounds), lower, upper)
        middle = jax.grad(lambda x: activax.rrelu(x, None, lower, upper).sum())(x)
        return out / x, *vjp(jnp.ones_like(out)), middle

    slope, by_lower, by_upper, middle = map(np.asarray, results(lower, upper))
    lower, upper, x = map(np.asarray, (lower, upper, x))
    share = (slope - lower) / (upper - lower)
    np.testing.assert_allclose(by_upper[:, 0], np.where(x < 0, share * x, 0).sum(1), rtol=1e-4)
    np.testing.assert_allclose(
        by_lower, np.where(x < 0, (1 - share) * x, 0).sum(0), rtol=1e-4, atol=1e-4
    )
    assert 0 <= share[:, ::2].min() < 0.1 < 0.9 < share[:, ::2].max() <= 1
    np.testing.assert_allclose(middle, np.where(x < 0, (lower + upper) / 2, 1), rtol=1e-6)


@pytest.mark.thorough
@pytest.mark.parametrize("shape", [(), (2, 1), (3, 1, 1)])
@pytest.mark.parametrize("sample", [activax.gumbel_softmax, activax.gumbel_softmax_st])
def test_a_temperature_a_row(sample, shape):
    x = jnp.linspace(-2, 2, 24).reshape(3, 2, 4)
    temperature = jnp.linspace(0.5, 2, int(np.prod(shape))).reshape(shape)
    each = jnp.broadcast_to(temperature, (3, 2, 1))[..., 0]

    def total(f, x, temperature):
        return jnp.sum(jnp.sin(jnp.arange(24.0).reshape(3, 2, 4)) * f(x, None, temperature))

    got = jax.grad(functools.partial(total, sample), (0, 1))(x, temperature)
    want = jax.grad(
        functools.partial(total, jax.vmap(jax.vmap(sample, (0, None, 0)), (0, None, 0))), (0, 1)
    )(x, each)
    np.testing.assert_allclose(got[0], want[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(got[1].sum(), want[1].sum(), rtol=1e-5)


# Definitions of one's own

PERCENT = activax.Range(0.0, 1.0)


def leak(x, share=0.5):
    """Return x, and a share of x below 0."""
    return jnp.where(x < 0, share * x, x)


def reference(mp, x, share):
    return x if x > 0 else share * x


def pair(gate, value=None, *, layout=None, axis=-1, gate_cap=1.0):
    """A capped gate times a value."""


def scale(x, share=0.5, *, axis=-1):
    """Return a share of x."""
    return share * x


DECORATED = {
    "elementwise": lambda **facts: activax.elementwise(
        lambda x, share: jnp.where(x > 0, 1.0, share),
        lambda x, share: jnp.minimum(x, 0.0),
        reference=reference,
        **facts,
    )(leak),
    "piecewise": lambda **facts: activax.piecewise(
        lambda x, share: share * x, lambda x, share: x, edges=(0.0,), **facts
    )(leak),
    "vector": lambda **facts: activax.vector(
        lambda y, share, t, *, axis: share * t,
        lambda y, share, t, *, axis: y / share * t,
        reference=None,
        keep=lambda x, share, out, *, axis: (out, share),
        **facts,
    )(scale),
}


@pytest.mark.parametrize("decorator", DECORATED)
def test_a_definition_of_ones_own_declares_ranges(decorator):
    mine = DECORATED[decorator](ranges={"share": PERCENT})
    assert mine.ranges == {"share": PERCENT}
    assert mine.section("Ranges") == (
        "share: at least 0 and at most 1; an array gives NaN where it is not."
    )
    with pytest.raises(ValueError, match="share must be at least 0 and at most 1; got 1.5"):
        mine(jnp.ones(2), 1.5)
    assert jnp.isnan(mine(jnp.ones(2), jnp.array(1.5))).all()
    assert not jnp.isnan(mine(jnp.ones(2), jnp.array(1.0))).any()
    with pytest.raises(TypeError, match=r"ranges are for its parameters \(share\); got 'shar'"):
        DECORATED[decorator](ranges={"shar": PERCENT})
    with pytest.raises(ValueError, match="the default of share must be above 0 and below 0.5; got"):
        DECORATED[decorator](ranges={"share": activax.Range(0.0, 0.5, excluded=(0.0, 0.5))})


def test_a_gated_unit_takes_the_ranges_of_its_factors():
    from activax.functions import gate_factors as factors

    assert activax.gated(by=factors.capped_silu)(pair).ranges["gate_cap"] == activax.Range(
        0.0, excluded=(0.0,)
    )
    narrow = activax.gated(by=factors.capped_silu, ranges={"gate_cap": PERCENT})(pair)
    with pytest.raises(ValueError, match="pair: gate_cap must be at least 0 and at most 1; got 2"):
        narrow(1.0, 1.0, gate_cap=2.0)


RANGES = {
    "finite": activax.Range(),
    "positive": activax.Range(0.0, excluded=(0.0,)),
    "at least 0": activax.Range(0.0),
    "finite and not 0": activax.Range(excluded=(0.0,)),
    "above -1 and below 1 and not 0": activax.Range(-1.0, 1.0, excluded=(-1.0, 0.0, 1.0)),
}


@pytest.mark.parametrize("text", RANGES)
def test_a_range_says_what_it_holds(text):
    range_ = RANGES[text]
    assert str(range_) == text
    numbers = [-np.inf, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, np.inf, np.nan]
    np.testing.assert_array_equal(range_.holds(jnp.array(numbers)), [n in range_ for n in numbers])


def test_ends_in_the_wrong_order_are_refused():
    with pytest.raises(ValueError, match="Range: low must not exceed high; got 1.0 and 0.0"):
        activax.Range(1.0, 0.0)
