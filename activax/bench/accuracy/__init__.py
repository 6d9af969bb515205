"""The error of a function of floats, beside the same function in float64.

Modules:
    floats  Floats at which a function is likely to be wrong.
    ulps    The error in units in the last place.
    slopes  The absolute error of the slope that an activation computes from what it keeps.
"""
