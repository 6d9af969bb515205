"""The contract of vector activations, reductions and matrices, from one compiled program each.

Float32 is differentiated by `vmap(vjp)`, bfloat16 by `jvp`, float16 by `vjp`, and the second
derivative is the `jvp` of `grad`. Derivatives are one-sided differences of the reference in mpmath;
where both sides differ, there is a kink and nothing to compare.
"""

import dataclasses
import functools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from against_reference import bounds, compute_dtype, error, of_vector, ulp, variants
from entry import check
from mpmath import mp

from activax import Activation

pytestmark = pytest.mark.every

DTYPES = (jnp.float32, jnp.bfloat16, jnp.float16)
RANDOM = np.random.default_rng(0)
ROWS = np.concatenate([
    RANDOM.normal(size=(6, 6)) * 10.0 ** np.arange(-5, 6, 2)[:, None].clip(max=4),
    [[0, 0, 0, 0, 0, 0], [1000, 0, 0, 0, 0, 1000], [-1000, 0, 1, 2, 3, 3], [1e4, 1, 2, 3, 4, 5]],
])  # fmt: skip
TANGENT, COTANGENT = RANDOM.normal(size=(2, 6)).astype(jnp.float16)
MATRIX = (2, 3)  # of the six numbers of a row
STEP = mp.mpf(10) ** -40  # of a difference
SECOND = 2.0**-18  # relative error of a second derivative


@dataclasses.dataclass(frozen=True)
class Found:
    """An activation at one set of parameters, and the results of its program.

    Attributes:
        activation: with its parameters bound.
        rows: by dtype ROWS, then a row of numbers that end the range, then a row of NaN.
        parameters: the trainable parameters in float32, in order.
        values: by dtype the value of every row.
        slopes: the cotangents of the rows and of the parameters, row by row, for COTANGENT.
        moved: the bfloat16 derivative when the row moves along TANGENT and parameters along 1.
        half: the float16 cotangent of the rows.
        second: the second derivative of the sum that COTANGENT weighs, along TANGENT, in float32.
        eager: the value of a call outside of any program, at the defaults.
    """

    activation: Activation
    rows: dict[Any, np.ndarray]
    parameters: list[np.ndarray]
    values: dict[Any, np.ndarray]
    slopes: list[np.ndarray]
    moved: np.ndarray
    half: np.ndarray
    second: np.ndarray
    eager: np.ndarray | None

    def exact(self, *, sloped: bool) -> Any:
        """Return the function of an input vector and the parameters that has values or slopes."""
        f = (sloped and self.activation.surrogate) or self.activation.reference
        exact = of_vector(self.activation, f)
        if self.activation.kind != "matrix":
            return exact
        width = MATRIX[1]
        return lambda x, *p: [
            v for row in exact([x[i : i + width] for i in range(0, len(x), width)], *p) for v in row
        ]


def on_rows(activation: Activation) -> Any:
    """Return the activation as a function of rows, which for a matrix are its elements."""
    if activation.kind != "matrix":
        return activation
    return lambda x, **p: activation(x.reshape(*x.shape[:-1], *MATRIX), **p).reshape(x.shape)


def find(activation: Activation) -> list[Found]:
    """Compile one program, and run it at the defaults and away from them."""
    rows = {}
    for dtype in DTYPES:
        largest = float(jnp.finfo(dtype).max)
        ends = [largest, -largest, largest / 2, float(jnp.finfo(dtype).tiny), 0, -1]
        rows[dtype] = np.concatenate([ROWS, [ends, [np.nan] * 6]]).astype(dtype)
    plans = [
        (variant, [np.float32(variant.parameters[name]) for name in activation.trainable])
        for variant in variants(activation)
    ]
    program = jax.jit(functools.partial(_program, activation))
    compiled = program.lower([*rows.values()], plans[0][1]).compile()
    eager = np.asarray(on_rows(activation)(jnp.asarray(rows[jnp.float32])))
    founds = []
    for variant, parameters in plans:
        values, *rest = jax.tree.map(np.asarray, compiled([*rows.values()], parameters))
        results = dict(zip(DTYPES, values, strict=True)), *rest
        at_defaults = eager if variant is activation else None
        founds.append(Found(variant, rows, parameters, *results, at_defaults))
    return founds


