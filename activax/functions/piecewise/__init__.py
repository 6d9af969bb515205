"""Rectifiers made of straight pieces.

rectifiers: rectified linear units, leaky and saturating. thresholds: those with a threshold.
"""
