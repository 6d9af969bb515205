"""The check of an activation: shapes, dtypes, transformations, and the probes of its numbers."""

from collections.abc import Iterable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike

from activax.checking.probes import ORDERS, derivatives, modes, sweep
from activax.checking.report import Finding, Floats, Report, ScalarFunction, nearest
from activax.core.activation import Activation

DTYPES = ("float64", "float32", "bfloat16", "float16")
INPUT_SHAPE, OTHER_SHAPES = (2, 3), ((), (0, 3))
MODERATE = np.array([-3.25, -1.0, -0.375, 0.0, 0.625, 1.0, 2.5, 7.0])


def check(
    f: ScalarFunction, *, dtypes: Iterable[DTypeLike] = DTYPES, raises: bool = False
) -> Report:
    """Check an activation at the inputs where activations break, and report what it does wrong.

    An activation should keep these promises:

    - It acts on each element of an array of any shape, with and without `jax.jit` and `jax.vmap`.
    - It keeps floating dtypes and takes integers.
    - Value, slope (in forward and reverse mode) and second derivative are not NaN at finite inputs
      (0, -0.0, subnormal, huge or tiny), and infinite only where float64 is too.
    - NaN gives a NaN value and a NaN slope, unless the slope is constant. An infinite input gives
      the limit.
    - The slopes are the derivatives, as differences in float64 show. At a kink a slope lies between
      the slopes of both sides.

    An Activation is checked in its domain. If it has a surrogate, its slopes are the surrogate's.
    Float64 is enabled during the check.

    Args:
        f: an elementwise Activation, or any function of one array that acts on each element.
        dtypes: the floating dtypes to check.
        raises: raise AssertionError if there are findings.

    Returns:
        `Report(subject, dtypes, findings)`. `print(report)` shows a table with advice, `report.ok`
        is True without findings, and `report.raise_if_failed()` raises if there are any.

    Raises:
        AssertionError: there are findings, and `raises` is True.
        TypeError: `f` is not a function, is an activation that is not elementwise or has arrays
            bound to it, or a dtype is not floating.

    Example:
        >>> activax.check(activax.silu).ok
        True
        >>> report = activax.check(lambda x: jnp.where(x > 0, jnp.sqrt(x), 0.0))
        >>> worst = report.findings[0]
        >>> worst.check, worst.of, worst.dtype, worst.input, worst.got
        ('finite', 'slope', 'float64', -0.0, nan)
    """
    if not callable(f):
        raise TypeError(f"check: needs a function of one array; got {type(f).__name__}")
    if isinstance(f, Activation):
        if f.kind != "elementwise":
            raise TypeError(f"check: needs an elementwise activation; {f!r} is {f.kind}")
        if any(map(jnp.ndim, f.arrays.values())):
            raise TypeError(f"check: bind numbers, not arrays; got {f!r}")
    names = tuple(jnp.dtype(dtype).name for dtype in dtypes)
    for name in names:
        if not jnp.issubdtype(jnp.dtype(name), jnp.floating):
            raise TypeError(f"check: dtypes must be floating; got {name}")
    with np.errstate(all="ignore"), jax.debug_nans(False):  # the inputs are made to overflow
        report = Report(_subject(f), names, tuple(_findings(f, names)))
    if raises:
        report.raise_if_failed()
    return report


def _subject(f: ScalarFunction) -> str:
    return repr(f) if isinstance(f, Activation) else getattr(f, "__name__", repr(f))


def _findings(f: ScalarFunction, dtypes: tuple[str, ...]) -> Iterator[Finding]:
    for basis in (_runs(f, dtypes[0]), _guarded(_acts_on_each_element(f), "float32")):
        found = list(basis)
        yield from found
        if found:
            return
    yield from _keeps_shapes(f)
    yield from _keeps_dtypes(f, dtypes)
    yield from _takes_integers(f)
    yield from _guarded(_numbers(f, dtypes), dtypes[0])


