"""`activax.check`: findings in broken functions, and no findings in activations of activax."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import activax
from activax.checking.probes import sweep


@pytest.mark.slow
def test_nothing_is_found_in_the_catalogue(elementwise):
    activax.check(elementwise, raises=True)


@activax.piecewise(lambda x: 0.0, jnp.sqrt, lambda x: 1 + jnp.log(x), edges=(0.0, 1.0))
def pieces(x):
    """Zero, a root and a logarithm."""


# A surrogate slope, a bounded domain, and a user's activation.
FINE = [activax.step, activax.log1mexp, pieces]


@pytest.mark.thorough
@pytest.mark.parametrize("unit", FINE, ids=repr)
def test_nothing_is_found_in(unit):
    activax.check(unit, dtypes=["float64", "float16"], raises=True)


@jax.custom_jvp
def wrong_slope(x):
    return jnp.tanh(x)


@wrong_slope.defjvp
def _(primals, tangents):
    out = jnp.tanh(*primals)
    return out, (1 - out) * tangents[0]


@jax.custom_jvp
def outside(x):
    """Return |x|, with a slope at the kink that is not between the slopes of both sides."""
    return jnp.abs(x)


outside.defjvp(lambda p, t: (jnp.abs(p[0]), jnp.where(p[0] == 0, 3.0, jnp.sign(p[0])) * t[0]))


@jax.custom_vjp
def reverse_alone(x):
    return jnp.sin(x)


reverse_alone.defvjp(lambda x: (jnp.sin(x), x), lambda x, g: (g * jnp.cos(x),))

counted = []


def of_state(x):
    counted.append(x)
    return x * len(counted)


def signed(x):
    return jnp.where(jnp.signbit(x), x - 1, x + 1)


# Broken functions, each with the input of the first finding of each check, in one dtype.
BROKEN = {
    "branch not taken": (
        lambda x: jnp.where(x > 0, jnp.sqrt(x), 0.0 * x),
        {("finite", "slope"): 0.0, ("finite", "curvature"): 0.0, ("infinity", "slope"): -np.inf},
    ),
    "overflow": (
        lambda x: jnp.log(jnp.exp(x) + 1),
        {("finite", "value"): 88.95633, ("finite", "slope"): 88.95633},
    ),
    "cancellation": (
        lambda x: jnp.sqrt(1e8 + x * x) - 1e4 + x,
        {("precision", "value"): None},
    ),
    "if": (lambda x: x if x > 0 else 0 * x, {("error", "value"): "shape (2, 3)"}),
    "math": (lambda x: math.tanh(x), {("error", "value"): "shape (2, 3)"}),
    "no forward mode": (reverse_alone, {("error", "forward"): "shape (2, 3)"}),
    "softmax": (jax.nn.softmax, {("elements", "value"): 0.0}),
    "reduction": (jnp.sum, {("shape", "value"): "shape (2, 3)"}),
    "normalisation": (
        lambda x: x / (1 + jnp.max(x, -1, keepdims=True)),
        {("elements", "value"): -0.375},
    ),
    "no empty arrays": (lambda x: x + 0 * jnp.max(x), {("shape", "value"): "shape (0, 3)"}),
    "state": (of_state, {("jit", "value"): -0.375}),
    "NaN swallowed": (
        lambda x: jnp.where(x > 0, x, 0.0),
        {("nan", "value"): np.nan, ("nan", "slope"): np.nan},
    ),
    "NaN swallowed by maximum": (lambda x: jnp.maximum(x, 0.0), {("nan", "slope"): np.nan}),
    "0 times infinity": (
        lambda x: x * jax.nn.sigmoid(x),
        {("infinity", "value"): -np.inf, ("infinity", "slope"): -np.inf},
    ),
    "sign of zero": (signed, {("zero", "value"): -0.0}),
    "float64 constant": (
        lambda x: jnp.asarray(np.float64(0.5)) * x,
        {("dtype", "value"): "with x64 enabled"},
    ),
    "no integers": (jax.lax.logistic, {("integers", "value"): "integers"}),
}


def found(report):
    """Return {(check, of): input}, with the first input of each kind of finding."""
    return {(f.check, f.of): f.input for f in reversed(report.findings)}


@pytest.mark.thorough
@pytest.mark.parametrize(("function", "expected"), BROKEN.values(), ids=BROKEN)
@pytest.mark.usefixtures("standard_promotion")
def test_what_is_broken_is_found(function, expected):
    got = found(activax.check(function, dtypes=[jnp.float32]))
    for key, at in expected.items():
        assert key in got
        assert at is None or got[key] == at or got[key] == pytest.approx(at, nan_ok=True)


@pytest.mark.parametrize(("function", "x", "slope"), [(wrong_slope, None, None), (outside, 0, 3)])
def test_a_wrong_rule_is_found(function, x, slope):
    (finding, *_) = activax.check(function, dtypes=["float64"]).findings
    assert (finding.check, finding.of) == ("derivative", "slope")
    assert x is None or (finding.input, finding.got) == (x, slope)
    at = finding.input
    assert slope or finding.expected == pytest.approx(1 - np.tanh(at) ** 2, abs=1e-6)


def test_modes_that_differ_are_found():
    """Only the sweep finds them: JAX has no vmap of a function with its own transpose."""

    def two_slopes(x):
        call = jax.custom_derivatives.linear_call
        return call(lambda _, x: 2 * x, lambda _, cotangent: 3 * cotangent, (), x)

    def exact(x):
        return np.stack([2 * x, np.full_like(x, 3), np.zeros_like(x)])

    with np.errstate(all="ignore"):
        (finding,) = sweep(two_slopes, "float32", exact)
    assert (finding.check, finding.got, finding.expected) == ("modes", 2, 3)


def decay(bits):
    """Return exp(-x) with a relative error of 2^-bits in its argument, only in float32."""
    return lambda x: jnp.exp(-x * (1 - 2**-bits) if x.dtype == jnp.float32 else -x)


def test_an_error_of_the_argument_may_be_64_roundings():
    """The tolerance grows with |x f'(x)|, here up to 88 times f(x)."""

    def exact(x):
        return np.stack([np.exp(-x), -np.exp(-x), np.exp(-x)])

    with np.errstate(all="ignore"):
        assert list(sweep(decay(18), "float32", exact)) == []  # 32 eps
        found = {(f.check, f.of) for f in sweep(decay(16), "float32", exact)}  # 128 eps
    assert found == {("precision", "value"), ("precision", "slope")}


