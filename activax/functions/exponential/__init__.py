"""Smooth rectifiers and exponential-linear units.

Modules:
    rectifiers         Softplus, its square root, and squareplus.
    smooth_kinks       Smooth versions of a kink between two lines.
    smooth_rectifiers  Softplus, shifted, scaled or joined to a line.
    units              Exponential-linear units.
"""
