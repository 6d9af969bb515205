"""The names and defaults of activations in other libraries: data for `activax.get`.

For each library, such as "torch", a table maps its names to ours, or to a config if its defaults
are not ours. A library does not have the names that its table lacks. A class name that equals the
name of a function but for case and underscores is not repeated.
"""

from collections.abc import Mapping
from typing import Any

Preset = str | Mapping[str, Any]


def _same(names: str) -> dict[str, Preset]:
    """Return entries for names that are the same in both libraries."""
    return {name: name for name in names.split()}


def _gate_first(names: Mapping[str, str]) -> dict[str, Preset]:
    """Return entries for gated units that read a packed array, whose first half is the gate."""
    return {name: {"name": ours, "layout": "gate_value"} for name, ours in names.items()}


# Functions of jax.nn that Flax re-exports. Our logsumexp is over the last axis, theirs over all.
_JAX_AND_FLAX: dict[str, Preset] = {
    **_same("relu relu6 leaky_relu elu celu selu sigmoid log_sigmoid tanh softplus silu glu"),
    **_same("hard_tanh hard_sigmoid hard_silu softmax log_softmax logsumexp standardize identity"),
    "soft_sign": "softsign",
    "swish": "silu",
    "hard_swish": "hard_silu",
    "gelu": "gelu_tanh",
}

_KERAS_LAYERS: dict[str, Preset] = {
    "LeakyReLU": {"name": "leaky_relu", "negative_slope": 0.3},
    "PReLU": {"name": "prelu", "negative_slope": 0.0},
}

PRESETS: Mapping[str, Mapping[str, Preset]] = {
    # jax.nn
    "jax": {
        **_JAX_AND_FLAX,
        **_same("squareplus mish sparse_plus logmeanexp log1mexp"),
        "sparse_sigmoid": "hard_sigmoid_half",
    },
    # flax.linen and flax.nnx
    "flax": {
        **_JAX_AND_FLAX,
        "PReLU": {"name": "prelu", "negative_slope": 0.01},
    },
    # torch.nn.functional
    "torch": {
        **_same("relu relu6 leaky_relu prelu rrelu elu celu selu sigmoid tanh softsign softplus"),
        **_same("silu gelu mish glu softmax log_softmax softmin gumbel_softmax threshold"),
        "logsigmoid": "log_sigmoid",
        "hardtanh": "hard_tanh",
        "hardsigmoid": "hard_sigmoid",
        "hardswish": "hard_silu",
        "hardshrink": "hard_shrink",
        "softshrink": "soft_shrink",
        "tanhshrink": "tanh_shrink",
    },
    # keras.activations of Keras 3, and two of its layers
    "keras": {
        **_same("relu relu6 elu celu selu sigmoid log_sigmoid tanh softsign softplus squareplus"),
        **_same("silu gelu mish glu softmax log_softmax sparsemax sparse_plus exponential"),
        **_same("hard_tanh hard_sigmoid hard_silu hard_shrink soft_shrink tanh_shrink threshold"),
        "linear": "identity",
        "swish": "silu",
        "hard_swish": "hard_silu",
        "sparse_sigmoid": "hard_sigmoid_half",
        "leaky_relu": {"name": "leaky_relu", "negative_slope": 0.2},
        **_KERAS_LAYERS,
    },
    # tf.keras.activations of Keras 2, and three of its layers
    "keras2": {
        **_same("relu elu selu sigmoid tanh softsign softplus gelu mish softmax exponential"),
        "linear": "identity",
        "swish": "silu",
        "hard_sigmoid": "hard_sigmoid_02",
        **_KERAS_LAYERS,
        "ThresholdedReLU": "thresholded_relu",
    },
    # tfa.activations of TensorFlow Addons, and two of its layers
    "tfa": {
        **_same("lisht mish rrelu snake sparsemax"),
        "gelu": "gelu_tanh",
        "hardshrink": "hard_shrink",
        "softshrink": "soft_shrink",
        "tanhshrink": "tanh_shrink",
        "Maxout": "maxout",
        "TLU": "thresholded_linear_unit",
    },
    # transformers.activations.ACT2FN of Hugging Face
    "hf": {
        **_same("relu relu6 leaky_relu prelu xielu sigmoid tanh silu gelu quick_gelu mish"),
        "linear": "identity",
        "swish": "silu",
        "hardswish": "hard_silu",
        "relu2": "relu_squared",
        "sqrtsoftplus": "sqrt_softplus",
        "laplace": "laplace_cdf_gate",
        "gelu_python": "gelu",
        "gelu_10": "gelu_clipped",
        "gelu_new": "gelu_tanh",
        "gelu_fast": "gelu_tanh",
        "gelu_accurate": "gelu_tanh",
        "gelu_pytorch_tanh": "gelu_tanh",
        "gelu_python_tanh": "gelu_tanh",
    },
    # timm.layers.create_act
    "timm": {
        **_same("relu relu6 leaky_relu prelu elu celu selu sigmoid tanh silu mish identity"),
        **_same("gelu gelu_tanh quick_gelu hard_sigmoid hard_mish"),
        "swish": "silu",
        "hardsigmoid": "hard_sigmoid",
        "hard_swish": "hard_silu",
        "hardswish": "hard_silu",
    },
    # The operators of ONNX
    "onnx": {
        "Abs": "abs",
        "Celu": "celu",
        "Elu": "elu",
        "Exp": "exponential",
        "Gelu": "gelu",
        "HardSigmoid": "hard_sigmoid_02",
        "HardSwish": "hard_silu",
        "Hardmax": "hardmax",
        "Identity": "identity",
        "LeakyRelu": "leaky_relu",
        "LogSoftmax": "log_softmax",
        "Mish": "mish",
        "PRelu": "prelu",
        "Relu": "relu",
        "Selu": "selu",
        "Shrink": "hard_shrink",
        "Sigmoid": "sigmoid",
        "Softmax": "softmax",
        "Softplus": "softplus",
        "Softsign": "softsign",
        "Swish": "silu",
        "Tanh": "tanh",
        "ThresholdedRelu": "thresholded_relu",
    },
    # mlx.nn
    "mlx": {
        **_same("relu relu6 leaky_relu prelu elu celu selu sigmoid log_sigmoid tanh softsign"),
        **_same("softplus silu gelu mish glu softmax log_softmax softmin hard_shrink hard_tanh"),
        **_same("step"),
        "relu2": "relu_squared",
        "softshrink": "soft_shrink",
        "hardswish": "hard_silu",
        "gelu_approx": "gelu_tanh",
        "gelu_fast_approx": "quick_gelu",
    },
    # The activations of NVIDIA Transformer Engine
    "te": {
        **_same("relu silu"),
        "gelu": "gelu_tanh",
        "qgelu": "quick_gelu",
        "srelu": "relu_squared",
        **_gate_first({
            "glu": "glu",
            "reglu": "reglu",
            "geglu": "geglu_tanh",
            "qgeglu": "qgeglu",
            "sreglu": "squared_reglu",
            "swiglu": "swiglu",
            "clamped_swiglu": "clamped_swiglu",
            "situglu": "situ_glu",
        }),
    },
}  # fmt: skip

