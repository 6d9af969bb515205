"""Make the fitted coefficients of the float32 kernels: `python -m benchmarks.coefficients`.

`benchmarks/_lib/minimax.py` says how they are fitted.
"""

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from mpmath import mpf

from activax.bench.results import files
from benchmarks._lib.minimax import Problem, chebyshev, error_bits, fit, mp

COMMITTED = Path(__file__).parents[1] / "activax" / "numerics" / "coefficients.py"
DENSE = 4000  # points at which the error of a fit is measured


# The functions


def normal_tail_scaled(a: mpf) -> mpf:
    """Return Phi(-a) exp(a^2 / 2), where Phi is the normal distribution."""
    return mp.ncdf(-a) * mp.exp(a * a / 2)


def gelu_slope_scaled(a: mpf) -> mpf:
    """Return gelu'(-a) exp(a^2 / 2)."""
    return normal_tail_scaled(a) - a / mp.sqrt(2 * mp.pi)


def gelu_tanh_logit(x: mpf) -> mpf:
    """Return z(x), for which gelu_tanh(x) = x sigmoid(z(x))."""
    return 2 * mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3)


def gelu(x: mpf) -> mpf:
    return x * mp.ncdf(x)


def gelu_tanh(x: mpf) -> mpf:
    return x / (1 + mp.exp(-gelu_tanh_logit(x)))


def silu(x: mpf) -> mpf:
    return x / (1 + mp.exp(-x))


def mish(x: mpf) -> mpf:
    return x * mp.tanh(mp.log1p(mp.exp(x)))


def tanh_ratio(square: mpf) -> mpf:
    """Return tanh(x) / x, given x^2."""
    x = mp.sqrt(square)
    return mp.tanh(x) / x if x else mp.mpf(1)


def atan_ratio(square: mpf) -> mpf:
    """Return atan(x) / x, given x^2."""
    x = mp.sqrt(square)
    return mp.atan(x) / x if x else mp.mpf(1)


def erf_ratio(square: mpf) -> mpf:
    """Return erf(x) / x, given x^2."""
    x = mp.sqrt(square)
    return mp.erf(x) / x if x else 2 / mp.sqrt(mp.pi)


def root_of_slope(f: Callable[[mpf], mpf], near: float) -> mpf:
    """Return the root of f' that Newton's method finds from `near`."""
    return mp.findroot(lambda x: mp.diff(f, x), near)


# The kernels multiply by these float32 numbers, so the fits correct their rounding errors.
SQRT_2PI = float(np.float32(mp.sqrt(2 * mp.pi)))
PHI0 = float(np.float32(1 / mp.sqrt(2 * mp.pi)))
GELU_ROOT = -root_of_slope(gelu, -0.75)
SILU_ROOT = -root_of_slope(silu, -1.28)
SILU_POINT = mp.mpf(float(np.float32(SILU_ROOT)))
MISH_ROOT = -root_of_slope(mish, -1.19)
GELU_TANH_ROOT = -root_of_slope(gelu_tanh, -0.75)
# Inputs from which on the slope differs from 1 by at most 4e-7.
SATURATED = {"GELU": 5.65, "GELU_TANH": 5.3, "SILU": 18.0, "MISH": 9.4}
# The variable 1 / (1 + MILLS_RATE a) of the tail that has to be monotone.
MILLS_RATE = 0.2
# The right branches are polynomials in s - RIGHT_MIDDLE: in s they would cancel, and lose six bits.
RIGHT_MIDDLE = 3.0


def slope_from_value(
    function: Callable[[mpf], mpf],
    root: mpf,
    low: float,
    right: tuple[int, int],
    left: tuple[int, int],
) -> tuple[Problem, Problem]:
    """Return the problems of the slope, given the value y, right and left of the minimum at -root.

    The slope is singular in y at the minimum. So it is fitted in a variable s that grows with the
    distance to the minimum.

    Args:
        function: the activation.
        root: minus the place of its minimum.
        low: the input whose value is the smallest normal float32 number.
        right: the numbers of coefficients of P and Q right of the minimum.
        left: the same left of the minimum.
    """
    given, name = f"y = {function.__name__}(x)", function.__name__.upper()
    depth, high = -function(-root), SATURATED[name]

    def slope(x: mpf) -> mpf:
        return mp.diff(function, x)

    def right_root(x: mpf) -> mpf:
        return mp.sqrt(1 + function(x) / depth)

    def left_root(x: mpf) -> mpf:
        return mp.sqrt(-mp.log(-function(x) / depth))

    return (
        Problem(
            f"{given}: y' ~= s P(s - RIGHT_MIDDLE)/Q(...), s^2 = 1 + y/{name}_DEPTH, x <= {high}",
            truth=slope,
            result=lambda x, ratio: right_root(x) * ratio,
            interval=(-float(root), high),
            sets={f"{name}_RIGHT": right},
            variable=lambda x: right_root(x) - RIGHT_MIDDLE,
        ),
        Problem(
            f"{given}: y' ~= y s P(s)/Q(s), s^2 = -log(-y/{name}_DEPTH), x >= {low}",
            truth=slope,
            result=lambda x, ratio: function(x) * left_root(x) * ratio,
            interval=(low, -float(root)),
            sets={f"{name}_LEFT": left},
            variable=left_root,
        ),
    )


