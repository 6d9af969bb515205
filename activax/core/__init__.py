"""The Activation, the decorators that define one, and the rule that differentiates it."""

from activax.core.activation import Activation
from activax.core.affine import affine
from activax.core.combinators import mix, self_gated
from activax.core.complex_valued import complex_valued, split_complex
from activax.core.elementwise import elementwise
from activax.core.fast import fast
from activax.core.gated import gated, split
from activax.core.glu_of import glu_of
from activax.core.piecewise import piecewise
from activax.core.plain import plain
from activax.core.ranges import Range
from activax.core.residuals import from_branch, from_output, from_piece
from activax.core.vector import vector

__all__ = [
    "Activation",
    "Range",
    "affine",
    "complex_valued",
    "elementwise",
    "fast",
    "from_branch",
    "from_output",
    "from_piece",
    "gated",
    "glu_of",
    "mix",
    "piecewise",
    "plain",
    "self_gated",
    "split",
    "split_complex",
    "vector",
]
