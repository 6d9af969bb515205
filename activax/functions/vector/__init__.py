"""Activations of a whole vector: distributions over its elements.

Modules:
    dense   Distributions that give every element a share.
    sparse  Distributions that give some elements nothing.
"""
