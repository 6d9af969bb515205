"""The facts of the catalogue that are known before an activation is imported.

Written by `python -m benchmarks.index`."""

from typing import NamedTuple


class Entry(NamedTuple):
    """The facts of one activation; its module is below `activax.functions`."""

    module: str
    kind: str
    tier: str
    tags: tuple[str, ...]
    summary: str

    @property
    def family(self) -> str:
        return self.module.partition(".")[0]


FAMILIES = {
    "elementary": "Elementary functions that serve as activations, or build them.",
    "piecewise": "Rectifiers made of straight pieces.",
    "quadratic": "Rectifiers with a quadratic piece.",
    "hard": "Hard units: piecewise linear or quadratic stand-ins for tanh, sigmoid, silu and mish.",
    "shrinkage": "Shrinkage, which sets inputs near 0 to 0 or nearer to 0.",
    "sigmoidal": "Activations that saturate on both sides, and the logarithm of the sigmoid.",
    "exponential": "Smooth rectifiers and exponential-linear units.",
    "gaussian": "Activations made of the normal distribution.",
    "self_gated": "Activations of the form x g(x), where the gate g rises from 0 to 1.",
    "periodic": "Activations with a periodic part.",
    "vector": "Activations of a whole vector: distributions over its elements.",
    "normalizing": "Activations that normalise a vector by its own statistics.",
    "reduction": "Activations that reduce a vector: the axis is gone, or shorter.",
    "gated": "Gated linear units: an activation of one array times another.",
    "stochastic": "Activations that draw random numbers when they are given a key.",
    "spiking": "Threshold neurons, whose slope is a surrogate: the true one is 0 wherever it exists.",
}

