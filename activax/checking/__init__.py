"""A check of any activation, the library's own or a user's, against all that it should promise."""

from activax.checking.check import check

__all__ = ["check"]
