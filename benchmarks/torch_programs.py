"""Eager PyTorch programs on the arrays of JAX; everything that touches torch is in here."""

import importlib.util
import itertools
import os
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import jax.numpy as jnp
from jax import Array

MAPPED = 2**25  # glibc maps blocks from 32 MiB on afresh each time, whatever was freed before


def load() -> ModuleType | None:
    """The module torch, or None where it is not installed."""
    if importlib.util.find_spec("torch") is None:
        return None
    # Idle OpenMP threads would otherwise spin on for milliseconds, on cores that are JAX's by then.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    return importlib.import_module("torch")


def value(function: Callable[..., Any]) -> Callable[[Array], Array]:
    """A torch function as a function of JAX arrays."""
    torch = importlib.import_module("torch")

    def call(x: Array) -> Array:
        with torch.inference_mode():
            return jnp.from_dlpack(function(torch.from_dlpack(x)))

    return call


def slope(function: Callable[..., Any]) -> Callable[[Array], Array]:
    """The derivative of an elementwise torch function as a function of JAX arrays."""
    torch = importlib.import_module("torch")

    def call(x: Array) -> Array:
        at = torch.from_dlpack(x).detach().requires_grad_()
        out = function(at)
        return jnp.from_dlpack(torch.autograd.grad(out, at, torch.ones_like(out))[0])

    return call


class TorchProgram:
    """Forward, backward, or both, of a function of `inputs` arrays that are taken in rotation.

    Backward alone starts from what forward has saved before, which is no part of the program.

    The arrays are the very ones that JAX reads. Torch has no way to donate a result, and not all of
    its functions can write into a given buffer; but its results are freed at once and come from
    malloc, so `warm_heap` lets malloc hand out touched pages. The page faults that are recorded
    with each timing show where that fails: at arrays of 32 MiB and more.
    """

    compile_s: float | None = None

    def __init__(
        self, function: Callable[..., Any], inputs: int, mode: str, arrays: Sequence[Array]
    ):
        torch = importlib.import_module("torch")
        self.function, self.inputs = function, inputs
        self.without_tape = torch.inference_mode
        self.gradients = torch.autograd.grad
        self.turn = itertools.cycle([torch.from_dlpack(array) for array in arrays])
        if mode == "backward":
            self.saved = itertools.cycle([self._tape() for _ in arrays])
        self.run = {
            "forward": self._forward,
            "backward": self._backward,
            "forward+backward": self._forward_backward,
        }[mode]

    def __call__(self, calls: int) -> None:
        for _ in range(calls):
            self.run()

    def _take(self, count: int) -> list[Any]:
        return list(itertools.islice(self.turn, count))

    def _forward(self) -> None:
        with self.without_tape():
            self.function(*self._take(self.inputs))

    def _tape(self) -> tuple[Any, list[Any]]:
        inputs = [x.detach().requires_grad_() for x in self._take(self.inputs)]
        return self.function(*inputs), inputs

    def _backward(self) -> None:
        self.gradients(*next(self.saved), *self._take(1), retain_graph=True)

    def _forward_backward(self) -> None:
        self.gradients(*self._tape(), *self._take(1))


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
