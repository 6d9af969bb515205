"""Estimators: functions with few values, whose slopes are those of a continuous function.

Modules:
    signs          Values of one sign or the other, and 0.
    levels         Roundings to evenly spaced levels.
    finite_scalar  A hyperbolic tangent that is rounded to levels.
    whole_numbers  The check that a number of bits or levels is whole.
"""
