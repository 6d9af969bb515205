"""A choice of what the backward pass of an activation keeps."""

from activax.saving.policies import lean, policies

__all__ = ["lean", "policies"]
