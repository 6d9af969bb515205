"""The algebra of formulas, apart from rounding: their programs run with 60 digits in mpmath.

JAX traces a formula to a program, which is then evaluated without rounding. A wrong formula fails
here; a formula that only loses digits passes here and fails in test_accuracy.py.
"""

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from against_reference import variants
from jax import lax
from jax.extend.core import Literal
from mpmath import mp, mpf

import activax
from activax.numerics import (
    arctangent,
    double_words,
    normal,
    self_gate,
    slope_from_value,
    transcendental,
)
from activax.numerics.mode import Mode, at

DIGITS = 60


def _quotient(x: Any, y: Any) -> Any:
    return x / y if y else (mp.nan if x == 0 else mp.sign(x) * mp.inf)


def _real(function: Callable[[mpf], mpf], domain: float = 0.0) -> Callable[[mpf], mpf]:
    """Return the function, but NaN below the domain, where mpmath gives complex numbers."""
    return lambda x: mp.nan if x < domain else function(x)


def _round(x: mpf, exponent_bits: int, mantissa_bits: int) -> mpf:
    """Return x rounded to so many bits, but x itself for all bits of float32 or float64."""
    if mantissa_bits in (23, 52) or not x:
        return x
    unit = mp.ldexp(1, int(mp.mag(x)) - mantissa_bits - 1)
    return mp.nint(x / unit) * unit


def _bits(x: Any, new_dtype: Any) -> Any:
    """Return the bits of the float nearest to x as an integer, or the float of such bits."""
    new_dtype = np.dtype(new_dtype)
    of_size = f"{8 * new_dtype.itemsize}"
    if new_dtype.kind != "f":
        return int(np.dtype("float" + of_size).type(float(x)).view(new_dtype))
    return mpf(float(np.int64(x).astype("int" + of_size).view(new_dtype)))


def _convert(x: Any, new_dtype: Any) -> Any:
    kind = jnp.dtype(new_dtype).kind
    return mpf(x) if kind == "f" else bool(x) if kind == "b" else int(x)


def _same(x: Any, **options: Any) -> Any:
    return x


# The primitives of JAX as functions of numbers, and those that read parameters of the equation.
MEANING: dict[str, Callable[..., Any]] = {
    "abs": abs,
    "add": operator.add,
    "add_any": operator.add,
    "and": operator.and_,
    "asinh": mp.asinh,
    "atan": mp.atan,
    "atan2": mp.atan2,
    "cos": mp.cos,
    "cosh": mp.cosh,
    "div": _quotient,
    "eq": operator.eq,
    "erf": mp.erf,
    "erfc": mp.erfc,
    "exp": mp.exp,
    "expm1": mp.expm1,
    "floor": mp.floor,
    "ge": operator.ge,
    "gt": operator.gt,
    "is_finite": mp.isfinite,
    "le": operator.le,
    "log": _real(mp.log),
    "log1p": _real(mp.log1p, -1.0),
    "logistic": lambda x: 1 / (1 + mp.exp(-x)),
    "lt": operator.lt,
    "max": max,
    "min": min,
    "mul": operator.mul,
    "ne": operator.ne,
    "neg": operator.neg,
    "not": operator.not_,
    "or": operator.or_,
    "pow": operator.pow,
    "rsqrt": _real(lambda x: 1 / mp.sqrt(x) if x else mp.inf),
    "select_n": lambda which, *cases: cases[which],
    "shift_left": operator.lshift,
    "shift_right_arithmetic": operator.rshift,
    "sign": mp.sign,
    "sin": mp.sin,
    "sinh": mp.sinh,
    "sqrt": _real(mp.sqrt),
    "square": lambda x: x * x,
    "sub": operator.sub,
    "tanh": mp.tanh,
    # Nothing is left to do for one number.
    "broadcast_in_dim": _same,
    "copy": _same,
    "optimization_barrier": _same,
    "reshape": _same,
}
MEANING_WITH_OPTIONS: dict[str, Callable[..., Any]] = {
    "bitcast_convert_type": lambda x, new_dtype, **rest: _bits(x, new_dtype),
    "convert_element_type": lambda x, new_dtype, **rest: _convert(x, new_dtype),
    "integer_pow": lambda x, y: x**y,
    "reduce_precision": _round,
    "round": lambda x, rounding_method: mp.nint(x),
}
# The parameters that hold the program of a call.
PROGRAMS = ("jaxpr", "call_jaxpr", "call")


