"""Gated linear units with further gates, and with an activation of the value."""

from jax import Array
from jax.typing import ArrayLike

from activax.core.elsewhere import elsewhere
from activax.core.gated import gated, unchanged
from activax.functions import gate_factors as factors
from activax.functions.exponential.units import selu
from activax.functions.gaussian import laplace_cdf_gate
from activax.functions.piecewise.rectifiers import relu
from activax.functions.self_gated.units import mish
from activax.functions.sigmoidal.hyperbolic import tanh
from activax.functions.sigmoidal.logistic import sigmoid

__all__ = [
    "bilinear",
    "drelu_glu",
    "gtu",
    "laplace_glu",
    "miglu",
    "powglu",
    "seglu",
    "simple_gate",
    "tanh_glu",
    "xatglu",
    "xgeglu",
    "xswiglu",
]


@elsewhere(jax="gate * value", torch="gate * value")
@gated(by=unchanged, unbounded=True)
def bilinear(
    gate: ArrayLike, value: ArrayLike | None = None, *, layout: str | None = None, axis: int = -1
) -> Array:
    """Product of two arrays: a gated unit without an activation.

    Formula:
        bilinear(gate, value) = gate value

    Example:
        >>> activax.bilinear(jnp.array([3.0, -1.0]), jnp.array([2.0, 2.0]))
        Array([ 6., -2.], dtype=float32)

    Paper:
        Shazeer 2020, GLU Variants Improve Transformer, arXiv:2002.05202; as SimpleGate Chen, Chu,
        Zhang & Sun 2022, Simple Baselines for Image Restoration, arXiv:2204.04676.
    """


@elsewhere(
    jax="jax.nn.sigmoid(gate) * jnp.tanh(value)", torch="torch.sigmoid(gate) * torch.tanh(value)"
)
@gated(by=sigmoid, value_by=tanh)
def gtu(
    gate: ArrayLike, value: ArrayLike | None = None, *, layout: str | None = None, axis: int = -1
) -> Array:
    """Gated tanh unit, with a sigmoid gate.

    The published models pack the value first: `layout="value_gate"`.

    Example:
        >>> activax.gtu(jnp.array([0.0]), jnp.array([1.0]))
        Array([0.3807971], dtype=float32)

    Paper:
        van den Oord et al. 2016, Conditional Image Generation with PixelCNN Decoders,
        arXiv:1606.05328.
    """


@gated(by=tanh)
def tanh_glu(
    gate: ArrayLike, value: ArrayLike | None = None, *, layout: str | None = None, axis: int = -1
) -> Array:
    """Gated unit with a tanh gate, which may turn the sign of the value.

    Example:
        >>> activax.tanh_glu(jnp.array([-1.0]), jnp.array([2.0]))
        Array([-1.5231884], dtype=float32)

    Paper:
        Folklore.
    """


@gated(by=selu)
def seglu(
    gate: ArrayLike, value: ArrayLike | None = None, *, layout: str | None = None, axis: int = -1
) -> Array:
    """Gated unit with a selu gate.

    Paper:
        None; SeGLU of ActTensor.
    """


@gated(by=mish)
def miglu(
    gate: ArrayLike, value: ArrayLike | None = None, *, layout: str | None = None, axis: int = -1
) -> Array:
    """Gated unit with a mish gate.

    Paper:
        Folklore.
    """


@gated(by=factors.falling_silu)
def powglu(
    gate: ArrayLike,
    value: ArrayLike | None = None,
    m: ArrayLike = 3.0,
    *,
    layout: str | None = None,
    axis: int = -1,
) -> Array:
    """Power gated unit: its gate is silu, but for positive inputs a power that falls to 0.

    The gate has a maximum, of 5.32 at 12.9 for m = 3, and tends to 1. Some code calls it powlu.

    Formula:
        powglu(gate, value) = f(gate) value, where f(x) = x^(m / (sqrt(x) + 1)) sigmoid(x) if x > 0
        else silu(x); the slope at 0 is the left one

    Args:
        m: the power next to 0; a number or an array that broadcasts against the gate.

    Example:
        >>> activax.powglu(jnp.array([1.0, -1.0]), jnp.array([2.0, 2.0]))
        Array([ 1.4621172, -0.5378828], dtype=float32)

    Paper:
        Wang et al. 2026, PowLU, arXiv:2605.25704.
    """


