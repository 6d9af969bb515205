"""The definitions of the catalogue, one file a family."""

FAMILIES = (
    "elementary",
    "piecewise",
    "quadratic",
    "hard",
    "shrinkage",
    "sigmoidal",
    "sigmoidal_caps",
    "exponential",
    "gaussian",
    "self_gated",
    "periodic",
    "vector",
    "normalizing",
    "reduction",
    "selecting",
    "gated",
    "stochastic",
    "spiking",
)
