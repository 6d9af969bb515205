"""JavaScript for each primitive of JAX: templates over the texts of its inputs.

A float32 is a double of JavaScript that `R` has rounded; `R`, `N` and the other capital letters
are the functions of `page/arithmetic.js`. The templates of float64 round nothing.
"""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
from jax import lax

from activax.diagnostics.jaxprs import Equation

ARITHMETIC = {"add": "+", "add_any": "+", "sub": "-", "mul": "*", "div": "/", "rem": "%"}
COMPARISONS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "===", "ne": "!=="}
BITWISE = {"and": "&", "or": "|", "xor": "^", "shift_left": "<<", "shift_right_arithmetic": ">>"}
# Operations on floats that are exact, so that no result is rounded.
EXACT = {
    "abs": "Math.abs({0})",
    "neg": "(-{0})",
    "sign": "Math.sign({0})",
    "floor": "Math.floor({0})",
    "ceil": "Math.ceil({0})",
    "max": "Math.max({0},{1})",
    "min": "Math.min({0},{1})",
    "clamp": "Math.min(Math.max({1},{0}),{2})",
    "is_finite": "Number.isFinite({0})",
}
# Operations that XLA and JavaScript both round to the nearest float.
ROUNDED = {"sqrt": "Math.sqrt({0})"}
# Operations that XLA approximates in its own way. JavaScript's result in double precision, rounded
# to float32, may differ from XLA's in the last bits.
APPROXIMATE = {
    name: f"Math.{name}({{0}})"
    for name in (
        "acos", "acosh", "asin", "asinh", "atan", "atanh", "cbrt", "cos", "cosh", "exp", "expm1",
        "log", "log1p", "sin", "sinh", "tan", "tanh",
    )
} | {
    "atan2": "Math.atan2({0},{1})",
    "erf": "E({0})",
    "erfc": "C({0})",
    "exp2": "2**{0}",
    "logistic": "1/(1+Math.exp(-{0}))",
    "pow": "Math.pow({0},{1})",
    "rsqrt": "1/Math.sqrt({0})",
}  # fmt: skip
OF_BOOLEANS = {
    "and": "({0}&&{1})", "not": "(!{0})", "or": "({0}||{1})", "xor": "({0}!=={1})",
}  # fmt: skip
# Operations that change nothing in a number.
IDENTITIES = ("broadcast_in_dim", "copy", "copy_p", "optimization_barrier", "reshape", "squeeze")
WRAPPED = {"int8": "({}<<24>>24)", "int32": "({}|0)", "uint32": "({}>>>0)"}
BIT_CASTS = {
    ("float32", "int32"): "I({0})",
    ("int32", "float32"): "F({0})",
    ("float64", "int64"): "J({0})",
}


def template(equation: Equation) -> str:
    """Return JavaScript for an equation of numbers, with {0}, {1}, ... for its inputs.

    Raises:
        NotImplementedError: a primitive, or a dtype of its inputs, that has no JavaScript here.
    """
    name = equation.primitive.name
    given, result = (str(atoms[0].aval.dtype) for atoms in (equation.invars, equation.outvars))
    found = None
    if name in IDENTITIES:
        found = "{0}"
    elif name == "select_n" and given == "bool":
        found = "({0}?{2}:{1})"
    elif name in COMPARISONS:
        found = f"({{0}}{COMPARISONS[name]}{{1}})"
    elif name in BY_PARAMETERS:
        found = BY_PARAMETERS[name](equation.params, given, result)
    elif given in ("float32", "float64"):
        found = _of_floats(name, given)
    elif given == "bool":
        found = OF_BOOLEANS.get(name)
    else:
        found = _of_integers(name, given)
    if found is None:
        raise NotImplementedError(f"the primitive {name!r} of {given} has no JavaScript")
    return found


def literal(value: Any, dtype: Any) -> str:
    """Return a number of a dtype in JavaScript.

    Raises:
        NotImplementedError: an array that is not one number.
    """
    array = np.asarray(value)
    if array.size != 1:
        raise NotImplementedError(f"a constant of shape {array.shape} is no number")
    plain = array.reshape(()).astype(dtype).item()
    if isinstance(plain, bool):
        return str(plain).lower()
    if isinstance(plain, float) and not np.isfinite(plain):
        return {np.inf: "Infinity", -np.inf: "(-Infinity)"}.get(plain, "NaN")
    text = repr(plain).removesuffix(".0")
    text = re.sub(r"^(-?)0\.", r"\1.", text)
    text += "n" * (isinstance(plain, int) and np.dtype(dtype).itemsize == 8)
    return f"({text})" if text.startswith("-") else text


def number_of(constant: str) -> float:
    """Return the number of a literal of a float."""
    return float(constant.strip("()"))


def round_to(text: str, dtype: str) -> str:
    """Return JavaScript that rounds a result to a float of a dtype."""
    return f"R({text})" if dtype == "float32" else f"({text})"


def _of_floats(name: str, dtype: str) -> str | None:
    if name in EXACT:
        return EXACT[name]
    found = ROUNDED.get(name) or APPROXIMATE.get(name)
    return found and round_to(found, dtype)


def _of_integers(name: str, dtype: str) -> str | None:
    sign = BITWISE.get(name) or (ARITHMETIC.get(name) if name in ("add", "sub", "mul") else None)
    if dtype == "int64":  # a BigInt, of which the formulas read the sign
        return f"({{0}}{sign}{{1}})" if name in BITWISE else None
    if dtype not in WRAPPED or (name == "mul" and dtype != "int8"):
        return None
    plain = {"not": "~{0}", "neg": "-{0}", "abs": "Math.abs({0})"}.get(name)
    plain = f"{{0}}{sign}{{1}}" if sign else plain
    return plain and WRAPPED[dtype].format(f"({plain})")


def _converted(params: Any, given: str, result: str) -> str | None:
    if given == result or (given, result) == ("float32", "float64"):
        return "{0}"
    if result == "bool":
        return "({0}!==0n)" if given == "int64" else "({0}!==0)"
    if result == "float64" or (result == "float32" and given != "uint32"):
        text = {"bool": "+{0}", "int64": "Number({0})"}.get(given, "{0}")
        return round_to(text, result)
    if given == "bool" and result in WRAPPED:
        return "(+{0})"
    return None


def _nearest(params: Any, given: str, result: str) -> str | None:
    even = params["rounding_method"] == lax.RoundingMethod.TO_NEAREST_EVEN
    return "N({0})" if even else "W({0})"


def _narrowed(params: Any, given: str, result: str) -> str | None:
    bits = params["mantissa_bits"]
    if bits >= {"float32": 23, "float64": 52}[given]:
        return "({0})"  # no rounding, but XLA rewrites nothing across it
    return f"P({{0}},{23 - bits})" if given == "float32" else f"S({{0}},{52 - bits})"


BY_PARAMETERS: dict[str, Callable[[Any, str, str], str | None]] = {
    "convert_element_type": _converted,
    "bitcast_convert_type": lambda params, given, result: BIT_CASTS.get((given, result)),
    "round": _nearest,
    "reduce_precision": _narrowed,
}
