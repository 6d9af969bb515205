"""Gated linear units: an activation of one array times another."""

from jax import Array
from jax.typing import ArrayLike

from activax._gated import gated
from activax.functions.piecewise import relu
from activax.functions.self_gated import gelu, silu
from activax.functions.sigmoidal import sigmoid


@gated(by=sigmoid)
def glu(
    gate: ArrayLike, value: ArrayLike | None = None, *, layout: str = "value_gate", axis: int = -1
) -> Array:
    """Gated linear unit; the one unit whose packed form has a default, that of `jax.nn.glu`.

    Formula:
        glu(gate, value) = sigmoid(gate) value

    Args:
        gate: an array of any shape and real dtype; or value and gate, packed along `axis`.
        value: an array of the shape of gate.
        layout: how a packed array is laid out: "value_gate", "gate_value" or "interleaved".
        axis: the packed axis.

    Example:
        >>> activax.glu(jnp.array([0.0]), jnp.array([2.0]))
        Array([1.], dtype=float32)
        >>> activax.glu(jnp.array([2.0, 0.0]))
        Array([1.], dtype=float32)

    Paper:
        Dauphin, Fan, Auli & Grangier 2016, Language Modeling with Gated Convolutional Networks,
        arXiv:1612.08083.
    """
    raise NotImplementedError


@gated(by=silu)
def swiglu(
    gate: ArrayLike, value: ArrayLike | None = None, *, layout: str | None = None, axis: int = -1
) -> Array:
    """Gated unit with a silu gate.

    Formula:
        swiglu(gate, value) = silu(gate) value

    Args:
        gate: an array of any shape and real dtype; or both, packed along `axis`.
        value: an array of the shape of gate.
        layout: how a packed array is laid out: "value_gate", "gate_value" or "interleaved";
            there is no default, because published models differ.
        axis: the packed axis.

    Example:
        >>> activax.swiglu(jnp.array([1.0]), jnp.array([2.0]))
        Array([1.4621172], dtype=float32)
        >>> activax.swiglu(jnp.array([1.0, 2.0]), layout="gate_value")
        Array([1.4621172], dtype=float32)

    Paper:
        Shazeer 2020, GLU Variants Improve Transformer, arXiv:2002.05202.
    """
    raise NotImplementedError


@gated(by=gelu)
def geglu(
    gate: ArrayLike, value: ArrayLike | None = None, *, layout: str | None = None, axis: int = -1
) -> Array:
    """Gated unit with an exact gelu gate.

    Formula:
        geglu(gate, value) = gelu(gate) value

    Args:
        gate: an array of any shape and real dtype; or both, packed along `axis`.
        value: an array of the shape of gate.
        layout: how a packed array is laid out: "value_gate", "gate_value" or "interleaved".
        axis: the packed axis.

    Example:
        >>> activax.geglu(jnp.array([1.0]), jnp.array([2.0]))
        Array([1.6826894], dtype=float32)

    Paper:
        Shazeer 2020, GLU Variants Improve Transformer, arXiv:2002.05202.
    """
    raise NotImplementedError


@gated(by=relu)
def reglu(
    gate: ArrayLike, value: ArrayLike | None = None, *, layout: str | None = None, axis: int = -1
) -> Array:
    """Gated unit with a relu gate.

    Formula:
        reglu(gate, value) = relu(gate) value

    Args:
        gate: an array of any shape and real dtype; or both, packed along `axis`.
        value: an array of the shape of gate.
        layout: how a packed array is laid out: "value_gate", "gate_value" or "interleaved".
        axis: the packed axis.

    Example:
        >>> activax.reglu(jnp.array([-1.0, 1.0]), jnp.array([2.0, 2.0]))
        Array([0., 2.], dtype=float32)

    Paper:
        Shazeer 2020, GLU Variants Improve Transformer, arXiv:2002.05202.
    """
    raise NotImplementedError
