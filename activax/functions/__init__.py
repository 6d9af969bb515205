"""The definitions: one file a family, one definition a name."""

FAMILIES = (
    "elementary",
    "piecewise",
    "quadratic",
    "hard",
    "shrinkage",
    "sigmoidal",
    "exponential",
    "gaussian",
    "self_gated",
    "periodic",
    "vector",
    "normalizing",
    "reduction",
    "gated",
    "stochastic",
    "spiking",
)
