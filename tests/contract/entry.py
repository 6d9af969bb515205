"""One activation of the catalogue, and the results of the one program that its contract reads."""

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from against_reference import compute_dtype, digits, inside, sample, variants
from mpmath import mp

import activax
from activax import Activation

DTYPES = (jnp.float32, jnp.bfloat16, jnp.float16)
COUNTS = dict(zip(DTYPES, (8, 4, 4), strict=True))  # points about the bend in the sample
VALUES = (-3.0, -0.5, 1.0, 2.0)  # beside an infinite gate
MAGNITUDES = np.geomspace(1e-30, 1e38, 18)  # of both signs, at which slopes must be finite

LEAN = ("mask", "output", "output+branch")  # policies that keep no input

Columns = list[np.ndarray]


@dataclasses.dataclass(frozen=True)
class Found:
    """An activation at one set of parameters, and the results of its program.

    Attributes:
        activation: with its parameters bound.
        columns: by dtype the inputs, then the trainable parameters, one array each.
        first: by dtype the value, and the slopes: by every argument in float32, by the inputs in 16
            bits.
        second: the second derivative in float32 when all inputs grow alike.
        plain: the value in float32 of a call that is not differentiated.
        lean: by exact policy of `activax.lean` the slope by the input, in float32.
    """

    activation: Activation
    columns: dict[Any, Columns]
    first: dict[Any, tuple[np.ndarray, list[np.ndarray]]]
    second: np.ndarray
    plain: np.ndarray
    lean: dict[str, np.ndarray]

    @property
    def pieces(self) -> tuple[Activation, ...]:
        """The elementwise functions: the activation, or both factors of a gated unit."""
        return self.activation.factors or (self.activation,)

    def inputs(self, dtype: Any) -> list[np.ndarray]:
        """Return the inputs in float64."""
        return [x.astype(float) for x in self.columns[dtype][: self.activation.inputs]]

    def exact(self, *, by: int | None) -> Callable[..., Any]:
        """Return the function of the columns in mpmath that has the slope by one, or the value."""
        surrogates = () if by is None else self.activation.surrogates
        f = surrogates[by] if surrogates else self.activation.reference
        names, inputs = self.activation.trainable, self.activation.inputs

        def of_columns(*columns: Any) -> Any:
            moved = dict(zip(names, columns[inputs:], strict=True))
            return f(mp, *columns[:inputs], **{**self.activation.parameters, **moved})

        return of_columns

    def finite(self, dtype: Any) -> np.ndarray:
        """Return which rows are finite and in the domain."""
        xs = self.inputs(dtype)
        return np.all([np.isfinite(x) & np.isin(x, inside(x, self.activation)) for x in xs], axis=0)

    def rows(self, dtype: Any, *, smooth: bool = False) -> np.ndarray:
        """Return which finite rows are compared with the reference: all but the MAGNITUDES.

        Smooth are those at no kink.
        """
        xs, rows = self.inputs(dtype), self.finite(dtype)
        rows[-2 * MAGNITUDES.size :] = False
        if not smooth:
            return rows
        kinks = [np.asarray(piece.kinks).astype(dtype).astype(float) for piece in self.pieces]
        return rows & ~np.any(list(map(np.isin, xs, kinks)), axis=0)


def find(activation: Activation, dtypes: Sequence[Any] = DTYPES) -> list[Found]:
    """Compile one program, and run it at the defaults and away from them."""
    both = list(variants(activation))
    inputs = {dtype: _inputs(activation, both, dtype) for dtype in dtypes}
    plans = []
    for variant in both:
        numbers = [variant.parameters[name] for name in activation.trainable]
        plans.append({
            dtype: [*xs, *(np.full(xs[0].shape, n, compute_dtype(dtype)) for n in numbers)]
            for dtype, xs in inputs.items()
        })  # fmt: skip
    program = jax.jit(functools.partial(_program, both)).lower(*plans[0].values()).compile()
    founds = []
    for i, (variant, columns) in enumerate(zip(both, plans, strict=True)):
        first, second, plain, lean = jax.tree.map(np.asarray, program(*columns.values()))
        by_dtype = dict(zip(dtypes, first, strict=True))
        founds.append(Found(variant, columns, by_dtype, second, plain, lean[i]))
    return founds