PROBLEMS = (
    Problem(
        "expm1(r) ~= r + r^2 P(r), |r| <= 0.3475",
        truth=mp.expm1,
        result=lambda r, p: r + r * r * p,
        interval=(-0.3475, 0.3475),  # ln(2) / 2, and a margin for the rounding of r
        sets={"EXPM1": (5, 1), "EXPM1_SHORT": (4, 1)},
    ),
    Problem(
        "log1p(e) ~= e + e^2 P(e), 0 <= e <= 1",
        truth=mp.log1p,
        result=lambda e, p: e + e * e * p,
        interval=(0, 1),
        sets={"LOG1P": (9, 1), "LOG1P_SHORT": (7, 1)},
    ),
    Problem(
        "log(2 cosh(x/2)) ~= log(2) + x^2 P(x^2), |x| <= 1.05",
        truth=lambda square: mp.log(2 * mp.cosh(mp.sqrt(square) / 2)),
        result=lambda square, p: mp.log(2) + square * p,
        interval=(1e-6, 1.1025),  # at 0 P would be free
        sets={"LOG_TWO_COSH": (5, 1)},
    ),
    Problem(
        "tanh(x) ~= x + x^3 P(x^2)/Q(x^2), |x| <= 0.9",
        truth=tanh_ratio,
        result=lambda square, ratio: 1 + square * ratio,
        interval=(1e-6, 0.81),  # at 0 the ratio would be free
        sets={"TANH": (2, 3)},
    ),
    Problem(
        "tanh(x) ~= x P(x^2)/Q(x^2), |x| <= 9",
        truth=tanh_ratio,
        result=lambda square, ratio: ratio,
        interval=(0, 81),
        sets={"TANH_SHORT": (5, 4)},
        at_zero=1,
    ),
    Problem(
        "atan(x) ~= x + x^3 P(x^2), |x| <= 0.4143",
        truth=atan_ratio,
        result=lambda square, p: 1 + square * p,
        interval=(1e-6, 0.17165),  # at 0 P would be free
        sets={"ARCTAN": (5, 1)},
    ),
    Problem(
        "erf(x) ~= x + x P(x^2), |x| <= 0.6",
        truth=erf_ratio,
        result=lambda square, p: 1 + p,
        interval=(0, 0.36),
        sets={"ERROR_FUNCTION": (6, 1)},
    ),
    Problem(
        "Phi(-a) exp(a^2/2) ~= 1 / (SQRT_2PI a + P(a)/Q(a)), 0 <= a <= 14.5",
        truth=normal_tail_scaled,
        result=lambda a, ratio: 1 / (SQRT_2PI * a + ratio),
        interval=(0, 14.5),
        sets={"NORMAL_TAIL": (5, 5), "NORMAL_TAIL_SHORT": (4, 4)},
        at_zero=2,  # exact, or x Phi(x) of the smallest normal x is flushed to 0
    ),
    Problem(
        "Phi(-a) exp(a^2/2) ~= 1 / (2 + a (SQRT_2PI - v P(v))), v = 1 / (1 + MILLS_RATE a)",
        truth=normal_tail_scaled,
        result=lambda a, p: 1 / (2 + a * (SQRT_2PI - p / (1 + MILLS_RATE * a))),
        interval=(1e-3, 14.5),  # at 0 P would be free
        sets={"MILLS": (11, 1)},
        variable=lambda a: 1 / (1 + MILLS_RATE * a),
        without=(4, 5),  # so that those before them, which matter most, are positive
    ),
    Problem(
        "(Phi(-a) - a phi(a)) exp(a^2/2) ~= PHI0 (GELU_ROOT - a) (1 + P(a)/Q(a)), 0 <= a <= 14.5",
        truth=gelu_slope_scaled,
        result=lambda a, ratio: PHI0 * (GELU_ROOT - a) * (1 + ratio),
        interval=(0, 14.5),
        sets={"GELU_SLOPE": (4, 5), "GELU_SLOPE_SHORT": (4, 4)},
    ),
    Problem(
        "-log(1 - u) ~= u P(u), 1 - sqrt(2) <= u <= 1 - sqrt(1/2)",
        truth=lambda u: -mp.log1p(-u),
        result=lambda u, p: u * p,
        interval=(-0.41422, 0.29290),
        sets={"LOG": (7, 1)},
    ),
    *slope_from_value(gelu, GELU_ROOT, -13.15, right=(9, 8), left=(5, 5)),
    *slope_from_value(gelu_tanh, GELU_TANH_ROOT, -10.1, right=(9, 8), left=(8, 8)),
    *slope_from_value(silu, SILU_ROOT, -91.9, right=(8, 8), left=(7, 7)),
    *slope_from_value(mish, MISH_ROOT, -91.9, right=(8, 8), left=(7, 7)),
)

