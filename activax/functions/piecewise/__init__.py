"""Rectifiers made of straight pieces.

Modules:
    rectifiers  Rectified linear units, leaky and saturating.
    thresholds  Rectifiers with a threshold.
"""
