"""The definitions of the catalogue, one file a family."""

FAMILIES = (
    "elementary",
    "piecewise",
    "powers",
    "hard",
    "shrinkage",
    "sigmoidal",
    "exponential",
    "gaussian",
    "self_gated",
    "periodic",
    "radial",
    "polynomial",
    "vector",
    "normalizing",
    "reduction",
    "selecting",
    "gated",
    "stochastic",
    "spiking",
    "quantizing",
)
