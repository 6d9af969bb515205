"""PyTorch programs on arrays of JAX; nothing else in the package touches torch."""

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

from activax.bench.workloads.modes import cotangents

TORCH_MODES = {
    "forward": "forward",
    "backward": "backward",
    "forward+backward": "forward_backward",
}
MAPPED = 2**25  # bytes; glibc maps new memory for blocks of this size and more


class TorchFunction:
    """A function of torch tensors, marked so that `activax.bench` runs it in torch.

    Args:
        function: the function.
        compiled: compile it with `torch.compile`, instead of running it eagerly.
    """

    def __init__(self, function: Callable[..., Any], compiled: bool = False):
        self.function, self.compiled = function, compiled

    def __call__(self, *arrays: Array) -> Any:
        """Return the value for JAX arrays, without gradients."""
        torch = importlib.import_module("torch")
        with torch.inference_mode():
            return jnp.from_dlpack(self.function(*map(torch.from_dlpack, arrays)).contiguous())

    def slope(self, x: Array) -> Array:
        """Return the derivative at a JAX array, if the function is elementwise."""
        torch = importlib.import_module("torch")
        at = torch.from_dlpack(x).detach().requires_grad_()
        out = self.function(at)
        return jnp.from_dlpack(torch.autograd.grad(out, at, torch.ones_like(out))[0])


@functools.cache
def load_torch() -> ModuleType | None:
    """Return the module torch, or None if it is not installed."""
    if importlib.util.find_spec("torch") is None:
        return None
    # Otherwise idle OpenMP threads spin for milliseconds, on cores that JAX uses by then.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    return importlib.import_module("torch")


def shares_the_device() -> bool:
    """Return whether torch, if installed, can take JAX's arrays without a copy."""
    torch = importlib.import_module("torch")
    return jax.default_backend() == "cpu" or (
        jax.default_backend() == "gpu" and torch.cuda.is_available()
    )


class TorchProgram:
    """Forward, backward or both of a function of torch, with arguments in rotation.

    Backward alone starts from the tensors that an earlier forward has saved.

    Torch cannot donate a result, and not all of its functions can write into a given buffer. But
    its results come from malloc and are freed at once, so after `warm_heap` malloc hands out pages
    that were touched before. Page faults are recorded with each timing; they show that this fails
    for arrays of 32 MiB and more.
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
        """Compute the value, without gradients."""
        with self.torch.inference_mode():
            self.function(*next(self.turn)[0])

    def _tape(self) -> tuple[Any, list[Any]]:
        arrays, _ = next(self.turn)
        inputs = [x.detach().requires_grad_() for x in arrays]
        return self.function(*inputs), inputs

    def backward(self) -> None:
        """Compute the cotangents of the inputs, from saved tensors."""
        out, inputs, cotangent = next(self.saved)
        self.torch.autograd.grad(out, inputs, cotangent, retain_graph=True)

    def forward_backward(self) -> None:
        """Compute the value, and the cotangents of the inputs."""
        arrays, cotangent = next(self.turn)
        inputs = [x.detach().requires_grad_() for x in arrays]
        self.torch.autograd.grad(self.function(*inputs), inputs, cotangent)


def warm_heap(array_nbytes: int, arrays: int = 32) -> object:
    """Touch and free room for some arrays in the heap.

    Returns:
        The last array, on top of the heap. Once it is dropped, malloc gives the room back.
    """
    torch = importlib.import_module("torch")
    # After a mapped block is freed, malloc takes blocks of up to its size from the heap.
    torch.zeros(MAPPED - 2**16, dtype=torch.uint8)
    room = [torch.zeros(array_nbytes, dtype=torch.uint8) for _ in range(arrays)]
    return room.pop()
