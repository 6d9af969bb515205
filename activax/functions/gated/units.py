"""Gated linear units of language models."""

from jax import Array
from jax.typing import ArrayLike

from activax.core.elsewhere import elsewhere
from activax.core.gated import gated
from activax.functions import gate_factors as factors
from activax.functions.gaussian import gelu
from activax.functions.piecewise.rectifiers import relu
from activax.functions.powers.quadratic import relu_squared
from activax.functions.self_gated.units import gelu_tanh, quick_gelu, silu
from activax.functions.sigmoidal.logistic import sigmoid

__all__ = [
    "clamped_swiglu",
    "gated_attention_gate",
    "geglu",
    "geglu_tanh",
    "glu",
    "gpt_oss_swiglu",
    "qgeglu",
    "quick_geglu",
    "reglu",
    "situ_glu",
    "squared_reglu",
    "sreglu",
    "swiglu",
]


@elsewhere(
    {"jax flax torch keras mlx te": "glu"},
    jax="jax.nn.sigmoid(gate) * value",
    torch="torch.sigmoid(gate) * value",
)
@gated(by=sigmoid)
def glu(
    gate: ArrayLike, value: ArrayLike | None = None, *, layout: str = "value_gate", axis: int = -1
) -> Array:
    """Gated linear unit, the only unit whose packed form has a default: the one of `jax.nn.glu`.

    Example:
        >>> activax.glu(jnp.array([0.0]), jnp.array([2.0]))
        Array([1.], dtype=float32)
        >>> activax.glu(jnp.array([2.0, 0.0]))
        Array([1.], dtype=float32)

    Paper:
        Dauphin, Fan, Auli & Grangier 2016, Language Modeling with Gated Convolutional Networks,
        arXiv:1612.08083.
    """


@elsewhere({"te": "swiglu"}, jax="jax.nn.silu(gate) * value", torch="F.silu(gate) * value")
@gated(by=silu)
def swiglu(
    gate: ArrayLike, value: ArrayLike | None = None, *, layout: str | None = None, axis: int = -1
) -> Array:
    """Gated unit with a silu gate.

    Example:
        >>> activax.swiglu(jnp.array([1.0]), jnp.array([2.0]))
        Array([1.4621172], dtype=float32)
        >>> activax.swiglu(jnp.array([1.0, 2.0]), layout="gate_value")
        Array([1.4621172], dtype=float32)

    Paper:
        Shazeer 2020, GLU Variants Improve Transformer, arXiv:2002.05202.
    """


@elsewhere(jax="jax.nn.gelu(gate, approximate=False) * value", torch="F.gelu(gate) * value")
@gated(by=gelu)
def geglu(
    gate: ArrayLike, value: ArrayLike | None = None, *, layout: str | None = None, axis: int = -1
) -> Array:
    """Gated unit with an exact gelu gate.

    Example:
        >>> activax.geglu(jnp.array([1.0]), jnp.array([2.0]))
        Array([1.6826894], dtype=float32)

    Paper:
        Shazeer 2020, GLU Variants Improve Transformer, arXiv:2002.05202.
    """


@elsewhere({"te": "reglu"}, jax="jax.nn.relu(gate) * value", torch="F.relu(gate) * value")
@gated(by=relu)
def reglu(
    gate: ArrayLike, value: ArrayLike | None = None, *, layout: str | None = None, axis: int = -1
) -> Array:
    """Gated unit with a relu gate.

    Example:
        >>> activax.reglu(jnp.array([-1.0, 1.0]), jnp.array([2.0, 2.0]))
        Array([0., 2.], dtype=float32)

    Paper:
        Shazeer 2020, GLU Variants Improve Transformer, arXiv:2002.05202.
    """