def _program(activation: Activation, rows: list[Any], parameters: list[Any]) -> Any:
    """Take each mode of differentiation once, each in another dtype."""
    single, brain, half = rows
    weights = weights_of(activation)

    def call(x: Any, *parameters: Any) -> Any:
        return on_rows(activation)(x, **dict(zip(activation.trainable, parameters, strict=True)))

    def pulled(x: Any) -> Any:
        value, pull = jax.vjp(call, x, *parameters)
        return value, pull(jnp.asarray(weights, value.dtype))

    def weighed(x: Any) -> Any:
        value = call(x, *parameters)
        return jnp.sum(jnp.broadcast_to(weights.astype(value.dtype), value.shape) * value)

    values, slopes = jax.vmap(pulled)(single)
    along = jnp.broadcast_to(TANGENT.astype(single.dtype), single.shape)
    second = jnp.sum(along * jax.jvp(jax.grad(weighed), (single,), (along,))[1], -1)
    along = jnp.broadcast_to(TANGENT.astype(brain.dtype), brain.shape)
    ones = [jnp.ones_like(p) for p in parameters]
    brain_values, moved = jax.jvp(call, (brain, *parameters), (along, *ones))
    half_values, pull = jax.vjp(lambda x: call(x, *parameters), half)
    (pulled_back,) = pull(jnp.broadcast_to(weights.astype(half.dtype), half_values.shape))
    return [values, brain_values, half_values], slopes, moved, pulled_back, second


def weights_of(activation: Activation) -> np.ndarray:
    """Return the cotangent of the value of one row."""
    shape = jax.eval_shape(
        on_rows(activation), jax.ShapeDtypeStruct(TANGENT.shape, jnp.float32)
    ).shape
    return np.resize(COTANGENT, shape)


class Row:
    """The reference at one row: its value, and its derivatives where both sides agree."""

    def __init__(self, found: Found, row: np.ndarray):
        self.x = [mp.mpf(float(v)) for v in row]
        self.parameters = [mp.mpf(float(p)) for p in found.parameters]
        self.value = found.exact(sloped=False)(self.x, *self.parameters)
        self._sloped = found.exact(sloped=True)

    def sides(self, dx: Any, dp: Any, steps: Sequence[int] = (-1, 0, 1)) -> Any:
        """Yield the function at these steps from the row along (dx, dp)."""
        for s in (STEP * step for step in steps):
            x = [a + s * float(b) for a, b in zip(self.x, dx, strict=True)]
            p = [a + s * float(b) for a, b in zip(self.parameters, dp, strict=True)]
            yield np.array(self._sloped(x, *p))

    def derivative(self, dx: Any, dp: Any) -> list[Any]:
        """Return the derivative of each component along (dx, dp), None at a kink."""
        left, here, right = self.sides(dx, dp)
        pairs = zip((here - left) / STEP, (right - here) / STEP, strict=True)
        return [
            a if np.isclose(float(a), float(b), rtol=1e-12, atol=float(STEP)) else None
            for a, b in pairs
        ]

    def smooth(self) -> np.ndarray:
        """Return which components have all partial derivatives: one alone may agree by chance."""
        size = len(self.x)
        units = np.eye(size + len(self.parameters))
        partial = [self.derivative(unit[:size], unit[size:]) for unit in units]
        return np.array([None not in of_component for of_component in zip(*partial, strict=True)])

    def gradient(self, weights: np.ndarray) -> list[Any]:
        """Return the slope of the weighed sum by each element and parameter, None at a kink."""
        size, found = len(self.x), []
        for unit in np.eye(size + len(self.parameters)):
            terms = self.derivative(unit[:size], unit[size:])
            known = None not in terms
            found.append(mp.fdot(zip(terms, weights.tolist(), strict=True)) if known else None)
        return found

    def curvature(self, weights: np.ndarray) -> np.ndarray | None:
        """Return the terms of the second derivative along TANGENT of the weighed sum.

        None stands for a second derivative that jumps.
        """
        steps = [*self.sides(TANGENT, [0] * len(self.parameters), range(-2, 3))]
        left, here, right = (
            ((a - 2 * b + c) / STEP**2).astype(float)
            for a, b, c in zip(steps, steps[1:], steps[2:], strict=False)
        )
        smooth = np.allclose(left, right, rtol=1e-9, atol=1e-9)
        return weights * here if smooth else None


def rows_of(found: Found, dtype: Any, *results: Any) -> Iterator[Any]:
    """Yield each row of ROWS with its results."""
    for x, *result in zip(found.rows[dtype][: len(ROWS)], *results, strict=False):
        yield Row(found, x), *result


def worst(got: Any, want: Any, others: Any, dtype: Any) -> float:
    """Return the largest error in ulps of the largest number that enters; None is not compared."""
    pairs = [(g, w) for g, w in zip(np.ravel(got), want, strict=True) if w is not None]
    largest = ulp(max(map(abs, [*(w for _, w in pairs), *others])), dtype)
    return max((error(g, w, lambda: largest) for g, w in pairs), default=0.0)


def value_faults(found: Found, dtype: Any, values: np.ndarray) -> Iterator[str]:
    for row, got in rows_of(found, dtype, values):
        others = row.x if found.activation.kind == "reduction" else ()
        off = worst(got, row.value, others, compute_dtype(dtype))
        if not off <= bounds(found.activation, dtype)[0]:
            yield f"{dtype.__name__}: {off:.3g} ulps at {row.x}: got {got}"


