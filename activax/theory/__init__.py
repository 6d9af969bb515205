"""What mean-field theory says about an activation."""

from activax.theory.breakpoints import Breakpoint as Breakpoint
from activax.theory.breakpoints import breakpoints as breakpoints
from activax.theory.criticality import Critical as Critical
from activax.theory.criticality import critical as critical
from activax.theory.extrema import Minimum as Minimum
from activax.theory.extrema import lipschitz as lipschitz
from activax.theory.extrema import minimum as minimum
from activax.theory.hermite import hermite as hermite
from activax.theory.isometry import Isometry as Isometry
from activax.theory.isometry import isometry as isometry
from activax.theory.moments import Moments as Moments
from activax.theory.moments import gain as gain
from activax.theory.moments import moments as moments
from activax.theory.moments import second_moment as second_moment
from activax.theory.polynomials import Blowup as Blowup
from activax.theory.polynomials import FixedPoint as FixedPoint
from activax.theory.polynomials import blowup as blowup
from activax.theory.propagation import Propagation as Propagation
from activax.theory.propagation import propagate as propagate
from activax.theory.unit_scaling import Scaled as Scaled
from activax.theory.unit_scaling import scaled as scaled