@elsewhere({"te": "geglu"})
@gated(by=gelu_tanh)
def geglu_tanh(
    gate: ArrayLike, value: ArrayLike | None = None, *, layout: str | None = None, axis: int = -1
) -> Array:
    """Gated unit with a gelu_tanh gate: the geglu of Transformer Engine and Liger Kernel.

    Example:
        >>> activax.geglu_tanh(jnp.array([1.0]), jnp.array([2.0]))
        Array([1.682384], dtype=float32)

    Paper:
        Shazeer 2020, GLU Variants Improve Transformer, arXiv:2002.05202.
    """


@elsewhere({"te": "qgeglu"})
@gated(by=quick_gelu)
def qgeglu(
    gate: ArrayLike, value: ArrayLike | None = None, *, layout: str | None = None, axis: int = -1
) -> Array:
    """Gated unit with a quick_gelu gate.

    Example:
        >>> activax.qgeglu(jnp.array([1.0]), jnp.array([2.0]))
        Array([1.6915916], dtype=float32)

    Paper:
        NVIDIA Transformer Engine; the gate is from Radford et al. 2021, Learning Transferable
        Visual Models From Natural Language Supervision (CLIP), arXiv:2103.00020.
    """


@elsewhere({"te": "sreglu"})
@gated(by=relu_squared)
def squared_reglu(
    gate: ArrayLike, value: ArrayLike | None = None, *, layout: str | None = None, axis: int = -1
) -> Array:
    """Gated unit with a relu_squared gate.

    Formula:
        squared_reglu(gate, value) = max(gate, 0)^2 value

    Example:
        >>> activax.squared_reglu(jnp.array([-1.0, 3.0]), jnp.array([2.0, 2.0]))
        Array([ 0., 18.], dtype=float32)

    Paper:
        NVIDIA Transformer Engine; the gate is from So et al. 2021, Primer: Searching for
        Efficient Transformers, arXiv:2109.08668.
    """


@elsewhere({"te": "clamped_swiglu"})
@gated(by=factors.limited_swish, value_by=factors.clipped)
def clamped_swiglu(
    gate: ArrayLike,
    value: ArrayLike | None = None,
    *,
    layout: str | None = None,
    axis: int = -1,
    alpha: float = 1.702,
    limit: float = 7.0,
    offset: float = 1.0,
) -> Array:
    """Gated unit with a swish gate, gate and value clamped: the unit of gpt-oss.

    The published models interleave gate and value: `layout="interleaved"`.

    Formula:
        clamped_swiglu(gate, value) = g sigmoid(alpha g) (v + offset), where g = min(gate, limit)
        and v = min(max(value, -limit), limit); the slope at a clamp is the inside one, as in
        torch, and 0 beyond

    Args:
        alpha: the sharpness of the gate.
        limit: the largest gate and the largest magnitude of a value.
        offset: the number added to the value.

    Example:
        >>> activax.clamped_swiglu(jnp.array([1.0, 9.0]), jnp.array([2.0, -9.0]))
        Array([  2.5373874, -41.999718 ], dtype=float32)

    Paper:
        OpenAI 2025, gpt-oss-120b & gpt-oss-20b Model Card, arXiv:2508.10925.
    """


@elsewhere({"te": "situglu"})
@gated(by=factors.capped_silu, value_by=factors.capped)
def situ_glu(
    gate: ArrayLike,
    value: ArrayLike | None = None,
    *,
    layout: str | None = None,
    axis: int = -1,
    gate_cap: float = 4.0,
    value_cap: float = 25.0,
) -> Array:
    """Gated unit with a silu gate, gate and value capped smoothly by tanh.

    Formula:
        situ_glu(gate, value) = cap(gate, gate_cap) sigmoid(gate) cap(value, value_cap), where
        cap(x, c) = c tanh(x / c)

    Args:
        gate_cap: the bound of the gate.
        value_cap: the bound of the value.

    Example:
        >>> activax.situ_glu(jnp.array([1.0, 100.0]), jnp.array([2.0, 1000.0]))
        Array([  1.4293509, 100.       ], dtype=float32)

    Paper:
        NVIDIA Transformer Engine.
    """


gated_attention_gate = glu
quick_geglu = qgeglu
sreglu = squared_reglu
gpt_oss_swiglu = clamped_swiglu
