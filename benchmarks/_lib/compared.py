"""The activations that benchmarks compare with those of other libraries."""

# Activations of jax.nn and torch that are constant, linear or quadratic between their kinks.
PIECEWISE = ("relu", "leaky_relu", "relu6", "hard_tanh", "hard_sigmoid", "hard_silu")
SMOOTH = (
    *("sigmoid", "log_sigmoid", "tanh", "softsign", "softplus", "squareplus", "elu", "celu"),
    *("selu", "gelu", "gelu_tanh", "quick_gelu", "silu", "mish"),
)
# The activations that jax.nn and torch have, or compose in a line. Means are over these.
COMPARED = PIECEWISE + SMOOTH
SOFTMAX = ("softmax", "log_softmax", "logsumexp")
