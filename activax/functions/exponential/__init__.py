"""Smooth rectifiers and exponential-linear units.

Modules:
    rectifiers  Softplus, its square root, and squareplus.
    units       Exponential-linear units.
"""
