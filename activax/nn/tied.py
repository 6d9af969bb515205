"""A network between ids and logits that share one table."""

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from activax import initializers
from activax.initializers.scaling import widened
from activax.nn.checks import check_number, check_size
from activax.nn.composition import chain
from activax.nn.constructor import constructor
from activax.nn.embedding import embedding
from activax.nn.explicit_axes import Sharding
from activax.nn.layer import Layer, Params, as_layer


@constructor
def tied(
    size: int,
    features: int,
    *layers: Any,
    scale: float | None = None,
    dtype: Any = None,
    weight_init: initializers.Initializer | None = None,
    out_sharding: Sharding = None,
) -> Layer:
    """Look up vectors for ids, apply layers to them, and compare the results with all vectors.

    The table of the embedding is the head, too, so a language model has one table in place of two.
    The gradient of the table is the sum of both uses.

    Formula:
        y = layers(scale weight[ids]) weight^T

    Args:
        size: the number of ids, and of logits.
        features: the size of the vectors.
        *layers: Layers, activations, and functions of one array; together they keep the features.
        scale: the factor of the vectors; by default sqrt(features), as in Gemma. Other models, such
            as GPT-2, have 1.
        dtype: the dtype of the vectors; by default JAX's default float.
        weight_init: an initialiser `(key, shape, dtype) -> array`. By default normal with standard
            deviation 1 / sqrt(features). So scaled vectors start with the second moment 1, and so
            do logits behind a norm.
        out_sharding: the sharding of the logits, on a mesh of Explicit axes; needed where features
            are split.

    Returns:
        A Layer of integers with the parameters of `serial(embedding(size, features), *layers)`.

    Raises:
        ValueError: sizes that are not positive integers, or a scale that is not a finite number; in
            `init` and `apply`, layers that change the features.
        TypeError: a layer that is none; in `init` and `apply`, ids that are not integers.

    Example:
        >>> model = activax.nn.tied(256, 16, activax.nn.ffn(64), activax.nn.rms_norm())
        >>> ids = jnp.frombuffer(b"neurons", jnp.uint8)
        >>> params = model.init(jax.random.key(0), ids)
        >>> model.apply(params, ids).shape
        (7, 256)
        >>> jax.tree.map(jnp.shape, params[0])
        {'weight': (256, 16)}

    Paper:
        Press & Wolf 2017, Using the Output Embedding to Improve Language Models, arXiv:1608.05859;
        Inan, Khosravi & Socher 2017, Tying Word Vectors and Word Classifiers, arXiv:1611.01462.
    """
    check_size("tied", "features", features)
    factor = math.sqrt(features) if scale is None else scale
    check_number("tied", "scale", factor, "be a finite number", math.isfinite)
    make = weight_init or widened(jax.nn.initializers.normal(features**-0.5))
    table = embedding(size, features, dtype=dtype, weight_init=make)

    def look_up(params: Params, ids: Array) -> Array:
        return factor * table.apply(params, ids)

    scaled = Layer(table.init, look_up, axes=table.axes)
    rest = [as_layer(layer, f"tied: layer {i}") for i, layer in enumerate(layers)]
    body = chain("tied", dict(enumerate((scaled, *rest))))

    def apply(params: Params, ids: Array, *, key: Array | None = None, **data: Any) -> Array:
        y = body.apply(params, ids, key=key, **data)
        if y.shape != (*ids.shape, features):
            raise ValueError(
                f"tied: the layers must keep the features of the vectors; they map "
                f"{(*ids.shape, features)} to {y.shape}"
            )
        return jnp.matmul(y, params[0]["weight"].T, out_sharding=out_sharding)

    return Layer(
        body.init,
        apply,
        stochastic=body.stochastic,
        takes_preceding=True,
        parts=body.parts,
        takes=body.takes,
    )
