"""Activations of the form x g(x), where the gate g rises from 0 to 1, and their kin.

Modules:
    units  Sigmoid linear units, the approximations of gelu, mish and lisht.
"""
