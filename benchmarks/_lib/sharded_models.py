"""One language model of 7 billion parameters, in activax, in plain JAX and in Flax.

The sizes are those of Mistral 7B (arXiv:2310.06825). Positions are left out: they send nothing.
"""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array
from jax.sharding import AbstractMesh, NamedSharding, PartitionSpec

import activax
from activax import nn, sharding

DTYPE = jnp.bfloat16


class Sizes(NamedTuple):
    """The sizes of a language model and of its batch."""

    batch: int = 8
    length: int = 2048
    vocabulary: int = 32000
    features: int = 4096
    hidden: int = 14336
    heads: int = 32
    key_value_heads: int = 8
    layers: int = 32

    @property
    def head_size(self) -> int:
        return self.features // self.heads

    @property
    def ids(self) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct((self.batch, self.length), jnp.int32)


class Model(NamedTuple):
    """A model on a mesh with the axes "data" and "model".

    Attributes:
        params: the shapes of its parameters.
        specs: their PartitionSpecs.
        apply: the function from parameters and ids to logits.
    """

    params: Any
    specs: Any
    apply: Callable[[Any, Array], Array]


def split_by_texts(mesh: AbstractMesh, x: Array) -> Array:
    """Split x by texts, so that FSDP gathers weights and sends no signals in their place."""
    return jax.lax.with_sharding_constraint(x, NamedSharding(mesh, PartitionSpec("data")))


def in_activax(sizes: Sizes, mesh: AbstractMesh, *, remat: bool) -> Model:
    """Return the model in activax; its specs come from the names of its axes."""
    block = nn.transformer_block(
        sizes.heads,
        sizes.hidden,
        key_value_heads=sizes.key_value_heads,
        causal=True,
        activation=activax.swiglu,
        norm=nn.rms_norm(),
        prevent_cse=False,
    )
    policy = jax.checkpoint_policies.nothing_saveable if remat else None
    model = nn.serial(
        nn.embedding(sizes.vocabulary, sizes.features, dtype=DTYPE),
        functools.partial(split_by_texts, mesh),
        nn.scan(block, sizes.layers, remat=policy),
        nn.rms_norm(),
        nn.dense(sizes.vocabulary, axes=("embed", "vocab"), bias=False),
    )
    params = jax.eval_shape(model.init, jax.random.key(0), sizes.ids)
    return Model(params, sharding.specs(model, params, "fsdp+megatron", mesh), model.apply)


def in_jax(sizes: Sizes, mesh: AbstractMesh, *, remat: bool) -> Model:
    """Return the model in plain JAX, with specs by hand."""
    features, keys = sizes.features, sizes.key_value_heads * sizes.head_size
    columns, rows = PartitionSpec(None, "data", "model"), PartitionSpec(None, "model", "data")
    layer = {
        "norm": ((features,), PartitionSpec()),
        "query": ((features, features), columns),
        "key": ((features, keys), columns),
        "value": ((features, keys), columns),
        "out": ((features, features), rows),
        "second_norm": ((features,), PartitionSpec()),
        "gate": ((features, sizes.hidden), columns),
        "up": ((features, sizes.hidden), columns),
        "down": ((sizes.hidden, features), rows),
    }
    params = {
        "embedding": (sizes.vocabulary, features),
        "layers": {name: (sizes.layers, *shape) for name, (shape, _) in layer.items()},
        "norm": (features,),
        "head": (features, sizes.vocabulary),
    }
    specs = {
        "embedding": PartitionSpec("model", "data"),
        "layers": {name: spec for name, (_, spec) in layer.items()},
        "norm": PartitionSpec(),
        "head": PartitionSpec("data", "model"),
    }

    def norm(scale: Array, x: Array) -> Array:
        wide = x.astype(jnp.float32)
        over = jax.lax.rsqrt(jnp.mean(wide * wide, -1, keepdims=True) + 1e-6)
        return (wide * over).astype(x.dtype) * scale

    def block(x: Array, layer: dict[str, Array]) -> tuple[Array, None]:
        y = norm(layer["norm"], x)
        query, key, value = (
            (y @ layer[name]).reshape(*y.shape[:-1], -1, sizes.head_size)
            for name in ("query", "key", "value")
        )
        read = jax.nn.dot_product_attention(query, key, value, is_causal=True)
        x = x + read.reshape(x.shape) @ layer["out"]
        y = norm(layer["second_norm"], x)
        return x + (jax.nn.silu(y @ layer["gate"]) * (y @ layer["up"])) @ layer["down"], None

    body = jax.checkpoint(block, prevent_cse=False) if remat else block

    def apply(params: Any, ids: Array) -> Array:
        x = split_by_texts(mesh, params["embedding"][ids])
        x, _ = jax.lax.scan(body, x, params["layers"])
        return norm(params["norm"], x) @ params["head"]

    def shaped(shape: Any) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(shape, DTYPE)

    return Model(jax.tree.map(shaped, params, is_leaf=lambda s: type(s) is tuple), specs, apply)


