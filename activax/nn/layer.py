"""The Layer, and what may stand in for one."""

import functools
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Self

import jax
from jax import Array

from activax.core.activation import Activation

Params = Any
Example = Any
After = Callable[[Activation[...] | None], Activation[...] | None]

ADDRESS = re.compile(r" at 0x[0-9a-f]+")
CONSTRUCTORS: dict[str, Callable[..., "Layer"]] = {}  # the functions that make layers, by name


class Part(NamedTuple):
    """A layer inside of another one, with its own parameters and its input."""

    name: int | str | None  # the entry of the outer parameters; None if they are the part's
    layer: "Layer"
    params: Params
    x: Any
    times: int = 1  # how often the part is repeated, with stacked parameters


class Call(NamedTuple):
    """The call that made a layer, which the layer prints and pickles as."""

    constructor: Callable[..., "Layer"]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]

    def __repr__(self) -> str:
        if self.constructor is as_layer:  # which every function of layers calls by itself
            return _shown(self.args[0])
        parameters = inspect.signature(self.constructor).parameters
        defaults = {name: parameter.default for name, parameter in parameters.items()}
        chosen = {n: v for n, v in self.kwargs.items() if n not in defaults or defaults[n] is not v}
        given = [*map(_shown, self.args), *(f"{n}={_shown(v)}" for n, v in chosen.items())]
        return f"nn.{self.constructor.__name__}({', '.join(given)})"


class _Pair(NamedTuple):
    init: Callable[..., Params]
    apply: Callable[..., Any]


@jax.tree_util.register_static
class Layer(_Pair):
    """A pair of pure functions.

    `init(key, example) -> params` makes the parameters, a tree of dicts, tuples and arrays, for
    inputs like `example`: an array or a `jax.ShapeDtypeStruct`, of which only shape and dtype
    count. So `jax.eval_shape(layer.init, key, example)` plans the parameters without making them.

    `apply(params, x) -> y` is the layer. The layers of this package take a keyword `key`, too. A
    key makes a stochastic layer draw random numbers, as training needs; `key=None` evaluates. A
    stochastic layer without either raises TypeError, so that a forgotten key is no silent choice.

    A layer of this package prints, copies and pickles as the call that made it. Layers compare by
    identity, and have no pytree leaves.

    An `init` that takes a keyword `preceding=None` is told which activation its input comes from.

    Args:
        init: the function that makes parameters.
        apply: the function of parameters and input.
        stochastic: whether `apply` draws random numbers; by default whether it takes a `key`.
        after: a function from the activation that the input comes from to that of the output; by
            default the output comes from none.
        parts: a function of params and x that yields the `Part`s inside, for `summary`; of no x,
            None, the parts have no x either.
        call: the call that made the layer.

    Example:
        >>> double = activax.nn.Layer(init=lambda key, example: {}, apply=lambda params, x: 2 * x)
        >>> double.apply({}, jnp.array([1.0, 2.0]))
        Array([2., 4.], dtype=float32)
        >>> activax.nn.serial(activax.nn.dense(16, bias=False), activax.gelu)
        nn.serial(nn.dense(16, bias=False), activax.gelu)
    """

    stochastic: bool
    after: After | None = None
    parts: Callable[[Params, Any], Iterator[Part]] | None = None
    call: Call | None = None
    keywords: frozenset[str]  # what `apply` takes, read once

    def __new__(
        cls,
        init: Callable[..., Params],
        apply: Callable[..., Any],
        *,
        stochastic: bool | None = None,
        after: After | None = None,
        parts: Callable[[Params, Any], Iterator[Part]] | None = None,
        call: Call | None = None,
    ) -> Self:
        layer = super().__new__(cls, init, apply)
        layer.keywords = _keywords(apply)
        layer.stochastic = "key" in layer.keywords if stochastic is None else stochastic
        layer.after, layer.parts, layer.call = after, parts, call
        return layer

    @classmethod
    def _make(cls, iterable: Iterable[Any]) -> Self:  # type: ignore[override]
        return cls(*iterable)  # for `_replace`

    def __repr__(self) -> str:
        return repr(self.call or Call(Layer, tuple(self), {}))

    def __reduce__(self) -> tuple[Any, ...]:
        if self.call:
            return functools.partial(self.call.constructor, **self.call.kwargs), self.call.args
        make = functools.partial(
            Layer, stochastic=self.stochastic, after=self.after, parts=self.parts
        )
        return make, tuple(self)

    def __copy__(self) -> Self:
        return self  # as functions do

    def __deepcopy__(self, memo: Any) -> Self:
        return self


