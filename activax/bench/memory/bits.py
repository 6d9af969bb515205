"""Bits an element that an activation adds to a network, beyond an identity."""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from activax.bench.memory.kept import kept
from activax.bench.memory.temporary import temporary_bytes
from activax.bench.workloads.modes import Function
from activax.core.activation import Activation

ROWS, WIDTH, HIDDEN = 1024, 64, 256  # of the layers
DEPTHS = 4, 8  # two, because a workspace cancels in their difference
# Machine code without optimisation needs the same buffers, and half the time to compile.
UNOPTIMISED: dict[str, Any] = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
}


class Positions(NamedTuple):
    """Bits an element that reverse mode keeps for an activation, by its place in a network."""

    alone: float  # act(2 x), where nothing else keeps an array
    before_linear: float  # act(x @ w) @ w, beyond the output, which the product keeps
    before_sum: float  # x + act(x @ w), where the sum keeps nothing


def positions(f: Function, dtype: Any = "float32", *, inputs: int | None = None) -> Positions:
    """Return the bits an element that `jax.vjp` keeps for an activation, beyond an identity.

    Args:
        f: an activation, or a function of arrays that returns one of their shape.
        dtype: the dtype of the arrays, a float.
        inputs: the number of arrays that f takes. By default an activation's own number, else 1.

    Raises:
        ValueError: f does not return an array of the shape of its input.

    Example:
        >>> activax.bench.positions(activax.gelu)
        Positions(alone=32.0, before_linear=32.0, before_sum=32.0)
        >>> activax.bench.positions(activax.lean(activax.gelu))
        Positions(alone=33.0, before_linear=1.0, before_sum=33.0)
        >>> activax.bench.positions(jax.nn.gelu).alone >= 128  # 160 with JAX 0.10
        True
    """
    inputs = _input_count("positions", f, dtype, inputs)
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
        # An array with less than a bit an element is a parameter, or belongs to rows.
        return 8 * sum(a.nbytes for a in arrays if 8 * a.size >= x.size) / x.size

    return Positions(
        *(
            bits(network, f, specs) - bits(network, _first_input, specs)
            for network, specs in networks.items()
        )
    )


class Layers(NamedTuple):
    """Bits a hidden element that each layer of a compiled training step adds to its memory."""

    unrolled: float
    scanned: float


def layers(f: Function, dtype: Any = "float32", *, inputs: int | None = None) -> Layers | None:
    """Return the bits an element that an activation adds to a layer, beyond an identity.

    The gradients of 4 and of 8 feed-forward layers (linear, activation, linear) are compiled for
    the default device, unrolled and as a `jax.lax.scan`; nothing runs. XLA for CPUs computes
    products of bfloat16 in float32 and keeps copies, so on a CPU only float32 shows what is kept.

    Args:
        f: an activation, or a function of arrays that returns one of their shape.
        dtype: the dtype of the arrays, a float.
        inputs: the number of arrays that f takes. By default an activation's own number, else 1.

    Returns:
        The numbers, unrolled and scanned; None if XLA does not tell.

    Raises:
        ValueError: f does not return an array of the shape of its input.

    Example:
        >>> activax.bench.layers(activax.lean(activax.gelu)).scanned
        1.0
    """
    inputs = _input_count("layers", f, dtype, inputs)
    dtype = jnp.dtype(dtype)
    ours = [_bits_a_layer(f, inputs, dtype, scanned) for scanned in (False, True)]
    bare = [_bits_a_bare_layer(inputs, dtype, scanned) for scanned in (False, True)]
    pairs = [(a, b) for a, b in zip(ours, bare, strict=True) if a is not None and b is not None]
    return Layers(*(a - b for a, b in pairs)) if len(pairs) == 2 else None


def _bits_a_layer(f: Function, inputs: int, dtype: Any, scanned: bool) -> float | None:
    """Return the bits a hidden element that a further layer needs."""

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
        lowered = jax.jit(jax.value_and_grad(loss)).lower(weights, x)
        options = UNOPTIMISED if jax.default_backend() == "cpu" else None
        nbytes = temporary_bytes(lowered.compile(compiler_options=options))
        return None if nbytes is None else 8 * nbytes / (ROWS * HIDDEN)

    low, high = map(bits, DEPTHS)
    if low is None or high is None:
        return None
    return (high - low) / (DEPTHS[1] - DEPTHS[0])


@functools.cache
def _bits_a_bare_layer(inputs: int, dtype: Any, scanned: bool) -> float | None:
    return _bits_a_layer(_first_input, inputs, dtype, scanned)


def _first_input(*x: Any) -> Any:
    """Return the first input, as the identity that an activation is compared with."""
    return x[0]


def _input_count(caller: str, f: Function, dtype: Any, inputs: int | None) -> int:
    """Return the number of arrays that f takes, if it returns an array of their shape."""
    if inputs is None:
        inputs = f.inputs if isinstance(f, Activation) else 1
    x = jax.ShapeDtypeStruct((WIDTH, WIDTH), dtype)
    out = jax.eval_shape(f, *[x] * inputs)
    if getattr(out, "shape", None) != x.shape:
        raise ValueError(
            f"{caller}: f must return an array of the shape of its input; for {x.shape} "
            f"{f!r} returns {jax.tree.map(lambda a: a.shape, out)}. For any function use "
            "activax.bench.kept and activax.bench.temporary."
        )
    return inputs
