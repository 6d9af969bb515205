"""The decorator of every function that makes a layer."""

import functools
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec

from jax import Array

from activax.nn.checks import check_example, check_key, check_params, check_x
from activax.nn.layer import CONSTRUCTORS, Call, Example, Layer, Params

P = ParamSpec("P")


def constructor(function: Callable[P, Layer]) -> Callable[P, Layer]:
    """Make the layers of a function remember the call, and check what they are given.

    Layers that have no parts take one array; others take any tree of arrays.
    """

    @functools.wraps(function)
    def construct(*args: P.args, **kwargs: P.kwargs) -> Layer:
        layer = function(*args, **kwargs)
        return Layer(
            _checked_init(function.__name__, layer),
            _checked_apply(function.__name__, layer),
            stochastic=layer.stochastic,
            after=layer.after,
            parts=layer.parts,
            call=Call(construct, args, kwargs),
        )

    construct.__module__ = "activax.nn"  # so that pickles hold the public name
    CONSTRUCTORS[function.__name__] = construct
    return construct


def _checked_init(function: str, layer: Layer) -> Callable[..., Params]:
    @functools.wraps(layer.init)
    def init(key: Array, example: Example, **given: Any) -> Params:
        check_key(function, key)
        check_example(function, example, single=layer.parts is None)
        return layer.init(key, example, **given)

    return init


def _checked_apply(function: str, layer: Layer) -> Callable[..., Any]:
    single = layer.parts is None

    @functools.wraps(layer.apply)
    def apply(params: Params, x: Any, **given: Any) -> Any:
        key = given.get("key")
        if key is not None:
            check_key(function, key)
        elif layer.stochastic and "key" not in given:
            raise TypeError(
                f"{function}: the layer draws random numbers, so apply needs a key: pass a PRNG "
                "key to train, or key=None to evaluate"
            )
        if not hasattr(x, "shape"):  # the usual case first: this is the cost of an eager call
            check_x(function, x, single=single)
        if single and not isinstance(params, dict):
            check_params(function, params, Mapping)
        if not layer.stochastic:
            given.pop("key", None)
        try:
            return layer.apply(params, x, **given)
        except KeyError as error:
            if single:
                error.add_note(
                    f"in {function} with parameters {', '.join(map(str, params)) or 'of no name'}; "
                    "were they made by the init of another layer?"
                )
            raise

    return apply
