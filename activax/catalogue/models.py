"""The activations of published models: `activax.get("model.gpt_oss")`.

Each has the numbers of the published code. A gated unit takes `(gate, value)`; how the weights of a
model pack the two is said where it is not two arrays.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Model(NamedTuple):
    """The activation of one model.

    Attributes:
        unit: our name, or a config of `activax.get`.
        source: the paper or the code that says so.
    """

    unit: str | Mapping[str, Any]
    source: str


MODELS = {
    "apertus": Model("xielu", "Apertus, arXiv:2509.14233; alpha_p, alpha_n are trained"),
    "bert": Model("gelu", "Devlin et al. 2018, arXiv:1810.04805"),
    "caformer": Model("star_relu", "Yu et al. 2022, arXiv:2210.13452; scale and bias are trained"),
    "clip": Model("quick_gelu", "Radford et al. 2021, arXiv:2103.00020"),
    "deepseek_v3": Model("swiglu", "DeepSeek-AI 2024, arXiv:2412.19437"),
    "deepseek_v4": Model(
        {"name": "clamped_swiglu", "alpha": 1.0, "limit": 10.0, "offset": 0.0},
        "swiglu_limit of the config of DeepSeek-V4; deepseek_v4 in Hugging Face transformers",
    ),
    "efficientnet": Model("silu", "Tan & Le 2019, arXiv:1905.11946"),
    "gemma": Model("geglu_tanh", "Gemma Team 2024, arXiv:2403.08295"),
    "gpt2": Model("gelu_tanh", "openai/gpt-2, src/model.py"),
    "gpt_oss": Model(
        "clamped_swiglu",
        "OpenAI 2025, arXiv:2508.10925; packed weights have layout='interleaved'",
    ),
    "kimi_k3": Model(
        "situ_glu", "MoonshotAI/Kimi-K3, technical report, equation 12: beta1 = 4, beta2 = 25"
    ),
    "ling": Model("swiglu", "inclusionAI/Ling-V2, BailingMoeV2MLP of modeling_bailing_moe_v2.py"),
    "llama": Model("swiglu", "Touvron et al. 2023, arXiv:2302.13971"),
    "mega": Model("laplace_cdf_gate", "Ma et al. 2022, arXiv:2209.10655"),
    "mobilenet_v3": Model("hard_silu", "Howard et al. 2019, arXiv:1905.02244"),
    "motif": Model("poly_norm", "Motif Technologies 2025, arXiv:2508.09148; weights are trained"),
    "nemotron": Model("relu_squared", "Parmar et al. 2024, arXiv:2402.16819"),
    "palm": Model("swiglu", "Chowdhery et al. 2022, arXiv:2204.02311"),
    "primer": Model("relu_squared", "So et al. 2021, arXiv:2109.08668"),
    "qwen3": Model("swiglu", "Yang et al. 2025, arXiv:2505.09388"),
    "t5_v1_1": Model("geglu_tanh", "google-research/text-to-text-transfer-transformer, t5.1.1"),
    "whisper": Model("gelu", "Radford et al. 2022, arXiv:2212.04356"),
    "yolo_v4": Model("mish", "Bochkovskiy et al. 2020, arXiv:2004.10934"),
}


def unit_of(model: str) -> str:
    """Return the name of the activation of a model."""
    unit = MODELS[model].unit
    return unit if isinstance(unit, str) else str(unit["name"])


def models_of(name: str) -> tuple[str, ...]:
    """Return the models whose activation is the one of this name."""
    return tuple(model for model in MODELS if unit_of(model) == name)
