"""What of a feed-forward layer may be kept: names, and policies for `jax.checkpoint`."""

import jax

# What `jax.ad_checkpoint.checkpoint_name` calls the arrays of `ffn` and `gated_ffn`.
PREACTIVATION = "activax_preactivation"
ACTIVATION = "activax_activation"

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
