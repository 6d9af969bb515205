"""The same functions in jax.nn and in torch: found by name, but for the tables of what differs."""

from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp

Function = Callable[..., Any]

RRELU_MEAN = (1 / 8 + 1 / 3) / 2  # the slope of rrelu without a key

# Other names, other defaults, and the line that users of jax.nn write where it has no function.
_JAX: dict[str, Function] = {
    "gelu": partial(jax.nn.gelu, approximate=False),
    "gelu_tanh": partial(jax.nn.gelu, approximate=True),
    "softsign": jax.nn.soft_sign,
    "prelu": lambda x: jax.nn.leaky_relu(x, 0.25),
    "rrelu": lambda x: jax.nn.leaky_relu(x, RRELU_MEAN),
    "abs": jnp.abs,
    "exponential": jnp.exp,
    "relu_n": lambda x: jnp.clip(x, 0, 1),
    "thresholded_linear_unit": jax.nn.relu,  # at its default, as is the next
    "threshold": jax.nn.relu,
    "thresholded_relu": lambda x: jnp.where(x > 1, x, 0),
    "relu_squared": lambda x: jnp.square(jax.nn.relu(x)),
    "star_relu": lambda x: 0.8944 * jnp.square(jax.nn.relu(x)) - 0.4472,
    "hard_sigmoid_02": lambda x: jnp.clip(0.2 * x + 0.5, 0, 1),
    "hard_sigmoid_half": jax.nn.sparse_sigmoid,
    "hard_mish": lambda x: 0.5 * x * jnp.clip(x + 2, 0, 2),
    "soft_shrink": lambda x: jnp.sign(x) * jax.nn.relu(jnp.abs(x) - 0.5),
    "hard_shrink": lambda x: jnp.where(jnp.abs(x) > 0.5, x, 0),
    "quick_gelu": lambda x: x * jax.nn.sigmoid(1.702 * x),
    "glu": lambda gate, value: jax.nn.sigmoid(gate) * value,
    "swiglu": lambda gate, value: jax.nn.silu(gate) * value,
    "geglu": lambda gate, value: jax.nn.gelu(gate, approximate=False) * value,
    "reglu": lambda gate, value: jax.nn.relu(gate) * value,
}


def in_jax(name: str) -> Function | None:
    """The function of an activation's default parameters in terms of jax.nn, or None."""
    return _JAX.get(name) or getattr(jax.nn, name, None)


def in_torch(name: str, torch: ModuleType) -> Function | None:
    """The function of an activation's default parameters in terms of torch, or None."""
    F = torch.nn.functional
    differs: dict[str, Function] = {
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "log_sigmoid": F.logsigmoid,
        "hard_tanh": F.hardtanh,
        "hard_sigmoid": F.hardsigmoid,
        "hard_silu": F.hardswish,
        "swish": F.silu,
        "gelu_tanh": partial(F.gelu, approximate="tanh"),
        "softmax": partial(F.softmax, dim=-1),
        "log_softmax": partial(F.log_softmax, dim=-1),
        "prelu": lambda x: F.leaky_relu(x, 0.25),
        "abs": torch.abs,
        "exponential": torch.exp,
        "relu_n": partial(F.hardtanh, min_val=0.0, max_val=1.0),
        "thresholded_linear_unit": F.relu,  # at its default, as is the next
        "threshold": partial(F.threshold, threshold=0.0, value=0.0),
        "thresholded_relu": partial(F.threshold, threshold=1.0, value=0.0),
        "relu_squared": lambda x: F.relu(x).square(),
        "star_relu": lambda x: 0.8944 * F.relu(x).square() - 0.4472,
        "hard_sigmoid_02": lambda x: (0.2 * x + 0.5).clamp(0, 1),
        "hard_sigmoid_half": lambda x: (0.5 * x + 0.5).clamp(0, 1),
        "hard_mish": lambda x: 0.5 * x * (x + 2).clamp(0, 2),
        "soft_shrink": F.softshrink,
        "hard_shrink": F.hardshrink,
        "log1mexp": lambda x: torch.log(-torch.expm1(-x)),
        "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
        "glu": lambda gate, value: torch.sigmoid(gate) * value,
        "swiglu": lambda gate, value: F.silu(gate) * value,
        "geglu": lambda gate, value: F.gelu(gate) * value,
        "reglu": lambda gate, value: F.relu(gate) * value,
    }
    return differs.get(name) or getattr(F, name, None)
