"""The generated constants are what their comments say."""

import inspect
import math
import re

import numpy as np
import pytest

from activax.numerics import coefficients as stored
from benchmarks._lib.minimax import error_bits, mp
from benchmarks.coefficients import CONSTANTS, PROBLEMS, main

SETS = [pytest.param(p, name, id=name) for p in PROBLEMS for name in p.sets]
CLAIMS = dict(
    re.findall(r"^(\w+) = \(  # relative error below 2\^-(\S+)$", inspect.getsource(stored), re.M)
)


def rational(name):
    """Return the stored P and Q of a set; Q is 1 for a polynomial."""
    value = getattr(stored, name)
    return value if isinstance(value[0], tuple) else (value, (1.0,))


def evaluate(name, x):
    numerator, denominator = rational(name)
    return np.polyval(numerator[::-1], x) / np.polyval(denominator[::-1], x)


@pytest.mark.thorough
@pytest.mark.parametrize(("problem", "name"), SETS)
def test_error_is_below_the_claim(problem, name):
    low, high = problem.interval
    x = low + (high - low) * (np.arange(400) + 0.5) / 400
    assert error_bits(problem, *rational(name), x) >= float(CLAIMS[name])


@pytest.mark.parametrize(("problem", "name"), SETS)
def test_coefficients_are_float32_numbers(problem, name):
    numerator, denominator = rational(name)
    assert (len(numerator), len(denominator)) == problem.sets[name]
    assert all(float(np.float32(c)) == c for c in numerator + denominator)


@pytest.mark.parametrize("r", [-0.34, 1e-3, 0.2])
def test_expm1_formula(r):
    assert r + r * r * evaluate("EXPM1", r) == pytest.approx(math.expm1(r), rel=2**-26)


@pytest.mark.parametrize("e", [1e-3, 0.5, 1.0])
def test_log1p_formula(e):
    assert e + e * e * evaluate("LOG1P", e) == pytest.approx(math.log1p(e), rel=2**-26)


@pytest.mark.parametrize("a", [0.0, 0.75, 3.0, 14.0])
def test_normal_formulas(a):
    tail = math.erfc(a / math.sqrt(2)) / 2
    density = math.exp(-a * a / 2)
    ratio = evaluate("NORMAL_TAIL", a)
    assert density / (stored.SQRT_2PI * a + ratio) == pytest.approx(tail, rel=2**-25)
    slope = tail - a * density / math.sqrt(2 * math.pi)
    factor = sum(stored.GELU_ROOT) - a
    ratio = evaluate("GELU_SLOPE", a)
    assert stored.PHI0 * density * factor * (1 + ratio) == pytest.approx(slope, rel=2**-25)


# The slopes in closed form, whose roots the script finds from the values.


def gelu_slope(x):
    return mp.ncdf(x) + x * mp.npdf(x)


def mish_slope(x):
    tanh = mp.tanh(mp.log1p(mp.exp(x)))
    return tanh + x * (1 - tanh**2) / (1 + mp.exp(-x))


def gelu_tanh_slope(x):
    inner = mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3)
    slope = mp.sqrt(2 / mp.pi) * (1 + 3 * mp.mpf("0.044715") * x**2)
    return (1 + mp.tanh(inner) + x * slope / mp.cosh(inner) ** 2) / 2


@pytest.mark.parametrize(
    ("slope", "name"),
    [
        (gelu_slope, "GELU_ROOT"),
        (mish_slope, "MISH_ROOT"),
        (gelu_tanh_slope, "GELU_TANH_ROOT"),
    ],
)
def test_root_is_where_the_slope_vanishes(slope, name):
    assert abs(slope(-mp.fsum(getattr(stored, name)))) < 2**-100


@pytest.mark.parametrize("name", CONSTANTS)
def test_words_add_up(name):
    high, low = getattr(stored, name)
    _, value = CONSTANTS[name]
    assert high == float(value)
    assert abs(mp.fsum((high, low)) / value - 1) < 2**-100


@pytest.mark.slow
def test_script_makes_the_committed_file():
    main(["--check"])