def evaluate(program: Any, arguments: Sequence[Any]) -> list[Any]:
    """Return the results of a traced program of scalars, computed without rounding."""
    jaxpr = getattr(program, "jaxpr", program)
    known = dict(zip(jaxpr.constvars, getattr(program, "consts", ()), strict=True))
    known.update(zip(jaxpr.invars, arguments, strict=True))

    def read(atom: Any) -> Any:
        constant = isinstance(atom, Literal)
        return _convert(np.asarray(atom.val).item(), atom.aval.dtype) if constant else known[atom]

    for equation in jaxpr.eqns:
        operands = [read(atom) for atom in equation.invars]
        name, options = equation.primitive.name, equation.params
        if inner := [options[key] for key in PROGRAMS if key in options]:
            results = evaluate(inner[0], operands)
        elif name in MEANING_WITH_OPTIONS:
            results = [MEANING_WITH_OPTIONS[name](*operands, **options)]
        else:
            results = [MEANING[name](*operands)]
        known.update(zip(equation.outvars, results, strict=True))
    return [read(atom) for atom in jaxpr.outvars]


# Both sides of each bend and root, and where gates are saturated; no kink.
POINTS = (
    -30.3,
    -12.7,
    -5.1,
    -2.3,
    -1.28,
    -1.19,
    -0.76,
    -0.3,
    -1e-3,
    2e-3,
    0.4,
    0.9,
    1.7,
    9.6,
    25.1,
)
# A program differs from the reference only because its constants are float64 numbers. The rounding
# of a constant acts on the result, or as a rounding of an argument. This bounds them in all.
CONSTANTS = mpf(2) ** -49
# The differences that stand for derivatives of the reference are wrong by as much.
NOISE = mpf(10) ** (10 - DIGITS)


def program_of(function: Callable[..., Any], *arguments: float) -> Any:
    """Return the traced program of a function and its slopes, for float64 scalars."""
    places = tuple(range(len(arguments)))
    with jax.enable_x64(True):
        sloped = jax.value_and_grad(function, places)
        return jax.make_jaxpr(sloped)(*map(np.float64, arguments))


def excess(got: mpf, f: Callable[..., mpf], arguments: Sequence[mpf], order: np.ndarray) -> float:
    """Return the error of a derivative of f, divided by the error that constants explain."""
    want = mp.diff(f, arguments, tuple(order))
    units = np.eye(len(arguments), dtype=int)
    moved = sum(
        abs(a * mp.diff(f, arguments, tuple(order + unit)))
        for a, unit in zip(arguments, units, strict=True)
    )
    return float(abs(got - want) / (CONSTANTS * (abs(want) + moved) + NOISE))


