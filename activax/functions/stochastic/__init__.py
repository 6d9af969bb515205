"""Activations that draw random numbers when they are given a key.

Modules:
    rectifiers  Rectifiers with random slopes and random shifts.
    gates       Random gates between 0 and 1.
    one_hot     Samples of one element, or of a few, from the softmax of a vector.
"""
