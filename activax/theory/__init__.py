"""What mean-field theory says about an activation."""

from activax.theory.moments import gain as gain
from activax.theory.moments import second_moment as second_moment
