"""Codes of a few bits, packed into bytes along one axis.

Packing must not move data between devices, so the part of the axis that each device holds has to
fill whole bytes. It is a genuine reduction: XLA fuses shifts and ors of slices into the backward
pass, and then keeps what they were computed from.
"""

import functools
import math
import operator
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jax.sharding import AxisType

_EVEN = 64  # an axis of a multiple of it fills bytes on up to 8 devices, if nothing else is known


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Packed:
    """Codes of 1 to 4 bits, several in a byte along `axis`; if that is None, one in a byte.

    Codes of 3 bits are two arrays, of their two lower bits and of the third.
    """

    data: tuple[Array, ...]
    bits: int = field(metadata={"static": True})
    shape: tuple[Any, ...] = field(metadata={"static": True})
    axis: int | None = field(metadata={"static": True})

    @classmethod
    def pack(cls, codes: Array, bits: int) -> "Packed":
        """Pack uint8 codes, on the devices that hold them."""
        axis = _best_axis(codes, 8 // min(_planes(bits)))
        if axis is None:
            return cls((codes,), bits, codes.shape, axis)
        data, shift = [], 0
        for width in _planes(bits):
            data.append(_pack(codes >> np.uint8(shift) & np.uint8(2**width - 1), width, axis))
            shift += width
        return cls(tuple(data), bits, codes.shape, axis)

    def unpack(self) -> Array:
        """The codes again."""
        if self.axis is None:
            return self.data[0]
        codes, shift = [], 0
        for data, width in zip(self.data, _planes(self.bits), strict=True):
            codes.append(_unpack(data, width, self.shape, self.axis) << np.uint8(shift))
            shift += width
        return functools.reduce(operator.or_, codes)


def _planes(bits: int) -> tuple[int, ...]:
    """The widths, divisors of 8, into which codes of so many bits are split."""
    return (2, 1) if bits == 3 else (bits,)


def _pack(codes: Array, width: int, axis: int) -> Array:
    per_byte = 8 // width
    if beyond := -codes.shape[axis] % per_byte:
        codes = jnp.pad(codes, [(0, beyond if a == axis else 0) for a in range(codes.ndim)])
    split = codes.reshape(_replace(codes.shape, axis, codes.shape[axis] // per_byte, per_byte))
    placed = split << _shifts(width, codes.ndim, axis)
    return lax.reduce(placed, np.uint8(0), lax.bitwise_or, (axis + 1,))


def _unpack(data: Array, width: int, shape: tuple[Any, ...], axis: int) -> Array:
    codes = lax.expand_dims(data, (axis + 1,)) >> _shifts(width, data.ndim, axis)
    codes &= np.uint8(2**width - 1)
    most = data.shape[axis] * (8 // width)
    codes = codes.reshape(_replace(shape, axis, most))
    return codes if most == shape[axis] else lax.slice_in_dim(codes, 0, shape[axis], axis=axis)


def _shifts(width: int, ndim: int, axis: int) -> Array:
    """Where in its byte each code lies, beside the axis that was split; no constant to keep."""
    shape = _replace((1,) * ndim, axis, 1, 8 // width)
    return lax.broadcasted_iota(np.uint8, shape, axis + 1) * np.uint8(width)


def _replace(shape: tuple[Any, ...], axis: int, *sizes: int) -> tuple[Any, ...]:
    return (*shape[:axis], *sizes, *shape[axis + 1 :])


def _best_axis(x: Array, per_byte: int) -> int | None:
    """The axis along which packing is free and pads least; None if there is none.

    Over the axes of a mesh that are explicit it is known how x is divided, over those that are
    automatic it may be divided in any way, and within manual ones it is a device's own part.
    """
    sharding = jax.typeof(x).sharding
    mesh = sharding.mesh
    sizes = dict(zip(mesh.axis_names, mesh.axis_sizes, strict=True))
    kinds = dict(zip(mesh.axis_names, mesh.axis_types, strict=True))
    unknown = math.prod(size for name, size in sizes.items() if kinds[name] is AxisType.Auto)

    def padding(axis: int) -> tuple[float, int, int] | None:
        size, names = x.shape[axis], sharding.spec[axis] or ()
        names = names if isinstance(names, tuple) else (names,)
        parts = unknown * math.prod(sizes[name] for name in names)
        if not isinstance(size, int) or (parts > 1 and size % (per_byte * parts)):
            return None  # a symbolic dimension, or one whose parts do not fill bytes
        # The last axis but one is the fastest on a CPU.
        last_but_one = axis == x.ndim - 2
        return -size % per_byte / max(size, 1), -math.gcd(size, _EVEN), -int(last_but_one)

    free = {axis: cost for axis in range(x.ndim) if (cost := padding(axis)) is not None}
    return min(free, key=free.__getitem__) if free else None
