"""Names of papers and of other libraries that are no activations here, each with the reason."""

from collections.abc import Mapping
from types import MappingProxyType

_BY_REASON = {
    "The backward pass depends on the sign of the cotangent, so it is the derivative of no "
    "function.": ("guided_relu", "deconv_relu"),
    "Only other catalogues print a formula, and no paper or code settles it.": ("iplu", "hclsh"),
    "No public source of its formula was found; `activax.softplus(x)**2` has the meaning of its "
    "name.": ("squared_softplus",),
    "For a negative alpha it has a pole whose place depends on alpha, and a domain here is that of "
    "all parameters.": ("soft_exponential",),
    "A polynomial with trained coefficients overflows. Bounded ones are `chebyshev_kan` and "
    "`legendre_kan`.": ("slaf",),
    "With coefficients of 40 its slope is off by 12 ulp. It is a basis of `nn.kan`.": ("relu_kan",),
    "Write `activax.affine(activax.mexican_hat, ...)`.": ("wav_kan",),
    "A blend of activations is a sum; `activax.mix` blends two.": ("abu", "activation_selector"),
    "The activation is `siren_sine`, and the weights are `initializers.siren`.": ("siren",),
    "Write `activax.smelu.bind(beta=0.5)`.": ("sq_softplus",),
    "Write `activax.split_complex(activax.relu)`, or any other activation.": (
        "c_relu_split",
        "split_any",
    ),
    "It needs running statistics of batches, which no layer holds; `nn.evonorm_s0` needs none.": (
        "evonorm_b0",
    ),
    "Write `v * activax.sigmoid(s)[..., None]`, for scalars s and vectors v.": ("gate_irreps",),
    "The activation of a published model stands after 'model', as in "
    "`activax.get('model.deepseek_v4')`.": ("deepseek_v4_swiglu",),
}
ABSENT_NAMES: Mapping[str, str] = MappingProxyType(
    {name: reason for reason, names in _BY_REASON.items() for name in names}
)
"""The reason by name."""


def reasons() -> str:
    """Return the names and the reasons as a list."""
    return "\n".join(f"- {', '.join(names)}: {reason}" for reason, names in _BY_REASON.items())