def value(found: Found) -> Iterator[str]:
    """The value is within the bound, in ulps of the largest number that enters."""
    for dtype, values in found.values.items():
        yield from value_faults(found, dtype, values)


def eager(found: Found) -> Iterator[str]:
    """A call outside of a program has the same values, to rounding."""
    if found.eager is not None:
        yield from value_faults(found, jnp.float32, found.eager)


def slope(found: Found) -> Iterator[str]:
    """Every slope is within the bound, in ulps of the largest number that enters."""
    weights, bound = weights_of(found.activation), found.activation.ulps[1]
    size = len(TANGENT)
    for row, by_x, *by_parameters in rows_of(found, jnp.float32, *found.slopes):
        want = row.gradient(weights.ravel())
        for got, exact in ((by_x, want[:size]), (by_parameters, want[size:])):
            if exact and not (off := worst(got, exact, weights.ravel(), jnp.float32)) <= bound:
                yield f"float32: {off:.3g} ulps at {row.x}: got {got}"
    for row, got in rows_of(found, jnp.float16, found.half):
        want = row.gradient(weights.ravel())[:size]
        if not (off := worst(got, want, weights.ravel(), jnp.float16)) <= bound:
            yield f"float16: {off:.3g} ulps at {row.x}: got {got}"
    ones = [1.0] * len(found.parameters)
    for row, got in rows_of(found, jnp.bfloat16, found.moved):
        want = row.derivative(TANGENT, ones)
        if not worst(got, want, TANGENT.tolist(), jnp.bfloat16) <= bound:
            pairs = zip(want, row.smooth(), strict=True)
            want = [w if smooth else None for w, smooth in pairs]
        if not (off := worst(got, want, TANGENT.tolist(), jnp.bfloat16)) <= bound:
            yield f"bfloat16: {off:.3g} ulps at {row.x}: got {got}"


def second(found: Found) -> Iterator[str]:
    """The second derivative is right to 2^-18 of the numbers that enter."""
    weights = weights_of(found.activation).ravel().astype(float)
    for row, got in rows_of(found, jnp.float32, found.second):
        if None in row.derivative(TANGENT, [0.0] * len(found.parameters)):
            continue
        if (terms := row.curvature(weights)) is None:
            continue
        largest = max(*np.abs(terms), np.abs(weights).max() * np.abs(TANGENT).max() ** 2)
        if not abs(got - terms.sum()) <= SECOND * largest:
            yield f"{got} at {row.x}, exact {terms.sum()}"


def nan(found: Found) -> Iterator[str]:
    """A row of NaN gives NaN in value and slope, unless the slope is the same in every row."""
    for dtype, values in found.values.items():
        if not np.isnan(values[-1]).all():
            yield f"{dtype.__name__}: the value of a row of NaN is {values[-1]}"
    by_x = found.slopes[0]
    if not np.isnan(by_x[-1]).all() and (by_x[: len(ROWS)] != by_x[0]).any():
        yield f"the slope at a row of NaN is {by_x[-1]}"


def finite(found: Found) -> Iterator[str]:
    """Slopes are finite, also at the largest and the smallest numbers, or exceed float16."""
    for slopes in found.slopes:
        if not np.isfinite(slopes[:-1]).all():
            yield f"{slopes.dtype}: {slopes[:-1]}"
    for x, got in zip(found.rows[jnp.float16][:-1], found.half[:-1], strict=True):
        if not np.isfinite(got).all():
            exact = Row(found, x).gradient(weights_of(found.activation).ravel())
            pairs = zip(got.tolist(), exact[: len(got)], strict=True)
            if not all(math.isfinite(g) or (w is not None and exceeds(g, w)) for g, w in pairs):
                yield f"float16: {got} at {x}"


def exceeds(got: float, want: Any) -> bool:
    """Return whether an infinite float16 stands for a number beyond the largest float16."""
    largest = float(jnp.finfo(jnp.float16).max)
    return math.isinf(got) and float(want) * math.copysign(1, got) >= largest


def dtype(found: Found) -> Iterator[str]:
    """Value and slopes have the dtype of the rows, and slopes their shape."""
    for dtype, values in found.values.items():
        if values.dtype != dtype:
            yield f"{dtype.__name__}: the value is {values.dtype}"
    for dtype, got in {jnp.float32: found.slopes[0], jnp.float16: found.half}.items():
        if (got.dtype, got.shape) != (found.rows[dtype].dtype, found.rows[dtype].shape):
            yield f"{dtype.__name__}: a slope is {got.dtype} of shape {got.shape}"


PROPERTIES = (value, eager, slope, second, nan, finite, dtype)


def test_contract(along_axes):
    check(find(along_axes), PROPERTIES)
