"""Printed functions in Node: the arithmetic, the bits of XLA, and primitives without JavaScript."""

import json
import math
import platform
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import activax
from activax.atlas import curves as printer
from activax.atlas.javascript import scripts

pytest.importorskip("rich")
from benchmarks import browser
from benchmarks._lib import node, publishing

pytestmark = pytest.mark.optimized
needs_node = pytest.mark.skipif(not node.installed(), reason="node is not on the path")
RECORD = json.loads((publishing.RESULTS / "browser.json").read_text())
RECORDED = {row["op"]: row for row in RECORD["records"]}
# Activations of the default run: the normal distribution, a parameter, a jump, whole numbers, a
# gated unit with exp, and sin, which JavaScript approximates.
CHOSEN = ("gelu", "prelu", "step", "pact", "swiglu", "sine")


def same_compiler() -> bool:
    """Return whether XLA is that of the record; other versions contract other products."""
    return (
        RECORD["environment"]["versions"]["jaxlib"] == jax.lib.__version__
        and platform.machine() == "x86_64"
    )


@pytest.mark.thorough
@needs_node
@pytest.mark.skipif(not same_compiler(), reason="last bits are recorded for another XLA")
@pytest.mark.parametrize(
    "names",
    [
        pytest.param(CHOSEN, id="chosen"),
        pytest.param([*RECORDED][::8], id="others", marks=pytest.mark.slow),
    ],
)
def test_bits_are_those_of_xla(names):
    """The record says how many of 10^5 results differ, which is 0 for nearly all.

    How XLA approximates sin, rsqrt and so on depends on the CPU, too.
    """
    records = browser.measure([activax.get(name) for name in names], browser.points(browser.POINTS))
    for row in records:
        recorded = RECORDED[row["op"]]
        assert row["approximate"] == recorded["approximate"]
        assert row["approximate"] or row == recorded