@gated(by=relu, value_by=relu, unbounded=True)
def drelu_glu(
    gate: ArrayLike, value: ArrayLike | None = None, *, layout: str | None = None, axis: int = -1
) -> Array:
    """Gated unit that rectifies gate and value, so that most of its output is 0.

    Example:
        >>> activax.drelu_glu(jnp.array([1.0, -1.0, 1.0]), jnp.array([2.0, 2.0, -2.0]))
        Array([2., 0., 0.], dtype=float32)

    Paper:
        Song et al. 2024, Turbo Sparse: Achieving LLM SOTA Performance with Minimal Activated
        Parameters, arXiv:2406.05955.
    """


@gated(by=laplace_cdf_gate)
def laplace_glu(
    gate: ArrayLike, value: ArrayLike | None = None, *, layout: str | None = None, axis: int = -1
) -> Array:
    """Gated unit with the normal distribution function of Mega as its gate.

    Paper:
        Ma et al. 2022, Mega: Moving Average Equipped Gated Attention, arXiv:2209.10655; a unit of
        its gate.
    """


@gated(by=factors.expanded_angle, value_by=factors.over_pi)
def xatglu(
    gate: ArrayLike,
    value: ArrayLike | None = None,
    alpha: ArrayLike = 0.0,
    *,
    layout: str | None = None,
    axis: int = -1,
) -> Array:
    """Gated unit with an arctangent as its gate, in an expanded range.

    Formula:
        xatglu(gate, value) = (g (1 + 2 alpha) - alpha) value, where g = arctan(gate) / pi + 1 / 2

    Args:
        alpha: how far the gate goes below 0 and above 1, which is trained; a number, or an array
            that broadcasts against the gate.

    Example:
        >>> activax.xatglu(jnp.array([0.0, 1.0]), jnp.array([2.0, 2.0]), jnp.array([0.0, 0.5]))
        Array([1., 2.], dtype=float32)

    Paper:
        Huang 2024, Expanded Gating Ranges Improve Activation Functions, arXiv:2405.20768.
    """


@gated(by=factors.expanded_gaussian)
def xgeglu(
    gate: ArrayLike,
    value: ArrayLike | None = None,
    alpha: ArrayLike = 0.0,
    *,
    layout: str | None = None,
    axis: int = -1,
) -> Array:
    """Gated unit with a normal distribution function as its gate, in an expanded range.

    Formula:
        xgeglu(gate, value) = (g (1 + 2 alpha) - alpha) value, where g = Phi(gate)

    Args:
        alpha: how far the gate goes below 0 and above 1, which is trained; a number, or an array
            that broadcasts against the gate.

    Paper:
        Huang 2024, Expanded Gating Ranges Improve Activation Functions, arXiv:2405.20768.
    """


@gated(by=factors.expanded_sigmoid)
def xswiglu(
    gate: ArrayLike,
    value: ArrayLike | None = None,
    alpha: ArrayLike = 0.0,
    *,
    layout: str | None = None,
    axis: int = -1,
) -> Array:
    """Gated unit with a sigmoid as its gate, in an expanded range.

    Formula:
        xswiglu(gate, value) = (g (1 + 2 alpha) - alpha) value, where g = sigmoid(gate)

    Args:
        alpha: how far the gate goes below 0 and above 1, which is trained; a number, or an array
            that broadcasts against the gate.

    Paper:
        Huang 2024, Expanded Gating Ranges Improve Activation Functions, arXiv:2405.20768.
    """


simple_gate = bilinear
