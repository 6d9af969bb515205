"""Mean-field theory of deep networks, for any activation."""

from activax.core import contents as _contents
from activax.theory.breakpoints import Breakpoint, breakpoints
from activax.theory.criticality import Critical, critical
from activax.theory.duals import Dual, dual
from activax.theory.extrema import Minimum, lipschitz, minimum
from activax.theory.hermite import hermite
from activax.theory.isometry import Isometry, isometry
from activax.theory.kernels import Kernel, nngp, ntk
from activax.theory.moments import Moments, gain, moments, second_moment
from activax.theory.polynomials import Blowup, FixedPoint, blowup
from activax.theory.propagation import Propagation, propagate
from activax.theory.self_normalizing import SelfNormalizing, self_normalize
from activax.theory.shaping import Shaped, shape
from activax.theory.traits import Traits, traits
from activax.theory.unit_scaling import Scaled, scaled

__all__ = [
    "Blowup",
    "Breakpoint",
    "Critical",
    "Dual",
    "FixedPoint",
    "Isometry",
    "Kernel",
    "Minimum",
    "Moments",
    "Propagation",
    "Scaled",
    "SelfNormalizing",
    "Shaped",
    "Traits",
    "blowup",
    "breakpoints",
    "critical",
    "dual",
    "gain",
    "hermite",
    "isometry",
    "lipschitz",
    "minimum",
    "moments",
    "nngp",
    "ntk",
    "propagate",
    "scaled",
    "second_moment",
    "self_normalize",
    "shape",
    "traits",
]

__doc__ = _contents.index(__name__, __all__)


def __dir__() -> list[str]:
    return __all__
