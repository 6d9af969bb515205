"""Codes of a few bits, packed into bytes.

A byte holds the codes of a block of neighbours, such as 8 of a column or 2 of a row by 4 of a
column. Packing must not move data between devices, so the part of an axis that each device holds
has to be made of whole blocks. Which devices hold what is not known to every trace, so blocks
leave axes that many devices can divide.

Packing is a genuine reduction: XLA fuses shifts and ors of slices into the backward pass, and then
keeps what they were computed from. The reduction adds, which for bits in different places is the
same as or: where a block lies on several devices after all, XLA can add over devices on every
backend, and cannot or.
"""

import functools
import itertools
import math
import operator
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.sharding import AxisType

_PARTS = 8  # Parts of whole blocks into which an axis should divide, if the mesh is not known.

Block = tuple[int, ...]  # its size along each axis


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Packed:
    """Codes of 1 to 4 bits, a block in a byte; if `blocks` is None, one code in a byte.

    Codes of 3 bits are two arrays, of their two lower bits and of the third, with a block each.
    """

    data: tuple[Array, ...]
    bits: int = field(metadata={"static": True})
    shape: tuple[Any, ...] = field(metadata={"static": True})
    blocks: tuple[Block, ...] | None = field(metadata={"static": True})

    @classmethod
    def pack(cls, codes: Array, bits: int) -> "Packed":
        """Pack uint8 codes, on the devices that hold them."""
        widths = _planes(bits)
        blocks = tuple(block for width in widths if (block := _best_block(codes, 8 // width)))
        if len(blocks) < len(widths):
            return cls((codes,), bits, codes.shape, None)
        data, shift = [], 0
        for width, block in zip(widths, blocks, strict=True):
            data.append(_pack(codes >> np.uint8(shift) & np.uint8(2**width - 1), width, block))
            shift += width
        return cls(tuple(data), bits, codes.shape, blocks)

    def unpack(self) -> Array:
        """Return the codes."""
        if self.blocks is None:
            return self.data[0]
        codes, shift = [], 0
        for data, width, block in zip(self.data, _planes(self.bits), self.blocks, strict=True):
            codes.append(_unpack(data, width, block, self.shape) << np.uint8(shift))
            shift += width
        return functools.reduce(operator.or_, codes)


def _planes(bits: int) -> tuple[int, ...]:
    """Return the widths, divisors of 8, into which codes of so many bits are split."""
    return (2, 1) if bits == 3 else (bits,)


def _pack(codes: Array, width: int, block: Block) -> Array:
    beyond = [-n % size for n, size in zip(codes.shape, block, strict=True)]
    if any(beyond):
        codes = jnp.pad(codes, [(0, number) for number in beyond])
    # One axis a reshape, as arrays need that are sharded explicitly.
    for axis in reversed(_blocked(block)):
        before, (n, *after) = codes.shape[:axis], codes.shape[axis:]
        codes = codes.reshape(*before, n // block[axis], block[axis], *after)
    placed = codes << _shifts(width, block)
    return lax.reduce(placed, np.uint8(0), lax.add, _inside(block))


def _unpack(data: Array, width: int, block: Block, shape: tuple[Any, ...]) -> Array:
    codes = lax.expand_dims(data, _inside(block)) >> _shifts(width, block)
    codes &= np.uint8(2**width - 1)
    for axis in _blocked(block):
        before, (n, size, *after) = codes.shape[:axis], codes.shape[axis:]
        codes = codes.reshape(*before, n * size, *after)
    for axis in _blocked(block):
        if codes.shape[axis] != shape[axis]:
            codes = lax.slice_in_dim(codes, 0, shape[axis], axis=axis)
    return codes


def _blocked(block: Block) -> list[int]:
    """Return the axes along which a block has more than one code."""
    return [axis for axis, size in enumerate(block) if size > 1]


def _inside(block: Block) -> tuple[int, ...]:
    """Return the axes inside the blocks, after each of the blocked axes is split in two."""
    return tuple(axis + number for number, axis in enumerate(_blocked(block), start=1))


def _shifts(width: int, block: Block) -> Array:
    """Return the place of each code in its byte; an iota, so that no constant is kept."""
    shape = itertools.chain.from_iterable((1, size) if size > 1 else (1,) for size in block)
    return lax.iota(np.uint8, math.prod(block)).reshape(*shape) * np.uint8(width)


def _best_block(x: Array, codes: int) -> Block | None:
    """Return the block of so many codes that fills the fewest bytes; None if none fits.

    A block fits if each part of x holds whole blocks. If x is not known to be divided, every block
    fits, and padding fills the last ones. Of blocks that fill as few bytes, the best one leaves
    axes that divide into most parts, then leading axes that do, such as that of a batch, and then
    is a column, several times as fast on a CPU as a row.
    """
    parts = device_parts(x)
    known = {axis: n for axis, n in enumerate(x.shape) if isinstance(n, int)}  # not symbolic

    def fits(block: Block) -> bool:
        return all(
            axis in known and (parts[axis] == 1 or known[axis] % (block[axis] * parts[axis]) == 0)
            for axis in _blocked(block)
        )

    def cost(block: Block) -> tuple[Any, ...]:
        number_of_bytes = math.prod(-(-n // block[axis]) for axis, n in known.items())
        blocks = [n // block[axis] if n % block[axis] == 0 else 1 for axis, n in known.items()]
        room = [math.gcd(number, _PARTS) for number in blocks]
        return number_of_bytes, -math.prod(room), [-r for r in room], [-n for n in block[-2:-1]]

    return min(filter(fits, _blocks(codes, x.ndim)), key=cost, default=None)


def _blocks(codes: int, ndim: int) -> Iterator[Block]:
    """Yield every block of so many codes, a power of two, whose sizes are powers of two."""
    for axes in itertools.combinations_with_replacement(range(ndim), codes.bit_length() - 1):
        yield tuple(2 ** axes.count(axis) for axis in range(ndim))


def device_parts(x: Array) -> list[int]:
    """Return into how many parts devices may divide each axis, as far as the trace knows.

    Explicit axes of a mesh say how x is divided, automatic ones may divide any axis of x, and
    within manual ones x is a device's own part.
    """
    sharding = jax.typeof(x).sharding
    mesh = sharding.mesh
    sizes = dict(zip(mesh.axis_names, mesh.axis_sizes, strict=True))
    kinds = dict(zip(mesh.axis_names, mesh.axis_types, strict=True))
    unknown = math.prod(size for name, size in sizes.items() if kinds[name] is AxisType.Auto)

    def parts(names: Any) -> int:
        names = names if isinstance(names, tuple) else (names,) if names else ()
        return unknown * math.prod(sizes[name] for name in names)

    return [parts(names) for names in sharding.spec]
