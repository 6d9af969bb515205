"""A choice of what the backward pass of an activation keeps."""

from activax.saving.policies import lean, policies
from activax.saving.storage import stored

__all__ = ["lean", "policies", "stored"]