def check(activation: activax.Activation) -> None:
    """Assert that value and slopes of an activation equal its reference."""
    names = activation.trainable
    numbers = [float(activation.parameters[name]) for name in names]

    def by_position(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda x, *p: function(
            x, **{**activation.parameters, **dict(zip(names, p, strict=True))}
        )

    value = by_position(functools.partial(activation.reference, mp))
    units = np.eye(1 + len(names), dtype=int)
    surrogates = [by_position(functools.partial(f, mp)) for f in activation.surrogates]
    program = program_of(by_position(activation.inner), 0.5, *numbers)
    derivatives = [(value, np.zeros(1 + len(names), int))]
    derivatives += zip(surrogates or [value] * len(units), units, strict=True)
    low, high = activation.domain
    with mp.workdps(DIGITS):
        for x in (x for x in POINTS if low < x < high):
            arguments = [mpf(x), *map(mpf, numbers)]
            results = evaluate(program, arguments)
            for got, (f, order) in zip(results, derivatives, strict=True):
                error = excess(got, f, arguments, order)
                assert error <= 1, f"{activation}: derivative {order} at {x}"


def test_elementwise(elementwise):
    """Value and slopes of every activation, at two values of its parameters."""
    for variant in variants(elementwise):
        check(variant)


@pytest.fixture
def in_two_words(monkeypatch):
    """Trace formulas for float64 with the second words that float32 has."""
    replaced = {
        "needs_two_words": lambda x: True,
        "head_bits": lambda x, bits: lax.reduce_precision(x, 11, bits - 1),
    }
    for module in (double_words, normal, self_gate, transcendental):
        for name, function in replaced.items():
            monkeypatch.setattr(module, name, function, raising=False)


@pytest.mark.parametrize(
    "name", ["silu", "quick_gelu", "swish", "gelu_tanh", "mish", "gelu", "laplace_cdf_gate"]
)
def test_two_words(name, in_two_words):
    """The formulas of float32, where a second word holds what the first one lacks."""
    check(activax.get(name))


def gelu_tail(a: mpf) -> mpf:
    return a * mp.ncdf(-a)


# The functions that the kernels for float32 compute from fits, and arguments in each piece.
KERNELS = {
    "exp": (mp.exp, (-80.2, -3.3, -0.1, 0.2, 12.6)),
    "expm1": (mp.expm1, (-80.2, -3.3, -0.1, 1e-3, 12.6)),
    "log1p": (mp.log1p, (1e-3, 0.3, 1.0)),
    "softplus": (lambda x: mp.log1p(mp.exp(x)), (-80.2, -1.1, -0.9, -0.1, 0.2, 0.95, 1.3, 12.6)),
    "logistic": (lambda x: 1 / (1 + mp.exp(-x)), (-80.2, -1.1, -0.1, 0.2, 12.6)),
    "arctangent": (mp.atan, (-30.1, -0.9, 0.01, 0.4, 0.43, 2.4, 2.5)),
    "error_function": (mp.erf, (-3.1, -0.7, -0.5, 0.01, 0.2, 0.61, 5.2)),
    "tanh": (mp.tanh, (-8.1, -1.2, 0.01, 0.3, 2.0, 9.5)),
    "normal_tail": (lambda a: mp.ncdf(-a), (0.0, 0.3, 1.7, 5.2, 12.9)),
    "gelu_tail": (gelu_tail, (0.1, 0.3, 1.7, 5.2, 12.9)),
    "gelu_tail_slope": (lambda a: mp.diff(gelu_tail, a), (0.0, 0.75, 1.7, 12.9)),
}
# Relative errors of the fits, and some room.
FITS = {Mode.SINGLE: 2.0**-24, Mode.BFLOAT16: 2.0**-17}


def float32(x: Any) -> mpf:
    return mpf(float(np.float32(x)))


@pytest.mark.parametrize("mode", FITS)
@pytest.mark.parametrize("name", KERNELS)
def test_kernel(name, mode):
    """A kernel without rounding is as exact as its fit."""
    exact, arguments = KERNELS[name]
    modules = (transcendental, normal, arctangent)
    kernel = next(getattr(module, name) for module in modules if hasattr(module, name))
    program = jax.make_jaxpr(at(mode)(kernel))(np.float32(0.5))
    with mp.workdps(DIGITS):
        for x in map(float32, arguments):
            (got,) = evaluate(program, [x])
            assert abs(got / exact(x) - 1) < FITS[mode], x


@pytest.mark.parametrize("mean", [0.25, -0.7, 20.0])
def test_monotone_tail(mean):
    """The tail of any normal variable is as exact as its fit, about 0 and about another point."""
    tail = functools.partial(normal.monotone_tail, mean=mean, deviation=0.5)
    program = jax.make_jaxpr(at(Mode.SINGLE)(tail))(np.float32(0.5))
    with mp.workdps(DIGITS):
        for x in map(float32, (mean - 4.3, mean - 1, mean - 0.01, mean, mean + 1.4, mean + 5)):
            (got,) = evaluate(program, [x])
            assert abs(got / mp.ncdf(-abs(x - mean) / 0.5) - 1) < 2.0**-23, x


@pytest.mark.parametrize("name", ["gelu", "gelu_tanh", "silu", "mish"])
def test_slope_from_value(name):
    """The slope at a value, without rounding, is as exact as the fits, on both branches."""
    value = functools.partial(activax.get(name).reference, mp)
    slope_at = getattr(slope_from_value, f"{name}_slope_at")
    program = jax.make_jaxpr(slope_at)(np.float32(0.5), np.bool_(True))
    with mp.workdps(DIGITS):
        minimum = mp.findroot(lambda x: mp.diff(value, x), -1)
        for near in (-9.5, -3.1, -1.6, minimum - 0.01, minimum + 0.01, -0.3, 0.2, 2.7, 5.5):
            y = float32(value(near))
            x = mp.findroot(lambda x, y=y: value(x) - y, near)
            (got,) = evaluate(program, [y, bool(near > minimum)])
            assert abs(got / mp.diff(value, x) - 1) < 2.0**-20, near
