"""The conversion between float32 and bfloat16, as one linear operation with a fast form on CPUs.

XLA's own rounding to bfloat16 reads its argument twice, to test for NaN, which keeps loops on a CPU
from wide vectors. `reduce_precision` and a shift give the same bits. JAX knows no derivative of a
shift, so the conversion is a primitive of JAX, whose transpose is the conversion back: then the
cotangent of a bfloat16 input is rounded the fast way, too.
"""

import functools
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
from jax import Array, lax
from jax.interpreters import ad, batching, mlir

from activax.numerics.mode import PLAIN, tracing

if TYPE_CHECKING:
    from jax.extend.core import Primitive

_PAIR = (jnp.float32, jnp.bfloat16)


def convert(x: Array, dtype: Any) -> Array:
    """Return x in a dtype, rounded to nearest; x itself if it has that dtype."""
    if x.dtype == dtype:
        return x
    if tracing.value in PLAIN or x.dtype not in _PAIR or dtype not in _PAIR:
        return x.astype(dtype)
    converted: Array = _primitive().bind(x, dtype=jnp.dtype(dtype))
    return converted


def _by_xla(x: Array, *, dtype: Any) -> Array:
    return x.astype(dtype)


def _on_cpu(x: Array, *, dtype: Any) -> Array:
    if dtype != jnp.bfloat16:
        return x.astype(dtype)
    bits = lax.bitcast_convert_type(lax.reduce_precision(x, 8, 7), jnp.uint32)
    return lax.bitcast_convert_type((bits >> 16).astype(jnp.uint16), dtype)


def _transposed(cotangent: Array, x: Any, *, dtype: Any) -> list[Array]:
    return [convert(cotangent, x.aval.dtype)]


@functools.cache
def _primitive() -> "Primitive":
    """Define the primitive when it is first used: `jax.extend` imports much that is not."""
    from jax.extend.core import Primitive

    primitive = Primitive("activax_convert")
    primitive.def_impl(_by_xla)  # not a jitted `bind`, which under `jax.disable_jit` calls itself
    primitive.def_abstract_eval(lambda x, *, dtype: x.update(dtype=dtype, weak_type=False))
    ad.deflinear2(primitive, _transposed)
    batching.defvectorized(primitive)
    for lowering, platform in ((_by_xla, None), (_on_cpu, "cpu")):
        lowered = mlir.lower_fun(lowering, multiple_results=False)
        mlir.register_lowering(primitive, lowered, platform=platform)
    return primitive
