"""Sums and quotients with trained coefficients, each of which is a parameter.

Modules:
    rational    Quotients of polynomials, with denominators that stay positive and without.
    expansions  Sums of functions that span a space: splines, bumps, polynomials and waves.
    hinges      Sums of hinges max(t - x, 0).
"""
