"""All activations by their names, here and in other libraries, and in files of other libraries."""

from activax.catalogue.lookup import aliases, catalog, get, named
from activax.catalogue.serialization import register

__all__ = ["aliases", "catalog", "get", "named", "register"]
