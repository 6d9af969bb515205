"""Vectors of coefficients, of which each element is a parameter of its own."""

import functools
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

T = TypeVar("T")

FIRST = re.compile(r"(\w*?)(\d+)")  # the name of a vector, and the number of its first element


def coefficients(
    **defaults: Sequence[float],
) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Give a function of vectors a parameter for each of their elements.

    An element is a number or an array that broadcasts against the input, as every parameter is. So
    `f(x, *vector)` has one unit, and with elements of shape (channels,) a unit for each channel.

    Args:
        **defaults: by the name of the first element the defaults of a vector: of `b1=(2.0, 3.0)`
            the function takes a list `b`, and the result takes `b1=2.0, b2=3.0`. In the section
            Args of its docstring, "{k}" in the text of `b` stands for the number of the element.

    Example:
        >>> @coefficients(a0=(0.5, 2.0))
        ... def line(x, a):
        ...     "Line through (0, a0)."
        ...     return a[0] + a[1] * x
        >>> inspect.signature(line)
        <Signature (x, a0=0.5, a1=2.0)>
        >>> line(1.0), line(1.0, a1=3.0)
        (2.5, 3.5)
    """
    vectors: dict[str, dict[str, float]] = {}
    for name, numbers in defaults.items():
        stem, start = FIRST.fullmatch(name).groups()  # type: ignore[union-attr]
        vectors[stem] = {f"{stem}{k}": n for k, n in enumerate(numbers, int(start))}

    def define(function: Callable[..., T]) -> Callable[..., T]:
        signature = inspect.signature(function)
        signature = signature.replace(parameters=_elements(signature, vectors))

        @functools.wraps(function)
        def of_elements(*args: Any, **kwargs: Any) -> T:
            given = signature.bind(*args, **kwargs)
            given.apply_defaults()
            values = given.arguments
            gathered = {v: [values.pop(name) for name in names] for v, names in vectors.items()}
            return function(**values, **gathered)

        vars(of_elements)["__signature__"] = signature
        of_elements.__doc__ = _documented(inspect.cleandoc(function.__doc__ or ""), vectors)
        return of_elements

    return define


def _elements(
    signature: inspect.Signature, vectors: Mapping[str, Mapping[str, float]]
) -> list[inspect.Parameter]:
    """Return the parameters of a signature, with the elements in the place of each vector."""
    parameters = []
    for parameter in signature.parameters.values():
        of_vector = vectors.get(parameter.name, {parameter.name: parameter.default})
        parameters += [parameter.replace(name=name, default=n) for name, n in of_vector.items()]
    return parameters


def _documented(text: str, vectors: Mapping[str, Mapping[str, float]]) -> str:
    """Return a docstring with an entry for each element in the place of that of each vector."""
    for vector, names in vectors.items():

        def each(found: re.Match[str], names: Mapping[str, float] = names) -> str:
            numbers = (FIRST.fullmatch(name).group(2) for name in names)  # type: ignore[union-attr]
            entries = zip(names, numbers, strict=True)
            return "".join(f"    {n}: {found[1].replace('{k}', k)}" for n, k in entries)

        text = re.sub(rf"^    {vector}: (.*\n(?:     .*\n)*)", each, text, flags=re.MULTILINE)
    return text
