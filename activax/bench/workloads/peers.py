"""Activations in other libraries, by their names there or by ours."""

import importlib
import importlib.util
import os
from collections import ChainMap
from collections.abc import Callable, Mapping
from functools import partial

import jax
import jax.numpy as jnp

from activax.bench.workloads import torch_programs
from activax.bench.workloads.modes import Function
from activax.bench.workloads.torch_programs import TorchFunction
from activax.catalogue.lookup import catalog
from activax.catalogue.models import PRESETS

Functions = Mapping[str, Function]

RRELU_MEAN = (1 / 8 + 1 / 3) / 2  # the slope of rrelu without a key

# Functions of peers that differ from ours of the same name, and why.
UNLIKE = {
    "torch.gumbel_softmax": "draws at random",
    "flax.logsumexp": "is over all axes",
    "keras.sparsemax": "sums to less than 1, with the backend jax of Keras 3.15",
}


# Libraries as functions by their names there. Each takes the input alone: a parameter without a
# default gets our default.


def _jax() -> Functions:
    return ChainMap(
        {
            "logsumexp": partial(jax.nn.logsumexp, axis=-1),
            "logmeanexp": partial(jax.nn.logmeanexp, axis=-1),
        },
        vars(jax.nn),
    )


def _torch() -> Functions:
    torch = torch_programs.load_torch()
    if torch is None:
        return {}
    F = torch.nn.functional
    return ChainMap(
        {
            "softmax": partial(F.softmax, dim=-1),
            "log_softmax": partial(F.log_softmax, dim=-1),
            "softmin": partial(F.softmin, dim=-1),
            "threshold": partial(F.threshold, threshold=0.0, value=0.0),
            "prelu": lambda x: F.prelu(x, x.new_full((1,), 0.25)),
        },
        vars(F),
        vars(torch),
    )


def _keras() -> Functions:
    if importlib.util.find_spec("keras") is None:
        return {}
    os.environ.setdefault("KERAS_BACKEND", "jax")
    keras = importlib.import_module("keras")
    return ChainMap(
        {
            "threshold": partial(keras.activations.threshold, threshold=0.0, default_value=0.0),
            "LeakyReLU": lambda x: keras.layers.LeakyReLU()(x),
            "PReLU": lambda x: keras.layers.PReLU()(x),
        },
        vars(keras.activations),
    )


def _flax() -> Functions:
    if importlib.util.find_spec("flax") is None:
        return {}
    return vars(importlib.import_module("flax.linen"))


_LOAD: dict[str, Callable[[], Functions]] = {
    "jax": _jax,
    "torch": _torch,
    "keras": _keras,
    "flax": _flax,
}


def functions(peer: str) -> Functions:
    """Return the functions of a library by their names there; none if it is not installed."""
    return _LOAD[peer]()


# Functions by our names, at our defaults. A peer that lacks one gets the line that its users write.


def in_jax(name: str) -> Function | None:
    """Return an activation at its default parameters as `jax.nn` writes it, or None."""
    written: dict[str, Function] = {
        "gelu": partial(jax.nn.gelu, approximate=False),
        "swish": jax.nn.silu,
        "prelu": lambda x: jax.nn.leaky_relu(x, 0.25),
        "rrelu": lambda x: jax.nn.leaky_relu(x, RRELU_MEAN),
        "abs": jnp.abs,
        "exponential": jnp.exp,
        "relu_n": lambda x: jnp.clip(x, 0, 1),
        "thresholded_linear_unit": jax.nn.relu,  # the same at the default, as is the next
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
    return written.get(name) or _by_preset("jax", name)


def in_torch(name: str) -> Function | None:
    """Return an activation at its default parameters as torch writes it, or None."""
    torch = torch_programs.load_torch()
    if torch is None:
        return None
    F = torch.nn.functional
    written: dict[str, Function] = {
        "gelu_tanh": partial(F.gelu, approximate="tanh"),
        "swish": F.silu,
        "standardize": lambda x: F.layer_norm(x, x.shape[-1:]),
        "gumbel_softmax": partial(F.softmax, dim=-1),  # without noise
        "prelu": lambda x: F.leaky_relu(x, 0.25),
        "abs": torch.abs,
        "exponential": torch.exp,
        "relu_n": partial(F.hardtanh, min_val=0.0, max_val=1.0),
        "thresholded_linear_unit": F.relu,  # the same at the default, as is the next
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
        "squareplus": lambda x: (x + torch.sqrt(x * x + 4)) / 2,
        "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
        "glu": lambda gate, value: torch.sigmoid(gate) * value,
        "swiglu": lambda gate, value: F.silu(gate) * value,
        "geglu": lambda gate, value: F.gelu(gate) * value,
        "reglu": lambda gate, value: F.relu(gate) * value,
    }
    return written.get(name) or _by_preset("torch", name)


def _by_preset(peer: str, name: str) -> Function | None:
    """Return the function of a peer that the presets give for our name, or None."""
    for theirs, ours in PRESETS[peer].items():
        if ours == name and f"{peer}.{theirs}" not in UNLIKE:
            return functions(peer).get(theirs)
    return None


# All libraries


LIBRARIES = ("activax", "jax", "torch", "torch.compile", "keras", "flax")
# The name of a library's implementation in rows.
IMPLEMENTATION = {name: name for name in LIBRARIES} | {"jax": "jax.nn"}


def installed(library: str) -> bool:
    """Return whether a library can be imported."""
    return library == "activax" or bool(functions(library.partition(".")[0]))


def find_peer(library: str, name: str) -> Function | None:
    """Return an activation at its default parameters in a library of LIBRARIES, or None."""
    if library == "activax":
        return catalog[name]
    if library == "jax":
        return in_jax(name)
    if library in ("torch", "torch.compile"):
        function = in_torch(name)
        return function and TorchFunction(function, compiled=library == "torch.compile")
    # Gated units take one packed array in other libraries.
    if not installed(library) or catalog[name].kind == "gated":
        return None
    return _by_preset(library, name)
