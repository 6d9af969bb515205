"""The mean of values, weighted by the products of queries and keys."""

import jax
import jax.numpy as jnp
from jax import Array

from activax.core.arguments import compute_dtype
from activax.functions.sigmoidal.caps import soft_cap
from activax.functions.vector.dense import softmax
from activax.functions.vector.sinks import softmax_sink
from activax.nn.dropout import dropout
from activax.nn.visibility import Visibility


def dot_product(
    queries: Array,
    keys: Array,
    values: Array,
    visible: Visibility,
    *,
    cap: float | None,
    sinks: Array | None,
    rate: float,
    key: Array | None,
) -> Array:
    """Return for every query the mean of the values that it reads.

    The arrays are (batch, positions, heads, size); each head of keys serves a group of queries. A
    position beyond the length of its sequence reads 0.
    """
    if cap is None and sinks is None and (not rate or key is None):
        same = Visibility(segments=visible.segments).mask(queries.shape[1])
        # JAX's attention promotes 16-bit arrays, which strict promotion would refuse.
        with jax.numpy_dtype_promotion("standard"):
            return jax.nn.dot_product_attention(
                queries,
                keys,
                values,
                mask=None if same is None else same[:, None],
                is_causal=visible.causal,
                local_window_size=visible.reach,
                query_seq_lengths=visible.lengths,
                key_value_seq_lengths=visible.lengths,
            )
    batch, length, heads, size = queries.shape
    shared = keys.shape[2]
    grouped = queries.reshape(batch, length, shared, heads // shared, size)
    wide = compute_dtype(queries.dtype)
    logits = jnp.einsum("btkgh,bskh->bkgts", grouped, keys, preferred_element_type=wide)
    logits *= size**-0.5
    if cap is not None:
        logits = soft_cap(logits, cap)
    mask = visible.mask(length)
    where = None if mask is None else mask[:, None, None]
    if sinks is None:
        weights = softmax(logits, where)
    else:
        own = sinks.astype(wide).reshape(1, shared, heads // shared, 1, 1)
        weights = softmax_sink(logits, where, own)
    weights = dropout(rate).apply({}, weights, key=key).astype(values.dtype)
    return jnp.einsum("bkgts,bskh->btkgh", weights, values).reshape(queries.shape)
