"""The definitions: one file a family, one definition a name."""

FAMILIES = (
    "piecewise",
    "sigmoidal",
    "exponential",
    "self_gated",
    "periodic",
    "vector",
    "normalizing",
    "reduction",
    "gated",
    "stochastic",
    "spiking",
)
