"""All activations by their names, here and in other libraries, and in files of other libraries."""

from activax.catalogue.citations import cite
from activax.catalogue.converters import from_onnx, from_torch
from activax.catalogue.index import ALIASES, FAMILIES, INDEX
from activax.catalogue.lookup import aliases, catalog, get, load
from activax.catalogue.search import find, similar
from activax.catalogue.serialization import register

__all__ = [
    "ALIASES",
    "FAMILIES",
    "INDEX",
    "aliases",
    "catalog",
    "cite",
    "find",
    "from_onnx",
    "from_torch",
    "get",
    "load",
    "register",
    "similar",
]
