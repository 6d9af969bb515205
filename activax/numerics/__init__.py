"""Functions that the kernels of activations share, right to the last bits in every mode.

docs/numerics.md explains the methods.

Modules:
    mode                   The mode in which a formula is traced.
    conversion             The linear conversion between float32 and bfloat16, fast on CPUs.
    selects                Branches, clamps and flags whose derivatives are finite.
    double_words           Two-word arithmetic, which loses no rounding errors.
    transcendental         exp, expm1, log1p, softplus, logistic and tanh in float32.
    arctangent             The arc tangent in float32.
    normal                 The normal density and tail, and erf, in float32.
    self_gate              Values and slopes of x g(x), next to the root of the slope too.
    slope_from_value       Slopes of units with one minimum, computed from the value.
    exponential_remainder  The exponential series behind 1 + x.
    square_plus            x^2 + b, its root and 1 / (1 + x^2), without cancellation and overflow.
    phase                  Phases of waves, and the sine and cosine of pi x.
    bases                  Functions that span a space: polynomials, splines, bumps and waves.
    rational               Quotients of polynomials and their slopes, at any x.
    products               Products with factors that vanish or saturate far out.
    along_axis             Sums, means and differences along an axis.
    squares                Sums of squares that neither overflow nor underflow.
    rounding               Rounding of quotients to whole numbers, right next to ties too.
    nudge                  Changes of a float32 that make it round to 16 bits correctly.
    ranking                The largest elements, groups, and powers of two of vectors.
    nudges                 Those of each activation; `python -m benchmarks.rounding` finds them.
    swept                  The activations whose errors were measured at every float32.
    complex_numbers        Modulus and direction of complex numbers, without overflow.
    coefficients           The fitted constants; `python -m benchmarks.coefficients` derives them.
"""

__all__ = [
    "along_axis",
    "arctangent",
    "bases",
    "coefficients",
    "complex_numbers",
    "conversion",
    "double_words",
    "exponential_remainder",
    "mode",
    "normal",
    "nudge",
    "nudges",
    "phase",
    "products",
    "ranking",
    "rational",
    "selects",
    "self_gate",
    "slope_from_value",
    "square_plus",
    "squares",
    "swept",
    "transcendental",
]
