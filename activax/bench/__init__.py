"""Measurements of activations and of the networks that use them."""

from activax.bench.memory import kept as kept