def _numbers(f: ScalarFunction, dtypes: tuple[str, ...]) -> Iterator[Finding]:
    from activax.theory.sampling import sampler  # here, since importing theory takes time

    sample = sampler("check", f, len(ORDERS) - 1)

    def exact(x: Floats) -> Floats:
        return sample(x)[..., 0]

    if "float64" in dtypes:
        yield from derivatives(f, exact)
    for dtype in dtypes:
        yield from _guarded(sweep(f, dtype, exact), dtype)


def _guarded(findings: Iterator[Finding], dtype: str) -> Iterator[Finding]:
    """Yield the findings; an exception that the function raises becomes a finding."""
    try:
        yield from findings
    except Exception as error:
        yield Finding("error", "value", dtype, "an array", _error_line(error), "a result")


def _runs(f: ScalarFunction, dtype: str) -> Iterator[Finding]:
    by_mode = modes(f)
    with jax.enable_x64(dtype == "float64"):
        x = jax.ShapeDtypeStruct(INPUT_SHAPE, jnp.dtype(dtype))
        together = _result_shapes(lambda x: [g(x) for g in by_mode.values()], x)
        if together == [INPUT_SHAPE] * len(by_mode):
            return
        for mode, function in by_mode.items():
            got = _result_shapes(function, x)
            if got != INPUT_SHAPE:
                check = "error" if isinstance(got, str) else "shape"
                yield Finding(check, mode, dtype, f"shape {INPUT_SHAPE}", got, INPUT_SHAPE)
                return


def _result_shapes(f: ScalarFunction, x: jax.ShapeDtypeStruct) -> Any:
    """Return the shapes of the results, or the error on one line."""
    try:
        return jax.tree.map(lambda out: out.shape, jax.jit(f).lower(x).out_info)
    except Exception as error:
        return _error_line(error)


def _error_line(error: Exception) -> str:
    """Return the error on one short line."""
    return f"{type(error).__name__}: {error}".partition("\n")[0][:60]


def _acts_on_each_element(f: ScalarFunction) -> Iterator[Finding]:
    """Compare all elements together with each element alone, under vmap, and with all under jit."""
    x = jnp.asarray(MODERATE, jnp.float32)
    alone_and_compiled = jax.jit(lambda x: (jax.vmap(f)(x[:, None])[:, 0], f(x)))
    together, alone, compiled = map(_in_float64, (f(x), *alone_and_compiled(x)))
    for kind, got in {"elements": alone, "jit": compiled}.items():
        yield from _differing(kind, "float32", MODERATE, got, together)


def _keeps_shapes(f: ScalarFunction) -> Iterator[Finding]:
    for shape in OTHER_SHAPES:
        try:
            got = jax.eval_shape(f, jax.ShapeDtypeStruct(shape, jnp.float32)).shape
        except Exception as error:
            got = _error_line(error)
        if got != shape:
            yield Finding("shape", "value", "float32", f"shape {shape}", got, shape)


def _keeps_dtypes(f: ScalarFunction, dtypes: tuple[str, ...]) -> Iterator[Finding]:
    for dtype in dtypes:
        for x64 in (True,) if dtype == "float64" else (False, True):
            with jax.enable_x64(x64):
                try:
                    got = jax.eval_shape(f, jax.ShapeDtypeStruct((3,), jnp.dtype(dtype))).dtype.name
                except Exception as error:
                    got = _error_line(error)
            if got != dtype:
                where = "with x64 enabled" if x64 else "an array"
                yield Finding("dtype", "value", dtype, where, got, dtype)
                break


def _takes_integers(f: ScalarFunction) -> Iterator[Finding]:
    x = jnp.arange(1, 1 + len(MODERATE))
    want = _in_float64(f(x.astype(jnp.float32)))
    try:
        got = _in_float64(f(x))
    except Exception as error:
        yield Finding(
            "integers", "value", x.dtype.name, "integers", _error_line(error), "as of floats"
        )
        return
    yield from _differing("integers", x.dtype.name, _in_float64(x), got, want)


def _differing(kind: str, dtype: str, x: Floats, got: Floats, want: Floats) -> Iterator[Finding]:
    differs = ~np.isclose(got, want, rtol=1e-4, atol=1e-6, equal_nan=True)
    yield from nearest(kind, "value", dtype, differs, x, got, want)


def _in_float64(values: Any) -> Floats:
    return np.asarray(values).astype(float)
