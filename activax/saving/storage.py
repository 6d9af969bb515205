"""Keep what a function was given in few bits for the backward pass."""

import functools
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
from jax import Array
from jax.ad_checkpoint import checkpoint_name
from jax.custom_derivatives import SymbolicZero

from activax.core.arguments import compute_dtype, widen
from activax.core.packing import Packed, device_parts
from activax.core.residuals import KeptInputs
from activax.core.rule import opaque
from activax.numerics.mode import PLAIN, tracing

T = TypeVar("T")

# By the name of a format the largest code, and its dtype; a code of 4 bits is half a byte.
CODES = {
    "int8": (127.0, jnp.int8),
    "int4": (7.0, jnp.uint8),
    "e4m3": (448.0, jnp.float8_e4m3fn),
    "e5m2": (57344.0, jnp.float8_e5m2),
}
BFLOAT16 = "bfloat16"
STORED_NAME = "activax_stored"  # of the codes and scales, for policies of `jax.checkpoint`


class Format(NamedTuple):
    """A way to keep an array.

    Attributes:
        name: BFLOAT16 or one of CODES.
        block: the number of neighbours along the last axis that share a scale; 0 for bfloat16.
    """

    name: str
    block: int = 0


def read_format(text: Any) -> Format | None:
    """Return the format that a text such as "int8/128" names; None if it names none."""
    found = re.fullmatch(r"(\w+)(?:/([1-9]\d*))?", text) if isinstance(text, str) else None
    if found and found[0] == BFLOAT16:
        return Format(BFLOAT16)
    if found and found[1] in CODES and found[2]:
        return Format(found[1], int(found[2]))
    return None


