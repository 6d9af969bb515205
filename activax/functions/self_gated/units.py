"""Self-gated units of published models: silu, swish, the approximations of gelu, mish, lisht.

`activax.numerics.self_gate` holds their kernels.
"""

import jax.numpy as jnp
from jax import Array, lax

from activax.core.combinators import self_gated
from activax.core.elementwise import elementwise
from activax.core.elsewhere import elsewhere
from activax.core.residuals import from_branch
from activax.functions.sigmoidal import hyperbolic
from activax.numerics.coefficients import (
    GELU_TANH_ROOT,
    MISH_ROOT,
    QUICK_GELU_POINT,
    SILU_POINT,
)
from activax.numerics.double_words import multiply, odd_cubic, root_minus_words
from activax.numerics.selects import (
    FAR,
    at_least,
    at_most,
    clip,
    largest_finite,
    limit_product,
    magnitude,
)
from activax.numerics.self_gate import (
    GELU_TANH_CUBIC,
    GELU_TANH_LINEAR,
    gelu_tanh_slope,
    mish_slope,
    self_gate,
    silu_slope_from,
)
from activax.numerics.slope_from_value import gelu_tanh_slope_at, mish_slope_at, silu_slope_at
from activax.numerics.transcendental import SHIFT, UNSHIFT, exp

__all__ = [
    "acon_a",
    "gelu_tanh",
    "lisht",
    "mish",
    "quick_gelu",
    "sielu",
    "silu",
    "swish",
]


@elsewhere(
    {
        "jax flax tfa te": "gelu",
        "hf": "gelu_new gelu_fast gelu_accurate gelu_pytorch_tanh gelu_python_tanh",
        "transformers.activations": "AccurateGELUActivation FastGELUActivation GELUTanh "
        "NewGELUActivation PytorchGELUTanh",
        "timm": "gelu_tanh",
        "mlx": "gelu_approx",
    },
    torch='F.gelu(x, approximate="tanh")',
)
@elementwise(
    gelu_tanh_slope,
    lean=(from_branch(lambda x: x > -GELU_TANH_ROOT[0], gelu_tanh_slope_at, float64=False),),
    reference=lambda mp, x: (
        x / (1 + mp.exp(-2 * mp.sqrt(2 / mp.pi) * (x + mp.mpf("0.044715") * x**3)))
    ),
    plain=lambda x: x * lax.logistic(x * (GELU_TANH_LINEAR + GELU_TANH_CUBIC * x * x)),
)
def gelu_tanh(x: Array) -> Array:
    """Gaussian error linear unit, in its tanh approximation: the default of `jax.nn.gelu`.

    Formula:
        gelu_tanh(x) = x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2

    Example:
        >>> activax.gelu_tanh(jnp.array([-1.0, 1.0]))
        Array([-0.15880801,  0.841192  ], dtype=float32)
        >>> bool(activax.gelu_tanh(-8.0) < 0)  # jax.nn.gelu gives -0.0
        True

    Paper:
        Hendrycks & Gimpel 2016, Gaussian Error Linear Units (GELUs), arXiv:1606.08415.
    """
    a = at_most(magnitude(x), 100.0)  # the gate is saturated long before
    return self_gate(x, -a, x < 0, odd_cubic(a, -GELU_TANH_LINEAR, -GELU_TANH_CUBIC))


_QUICK = 1.702  # makes the logistic function closest to the normal distribution function


def _quick_gelu_slope(x: Array) -> Array:
    return silu_slope_from(
        x, multiply(_QUICK, *root_minus_words(QUICK_GELU_POINT, at_most(magnitude(x), FAR)))
    )


@elsewhere(
    {
        "hf timm": "quick_gelu",
        "transformers.activations": "QuickGELUActivation",
        "mlx": "gelu_fast_approx",
        "te": "qgelu",
    },
    jax="x * jax.nn.sigmoid(1.702 * x)",
    torch="x * torch.sigmoid(1.702 * x)",
)
@elementwise(
    _quick_gelu_slope,
    lean=(
        from_branch(
            lambda x: x > -QUICK_GELU_POINT[0],
            lambda out, right: silu_slope_at(_QUICK * out, right),
            float64=False,
        ),
    ),
    reference=lambda mp, x: x / (1 + mp.exp(-mp.mpf("1.702") * x)),
    plain=lambda x: x * lax.logistic(_QUICK * x),
)
def quick_gelu(x: Array) -> Array:
    """Gaussian error linear unit, in its sigmoid approximation.

    Formula:
        quick_gelu(x) = x sigmoid(1.702 x)

    Example:
        >>> activax.quick_gelu(jnp.array([-1.0, 1.0]))
        Array([-0.15420425,  0.8457958 ], dtype=float32)

    Paper:
        Hendrycks & Gimpel 2016, Gaussian Error Linear Units (GELUs), arXiv:1606.08415; used by
        Radford et al. 2021, Learning Transferable Visual Models From Natural Language Supervision
        (CLIP), arXiv:2103.00020.
    """
    a = at_most(magnitude(x), FAR)
    return self_gate(x, -a, x < 0, multiply(-_QUICK, a))