@needs_node
def test_the_benchmark_writes_a_record(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(browser, "POINTS", 1000)
    file = tmp_path / "record.json"
    with jax.numpy_dtype_promotion("standard"):
        browser.main(["--fn", "relu", "softmax", "--json", str(file)])
    record = json.loads(file.read_text())
    (relu,) = record["records"]  # no curve shows softmax
    assert relu == RECORDED["relu"]
    assert record["points"] == 1000
    assert "relu" in capsys.readouterr().out


def test_the_record_is_of_drawn_activations():
    drawn = {a.name for a in activax.catalog.values() if a.kind in printer.DRAWN}
    assert RECORDED.keys() <= drawn


@needs_node
def test_functions_in_double_precision_are_the_formula():
    x = np.linspace(-6, 6, 101)
    chosen = [activax.get(name) for name in ("erf", "swiglu", "elu")]
    rows, expected = [], []
    with jax.enable_x64(True):
        for activation in chosen:
            printed = printer.curves(activation)
            numbers = [*printed.parameters.values()]
            rows += [(script.text, numbers) for script in printed.double]
            arrays = jnp.asarray(x), *(jnp.full(x.shape, n) for n in numbers)
            expected += jax.jit(printer.with_slopes(activation, second=False))(*arrays)
    for row, own in zip(node.evaluate(rows, x), expected, strict=True):
        np.testing.assert_allclose(row, own, rtol=1e-12, atol=1e-300)


def nearest_float32(exact: Fraction) -> np.float32:
    """Return the float32 nearest to a number; a tie goes to the even one."""
    guess = np.float32(float(exact))
    around = [np.nextafter(guess, np.float32(side)) for side in (-np.inf, np.inf)]
    near = [guess, *(other for other in around if np.isfinite(other))]
    return min(near, key=lambda f: (abs(Fraction(float(f)) - exact), f.view(np.uint32) & 1))


@needs_node
def test_multiply_add_is_rounded_once():
    one = 1 + 2.0**-12  # its square lies between two float32, so that the sum decides
    random = np.random.default_rng(1)
    cases = [(one, one, side * 2.0**-60) for side in (-1, 0, 1)]
    cases += [(-one, one, side * 2.0**-60) for side in (-1, 0, 1)]
    cases += random.normal(size=(200, 3)).astype(np.float32).tolist()
    cases += (random.normal(size=(200, 3)) * [1, 1, 1e-8]).astype(np.float32).tolist()
    found = node.evaluate([("M", case[1:]) for case in cases], np.array([c[0] for c in cases]))
    for i, (a, b, c) in enumerate(cases):
        exact = Fraction(a) * Fraction(b) + Fraction(c)
        assert found[i, i] == nearest_float32(exact), (a, b, c)


@needs_node
def test_arithmetic():
    tiny = np.finfo(np.float32).tiny
    half = [0.5, -0.5, 1.5, 2.5, -0.2, 0.49999999999999994]
    x = np.array([*half, 0.1, 1e39, -0.0, np.nan, -np.inf, tiny, tiny / 2, tiny * (1 - 2.0**-26)])
    rows = node.evaluate(
        [("R", ()), ("N", ()), ("W", ()), ("E", ()), ("C", ()), ("(x)=>P(R(x),12)", ())], x
    )
    rounded, even, away, erf, erfc, short = rows
    with np.errstate(over="ignore", invalid="ignore"):
        single = x.astype(np.float32)
        single = np.where(abs(x) < tiny * (1 - 2.0**-25), 0 * x, single)  # XLA flushes
    np.testing.assert_array_equal(rounded, single)
    np.testing.assert_array_equal(np.signbit(even), np.signbit(np.round(x)))
    np.testing.assert_array_equal(even, np.round(x))
    assert away[:4].tolist() == [1, -1, 2, 3]
    finite = ~np.isnan(x)
    np.testing.assert_allclose(erf[finite], [*map(math.erf, x[finite])], rtol=1e-14)
    np.testing.assert_allclose(erfc[finite], [*map(math.erfc, x[finite])], rtol=1e-12)
    narrow = lax.reduce_precision(jnp.asarray(rounded, jnp.float32), 8, 11)
    np.testing.assert_array_equal(short, narrow)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda x: x / 3, "R(a*.3333333432674408)"),
        (lambda x: (x * 3) * 5, "R(a*15)"),
        (lambda x: x / jnp.sqrt(x), "R(a*R(1/Math.sqrt(a)))"),
        (lambda x: x * x + 3 * x, "M(a,a,R(a*3))"),  # of two products the first
        (lambda x: (x + 1) * 3 + x * 5, "M(a,5,R(R(a+1)*3))"),  # or the one of less depth
        (lambda x: x * -5 + (x + 1) * 3, "M(R(a+1),3,R(a*(-5)))"),  # or the positive one
        (lambda x: 2 * x + x * x, "M(a,a,R(a*2))"),  # 2 x is x + x
        (lambda x: x - x * 3, "M(-a,3,a)"),
        (lambda x: jnp.where(x > 1, 4.0, x * 3) + 2, "((a>1)?R(4+2):M(a,3,2))"),
        (lambda x: x * -abs(x) + (x + 1) * x, "M(R(a+1),a,R(a*(-Math.abs(a))))"),
        (lambda x: (x * 3 + 1) * (x * 3), "{let b=R(a*3);return R(R(b+1)*b)}"),  # two uses
    ],
)
def test_constants_and_sums_are_those_of_the_compiler(function, text):
    (printed,) = scripts(function, "float32")
    assert printed.text == f"(a)=>{text}"


def test_a_select_that_a_parameter_decides_is_beside_the_sum():
    def limited(x, slope):
        return jnp.where(jnp.isinf(x) & (slope == 0), 0.0, slope * x) + x

    (printed,) = scripts(limited, "float32", numbers=1)
    condition = "((Math.abs(a)===Infinity)&&(b===0))"
    assert printed.text == f"(a,b)=>({condition}?R(0+a):M(a,b,a))"


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda x: lax.fori_loop(0, 3, lambda i, y: y * x, x), "'scan'|'while'"),
        (lambda x: jnp.sum(jnp.stack([x, x])), "shape"),
        (lambda x: lax.digamma(x), "'digamma' of float32"),
    ],
)
def test_what_has_no_javascript_is_refused(function, message):
    with pytest.raises(NotImplementedError, match=message):
        scripts(function, "float32")


def test_curves_of_what_is_no_curve_are_refused():
    with pytest.raises(NotImplementedError, match="softmax is of the kind vector"):
        printer.curves(activax.softmax)
    with pytest.raises(NotImplementedError, match=r"prelu has an array of shape \(2,\)"):
        printer.curves(activax.prelu.bind(negative_slope=jnp.ones(2)))


def test_a_bound_number_is_the_value_of_its_slider():
    assert printer.parameters(activax.elu.bind(alpha=0.5)) == {"alpha": 0.5}
    assert printer.parameters(activax.swiglu) == {"value": 1.0}


@pytest.mark.slow
def test_every_pointwise_activation_is_printed(pointwise):
    printed = printer.curves(pointwise)
    assert len(printed.single) == 3
    assert len(printed.double) == 2