# The comment and the value of each constant that is stored as two float64 numbers.
CONSTANTS = {
    "GELU_ROOT": ("gelu'(-a) = 0", GELU_ROOT),
    "GELU_DEPTH": ("-gelu(-GELU_ROOT)", -gelu(-GELU_ROOT)),
    "SILU_DEPTH": ("-silu(-a) where silu'(-a) = 0", -silu(-SILU_ROOT)),
    "SILU_POINT": ("next to the root of silu'(-a), a float32", SILU_POINT),
    "SILU_POINT_EXP": ("exp(-SILU_POINT)", mp.exp(-SILU_POINT)),
    "SILU_POINT_REST": ("1 + exp(-a) - a there", 1 + mp.exp(-SILU_POINT) - SILU_POINT),
    "QUICK_GELU_POINT": ("SILU_POINT / 1.702", SILU_POINT / mp.mpf("1.702")),
    "GELU_TANH_ROOT": ("gelu_tanh'(-a) = 0", GELU_TANH_ROOT),
    "GELU_TANH_DEPTH": ("-gelu_tanh(-GELU_TANH_ROOT)", -gelu_tanh(-GELU_TANH_ROOT)),
    "GELU_TANH_ROOT_LOGIT": (
        "2 sqrt(2/pi) (a + 0.044715 a^3) there",
        gelu_tanh_logit(GELU_TANH_ROOT),
    ),
    "GELU_TANH_ROOT_EXP": (
        "exp(-GELU_TANH_ROOT_LOGIT)",
        mp.exp(-gelu_tanh_logit(GELU_TANH_ROOT)),
    ),
    "MISH_ROOT": ("mish'(-a) = 0", MISH_ROOT),
    "MISH_DEPTH": ("-mish(-MISH_ROOT)", -mish(-MISH_ROOT)),
    "MISH_ROOT_EXP": ("e = exp(-MISH_ROOT)", mp.exp(-MISH_ROOT)),
    "MISH_ROOT_REST": (
        "e^2 + 4 e + 6 - 4 a there",
        mp.exp(-2 * MISH_ROOT) + 4 * mp.exp(-MISH_ROOT) + 6 - 4 * MISH_ROOT,
    ),
}


# The generated file


def two_words(value: mpf) -> tuple[float, float]:
    """Return the float64 nearest to a value, and the float64 nearest to the rest."""
    high = float(value)
    return high, float(value - high)


def tuple_body(numbers: Sequence[float], indent: str = "") -> str:
    """Return the inside of a tuple, one number a line, as `ruff format` lays it out."""
    return "".join(f"{indent}    {number!r},\n" for number in numbers)


def definition(problem: Problem, name: str, sizes: tuple[int, int]) -> str:
    """Return the statement that defines a fitted set, with its error in a comment."""
    numerator, denominator = fit(problem, sizes)
    bits = error_bits(problem, numerator, denominator, chebyshev(problem.interval, DENSE))
    claim = math.floor(100 * bits) / 100
    if sizes[1] == 1:
        body = tuple_body(numerator)
    else:
        body = "".join(f"    (\n{tuple_body(c, '    ')}    ),\n" for c in (numerator, denominator))
    return f"{name} = (  # relative error below 2^-{claim:.2f}\n{body})\n"


def module() -> str:
    """Return the text of the generated file."""
    parts = [
        '"""Constants of the float32 kernels: coefficients, each a float32 number, and roots.\n\n'
        "Generated by `python -m benchmarks.coefficients`, which has the method; do not edit.\n"
        "Coefficients come lowest power first; a set named SHORT is for bfloat16 results. A\n"
        "rational is the pair (P, Q). A relative error belongs to the whole right side, in exact\n"
        "arithmetic. Phi and phi are the normal distribution and density.\n"
        '"""\n\n'
        f"SQRT_2PI = {SQRT_2PI!r}\nPHI0 = {PHI0!r}  # 1 / sqrt(2 pi)\n"
        f"RIGHT_MIDDLE = {RIGHT_MIDDLE!r}\nMILLS_RATE = {MILLS_RATE!r}\n\n"
        "# The slope is 1 for inputs and values from here on.\n"
        + "".join(f"{name}_SATURATED = {x!r}\n" for name, x in SATURATED.items())
    ]
    for problem in PROBLEMS:
        parts.append(f"\n# {problem.formula}\n")
        parts += [definition(problem, name, sizes) for name, sizes in problem.sets.items()]
    parts.append(
        "\n# Roots of slopes, and constants of the slopes there: high + low, two float64 numbers.\n"
    )
    for name, (comment, value) in CONSTANTS.items():
        parts.append(f"{name} = (  # {comment}\n{tuple_body(two_words(value))})\n")
    return "".join(parts)


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail if the committed file differs")
    arguments = parser.parse_args(argv)
    made = module()
    if not arguments.check:
        files.write(COMMITTED, made, mark=made.partition("\n")[0])
    elif COMMITTED.read_text() != made:
        sys.exit(f"{COMMITTED} differs from what `python -m benchmarks.coefficients` writes.")


if __name__ == "__main__":
    main()