def _silu_slope(v: Array) -> Array:
    return silu_slope_from(v, (-at_most(magnitude(v), FAR), jnp.asarray(SILU_POINT[0], v.dtype)))


@elsewhere(
    {
        "jax flax keras hf timm": "silu swish",
        "torch mlx te": "silu",
        "keras2": "swish",
        "transformers.activations": "SiLUActivation",
        "onnx": "Swish",
    }
)
@elementwise(
    _silu_slope,
    lean=(from_branch(lambda x: x > -SILU_POINT[0], silu_slope_at, float64=False),),
    reference=lambda mp, x: x / (1 + mp.exp(-x)),
    plain=lambda x: x * lax.logistic(x),
)
def silu(x: Array) -> Array:
    """Sigmoid linear unit, also known as swish with beta = 1.

    Formula:
        silu(x) = x sigmoid(x)

    Example:
        >>> activax.silu(jnp.array([-1.0, 0.0, 1.0]))
        Array([-0.26894143,  0.        ,  0.7310586 ], dtype=float32)

    Paper:
        Elfwing, Uchibe & Doya 2017, Sigmoid-Weighted Linear Units for Neural Network Function
        Approximation in Reinforcement Learning, arXiv:1702.03118.
    """
    return self_gate(x, clip(x, -FAR, FAR), x < 0, (-magnitude(x), None))


def _swish_slope_beta(x: Array, beta: Array) -> Array:
    # x^2 logistic'(beta x) = (x h / (1 + h^2))^2 with h = exp(-|beta x| / 2), whose product with x
    # does not overflow.
    v = at_most(magnitude(limit_product(x, beta)), FAR)
    h = exp(-v / 2)
    far = largest_finite(x) ** 0.5
    root = clip(x, -far, far) * h / (1 + h * h)
    return root * root


@elsewhere(jax="jax.nn.silu(x)", torch="F.silu(x)")
@elementwise(
    lambda x, beta: _silu_slope(limit_product(x, beta)),
    _swish_slope_beta,
    lean=(
        from_branch(
            lambda x, beta: (beta * x > -SILU_POINT[0]) | (beta == 0),  # also at infinity
            lambda out, right, beta: silu_slope_at(limit_product(out, beta), right),
            float64=False,
        ),
    ),
    reference=lambda mp, x, beta: x * (1 + mp.tanh(beta * x / 2)) / 2,
    plain=lambda x, beta: x * lax.logistic(beta * x),
)
def swish(x: Array, beta: Array | float = 1.0) -> Array:
    """Swish: silu with a sharpness, which may be trained.

    Formula:
        swish(x) = x sigmoid(beta x)

    Args:
        beta: the sharpness, from 0 (x / 2) to large (relu); -beta gives -swish(-x, beta); a number
            or an array that broadcasts against x.

    Example:
        >>> activax.swish(jnp.array([-1.0, 1.0]), beta=2.0)
        Array([-0.11920293,  0.880797  ], dtype=float32)

    Paper:
        Ramachandran, Zoph & Le 2017, Searching for Activation Functions, arXiv:1710.05941.
    """
    v = limit_product(x, beta)
    return self_gate(x, clip(x, -FAR, FAR), v < 0, (-magnitude(v), None))


@elsewhere(
    {
        "jax torch keras keras2 tfa hf timm mlx": "mish",
        "transformers.activations": "MishActivation",
        "onnx": "Mish",
    }
)
@elementwise(
    mish_slope,
    lean=(from_branch(lambda x: x > -MISH_ROOT[0], mish_slope_at, float64=False),),
    reference=lambda mp, x: x * mp.tanh(mp.log1p(mp.exp(x))),
)
def mish(x: Array) -> Array:
    """Mish, computed with one exponential and one division.

    Formula:
        mish(x) = x tanh(log(1 + exp(x)))

    Example:
        >>> activax.mish(jnp.array([-1.0, 0.0, 1.0]))
        Array([-0.30340144,  0.        ,  0.8650984 ], dtype=float32)

    Paper:
        Misra 2019, Mish: A Self Regularized Non-Monotonic Activation Function, arXiv:1908.08681.
    """
    # With e = exp(-|x|), tanh(log(1 + exp(x))) is 1 - c on the right and e (1 - c) on the left.
    left = x < 0
    tail = exp(-magnitude(x), shift=SHIFT)
    e = tail * UNSHIFT
    c = e * jnp.where(left, 1 + e, 2 * e) / jnp.where(left, 2 + e * (2 + e), 1 + 2 * e * (1 + e))
    bound = jnp.where(left, at_least(x, -FAR) * tail * UNSHIFT, x)
    return bound - at_most(bound, FAR) * c


@elsewhere({"tfa": "lisht"})
@self_gated(hyperbolic.tanh, vanishes=False)
def lisht(x: Array) -> Array:
    """Linearly scaled hyperbolic tangent: even, and not negative.

    Paper:
        Roy, Manna, Dubey & Chaudhuri 2019, LiSHT: Non-Parametric Linearly Scaled Hyperbolic
        Tangent Activation Function for Neural Networks, arXiv:1901.05894.
    """


acon_a = swish
sielu = gelu_tanh
