"""The Layer, and the conversion of activations and functions to layers."""

import functools
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, Self

import jax
from jax import Array

from activax.core.activation import Activation

Params = Any
Example = Any
Source = Activation[...] | None  # the activation that an array comes from, if any is known
After = Source | Literal["preceding"]
AxisNames = tuple[str | None, ...]  # of one array

ADDRESS = re.compile(r" at 0x[0-9a-f]+")
CONSTRUCTORS: dict[str, Callable[..., "Layer"]] = {}  # the functions that make layers, by name


class Part(NamedTuple):
    """A layer inside another layer, with its own parameters and its input."""

    name: int | str | None  # the entry of the outer parameters; None if the part has all of them
    layer: "Layer"
    params: Params
    x: Any
    times: int = 1  # the number of repetitions, which have stacked parameters


class Call(NamedTuple):
    """The call that made a layer, which the layer prints and pickles as."""

    constructor: Callable[..., "Layer"]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]

    def __repr__(self) -> str:
        if self.constructor is as_layer:  # users write the item alone
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

    `init(key, example) -> params` makes the parameters, a tree of dicts, tuples and arrays. The
    example is an array or a `jax.ShapeDtypeStruct` like the inputs; only its shape and dtype count.
    So `jax.eval_shape(layer.init, key, example)` plans the parameters without making them.

    `apply(params, x) -> y` computes. A stochastic layer takes a keyword `key`: a key draws random
    numbers, for training, and `key=None` evaluates. All layers of this package accept a key. Their
    stochastic layers raise TypeError without either, so that no key is forgotten silently.

    A layer of this package prints, copies and pickles as the call that made it. Layers have no
    pytree leaves.

    Args:
        init: the function that makes parameters.
        apply: the function of parameters and input.
        stochastic: whether `apply` takes a `key`. By default False, unless `apply` is that of a
            stochastic layer.
        takes_preceding: whether `init` takes a keyword `preceding`, the activation that the input
            comes from, or None. By default False, unless `init` is that of such a layer.
        after: the activation that the output comes from, or "preceding" if the layer hardly changes
            the second moment of its input; by default None.
        parts: a function of params and x that yields the `Part`s inside, for `summary`; x may be
            None, and is then None in the parts.
        inner: `apply` without a checkpoint of its own, for use inside `jax.checkpoint`; by default
            `apply`.
        takes: the names of further keyword arguments of `apply`, such as "lengths" and "segments"
            of `attention`. Networks pass them on to the layers that take them.
        axes: the logical names of the axes of the parameters: a tree like the parameters, with a
            tuple of names (or None) in the place of each array. A layer of `parts` needs none.
        call: the call that made the layer.

    Raises:
        TypeError: a function of yours with an argument `key` or `preceding`, if `stochastic` or
            `takes_preceding` does not say whether networks give the argument.

    Example:
        >>> double = activax.nn.Layer(init=lambda key, example: {}, apply=lambda params, x: 2 * x)
        >>> double.apply({}, jnp.array([1.0, 2.0]))
        Array([2., 4.], dtype=float32)
        >>> def noisy(params, x, *, key):
        ...     return x if key is None else x + jax.random.normal(key, x.shape)
        >>> noise = activax.nn.Layer(lambda key, example: {}, noisy, stochastic=True)
        >>> activax.nn.serial(noise, activax.gelu).apply(({}, {}), jnp.zeros(2), key=None)
        Array([0., 0.], dtype=float32)
        >>> activax.nn.serial(activax.nn.dense(16, bias=False), activax.gelu)
        nn.serial(nn.dense(16, bias=False), activax.gelu)
    """

    stochastic: bool
    takes_preceding: bool
    after: After
    parts: Callable[[Params, Any], Iterator[Part]] | None
    inner: Callable[..., Any]
    takes: tuple[str, ...]
    axes: Any
    call: Call | None

    def __new__(
        cls,
        init: Callable[..., Params],
        apply: Callable[..., Any],
        *,
        stochastic: bool | None = None,
        takes_preceding: bool | None = None,
        after: After = None,
        parts: Callable[[Params, Any], Iterator[Part]] | None = None,
        inner: Callable[..., Any] | None = None,
        takes: Iterable[str] = (),
        axes: Any = None,
        call: Call | None = None,
    ) -> Self:
        layer = super().__new__(cls, init, apply)
        told = _declared("init", init, "preceding", "takes_preceding", takes_preceding)
        layer.stochastic = _declared("apply", apply, "key", "stochastic", stochastic)
        layer.takes_preceding, layer.after, layer.parts = told, after, parts
        layer.inner, layer.takes = inner or apply, tuple(takes)
        layer.axes, layer.call = axes, call
        return layer

    @classmethod
    def _make(cls, iterable: Iterable[Any]) -> Self:  # type: ignore[override]
        return cls(*iterable)  # for `_replace`

    def __repr__(self) -> str:
        return repr(self.call or Call(Layer, tuple(self), {}))

    def __reduce__(self) -> tuple[Any, ...]:
        if self.call:
            return functools.partial(self.call.constructor, **self.call.kwargs), self.call.args
        return functools.partial(Layer, **vars(self)), tuple(self)

    def __copy__(self) -> Self:
        return self  # as functions do

    def __deepcopy__(self, memo: Any) -> Self:
        return self


Unit = Activation[...] | Layer | Callable[[Array], Array]  # what a layer takes as its activation


def as_layer(item: Any, where: str) -> Layer:
    """Return `item` as a Layer: a Layer itself, an activation or another function of one array.

    Raises:
        TypeError: any other item; `where` names the argument and its function.
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
        arrays = item.arrays
        return activation_layer(
            item,
            init=lambda key, example: {item.name: dict(arrays)} if arrays else {},
            values=lambda params, x: params[item.name] if arrays else {},
            call=call,
        )
    if callable(item):
        check_called(item, where)
        return Layer(no_params, lambda params, x: item(x), call=call)
    hint = ""
    if isinstance(item, list | tuple):
        hint = "; unpack it, as in serial(*layers)"
    if isinstance(item, str):
        hint = f"; activax.get({item!r}) finds an activation by its name"
    raise TypeError(
        f"{where}: must be a Layer, an activation or a function of one array; "
        f"got {type(item).__name__}{hint}"
    )


