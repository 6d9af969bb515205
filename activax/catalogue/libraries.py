"""The other libraries whose names of activations `activax.get` knows, and their modules."""

from collections.abc import Mapping

# For each path before a name, in lower case, the libraries of `Activation.elsewhere` whose names
# it has.
PATHS: Mapping[str, tuple[str, ...]] = {
    "jax": ("jax", "jax.numpy"),
    "jax.nn": ("jax",),
    "jax.numpy": ("jax.numpy",),
    "flax": ("flax",),
    "flax.linen": ("flax",),
    "flax.nnx": ("flax",),
    "torch": ("torch",),
    "torch.nn": ("torch",),
    "torch.nn.functional": ("torch",),
    "torch.nn.modules.activation": ("torch",),  # where the classes say that they are
    "keras": ("keras", "keras.layers"),  # Keras 3
    "keras.activations": ("keras",),
    "keras.layers": ("keras.layers",),
    "keras2": ("keras2",),  # tf.keras of Keras 2: activations, and layers
    "tfa": ("tfa",),  # TensorFlow Addons: activations, and layers
    "tfa.activations": ("tfa",),
    "tfa.layers": ("tfa",),
    "tensorflow_addons.activations": ("tfa",),
    "tensorflow_addons.layers": ("tfa",),
    "hf": ("hf",),  # ACT2FN of Hugging Face's transformers
    "transformers.activations": ("transformers.activations",),
    "transformers.activations.act2fn": ("hf",),
    "timm": ("timm",),  # create_act
    "timm.layers": ("timm",),
    "onnx": ("onnx",),  # operators
    "mlx": ("mlx",),
    "mlx.core": ("mlx",),
    "mlx.nn": ("mlx",),
    "te": ("te",),  # NVIDIA Transformer Engine
    "jnp": ("jax.numpy",),
    "nnx": ("flax",),
    "equinox": ("equinox", "jax"),  # Equinox and Haiku take the functions of jax.nn
    "equinox.nn": ("equinox", "jax"),
    "eqx": ("equinox", "jax"),
    "eqx.nn": ("equinox", "jax"),
    "haiku": ("jax",),
    "hk": ("jax",),
}
# The libraries whose gated units read one packed array in another layout than ours by default.
PACKED_LAYOUTS = {"te": "gate_value"}
