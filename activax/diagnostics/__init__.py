"""What happens inside a network."""

from activax.diagnostics.units import dead as dead
