"""What reverse mode keeps, and what compiled programs need for it."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from activax.bench.traffic import Spec
from activax.core.activation import Activation

Function = Callable[..., Any]

ROWS, WIDTH, HIDDEN = 1024, 64, 256  # of the layers; a workspace cancels in differences of depths
DEPTHS = 4, 8
# Machine code that is not optimised needs the same buffers, and half the time to compile.
UNOPTIMISED = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


def kept(f: Function, *specs: Any, arguments: bool = False) -> list[Spec]:
    """What `jax.vjp(f, *specs)` stores for the backward pass, beyond the arguments.

    Each array counts once, and nothing is computed. This is what is kept at a boundary of the
    program (`jax.vjp`, a scan, a checkpoint); inside one compiled program XLA may recompute some of
    it.

    Args:
        f: a function of arrays or of trees of arrays.
        *specs: arrays, or `jax.ShapeDtypeStruct`s, or trees of them.
        arguments: list those of the arguments that are stored, too.

    Returns:
        The shape, dtype, size and nbytes of each.

    Example:
        >>> x = jax.ShapeDtypeStruct((1024, 1024), "bfloat16")
        >>> activax.bench.kept(activax.gelu, x)  # x itself, which is an argument
        []
        >>> sum(array.nbytes for array in activax.bench.kept(jax.nn.gelu, x)) / x.size
        8.0
    """
    return stored(lambda *inputs: jax.vjp(f, *inputs)[1], *specs, arguments=arguments)


def stored(pull_back: Function, *specs: Any, arguments: bool = False) -> list[Spec]:
    """The arrays in the tree that a function returns, such as the second result of `jax.vjp`."""
    jaxpr = jax.make_jaxpr(pull_back)(*specs).jaxpr
    given = set() if arguments else set(map(id, jaxpr.invars))
    found = {id(var): var.aval for var in jaxpr.outvars if not hasattr(var, "val")}  # no literals
    return [Spec(a.shape, a.dtype) for name, a in found.items() if name not in given]


def temporary(f: Function, *specs: Any) -> int | None:
    """The bytes that the compiled program of f needs besides its arguments and results.

    It is compiled for the default device and does not run.

    Args:
        f: a function of arrays or of trees of arrays, such as `jax.value_and_grad` of a loss.
        *specs: arrays, or `jax.ShapeDtypeStruct`s, or trees of them.

    Returns:
        Their number; None where XLA does not tell.

    Example:
        >>> x = jax.ShapeDtypeStruct((1024, 1024), "float32")
        >>> activax.bench.temporary(activax.gelu, x)
        0
    """
    return _temporary(f, specs)


def _temporary(f: Function, specs: Any, options: dict[str, Any] | None = None) -> int | None:
    return temporary_bytes(jax.jit(f).lower(*specs).compile(compiler_options=options))


def temporary_bytes(compiled: jax.stages.Compiled) -> int | None:
    """What a program needs besides its arguments and results; None where XLA does not tell."""
    memory = compiled.memory_analysis()
    return None if memory is None else int(memory.temp_size_in_bytes)


class Positions(NamedTuple):
    """Bits an element that reverse mode keeps for an activation, by where it stands."""

    alone: float  # act(2 x): all that it keeps is its own
    before_linear: float  # act(x @ w) @ w: beyond the output, which the product keeps
    before_sum: float  # x + act(x @ w): the sum keeps nothing


def positions(f: Function, dtype: Any = "float32", *, inputs: int | None = None) -> Positions:
    """How many bits an element `jax.vjp` keeps for an activation, beyond an identity in its place.

    Args:
        f: an activation, or a function of arrays that returns one of their shape.
        dtype: of the arrays; a float.
        inputs: how many arrays f takes. By default an activation's own number, else 1.

    Raises:
        ValueError: a function that does not return an array of the shape of its input.

    Example:
        >>> activax.bench.positions(activax.gelu)
        Positions(alone=32.0, before_linear=32.0, before_sum=32.0)
        >>> activax.bench.positions(activax.lean(activax.gelu))
        Positions(alone=33.0, before_linear=1.0, before_sum=33.0)
        >>> activax.bench.positions(jax.nn.gelu)
        Positions(alone=160.0, before_linear=160.0, before_sum=160.0)
    """
    inputs = _inputs("positions", f, dtype, inputs)
    x = jax.ShapeDtypeStruct((WIDTH, WIDTH), dtype)
    x_and_weights = [x] * (inputs + 1)

    def hidden(act: Function, x: Any, *weights: Any) -> Any:
        return act(*(x @ w for w in weights))

    networks: dict[Function, list[Any]] = {
        lambda act, *x: act(*(2 * one for one in x)): [x] * inputs,
        lambda act, x, *w: hidden(act, x, *w) @ w[0]: x_and_weights,
        lambda act, x, *w: x + hidden(act, x, *w): x_and_weights,
    }

    def bits(network: Function, act: Function, specs: list[Any]) -> float:
        arrays = kept(functools.partial(network, act), *specs)
        # Less than a bit an element is a parameter or a row's.
        return 8 * sum(a.nbytes for a in arrays if 8 * a.size >= x.size) / x.size

    return Positions(
        *(
            bits(network, f, specs) - bits(network, _first, specs)
            for network, specs in networks.items()
        )
    )


class Layers(NamedTuple):
    """Bits a hidden element that each layer of a compiled training step adds to its memory."""

    unrolled: float
    scanned: float


def layers(f: Function, dtype: Any = "float32", *, inputs: int | None = None) -> Layers | None:
    """What an activation adds to the temporary memory of a layer, beyond an identity in its place.

    The gradients of 4 and of 8 feed-forward layers (linear, activation, linear) are compiled for
    the default device, unrolled and as a `jax.lax.scan`; nothing runs. XLA for CPUs computes
    products of bfloat16 in float32 and keeps copies, so there only float32 tells what is kept.

    Args:
        f: an activation, or a function of arrays that returns one of their shape.
        dtype: of the arrays; a float.
        inputs: how many arrays f takes. By default an activation's own number, else 1.

    Returns:
        The two numbers; None where XLA does not tell.

    Raises:
        ValueError: a function that does not return an array of the shape of its input.

    Example:
        >>> activax.bench.layers(activax.lean(activax.gelu)).scanned
        1.0
    """
    inputs = _inputs("layers", f, dtype, inputs)
    dtype = jnp.dtype(dtype)
    ours = [_slope(f, inputs, dtype, scanned) for scanned in (False, True)]
    bare = [_bare_slope(inputs, dtype, scanned) for scanned in (False, True)]
    pairs = [(a, b) for a, b in zip(ours, bare, strict=True) if a is not None and b is not None]
    return Layers(*(a - b for a, b in pairs)) if len(pairs) == 2 else None


def _slope(f: Function, inputs: int, dtype: Any, scanned: bool) -> float | None:
    """Bits a hidden element that a further layer needs."""

    def step(x: Any, weights: Any) -> tuple[Any, None]:
        *ups, down = weights
        return f(*(x @ up for up in ups)) @ down, None

    def loss(weights: Any, x: Any) -> Any:
        if scanned:
            x, _ = lax.scan(step, x, weights)
        else:
            for i in range(len(weights[0])):
                x, _ = step(x, [w[i] for w in weights])
        return x.sum()

    def bits(depth: int) -> float | None:
        def array(*shape: int) -> Any:
            return jax.ShapeDtypeStruct(shape, dtype)

        weights = [array(depth, WIDTH, HIDDEN)] * inputs + [array(depth, HIDDEN, WIDTH)]
        x = array(ROWS, WIDTH)
        options = UNOPTIMISED if jax.default_backend() == "cpu" else None
        nbytes = _temporary(jax.value_and_grad(loss), (weights, x), options)
        return None if nbytes is None else 8 * nbytes / (ROWS * HIDDEN)

    low, high = map(bits, DEPTHS)
    if low is None or high is None:
        return None
    return (high - low) / (DEPTHS[1] - DEPTHS[0])


@functools.cache
def _bare_slope(inputs: int, dtype: Any, scanned: bool) -> float | None:
    return _slope(_first, inputs, dtype, scanned)


def _first(*x: Any) -> Any:
    """The identity that an activation is compared with."""
    return x[0]


def _inputs(caller: str, f: Function, dtype: Any, inputs: int | None) -> int:
    """How many arrays f takes, if it returns one of their shape."""
    if inputs is None:
        inputs = f.inputs if isinstance(f, Activation) else 1
    x = jax.ShapeDtypeStruct((WIDTH, WIDTH), dtype)
    out = jax.eval_shape(f, *[x] * inputs)
    if getattr(out, "shape", None) != x.shape:
        raise ValueError(
            f"{caller}: f must return an array of the shape of its input; for {x.shape} "
            f"{f!r} returns {jax.tree.map(lambda a: a.shape, out)}. For any function there are "
            "activax.bench.kept and activax.bench.temporary."
        )
    return inputs
