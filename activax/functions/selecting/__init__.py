"""Activations that select or sort the elements of a vector.

Modules:
    both_signs  Both signs of each element side by side, which makes the axis twice as long.
    maxima      Maxima of halves.
    sorting     Sorts and reflections, which keep the length of a vector and of its cotangent.
    winners     Activations that keep the largest elements and set the others to 0.
"""
