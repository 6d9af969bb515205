"""The activations of published models, against formulas that are written out here."""

import math
import re

import jax.numpy as jnp
import numpy as np
import pytest

import activax
from activax.catalogue.models import MODELS, models_of


def sigmoid(x):
    return 0.5 + 0.5 * np.tanh(x / 2)


def normal_cdf(x):
    return np.vectorize(lambda x: 0.5 * math.erfc(-x / math.sqrt(2)))(x)


def gelu_tanh(x):
    return x * sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))


def swiglu(gate, value):
    return gate * sigmoid(gate) * value


def relu_squared(x):
    return np.where(x > 0, x * x, 0.0)


def gpt_oss(gate, value):
    gate, value = np.minimum(gate, 7.0), np.clip(value, -7.0, 7.0)
    return gate * sigmoid(1.702 * gate) * (value + 1)


def poly_norm(x):
    return sum(
        x**i / np.sqrt(np.mean(x ** (2 * i), -1, keepdims=True) + 1e-6) / 3 for i in (1, 2, 3)
    )


FORMULAS = {
    "apertus": lambda x: 0.5 * x + 0.8 * np.where(x > 0, x * x, np.expm1(np.minimum(x, 0)) - x),
    "bert": lambda x: x * normal_cdf(x),
    "caformer": lambda x: 0.8944 * relu_squared(x) - 0.4472,
    "clip": lambda x: x * sigmoid(1.702 * x),
    "deepseek_v3": swiglu,
    "deepseek_v4": lambda gate, value: swiglu(np.minimum(gate, 10), np.clip(value, -10, 10)),
    "efficientnet": lambda x: x * sigmoid(x),
    "gemma": lambda gate, value: gelu_tanh(gate) * value,
    "gpt2": gelu_tanh,
    "gpt_oss": gpt_oss,
    "kimi_k3": lambda gate, value: (
        4 * np.tanh(gate / 4) * sigmoid(gate) * 25 * np.tanh(value / 25)
    ),
    "ling": swiglu,
    "llama": swiglu,
    "mega": lambda x: normal_cdf((x - 0.707107) / 0.282095),
    "mobilenet_v3": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "motif": poly_norm,
    "nemotron": relu_squared,
    "palm": swiglu,
    "primer": relu_squared,
    "qwen3": swiglu,
    "t5_v1_1": lambda gate, value: gelu_tanh(gate) * value,
    "whisper": lambda x: x * normal_cdf(x),
    "yolo_v4": lambda x: x * np.tanh(np.log1p(np.exp(x))),
}  # fmt: skip
# Both sides of each clamp, the clamps themselves, and far beyond.
POINTS = np.array([-30.0, -10.5, -10, -7.5, -7, -3, -1.7, -0.2, 0, 0.4, 3, 6.9, 7, 7.1, 10, 11, 40])


def test_each_model_has_a_formula_here():
    assert FORMULAS.keys() == MODELS.keys()


@pytest.mark.parametrize("model", MODELS)
def test_the_unit_is_that_of_the_model(model):
    unit, source = activax.get(f"model.{model}"), MODELS[model].source
    assert len(source) > 10
    assert model in models_of(unit.name)
    columns = [*np.meshgrid(POINTS, POINTS)] if unit.kind == "gated" else [POINTS]
    out = unit(*(jnp.asarray(column, jnp.float32) for column in columns))
    np.testing.assert_allclose(out, FORMULAS[model](*columns), rtol=3e-6, atol=1e-6)


def test_numbers_of_a_model_may_be_changed_and_written_down():
    unit = activax.get("model.deepseek_v4")
    assert unit.to_config() == {
        "name": "clamped_swiglu", "alpha": 1.0, "limit": 10.0, "offset": 0.0
    }  # fmt: skip
    assert activax.get({"name": "model.deepseek_v4", "limit": 7.0}).parameters["limit"] == 7.0
    assert activax.get("Model.GPT-OSS") == activax.clamped_swiglu


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("model.lama", "model has no activation 'lama'. Did you mean 'llama'?"),
        ("model.gelu", "model has no activation 'gelu'. Without 'model', 'gelu' is activax.gelu."),
        ("llama", "unknown activation 'llama'. "),
        ("clip", "unknown activation 'clip'. "),
    ],
)
def test_a_model_is_named_with_its_path(name, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        activax.get(name)
