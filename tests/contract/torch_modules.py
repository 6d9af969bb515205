"""Modules of libraries for PyTorch by name, and their values and slopes."""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import activax
from activax import Activation


def classes(library: ModuleType) -> dict[str, type]:
    """Return the modules that a library has at its top, by name."""
    import torch

    found = {name: getattr(library, name) for name in dir(library)}
    return {n: c for n, c in found.items() if inspect.isclass(c) and issubclass(c, torch.nn.Module)}


def letters(name: str) -> str:
    """Return a name in lower case, without underscores."""
    return re.sub(r"[\W_]", "", name).lower()


def namesakes(kinds: Iterable[str], renamed: Mapping[str, str]) -> dict[str, Activation[...]]:
    """Return our elementwise activations by the names of their classes elsewhere."""
    known = {letters(name): name for name in (*activax.catalog, *activax.aliases)}
    ours = {kind: renamed.get(kind, known.get(letters(kind))) for kind in kinds}
    found = {kind: activax.get(name) for kind, name in ours.items() if name}
    return {kind: a for kind, a in found.items() if a.kind == "elementwise"}


def value_and_slope(module: Any, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the value and the slope of a module, or of a function of tensors, in its dtype."""
    import torch

    tensor = torch.tensor(x, requires_grad=True)
    out = module(tensor)
    out.backward(torch.ones_like(out))
    return out.detach().numpy(), tensor.grad.numpy()


def ours_at(
    x: np.ndarray, functions: Mapping[str, Callable[..., Any]]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return values and slopes of elementwise functions, from one compiled program."""

    @jax.jit
    def program(x: Any) -> Any:
        pulled = {name: jax.vjp(f, x) for name, f in functions.items()}
        return {name: (out, pull(jnp.ones_like(out))[0]) for name, (out, pull) in pulled.items()}

    return jax.tree.map(np.asarray, program(x))


def with_nan_slopes(kinds: Mapping[str, Callable[[], Any]], x: np.ndarray) -> set[str]:
    """Return the modules whose slope is NaN at one of the inputs; those that fail are left out."""
    broken = set()
    for name, make in kinds.items():
        try:
            _, slope = value_and_slope(make(), x)
        except (TypeError, ValueError, RuntimeError, IndexError, AttributeError):
            continue  # it needs arguments, or other shapes
        if np.isnan(slope).any():
            broken.add(name)
    return broken