def as_layer(item: Any, where: str) -> Layer:
    """`item` as a Layer: a Layer itself, an activation or another function of one array.

    Raises:
        TypeError: anything else; `where` says which argument of which function it is.
    """
    if isinstance(item, Layer):
        return item
    call = Call(as_layer, (item, where), {})
    if isinstance(item, Activation):
        if item.kind == "gated":
            raise TypeError(
                f"{where}: {item!r} needs two arrays, gate and value; "
                "use parallel(gate, value, combine=...)"
            )

        keys = unbound_keys(item)

        def init(key: Array, example: Example) -> Params:
            arrays = dict(item.arrays)
            return {item.name: arrays} if arrays else {}

        def apply(
            params: Params, x: Array, *, key: Array | None = None, recomputed: bool = False
        ) -> Array:
            activation = item.bind(**params[item.name]) if item.arrays else item
            function = activation.inner if recomputed else activation
            return function(x, **dict.fromkeys(keys, key))

        return Layer(init, apply, stochastic=bool(keys), after=lambda preceding: item, call=call)
    if callable(item):
        check_called(item, where)
        return Layer(lambda key, example: {}, lambda params, x: item(x), call=call)
    hint = ""
    if isinstance(item, list | tuple):
        hint = "; unpack it, as in serial(*layers)"
    if isinstance(item, str):
        hint = f"; activax.get({item!r}) finds an activation by its name"
    raise TypeError(
        f"{where}: must be a Layer, an activation or a function of one array; "
        f"got {type(item).__name__}{hint}"
    )


def check_called(function: Any, where: str) -> None:
    """Raise TypeError for a function that makes layers where a layer or its function belongs."""
    name = getattr(function, "__name__", None)
    if name in CONSTRUCTORS and CONSTRUCTORS[name] is function:
        raise TypeError(f"{where}: nn.{name} makes layers and is none; call it: nn.{name}(...)")


def unbound_keys(activation: Activation[...]) -> tuple[str, ...]:
    """Return the names of the PRNG keys that a call has to give."""
    return tuple(name for name in activation.keys if activation.parameters[name] is None)


def activation_of(layer: Layer) -> Activation[...] | None:
    """The activation that a layer applies to its input at once, if that is what it does."""
    return output_of(layer, None) if layer.parts is None else None


def output_of(layer: Layer, preceding: Activation[...] | None) -> Activation[...] | None:
    """The activation that a layer's output comes from, given that of its input, if it is known."""
    return layer.after(preceding) if layer.after else None


def passes_on(preceding: Activation[...] | None) -> Activation[...] | None:
    """Return the activation before a layer that changes no second moment."""
    return preceding


def no_params(key: Array, example: Example) -> Params:
    """Return the parameters of a layer that has none."""
    return {}


def init(
    layer: Layer, key: Array, example: Example, preceding: Activation[...] | None
) -> tuple[Params, Example]:
    """A layer's parameters, and the shape and dtype of its output."""
    told = {"preceding": preceding} if "preceding" in _keywords(layer.init) else {}
    params = layer.init(key, example, **told)
    return params, jax.eval_shape(lambda params, x: apply(layer, params, x, None), params, example)


def apply(
    layer: Layer, params: Params, x: Any, key: Array | None, *, recomputed: bool = False
) -> Any:
    """Apply a layer, with the key if it takes one.

    `recomputed` says that this is in a checkpoint; an activation then has none of its own.
    """
    given: dict[str, Any] = {}
    if layer.stochastic:
        given["key"] = key
    if recomputed and "recomputed" in layer.keywords:
        given["recomputed"] = True
    return layer.apply(params, x, **given)


def split_key(key: Array | None, number: int) -> list[Array | None]:
    """One key for each of a number of layers; None without a key."""
    return [None] * number if key is None else list(jax.random.split(key, number))


def _keywords(function: Callable[..., Any]) -> frozenset[str]:
    """Return the names of the parameters; of some functions in C they are not known."""
    try:
        return frozenset(inspect.signature(function).parameters)
    except ValueError:
        return frozenset()


def _shown(value: Any) -> str:
    """Return the repr of an argument, but a function's name in place of an address."""
    text = repr(value)
    if not text.startswith("<") and not ADDRESS.search(text):
        return text
    return str(getattr(value, "__name__", ADDRESS.sub("", text)))