# Modules by the path that is imported, in lower case, with the names of their classes.
MODULES: Mapping[str, Mapping[str, Preset]] = {
    "jax.nn": PRESETS["jax"],
    "flax.linen": PRESETS["flax"],
    "flax.nnx": PRESETS["flax"],
    "torch.nn": {**PRESETS["torch"], "Identity": "identity"},
    "torch.nn.functional": PRESETS["torch"],
    "keras.activations": {
        name: ours for name, ours in PRESETS["keras"].items() if name not in _KERAS_LAYERS
    },
    "keras.layers": {"ReLU": "relu", "ELU": "elu", "Softmax": "softmax", **_KERAS_LAYERS},
    "tensorflow_addons.activations": PRESETS["tfa"],
    "tensorflow_addons.layers": PRESETS["tfa"],
    "tfa.activations": PRESETS["tfa"],
    "tfa.layers": PRESETS["tfa"],
    "transformers.activations.act2fn": PRESETS["hf"],
    "transformers.activations": {
        "AccurateGELUActivation": "gelu_tanh",
        "FastGELUActivation": "gelu_tanh",
        "GELUActivation": "gelu",
        "GELUTanh": "gelu_tanh",
        "LaplaceActivation": "laplace_cdf_gate",
        "LinearActivation": "identity",
        "MishActivation": "mish",
        "NewGELUActivation": "gelu_tanh",
        "PytorchGELUTanh": "gelu_tanh",
        "QuickGELUActivation": "quick_gelu",
        "ReLUSquaredActivation": "relu_squared",
        "SiLUActivation": "silu",
        "XIELUActivation": "xielu",
    },
    "timm.layers": PRESETS["timm"],
    "mlx.nn": PRESETS["mlx"],
}