INDEX = {
    "identity": Entry(
        "elementary",
        "elementwise",
        "certified",
        (),
        "The identity, for a place that expects an activation where none is wanted.",
    ),
    "abs": Entry("elementary", "elementwise", "certified", (), "The absolute value."),
    "exponential": Entry(
        "elementary",
        "elementwise",
        "certified",
        (),
        "The exponential function; value and slope are infinite where exp(x) exceeds the dtype.",
    ),
    "log1mexp": Entry(
        "elementary",
        "elementwise",
        "certified",
        (),
        "The logarithm of 1 - exp(-x): it makes log(1 - p) of x = -log(p).",
    ),
    "relu": Entry("piecewise.rectifiers", "elementwise", "certified", (), "Rectified linear unit."),
    "leaky_relu": Entry(
        "piecewise.rectifiers",
        "elementwise",
        "certified",
        ("trainable",),
        "Leaky rectified linear unit.",
    ),
    "prelu": Entry(
        "piecewise.rectifiers",
        "elementwise",
        "certified",
        ("trainable",),
        "Parametric rectified linear unit: a leaky unit whose slope is trained.",
    ),
    "relu6": Entry(
        "piecewise.rectifiers",
        "elementwise",
        "certified",
        (),
        "Rectified linear unit that saturates at 6.",
    ),
    "relu_n": Entry(
        "piecewise.rectifiers",
        "elementwise",
        "certified",
        ("trainable",),
        "Rectified linear unit that saturates at n.",
    ),
    "thresholded_linear_unit": Entry(
        "piecewise.thresholds",
        "elementwise",
        "certified",
        ("trainable",),
        "Thresholded linear unit: a rectified linear unit with a floor that is trained.",
    ),
    "threshold": Entry(
        "piecewise.thresholds",
        "elementwise",
        "certified",
        ("trainable",),
        "A constant up to a threshold and the identity above; relu at its defaults.",
    ),
    "thresholded_relu": Entry(
        "piecewise.thresholds",
        "elementwise",
        "certified",
        ("trainable",),
        "Thresholded rectified linear unit: the identity above a threshold, without a shift.",
    ),
    "relu_squared": Entry(
        "quadratic", "elementwise", "certified", (), "Squared rectified linear unit."
    ),
    "star_relu": Entry(
        "quadratic",
        "elementwise",
        "certified",
        ("trainable",),
        "Squared rectified linear unit, scaled and shifted to mean 0 and variance 1.",
    ),
    "sparse_plus": Entry(
        "quadratic",
        "elementwise",
        "certified",
        (),
        "Sparse softplus: a rectified linear unit with a quadratic bend.",
    ),
    "smelu": Entry(
        "quadratic",
        "elementwise",
        "derived",
        ("trainable",),
        "Smooth rectified linear unit with a quadratic bend of a chosen width.",
    ),
    "hard_tanh": Entry("hard", "elementwise", "certified", (), "Piecewise linear tanh."),
    "hard_sigmoid": Entry(
        "hard", "elementwise", "certified", (), "Piecewise linear sigmoid, in the x/6 form."
    ),
    "hard_sigmoid_02": Entry(
        "hard",
        "elementwise",
        "certified",
        (),
        "Piecewise linear sigmoid of slope 0.2, the form of Theano, Keras 2 and ONNX.",
    ),
    "hard_sigmoid_half": Entry(
        "hard",
        "elementwise",
        "certified",
        (),
        "Piecewise linear sigmoid of slope 1/2, the derivative of sparse_plus.",
    ),
    "hard_silu": Entry("hard", "elementwise", "certified", (), "Piecewise polynomial silu."),
    "hard_mish": Entry("hard", "elementwise", "certified", (), "Piecewise polynomial mish."),
    "soft_shrink": Entry(
        "shrinkage",
        "elementwise",
        "certified",
        ("trainable",),
        "Soft thresholding, the proximal operator of threshold |x|.",
    ),
    "hard_shrink": Entry(
        "shrinkage",
        "elementwise",
        "certified",
        ("trainable",),
        "Hard thresholding: 0 where |x| is at most the threshold, the identity elsewhere.",
    ),
    "tanh_shrink": Entry(
        "shrinkage",
        "elementwise",
        "certified",
        (),
        "The difference of x and its hyperbolic tangent, without cancellation next to 0.",
    ),
    "sigmoid": Entry("sigmoidal", "elementwise", "certified", (), "Logistic sigmoid."),
    "log_sigmoid": Entry("sigmoidal", "elementwise", "certified", (), "Logarithm of the sigmoid."),
    "tanh": Entry("sigmoidal", "elementwise", "certified", (), "Hyperbolic tangent."),
    "softsign": Entry(
        "sigmoidal",
        "elementwise",
        "certified",
        (),
        "Softsign: saturates as 1/x, more slowly than tanh.",
    ),
    "dyt": Entry(
        "sigmoidal",
        "elementwise",
        "certified",
        ("trainable",),
        "Dynamic tanh: takes the place of a layer's normalisation, element by element.",
    ),
    "softplus": Entry(
        "exponential.rectifiers",
        "elementwise",
        "certified",
        ("trainable",),
        "Softplus, the smooth rectifier, without a threshold to the identity.",
    ),
    "sqrt_softplus": Entry(
        "exponential.rectifiers",
        "elementwise",
        "certified",
        (),
        "Square root of the softplus: positive, and grows as sqrt(x).",
    ),
    "squareplus": Entry(
        "exponential.rectifiers",
        "elementwise",
        "certified",
        ("trainable",),
        "Squareplus, an algebraic smooth rectifier, without overflow and cancellation.",
    ),
    "elu": Entry(
        "exponential.units", "elementwise", "certified", ("trainable",), "Exponential linear unit."
    ),
    "celu": Entry(
        "exponential.units",
        "elementwise",
        "certified",
        ("trainable",),
        "Continuously differentiable exponential linear unit.",
    ),
    "selu": Entry(
        "exponential.units",
        "elementwise",
        "certified",
        (),
        "Scaled exponential linear unit, which keeps mean 0 and variance 1 in wide networks.",
    ),
    "xielu": Entry(
        "exponential.units",
        "elementwise",
        "certified",
        ("trainable",),
        "Expanded integral of the exponential linear unit: quadratic on the right.",
    ),
    "gelu": Entry(
        "gaussian", "elementwise", "certified", (), "Gaussian error linear unit, in its exact form."
    ),
    "gelu_clipped": Entry(
        "gaussian",
        "elementwise",
        "certified",
        (),
        "The exact gelu clipped to [-10, 10], which suits 8-bit quantisation.",
    ),
    "laplace_cdf_gate": Entry(
        "gaussian",
        "elementwise",
        "certified",
        (),
        "The normal distribution function that approximates the squared rectifier of attention.",
    ),
    "gelu_tanh": Entry(
        "self_gated",
        "elementwise",
        "certified",
        (),
        "Gaussian error linear unit, in its tanh approximation: the default of `jax.nn.gelu`.",
    ),
    "quick_gelu": Entry(
        "self_gated",
        "elementwise",
        "certified",
        (),
        "Gaussian error linear unit, in its sigmoid approximation.",
    ),
    "silu": Entry(
        "self_gated",
        "elementwise",
        "certified",
        (),
        "Sigmoid linear unit, also known as swish with beta = 1.",
    ),
    "swish": Entry(
        "self_gated",
        "elementwise",
        "certified",
        ("trainable",),
        "Swish: silu with a sharpness, which may be trained.",
    ),
    "mish": Entry(
        "self_gated",
        "elementwise",
        "certified",
        (),
        "Mish, computed with one exponential and one division.",
    ),
    "lisht": Entry(
        "self_gated",
        "elementwise",
        "derived",
        (),
        "Linearly scaled hyperbolic tangent: even, and not negative.",
    ),
    "snake": Entry(
        "periodic",
        "elementwise",
        "certified",
        ("trainable",),
        "Snake: the identity plus a periodic part, for functions that repeat.",
    ),
    "softmax": Entry(
        "vector.dense",
        "vector",
        "certified",
        ("masked",),
        "Softmax: positive numbers that sum to 1 along an axis.",
    ),
    "softmin": Entry(
        "vector.dense",
        "vector",
        "certified",
        ("masked",),
        "Softmin: the softmax of -x, largest where x is smallest.",
    ),
    "log_softmax": Entry(
        "vector.dense", "vector", "certified", ("masked",), "Logarithm of the softmax."
    ),
    "sparsemax": Entry(
        "vector.sparse",
        "vector",
        "certified",
        ("masked",),
        "Sparsemax: the point of the probability simplex that is closest to x.",
    ),
    "hardmax": Entry(
        "vector.sparse",
        "vector",
        "certified",
        (),
        "Hardmax: 1 at the first of the largest elements, 0 at the others.",
    ),
    "one_hot_argmax_st": Entry(
        "vector.sparse",
        "vector",
        "certified",
        ("surrogate",),
        "Straight-through argmax: the value of the hardmax, the slopes of the softmax.",
    ),
    "standardize": Entry(
        "normalizing",
        "vector",
        "certified",
        ("masked",),
        "Standardize: mean 0 and variance 1 along an axis.",
    ),
    "poly_norm": Entry(
        "normalizing",
        "vector",
        "certified",
        ("trainable",),
        "PolyNorm: a cubic polynomial whose powers are each normalised along an axis.",
    ),
    "logsumexp": Entry(
        "reduction",
        "reduction",
        "certified",
        ("masked",),
        "Logarithm of the sum of exponentials: a smooth maximum, whose slope is the softmax.",
    ),
    "logmeanexp": Entry(
        "reduction",
        "reduction",
        "certified",
        ("masked",),
        "Logarithm of the mean of exponentials, between the mean and the maximum.",
    ),
    "maxout": Entry(
        "reduction",
        "reduction",
        "certified",
        (),
        "Maxout: the largest element of each group of consecutive elements.",
    ),
    "glu": Entry(
        "gated",
        "gated",
        "derived",
        (),
        "Gated linear unit, the only unit whose packed form has a default: the one of `jax.nn.glu`.",
    ),
    "swiglu": Entry("gated", "gated", "derived", (), "Gated unit with a silu gate."),
    "geglu": Entry("gated", "gated", "derived", (), "Gated unit with an exact gelu gate."),
    "reglu": Entry("gated", "gated", "derived", (), "Gated unit with a relu gate."),
    "geglu_tanh": Entry(
        "gated",
        "gated",
        "derived",
        (),
        "Gated unit with a gelu_tanh gate: the geglu of Transformer Engine and Liger Kernel.",
    ),
    "qgeglu": Entry("gated", "gated", "derived", (), "Gated unit with a quick_gelu gate."),
    "squared_reglu": Entry("gated", "gated", "derived", (), "Gated unit with a relu_squared gate."),
    "clamped_swiglu": Entry(
        "gated",
        "gated",
        "derived",
        (),
        "Gated unit with a swish gate, gate and value clamped: the unit of gpt-oss.",
    ),
    "situ_glu": Entry(
        "gated",
        "gated",
        "derived",
        (),
        "Gated unit with a silu gate, gate and value capped smoothly by tanh.",
    ),
    "rrelu": Entry(
        "stochastic",
        "elementwise",
        "certified",
        ("trainable", "random"),
        "Randomised leaky rectifier: each element draws its slope below 0 in training.",
    ),
    "gumbel_softmax": Entry(
        "stochastic",
        "vector",
        "certified",
        ("trainable", "random"),
        "Gumbel-softmax: a differentiable sample, nearly one-hot, from the softmax of x.",
    ),
    "gumbel_softmax_st": Entry(
        "stochastic",
        "vector",
        "certified",
        ("trainable", "random", "surrogate"),
        "Straight-through Gumbel-softmax: a one-hot sample, with the slopes of the soft one.",
    ),
    "step": Entry(
        "spiking",
        "elementwise",
        "certified",
        ("trainable", "surrogate"),
        "Threshold neuron, which fires or not, and learns through a surrogate slope.",
    ),
}

ALIASES = {
    "tlu": "thresholded_linear_unit",
    "relu2": "relu_squared",
    "starrelu": "star_relu",
    "hard_swish": "hard_silu",
    "sparse_sigmoid": "hard_sigmoid_half",
    "soft_sign": "softsign",
    "quick_geglu": "qgeglu",
    "sreglu": "squared_reglu",
    "heaviside": "step",
}
