"""The settings in which users meet the speed of an activation, each a way to run a program."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from activax.bench.timing.jax_programs import JaxProgram
from activax.bench.timing.rotation import Rotation, concrete
from activax.bench.timing.stopwatch import Runnable
from activax.bench.workloads.modes import MODES, Function
from activax.bench.workloads.suites import SUITES, Shape, Subject
from activax.bench.workloads.torch_programs import (
    TORCH_MODES,
    TorchFunction,
    TorchProgram,
    load_torch,
)
from benchmarks._lib.compiled_loops import Loop, scanned
from benchmarks._lib.python_calls import Calls
from benchmarks._lib.unrolled_layers import Compilation

BOTH = "forward+backward"
EVERY_MODE = ("forward", "backward", BOTH, "jvp")
Sets = Sequence[tuple[Any, ...]]  # arguments of a program, equal ones at different addresses
Inputs = tuple[Any, ...]


class Setting(NamedTuple):
    """A setting of the benchmark.

    Attributes:
        title: the setting in a few words.
        shape: the shape of an array, which sets the number of elements of a call.
        build: makes a program of JAX from a function, the inputs and the mode.
        seconds: the expected time of a race with all peers and 9 samples, on an idle core.
        dtypes: the dtypes that are measured.
        modes: the modes that are measured.
        kinds: the kinds of activations that are measured.
        torch: the implementations of torch that take part.
        sets: makes the sets of inputs that torch takes in turn, from one set.
    """

    title: str
    shape: Shape
    build: Callable[[Function, Inputs, str], Runnable]
    seconds: float
    dtypes: tuple[str, ...] = ("float32", "bfloat16", "float16")
    modes: tuple[str, ...] = EVERY_MODE
    kinds: tuple[str, ...] = ("elementwise", "vector", "reduction", "expansion", "gated")
    torch: tuple[str, ...] = ()
    sets: Callable[[Inputs], Sets] = lambda inputs: [inputs]


def work(function: Function, inputs: Inputs, mode: str) -> tuple[Function, tuple[Any, ...]]:
    """Return the program of a mode, and its arguments.

    Backward is one program from the inputs and the cotangent of the result, which computes parts
    of the value again.
    """
    if mode != "backward":
        return MODES[mode](function, inputs)[:2]
    both, arguments, _ = MODES[BOTH](function, inputs)
    return lambda *arguments: both(*arguments)[1], arguments


@functools.lru_cache(maxsize=1)
def _drawn(specs: tuple[jax.ShapeDtypeStruct, ...]) -> Inputs:
    """Return random inputs, which are the same in all races of a shape and dtype."""
    return tuple(concrete(specs))


def copies(arguments: tuple[Any, ...], count: int) -> Sets:
    """Return equal trees at different addresses, the given one first."""
    return [arguments, *(jax.tree.map(jnp.copy, arguments) for _ in range(count - 1))]


def in_cache(function: Function, inputs: Inputs, mode: str) -> Runnable:
    """Build a loop over two sets of arguments, which fit the cache."""
    program, arguments = work(function, inputs, mode)
    return Loop(program, copies(arguments, 2))


def called(function: Function, inputs: Inputs, mode: str) -> Runnable:
    """Build calls of `jax.jit` from Python."""
    program, arguments = work(function, inputs, mode)
    return Calls(jax.jit(program), arguments)


def in_memory(function: Function, inputs: Inputs, mode: str) -> Runnable:
    """Build calls on arrays from memory, each of which allocates its results."""
    return JaxProgram(*work(function, inputs, mode), fresh=True)


def donated(function: Function, inputs: Inputs, mode: str) -> Runnable:
    """Build calls on arrays from memory that write into the buffers of the last results."""
    return JaxProgram(*work(function, inputs, mode))


def scan(function: Function, inputs: Inputs, mode: str) -> Runnable:
    """Build calls of a scan over SCANNED sets of arguments."""
    program, arguments = work(function, inputs, mode)
    stacked, argument = scanned(program, [arguments] * SCANNED)
    return Calls(jax.jit(stacked), [argument])


def compilation(function: Function, inputs: Inputs, mode: str) -> Runnable:
    """Build the compilation of layers that are unrolled."""
    return Compilation(function, inputs[0].dtype)


SCANNED = 8
FFN = SUITES["ffn"].shapes["cpu"]
SETTINGS = {
    "cache": Setting(
        "a loop in cache", (256, 1024), in_cache, 1.6, torch=("torch", "torch.compile"),
        sets=lambda inputs: copies(inputs, 2),
    ),
    "dispatch": Setting("jit [64, 1024], with dispatch", (64, 1024), called, 0.6, torch=("torch",)),
    "memory": Setting(
        "jit [8192, 1024], undonated", (8192, 1024), in_memory, 2.0, torch=("torch",),
        sets=lambda inputs: Rotation(inputs).sets,
    ),
    "donated": Setting("jit [8192, 1024], donated", (8192, 1024), donated, 1.0),
    "scan": Setting(f"scan of {SCANNED} x [64, 1024]", (64, 1024), scan, 0.6),
    "ffn": Setting(
        f"an FFN {'x'.join(map(str, FFN))}", FFN, called, 1.7, modes=(BOTH,),
        kinds=("elementwise",),
    ),
    "compile": Setting(
        "compiling 12 layers", (1,), compilation, 7.0, dtypes=("float32",), modes=(BOTH,),
        kinds=("elementwise",),
    ),
}  # fmt: skip


def programs(setting: str, subject: Subject, dtype: str, mode: str) -> dict[str, Runnable]:
    """Return the programs that race, by implementation.

    Args:
        setting: a name of SETTINGS.
        subject: the activation and its implementations.
        dtype: the dtype of the inputs.
        mode: one of the modes of the setting.
    """
    chosen = SETTINGS[setting]
    suite = SUITES["ffn" if setting == "ffn" else "act"]
    case = suite.case(subject, chosen.shape, dtype)
    inputs = concrete(case.specs) if setting == "ffn" else _drawn(case.specs)
    out: dict[str, Runnable] = {}
    for name, function in case.functions.items():
        if not isinstance(function, TorchFunction):
            out[name] = chosen.build(function, inputs, mode)
        elif name in chosen.torch and mode in TORCH_MODES:
            if function.compiled and (torch := load_torch()):
                torch.compiler.reset()  # or it gives up after a few shapes and dtypes
            out[name] = TorchProgram(function, mode, chosen.sets(inputs))
    return out
