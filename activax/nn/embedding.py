"""Embeddings: vectors for ids, and for positions."""

from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from activax import initializers
from activax.core.arguments import check_axis, inexact_dtype
from activax.initializers.scaling import widened
from activax.nn.checks import check_functions, check_size
from activax.nn.constructor import constructor
from activax.nn.explicit_axes import Sharding, entries, explicit_mesh, joined
from activax.nn.layer import Example, Layer, Params


@constructor
def embedding(
    size: int,
    features: int,
    *,
    dtype: Any = None,
    weight_init: initializers.Initializer | None = None,
    out_sharding: Sharding = None,
) -> Layer:
    """Look up a trained vector for each id, such as a token of a vocabulary.

    An id outside [0, size), also a negative id, gives NaN, compiled or not, so that the loss shows
    the error. No vector receives a gradient from such an id.

    Formula:
        y = weight[ids]

    Args:
        size: the number of ids.
        features: the size of the vectors.
        dtype: the dtype of the vectors, and so of the layers behind them; by default JAX's default
            float.
        weight_init: an initialiser `(key, shape, dtype) -> array`. By default normal with standard
            deviation 1, because the layers of this package keep the second moment 1.
        out_sharding: the sharding of the output, on a mesh of Explicit axes; by default split as
            the ids are, and along the features as the weight is.

    Returns:
        A Layer of integers with parameters {"weight": (size, features)}.

    Raises:
        ValueError: sizes that are not positive integers.
        TypeError: in `init` and `apply`, ids that are not integers; a dtype that is no float, or an
            initialiser that is no function.

    Example:
        >>> layer = activax.nn.embedding(256, 16)
        >>> ids = jnp.frombuffer(b"neurons", jnp.uint8)
        >>> layer.apply(layer.init(jax.random.key(0), ids), ids).shape
        (7, 16)

    Paper:
        Bengio, Ducharme, Vincent & Jauvin 2003, A Neural Probabilistic Language Model.
    """
    check_size("embedding", "size", size)
    check_size("embedding", "features", features)
    check_functions("embedding", weight_init=weight_init)
    kind = jnp.result_type(float if dtype is None else dtype)
    if not jnp.issubdtype(kind, jnp.floating):
        raise TypeError(f"embedding: dtype must be a float; got {kind}")
    make = weight_init or widened(jax.nn.initializers.normal(1.0))

    def init(key: Array, example: Example) -> Params:
        _check_ids(example)
        return {"weight": make(key, (size, features), kind)}

    def apply(params: Params, ids: Array) -> Array:
        _check_ids(ids)
        weight, sharding = jnp.asarray(params["weight"]), out_sharding
        if sharding is None and (mesh := explicit_mesh(weight, ids)):
            sharding = joined(mesh, *entries(ids), entries(weight)[-1])
        return weight.at[ids].get(
            mode="fill", fill_value=jnp.nan, wrap_negative_indices=False, out_sharding=sharding
        )

    return Layer(init, apply, axes={"weight": ("vocab", "embed")})


@constructor
def positions(length: int, *, weight_init: initializers.Initializer | None = None) -> Layer:
    """Add a trained vector to each position of a sequence.

    Formula:
        y[t] = x[t] + positions[t]

    Args:
        length: the greatest number of positions.
        weight_init: an initialiser `(key, shape, dtype) -> array`. By default normal with standard
            deviation 0.02, which is small beside x.

    Returns:
        A Layer of (..., positions, features) with parameters {"positions": (length, features)}, in
        the dtype of the example.

    Raises:
        ValueError: a length that is not a positive integer; in `init` and `apply`, too few axes; in
            `apply`, more positions than the length, or features that do not fit the parameters.
        TypeError: an initialiser that is no function.

    Example:
        >>> layer = activax.nn.positions(128)
        >>> params = layer.init(jax.random.key(0), jnp.zeros((8, 32, 16)))
        >>> layer.apply(params, jnp.zeros((8, 32, 16))).shape
        (8, 32, 16)

    Paper:
        Gehring, Auli, Grangier, Yarats & Dauphin 2017, Convolutional Sequence to Sequence Learning,
        arXiv:1705.03122.
    """
    check_size("positions", "length", length)
    check_functions("positions", weight_init=weight_init)
    make = weight_init or widened(jax.nn.initializers.normal(0.02))

    def init(key: Array, example: Example) -> Params:
        check_axis("positions", example, -2)
        return {"positions": make(key, (length, example.shape[-1]), inexact_dtype(example.dtype))}

    def apply(params: Params, x: Array) -> Array:
        check_axis("positions", x, -2)
        most, features = params["positions"].shape
        number = x.shape[-2]
        if number > most or x.shape[-1] != features:
            raise ValueError(
                f"positions: x must have at most {most} positions, of {features} features; "
                f"got x of shape {x.shape}"
            )
        return x + jnp.expand_dims(params["positions"][:number], range(x.ndim - 2))

    return Layer(init, apply, axes={"positions": ("positions", "embed")})


def _check_ids(ids: Any) -> None:
    """Raise TypeError unless the ids are integers."""
    if not jnp.issubdtype(ids.dtype, jnp.integer):
        raise TypeError(f"embedding: ids must be integers; got {ids.dtype}")
