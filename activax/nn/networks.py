"""Whole networks."""

import functools
from collections.abc import Callable

from activax import initializers
from activax.core.activation import Activation
from activax.nn.checks import check_size
from activax.nn.composition import chain
from activax.nn.constructor import constructor
from activax.nn.layer import Layer, activation_of, as_layer
from activax.nn.linear import dense


@constructor
def mlp(
    *features: int,
    activation: Activation[...] | Layer,
    init: str | initializers.Recipe | None = None,
) -> Layer:
    """Build a multi-layer perceptron: dense layers with an activation between each two.

    Args:
        *features: the size of each dense layer's output; the last is the size of the network's
            output.
        activation: an activation, or a Layer such as `learned(activax.prelu)`.
        init: the initialisation of weights and biases: "critical", "lecun" or "siren", or a
            function of `activax.initializers` like these. By default weights have the gain of the
            activation that they read, which keeps signals but not gradients. "critical" is for
            networks of tens of layers. Its inputs should have the second moment 1; its outputs have
            the critical variance.

    Returns:
        The Layer `serial(dense, activation, dense, ..., dense)`.

    Raises:
        TypeError: an activation that is neither an activation nor a Layer; an init that is neither
            a name nor a function.
        ValueError: no features, or a size that is not a positive integer; an unknown init, or an
            init that the activation does not have.

    Example:
        >>> network = activax.nn.mlp(64, 64, 10, activation=activax.silu)
        >>> params = network.init(jax.random.key(0), jnp.zeros((1, 784)))
        >>> network.apply(params, jnp.zeros((5, 784))).shape
        (5, 10)
        >>> deep = activax.nn.mlp(*[128] * 50, 10, activation=activax.gelu, init="critical")
    """
    if not features:
        raise ValueError("mlp: needs at least one size; got none")
    for size in features:
        check_size("mlp", "each size", size)
    between = as_layer(activation, "mlp: activation")
    first: Callable[[int], Layer] = dense
    later: Callable[[int], Layer] = dense
    if init is not None:
        recipe = _recipe(init)
        unit = activation_of(between) or activation
        first, later = (_dense_by(recipe(unit, first=at_first)) for at_first in (True, False))
    layers = [first(features[0])]
    for size in features[1:]:
        layers += [between, later(size)]
    return chain("mlp", dict(enumerate(layers)))


def _recipe(init: str | initializers.Recipe) -> initializers.Recipe:
    """Return the recipe of a name, or a function as it is."""
    names = initializers.RECIPES
    if isinstance(init, str) and init in names:
        return names[init]
    rule = f"mlp: init must be {', '.join(map(repr, names))} or a function of initializers"
    if isinstance(init, str):
        raise ValueError(f"{rule}; got {init!r}")
    if not callable(init):
        raise TypeError(f"{rule}; got {type(init).__name__}")
    return init


def _dense_by(pair: initializers.Pair) -> Callable[[int], Layer]:
    """Return `dense` with the initialisers of a pair."""
    return functools.partial(dense, weight_init=pair.weight, bias_init=pair.bias)