def in_flax(sizes: Sizes, mesh: AbstractMesh, *, remat: bool) -> Model:
    """Return the model in Flax's linen, with names of axes by hand."""
    from flax import linen

    rules = [
        ("embed", "data"),
        *((name, "model") for name in ("vocab", "heads", "kv_heads", "mlp")),
    ]
    dtypes = {"dtype": DTYPE, "param_dtype": DTYPE}

    def named(*axes: str) -> Any:
        return linen.with_logical_partitioning(linen.initializers.lecun_normal(), axes)

    def dense(features: int, *axes: str) -> Any:
        return linen.Dense(features, use_bias=False, kernel_init=named(*axes), **dtypes)

    class Block(linen.Module):
        @linen.compact
        def __call__(self, x: Array, _: None) -> tuple[Array, None]:
            y = linen.RMSNorm(**dtypes)(x)
            query, key, value = (
                dense(heads * sizes.head_size, "embed", name)(y).reshape(
                    *y.shape[:-1], heads, sizes.head_size
                )
                for heads, name in (
                    (sizes.heads, "heads"),
                    (sizes.key_value_heads, "kv_heads"),
                    (sizes.key_value_heads, "kv_heads"),
                )
            )
            read = jax.nn.dot_product_attention(query, key, value, is_causal=True)
            x = x + dense(sizes.features, "heads", "embed")(read.reshape(x.shape))
            y = linen.RMSNorm(**dtypes)(x)
            gate, up = (dense(sizes.hidden, "embed", "mlp")(y) for _ in range(2))
            return x + dense(sizes.features, "mlp", "embed")(linen.silu(gate) * up), None

    class LanguageModel(linen.Module):
        @linen.compact
        def __call__(self, ids: Array) -> Array:
            table = named("vocab", "embed")
            x = linen.Embed(sizes.vocabulary, sizes.features, embedding_init=table, **dtypes)(ids)
            blocks = linen.scan(
                linen.remat(Block, prevent_cse=False) if remat else Block,
                variable_axes={"params": 0},
                split_rngs={"params": True},
                length=sizes.layers,
                metadata_params={linen.PARTITION_NAME: "layers"},
            )
            x, _ = blocks()(split_by_texts(mesh, x), None)
            return dense(sizes.vocabulary, "embed", "vocab")(linen.RMSNorm(**dtypes)(x))

    model = LanguageModel()
    boxed = jax.eval_shape(model.init, jax.random.key(0), sizes.ids)
    specs = linen.spmd.logical_to_mesh(linen.get_partition_spec(boxed), rules)

    def apply(params: Any, ids: Array) -> Array:
        logits: Any = model.apply(params, ids)
        return logits

    return Model(linen.unbox(boxed), specs, apply)


MODELS = {"activax": in_activax, "plain JAX": in_jax, "Flax": in_flax}
