"""What of a feed-forward layer may be kept: names, and policies for `jax.checkpoint`."""

import jax
from jax import Array
from jax.ad_checkpoint import checkpoint_name

from activax.numerics.mode import is_plain

# What `jax.ad_checkpoint.checkpoint_name` calls the arrays of `ffn` and `gated_ffn`.
PREACTIVATION = "activax_preactivation"
ACTIVATION = "activax_activation"


def named(x: Array, name: str) -> Array:
    """Return x under a name for policies; unnamed in a plain function: Taylor mode has no names."""
    return x if is_plain() else checkpoint_name(x, name)


# Around a block, as in `jax.checkpoint(block, policy=save_preactivations)`: beyond the block's
# arguments only the pre-activations of its feed-forward layers are kept. So all else of the block
# is computed again, but none of the products that made them.
save_preactivations = jax.checkpoint_policies.save_only_these_names(PREACTIVATION)

# The same, and they wait in the memory of the host.
offload_preactivations = jax.checkpoint_policies.save_and_offload_only_these_names(
    names_which_can_be_saved=[],
    names_which_can_be_offloaded=[PREACTIVATION],
    offload_src="device",
    offload_dst="pinned_host",
)
