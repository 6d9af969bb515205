"""The findings of `activax.check`, as data and as a table."""

import textwrap
from collections.abc import Callable, Iterator
from html import escape
from typing import Any, NamedTuple

import numpy as np

from activax.core.notebook import html_table, mime_bundle

Floats = np.ndarray[Any, np.dtype[Any]]
# A function of an array that acts on each element.
ScalarFunction = Callable[[Any], Any]

# The advice for each kind of finding.
HINTS = {
    "error": "The function must run on arrays under jax.jit, and have a JVP. Use jnp.where in "
    "place of `if`, jnp in place of math and numpy, jax.custom_jvp in place of jax.custom_vjp.",
    "shape": "Every element of the input must give one element of the output, in any shape.",
    "elements": "An element of the output depends on other elements: this is a layer or a "
    "normalisation, not an activation.",
    "dtype": "Write numbers as Python numbers, which take the dtype of x; a NumPy or jnp constant "
    "has its own dtype. Or end with .astype(x.dtype).",
    "integers": "Begin with x = jnp.asarray(x, jnp.result_type(float)) if x is not a float.",
    "jit": "The compiled function differs from the eager one: it may read global state.",
    "finite": "A branch that is not taken may be infinite or NaN; jnp.where hides that in the "
    "value, but not in the slope: use activax.piecewise. Or an intermediate overflows: clamp it "
    "where the result is at its limit.",
    "nan": "Comparisons are false for NaN: select so that NaN falls through to x, as "
    "jnp.where(x <= 0, 0, x) does; jnp.nan_to_num and constants hide it.",
    "infinity": "0 * inf is NaN: select the limit, or clamp the factor that is infinite.",
    "zero": "-0.0 and 0.0 are equal numbers; jnp.signbit and 1 / x tell them apart.",
    "modes": "A custom rule gives another derivative in forward mode than in reverse mode.",
    "precision": "The dtype loses the result: compute in float32 and round once, as "
    "activax.elementwise does, and avoid differences of equal numbers.",
    "derivative": "The rule is not the derivative of the function: check the custom JVP or the "
    "slope that was given.",
}


COLUMNS = ("check", "of", "dtype", "input", "got", "expected")


class Finding(NamedTuple):
    """One promise that a function breaks.

    Attributes:
        check: the promise, a key of HINTS.
        of: the part that breaks the promise: "value", "slope" or "curvature" (the second
            derivative), or the transformation.
        dtype: the dtype of the input.
        input: the input, of several the nearest to 0; or a description.
        got: the result.
        expected: the result that the promise asks for.
        hint: the advice.
    """

    check: str
    of: str
    dtype: str
    input: Any
    got: Any
    expected: Any

    @property
    def hint(self) -> str:
        return HINTS[self.check]


class Report(NamedTuple):
    """The findings of `activax.check`; `print` shows them as a table.

    Attributes:
        subject: the name of the function.
        dtypes: the names of the dtypes that were checked.
        findings: the promises that the function breaks.
    """

    subject: str
    dtypes: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        return not self.findings

    def raise_if_failed(self) -> None:
        """Raise AssertionError with the table if there are findings."""
        if self.findings:
            raise AssertionError(str(self))

    def __str__(self) -> str:
        if self.ok:
            return self._conclusion()
        rows = [COLUMNS, *self._rows()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        for check in dict.fromkeys(finding.check for finding in self.findings):
            lines += textwrap.wrap(f"{check}: {HINTS[check]}", 96, subsequent_indent="  ")
        return "\n".join([self._conclusion(), *lines])

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the table, and the advice."""
        if self.ok:
            return f"<p>{escape(self._conclusion())}</p>"
        found = dict.fromkeys(finding.check for finding in self.findings)
        table = html_table(COLUMNS, self._rows(), caption=self._conclusion())
        return table + html_table(["", ""], [(check, HINTS[check]) for check in found])

    def _repr_mimebundle_(self, **chosen: Any) -> dict[str, str]:
        """Return the text, and what a notebook shows."""
        return mime_bundle(self, **chosen)

    def _conclusion(self) -> str:
        number = len(self.findings)
        found = f"{number} finding{'s' * (number != 1)}" if number else "nothing found"
        return f"{self.subject}: {found} in {', '.join(self.dtypes)}"

    def _rows(self) -> list[tuple[str, ...]]:
        """Return the rows of the table; findings that differ only in the dtype share a row."""
        dtypes: dict[tuple[str, ...], list[str]] = {}
        for check, of, dtype, *numbers in self.findings:
            dtypes.setdefault((check, of, *map(_text, numbers)), []).append(dtype)
        return [(check, of, " ".join(d), *rest) for (check, of, *rest), d in dtypes.items()]


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def nearest(
    check: str, of: str, dtype: str, broken: Floats, x: Floats, got: Floats, expected: Floats
) -> Iterator[Finding]:
    """Yield a finding for the broken input that is nearest to 0, if any input is broken."""
    if broken.any():
        i = np.flatnonzero(broken)[np.argmin(abs(x[broken]))]
        want = float(expected[i])
        known = "a number" if np.isnan(want) else want
        yield Finding(check, of, dtype, float(x[i]), float(got[i]), known)
