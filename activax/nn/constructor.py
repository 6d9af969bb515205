"""The decorator of every function that makes a layer."""

import functools
from collections.abc import Callable, Mapping
from typing import Any, ParamSpec

from jax import Array

from activax.nn.checks import check_data, check_example, check_key, check_params, check_x
from activax.nn.layer import CONSTRUCTORS, Call, Example, Layer, Params, Source

P = ParamSpec("P")
MISSING: Any = ...  # the key of a call without one; None is a key that evaluates


def constructor(function: Callable[P, Layer]) -> Callable[P, Layer]:
    """Make the layers of a function remember the call, and check their arguments.

    Layers without parts take one array; other layers take any tree of arrays.
    """
    name = function.__name__

    @functools.wraps(function)
    def construct(*args: P.args, **kwargs: P.kwargs) -> Layer:
        layer = function(*args, **kwargs)
        return Layer(
            _checked_init(name, layer),
            _checked_apply(name, layer, layer.apply),
            inner=_checked_apply(name, layer, layer.inner),
            after=layer.after,
            parts=layer.parts,
            takes=layer.takes,
            axes=layer.axes,
            call=Call(construct, args, kwargs),
        )

    construct.__module__ = "activax.nn"  # so that pickles hold the public name
    CONSTRUCTORS[name] = construct
    return construct


def _checked_init(function: str, layer: Layer) -> Callable[..., Params]:
    def init(key: Array, example: Example, **preceding: Source) -> Params:
        check_key(function, key)
        check_example(function, example, single=layer.parts is None)
        return layer.init(key, example, **preceding)

    vars(init)["takes_preceding"] = layer.takes_preceding
    return init


def _checked_apply(
    function: str, layer: Layer, unchecked: Callable[..., Any]
) -> Callable[..., Any]:
    single, stochastic = layer.parts is None, layer.stochastic

    def apply(params: Params, x: Any, *, key: Array | None = MISSING, **data: Any) -> Any:
        if key is MISSING and stochastic:
            raise TypeError(
                f"{function}: the layer draws random numbers, so apply needs a key: pass a PRNG "
                "key to train, or key=None to evaluate"
            )
        if key is not MISSING and key is not None:
            check_key(function, key)
        if data:
            check_data(function, data, layer.takes)
        if not hasattr(x, "shape"):  # the usual case first: an eager call pays for each check
            check_x(function, x, single=single)
        if single and not isinstance(params, dict):
            check_params(function, params, Mapping)
        try:
            if stochastic:
                return unchecked(params, x, key=key, **data)
            return unchecked(params, x, **data)
        except KeyError as error:
            if single:
                error.add_note(
                    f"in {function} with parameters {', '.join(map(str, params)) or 'of no name'}; "
                    "were they made by the init of another layer?"
                )
            raise

    vars(apply)["stochastic"] = stochastic
    return apply
