"""Regions of a layer that the backward pass computes again from what they were given."""

from collections.abc import Callable
from typing import Any, TypeVar

import jax

from activax.nn.checks import check_functions
from activax.numerics.mode import PLAIN, tracing
from activax.saving.storage import check_format, stored

T = TypeVar("T")
Policy = Callable[..., bool]


def check_kept(function: str, policy: Any, store: Any) -> None:
    """Raise unless the policy is a function or None, the store a format or None, and one is."""
    check_functions(function, policy=policy)
    if store is not None:
        check_format(f"{function}: store", store)
        if policy is not None:
            raise ValueError(f"{function}: give a policy or a store, not both")


def recomputed(
    region: Callable[..., T], policy: Policy | None, store: str | None, prevent_cse: bool
) -> Callable[..., T]:
    """Return the region with the same values, of which reverse mode keeps the arguments alone.

    With a store the first argument is kept in that format. Taylor mode knows no checkpoint, so in
    plain functions the region stays as it is.
    """
    if store is not None:
        return stored(region, store, prevent_cse=prevent_cse)
    if tracing.value in PLAIN:
        return region
    return jax.checkpoint(region, policy=policy, prevent_cse=prevent_cse)
