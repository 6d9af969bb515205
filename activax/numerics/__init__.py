"""Functions that the kernels of activations share: right to the last bits, in every mode.

Modules:
    mode              The mode in which a formula is traced.
    selects           Branches, clamps and flags whose derivatives are finite.
    double_words      Floats in two words, whose rounding errors are not lost.
    transcendental    exp, expm1, log1p, tanh and the normal tail in float32.
    slope_from_value  Slopes of units with one minimum, given the value.
    along_axis        Sums, means and masks along an axis.
    squares           Sums of squares that neither overflow nor underflow.
    coefficients      Their constants; `python -m benchmarks.coefficients` derives them.
"""

__all__ = [
    "along_axis",
    "coefficients",
    "double_words",
    "mode",
    "selects",
    "slope_from_value",
    "squares",
    "transcendental",
]
