"""Value and slopes against mpmath, in every dtype; `against_reference.py` counts the errors."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from against_reference import (
    compute_dtype,
    digits,
    error,
    errors,
    of_vector,
    sample,
    ulp,
    variants,
    within,
)
from mpmath import mp

import activax

pytestmark = pytest.mark.optimized

# The dtype, and the number of points in a stratum of the sample. The contract of an entry looks at
# the other dtypes at fewer points, and `test_float32.py` and `test_exhaustive.py` at more.
COUNTS = {jnp.float64: 10, jnp.float32: 40, jnp.bfloat16: 10, jnp.float16: 10}
DTYPES = [
    pytest.param(dtype, id=dtype.__name__, marks=[pytest.mark.slow] * (dtype != jnp.float64))
    for dtype in COUNTS
]
EACH_DTYPE = pytest.mark.parametrize("dtype", DTYPES)


@pytest.mark.thorough
@EACH_DTYPE
def test_elementwise(elementwise, dtype):
    """Check value, slope and slopes by trainable parameters, at two values of the parameters."""
    for variant in variants(elementwise):
        x = sample(dtype, variant, COUNTS[dtype])
        parameters = [
            np.full(x.shape, variant.parameters[name], compute_dtype(dtype))
            for name in variant.trainable
        ]
        with jax.enable_x64(dtype == jnp.float64):
            worst = errors(
                of_arrays(variant, variant),
                of_arrays(variant, functools.partial(variant.reference, mp)),
                [of_arrays(variant, functools.partial(f, mp)) for f in variant.surrogates],
                [x, *parameters],
                smooth=~np.isin(x.astype(float), variant.kinks),
            )
        assert within(worst, variant, dtype), (
            f"{variant}: value and slopes are wrong by {worst} ulps"
        )


def test_star_relu_is_accurate_next_to_its_root():
    """Check for 2 ulps where scale x^2 cancels bias, at the default parameters."""
    scale, bias = (np.float32(p).astype(float) for p in activax.star_relu.parameters.values())
    root = np.float32(np.sqrt(-bias / scale)).view(np.int32)
    x = np.arange(root - 1000, root + 1000, dtype=np.int32).view(np.float32)
    want = scale * (x.astype(float) ** 2 + bias / scale)  # exact but for one rounding in float64
    error = np.abs(np.asarray(activax.star_relu(x)) - want) / np.spacing(np.float32(np.abs(want)))
    assert error.max() <= 2


def of_arrays(activation, function):
    """Return `function` of the input and the trainable parameters of `activation`."""
    names = activation.trainable
    return lambda x, *p: function(
        x, **{**activation.parameters, **dict(zip(names, p, strict=True))}
    )


@pytest.mark.thorough
@EACH_DTYPE
def test_gated(gated, dtype):
    """Check value and both slopes, with one input in strata and the other normal."""
    normal = np.random.default_rng(0).normal
    first, second = (sample(dtype, factor, COUNTS[dtype] // 2) for factor in gated.factors)
    gate = np.concatenate([first, normal(size=second.shape).astype(dtype)])
    value = np.concatenate([normal(size=first.shape).astype(dtype), second])
    at_kink = [
        np.isin(x.astype(float), factor.kinks)
        for x, factor in zip((gate, value), gated.factors, strict=True)
    ]
    exact = functools.partial(gated.reference, mp)
    with jax.enable_x64(dtype == jnp.float64):
        worst = errors(gated, exact, (), [gate, value], ~np.logical_or(*at_kink))
    assert within(worst, gated, dtype), f"{gated}: value and slopes are wrong by {worst} ulps"


VECTORS = np.concatenate(
    [
        np.random.default_rng(0).normal(size=(10, 6)) * 10.0 ** np.arange(-5, 5)[:, None],
        [
            [0, 0, 0, 0, 0, 0],
            [1000, 0, 0, 0, 0, 1000],
            [-1000, 0, 1, 2, 3, 3],
            [1e4, 1, 2, 3, 4, 5],
        ],
    ]
)


@pytest.mark.thorough
@EACH_DTYPE
def test_along_axis(along_axis, dtype):
    """Check value and directional derivative, in ulps of the largest component that enters.

    The derivative may be taken from the output, so its ulps are those of the output's dtype. The
    direction moves the trainable parameters too.
    """
    for variant in variants(along_axis):
        names, wide = variant.trainable, compute_dtype(dtype)
        x = VECTORS.astype(dtype)
        t = np.random.default_rng(1).normal(size=x.shape).astype(dtype)
        parameters = [np.array(variant.parameters[name], wide) for name in names]
        directions = [np.array(0.5 + i, wide) for i in range(len(names))]

        def call(x, *p, variant=variant, names=names):
            return variant(x, **dict(zip(names, p, strict=True)))

        with jax.enable_x64(dtype == jnp.float64):
            value, slope = jax.jit(lambda x, t, call=call: jax.jvp(call, x, t))(
                (x, *parameters), (t, *directions)
            )
        with mp.workdps(digits(dtype)):
            exact = of_vector(variant, variant.reference)
            sloped = of_vector(variant, variant.surrogate or variant.reference)
            p, dp = ([mp.mpf(float(v)) for v in row] for row in (parameters, directions))
            for n in range(len(x)):
                at, to = ([mp.mpf(float(v)) for v in row[n]] for row in (x, t))

                def moved(s, at=at, to=to, sloped=sloped, p=p, dp=dp):
                    return sloped(along(at, to, s), *along(p, dp, s))

                want = exact(at, *p)
                entering = [*want, *(at if variant.kind == "reduction" else ())]
                error = worst(np.asarray(value[n]), want, entering, wide)
                assert error <= variant.ulps[0], f"{variant}: value at {x[n]}"
                left, right = one_sided(moved)
                if np.allclose(np.array(left, float), np.array(right, float), rtol=1e-12):
                    error = worst(np.asarray(slope[n]), left, [*left, *to], dtype)
                    assert error <= variant.ulps[1], f"{variant}: slope at {x[n]}"


def along(at: list, to: list, s: object) -> list:
    return [a + s * d for a, d in zip(at, to, strict=True)]


def one_sided(moved: object) -> tuple[list, list]:
    """Return the derivative of each component at 0, from the left and from the right.

    Differences over a third of the digits are right to a third of the digits.
    """
    step = mp.mpf(10) ** -(mp.dps // 3)
    below, here, above = (moved(s) for s in (-step, mp.mpf(0), step))
    return (
        [(b - a) / step for a, b in zip(below, here, strict=True)],
        [(b - a) / step for a, b in zip(here, above, strict=True)],
    )


def worst(got: np.ndarray, want: list, entering: list, dtype: object) -> float:
    largest = ulp(max(map(abs, entering)), dtype)
    return max(error(g, w, lambda: largest) for g, w in zip(got.ravel(), want, strict=True))
