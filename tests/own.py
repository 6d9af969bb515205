"""An activation of a user, defined at the top of a module outside the library."""

import activax


@activax.elementwise(
    lambda x, scale: 2 * scale * x,
    lambda x, scale: x * x,
    reference=lambda mp, x, scale: scale * x**2,
)
def scaled_square(x, scale=1.0):
    """The square of x, defined outside the library."""
    return scale * x * x
