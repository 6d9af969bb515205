"""Names for the arrays of feed-forward layers, and policies that let `jax.checkpoint` keep them."""

import jax
from jax import Array
from jax.ad_checkpoint import checkpoint_name

from activax.numerics.mode import PLAIN, tracing

# The names that `jax.ad_checkpoint.checkpoint_name` gives to the arrays of `ffn` and `gated_ffn`.
PREACTIVATION = "activax_preactivation"
ACTIVATION = "activax_activation"


def named(x: Array, name: str) -> Array:
    """Name x for policies; in a plain function return x as it is: Taylor mode knows no names."""
    return x if tracing.value in PLAIN else checkpoint_name(x, name)


# In `jax.checkpoint(block, policy=save_preactivations)`, the block keeps its arguments and the
# pre-activations of its feed-forward layers. The backward pass computes all other arrays again, but
# repeats none of the matrix products that made the pre-activations.
save_preactivations = jax.checkpoint_policies.save_only_these_names(PREACTIVATION)

# The same policy, with the pre-activations in the memory of the host.
offload_preactivations = jax.checkpoint_policies.save_and_offload_only_these_names(
    names_which_can_be_saved=[],
    names_which_can_be_offloaded=[PREACTIVATION],
    offload_src="device",
    offload_dst="pinned_host",
)
