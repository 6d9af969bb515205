"""Estimators: functions with few values, whose slopes are those of a continuous function.

Modules:
    signs    Values of one sign or the other, and 0.
    levels   Roundings to evenly spaced levels.
"""