def activation_layer(
    activation: Activation[...],
    init: Callable[[Array, Example], Params],
    values: Callable[[Params, Array], Mapping[str, Array]],
    axes: Any = None,
    call: Call | None = None,
) -> Layer:
    """Return the layer that calls an activation with the values of its parameters."""
    keys = [name for name in activation.keys if activation.parameters[name] is None]

    def calling(function: Callable[..., Array]) -> Callable[..., Array]:
        def apply(params: Params, x: Array, *, key: Array | None = None) -> Array:
            return function(x, **values(params, x), **dict.fromkeys(keys, key))

        return apply

    return Layer(
        init,
        calling(activation),
        inner=calling(activation.inner),
        stochastic=bool(keys),
        after=activation,
        axes=axes,
        call=call,
    )


def check_called(function: Any, where: str) -> None:
    """Raise TypeError for a function that makes layers in the place of a layer or of a function."""
    name = getattr(function, "__name__", None)
    if name in CONSTRUCTORS and CONSTRUCTORS[name] is function:
        raise TypeError(f"{where}: nn.{name} makes layers but is no layer; call it: nn.{name}(...)")


def activation_of(layer: Layer) -> Source:
    """Return the activation that a layer without parts applies to its input, or None."""
    return output_of(layer, None) if layer.parts is None else None


def output_of(layer: Layer, preceding: Source) -> Source:
    """Return the activation that the output comes from; the input comes from `preceding`."""
    return preceding if isinstance(layer.after, str) else layer.after


def no_params(key: Array, example: Example) -> Params:
    """Return the parameters of a layer that has none."""
    return {}


def init(layer: Layer, key: Array, example: Example, preceding: Source) -> tuple[Params, Example]:
    """Return the parameters of a layer, and the shape and dtype of its output."""
    told = {"preceding": preceding} if layer.takes_preceding else {}
    params = layer.init(key, example, **told)
    return params, jax.eval_shape(lambda params, x: apply(layer, params, x, None), params, example)


def present(**parts: Params) -> dict[str, Params]:
    """Return the parameters of those parts that have some, by name."""
    return {name: params for name, params in parts.items() if params}


def apply(layer: Layer, params: Params, x: Any, key: Array | None, **data: Any) -> Any:
    """Apply a layer, with the key if the layer is stochastic, and with the data that it takes."""
    given = taken(layer, data)
    if layer.stochastic:
        given["key"] = key
    return layer.apply(params, x, **given)


def taken(layer: Layer, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the data, by name, that a layer takes."""
    return {name: data[name] for name in layer.takes if name in data}


def _declared(
    half: str, function: Callable[..., Any], argument: str, fact: str, given: bool | None
) -> bool:
    """Return whether networks pass an argument: as given, or as `constructor` noted."""
    noted = getattr(function, fact, None) if given is None else given
    code: Any = getattr(inspect.unwrap(function), "__code__", None)
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if code else ()
    if noted is None and argument in names:
        raise TypeError(
            f"Layer: {half} has an argument {argument!r}; pass {fact}=True, so that networks give "
            f"the argument, or {fact}=False, so that they do not"
        )
    return bool(noted)


def _shown(value: Any) -> str:
    """Return the repr of an argument, but a function's name in place of an address."""
    text = repr(value)
    if not text.startswith("<") and not ADDRESS.search(text):
        return text
    return str(getattr(value, "__name__", ADDRESS.sub("", text)))