@activax.elementwise(
    lambda x: jnp.log1p(x) - jnp.log1p(-x),
    reference=lambda mp, x: (1 + x) * mp.log1p(x) + (1 - x) * mp.log1p(-x),
    domain=(-1.0, 1.0),
)
def redundancy(x):
    """The sum of (1 + x) log(1 + x) and (1 - x) log(1 - x), NaN at -1 and at 1."""
    return (1 + x) * jnp.log1p(x) + (1 - x) * jnp.log1p(-x)


def test_the_ends_of_a_domain_are_not_in_it():
    def exact(x):
        left, right = np.log1p(x), np.log1p(-x)
        return np.stack([(1 + x) * left + (1 - x) * right, left - right, 2 / (1 - x * x)])

    assert np.isnan(redundancy(jnp.array([-1.0, 1.0]))).all()
    with np.errstate(all="ignore"):
        assert list(sweep(redundancy, "float32", exact)) == []


@pytest.mark.parametrize(
    ("function", "name"),
    {
        activax.affine(jnp.sum, scale=2.0): f"activax.affine({jnp.sum!r}, scale=2.0)",
        functools.partial(jnp.sum, axis=0): None,
        (lambda x: x.sum()): "<lambda>",
    }.items(),
    ids=["affine", "without a name", "lambda"],
)
def test_a_report_names_its_subject(function, name):
    assert activax.check(function, dtypes=["float32"]).subject == (name or repr(function))


def test_16_bits_are_looked_at_in_16_bits():
    report = activax.check(jax.nn.gelu, dtypes=[jnp.float16])
    at = found(report)["finite", "slope"]
    assert 100 < at < 300  # the cube overflows
    assert jnp.isnan(jax.grad(jax.nn.gelu)(jnp.float16(at)))


def test_a_report_is_a_table_with_hints():
    report = activax.check(jax.nn.relu, dtypes=["float32", "bfloat16"])
    assert not report.ok
    first, header, row, hint, *_ = str(report).splitlines()
    assert first == "relu: 2 findings in float32, bfloat16"
    assert header.split() == ["check", "of", "dtype", "input", "got", "expected"]
    assert row.split() == ["nan", "slope", "float32", "bfloat16", "nan", "0", "nan"]
    assert hint.startswith("nan: Comparisons are false for NaN")
    assert report.findings[0].hint.startswith("Comparisons are false")
    with pytest.raises(AssertionError, match="relu: 2 findings"):
        report.raise_if_failed()
    with pytest.raises(AssertionError, match="relu: 2 findings"):
        activax.check(jax.nn.relu, dtypes=["float32", "bfloat16"], raises=True)
    assert str(activax.check(activax.identity, dtypes=["float32"])) == (
        "activax.identity: nothing found in float32"
    )


def test_nothing_is_left_changed():
    activax.check(activax.identity)
    assert jnp.ones(1).dtype == jnp.float32
    assert np.geterr()["over"] == "warn"


ERRORS = {
    "a name": (lambda: activax.check("relu"), "check: needs a function of one array; got str"),
    "softmax": (
        lambda: activax.check(activax.softmax),
        r"check: needs an elementwise activation; activax\.softmax is vector",
    ),
    "bound arrays": (
        lambda: activax.check(activax.prelu.bind(negative_slope=jnp.ones(3))),
        r"check: bind numbers, not arrays; got activax\.prelu\.bind",
    ),
    "integers": (
        lambda: activax.check(activax.relu, dtypes=[jnp.int32]),
        "check: dtypes must be floating; got int32",
    ),
}


@pytest.mark.parametrize(("call", "match"), ERRORS.values(), ids=ERRORS)
def test_bad_input_is_explained(call, match):
    with pytest.raises(TypeError, match=match):
        call()


def test_an_error_in_one_dtype_is_a_finding():
    def needs_32_bits(x):
        if x.dtype == jnp.bfloat16:
            raise NotImplementedError("16 bits")
        return x

    report = activax.check(needs_32_bits, dtypes=["float32", "bfloat16"])
    assert {(f.check, f.dtype) for f in report.findings} == {
        ("dtype", "bfloat16"),
        ("error", "bfloat16"),
    }
    assert report.findings[-1].got == "NotImplementedError: 16 bits"
