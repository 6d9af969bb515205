"""Self-attention with several heads."""

import functools
import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from activax import initializers
from activax.core.arguments import check_axis, inexact_dtype, real
from activax.nn.checks import check_functions, check_heads, check_number, check_rate, check_size
from activax.nn.constructor import constructor
from activax.nn.dot_product import dot_product
from activax.nn.explicit_axes import Sharding
from activax.nn.layer import Example, Layer, Params, Source, as_layer
from activax.nn.layer import init as init_layer
from activax.nn.linear import Reduce, affine_axes, affine_init, affine_map
from activax.nn.recomputation import Policy, check_kept, recomputed
from activax.nn.visibility import Visibility, integers
from activax.saving.storage import stored


@constructor
def attention(
    heads: int,
    *,
    key_value_heads: int | None = None,
    head_size: int | None = None,
    causal: bool = False,
    window: int | None = None,
    rotary: Layer | Callable[[Array], Array] | None = None,
    qk_norm: Layer | Callable[[Array], Array] | None = None,
    soft_cap: float | None = None,
    sinks: bool = False,
    dropout: float = 0.0,
    bias: bool = False,
    fused: bool = False,
    weight_init: initializers.Initializer | None = None,
    out_sharding: Sharding = None,
    reduce: Reduce = None,
    policy: Policy | None = None,
    store: str | None = None,
    prevent_cse: bool = True,
) -> Layer:
    """Let every position read a mean of all positions, weighted by how their keys fit its query.

    Inputs are (..., positions, features), with any number of leading axes. Between the linear maps
    stands `jax.nn.dot_product_attention`, or the same with a cap, sinks or dropout. A mean over
    positions that differ has a smaller second moment than the positions.

    Reverse mode keeps x, queries, keys and values, and what the heads read. It computes products
    and weights of pairs of positions again, which are (heads, positions, positions); of all matrix
    products it repeats that of queries and keys.

    `apply` takes further data as keywords, and so do networks with attention inside: `lengths`
    (...), the number of positions of each sequence before its padding, and `segments`
    (..., positions), integers that differ between the documents of a sequence. Padding is not read,
    and reads 0. A position reads only its own segment.

    Inside `jax.shard_map` the layer takes a shard of the heads: of the columns of query, key and
    value (or query_key_value), of the rows of out, and of the sinks. `reduce` then adds the shards.

    Formula:
        y = concatenate(softmax(cap(q_h k_h^T / sqrt(size))) v_h for every head h) out,
        where q = rotary(qk_norm(x query)), k = rotary(qk_norm(x key)) and v = x value are cut into
        heads

    Args:
        heads: the number of heads.
        key_value_heads: the number of heads of keys and values, which divides heads. Each of them
            serves heads / key_value_heads queries. The default is heads; 1 is multi-query.
        head_size: the size of a head; by default features / heads.
        causal: whether a position reads only itself and the positions before it.
        window: positions that are at least so far away are not read; by default all are.
        rotary: a layer without parameters of queries and of keys, `rotary()` or a function of
            (..., positions, heads, size); by default none.
        qk_norm: a layer of the heads of queries and of keys, such as `rms_norm()`, with parameters
            of its own for both; by default none.
        soft_cap: the cap of `activax.soft_cap` for the products; by default none.
        sinks: whether each head has a trained logit that takes a share of the softmax, as in
            `activax.softmax_sink`; it starts at 0.
        dropout: the probability that a weight of the mean is set to 0.
        bias: whether the linear maps have a bias, which starts at 0.
        fused: whether queries, keys and values are one product. Its gradient by x is one array in
            place of three, which devices that split the heads add up.
        weight_init: an initialiser `(key, shape, dtype) -> array` for the weights. By default
            `initializers.variance_scaling`, with the gain of the preceding activation for query,
            key and value, and with 1 for out.
        out_sharding: the sharding of the output, on a mesh of Explicit axes; needed where the
            heads are sharded.
        reduce: a function of the last product, before the bias is added, as for `dense`.
        policy: one of `jax.checkpoint_policies`, for further arrays to keep; by default none.
        store: the format in which reverse mode keeps queries, keys, values and what the heads read,
            such as "int8/128"; see `activax.stored`. By default they are kept as they are.
        prevent_cse: False where layers are scanned, as for `jax.checkpoint`.

    Returns:
        A Layer with parameters {"query": {"weight"}, "key": {"weight"}, "value": {"weight"},
        "out": {"weight"}}, each with a "bias" if there are biases; and "query_norm", "key_norm",
        "sinks": (heads,). If fused, {"query_key_value": {"weight"}} in place of the first three:
        for each head of keys, the columns of its queries, of the key and of the value.

    Raises:
        ValueError: sizes that are not positive integers, or a key_value_heads that does not divide
            heads; a soft_cap that is not positive, a dropout outside [0, 1); an unknown format, or
            a policy beside it; in `init`, features that are no multiple of heads, without a
            head_size; in `init` and `apply`, too few axes; in `apply`, features that do not fit the
            weights, shards of unlike heads, or lengths or segments of other shapes.
        TypeError: a function that is none; in `apply`, complex x, or data that are no integers.

    Example:
        >>> layer = activax.nn.attention(4, causal=True, rotary=activax.nn.rotary())
        >>> params = layer.init(jax.random.key(0), jnp.zeros((2, 10, 32)))
        >>> layer.apply(params, jnp.zeros((2, 10, 32)), lengths=jnp.array([10, 7])).shape
        (2, 10, 32)

    Paper:
        Vaswani et al. 2017, Attention Is All You Need, arXiv:1706.03762; Ainslie et al. 2023, GQA:
        Training Generalized Multi-Query Transformer Models from Multi-Head Checkpoints,
        arXiv:2305.13245; Dehghani et al. 2023, Scaling Vision Transformers to 22 Billion
        Parameters, arXiv:2302.05442, for norms of queries and keys; Beltagy, Peters & Cohan 2020,
        Longformer: The Long-Document Transformer, arXiv:2004.05150, for windows.
    """
    check_heads("attention", heads, key_value_heads)
    for name, value in (("head_size", head_size), ("window", window)):
        if value is not None:
            check_size("attention", name, value)
    if soft_cap is not None:
        check_number(
            "attention", "soft_cap", soft_cap, "be finite and positive", lambda c: 0 < c < math.inf
        )
    check_rate("attention", "dropout", dropout)
    check_functions("attention", weight_init=weight_init, reduce=reduce)
    check_kept("attention", policy, store)
    shared = heads if key_value_heads is None else key_value_heads
    group = heads // shared
    rotate = None if rotary is None else as_layer(rotary, "attention: rotary")
    normalize = None if qk_norm is None else as_layer(qk_norm, "attention: qk_norm")
    heads_of_norm = {"query_norm": heads, "key_norm": shared}
    own_names = [*(heads_of_norm if normalize else ()), *(("sinks",) if sinks else ())]
    heads_of = {"query": heads, "key": shared, "value": shared}
    if fused:
        heads_of = {"query_key_value": heads + 2 * shared}

    def size_of(x: Any) -> int:
        return x.shape[-1] // heads if head_size is None else head_size

    def init(key: Array, example: Example, *, preceding: Source = None) -> Params:
        check_axis("attention", example, -2)
        features, size = example.shape[-1], size_of(example)
        if head_size is None and features % heads:
            raise ValueError(
                "attention: the example's last axis must be a multiple of heads; got shape "
                f"{example.shape} and heads={heads}; or pass a head_size"
            )
        linear = functools.partial(affine_init, "attention", weight_init=weight_init, bias=bias)
        out_key, *keys = jax.random.split(key, 1 + len(heads_of))
        params = {
            name: linear(key, example, size * number, preceding=preceding)
            for (name, number), key in zip(heads_of.items(), keys, strict=True)
        }
        dtype = inexact_dtype(example.dtype)
        read = jax.ShapeDtypeStruct((*example.shape[:-1], heads * size), dtype)
        params["out"] = linear(out_key, read, features, preceding=None)
        if normalize is not None:
            for number, name in enumerate(("query_norm", "key_norm")):
                head = jax.ShapeDtypeStruct((*example.shape[:-1], heads_of_norm[name], size), dtype)
                own = jax.random.fold_in(key, number)
                params[name] = init_layer(normalize, own, head, None)[0]
        if sinks:
            params["sinks"] = jnp.zeros(heads, dtype)
        return params

    def cut(products: list[Array], size: int) -> tuple[Array, Array, Array]:
        """Return the heads of queries, keys and values, all or those of a shard."""
        leading = products[0].shape[:-1]
        if fused:
            (product,) = products
            number = product.shape[-1] // ((group + 2) * size)  # of groups
            groups = product.reshape(*leading, number, group + 2, size)
            queries, keys, values = jnp.split(groups, (group, group + 1), -2)
            queries = queries.reshape(*leading, number * group, size)
            return queries, jnp.squeeze(keys, -2), jnp.squeeze(values, -2)
        queries, keys, values = (y.reshape(*leading, y.shape[-1] // size, size) for y in products)
        if not queries.shape[-2] == group * keys.shape[-2] == group * values.shape[-2]:
            raise ValueError(
                f"attention: each head of keys and values serves {group} heads of queries, also in "
                f"a shard; got {queries.shape[-2]}, {keys.shape[-2]} and {values.shape[-2]} heads "
                "of queries, keys and values"
            )
        return queries, keys, values

    def apply(
        params: Params,
        x: Array,
        *,
        key: Array | None = None,
        lengths: Array | None = None,
        segments: Array | None = None,
    ) -> Array:
        check_axis("attention", x, -2)
        x = real("attention", "x", x)
        *leading, length, features = x.shape
        lengths = integers("attention", "lengths", lengths, leading)
        segments = integers("attention", "segments", segments, (*leading, length))
        number = math.prod(leading)
        size, own = size_of(x), {name: params[name] for name in own_names}

        def read(products: list[Array], own: Params, data: Any, key: Array | None) -> Array:
            queries, keys, values = cut(products, size)
            if normalize is not None:
                queries = normalize.inner(own["query_norm"], queries)
                keys = normalize.inner(own["key_norm"], keys)
            if rotate is not None:
                queries, keys = rotate.inner({}, queries), rotate.inner({}, keys)
            heads = dot_product(
                queries,
                keys,
                values,
                Visibility(causal, window, *data),
                cap=soft_cap,
                sinks=own.get("sinks"),
                rate=dropout,
                key=key,
            )
            return heads.reshape(*heads.shape[:-2], math.prod(heads.shape[-2:]))

        def project(heads: Array, out: Params) -> Array:
            return affine_map("attention", out, heads, out_sharding, reduce)

        rows = x.reshape(number, length, features)
        products = [affine_map("attention", params[name], rows) for name in heads_of]
        data = (
            None if lengths is None else lengths.reshape(number),
            None if segments is None else segments.reshape(number, length),
        )
        heads = recomputed(read, policy, store, prevent_cse)(products, own, data, key)
        heads = heads.reshape(*leading, length, heads.shape[-1])
        finish = project if store is None else stored(project, store, prevent_cse=prevent_cse)
        return finish(heads, params["out"])

    axes: dict[str, Any] = {
        name: affine_axes("embed", "heads" if name == "query" else "kv_heads", bias=bias)
        for name in heads_of
    }
    axes["out"] = affine_axes("heads", "embed", bias=bias)
    if normalize is not None:
        axes |= dict.fromkeys(heads_of_norm, normalize.axes)
    if sinks:
        axes["sinks"] = ("heads",)
    return Layer(
        init,
        apply,
        stochastic=dropout > 0,
        takes_preceding=True,
        takes=("lengths", "segments"),
        axes=axes,
    )
