"""The definitions of the catalogue, one file a family."""

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
    "quantizing",
)
