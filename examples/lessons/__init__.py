"""Lessons on the non-linearity: each one measures a claim, asserts it and draws it.

python -m examples.lessons.NAME [--out DIR]
"""

NAMES = (
    "linear_collapse",
    "responses",
    "threshold_neuron",
    "gradient_flow",
    "universal_approximation",
    "polynomial_units",
    "polynomial_layer",
    "modularity",
    "sparsity",
)
