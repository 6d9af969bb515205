"""Paths of the leaves of a tree."""

from typing import Any

import jax

Tree = Any


def by_path(tree: Tree) -> dict[str, Any]:
    """Return the leaves of a tree by their paths, such as "0/weight".

    Example:
        >>> from activax.nn.trees import by_path
        >>> by_path([{"weight": 1.0}, (2.0,)])
        {'0/weight': 1.0, '1/0': 2.0}
    """
    return {path_text(path): leaf for path, leaf in jax.tree.leaves_with_path(tree)}


def path_text(path: tuple[Any, ...]) -> str:
    """Return the path of a leaf as text, its entries joined by "/"."""
    return jax.tree_util.keystr(path, simple=True, separator="/")


def entry_name(entry: Any) -> Any:
    """Return the field name, dict key or index that an entry of a path in a tree holds.

    Example:
        >>> from activax.nn.trees import entry_name
        >>> (path, _), = jax.tree.leaves_with_path({"weight": [1.0]})
        >>> list(map(entry_name, path))
        ['weight', 0]
    """
    return next(getattr(entry, name) for name in ("name", "key", "idx") if hasattr(entry, name))
