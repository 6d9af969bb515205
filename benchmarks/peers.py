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
    "relu_squared": lambda x: jnp.square(jax.nn.relu(x)),
    "quick_gelu": lambda x: x * jax.nn.sigmoid(1.702 * x),
    "softmin": lambda x: jax.nn.softmax(-x),
    "gumbel_softmax": jax.nn.softmax,
    "logsumexp": partial(jax.nn.logsumexp, axis=-1),
    "logmeanexp": partial(jax.nn.logmeanexp, axis=-1),
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
        "softmin": partial(F.softmin, dim=-1),
        "gumbel_softmax": partial(F.softmax, dim=-1),  # without noise
        "standardize": lambda x: F.layer_norm(x, x.shape[-1:]),
        "logsumexp": partial(torch.logsumexp, dim=-1),
        "prelu": lambda x: F.leaky_relu(x, 0.25),
        "relu_squared": lambda x: F.relu(x).square(),
        "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
        "glu": lambda gate, value: torch.sigmoid(gate) * value,
        "swiglu": lambda gate, value: F.silu(gate) * value,
        "geglu": lambda gate, value: F.gelu(gate) * value,
        "reglu": lambda gate, value: F.relu(gate) * value,
    }
    return differs.get(name) or getattr(F, name, None)