def _inputs(activation: Activation, both: Sequence[Activation], dtype: Any) -> Columns:
    """Return inputs in strata and at kinks, the largest, the infinite ones, NaN, MAGNITUDES."""
    largest = float(jnp.finfo(dtype).max)
    positive = np.minimum(MAGNITUDES, largest / 4)  # no factor of a gated unit overflows there
    far = np.concatenate([positive, -positive])
    strata = []
    for pieces in zip(*(variant.factors or (variant,) for variant in both), strict=True):
        parts = [np.array(piece.kinks, dtype) for piece in pieces]
        parts += [sample(dtype, piece, COUNTS[dtype]) for piece in pieces]
        strata.append(np.append(np.unique(np.concatenate(parts)), np.array(-0.0, dtype)))
    if activation.kind != "gated":
        ends = np.array([-largest, largest, -np.inf, np.inf, np.nan], dtype)
        return [np.concatenate([*strata, ends, far.astype(dtype)])]
    (first, second), normal = strata, np.random.default_rng(0).normal
    gate, value = np.transpose([
        *itertools.product((-np.inf, np.inf), VALUES),
        (-np.inf, 0.0),  # the closed end of a gate
        *itertools.product((-largest / 4, -1.0, 1.0, largest / 4), repeat=2),
        (np.nan, 1.0),
        (1.0, np.nan),
        (np.nan, np.nan),
    ])  # fmt: skip
    columns = (
        [first, normal(size=second.shape), gate, far],
        [normal(size=first.shape), second, value, np.roll(far, 5)],
    )
    return [np.concatenate([part.astype(dtype) for part in column]) for column in columns]


def _program(both: list[Activation], single: Columns, *narrow: Columns) -> Any:
    """Take the values, the slopes by `vjp` in float32 and by `jvp` in 16 bits, and the bend.

    Parameters are among the columns, but for lean slopes, which are those of bound numbers.
    """
    activation = both[0]
    names, inputs = activation.trainable, activation.inputs

    def call(*columns: Any) -> Any:
        moved = dict(zip(names, columns[inputs:], strict=True))
        return activation(*columns[:inputs], **moved)

    def value_and_slopes(*columns: Any) -> Any:
        value, pull = jax.vjp(call, *columns)
        return value, pull(jnp.ones_like(value))

    def forward(*columns: Any) -> Any:
        tangents = []
        for i, x in enumerate(columns[:inputs]):

            def by_one(x: Any, i: int = i) -> Any:
                return call(*columns[:i], x, *columns[i + 1 :])

            value, tangent = jax.jvp(by_one, (x,), (jnp.ones_like(x),))
            tangents.append(tangent)
        return value, tangents

    def along(*xs: Any) -> Any:
        return value_and_slopes(*xs, *single[inputs:])

    ones = [jnp.ones_like(x) for x in single[:inputs]]
    (value, slopes), (_, moved) = jax.jvp(along, single[:inputs], ones)
    second = sum(moved[:inputs])
    first = [(value, slopes), *(forward(*columns) for columns in narrow)]
    lean = [
        {
            policy: jax.vjp(activax.lean(variant, policy), single[0])[1](jnp.ones_like(value))[0]
            for policy in activax.policies(variant)
            if policy in LEAN
        }
        for variant in both
    ]
    return first, second, call(*single), lean


def check(found: Iterable[Any], properties: Sequence[Callable[[Any], Iterator[str]]]) -> None:
    """Fail with one line for each fault that a property yields of what was found."""
    with mp.workdps(digits(jnp.float32)):
        faults = [
            f"{one.activation}: {holds.__name__}: {fault}"
            for one in found
            for holds in properties
            for fault in holds(one)
        ]
    assert not faults, "\n".join(faults)
