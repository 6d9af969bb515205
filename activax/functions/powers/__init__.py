"""Rectifiers with a piece that is a power of the input, or a polynomial.

Modules:
    quadratic  Rectifiers with a quadratic piece.
    rectified  Powers and polynomials of the rectified input.
"""
