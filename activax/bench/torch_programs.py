"""PyTorch programs on the arrays of JAX; everything that touches torch is in here."""

import functools
import importlib.util
import itertools
import os
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from activax.bench.modes import cotangents

TORCH_MODES = {
    "forward": "forward",
    "backward": "backward",
    "forward+backward": "forward_backward",
}
MAPPED = 2**25  # glibc maps blocks from 32 MiB on afresh each time, whatever was freed before


class TorchFunction:
    """A function of torch tensors, marked as one.

    Args:
        function: what it is.
        compiled: whether `torch.compile` is to compile it; it runs eagerly otherwise.
    """

    def __init__(self, function: Callable[..., Any], compiled: bool = False):
        self.function, self.compiled = function, compiled

    def __call__(self, *arrays: Array) -> Any:
        """Of JAX arrays, without gradients."""
        torch = importlib.import_module("torch")
        with torch.inference_mode():
            return jnp.from_dlpack(self.function(*map(torch.from_dlpack, arrays)).contiguous())

    def slope(self, x: Array) -> Array:
        """The derivative at a JAX array, if the function is elementwise."""
        torch = importlib.import_module("torch")
        at = torch.from_dlpack(x).detach().requires_grad_()
        out = self.function(at)
        return jnp.from_dlpack(torch.autograd.grad(out, at, torch.ones_like(out))[0])


@functools.cache
def load() -> ModuleType | None:
    """The module torch, or None where it is not installed."""
    if importlib.util.find_spec("torch") is None:
        return None
    # Idle OpenMP threads would otherwise spin on for milliseconds, on cores that are JAX's by then.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    return importlib.import_module("torch")


def shares_the_device() -> bool:
    """Whether torch, which is installed, can take JAX's arrays where they are."""
    torch = importlib.import_module("torch")
    return jax.default_backend() == "cpu" or (
        jax.default_backend() == "gpu" and torch.cuda.is_available()
    )


class TorchProgram:
    """Forward, backward, or both, of a function of arrays that are taken in rotation.

    Backward alone starts from what forward has saved before, which is no part of the program.

    Torch has no way to donate a result, and not all of its functions can write into a given
    buffer; but its results are freed at once and come from malloc, so `warm_heap` lets malloc hand
    out touched pages. The page faults that are recorded with each timing show where that fails: at
    arrays of 32 MiB and more.
    """

    temporary_bytes: int | None = None
    compile_s: float | None = None

    def __init__(self, function: TorchFunction, mode: str, sets: Sequence[tuple[Array, ...]]):
        self.torch = torch = importlib.import_module("torch")
        self.function = torch.compile(function.function) if function.compiled else function.function
        self.run = getattr(self, TORCH_MODES[mode])
        inputs = [[torch.from_dlpack(array) for array in arrays] for arrays in sets]
        with torch.no_grad():
            out = self.function(*inputs[0])
        shaped = jax.ShapeDtypeStruct(tuple(out.shape), sets[0][0].dtype)
        cotangent = torch.from_dlpack(cotangents(shaped))
        self.turn = itertools.cycle([(arrays, cotangent.clone()) for arrays in inputs])
        if mode == "backward":
            self.saved = itertools.cycle([(*self._tape(), next(self.turn)[1]) for _ in inputs])

    def __call__(self, calls: int) -> None:
        for _ in range(calls):
            self.run()
        if self.torch.cuda.is_available():
            self.torch.cuda.synchronize()

    def forward(self) -> None:
        with self.torch.inference_mode():
            self.function(*next(self.turn)[0])

    def _tape(self) -> tuple[Any, list[Any]]:
        arrays, _ = next(self.turn)
        inputs = [x.detach().requires_grad_() for x in arrays]
        return self.function(*inputs), inputs

    def backward(self) -> None:
        out, inputs, cotangent = next(self.saved)
        self.torch.autograd.grad(out, inputs, cotangent, retain_graph=True)

    def forward_backward(self) -> None:
        arrays, cotangent = next(self.turn)
        inputs = [x.detach().requires_grad_() for x in arrays]
        self.torch.autograd.grad(self.function(*inputs), inputs, cotangent)


def warm_heap(array_nbytes: int, arrays: int = 32) -> object:
    """Touch and free room for some arrays in the heap.

    Returns:
        The last of them, which lies on top: malloc gives the room below back once it is dropped.
    """
    torch = importlib.import_module("torch")
    # After the first mapped block is freed, malloc takes blocks of up to its size from the heap.
    torch.zeros(MAPPED - 2**16, dtype=torch.uint8)
    room = [torch.zeros(array_nbytes, dtype=torch.uint8) for _ in range(arrays)]
    return room.pop()
