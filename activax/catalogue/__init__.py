"""All activations by name, by their names in other libraries, and in files of others."""

from activax.catalogue.lookup import aliases, catalog, get, named
from activax.catalogue.serialization import register

__all__ = ["aliases", "catalog", "get", "named", "register"]
