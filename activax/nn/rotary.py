"""Rotary positions."""

import math

import jax.numpy as jnp
import numpy as np
from jax import Array

from activax.core.arguments import check_axis, compute_dtype, inexact_dtype, real
from activax.nn.checks import check_number
from activax.nn.constructor import constructor
from activax.nn.layer import Layer, Params, no_params


@constructor
def rotary(base: float = 10_000.0, *, fraction: float = 1.0) -> Layer:
    """Rotate pairs of features by angles that grow with the position.

    The product of a rotated query and a rotated key depends on the difference of their positions
    alone. The pairs are features i and i + n, the half-split layout of GPT-NeoX and Llama in
    Hugging Face; weights for neighbouring pairs need their columns reordered. The angles of 16-bit
    inputs are computed in float32.

    Let n be fraction size / 2, the number of pairs, and t the position, from 0.

    Formula:
        y_i = x_i cos(a) - x_(i+n) sin(a), y_(i+n) = x_(i+n) cos(a) + x_i sin(a),
        with a = t base^(-i / n) for i < n; the other features stay

    Args:
        base: the base of the wavelengths, such as 10,000, or 500,000 for long texts.
        fraction: the part of the features that is rotated, in (0, 1].

    Returns:
        A Layer of (..., positions, heads, size) without parameters, for `attention(rotary=...)`.

    Raises:
        ValueError: a base that is not above 1, or a fraction outside (0, 1]; in `apply`, too few
            axes, or a fraction of the size that is no even number.
        TypeError: in `apply`, complex x.

    Example:
        >>> x = jnp.broadcast_to(jnp.array([1.0, 0.0]), (3, 1, 2))  # 3 positions of 1 head
        >>> activax.nn.rotary().apply({}, x)[:, 0].round(3)
        Array([[ 1.   ,  0.   ],
               [ 0.54 ,  0.841],
               [-0.416,  0.909]], dtype=float32)

    Paper:
        Su, Lu, Pan, Murtadha, Wen & Liu 2021, RoFormer: Enhanced Transformer with Rotary Position
        Embedding, arXiv:2104.09864.
    """
    check_number("rotary", "base", base, "be finite and above 1", lambda b: 1 < b < math.inf)
    check_number(
        "rotary", "fraction", fraction, "be above 0 and at most 1", lambda part: 0 < part <= 1
    )

    def apply(params: Params, x: Array) -> Array:
        check_axis("rotary", x, -3)
        x = real("rotary", "x", x)
        length, _, size = x.shape[-3:]
        number, odd = divmod(fraction * size, 2)
        if odd or not number:
            raise ValueError(
                "rotary: fraction of the last axis of x must be a positive even number; "
                f"got fraction={fraction} and x of shape {x.shape}"
            )
        pairs, dtype = int(number), inexact_dtype(x.dtype)
        wide = compute_dtype(dtype)
        steps = (base ** -(np.arange(pairs) / pairs)).astype(wide)
        angles = jnp.arange(length, dtype=wide)[:, None, None] * steps[None, None]
        angles = jnp.expand_dims(angles, range(x.ndim - 3))
        cosine, sine = jnp.cos(angles), jnp.sin(angles)
        first, second, rest = jnp.split(x.astype(wide), (pairs, 2 * pairs), -1)
        rotated = first * cosine - second * sine, second * cosine + first * sine, rest
        return jnp.concatenate(rotated, -1).astype(dtype)

    return Layer(no_params, apply)
