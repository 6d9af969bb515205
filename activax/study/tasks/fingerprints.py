"""Fingerprints of data and code: the same in every process, and new when a source changes."""

import dataclasses
import functools
import hashlib
import inspect
import sys
import sysconfig
import types
from collections.abc import Iterator, Mapping
from typing import Any

import jax
import numpy as np

from activax.core.activation import Activation
from activax.core.definition import PACKAGE
from activax.nn.layer import Layer

LENGTH = 16  # hexadecimal digits
LIBRARY_FOLDERS = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})
PLAIN_VALUES = (bool, int, float, complex, str, bytes, range, np.generic, np.dtype, type(None))

Visited = dict[int, tuple[int, Any]]  # by id, the place of an object in the order of the traversal


def digest(value: Any) -> str:
    """Return a fingerprint of a value: of arrays their numbers, of functions their source.

    The fingerprint of a function covers its defaults, what it closes over, and the functions and
    constants of your own modules that it uses. The source of an installed package is not read: its
    version is another fact.

    Args:
        value: numbers, text, arrays, functions, activations, layers, and containers of these.

    Returns:
        16 hexadecimal digits.

    Example:
        >>> from activax.study.tasks.fingerprints import digest
        >>> digest([1, 2.5]) == digest([1, 2.5]), digest([1, 2.5]) == digest([1, 2.6])
        (True, False)
    """
    found = hashlib.sha256()
    for part in _parts(value, {}):
        found.update(len(part).to_bytes(8, "little"))
        found.update(part)
    return found.hexdigest()[:LENGTH]


def _parts(value: Any, visited: Visited) -> Iterator[bytes]:
    """Yield what tells a value from others, as bytes."""
    if isinstance(value, PLAIN_VALUES):
        yield f"{type(value).__name__} {value!r}".encode()
    elif isinstance(value, np.ndarray | jax.Array):
        array = np.asarray(value)
        yield f"{array.dtype} {array.shape}".encode()
        yield np.ascontiguousarray(array).tobytes()
    elif isinstance(value, Layer) and value.call:
        yield repr(value).encode()
    elif isinstance(value, tuple | list):
        yield f"{len(value)} items".encode()
        for item in value:
            yield from _parts(item, visited)
    elif isinstance(value, Mapping):
        yield from _parts([*value.items()], visited)
    elif isinstance(value, set | frozenset):
        yield from _parts(sorted(map(digest, value)), visited)
    elif id(value) in visited:  # a function that calls itself
        yield f"object {visited[id(value)][0]}".encode()
    else:
        visited[id(value)] = len(visited), value  # held, so that no other object gets its id
        yield from _parts_of_object(value, visited)


def _parts_of_object(value: Any, visited: Visited) -> Iterator[bytes]:
    if isinstance(value, types.MethodType):
        yield from _parts((value.__func__, value.__self__), visited)
    elif isinstance(value, functools.partial):
        yield from _parts((value.func, value.args, value.keywords), visited)
    elif isinstance(value, Activation):
        yield repr(value).encode()
        if value.__module__ != PACKAGE:
            yield from _parts(value.body, visited)
    elif isinstance(value, types.FunctionType):
        yield _name(value)
        yield from _parts((value.__defaults__, value.__kwdefaults__), visited)
        yield from _parts([cell.cell_contents for cell in value.__closure__ or ()], visited)
        if _is_own(value.__module__):
            yield _source(value)
            yield from _parts(_used(value), visited)
    elif callable(getattr(value, "__wrapped__", None)):  # `jax.jit` of a function
        yield from _parts(value.__wrapped__, visited)
    elif isinstance(value, type | types.BuiltinFunctionType | types.ModuleType):
        yield _name(value)
        if isinstance(value, type) and _is_own(value.__module__):
            yield _source(value)
    else:
        yield _name(type(value))
        fields = dataclasses.fields(value) if dataclasses.is_dataclass(value) else ()
        state = {f.name: getattr(value, f.name) for f in fields} or getattr(value, "__dict__", {})
        yield from _parts(state, visited)


def _name(value: Any) -> bytes:
    name = getattr(value, "__qualname__", value.__name__)
    return f"{getattr(value, '__module__', '')}.{name}".encode()


def _source(value: Any) -> bytes:
    try:
        return inspect.getsource(value).encode()
    except OSError:  # typed into an interpreter
        code = getattr(value, "__code__", None)
        return code.co_code if code else b""


def _is_own(name: str | None) -> bool:
    """Return whether a module is of the user: it is no part of an installed package."""
    module = sys.modules.get(name or "")
    file = getattr(module, "__file__", None) or ""
    return (name or "").partition(".")[0] != PACKAGE and not file.startswith(LIBRARY_FOLDERS)


def _used(function: types.FunctionType) -> dict[str, Any]:
    """Return the values by name that a function reads from its module and from own modules."""
    names = sorted(_names(function.__code__))
    used: dict[str, Any] = {}
    for name in names:
        value = function.__globals__.get(name)
        if isinstance(value, types.ModuleType):
            inside = names if _is_own(value.__name__) else ()
            used |= {f"{name}.{n}": getattr(value, n) for n in inside if hasattr(value, n)}
        elif value is not None:
            used[name] = value
    return used


def _names(code: types.CodeType) -> set[str]:
    """Return the names that a code object and the ones inside it read."""
    inner = [const for const in code.co_consts if isinstance(const, types.CodeType)]
    return {*code.co_names}.union(*map(_names, inner))
