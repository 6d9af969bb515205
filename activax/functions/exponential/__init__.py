"""Smooth rectifiers and exponential-linear units.

rectifiers: softplus, its square root, and squareplus. units: exponential-linear units.
"""
