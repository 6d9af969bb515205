"""A check of any activation against the promises that an activation should keep."""

from activax.checking.check import check

__all__ = ["check"]
