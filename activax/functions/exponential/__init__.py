"""Smooth rectifiers and exponential-linear units.

Modules:
    rectifiers         Softplus, its square root, and squareplus.
    smooth_kinks       Smooth versions of a kink between two lines.
    smooth_rectifiers  Softplus, shifted, scaled or joined to a line.
    units              Exponential-linear units.
    scaled             Exponential-linear units with trained scales and rates.
    shifted            Units that are shifted, deformed, or blended with their mirror image.
    damped             Units whose left side is a product with an exponential or a sigmoid.
    tails              Units with another saturating function in place of the exponential.
    algebraic          Units with an algebraic function in place of the exponential.
    logarithmic        Rectifiers that grow or fall as a logarithm.
"""