def check_format(argument: str, text: Any) -> Format:
    """Return the format that a text names, or raise ValueError."""
    if format := read_format(text):
        return format
    formats = ", ".join(f"{name}/BLOCK" for name in CODES)
    raise ValueError(
        f"{argument} must be {BFLOAT16} or one of {formats}, such as int8/128; got {text!r}"
    )


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Codes:
    """An array in a format.

    Attributes:
        codes: blocks along the last axis, the last one of each part filled up with zeros.
        scales: a factor for each block, in float32 at least; None for bfloat16.
        shape: the shape of the array.
        dtype: the dtype of the array.
        parts: the number of parts of the last axis that are cut into blocks.
    """

    codes: Any
    scales: Array | None
    shape: tuple[int, ...] = field(metadata={"static": True})
    dtype: Any = field(metadata={"static": True})
    parts: int = field(default=1, metadata={"static": True})

    def decode(self) -> Array:
        """Return the array, to the rounding of its format."""
        if self.scales is None:
            return self.codes.astype(self.dtype)
        codes = self.codes
        if isinstance(codes, Packed):
            codes = codes.unpack().astype(jnp.int8) - jnp.int8(8)
        wide = codes.astype(self.scales.dtype) * self.scales
        # One axis a reshape, as arrays need that are sharded explicitly.
        *leading, number, block = wide.shape
        number //= self.parts
        wide = wide.reshape(*leading, self.parts, number, block)
        wide = wide.reshape(*leading, self.parts, number * block)
        filled = wide[..., : math.prod(self.shape[-1:]) // self.parts]
        return filled.reshape(self.shape).astype(self.dtype)


def encode(x: Array, format: Format, key: Array | None) -> Codes:
    """Return x in a format; a key rounds integers up or down at random, right in the mean."""
    if format.name == BFLOAT16:
        return Codes(x.astype(jnp.bfloat16), None, x.shape, x.dtype)
    largest, dtype = CODES[format.name]
    rows = x.reshape(*x.shape[:-1], -1).astype(compute_dtype(x.dtype))
    parts, block = _parts_and_block(x, format.block)
    rows = rows.reshape(*rows.shape[:-1], parts, rows.shape[-1] // parts)
    rows = jnp.pad(rows, [(0, 0)] * (rows.ndim - 1) + [(0, -rows.shape[-1] % block)])
    # One axis a reshape, as arrays need that are sharded explicitly.
    blocks = rows.reshape(*rows.shape[:-1], rows.shape[-1] // block, block)
    blocks = blocks.reshape(*rows.shape[:-2], parts * blocks.shape[-2], block)
    # A block with an infinity or NaN has such a scale, and all of its numbers decode to NaN.
    scales = jnp.max(jnp.abs(blocks), -1, keepdims=True) / largest
    codes = blocks / jnp.where(scales > 0, scales, 1)
    if format.name.startswith("int"):
        if key is None:
            codes = jnp.round(codes)
        else:
            codes = jnp.floor(codes + jax.random.uniform(key, codes.shape, codes.dtype))
        codes = jnp.clip(jnp.nan_to_num(codes), -largest, largest)
    if format.name == "int4":
        packed = Packed.pack((codes + 8).astype(dtype), 4)
        return Codes(packed, scales, x.shape, x.dtype, parts)
    return Codes(codes.astype(dtype), scales, x.shape, x.dtype, parts)


def _parts_and_block(x: Array, largest: int) -> tuple[int, int]:
    """Return the number of parts of the last axis, and the size of the blocks of each part.

    A part lies on one device, as far as the trace knows, and has as few blocks as `largest` allows.
    The blocks of several parts are equal, so that less than a number a block is filled up.
    """
    size, parts = (x.shape[-1], device_parts(x)[-1]) if x.ndim else (1, 1)
    if parts == 1 or size % parts or not size:
        return 1, min(largest, max(size, 1))
    part = size // parts
    return parts, math.ceil(part / math.ceil(part / largest))


def _encoder(caller: str, format: Format) -> Callable[[Array, Array | None], Codes]:
    """Return the function of an array and a key that encodes, and has no derivative."""

    def codes(x: Array, key: Array | None) -> Codes:
        return encode(x, format, key)

    def rule(primals: Any, tangents: Any) -> Any:
        raise TypeError(
            f"{caller}: the second derivative is not known: codes have no derivative, and a slope "
            "without their part would be wrong; take second derivatives of the function itself"
        )

    encoder = jax.custom_jvp(opaque(codes))
    encoder.defjvp(rule)
    return lambda x, key: checkpoint_name(encoder(x, key), STORED_NAME)


def kept_codes(format: str, inputs: int) -> KeptInputs:
    """Return the residual that keeps so many inputs of an activation in a format."""
    encoder = _encoder("lean", check_format("lean: store", format))

    def encode(arrays: list[Any]) -> list[Any]:
        return [*(encoder(x, None) for x in arrays[:inputs]), *arrays[inputs:]]

    def decode(kept: list[Any]) -> list[Any]:
        return [*(widen(codes.decode()) for codes in kept[:inputs]), *kept[inputs:]]

    return KeptInputs(format, encode=encode, decode=decode)


def stored(
    function: Callable[..., T],
    format: str,
    *,
    argnums: int | tuple[int, ...] = 0,
    key: Array | None = None,
    prevent_cse: bool = True,
) -> Callable[..., T]:
    """Return the function with the same values, which keeps some of its arguments in few bits.

    The backward pass has the codes of those arguments, decodes them, and computes from them
    whatever the gradient of the function needs. So its slope and its output are those of one point,
    next to the one that was given. The other arguments are kept as they are.

    - "bfloat16": each number is rounded.
    - "int8/128": blocks of 128 neighbours along the last axis share a scale, and each number is one
      of 255 multiples of it. Any size of block will do; the last block may be shorter. The part of
      an axis that a mesh may put on a device has blocks of its own, all of one size.
    - "int4/32": the same with 15 multiples, two numbers in a byte.
    - "e4m3/128", "e5m2/128": blocks of floats of 8 bits, which keep small numbers better.

    For policies of `jax.checkpoint` the codes have the name "activax_stored". Forward mode has the
    same slopes as the reverse mode. A block with an infinity or NaN comes back as NaN.

    Args:
        function: a function of trees of arrays. What it needs of traced arrays must be among its
            arguments.
        format: one of the formats above.
        argnums: the positions of the arguments whose floats are kept so; other leaves, such as
            integers, are kept as they are.
        key: a PRNG key for integer formats: numbers are rounded up or down at random, so that
            decoded numbers are right in the mean. By default they are rounded to the nearest.
        prevent_cse: False inside a scan, as for `jax.checkpoint`.

    Raises:
        ValueError: an unknown format, a key with floats, or argnums that are no positions.
        TypeError: a function that is none; in a call, keywords, or fewer arguments than argnums; in
            the backward pass, a second derivative.

    Example:
        >>> up, down = jnp.ones((16, 1024)), jnp.ones((1024, 16))
        >>> def finish(h, down):
        ...     return activax.gelu(h) @ down
        >>> lean = activax.stored(finish, "int8/128")
        >>> x = jnp.ones((8, 16))
        >>> bool((lean(x @ up, down) == finish(x @ up, down)).all())
        True
        >>> kept = activax.bench.kept(lambda x, up, down: lean(x @ up, down), x, up, down)
        >>> [(array.shape, array.dtype.name) for array in kept]
        [((8, 8, 128), 'int8'), ((8, 8, 1), 'float32')]

    Paper:
        Chakrabarti & Moseley 2019, Backprop with Approximate Activations for Memory-efficient
        Network Training, arXiv:1901.07988; Chen et al. 2021, ActNN: Reducing Training Memory
        Footprint via 2-Bit Activation Compressed Training, arXiv:2104.14129.
    """
    if not callable(function):
        raise TypeError(f"stored: function must be callable; got {type(function).__name__}")
    chosen = check_format("stored: format", format)
    if key is not None and not chosen.name.startswith("int"):
        raise ValueError(f"stored: a key rounds integers; leave it out for {format}")
    places = {argnums} if isinstance(argnums, int) else {*argnums}
    if not all(isinstance(place, int) and place >= 0 for place in places):
        raise ValueError(f"stored: argnums must be integers from 0 on; got {argnums!r}")

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> T:
        if kwargs:
            raise TypeError(f"stored: pass all arguments by position; got {', '.join(kwargs)}")
        if max(places, default=0) >= len(args):
            raise TypeError(
                f"stored: argnums must be positions of arguments; got {argnums!r} of {len(args)}"
            )
        if tracing.value in PLAIN:
            return function(*args)
        leaves, structure = jax.tree.flatten(args)
        marks = [i in places for i, arg in enumerate(args) for _ in jax.tree.leaves(arg)]
        marks = [
            mark and jnp.issubdtype(jnp.result_type(leaf), jnp.floating)
            for mark, leaf in zip(marks, leaves, strict=True)
        ]

        def value(*leaves: Any) -> T:
            return function(*jax.tree.unflatten(structure, leaves))

        return _with_codes(value, marks, chosen, prevent_cse)(key, *map(jnp.asarray, leaves))

    return wrapped


def _with_codes(
    value: Callable[..., T], marks: list[bool], format: Format, prevent_cse: bool
) -> Callable[..., T]:
    """Return value(*leaves) as a function of a key and the leaves, whose rule keeps codes."""

    encoder = _encoder("stored", format)

    def rule(primals: Any, tangents: Any) -> Any:
        key, *leaves = primals
        keys = [key] * len(leaves)
        if key is not None:
            keys = [*jax.random.split(key, len(leaves))]
        kept = [
            encoder(leaf, own) if mark else leaf
            for leaf, mark, own in zip(leaves, marks, keys, strict=True)
        ]
        live = [None if isinstance(t, SymbolicZero) else t for t in tangents[1:]]
        out = function(key, *leaves)
        if all(t is None for t in live):
            return out, jax.tree.map(jnp.zeros_like, out)
        return out, linear(kept, live)

    @functools.partial(jax.checkpoint, prevent_cse=prevent_cse)
    def linear(kept: list[Any], live: list[Any]) -> T:
        leaves = [one.decode() if isinstance(one, Codes) else one for one in kept]
        moving = [i for i, t in enumerate(live) if t is not None]

        def of_moving(*moved: Array) -> T:
            at = dict(zip(moving, moved, strict=True))
            return value(*(at.get(i, leaf) for i, leaf in enumerate(leaves)))

        return jax.jvp(of_moving, [leaves[i] for i in moving], [live[i] for i in moving])[1]

    function = jax.custom_jvp(opaque(lambda key, *leaves: value(*leaves)))
    function.defjvp(rule, symbolic_zeros=True)
    return function
