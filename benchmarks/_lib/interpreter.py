"""An interpreter of optimised HLO in NumPy: the values of an elementwise program on its target.

Elementary functions are computed in float64 and rounded. So errors come from XLA's changes of the
formula for the target, such as constants that it adds first and roundings that it leaves out.
"""

import math
import re
from typing import Any

import jax.numpy as jnp
import numpy as np

from activax.bench.compiled import hlo

DTYPES = {"pred": np.dtype(bool), "bf16": jnp.dtype(jnp.bfloat16)} | {
    f"{letter}{bits}": np.dtype(f"{kind}{bits // 8}")
    for letter, kind in {"s": "i", "u": "u", "f": "f"}.items()
    for bits in (8, 16, 32, 64)
    if (letter, bits) != ("f", 8)
}


def unsigned(x: np.ndarray) -> np.ndarray:
    """Return the bits of integers."""
    return x.view(f"u{x.dtype.itemsize}")


# Dtypes by the bits of their exponent and of their fraction.
PRECISIONS = {
    (info.nexp, info.nmant): info.dtype
    for info in map(jnp.finfo, ("float64", "float32", "float16", "bfloat16"))
}
COMPARISONS = {
    "EQ": np.equal,
    "NE": np.not_equal,
    "LT": np.less,
    "LE": np.less_equal,
    "GT": np.greater,
    "GE": np.greater_equal,
}
EXACT = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "negate": np.negative,
    "abs": np.abs,
    "sign": np.sign,
    "floor": np.floor,
    "ceil": np.ceil,
    "round-nearest-even": np.rint,
    "is-finite": np.isfinite,
    "select": np.where,
    "clamp": lambda low, x, high: np.minimum(np.maximum(x, low), high),
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "not": np.invert,
    "shift-left": np.left_shift,
    "shift-right-arithmetic": np.right_shift,
    "shift-right-logical": lambda x, bits: np.right_shift(unsigned(x), unsigned(bits)),
    "copy": lambda x: x,
}
ROUNDED = {
    "sqrt": np.sqrt,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "cbrt": np.cbrt,
    "power": np.power,
    "exponential": np.exp,
    "exponential-minus-one": np.expm1,
    "log": np.log,
    "log-plus-one": np.log1p,
    "tanh": np.tanh,
    "logistic": lambda x: 1 / (1 + np.exp(-x)),
    "erf": np.vectorize(math.erf, otypes=[float]),
    "sine": np.sin,
    "cosine": np.cos,
    "tan": np.tan,
    "atan2": np.arctan2,
}


def evaluate(program: str, *arguments: np.ndarray) -> Any:
    """Return the result of a program on arrays of one size."""
    computations, entry = hlo.computations(program)
    with np.errstate(all="ignore"):
        return _call(computations, entry, arguments)


def _call(computations: Any, name: str, arguments: Any) -> Any:
    values: dict[str, Any] = {}
    for instruction in computations[name].values():
        operands = [values[operand] for operand in instruction.operands]
        values[instruction.name] = _result(computations, instruction, operands, arguments)
        if instruction.root:
            return values[instruction.name]
    raise ValueError(f"{name} has no result")


def _constant(literal: str, dtype: np.dtype) -> np.ndarray:
    if np.issubdtype(dtype, np.bool_):
        return np.asarray(literal == "true")
    number = int if np.issubdtype(dtype, np.integer) else float
    return np.asarray(number(literal)).astype(dtype)


def _result(computations: Any, instruction: Any, operands: Any, arguments: Any) -> Any:
    attributes, opcode = instruction.attributes, instruction.opcode
    if opcode in ("fusion", "call"):
        called = re.search(r"(?:calls|to_apply)=%?([\w.-]+)", attributes)[1]
        return _call(computations, called, operands)
    if opcode == "tuple":
        return tuple(operands)
    if opcode == "get-tuple-element":
        return operands[0][int(re.search(r"index=(\d+)", attributes)[1])]
    if opcode == "parameter":
        return np.asarray(arguments[int(instruction.literal)])
    dtype = DTYPES[instruction.shape.partition("[")[0]]
    if opcode == "constant":
        return _constant(instruction.literal, dtype)
    if opcode in ("broadcast", "reshape"):
        return operands[0]  # NumPy broadcasts a scalar; an array keeps its shape
    if opcode in ("bitcast", "bitcast-convert"):
        return operands[0].view(dtype)
    if opcode == "convert":
        return operands[0].astype(dtype)
    if opcode == "compare":
        return COMPARISONS[re.search(r"direction=(\w+)", attributes)[1]](*operands)
    if opcode == "reduce-precision":
        bits = tuple(int(n) for n in re.findall(r"_bits=(\d+)", attributes))
        if bits not in PRECISIONS:
            raise NotImplementedError(f"reduce-precision to {bits}")
        return operands[0].astype(PRECISIONS[bits]).astype(dtype)
    if opcode in EXACT:
        return EXACT[opcode](*operands).astype(dtype)
    if opcode in ROUNDED:
        return ROUNDED[opcode](*(operand.astype(np.float64) for operand in operands)).astype(dtype)
    raise NotImplementedError(opcode)
